//! Taking a scan directory, and telling one from other directories.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use sys::dir::{self, Links};
use sys::fifo::{self, Fifo};
use sys::file::{self, Kind};
use sys::lock::{self, Lock};
use sys::process;

use crate::names::{Names, OURS, S6};

/// What a scanner holds of its scan directory while it lives.
#[derive(Debug)]
pub struct Place {
    /// Where commands come in.
    pub control: Fifo,
    lock: Lock,
}

/// Why the current directory could not be taken.
#[derive(Debug)]
pub enum TakeError {
    /// Another scanner has it.
    Taken,
    /// The system refused this ("make .svscan").
    System(String, io::Error),
}

/// The names that are in use in the scan directory `dir`: s6's only where there are none of ours.
///
/// # Errors
/// What stat(2) says.
pub fn names_in(dir: &Path) -> io::Result<Names> {
    if file::look_no_follow(&dir.join(OURS.directory))?.is_none()
        && file::look_no_follow(&dir.join(S6.directory))?.is_some()
    {
        return Ok(S6);
    }
    Ok(OURS)
}

/// `dir` has a control directory of a scanner, ours or s6's.
pub fn is_scan_directory(dir: &Path) -> bool {
    [OURS, S6].iter().any(|names| {
        file::look(&dir.join(names.directory))
            .is_ok_and(|info| info.is_some_and(|i| i.kind == Kind::Directory))
    })
}

impl Place {
    /// Makes what is missing below the current directory, locks it, and opens its FIFO.
    ///
    /// # Errors
    /// See `TakeError`.
    pub fn take(names: &Names) -> Result<Place, TakeError> {
        let umask = process::set_umask(0);
        let place = Place::take_with_modes(names);
        process::set_umask(umask);
        place
    }

    /// The place that the program has had which was executed before in this process: its FIFO, its lock.
    ///
    /// # Errors
    /// `InvalidInput`: it is no FIFO.
    pub fn inherited(control: OwnedFd, lock: OwnedFd) -> io::Result<Place> {
        Ok(Place { control: Fifo::inherited(control)?, lock: Lock::inherited(lock) })
    }

    /// What the next program has to be given: the FIFO and the lock.
    pub fn descriptors(&self) -> [BorrowedFd<'_>; 2] {
        [self.control.as_fd(), self.lock.as_fd()]
    }

    fn take_with_modes(names: &Names) -> Result<Place, TakeError> {
        let system = |what: &str, name: &str| {
            let what = format!("{what} {name}");
            move |error| TakeError::System(what, error)
        };
        dir::make(Path::new(names.directory), 0o700, Links::All).map_err(system("make", names.directory))?;
        let lock = lock::try_lock(Path::new(names.lock), 0o600)
            .map_err(system("lock", names.lock))?
            .ok_or(TakeError::Taken)?;
        let control = fifo::open(Path::new(names.control)).map_err(system("open", names.control))?;
        Ok(Place { control, lock })
    }

    /// Makes the FIFO again, and takes the lock again, where somebody has removed or replaced them; `true` if that had
    /// to be done. A control directory that is gone is not made again: with it goes the scan directory, as a rule.
    ///
    /// # Errors
    /// What the system says; another scanner has the lock that stands there now.
    pub fn mend(&mut self, names: &Names) -> io::Result<bool> {
        let path = Path::new(names.control);
        if self.control.is_at(path) || matches!(file::look(Path::new(names.directory)), Ok(None)) {
            return Ok(false);
        }
        self.lock.follow(Path::new(names.lock), 0o600)?;
        self.control.replace(path, Path::new(names.control_new))?;
        Ok(true)
    }
}
