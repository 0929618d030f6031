//! A line of a log as people see it: whose it is, when it was written in local time, and its text.

use std::io;

use cli::colour::{COLOURS, is_plain};
use unix::Stamp;

use super::line::{self, Line};
use crate::moment;

/// How lines are shown.
#[derive(Debug)]
pub(crate) struct Style {
    /// Standard output is a terminal.
    pub(crate) is_terminal: bool,
    /// The width of the names; 0: they are not shown.
    pub(crate) width: usize,
    /// Lines from before are left out.
    pub(crate) since: Option<Stamp>,
}

/// Shows the lines of one service.
#[derive(Debug)]
pub(crate) struct Lines {
    /// What comes before each.
    prefix: String,
    /// Lines without a moment of their own belong to the line before: was that shown?
    is_wanted: bool,
    /// A line that has no end yet.
    begun: Vec<u8>,
}

impl Lines {
    /// Of the service `name`, which is the `number`th.
    pub(crate) fn new(name: &str, number: usize, style: &Style) -> Lines {
        let prefix = match (style.width, style.is_terminal && !is_plain()) {
            (0, _) => String::new(),
            (width, false) => format!("{name:width$} | "),
            (width, true) => {
                format!("\x1b[{}m{name:width$} |\x1b[0m ", COLOURS[number % COLOURS.len()])
            }
        };
        Lines { prefix, is_wanted: true, begun: Vec::new() }
    }

    /// Takes bytes of the log; shows the lines that they complete.
    pub(crate) fn take(&mut self, mut bytes: &[u8], style: &Style) -> io::Result<()> {
        let mut text = Vec::new();
        while let Some(end) = bytes.iter().position(|&b| b == b'\n') {
            let mut line = std::mem::take(&mut self.begun);
            line.extend_from_slice(&bytes[..end]);
            self.add(&line, style, &mut text);
            bytes = &bytes[end + 1..];
        }
        self.begun.extend_from_slice(bytes);
        if text.is_empty() { Ok(()) } else { cli::answer(&text) }
    }

    /// The file has ended: what has begun is a line.
    pub(crate) fn end(&mut self, style: &Style) -> io::Result<()> {
        if self.begun.is_empty() { Ok(()) } else { self.take(b"\n", style) }
    }

    fn add(&mut self, line: &[u8], style: &Style, text: &mut Vec<u8>) {
        let Line { stamp, text: rest } = line::read(line);
        if let (Some(since), Some(stamp)) = (style.since, stamp) {
            self.is_wanted = stamp >= since;
        }
        if !self.is_wanted {
            return;
        }
        text.extend_from_slice(self.prefix.as_bytes());
        if let Some(stamp) = stamp {
            text.extend_from_slice(moment::shown(stamp).as_bytes());
        }
        let start = text.len();
        text.extend_from_slice(&rest);
        if style.is_terminal {
            tame(&mut text[start..]);
        }
        text.push(b'\n');
    }
}

/// A log must not command the terminal: a question mark stands for each control character but a tab, and for each
/// byte of 0x80 to 0x9f that does not belong to another character. A terminal takes U+0080 to U+009F for commands
/// (ECMA-48: 0x9b begins as much as `ESC [` does), as two bytes of UTF-8 or, without that, as one.
fn tame(mut text: &mut [u8]) {
    while let Some(&byte) = text.first() {
        let length = match char_at(text) {
            Some((c, length)) if c == '\t' || !c.is_control() => length,
            None if !(0x80..0xa0).contains(&byte) => 1,
            found => {
                let length = found.map_or(1, |(_, length)| length);
                text[..length].fill(b'?');
                length
            }
        };
        text = &mut text[length..];
    }
}

/// The character at the start, and how many bytes it is; `None`: that is no UTF-8.
fn char_at(text: &[u8]) -> Option<(char, usize)> {
    let first = text[..text.len().min(4)].utf8_chunks().next()?.valid().chars().next()?;
    Some((first, first.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::tame;

    #[test]
    fn line_cannot_command_the_terminal() {
        for (line, shown) in [
            (&b"a\tb\x1b[2Jc\x07\x7f"[..], &b"a\tb?[2Jc??"[..]),
            (b"\x9b2J \xc2\x9b2J", b"?2J ??2J"),
            (
                "gr\u{fc}n \u{2603} \u{1f680} \u{45b}".as_bytes(),
                "gr\u{fc}n \u{2603} \u{1f680} \u{45b}".as_bytes(),
            ),
            (b"latin \xfc \xe2\x98", b"latin \xfc \xe2?"),
        ] {
            let mut line = line.to_vec();
            tame(&mut line);
            assert_eq!(line, shown);
        }
    }
}
