//! The verbs that tell the scanner something: `rescan`, `stop` and `upgrade`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cli::options::{Name, Opt, Program, Word};
use cli::{Failure, Unable, say};
use control::{Command, ScanCommand};
use scandir::Sent;
use sys::{clock, lock, poll, proc};

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

/// How `upgrade` is called.
pub(crate) const UPGRADE: Program = Program {
    name: "svctl upgrade",
    about: "has the tree go on as the programs that are there now, and waits for that",
    usage: &["[ -C dir ] [ --timeout ms ]"],
    options: &[
        Opt::value('C', "dir", "the scan directory"),
        Opt::long("timeout", Some("ms"), "wait so many milliseconds at most (default 10000); 0: no limit"),
    ],
};

/// So long `upgrade` waits.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);
/// Nothing tells that a process has executed another program: it is looked at so often.
const LOOK: Duration = Duration::from_millis(20);

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

/// `svctl upgrade`.
pub(crate) fn upgrade(args: Vec<OsString>) -> Result<(), Failure> {
    let Some(request) = parse(&UPGRADE, args)? else { return Ok(()) };
    let scan = request.finder.scan()?;
    let timeout = if request.is_waited_for { request.timeout } else { Some(UPGRADE_TIMEOUT) };
    let deadline = timeout.map(|timeout| clock::monotonic() + timeout);
    let scanner = scandir::watch(scan).map_err(|cause| scanner_refused(scan, cause))?;
    let Some(scanner) = scanner else { return Err(Failure::NoSupervisor(not_scanned(scan).into())) };
    send(scan, ScanCommand::Upgrade)?;
    loop {
        let old = old_ones(&request.finder, scan)?;
        let now = clock::monotonic();
        if old.is_empty() {
            return line(format!("{}: goes on as the program that is there", shown(scan)));
        }
        if deadline.is_some_and(|deadline| deadline <= now) {
            let count = old.len();
            let named = old.into_iter().take(MOST_NAMED).collect::<Vec<_>>().join(", ");
            let more = if count > MOST_NAMED { ", …" } else { "" };
            say(format_args!(
                "timed out: still the old program: {named}{more}; the messages of the tree say why"
            ));
            return Err(Failure::Silent(99));
        }
        if !poll::wait_many(&[&scanner], Some(now + LOOK)).unable(|| "wait for the scanner")?.is_empty() {
            return Err(Failure::NoSupervisor(format!("the scanner of {} has gone", shown(scan)).into()));
        }
    }
}

/// The scanner, and the services whose supervisors can be upgraded, that execute another file than the one at its path.
fn old_ones(finder: &Finder, scan: &Path) -> Result<Vec<String>, Failure> {
    let mut old = Vec::new();
    let holder =
        scandir::lock_in(scan).and_then(|lock| lock::holder(&lock)).unable(|| "look for the scanner")?;
    if holder.is_some_and(|pid| proc::is_outdated(pid).unwrap_or(true)) {
        old.push("svscan".into());
    }
    if Command::from_byte(b'E').is_some() {
        for place in finder.all()? {
            let holder = lock::holder(&place.dir.join(servicedir::names::LOCK)).ok().flatten();
            if holder.is_some_and(|pid| proc::is_outdated(pid).unwrap_or(true)) {
                old.push(shown(&place.name).to_string());
            }
        }
    }
    Ok(old)
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
