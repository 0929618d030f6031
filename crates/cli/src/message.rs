//! Messages and answers.

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// The longest line, its newline included; what is longer is cut. Pipes keep so much together (pipe(7)).
const LONGEST: usize = 1024;

static PROGRAM: Mutex<Cow<'static, str>> = Mutex::new(Cow::Borrowed("sv"));

/// Nobody wants to hear warnings.
static IS_QUIET: AtomicBool = AtomicBool::new(false);

static WRITE: OnceLock<fn(&[u8])> = OnceLock::new();

/// Sets how lines reach standard error. A program that must never wait for whoever reads it gives a way
/// that does not.
pub fn write_lines_with(write: fn(&[u8])) {
    let _ = WRITE.set(write);
}

/// Sets what every message of this process begins with: `svctl`, or `supervise web`.
pub fn name_program(name: impl Into<Cow<'static, str>>) {
    *PROGRAM.lock().unwrap_or_else(PoisonError::into_inner) = name.into();
}

/// What every message begins with.
pub fn program() -> Cow<'static, str> {
    PROGRAM.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Writes one line to standard error. A line that cannot be written is lost: there is nobody to tell.
/// Takes no memory: there may be none, and this is what says so.
pub fn say(text: impl Display) {
    say_plainly(&text);
}

#[inline(never)] // The line would stand in the frame of a caller's loop, and its pages stay.
fn say_plainly(text: &dyn Display) {
    let mut line = Line { bytes: [0; LONGEST], length: 0 };
    let _ = line.write_str(&PROGRAM.lock().unwrap_or_else(PoisonError::into_inner));
    let _ = write!(line, ": {text}");
    let length = line.length.min(LONGEST - 1);
    tame(&mut line.bytes[..length]);
    line.bytes[length] = b'\n';
    match WRITE.get() {
        Some(write) => write(&line.bytes[..=length]),
        None => drop(io::stderr().write_all(&line.bytes[..=length])),
    }
}

/// A line in the making.
struct Line {
    bytes: [u8; LONGEST],
    length: usize,
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = (self.length + text.len()).min(LONGEST);
        let part = end - self.length;
        self.bytes[self.length..end].copy_from_slice(&text.as_bytes()[..part]);
        self.length = end;
        Ok(())
    }
}

/// Puts a question mark in place of each control character but a tab: a name that somebody else has chosen must not
/// command the terminal (ECMA-48), nor make a line of its own.
fn tame(line: &mut [u8]) {
    let mut before = 0;
    for place in 0..line.len() {
        let byte = std::mem::replace(&mut before, line[place]);
        // U+0080 to U+009F, which are two bytes in UTF-8.
        if byte == 0xc2 && (0x80..0xa0).contains(&line[place]) {
            line[place - 1..=place].fill(b'?');
        } else if line[place].is_ascii_control() && line[place] != b'\t' {
            line[place] = b'?';
        }
    }
}

/// Says `warning: TEXT`: something is wrong and the program goes on.
pub fn warn(text: impl Display) {
    if !IS_QUIET.load(Ordering::Relaxed) {
        say(format_args!("warning: {text}"));
    }
}

/// From now on no warning is said.
pub fn drop_warnings() {
    IS_QUIET.store(true, Ordering::Relaxed);
}

/// Writes an answer to standard output, at once and whole.
///
/// # Errors
/// What write(2) says; a program that cannot give its answer has failed.
pub fn answer(text: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text)?;
    out.flush()
}

/// Why something failed, in the system's words, without an error number.
pub fn reason(error: &io::Error) -> String {
    let mut text = error.to_string();
    if let Some(at) = text.rfind('(')
        && text[at..].starts_with("(os error")
    {
        text.truncate(at.saturating_sub(1));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_that_is_too_long_is_cut() {
        let mut line = Line { bytes: [0; LONGEST], length: 0 };
        for _ in 0..3 {
            write!(line, "{}", "x".repeat(LONGEST / 2 + 1)).unwrap();
        }
        assert_eq!(line.length, LONGEST);
    }

    #[test]
    fn control_characters_do_not_come_through() {
        let mut line = "a\tb\u{1b}[2J\nc\u{9b}2J\u{7f} gr\u{fc}n \u{c2}\u{80}".as_bytes().to_vec();
        tame(&mut line);
        assert_eq!(str::from_utf8(&line).unwrap(), "a\tb?[2J?c??2J? gr\u{fc}n \u{c2}??");
    }

    #[test]
    fn reason_has_no_number() {
        let error = io::Error::from_raw_os_error(13);
        assert_eq!(reason(&error), "Permission denied");
        assert_eq!(reason(&io::Error::other("no line")), "no line");
    }
}
