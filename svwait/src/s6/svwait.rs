//! `s6-svwait`.

use std::ffi::OsString;
use std::process::ExitCode;

use cli::Failure;
use cli::getopt::Grammar;

use super::limit;
use crate::{Goal, Quantity, Request};

const GRAMMAR: Grammar = Grammar {
    name: "s6-svwait",
    usage: "[ -U | -u | -d | -D | -r | -R ] [ -a | -o ] [ -t timeout ] servicedir...",
    letters: "UudDrRaot:",
    long: &[],
};

pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    cli::end(
        parse(&GRAMMAR, args).and_then(
            |request| {
                if request.dirs.is_empty() { Ok(()) } else { crate::run(request) }
            },
        ),
    )
}

/// The options that all three have in common, and the operands.
pub(super) fn parse(grammar: &Grammar, args: Vec<OsString>) -> Result<Request, Failure> {
    let line = grammar.parse(args)?;
    let dirs = line.operands.into_iter().map(Into::into).collect();
    let mut request = Request { goal: Goal::Up, quantity: Quantity::All, timeout: None, dirs };
    for (letter, value) in line.options {
        match letter {
            'a' => request.quantity = Quantity::All,
            'o' => request.quantity = Quantity::Any,
            't' => request.timeout = limit(grammar, &value)?,
            _ => request.goal = Goal::from_letter(letter).unwrap_or(request.goal),
        }
    }
    Ok(request)
}
