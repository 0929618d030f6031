//! When what was written is brought to disk.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use sys::dir::Dir;
use sys::{clock, file};

/// When what was written is brought to disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sync {
    /// When the kernel likes.
    Never,
    /// A file when it is rotated and at the end.
    #[default]
    Rotation,
    /// And so long after a line was written; zero: before anything more is read.
    After(Duration),
}

impl Sync {
    /// Brings a file to disk that nobody will write to any more.
    ///
    /// # Errors
    /// What fsync(2) says.
    pub(crate) fn file(self, file: impl AsFd) -> io::Result<()> {
        if self == Sync::Never { Ok(()) } else { file::sync(file) }
    }

    /// Brings the name of a new file to disk, if its bytes shall soon be there: they are of no use on a disk that does
    /// not know it.
    ///
    /// # Errors
    /// What fsync(2) says.
    pub(crate) fn name(self, dir: &Dir) -> io::Result<()> {
        if let Sync::After(_) = self { file::sync(dir) } else { Ok(()) }
    }
}

/// What was written and is not yet on disk.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dirt {
    /// It is to be there then.
    pub(crate) until: Option<Duration>,
}

impl Dirt {
    /// Something was written.
    pub(crate) fn add(&mut self, sync: Sync) {
        if let (Sync::After(delay), None) = (sync, self.until) {
            self.until = Some(if delay.is_zero() { delay } else { clock::monotonic() + delay });
        }
    }

    /// Brings it to disk if its time has come.
    ///
    /// # Errors
    /// What fdatasync(2) says: some of it may never get there, and asking again would not tell.
    pub(crate) fn clean(&mut self, file: impl AsFd) -> io::Result<()> {
        if self.until.is_none_or(|until| !until.is_zero() && until > clock::monotonic()) {
            return Ok(());
        }
        self.until = None;
        file::sync_data(file)
    }
}
