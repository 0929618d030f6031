//! A log directory, or its `current`, that somebody has removed while it was written to.

use std::io::{self, ErrorKind};

use logdir::{CURRENT, LOCK};
use sys::dir::{Dir, Links};
use sys::file;

use crate::logdir_writer::LogDir;
use crate::order;
use crate::rotation::Rotation;

impl LogDir {
    /// What was written to `current` is nowhere. A file system that counts no names says so of every file: there it is
    /// in its directory all the same.
    pub(crate) fn has_lost_current(&self) -> io::Result<bool> {
        let open = file::look_open(&self.current)?;
        if open.links > 0 {
            return Ok(false);
        }
        let named = self.dir.look(CURRENT)?;
        Ok(named.is_none_or(|named| named.identity != open.identity))
    }

    /// Makes what was removed anew: the directory and its lock, and `current`.
    pub(crate) fn begin_again(&mut self) -> io::Result<()> {
        if self.has_lost_dir()? {
            cli::warn(format_args!("{} was removed: it is made again", self.path.display()));
            // Who does not make directories finds this one gone for ever.
            sys::dir::make(&self.path, self.settings.modes.dir.unwrap_or(0o700), Links::Trusted)?;
            self.dir = Dir::open(&self.path)?;
            (self.rotation, self.step_at) = (Rotation::None, None);
            self.making = None;
            self.hold_lock()?;
            self.rights.give_dir(&self.dir)?;
            order::recover(&self.dir, self.mode, &self.settings, self.sync)?;
        } else {
            cli::warn(format_args!("{}/{CURRENT} was removed: it is made again", self.path.display()));
            self.hold_lock()?;
        }
        self.open_anew()
    }

    pub(crate) fn has_lost_dir(&self) -> io::Result<bool> {
        let open = self.dir.look_itself()?;
        if open.links > 0 {
            return Ok(false);
        }
        Ok(file::look(&self.path)?.is_none_or(|named| named.identity != open.identity))
    }

    /// Locks the directory again if somebody has removed or replaced the file that was locked.
    pub(crate) fn hold_lock(&mut self) -> io::Result<()> {
        let held = self.lock.look()?.identity;
        if self.dir.look(LOCK)?.is_some_and(|named| named.identity == held) {
            return Ok(());
        }
        match self.dir.try_lock(LOCK, self.settings.modes.lock)? {
            Some(lock) => self.lock = lock,
            None => return Err(io::Error::new(ErrorKind::WouldBlock, "another logger writes there")),
        }
        Ok(())
    }
}
