//! What a directory is: it shows by what it holds.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use servicedir::names;
use sys::file::{self, Kind};

/// Who takes commands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A supervisor: it has a `run` to execute, or what a supervisor makes in `supervise`.
    Service,
    /// A scanner: it has `.svscan` or `.s6-svscan`, and is no service directory.
    Scan,
    /// Nobody, for all that can be seen.
    Unknown,
}

/// A directory that was named on the command line.
#[derive(Debug)]
pub(crate) struct Target {
    /// Where it is, as people know it.
    pub(crate) dir: PathBuf,
    /// What it is.
    pub(crate) role: Role,
}

impl Target {
    /// The directory that an operand names.
    ///
    /// # Errors
    /// There is none (NotFound, NotADirectory), or it cannot be looked into; with its path.
    pub(crate) fn find(operand: OsString) -> Result<Target, (PathBuf, io::Error)> {
        let dir = svwait::locate(operand);
        match role(&dir) {
            Ok(role) => Ok(Target { dir, role }),
            Err(error) => Err((dir, error)),
        }
    }
}

/// What `dir` is.
///
/// # Errors
/// As `Target::find`.
pub(crate) fn role(dir: &Path) -> io::Result<Role> {
    match file::look(dir)? {
        None => return Err(io::Error::new(io::ErrorKind::NotFound, "no such directory")),
        Some(info) if info.kind != Kind::Directory => {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "not a directory"));
        }
        Some(_) => {}
    }
    // A scan directory may hold services of just these names.
    let is_directory = |name: &str| {
        file::look(&dir.join(name)).is_ok_and(|info| info.is_some_and(|info| info.kind == Kind::Directory))
    };
    // What may not be looked at may be there.
    let may_have = |name: &str| !matches!(file::look_no_follow(&dir.join(name)), Ok(None));
    let run = file::look_no_follow(&dir.join(names::RUN))?.is_some() && !is_directory(names::RUN);
    if run || (is_directory(names::SUPERVISE) && (may_have(names::CONTROL) || may_have(names::LOCK))) {
        return Ok(Role::Service);
    }
    Ok(if scandir::is_scan_directory(dir) { Role::Scan } else { Role::Unknown })
}
