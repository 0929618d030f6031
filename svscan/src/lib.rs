//! `svscan`: keeps a supervisor for every service directory of a scan directory; fit to be process 1.
//!
//! Signals, the control FIFO, the watch and one deadline become events (`sources`); the roster decides;
//! its actions are performed (`scanner`), and those that have an answer are answered before anything
//! else is looked at.

#![forbid(unsafe_code)]

mod adopted;
mod adoption;
mod catch_all;
mod end;
mod ground;
mod holder;
mod hooks;
mod hush;
mod inherited;
mod kill;
mod look;
#[cfg(debug_assertions)]
mod mistake;
mod options;
mod pipes;
mod program;
mod runsvdir;
mod s6;
mod scanner;
mod sources;
mod state;
mod upgrade;
mod watches;
mod words;

use std::ffi::OsString;
use std::process::ExitCode;

use cli::{Failure, Unable};
use sys::{process, signals};
use unix::Signal;

pub use options::PROGRAM;
pub use s6::NAMES;

use crate::scanner::Scanner;

/// The signals that mean something to a scanner; every other one stays blocked.
const SIGNALS: [Signal; 11] = [
    Signal::CHLD,
    Signal::ALRM,
    Signal::ABRT,
    Signal::HUP,
    Signal::INT,
    Signal::TERM,
    Signal::QUIT,
    Signal::USR1,
    Signal::USR2,
    Signal::PWR,
    Signal::WINCH,
];

/// Runs the program in an executable of its own.
pub fn main(args: Vec<OsString>) -> ExitCode {
    main_with(args, false)
}

/// Runs the program. In the multi-call executable `supervise` may be this very executable.
pub fn main_with(args: Vec<OsString>, multi_call: bool) -> ExitCode {
    match run(args, multi_call) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn run(args: Vec<OsString>, multi_call: bool) -> Result<ExitCode, Failure> {
    let Some(options) = options::parse(args)? else { return Ok(ExitCode::SUCCESS) };
    process::open_standard_descriptors().unable(|| "open /dev/null")?;
    // First of all: an order to stop that comes while we prepare is read afterwards.
    let signals = signals::take(&SIGNALS).unable(|| "take signals")?;
    cli::write_lines_with(catch_all::write_line);
    if let Some(number) = options.check {
        return upgrade::understand(number).map(|()| ExitCode::SUCCESS);
    }
    let state = options.take.map(upgrade::read_state).transpose()?;
    process::keep_descriptors_from_children();
    let (options, ground, state) = upgrade::ground(options, state)?;
    let supervise = program::find("supervise", multi_call)?;
    process::become_subreaper().unable(|| "become the parent of orphans")?;
    end::prepare(&ground.names);
    // A pipe for every two services, and something for ourselves.
    process::raise_own_descriptor_limit(2 * options.settings.most as u64 + 64);
    let mut scanner = Scanner::new(options, ground, signals, supervise);
    if let Some(state) = state {
        scanner.resume(state).unable(|| "take the pipes over")?;
    }
    Ok(scanner.run())
}
