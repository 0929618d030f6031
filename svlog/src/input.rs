//! The reader: standard input, and what of it was not yet taken.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use logscript::{Long, Piece, Splitter};
use sys::process;

/// What a pipe holds (pipe(7)): more never comes at once.
const ROOM: usize = 64 * 1024;

/// The most that is read at once where as little as possible shall be lost with the process, in bytes.
const LITTLE: usize = 4096;

/// Standard input, in a buffer.
#[derive(Debug)]
pub(crate) struct Input {
    stdin: io::Stdin,
    /// It grows with a line that does not fit.
    buffer: Vec<u8>,
    /// The most bytes that it may hold.
    most_held: usize,
    /// What was read and not yet taken: from here on,
    begin: usize,
    /// up to here.
    end: usize,
    /// The most that is read at once.
    most: usize,
    splitter: Splitter,
    /// Nothing more comes, or nothing more is wanted.
    is_closed: bool,
}

impl Input {
    /// Lines of at most `limit` bytes; `is_careful`: little is read at a time.
    pub(crate) fn new(limit: Option<usize>, long: Long, is_careful: bool) -> Input {
        // Room for the longest line with its newline, and for as much again to be read.
        let most_held = limit.map_or(ROOM, |limit| limit.saturating_add(1)).max(ROOM);
        let most = if is_careful { LITTLE } else { most_held };
        let splitter = Splitter::new(limit, long);
        let buffer = vec![0; ROOM];
        Input { stdin: io::stdin(), buffer, most_held, begin: 0, end: 0, most, splitter, is_closed: false }
    }

    /// Whether more may be read while so many bytes wait to be written: a process that is killed takes all of them
    /// along, and they shall never be more than the buffer holds.
    pub(crate) fn has_room(&self, waiting: usize) -> bool {
        self.room(waiting) > 0
    }

    fn room(&self, waiting: usize) -> usize {
        self.most_held.saturating_sub(waiting + self.end - self.begin)
    }

    /// Reads what there is, and what there is room for while so many bytes wait to be written.
    pub(crate) fn read(&mut self, waiting: usize) -> io::Result<()> {
        self.read_at_most(self.most.min(self.room(waiting)))
    }

    /// Reads one byte: what comes after it stays for whoever reads next.
    pub(crate) fn read_byte(&mut self) -> io::Result<()> {
        self.read_at_most(1)
    }

    /// Reads at most so many bytes, for which there is room.
    fn read_at_most(&mut self, most: usize) -> io::Result<()> {
        if self.begin > 0 {
            self.buffer.copy_within(self.begin..self.end, 0);
            (self.begin, self.end) = (0, self.end - self.begin);
        }
        if self.end == self.buffer.len() {
            self.buffer.resize((2 * self.end).min(self.most_held), 0);
        }
        let end = self.end.saturating_add(most).min(self.buffer.len());
        match process::read(&self.stdin, &mut self.buffer[self.end..end]) {
            Ok(Some(0)) => self.is_closed = true,
            Ok(Some(count)) => self.end += count,
            Ok(None) => {}
            Err(error) => {
                self.is_closed = true;
                return Err(error);
            }
        }
        Ok(())
    }

    /// The next piece of a line, taken; `None`: more must be read first, or nothing is left.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Piece<'_>> {
        let pending = &self.buffer[self.begin..self.end];
        match self.splitter.next(pending, pending.len() == self.most_held) {
            Some((piece, taken)) => {
                self.begin += taken;
                Some(piece)
            }
            None if self.is_closed => {
                self.begin = self.end;
                self.splitter.last(pending)
            }
            None => None,
        }
    }

    /// What was read ends with a line.
    pub(crate) fn is_at_line_end(&self) -> bool {
        match self.buffer[self.begin..self.end].last() {
            Some(byte) => *byte == b'\n',
            None => !self.splitter.is_inside(),
        }
    }

    /// A part of a line was taken, and not all.
    pub(crate) fn is_inside(&self) -> bool {
        self.splitter.is_inside()
    }

    /// Reads nothing more.
    pub(crate) fn close(&mut self) {
        self.is_closed = true;
    }

    /// Nothing more is read.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }
}

impl AsFd for Input {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stdin.as_fd()
    }
}
