//! Standard output and standard error as places for lines.

use std::io::{self, ErrorKind, Stderr, Stdout};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use logscript::{Dressed, Excerpt};
use sys::{clock, file, poll};

use crate::logdir_writer::is_later;
use crate::outbox::Outbox;

/// A pipe that can be written takes so many bytes at once, with nothing of other writers between them (pipe(7)).
const AT_ONCE: usize = 4096;

/// The time between two attempts at a file on a disk that is full.
const RETRY: Duration = Duration::from_secs(2);

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
    /// It is a file, and its disk is full: it is tried again then.
    write_at: Option<Duration>,
}

impl Stream {
    pub(crate) fn output() -> Stream {
        Stream::new(Which::Output(io::stdout()))
    }

    pub(crate) fn error() -> Stream {
        Stream::new(Which::Error(io::stderr()))
    }

    fn new(which: Which) -> Stream {
        Stream { which, outbox: Outbox::default(), is_closed: false, write_at: None }
    }

    /// It waits for somebody to read it.
    pub(crate) fn waits_for_reader(&self) -> bool {
        !self.outbox.is_empty() && self.write_at.is_none()
    }

    /// When it is tried again.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.write_at
    }

    /// Writes what can be written now without waiting.
    pub(crate) fn flush(&mut self) {
        if is_later(self.write_at) {
            return;
        }
        self.write_at = None;
        while !self.outbox.is_empty() && !self.is_closed && poll::can_write(self.as_fd()) {
            match file::write_some(self.as_fd(), at_once(self.outbox.pending())) {
                Ok(count) => self.outbox.advance(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if is_full(error.kind()) => return self.put_off(&error),
                Err(error) => self.close(&error),
            }
        }
        if self.is_closed {
            self.outbox.clear();
        }
    }

    /// Puts a line in as an alert.
    pub(crate) fn alert(&mut self, line: &Dressed<'_>, excerpt: Excerpt, is_named: bool) {
        if is_named {
            self.outbox.put(&[cli::program().as_bytes(), b": alert: "]);
        }
        self.outbox.put(&excerpt.of(line));
    }

    fn put_off(&mut self, error: &io::Error) {
        self.write_at = Some(clock::monotonic() + RETRY);
        if let Which::Output(_) = self.which {
            let (reason, retry) = (cli::reason(error), RETRY.as_millis() as u64);
            cli::warn(format_args!(
                "unable to write to standard output: {reason}; trying again in {retry} ms"
            ));
        }
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

/// There is no room on the disk: there may be some later.
fn is_full(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

/// What goes at once: whole lines, for others may write to the same pipe; of a longer line, a part.
fn at_once(pending: &[u8]) -> &[u8] {
    let most = &pending[..pending.len().min(AT_ONCE)];
    most.iter().rposition(|&byte| byte == b'\n').map_or(most, |end| &most[..=end])
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.which {
            Which::Output(fd) => fd.as_fd(),
            Which::Error(fd) => fd.as_fd(),
        }
    }
}
