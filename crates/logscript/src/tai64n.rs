//! Stamps put before lines, and stamps made readable: `tai64n` and `tai64nlocal`, of daemontools and of s6.

use alloc::vec::Vec;

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

/// Bytes of a label, with the `@` before it.
const LABEL: usize = 1 + LABEL_DIGITS;

/// A line may begin with so many bytes before it is known that they are no label.
const LONGEST: usize = 64;

/// Makes stamps readable.
#[derive(Debug)]
pub struct Reader {
    labels: Labels,
    /// The beginning of a line that may be a label; `None`: it is known whether it is.
    held: Option<Vec<u8>>,
    /// The last second with its date: many lines have the same.
    last: Option<(i64, Vec<u8>)>,
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
                let whole =
                    self.labels.whole(input).filter(|_| self.held.as_ref().is_some_and(Vec::is_empty));
                if let Some((seconds, nanoseconds)) = whole
                    && self.write(seconds, nanoseconds, &date, out)
                {
                    self.held = None;
                    input = &input[LABEL..];
                    continue;
                }
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
        let read = self.labels.read(held);
        read.is_some_and(|(seconds, nanoseconds)| self.write(seconds, nanoseconds, date, out))
    }

    fn write(
        &mut self,
        seconds: i64,
        nanoseconds: u32,
        date: &impl Fn(i64) -> Option<Date>,
        out: &mut Vec<u8>,
    ) -> bool {
        if self.last.as_ref().is_none_or(|(of, _)| *of != seconds) {
            let Some(date) = date(seconds) else { return false };
            let mut text = Vec::new();
            Text(&mut text).date(&date, ' ');
            text.push(b'.');
            self.last = Some((seconds, text));
        }
        let Some((_, text)) = &self.last else { return false };
        out.extend_from_slice(text);
        write_padded(nanoseconds, out);
        true
    }
}

/// Nine digits; ten where a label has more than it may.
fn write_padded(mut number: u32, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 10];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(if digits[0] == b'0' { &digits[1..] } else { &digits });
}

impl Labels {
    /// The label of the usual length that `input` begins with, as seconds after 1970-01-01 UTC and nanoseconds, if so
    /// much has come that it is known where it ends.
    #[inline]
    fn whole(self, input: &[u8]) -> Option<(i64, u32)> {
        let (digits, rest) = input.strip_prefix(b"@")?.split_first_chunk::<LABEL_DIGITS>()?;
        let next = rest.first()?;
        let mut number = 0;
        for &byte in digits {
            number = number << 4 | u128::from(small_digit(byte)?);
        }
        if self == Labels::Daemontools && small_digit(*next).is_some() {
            return None;
        }
        Some(self.split(number))
    }

    /// Seconds after 1970-01-01 UTC, and nanoseconds, of the number that a label is.
    fn split(self, number: u128) -> (i64, u32) {
        let [_, _, _, _, stamp @ ..] = number.to_be_bytes();
        let label = (number >> 32) as u64;
        match self {
            Labels::S6 => Stamp::from_bytes(stamp).to_unix(),
            Labels::Daemontools => {
                (label.wrapping_sub((1 << 62) + LEAP_SECONDS_OF_1972) as i64, number as u32)
            }
        }
    }

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
                let digits = digits.iter().map(|&byte| small_digit(byte).unwrap_or_default());
                Some(self.split(digits.fold(0, |number, digit| number << 4 | u128::from(digit))))
            }
        }
    }
}

/// The value of a small hexadecimal digit.
#[inline]
fn small_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
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
