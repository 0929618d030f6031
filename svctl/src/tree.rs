//! The verbs that tell the scanner something: `rescan` and `stop`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cli::options::{Name, Opt, Program, Word};
use cli::{Failure, Unable, say};
use control::ScanCommand;
use scandir::Sent;
use sys::{clock, poll};

use crate::act::{line, scanner_refused, seconds};
use crate::display::shown;
use crate::find::{Finder, not_scanned};
use crate::status::View;

/// How `rescan` is called.
pub(crate) const RESCAN: Program = Program {
    name: "svctl rescan",
    about: "has the scanner look for services that came or went",
    usage: &["[ -C dir ]"],
    options: &[Opt::value('C', "dir", "the scan directory")],
};

/// How `stop` is called.
pub(crate) const STOP: Program = Program {
    name: "svctl stop",
    about: "stops the whole tree: every service, then the scanner",
    usage: &["[ -C dir ] [ --wait ] [ --timeout ms ]"],
    options: &[
        Opt::value('C', "dir", "the scan directory"),
        Opt::long("wait", None, "until the scanner has gone"),
        Opt::long("timeout", Some("ms"), "wait, so many milliseconds at most; 0: no limit"),
    ],
};

/// Services that a message names; of the others it gives the number.
const MOST_NAMED: usize = 8;

struct Request {
    finder: Finder,
    is_waited_for: bool,
    timeout: Option<Duration>,
}

/// `svctl rescan`.
pub(crate) fn rescan(args: Vec<OsString>) -> Result<(), Failure> {
    let Some(request) = parse(&RESCAN, args)? else { return Ok(()) };
    let scan = request.finder.scan()?;
    send(scan, ScanCommand::Rescan)?;
    line(format!("{}: told to look for services that came or went", shown(scan)))
}

/// `svctl stop`.
pub(crate) fn stop(args: Vec<OsString>) -> Result<(), Failure> {
    let Some(request) = parse(&STOP, args)? else { return Ok(()) };
    let scan = request.finder.scan()?;
    let start = clock::monotonic();
    let scanner = scandir::watch(scan).map_err(|cause| scanner_refused(scan, cause))?;
    let Some(scanner) = scanner else { return Err(Failure::NoSupervisor(not_scanned(scan).into())) };
    send(scan, ScanCommand::Terminate)?;
    if !request.is_waited_for {
        return line(format!("{}: told to stop", shown(scan)));
    }
    let deadline = request.timeout.map(|timeout| start + timeout);
    let gone = poll::wait_many(&[scanner], deadline).unable(|| "wait for the scanner")?;
    if gone.is_empty() {
        return Err(timed_out(&request.finder, scan));
    }
    line(format!("{}: stopped after {}", shown(scan), seconds(clock::monotonic() - start)))
}

fn parse(program: &'static Program, args: Vec<OsString>) -> Result<Option<Request>, Failure> {
    let Some(words) = program.parse(args)? else { return Ok(None) };
    let (mut scan, mut is_waited_for, mut timeout) = (None, false, None);
    for word in words {
        match word {
            // As with svscan, the scan directory may be named without its letter.
            Word::Operand(dir) if scan.is_none() && PathBuf::from(&dir).is_dir() => scan = Some(dir),
            Word::Operand(_) => return Err(program.usage()),
            Word::Option(Name::Letter(_), dir) => scan = Some(dir),
            Word::Option(Name::Long("wait"), _) => is_waited_for = true,
            Word::Option(Name::Long(_), value) => {
                timeout = svwait::milliseconds(&value)?;
                is_waited_for = true;
            }
        }
    }
    cli::name_program("svctl");
    Ok(Some(Request { finder: Finder::new(scan), is_waited_for, timeout }))
}

fn send(scan: &Path, command: ScanCommand) -> Result<(), Failure> {
    match scandir::send(scan, &[command]) {
        Ok(Sent::Yes) => Ok(()),
        Ok(Sent::NoScanner) => Err(Failure::NoSupervisor(not_scanned(scan).into())),
        Err(cause) => Err(scanner_refused(scan, cause)),
    }
}

/// Names who keeps the tree.
fn timed_out(finder: &Finder, scan: &Path) -> Failure {
    let views: Vec<View> = finder.all().unwrap_or_default().into_iter().map(View::look).collect();
    let alive: Vec<_> =
        views.iter().filter(|view| view.live().is_some_and(|record| record.pid.is_some())).collect();
    let named: Vec<_> = alive.iter().take(MOST_NAMED).map(|view| shown(&view.name)).collect();
    let more = match alive.len() - named.len() {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    let who = if named.is_empty() { "nobody".into() } else { named.join(", ") };
    say(format_args!("timed out while waiting for the end of {}; still alive: {who}{more}", shown(scan)));
    Failure::Silent(99)
}
