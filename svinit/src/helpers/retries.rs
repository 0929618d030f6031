//! `with-retries`: runs a program until it succeeds, so many times at most.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use cli::getopt::Grammar;
use cli::{Failure, Unable};
use sys::child::{self, Company};
use sys::{clock, exec, poll};
use unix::Signal;

const GRAMMAR: Grammar =
    Grammar { name: "with-retries", usage: "[ -n retries ] [ -t ms ] prog...", letters: "n:t:", long: &[] };

/// The exit code where no attempt has succeeded.
const GAVE_UP: u8 = 99;

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    match run(args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(GAVE_UP),
        Err(failure) => failure.report(),
    }
}

fn run(args: Vec<OsString>) -> Result<bool, Failure> {
    let line = GRAMMAR.parse(args)?;
    let (mut attempts, mut each) = (3_u32, Duration::from_millis(500));
    for (letter, value) in line.options {
        match letter {
            'n' => attempts = GRAMMAR.number(&value)?,
            _ => each = Duration::from_millis(GRAMMAR.number(&value)?),
        }
    }
    if line.operands.is_empty() {
        return Err(GRAMMAR.misuse());
    }
    for _ in 0..attempts {
        if attempt(&line.operands, each)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Runs the program once, for so long at most.
fn attempt(command: &[OsString], most: Duration) -> Result<bool, Failure> {
    let pid = exec::spawn_in(command, Company::Parents).unable(|| format!("run {}", command[0].display()))?;
    let handle = child::handle(pid).unable(|| "watch a child")?;
    let deadline = (!most.is_zero()).then(|| clock::monotonic() + most);
    if poll::wait_many(&[handle], deadline).unable(|| "wait for a child")?.is_empty() {
        child::kill(pid, Signal::KILL).unable(|| "kill a child")?;
    }
    Ok(child::wait_for(pid).unable(|| "wait for a child")?.is_success())
}
