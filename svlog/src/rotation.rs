//! Rotation: `current` becomes an archive, in steps each of which can fail and be tried again.
//!
//! ```text
//! Begun -> current is on disk -> it is called previous -> there is a new current
//!       -> Ready -> previous becomes an archive
//!       -> Ready -> Processing -> Processed -> processed becomes an archive
//! ```
//!
//! From `Ready` on lines go into the new `current`. Whatever the step in which a logger is killed, the next one finds
//! either `previous` or an archive, never both (`logdir::recovery`).

use std::io;

use logdir::{CURRENT, Ending, FINISHED, NEWSTATE, PREVIOUS, PROCESSED, STATE};
use sys::file;
use unix::Pid;

use crate::logdir_writer::LogDir;
use crate::processor;

/// How far a rotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// There is none.
    None,
    /// `current` is to be brought to disk and to be renamed.
    Begun,
    /// It is called `previous`; there is no new `current`.
    Renamed,
    /// There is a new `current`; `previous` is to become an archive.
    Ready,
    /// This process makes `processed` of it.
    Processing(Pid),
    /// `processed` is to be brought to disk.
    Processed,
    /// `processed` has everything: it takes the place of `previous`.
    Replacing,
}

impl Rotation {
    /// Lines may be written into `current`.
    pub(crate) const fn may_write(self) -> bool {
        !matches!(self, Rotation::Begun | Rotation::Renamed)
    }

    pub(crate) const fn is_none(self) -> bool {
        matches!(self, Rotation::None)
    }
}

/// What was tried, after "unable to", and why it failed.
type Failed = (&'static str, io::Error);

fn tried<T>(what: &'static str, result: io::Result<T>) -> Result<T, Failed> {
    result.map_err(|error| (what, error))
}

impl LogDir {
    /// Rotates as far as it goes now.
    pub(crate) fn rotate(&mut self) -> Result<(), Failed> {
        self.rotation = Rotation::Begun;
        self.go_on_rotating()
    }

    /// Goes on where the rotation was left.
    pub(crate) fn go_on_rotating(&mut self) -> Result<(), Failed> {
        loop {
            self.rotation = match self.rotation {
                Rotation::None | Rotation::Processing(_) => return Ok(()),
                Rotation::Begun => self.put_aside()?,
                Rotation::Renamed => self.open_current()?,
                Rotation::Ready => self.make_archive()?,
                Rotation::Processed => self.keep_processed()?,
                Rotation::Replacing => self.replace_previous()?,
            };
        }
    }

    fn put_aside(&mut self) -> Result<Rotation, Failed> {
        tried("bring current to disk", file::sync(&self.current))?;
        tried("set the mode of current", file::set_open_mode(&self.current, self.mode | FINISHED))?;
        tried("rename current to previous", self.dir.rename(CURRENT.as_ref(), PREVIOUS.as_ref()))?;
        Ok(Rotation::Renamed)
    }

    fn open_current(&mut self) -> Result<Rotation, Failed> {
        self.current = tried("open a new current", self.dir.open_to_append(CURRENT, self.mode))?;
        self.hand_over(&self.current);
        self.written = 0;
        self.is_asked_to_rotate = false;
        Ok(Rotation::Ready)
    }

    fn make_archive(&mut self) -> Result<Rotation, Failed> {
        let Some(processor) = &self.settings.processor else {
            tried("make an archive of previous", self.archive(PREVIOUS, Ending::Safe))?;
            return Ok(Rotation::None);
        };
        let pid = tried("start the processor", processor::start(processor, &self.dir))?;
        Ok(Rotation::Processing(pid))
    }

    fn keep_processed(&mut self) -> Result<Rotation, Failed> {
        let synced = |name: &str| file::sync(self.dir.open_to_append(name, 0o666)?);
        tried("bring newstate to disk", synced(NEWSTATE))?;
        let processed = tried("open processed", self.dir.open_to_append(PROCESSED, 0o666))?;
        tried("bring processed to disk", file::sync(&processed))?;
        self.hand_over(&processed);
        tried("set the mode of processed", file::set_open_mode(&processed, self.mode | FINISHED))?;
        Ok(Rotation::Replacing)
    }

    fn replace_previous(&mut self) -> Result<Rotation, Failed> {
        tried("remove previous", self.dir.discard(PREVIOUS))?;
        if tried("look for newstate", self.dir.look(NEWSTATE))?.is_some() {
            tried("rename newstate to state", self.dir.rename(NEWSTATE.as_ref(), STATE.as_ref()))?;
        }
        tried("make an archive of processed", self.archive(PROCESSED, Ending::Safe))?;
        Ok(Rotation::None)
    }
}
