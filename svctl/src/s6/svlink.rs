//! `s6-svlink`, `s6-svunlink`: a service directory into a scan directory and out of it, with the supervisor's
//! start and end waited for.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use cli::getopt::Grammar;
use cli::{Failure, Unable, warn};
use control::ScanCommand;
use servicedir::names;
use status::Notice;
use svwait::{Letters, refused};
use sys::file::{self, Kind};
use sys::{clock, lock, users};

use super::svc::limit;

const LINK: Grammar = Grammar {
    name: "s6-svlink",
    usage: "[ -d | -D ] [ -f ] [ -P ] [ -t timeout ] scandir servicedir [ name ]",
    letters: "dDfPt:",
    long: &[],
};

const UNLINK: Grammar = Grammar {
    name: "s6-svunlink",
    usage: "[ -X ] [ -t timeout ] scandir servicename",
    letters: "Xt:",
    long: &[],
};

/// How a service is put into a scan directory.
#[derive(Debug, Default)]
pub(super) struct Manner {
    /// It is not started.
    down: bool,
    /// The file `down` goes away afterwards.
    down_for_now: bool,
    /// An `event` that exists gets its mode again.
    force: bool,
    /// Everybody may listen.
    public: bool,
    /// When it must be done, on the monotonic clock.
    deadline: Option<Duration>,
}

impl Manner {
    /// The options of `s6-svlink` and of `s6-instance-create`.
    pub(super) fn read(grammar: &Grammar, options: &[(char, OsString)]) -> Result<Manner, Failure> {
        let mut manner = Manner::default();
        for (letter, value) in options {
            match letter {
                'd' | 'D' => (manner.down, manner.down_for_now) = (true, *letter == 'd'),
                'f' => manner.force = true,
                'P' => manner.public = true,
                _ => manner.deadline = limit(grammar, value)?.map(|limit| clock::monotonic() + limit),
            }
        }
        Ok(manner)
    }
}

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    cli::end(run(args))
}

pub(super) fn main_unlink(args: Vec<OsString>) -> ExitCode {
    cli::end(run_unlink(args))
}

fn run(args: Vec<OsString>) -> Result<(), Failure> {
    let line = LINK.parse(args)?;
    let manner = Manner::read(&LINK, &line.options)?;
    let [scan, service, rest @ ..] = &line.operands[..] else { return Err(LINK.misuse()) };
    let service = Path::new(service);
    let name = rest.first().cloned().or_else(|| service.file_name().map(Into::into)).unwrap_or_default();
    if scan.is_empty() || service.as_os_str().is_empty() || !is_name(&name) {
        return Err(Failure::Refused("not a name".into()));
    }
    check_scanner(Path::new(scan))?;
    check_service(service)?;
    let target = service.canonicalize().unable(|| ("follow", service))?;
    link(Path::new(scan), service, &target, &name, &manner)
}

/// A name that a scanner would take for a service's.
pub(super) fn is_name(name: &OsString) -> bool {
    !name.is_empty() && !name.as_encoded_bytes().contains(&b'/') && !name.as_encoded_bytes().starts_with(b".")
}

/// A scanner works on `dir`.
pub(super) fn check_scanner(dir: &Path) -> Result<(), Failure> {
    let what = || format!("look at {}", dir.display());
    let lock = dir.join(scandir::names_in(dir).unable(what)?.lock);
    file::look(&lock)
        .map_err(|cause| refused(what(), cause, &[lock.parent().unwrap_or(dir), dir]))?
        .ok_or(io::ErrorKind::NotFound.into())
        .unable(|| ("open", &lock))?;
    if lock::is_held(&lock).unable(what)? {
        return Ok(());
    }
    cli::say(format_args!("{}: no scanner is running", dir.display()));
    Err(Failure::Silent(1))
}

fn check_service(dir: &Path) -> Result<(), Failure> {
    for dir in with_logger(dir)? {
        let run = dir.join(names::RUN);
        let info = file::look(&run).and_then(|info| info.ok_or(io::ErrorKind::NotFound.into()));
        if info.unable(|| ("look at", &run))?.mode & 0o100 == 0 {
            return Err(Failure::Refused(format!("{} is not executable", run.display()).into()));
        }
        if is_supervised(&dir)? {
            warn(format_args!("{}: a supervisor is running already", dir.display()));
        }
    }
    Ok(())
}

/// A service and its logger, if it has one.
fn with_logger(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let log = dir.join(names::LOG);
    match file::look(&log).unable(|| ("look at", &log))? {
        None => Ok(vec![dir.to_owned()]),
        Some(info) if info.kind == Kind::Directory => Ok(vec![dir.to_owned(), log]),
        Some(_) => Err(Failure::Refused(format!("{} is not a directory", log.display()).into())),
    }
}

