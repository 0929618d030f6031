//! `s6-fghack`: waits for a daemon that puts itself into the background, by the descriptors that it leaves open.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use cli::getopt::Grammar;
use cli::{Failure, Unable};
use sys::{child, exec, process};
use unix::{Exit, Pid};

use super::plan;
use crate::apply::{self, Refusal};

const GRAMMAR: Grammar = Grammar { name: "s6-fghack", usage: "prog...", letters: "", long: &[] };

/// So many descriptors of the pipe: a daemon that closes those that it knows of leaves some.
const COPIES: usize = 30;

/// The daemon cannot be executed.
const NOT_EXECUTED: u8 = 111;

/// The daemon wrote to one of them.
const WROTE: u8 = 102;

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    match watch(args) {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(refusal) => super::CODES.report(&refusal),
    }
}

fn watch(args: Vec<OsString>) -> Result<Exit, Refusal> {
    let plan = plan(&GRAMMAR, Vec::new(), GRAMMAR.parse(args)?.operands)?;
    let shown = plan.words[0].display().to_string();
    let (read, write) = process::pipe().unable(|| "make a pipe")?;
    let (failed, tell) = process::pipe().unable(|| "make a pipe")?;
    let pid = match exec::fork().unable(|| "fork")? {
        Some(pid) => pid,
        None => {
            leave_copies(&write).unable(|| "open the descriptors to watch")?;
            let refusal = apply::carry_out(plan);
            // The copy says why; the original only needs to know that nobody wrote.
            super::CODES.report(&refusal);
            let _ = sys::file::write_all(&tell, b"x");
            std::process::exit(NOT_EXECUTED.into());
        }
    };
    drop((write, tell));
    await_end(pid, &read, &failed, &shown)
}

fn leave_copies(write: &OwnedFd) -> std::io::Result<()> {
    for _ in 0..COPIES {
        process::leave_open(write.try_clone()?)?;
    }
    Ok(())
}

fn await_end(pid: Pid, read: &OwnedFd, failed: &OwnedFd, shown: &str) -> Result<Exit, Refusal> {
    let mut byte = [0];
    let was_not_executed = process::read(failed, &mut byte).unable(|| format!("execute {shown}"))? == Some(1);
    if !was_not_executed && process::read(read, &mut byte).unable(|| "read the pipe")? == Some(1) {
        cli::say(format_args!("{shown} wrote to a descriptor that is not its own"));
        return Err(Failure::Silent(WROTE.into()).into());
    }
    Ok(child::wait_for(pid).unable(|| format!("wait for {shown}"))?)
}
