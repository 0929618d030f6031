//! Stamps put before lines, and stamps made readable: `tai64n` and `tai64nlocal`, of daemontools and of s6.

use alloc::vec::Vec;
use core::fmt::Write as _;

use unix::{LABEL_DIGITS, Stamp};

use crate::Date;
use crate::dress::{LEAP_SECONDS_OF_1972, Text};
use crate::splitter::line_end;

/// Puts stamps before lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stamper {
    is_inside: bool,
}

impl Stamper {
    /// Adds what comes of `input` to `out`, where `head` stands before each line.
    pub fn feed(&mut self, mut input: &[u8], head: &[u8], out: &mut Vec<u8>) {
        while !input.is_empty() {
            if !self.is_inside {
                out.extend_from_slice(head);
            }
            let end = line_end(input);
            let (line, rest) = input.split_at(end.map_or(input.len(), |end| end + 1));
            out.extend_from_slice(line);
            (self.is_inside, input) = (end.is_none(), rest);
        }
    }

    /// The last line has no newline.
    pub const fn is_inside(&self) -> bool {
        self.is_inside
    }
}

/// Whose labels are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// Hexadecimal digits, as many as there are, small ones; without leap seconds.
    Daemontools,
    /// 24 of them, and a byte that follows; with leap seconds.
    S6,
}

/// A line may begin with so many bytes before it is known that they are no label.
const LONGEST: usize = 64;

/// Makes stamps readable.
#[derive(Debug)]
pub struct Reader {
    labels: Labels,
    /// The beginning of a line that may be a label; `None`: it is known whether it is.
    held: Option<Vec<u8>>,
    /// The last date: many lines have the same.
    last: Option<(i64, Date)>,
}

impl Reader {
    /// At the beginning of a line.
    pub const fn new(labels: Labels) -> Reader {
        Reader { labels, held: Some(Vec::new()), last: None }
    }

    /// Adds what comes of `input` to `out`. `date` gives the date of a moment in seconds after 1970-01-01 UTC, if it has
    /// one.
    pub fn feed(&mut self, mut input: &[u8], date: impl Fn(i64) -> Option<Date>, out: &mut Vec<u8>) {
        while !input.is_empty() {
            if self.held.is_some() {
                let taken = self.hold(input, &date, out);
                input = &input[taken..];
                continue;
            }
            let end = line_end(input);
            let (line, rest) = input.split_at(end.map_or(input.len(), |end| end + 1));
            out.extend_from_slice(line);
            if end.is_some() {
                self.held = Some(Vec::new());
            }
            input = rest;
        }
    }

    /// Adds what is left at the end of the input.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        out.extend(self.held.take().into_iter().flatten());
    }

    /// Takes what belongs to a label, and gives the number of its bytes. What follows a label tells that it is one.
    fn hold(&mut self, input: &[u8], date: &impl Fn(i64) -> Option<Date>, out: &mut Vec<u8>) -> usize {
        let before = self.held.as_ref().map_or(0, Vec::len);
        let is_part = |(at, byte): (usize, &u8)| match before + at {
            0 => *byte == b'@',
            at => self.labels.are_part_of(at, *byte),
        };
        let taken = input.iter().enumerate().take_while(|&part| is_part(part)).count();
        if let Some(held) = &mut self.held {
            held.extend_from_slice(&input[..taken]);
        }
        if taken < input.len() {
            let held = self.held.take().unwrap_or_default();
            if !self.write_date(&held, date, out) {
                out.extend_from_slice(&held);
            }
        }
        taken
    }

    fn write_date(&mut self, held: &[u8], date: &impl Fn(i64) -> Option<Date>, out: &mut Vec<u8>) -> bool {
        let Some((seconds, nanoseconds)) = self.labels.read(held) else { return false };
        let found = self.last.filter(|(of, _)| *of == seconds).or_else(|| Some((seconds, date(seconds)?)));
        let Some((_, found)) = found else { return false };
        self.last = Some((seconds, found));
        let mut text = Text(out);
        text.date(&found, b' ');
        let _ = write!(text, ".{nanoseconds:09}");
        true
    }
}

impl Labels {
    /// Whether this byte may stand at this place of a label, which is not its first.
    fn are_part_of(self, at: usize, byte: u8) -> bool {
        match self {
            Labels::Daemontools => at < LONGEST && matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Labels::S6 => at <= LABEL_DIGITS && byte.is_ascii_hexdigit(),
        }
    }

    /// Seconds after 1970-01-01 UTC, and nanoseconds.
    fn read(self, label: &[u8]) -> Option<(i64, u32)> {
        let digits = label.strip_prefix(b"@").filter(|digits| !digits.is_empty())?;
        match self {
            Labels::S6 => Some(Stamp::from_label(digits)?.to_unix()),
            Labels::Daemontools => {
                let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or_default();
                let number = digits.iter().fold(0u128, |number, &byte| number << 4 | u128::from(digit(byte)));
                let seconds =
                    ((number >> 32) as u64).wrapping_sub(1 << 62).wrapping_sub(LEAP_SECONDS_OF_1972);
                Some((seconds as i64, number as u32))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    /// What comes out whatever the pieces are that the input comes in.
    fn read(labels: Labels, input: &str) -> String {
        let date = |seconds: i64| (seconds.unsigned_abs() < 1 << 40).then(|| Date::utc(seconds));
        let outputs: Vec<Vec<u8>> = (1..=input.len())
            .map(|size| {
                let (mut reader, mut out) = (Reader::new(labels), Vec::new());
                input.as_bytes().chunks(size).for_each(|chunk| reader.feed(chunk, date, &mut out));
                reader.end(&mut out);
                out
            })
            .collect();
        assert!(outputs.iter().all(|out| *out == outputs[0]), "{input}");
        String::from_utf8(outputs[0].clone()).unwrap()
    }

    #[test]
    fn label_becomes_a_date() {
        let line = "@400000006553f12500000007 one\nno @400000006553f12500000007\n";
        assert_eq!(
            read(Labels::S6, line),
            "2023-11-14 22:13:20.000000007 one\nno @400000006553f12500000007\n"
        );
        let line = "@400000006553f10a00000007 one\ntwo\n";
        assert_eq!(read(Labels::Daemontools, line), "2023-11-14 22:13:20.000000007 one\ntwo\n");
    }

    #[test]
    fn what_is_no_label_stays() {
        for line in ["@\n", "@4000 x\n", "@@400000006553f12500000007\n", "", "\n\n", "@40", "@zz\n"] {
            for labels in [Labels::S6, Labels::Daemontools] {
                if !line.is_empty() {
                    assert_eq!(read(labels, line), line, "{labels:?}");
                }
            }
        }
        // Nothing follows it.
        let line = "@400000006553f12500000007";
        assert_eq!(read(Labels::S6, line), line);
    }

    #[test]
    fn more_digits_follow_a_label_of_s6() {
        assert_eq!(
            read(Labels::S6, "@400000006553f1250000000712 x\n"),
            "2023-11-14 22:13:20.00000000712 x\n"
        );
    }

    #[test]
    fn stamp_stands_before_every_line() {
        let (mut stamper, mut out) = (Stamper::default(), Vec::new());
        for input in ["a\n\nb", "c\n", "d"] {
            stamper.feed(input.as_bytes(), b"@ ", &mut out);
        }
        assert_eq!(out, b"@ a\n@ \n@ bc\n@ d");
        assert!(stamper.is_inside());
    }
}
