//! What the tools of daemontools and of runit have in common: a look at one service, and the words for what
//! went wrong, which scripts compare.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use servicedir::{control, names, record};
use status::Record;
use sys::file;
use unix::Stamp;

/// A service as these tools see it.
#[derive(Debug)]
pub(crate) enum Look {
    /// Somebody supervises it.
    Seen(Seen),
    /// Nobody does, though somebody did.
    NotRunning,
    /// Its directory cannot be entered.
    NoDirectory(io::Error),
    /// What it takes to know more: "open supervise/ok", to be read after "unable to".
    Unable(&'static str, io::Error),
}

/// A service that is supervised.
#[derive(Debug)]
pub(crate) struct Seen {
    /// What its supervisor has written last.
    pub(crate) record: Record,
    /// There is no file `down`.
    pub(crate) normally_up: bool,
}

/// Looks at the service directory `dir`.
pub(crate) fn look(dir: &Path) -> Look {
    if let Err(error) = enter(dir) {
        return Look::NoDirectory(error);
    }
    if let Some(problem) = listens(dir) {
        return problem;
    }
    let record = match record::read(dir) {
        Ok(Some(record)) => record,
        Ok(None) => return Look::Unable("open supervise/status", io::ErrorKind::NotFound.into()),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Look::Unable("read supervise/status", io::Error::other("bad format"));
        }
        Err(error) => return Look::Unable("open supervise/status", error),
    };
    match file::exists(&dir.join(names::DOWN)) {
        Ok(down) => Look::Seen(Seen { record, normally_up: !down }),
        Err(error) => Look::Unable("stat down", error),
    }
}

/// `None`: a supervisor takes commands. Both suites test that with a second FIFO, `ok`, which the control
/// FIFO is to us; their word for it stays.
pub(crate) fn listens(dir: &Path) -> Option<Look> {
    match control::is_supervised(dir) {
        Ok(true) => None,
        Ok(false) if file::look(&dir.join(names::CONTROL)).is_ok_and(|found| found.is_none()) => {
            Some(Look::Unable("open supervise/ok", io::ErrorKind::NotFound.into()))
        }
        Ok(false) => Some(Look::NotRunning),
        Err(error) => Some(Look::Unable("open supervise/ok", error)),
    }
}

/// Whether chdir(2) would succeed, and why not.
pub(crate) fn enter(dir: &Path) -> io::Result<()> {
    if dir.as_os_str().is_empty() {
        return Err(io::ErrorKind::NotFound.into());
    }
    // The last component is only searched where something is sought in it.
    std::fs::metadata(dir.join(".")).map(drop)
}

/// Why, in the words of both suites.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "file does not exist".into(),
        io::ErrorKind::PermissionDenied => "access denied".into(),
        io::ErrorKind::NotADirectory => "not a directory".into(),
        io::ErrorKind::WouldBlock => "temporary failure".into(),
        _ => cli::reason(error),
    }
}

/// A name as it goes to a terminal: no control character writes there, nor makes two lines.
pub(crate) fn printable(name: &OsStr) -> String {
    name.to_string_lossy().chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Whole seconds from `earlier` to `later`; 0 if it is the other way round.
pub(crate) fn seconds(earlier: Stamp, later: Stamp) -> u64 {
    later.since(earlier).as_secs()
}
