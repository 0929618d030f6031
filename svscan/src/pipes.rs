//! The pipes between producers and their loggers, held open so that neither one's death loses a line.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use roster::Slot;
use sys::{heap, process};

use crate::inherited::Ends;

/// A pipe for each producer, made when one of the two is first started.
#[derive(Debug, Default)]
pub(crate) struct Pipes(Vec<Option<Ends>>);

impl Pipes {
    /// The pipe of a producer: the end to read, the end to write. Where there is none, that which is found is taken.
    pub(crate) fn of(
        &mut self,
        producer: Slot,
        find: impl FnOnce() -> Option<Ends>,
    ) -> io::Result<(BorrowedFd<'_>, BorrowedFd<'_>)> {
        let place = self.place(producer.index())?;
        let pipe = match place.take().or_else(find) {
            Some(pipe) => pipe,
            None => process::pipe()?,
        };
        let (read, write) = &*place.insert(pipe);
        Ok((read.as_fd(), write.as_fd()))
    }

    /// Holds the pipe that is found, unless there is one, and gives its end to read.
    pub(crate) fn keep(
        &mut self,
        producer: Slot,
        find: impl FnOnce() -> Option<Ends>,
    ) -> Option<BorrowedFd<'_>> {
        let place = self.place(producer.index()).ok()?;
        if place.is_none() {
            *place = find();
        }
        place.as_ref().map(|(read, _)| read.as_fd())
    }

    fn place(&mut self, index: usize) -> io::Result<&mut Option<Ends>> {
        while self.0.len() <= index {
            heap::push(&mut self.0, None)?;
        }
        Ok(&mut self.0[index])
    }

    /// Every pipe, by its producer's slot.
    pub(crate) fn all(&self) -> impl Iterator<Item = (usize, &Ends)> {
        self.0.iter().enumerate().filter_map(|(slot, pipe)| Some((slot, pipe.as_ref()?)))
    }

    /// Takes a pipe over from the program that was here before.
    pub(crate) fn put(&mut self, index: usize, pipe: Ends) -> io::Result<()> {
        *self.place(index)? = Some(pipe);
        Ok(())
    }

    /// Closes our ends.
    pub(crate) fn close(&mut self, producer: Slot) {
        if let Some(pipe) = self.0.get_mut(producer.index()) {
            *pipe = None;
        }
    }
}
