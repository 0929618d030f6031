//! The pipes between producers and their loggers, held open so that neither one's death loses a line.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use roster::Slot;
use sys::{heap, process};

/// A pipe for each producer, made when one of the two is first started.
#[derive(Debug, Default)]
pub(crate) struct Pipes(Vec<Option<(OwnedFd, OwnedFd)>>);

impl Pipes {
    /// The pipe of a producer: the end to read, the end to write.
    pub(crate) fn of(&mut self, producer: Slot) -> io::Result<(BorrowedFd<'_>, BorrowedFd<'_>)> {
        let index = producer.index();
        while self.0.len() <= index {
            heap::push(&mut self.0, None)?;
        }
        let pipe = match self.0[index].take() {
            Some(pipe) => pipe,
            None => process::pipe()?,
        };
        let (read, write) = &*self.0[index].insert(pipe);
        Ok((read.as_fd(), write.as_fd()))
    }

    /// Closes our ends.
    pub(crate) fn close(&mut self, producer: Slot) {
        if let Some(pipe) = self.0.get_mut(producer.index()) {
            *pipe = None;
        }
    }
}
