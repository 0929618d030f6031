//! What people see of a program: its messages, its exit codes, its options.
//!
//! A message is one line and one write to standard error: `PROGRAM [SERVICE]: TEXT`. Nothing here
//! panics when the descriptor is gone or full.

#![forbid(unsafe_code)]

pub mod colour;
mod failure;
pub mod getopt;
pub mod glob;
mod message;
pub mod options;

use std::ffi::OsString;
use std::process::ExitCode;

pub use failure::{Failure, Text, Trouble, Unable, What};
pub use message::{answer, drop_warnings, name_program, program, reason, say, warn, write_lines_with};

/// What a program is: it takes the command line and gives the exit code.
pub type Main = fn(Vec<OsString>) -> ExitCode;

/// The exit code of a program that has ended so; a failure is reported.
pub fn end(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
