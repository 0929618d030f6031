//! The command line of `sv`, and that of a script that is a link to it.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use cli::getopt::Grammar;

use super::verb::Verb;
use crate::classic::printable;

const GRAMMAR: Grammar =
    Grammar { name: "sv", usage: "[-v] [-w sec] command service ...", letters: "vVw:", long: &[] };

/// How many seconds are waited, where nobody says.
const DEFAULT_WAIT: u32 = 7;

/// Under which name it was called, which decides on the exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `sv`.
    Tool,
    /// A service's: the codes are those of LSB.
    Script,
}

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) style: Style,
    pub(crate) verb: &'static Verb,
    /// How long to wait for it; `None`: not at all.
    pub(crate) patience: Option<Duration>,
    pub(crate) services: Vec<OsString>,
}

impl Style {
    /// The exit code of a wrong call.
    fn misuse(self) -> u8 {
        match self {
            Style::Tool => 100,
            Style::Script => 2,
        }
    }

    /// The exit code where the system refuses.
    pub(crate) fn trouble(self) -> u8 {
        match self {
            Style::Tool => 100,
            Style::Script => 151,
        }
    }
}

/// Reads a command line. A wrong one has been reported.
pub(crate) fn parse(args: Vec<OsString>) -> Result<Order, ExitCode> {
    let name = args.first().and_then(|path| Path::new(path).file_name()).unwrap_or(OsStr::new("sv"));
    let name = name.to_owned();
    let style = if name == "sv" { Style::Tool } else { Style::Script };
    cli::name_program(printable(&name));
    let line = GRAMMAR.split(args).map_err(|what| {
        cli::say(what);
        usage(style, &name)
    })?;
    let mut wait = std::env::var_os("SVWAIT").map_or(DEFAULT_WAIT, |value| number(&value));
    for (letter, value) in &line.options {
        match letter {
            'w' => wait = number(value),
            'V' => {
                cli::say(env!("CARGO_PKG_VERSION"));
                return Err(usage(style, &name));
            }
            _ => {}
        }
    }
    let mut operands = line.operands.into_iter();
    let verb = operands.next().as_deref().and_then(Verb::find);
    let services: Vec<OsString> = match style {
        Style::Tool => operands.collect(),
        Style::Script => vec![name.clone()],
    };
    let Some(verb) = verb.filter(|_| !services.is_empty()) else { return Err(usage(style, &name)) };
    let waits = verb.waits() || !line.options.is_empty();
    let patience = waits.then_some(Duration::from_secs(wait.into()));
    Ok(Order { style, verb, patience, services })
}

/// A number as runit reads it: the digits that a text begins with; 0 if there are none.
fn number(text: &OsStr) -> u32 {
    let digits = text.as_bytes().iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number: u32, digit| number.saturating_mul(10).saturating_add(u32::from(digit - b'0')))
}

/// Says how to call it, with an empty line at the end, as the original does.
fn usage(style: Style, name: &OsStr) -> ExitCode {
    let text = match style {
        Style::Tool => format!("usage: {} {}\n\n", GRAMMAR.name, GRAMMAR.usage),
        Style::Script => format!("usage: {} [-w sec] command\n\n", printable(name)),
    };
    let _ = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(style.misuse())
}

/// Whether a name is that of a directory, not of a service in `$SVDIR`.
pub(crate) fn is_path(name: &OsStr) -> bool {
    matches!(name.as_bytes(), [b'.' | b'/', ..] | [.., b'/'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_what_its_text_begins_with() {
        for (text, value) in [("12", 12), ("7s", 7), ("", 0), ("x", 0), ("-1", 0), ("99999999999", u32::MAX)]
        {
            assert_eq!(number(OsStr::new(text)), value, "{text}");
        }
    }
}
