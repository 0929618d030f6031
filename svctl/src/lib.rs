//! `svctl`: commands to supervisors and scanners, and what the services say of themselves.

#![forbid(unsafe_code)]

mod command;
mod request;
mod s6;
mod status;
mod target;
mod verbs;

use std::ffi::OsString;
use std::process::ExitCode;

use cli::Failure;

pub use request::PROGRAM;
use request::Request;
pub use verbs::programs;

/// Every other name that it answers to, with the program that takes its arguments.
pub const NAMES: &[(&str, cli::Main)] = s6::NAMES;

/// The program.
pub fn main(mut args: Vec<OsString>) -> ExitCode {
    if let Some(verb) = args.get(1).and_then(verbs::find) {
        sys::process::raise_descriptor_limit();
        return match (verb.run)(args.split_off(1)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => failure.report(),
        };
    }
    match request::parse(args).and_then(|request| request.map_or(Ok(()), run)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(request: Request) -> Result<(), Failure> {
    sys::process::raise_descriptor_limit();
    match request {
        Request::Command(order) => command::run(&order),
        Request::Status { form, dirs } => status::run(form, dirs),
    }
}
