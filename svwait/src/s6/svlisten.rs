//! `s6-svlisten`, `s6-svlisten1`: wait for what a command does, which is started when the subscriptions
//! are there.

use std::ffi::OsString;
use std::process::ExitCode;

use cli::Failure;
use cli::getopt::Grammar;

use super::{block, spawn, svwait};
use crate::{Goal, Quantity, Request, Wait};

const GRAMMAR: Grammar = Grammar {
    name: "s6-svlisten",
    usage: "[ -U | -u | -d | -D | -r | -R ] [ -a | -o ] [ -t timeout ] servicedir... \"\" prog...",
    letters: "uUdDrRaot:",
    long: &[],
};

const GRAMMAR_ONE: Grammar = Grammar {
    name: "s6-svlisten1",
    usage: "[ -U | -u | -d | -D | -r | -R ] [ -t timeout ] servicedir prog...",
    letters: "uUdDrRt:",
    long: &[],
};

pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    cli::end(run(args))
}

pub(crate) fn main_one(args: Vec<OsString>) -> ExitCode {
    cli::end(run_one(args))
}

fn run(args: Vec<OsString>) -> Result<(), Failure> {
    let mut request = svwait::parse(&GRAMMAR, args)?;
    let words: Vec<OsString> = request.dirs.drain(..).map(Into::into).collect();
    if words.len() < 3 {
        return Err(GRAMMAR.misuse());
    }
    let Some((dirs, command)) = block(words) else {
        return Err(Failure::Refused("the block of service directories has no end".into()));
    };
    if command.is_empty() {
        return Err(GRAMMAR.misuse());
    }
    if dirs.is_empty() {
        return Err(crate::execute(&command));
    }
    if request.quantity == Quantity::Any && matches!(request.goal, Goal::Restarted | Goal::RestartedReady) {
        cli::warn("-o has no meaning with -r or -R: waiting for all");
        request.quantity = Quantity::All;
    }
    request.dirs = dirs.into_iter().map(Into::into).collect();
    listen(&request, &command)
}

fn run_one(args: Vec<OsString>) -> Result<(), Failure> {
    let mut request = svwait::parse(&GRAMMAR_ONE, args)?;
    if request.dirs.len() < 2 {
        return Err(GRAMMAR_ONE.misuse());
    }
    let command: Vec<OsString> = request.dirs.drain(1..).map(Into::into).collect();
    listen(&request, &command)
}

fn listen(request: &Request, command: &[OsString]) -> Result<(), Failure> {
    let mut wait = Wait::new();
    for dir in &request.dirs {
        wait.add(dir, request.goal)?;
    }
    spawn(command)?;
    wait.finish(request.quantity, request.timeout)
}
