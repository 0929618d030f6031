//! Where lines go: the streams, the status files, the log directories.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use logscript::{Dressed, Place, Script, Take};
use unix::Pid;

use crate::logdir_writer::LogDir;
use crate::outbox::Outbox;
use crate::status_file;
use crate::stream::Stream;
use crate::udp::{self, Sender};

/// Every place that the script names.
#[derive(Debug)]
pub(crate) struct Places {
    /// Where each action of the script writes.
    places: Vec<Place>,
    pub(crate) output: Stream,
    error: Stream,
    pub(crate) dirs: Vec<LogDir>,
    sender: Sender,
    /// The actions whose status file could not be written when the last line came: this is said once.
    failed: Vec<usize>,
    /// One of them is full: it is to be flushed before the next line.
    pub(crate) is_full: bool,
}

impl Places {
    pub(crate) fn new(script: &Script, dirs: Vec<LogDir>) -> Places {
        let places = script.actions.iter().map(|action| action.place.clone()).collect();
        let (output, error) = (Stream::output(), Stream::error());
        Places { places, output, error, dirs, sender: Sender::default(), failed: Vec::new(), is_full: false }
    }

    /// Writes what can be written.
    pub(crate) fn flush(&mut self) {
        self.output.flush();
        self.error.flush();
        self.dirs.iter_mut().for_each(LogDir::flush);
        let is_full = self.outboxes().any(Outbox::is_full);
        self.is_full = is_full;
    }

    /// Everything was written.
    pub(crate) fn are_empty(&self) -> bool {
        self.outboxes().all(Outbox::is_empty)
    }

    /// The bytes that wait, for all places together.
    pub(crate) fn bytes_waiting(&self) -> usize {
        self.outboxes().map(Outbox::waiting).sum()
    }

    fn outboxes(&self) -> impl Iterator<Item = &Outbox> {
        [&self.output.outbox, &self.error.outbox].into_iter().chain(self.dirs.iter().map(|dir| &dir.outbox))
    }

    /// Everything was written, and every archive was made.
    pub(crate) fn are_idle(&self) -> bool {
        self.are_empty() && self.dirs.iter().all(|dir| dir.rotation.is_none())
    }

    /// Everything was written, and nothing is under way that would not be found and finished by another logger.
    pub(crate) fn can_be_left(&self) -> bool {
        self.are_empty() && self.dirs.iter().all(|dir| dir.processor().is_none())
    }

    /// The streams that wait for a reader.
    pub(crate) fn waiting(&self) -> [Option<BorrowedFd<'_>>; 2] {
        [&self.output, &self.error].map(|stream| stream.waits_for_reader().then(|| stream.as_fd()))
    }

    /// Rotates every directory.
    pub(crate) fn rotate(&mut self) {
        self.dirs.iter_mut().for_each(LogDir::rotate_now);
    }

    /// Does what was put off, if its time has come.
    pub(crate) fn tick(&mut self) {
        self.dirs.iter_mut().for_each(LogDir::tick);
    }

    /// Leaves the archives that are still being made.
    pub(crate) fn leave(&mut self) {
        self.dirs.iter_mut().for_each(LogDir::leave);
    }

    /// Everything was written: the files are finished.
    pub(crate) fn finish(&self) {
        self.dirs.iter().for_each(LogDir::finish);
    }

    /// When something is to be tried again, or a file is to be rotated.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let streams = [&self.output, &self.error].into_iter().filter_map(Stream::deadline);
        self.dirs.iter().filter_map(LogDir::deadline).chain(streams).min()
    }

    /// A child has died: with luck, a processor.
    pub(crate) fn child_died(&mut self, pid: Pid, exit: unix::Exit) {
        if let Some(dir) = self.dirs.iter_mut().find(|dir| dir.processor() == Some(pid)) {
            dir.processed(exit);
        }
    }
}

impl Places {
    fn write_status(&mut self, action: usize, line: &Dressed<'_>) {
        let Place::Status { path, size, change } = &self.places[action] else { return };
        match status_file::write(path, *size, *change, line) {
            Ok(()) => self.failed.retain(|failed| *failed != action),
            Err(error) if !self.failed.contains(&action) => {
                status_file::complain(path, &error);
                self.failed.push(action);
            }
            Err(_) => {}
        }
    }
}

impl Take for Places {
    #[inline]
    fn take(&mut self, action: usize, line: &Dressed<'_>) {
        let outbox = match &self.places[action] {
            Place::Dir(index) => &mut self.dirs[*index].outbox,
            Place::Output => &mut self.output.outbox,
            _ => return self.take_elsewhere(action, line),
        };
        outbox.put(&line.parts());
        self.is_full |= outbox.is_full();
    }
}

impl Places {
    /// Where few lines go, so that it must not cost the others time.
    #[inline(never)]
    fn take_elsewhere(&mut self, action: usize, line: &Dressed<'_>) {
        match &self.places[action] {
            Place::Dir(_) | Place::Output => {}
            Place::Alert { excerpt, is_named } => self.error.alert(line, *excerpt, *is_named),
            Place::Status { .. } => self.write_status(action, line),
            Place::Udp { to, excerpt, dir } => {
                let message = excerpt.of(line);
                if !self.sender.send(*to, &message) {
                    let outbox = &mut self.dirs[*dir].outbox;
                    outbox.put(&[udp::FAILED]);
                    outbox.put(&message);
                    self.is_full |= outbox.is_full();
                }
            }
        }
    }
}
