//! `s6-svc`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;
use std::time::Duration;

use cli::Failure;
use cli::getopt::Grammar;
use control::Command;
use svwait::Goal;
use unix::Signal;

use crate::command;
use crate::request::Order;

const GRAMMAR: Grammar = Grammar {
    name: "s6-svc",
    usage: "[ -wu | -wU | -wd | -wD | -wr | -wR ] [ -T timeout ] [ -s signal | -abqhkti12pcyrlPCK ] \
            [ -oduDUxOQ ] servicedirs...",
    letters: "s:abqhkti12pcyrlPCKoduDUxOQT:w:",
    long: &[],
};

/// More letters are refused.
const MOST_LETTERS: usize = 62;

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    cli::end(run(args))
}

fn run(args: Vec<OsString>) -> Result<(), Failure> {
    let order = parse(&GRAMMAR, args)?;
    if order.dirs[0].is_empty() {
        return Err(Failure::Refused("the service directory has no name".into()));
    }
    sys::process::raise_descriptor_limit();
    command::run_on_services(&order)
}

/// The letters, the state to wait for, and one operand at least.
pub(super) fn parse(grammar: &Grammar, args: Vec<OsString>) -> Result<Order, Failure> {
    let line = grammar.parse(args)?;
    let mut order = Order { letters: Vec::new(), goal: None, timeout: None, dirs: line.operands };
    for (letter, value) in line.options {
        match letter {
            's' => order.letters.push(signal(&value)?),
            'T' => order.timeout = limit(grammar, &value)?,
            'w' => order.goal = Some(goal(grammar, &value)?),
            _ => order.letters.push(letter as u8),
        }
    }
    if order.letters.len() > MOST_LETTERS {
        return Err(Failure::Refused("too many commands".into()));
    }
    if order.dirs.is_empty() { Err(grammar.misuse()) } else { Ok(order) }
}

/// A time limit in milliseconds; 0 is none.
pub(super) fn limit(grammar: &Grammar, value: &OsStr) -> Result<Option<Duration>, Failure> {
    let number: u32 = grammar.number(value)?;
    Ok((number > 0).then_some(Duration::from_millis(number.into())))
}

fn signal(value: &OsStr) -> Result<u8, Failure> {
    let Some(signal) = value.to_str().and_then(Signal::parse) else {
        return Err(Failure::Refused(format!("no such signal: {}", value.display()).into()));
    };
    let byte = Command::Signal(signal).byte();
    byte.ok_or_else(|| Failure::Refused(format!("there is no command for {signal}").into()))
}

/// Only the first letter counts.
fn goal(grammar: &Grammar, value: &OsStr) -> Result<Goal, Failure> {
    let first = value.as_bytes().first().copied().map(char::from);
    first.and_then(Goal::from_letter).ok_or_else(|| grammar.misuse())
}
