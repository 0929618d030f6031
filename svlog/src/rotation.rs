//! Rotation: `current` becomes an archive, in steps each of which can fail and be tried again.
//!
//! ```text
//! Begun -> current is on disk -> it is called previous -> there is a new current
//!       -> Ready -> previous becomes an archive
//!       -> Ready -> Processing -> Processed -> processed becomes an archive
//! ```
//!
//! Where an archive is made in its place (`Making::InPlace`), `@LABEL.u` stands for `previous` and `@LABEL.t` for
//! `processed`, which is called `@LABEL.s` at last; `current` gets that name at once where there is no processor.
//!
//! From `Ready` on lines go into the new `current`, also while a step fails. Whatever the step in which a logger is
//! killed, the next one finds either `previous` or an archive, never both (`logdir::recovery`), or knows which of both
//! is superfluous (`logdir::superfluous`): each name is given by one rename. Nothing is renamed before its bytes are on
//! disk, and what was processed is not removed before the disk knows by its name what was made of it.

use std::borrow::Cow;
use std::io::{self, ErrorKind};

use logdir::{Archive, CURRENT, Ending, FINISHED, NEWSTATE, PREVIOUS, PROCESSED, STATE};
use logscript::Making;
use sys::file;
use unix::{Pid, Stamp};