fn is_supervised(dir: &Path) -> Result<bool, Failure> {
    lock::is_held(&dir.join(names::LOCK)).map_err(|cause| {
        refused(format!("look at {}", dir.display()), cause, &[&dir.join(names::SUPERVISE), dir])
    })
}

/// Makes the link `name` to `target` in `scan`, and waits until `service`, which is the same directory, and its
/// logger have supervisors. If that fails the link goes away again.
pub(super) fn link(
    scan: &Path,
    service: &Path,
    target: &Path,
    name: &OsString,
    manner: &Manner,
) -> Result<(), Failure> {
    let dirs = with_logger(service)?;
    let what = || format!("link {} into {}", service.display(), scan.display());
    let link = scan.join(name);
    let mut started = Letters::default();
    let was_supervised = is_supervised(service)?;
    if !was_supervised {
        for dir in &dirs {
            prepare(dir, manner, &mut started).unable(what)?;
        }
    }
    match std::os::unix::fs::symlink(target, &link) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && was_supervised => {}
        made => made.unable(what)?,
    }
    if let Err(failure) = start(scan, started, manner.deadline) {
        // What was started is stopped by the scanner, whose service is gone.
        let _ = file::remove(&link);
        let _ = scandir::send(scan, &[ScanCommand::Rescan]);
        return Err(failure);
    }
    if manner.down_for_now {
        for dir in &dirs {
            file::remove(&dir.join(names::DOWN)).unable(|| format!("remove {}/down", dir.display()))?;
        }
    }
    Ok(())
}

/// The file `down`, if it is wanted, and a fifodir that is listened to.
fn prepare(dir: &Path, manner: &Manner, started: &mut Letters) -> io::Result<()> {
    if manner.down {
        file::open_or_create(&dir.join(names::DOWN), 0o666)?;
    }
    let group = (!manner.public).then(users::own_group);
    svwait::make_fifodir(&dir.join(names::EVENT), group, manner.force)?;
    started.listen(&dir.join(names::EVENT))
}

fn start(scan: &Path, started: Letters, deadline: Option<Duration>) -> Result<(), Failure> {
    match scandir::send(scan, &[ScanCommand::Scan]).unable(|| ("control", scan))? {
        scandir::Sent::Yes => {}
        scandir::Sent::NoScanner => {
            let what = format!("control {}", scan.display());
            return Err(Failure::system(what, io::Error::other("no scanner is running")));
        }
    }
    match started.wait(Notice::Started, deadline).unable(|| "wait for the supervisor")? {
        true => Ok(()),
        false => Err(Failure::TimedOut),
    }
}

fn run_unlink(args: Vec<OsString>) -> Result<(), Failure> {
    let line = UNLINK.parse(args)?;
    let [scan, name, ..] = &line.operands[..] else { return Err(UNLINK.misuse()) };
    if !is_name(name) {
        return Err(Failure::Refused("not a name".into()));
    }
    unlink(Path::new(scan), name, &Departure::read(&UNLINK, &line.options)?)
}

/// How a service leaves.
#[derive(Debug)]
pub(super) struct Departure {
    wait: bool,
    deadline: Option<Duration>,
}

impl Departure {
    /// The options of `s6-svunlink` and of `s6-instance-delete`.
    pub(super) fn read(grammar: &Grammar, options: &[(char, OsString)]) -> Result<Departure, Failure> {
        let mut departure = Departure { wait: true, deadline: None };
        for (letter, value) in options {
            match letter {
                'X' => departure.wait = false,
                _ => departure.deadline = limit(grammar, value)?.map(|limit| clock::monotonic() + limit),
            }
        }
        Ok(departure)
    }
}

/// Removes the link `name` from `scan`, and waits until its supervisors have exited.
pub(super) fn unlink(scan: &Path, name: &OsString, departure: &Departure) -> Result<(), Failure> {
    let link = scan.join(name);
    let mut ended = Letters::default();
    if departure.wait {
        for dir in with_logger(&link)? {
            if is_supervised(&dir)? {
                // By its real path: the link is about to go.
                let event = dir.join(names::EVENT);
                let real = event.canonicalize().unable(|| ("follow", &event))?;
                ended.listen(&real).unable(|| ("listen to", &event))?;
            }
        }
    }
    // What is no link, or not there, is left to itself.
    let _ = file::remove(&link);
    let _ = scandir::send(scan, &[ScanCommand::Scan, ScanCommand::Prune]);
    // A service that takes longer is not waited for any more; that is no failure.
    ended.wait(Notice::Exiting, departure.deadline).unable(|| "wait for the supervisor").map(drop)
}
