//! Messages and answers.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

static PROGRAM: Mutex<Cow<'static, str>> = Mutex::new(Cow::Borrowed("sv"));

/// Sets what every message of this process begins with: `svctl`, or `supervise web`.
pub fn name_program(name: impl Into<Cow<'static, str>>) {
    *PROGRAM.lock().unwrap_or_else(PoisonError::into_inner) = name.into();
}

/// What every message begins with.
pub fn program() -> Cow<'static, str> {
    PROGRAM.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Writes one line to standard error. A line that cannot be written is lost: there is nobody to tell.
pub fn say(text: impl Display) {
    let line = format!("{}: {text}\n", program());
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Says `warning: TEXT`: something is wrong and the program goes on.
pub fn warn(text: impl Display) {
    say(format_args!("warning: {text}"));
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
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_has_no_number() {
        let error = io::Error::from_raw_os_error(13);
        assert_eq!(reason(&error), "Permission denied");
        assert_eq!(reason(&io::Error::other("no line")), "no line");
    }
}
