//! `svctl tree`: the scanner, the supervisors and the services with all their processes, and what each costs.

pub(crate) mod family;

use std::ffi::OsString;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use cli::options::{Program, Word};
use cli::{Failure, Unable, answer};
use servicedir::names;
use sys::lock;
use sys::proc;
use unix::Pid;

use crate::named::{self, Place};
use crate::status::view::View;
use family::Family;

/// The verb as its users see it.
pub(crate) const PROGRAM: Program = Program {
    name: "svctl tree",
    about: "shows the scanner, the supervisors and all processes of the services, with memory and CPU time",
    usage: &["[ -C dir ]", "[ scandir ]"],
    options: &[named::SCAN],
};

/// The most of a command line that is shown, in characters.
const WIDEST: usize = 100;

/// Shows it.
pub(crate) fn run(args: Vec<OsString>) -> Result<(), Failure> {
    let Some(words) = PROGRAM.parse(args)? else { return Ok(()) };
    let scan = match words.as_slice() {
        [] => named::scan_directory(None)?,
        [Word::Option(_, dir)] => named::scan_directory(Some(dir.clone()))?,
        [Word::Operand(dir)] => svwait::locate(dir.clone()),
        _ => return Err(PROGRAM.usage()),
    };
    let places = named::all_or_fail(&scan)?;
    let family = Family::new(proc::all().unable(|| "list /proc")?);
    let mut table = Table(format!("{:>7} {:>9} {:>9} {:>10}\n", "PID", "RSS", "PSS", "CPU"));
    table.add_scanner(&family, &scan);
    for place in places {
        table.add_service(&family, place);
    }
    answer(table.0.as_bytes()).unable(|| "write to standard output")
}

/// The lines so far. Writing to a String cannot fail.
struct Table(String);

impl Table {
    fn add_scanner(&mut self, family: &Family, scan: &Path) {
        let file = scandir::names_in(scan).unwrap_or(scandir::OURS).lock;
        match holder(&scan.join(file)) {
            Some(pid) => self.add(family, pid, 0, "scanner"),
            None => self.add_absent(0, &format!("scanner of {}: none that can be seen", scan.display())),
        }
    }

    fn add_service(&mut self, family: &Family, place: Place) {
        let view = View::look(place);
        let name = view.name.to_string_lossy().into_owned();
        match holder(&view.dir.join(names::LOCK)) {
            Some(pid) => self.add(family, pid, 1, &format!("{name}: supervisor")),
            None => self.add_absent(1, &format!("{name}: {}", view.state())),
        }
        match view.live().and_then(|record| record.pid) {
            Some(pid) => self.add_family(family, pid, &format!("{name}: {}", view.state())),
            None if view.live().is_some() => self.add_absent(2, &format!("{name}: {}", view.state())),
            None => {}
        }
        for process in view.last_session().map(|session| family.left(session)).unwrap_or_default() {
            self.add(family, process.pid, 2, &format!("{name}: left by its last run"));
        }
    }

    /// A process of the service, and everything that it has started.
    fn add_family(&mut self, family: &Family, first: Pid, what: &str) {
        for (pid, depth) in family.below(first) {
            let what = if pid == first { what } else { "" };
            self.add(family, pid, 2 + depth, what);
        }
    }

    fn add(&mut self, family: &Family, pid: Pid, depth: usize, what: &str) {
        let Some(process) = family.find(pid) else { return self.add_absent(depth, what) };
        let command = match proc::command(pid) {
            _ if process.is_zombie => format!("[{}] has ended", process.name),
            command if command.is_empty() => format!("[{}]", process.name),
            command => command,
        };
        let proportional = proc::proportional(pid).map_or_else(|| "-".to_owned(), size);
        let _ = write!(
            self.0,
            "{:>7} {:>9} {proportional:>9} {:>10}",
            pid.get(),
            size(process.resident),
            time(process.cpu)
        );
        let text = if what.is_empty() { command } else { format!("{what}: {command}") };
        self.add_text(depth, &text);
    }

    fn add_absent(&mut self, depth: usize, what: &str) {
        let _ = write!(self.0, "{:>7} {:>9} {:>9} {:>10}", "-", "-", "-", "-");
        self.add_text(depth, what);
    }

    fn add_text(&mut self, depth: usize, text: &str) {
        let text: String = text.chars().map(|c| if c.is_control() { '?' } else { c }).take(WIDEST).collect();
        let _ = writeln!(self.0, "  {:indent$}{text}", "", indent = 2 * depth);
    }
}

/// Who holds a lock. That this may not be known is no failure of the whole.
fn holder(path: &Path) -> Option<Pid> {
    lock::holder(path).ok().flatten()
}

/// `640K`, `1.3M`, `2.0G`.
fn size(bytes: u64) -> String {
    let kib = bytes / 1024;
    let tenths = |unit: u64, letter: char| format!("{}.{}{letter}", kib / unit, kib % unit * 10 / unit);
    match kib {
        0..1024 => format!("{kib}K"),
        1024..0x10_0000 => tenths(1024, 'M'),
        _ => tenths(0x10_0000, 'G'),
    }
}

/// Minutes, seconds, hundredths: `0:00.03`.
fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}.{:02}", seconds / 60, seconds % 60, time.subsec_millis() / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_short() {
        let sizes = [655_360, 1_400_000, 3 << 30].map(size);
        assert_eq!(sizes, ["640K", "1.3M", "3.0G"]);
        assert_eq!(time(Duration::from_millis(61_030)), "1:01.03");
    }
}
