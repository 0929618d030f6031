//! All programs in one executable, chosen by the name it is called by.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program that `args[0]` names; called by its own name, the one that `args[1]` names.
pub fn main(_args: Vec<OsString>) -> ExitCode {
    ExitCode::from(100)
}
