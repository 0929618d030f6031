//! Standard output and standard error as places for lines.

use std::io::{self, ErrorKind, Stderr, Stdout};
use std::os::fd::{AsFd, BorrowedFd};

use logscript::Dressed;
use sys::{file, poll};

use crate::outbox::Outbox;

/// A pipe that can be written takes so many bytes at once (pipe(7)).
const AT_ONCE: usize = 4096;

/// What stands at the end of an alert that does not show all of its line.
const CUT: &[u8] = b"...";

/// Which of the two.
#[derive(Debug)]
enum Which {
    Output(Stdout),
    Error(Stderr),
}

/// A stream that somebody else reads. Nobody waits for him: what he does not take stays here, and when it is too much
/// nothing more is read.
#[derive(Debug)]
pub(crate) struct Stream {
    which: Which,
    pub(crate) outbox: Outbox,
    /// Nobody reads it any more: what is for it is dropped.
    is_closed: bool,
}

impl Stream {
    pub(crate) fn output() -> Stream {
        Stream { which: Which::Output(io::stdout()), outbox: Outbox::default(), is_closed: false }
    }

    pub(crate) fn error() -> Stream {
        Stream { which: Which::Error(io::stderr()), outbox: Outbox::default(), is_closed: false }
    }

    /// Writes what can be written now without waiting.
    pub(crate) fn flush(&mut self) {
        while !self.outbox.is_empty() && !self.is_closed && poll::can_write(self.as_fd()) {
            let pending = self.outbox.pending();
            match file::write_some(self.as_fd(), &pending[..pending.len().min(AT_ONCE)]) {
                Ok(count) => self.outbox.advance(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => self.close(&error),
            }
        }
        if self.is_closed {
            self.outbox.clear();
        }
    }

    /// Puts a line in as an alert: at most so many bytes of it; 0: all.
    pub(crate) fn alert(&mut self, line: &Dressed<'_>, most: usize) {
        let (text, after) = match line.text.get(..most) {
            Some(text) if most > 0 && most + CUT.len() < line.text.len() => (text, CUT),
            _ => (line.text, line.after),
        };
        self.outbox.put(&[
            cli::program().as_bytes(),
            b": alert: ",
            line.head,
            line.before,
            text,
            after,
            b"\n",
        ]);
    }

    fn close(&mut self, error: &io::Error) {
        self.is_closed = true;
        if let Which::Output(_) = self.which {
            let reason = cli::reason(error);
            cli::warn(format_args!(
                "unable to write to standard output: {reason}; no line goes there any more"
            ));
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.which {
            Which::Output(fd) => fd.as_fd(),
            Which::Error(fd) => fd.as_fd(),
        }
    }
}
