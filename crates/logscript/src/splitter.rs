//! Lines out of a stream of bytes.

use memchr::memchr;

/// What is done with a line that is longer than the limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Long {
    /// It becomes several lines.
    #[default]
    Split,
    /// It becomes several lines, with `...` where it was cut, on both sides.
    Mark,
    /// It stays one line. What selects it sees the part up to the limit.
    Whole,
}

/// What stands at both sides of a cut.
pub(crate) const MARK: &[u8] = b"...";

/// Where the first newline is.
pub fn line_end(bytes: &[u8]) -> Option<usize> {
    memchr(b'\n', bytes)
}

/// A piece of a line, or all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Its bytes, without a newline.
    pub text: &'a [u8],
    /// It begins a line of the output.
    pub begins: bool,
    /// It ends one.
    pub ends: bool,
    /// A line of the input was cut before it, and this is marked.
    pub marked_before: bool,
    /// A line of the input was cut after it, and this is marked.
    pub marked_after: bool,
    /// It is not the first of its line of the input.
    pub is_cut_before: bool,
    /// It is not the last.
    pub is_cut_after: bool,
}

impl<'a> Piece<'a> {
    /// A line that is whole.
    pub const fn line(text: &'a [u8]) -> Piece<'a> {
        Piece {
            text,
            begins: true,
            ends: true,
            marked_before: false,
            marked_after: false,
            is_cut_before: false,
            is_cut_after: false,
        }
    }
}

/// Where in a line a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Splitter {
    /// The most bytes of a piece; `None`: as many as the buffer can hold.
    limit: Option<usize>,
    long: Long,
    /// The next byte goes on with a line that was cut.
    inside: bool,
    /// So many bytes of the buffer are known to hold no newline.
    searched: usize,
}

impl Splitter {
    /// At the beginning of a stream. `limit` is the most bytes of a line, at least 1.
    pub const fn new(limit: Option<usize>, long: Long) -> Splitter {
        Splitter { limit, long, inside: false, searched: 0 }
    }

    /// The next piece at the front of `buffer`, and how many bytes it took; `None`: more must be read first. `is_full`:
    /// the buffer cannot take more, so that what is in it must be taken.
    #[inline]
    pub fn next<'a>(&mut self, buffer: &'a [u8], is_full: bool) -> Option<(Piece<'a>, usize)> {
        let most = self.limit.unwrap_or(usize::MAX).min(buffer.len());
        // One byte more: the newline itself.
        let window = &buffer[..most.saturating_add(1).min(buffer.len())];
        if let Some(end) = memchr(b'\n', &window[self.searched..]) {
            let end = self.searched + end;
            return Some((self.piece(&buffer[..end], true), end + 1));
        }
        if window.len() > most || is_full {
            return Some((self.piece(&buffer[..most], false), most));
        }
        self.searched = window.len();
        None
    }

    /// What is left at the end of the stream: a line without its newline. `None`: nothing.
    pub fn last<'a>(&mut self, buffer: &'a [u8]) -> Option<Piece<'a>> {
        let goes_on = self.inside && self.long == Long::Whole;
        (goes_on || !buffer.is_empty()).then(|| self.piece(buffer, true))
    }

    /// The stream is inside of a line of which a part was taken.
    pub const fn is_inside(&self) -> bool {
        self.inside
    }

    #[inline]
    fn piece<'a>(&mut self, text: &'a [u8], ends: bool) -> Piece<'a> {
        let is_cut_before = self.inside;
        self.inside = !ends;
        self.searched = 0;
        let piece = Piece { is_cut_before, is_cut_after: !ends, ..Piece::line(text) };
        match self.long {
            Long::Whole => Piece { begins: !is_cut_before, ends, ..piece },
            Long::Mark => Piece { marked_before: is_cut_before, marked_after: !ends, ..piece },
            Long::Split => piece,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    /// The output for input that comes in such chunks, with a buffer of `room` bytes.
    fn split(chunks: &[&str], limit: Option<usize>, long: Long, room: usize) -> String {
        let (mut splitter, mut buffer, mut out) = (Splitter::new(limit, long), Vec::new(), Vec::new());
        let mut put = |piece: Piece<'_>| {
            if piece.marked_before {
                out.extend_from_slice(MARK);
            }
            out.extend_from_slice(piece.text);
            if piece.marked_after {
                out.extend_from_slice(MARK);
            }
            if piece.ends {
                out.push(b'\n');
            }
        };
        for chunk in chunks {
            buffer.extend_from_slice(chunk.as_bytes());
            while let Some((piece, taken)) = splitter.next(&buffer, buffer.len() >= room) {
                put(piece);
                buffer.drain(..taken);
            }
        }
        if let Some(piece) = splitter.last(&buffer) {
            put(piece);
        }
        String::from_utf8(out).unwrap().to_string()
    }

    #[test]
    fn lines_come_out_however_they_came_in() {
        for chunks in [&["one\ntwo\n\nthree\n"][..], &["on", "e", "\n", "two\n\nthr", "ee", "\n"]] {
            assert_eq!(split(chunks, Some(8), Long::Split, 99), "one\ntwo\n\nthree\n");
        }
    }

    #[test]
    fn last_line_is_kept_without_its_newline() {
        assert_eq!(split(&["one\ntw", "o"], Some(8), Long::Split, 99), "one\ntwo\n");
    }

    #[test]
    fn line_of_the_limit_is_not_split() {
        assert_eq!(split(&["12345678\n"], Some(8), Long::Split, 99), "12345678\n");
        assert_eq!(split(&["12345678", "\n"], Some(8), Long::Split, 99), "12345678\n");
        assert_eq!(split(&["123456789\n"], Some(8), Long::Split, 99), "12345678\n9\n");
    }

    #[test]
    fn cuts_are_marked_on_both_sides() {
        assert_eq!(split(&["abcdefgh\nij\n"], Some(3), Long::Mark, 99), "abc...\n...def...\n...gh\nij\n");
    }

    #[test]
    fn whole_line_stays_one_in_a_small_buffer() {
        assert_eq!(split(&["abc", "def", "gh\nij\n"], Some(4), Long::Whole, 6), "abcdefgh\nij\n");
        assert_eq!(split(&["abc", "def", "gh", "ij"], None, Long::Whole, 4), "abcdefghij\n");
        assert_eq!(split(&["abcd"], Some(2), Long::Whole, 4), "abcd\n");
    }
}
