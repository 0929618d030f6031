//! `svlog`: reads lines, and does with each what its script says.
//!
//! A pure script (`logscript`) between a reader (`input`) and writers (`places`): one loop (`logger`), in which
//! nothing is read that could not be kept.

#![forbid(unsafe_code)]

mod gzip;
mod input;
mod logdir_writer;
mod logger;
mod options;
mod order;
mod outbox;
mod places;
mod processor;
mod removal;
mod rights;
mod rotation;
mod shared;
mod status_file;
mod stream;
mod surroundings;
mod syncing;

use std::ffi::OsString;
use std::process::ExitCode;

use cli::{Failure, Main};

pub use options::PROGRAM;

/// The names that others have for it, with the programs.
pub const NAMES: &[(&str, Main)] = &[("s6-log", main_s6)];

/// Runs the program; `args[0]` is the name it was called by.
pub fn main(args: Vec<OsString>) -> ExitCode {
    cli::end(run(options::parse(args)))
}

fn main_s6(args: Vec<OsString>) -> ExitCode {
    cli::end(run(options::parse_s6(args).map(Some)))
}

fn run(request: Result<Option<options::Request>, Failure>) -> Result<(), Failure> {
    match request? {
        Some(request) => logger::Logger::open(request)?.log(),
        None => Ok(()),
    }
}
