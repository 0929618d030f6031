//! Rotation: `current` becomes an archive, in steps each of which can fail and be tried again.
//!
//! ```text
//! Begun -> current is on disk -> it is called previous -> there is a new current
//!       -> Ready -> previous becomes an archive
//!       -> Ready -> Processing -> Processed -> processed becomes an archive
//! ```
//!
//! Where an archive is made in its place (`Making::InPlace`), `@LABEL.u` stands for `previous` and `@LABEL.t` for
//! `processed`; `current` gets its last name at once where there is no processor.
//!
//! From `Ready` on lines go into the new `current`. Whatever the step in which a logger is killed, the next one finds
//! either `previous` or an archive, never both (`logdir::recovery`, `logdir::superfluous`).

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io;

use logdir::{Archive, CURRENT, Ending, FINISHED, NEWSTATE, PREVIOUS, PROCESSED, STATE};
use logscript::Making;
use sys::file;
use unix::Pid;

use crate::logdir_writer::{LogDir, archive};
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
    #[inline(never)]
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
        match (self.settings.making, &self.settings.processor) {
            (Making::Aside, _) => {
                tried("rename current to previous", self.dir.rename(CURRENT.as_ref(), PREVIOUS.as_ref()))?
            }
            (Making::InPlace, processor) => {
                let ending = processor.as_ref().map_or(Ending::Safe, |_| Ending::Unprocessed);
                self.making = tried("rename current", archive(&self.dir, CURRENT, ending))?;
            }
        }
        Ok(Rotation::Renamed)
    }

    /// What a processor reads.
    fn raw(&self) -> Cow<'static, str> {
        self.in_place(Ending::Unprocessed).unwrap_or(PREVIOUS.into())
    }

    /// What a processor writes.
    fn processed_file(&self) -> Cow<'static, str> {
        self.in_place(Ending::Temporary).unwrap_or(PROCESSED.into())
    }

    fn in_place(&self, ending: Ending) -> Option<Cow<'static, str>> {
        Some(Archive { stamp: self.making?, ending }.name().into())
    }

    fn open_current(&mut self) -> Result<Rotation, Failed> {
        self.current = tried("open a new current", self.open_new_current())?;
        self.written = 0;
        Ok(Rotation::Ready)
    }

    fn make_archive(&mut self) -> Result<Rotation, Failed> {
        if self.settings.making == Making::InPlace {
            tried("remove old archives", self.trim())?;
        }
        let Some(processor) = &self.settings.processor else {
            if self.making.is_none() {
                tried("make an archive of previous", self.archive(PREVIOUS, Ending::Safe))?;
            }
            return Ok(Rotation::None);
        };
        let (from, to) = (self.raw(), self.processed_file());
        let pid = tried("start the processor", processor::start(processor, &self.dir, [&from, &to]))?;
        Ok(Rotation::Processing(pid))
    }

    fn keep_processed(&mut self) -> Result<Rotation, Failed> {
        let synced = |name: &str| file::sync(self.dir.open_to_append(name, 0o666)?);
        tried("bring newstate to disk", synced(NEWSTATE))?;
        let processed = tried("open processed", self.dir.open_to_append(&self.processed_file(), 0o666))?;
        tried("bring processed to disk", file::sync(&processed))?;
        self.hand_over(&processed);
        tried("set the mode of processed", file::set_open_mode(&processed, self.mode | FINISHED))?;
        Ok(Rotation::Replacing)
    }

    fn replace_previous(&mut self) -> Result<Rotation, Failed> {
        let (from, to) = (self.raw(), self.processed_file());
        // In its place an archive is there under both names for a moment: the one with the newer content wins.
        if let Some(done) = self.in_place(Ending::Safe)
            && tried("look for what was processed", self.dir.look(&to))?.is_some()
        {
            tried("rename what was processed", self.dir.rename(OsStr::new(&*to), OsStr::new(&*done)))?;
        }
        tried("remove previous", self.dir.discard(&from))?;
        if tried("look for newstate", self.dir.look(NEWSTATE))?.is_some() {
            tried("rename newstate to state", self.dir.rename(NEWSTATE.as_ref(), STATE.as_ref()))?;
        }
        if self.making.take().is_none() {
            tried("make an archive of processed", self.archive(PROCESSED, Ending::Safe))?;
        }
        Ok(Rotation::None)
    }
}