use crate::logdir_writer::{LogDir, is_later};
use crate::{order, processor};

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
    /// Begins to rotate, and goes as far as it goes now.
    pub(crate) fn rotate(&mut self) {
        self.is_rotation_wanted = false;
        self.making = None;
        self.rotation = Rotation::Begun;
        self.go_on_rotating();
    }

    /// Goes on where the rotation was left; what fails is tried again later.
    pub(crate) fn go_on_rotating(&mut self) {
        if is_later(self.step_at) {
            return;
        }
        self.step_at = None;
        let stepped = match self.step() {
            Err((what, error)) if error.kind() == ErrorKind::NotFound => self.find_what_is_gone(what, error),
            stepped => stepped,
        };
        if let Err((what, error)) = stepped {
            self.step_at = Some(self.complain(what, &error));
        }
    }

    fn step(&mut self) -> Result<(), Failed> {
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

    /// A step did not find its file: somebody has removed the directory, or has taken `current` away.
    fn find_what_is_gone(&mut self, what: &'static str, error: io::Error) -> Result<(), Failed> {
        if tried("look at the directory", self.has_lost_dir())? {
            return tried("begin again", self.begin_again());
        }
        match self.rotation {
            Rotation::Begun if tried("look for current", self.dir.look(CURRENT))?.is_none() => {
                cli::warn(format_args!("{}/{CURRENT} was taken away: it is made again", self.path.display()));
                self.rotation = Rotation::Renamed;
                self.step()
            }
            // What a processor has made is gone: it must do so again.
            Rotation::Processed => {
                self.rotation = Rotation::Ready;
                Err(("find processed", error))
            }
            _ => Err((what, error)),
        }
    }

    fn put_aside(&mut self) -> Result<Rotation, Failed> {
        tried("lock the directory", self.hold_lock())?;
        tried("bring current to disk", self.sync.file(&self.current))?;
        tried("set the mode of current", file::set_open_mode(&self.current, self.mode | FINISHED))?;
        if self.settings.making == Making::InPlace {
            return self.put_in_place();
        }
        // Nobody but us makes one, but what is there must not be lost.
        tried("keep previous", order::archive(&self.dir, PREVIOUS, Ending::Unprocessed))?;
        tried("rename current to previous", self.dir.rename(CURRENT.as_ref(), PREVIOUS.as_ref()))?;
        Ok(Rotation::Renamed)
    }

    fn put_in_place(&mut self) -> Result<Rotation, Failed> {
        if tried("look for current", self.dir.look(CURRENT))?.is_none() {
            return Err(("find current", ErrorKind::NotFound.into()));
        }
        let ending = self.settings.processor.as_ref().map_or(Ending::Safe, |_| Ending::Unprocessed);
        self.making = tried("rename current", order::archive(&self.dir, CURRENT, ending))?;
        Ok(Rotation::Renamed)
    }

    /// What a processor reads, and what it writes.
    fn files(&self) -> [Cow<'static, str>; 2] {
        match self.making {
            None => [PREVIOUS.into(), PROCESSED.into()],
            Some(stamp) => {
                [Ending::Unprocessed, Ending::Temporary].map(|ending| Archive { stamp, ending }.name().into())
            }
        }
    }

    fn open_current(&mut self) -> Result<Rotation, Failed> {
        tried("open a new current", self.open_anew())?;
        Ok(Rotation::Ready)
    }

    fn make_archive(&mut self) -> Result<Rotation, Failed> {
        if self.settings.making == Making::InPlace {
            self.trim()?;
        }
        let Some(processor) = &self.settings.processor else {
            return match self.settings.making {
                Making::Aside => self.keep(PREVIOUS),
                Making::InPlace => Ok(Rotation::None),
            };
        };
        let [from, to] = self.files();
        if tried("look for previous", self.dir.look(&from))?.is_none() {
            return Ok(Rotation::None);
        }
        let pid =
            tried("start the processor", processor::start(processor, &self.dir, [&from, &to], self.mode))?;
        Ok(Rotation::Processing(pid))
    }

    fn keep_processed(&mut self) -> Result<Rotation, Failed> {
        if tried("look for newstate", self.dir.look(NEWSTATE))?.is_some() {
            let newstate = tried("open newstate", self.dir.open_to_read(NEWSTATE))?;
            tried("bring newstate to disk", self.sync.file(&newstate))?;
        }
        let processed = tried("open processed", self.dir.open_to_read(&self.files()[1]))?;
        tried("bring processed to disk", self.sync.file(&processed))?;
        self.hand_over(&processed);
        tried("set the mode of processed", file::set_open_mode(&processed, self.mode | FINISHED))?;
        tried("bring the name of processed to disk", self.sync.file(&self.dir))?;
        Ok(Rotation::Replacing)
    }

    fn replace_previous(&mut self) -> Result<Rotation, Failed> {
        if let Some(stamp) = self.making {
            self.name_in_place(stamp)?;
        }
        tried("remove previous", self.dir.discard(&self.files()[0]))?;
        if tried("look for newstate", self.dir.look(NEWSTATE))?.is_some() {
            tried("rename newstate to state", self.dir.rename(NEWSTATE.as_ref(), STATE.as_ref()))?;
        }
        match self.making.take() {
            None => self.keep(PROCESSED),
            Some(_) => Ok(Rotation::None),
        }
    }

    /// Gives what was processed its last name. What it was made of has that name, too, but for its ending: a logger that
    /// begins meanwhile keeps the one that was made last.
    fn name_in_place(&self, stamp: Stamp) -> Result<(), Failed> {
        let [being_made, made] =
            [Ending::Temporary, Ending::Safe].map(|ending| Archive { stamp, ending }.name());
        // It has it already if a later step has failed.
        if tried("look for what was processed", self.dir.look(&being_made))?.is_some() {
            let named = self.dir.rename(being_made.as_ref(), made.as_ref());
            tried("rename what was processed", named)?;
        }
        tried("bring the name of what was processed to disk", self.sync.file(&self.dir))
    }

    /// The last step: a file that is on disk becomes an archive.
    fn keep(&mut self, name: &str) -> Result<Rotation, Failed> {
        tried("make an archive", order::archive(&self.dir, name, Ending::Safe))?;
        self.trim()?;
        Ok(Rotation::None)
    }

    /// Removes what is too many or too much.
    fn trim(&self) -> Result<(), Failed> {
        tried("remove old archives", order::trim(&self.dir, &self.settings))?;
        order::keep_shared(&self.settings);
        Ok(())
    }
}
