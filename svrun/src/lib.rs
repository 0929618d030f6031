//! `svrun`: changes the process state, then executes a program in its place.
//!
//! A command line becomes a plan, a list of changes that touches nothing; `apply` makes them one after the other and
//! executes the program. Options of `svrun` may come in any order: their changes are sorted (`change::Change::rank`).
//! The names of other suites are grammars that write the same list, each in that program's order.

#![forbid(unsafe_code)]

mod account;
mod apply;
mod capability;
mod change;
mod chpst;
mod daemontools;
mod environment;
mod folder;
mod landlock;
mod limit;
mod numbers;
mod options;
mod redirect;
mod s6;
mod secrets;
mod understand;

use std::ffi::OsString;
use std::process::ExitCode;

use cli::Main;

pub use options::PROGRAM;
pub use understand::{understand, variables};

/// The names of other suites that it answers to, each with the program that takes its arguments.
pub const NAMES: [&[(&str, Main)]; 3] = [s6::NAMES, daemontools::NAMES, chpst::NAMES];

/// The program.
pub fn main(args: Vec<OsString>) -> ExitCode {
    match options::parse(args) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(plan)) => apply::run(plan, &apply::OURS),
        Err(failure) => failure.report(),
    }
}
