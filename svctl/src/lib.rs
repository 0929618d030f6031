//! `svctl`: commands to supervisors and scanners, and what the services say of themselves.

#![forbid(unsafe_code)]

mod command;
mod request;
mod status;
mod target;

use std::ffi::OsString;
use std::process::ExitCode;

use cli::Failure;

pub use request::PROGRAM;
use request::Request;

/// The program.
pub fn main(args: Vec<OsString>) -> ExitCode {
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
