//! `svctl`: commands to supervisors and scanners, and what the services say of themselves.

#![forbid(unsafe_code)]

mod act;
mod check;
mod classic;
mod command;
mod daemontools;
mod display;
mod events;
mod find;
mod help;
mod logs;
mod moment;
mod named;
mod new;
mod object;
mod processes;
mod request;
mod runit;
mod s6;
mod status;
mod target;
mod tree;
mod verbs;
mod why;

use std::ffi::OsString;
use std::process::ExitCode;

use cli::Failure;

use request::Order;
pub use request::{PROGRAM, signals};
pub use runit::{is_script, sv as script};
pub use verbs::programs;

/// Every other name that it answers to, with the program that takes its arguments.
pub const NAMES: [&[(&str, cli::Main)]; 2] = [CLASSIC, s6::NAMES];

/// Those of runit and of daemontools.
const CLASSIC: &[(&str, cli::Main)] = &[
    ("sv", runit::sv),
    ("runsvchdir", runit::runsvchdir),
    ("svc", daemontools::svc),
    ("svok", daemontools::svok),
    ("svstat", daemontools::svstat),
    ("svup", daemontools::svup),
];

/// The program.
pub fn main(mut args: Vec<OsString>) -> ExitCode {
    // `svctl`, `svctl --watch`: there are no letters with long names.
    if args.get(1).is_none_or(|word| word == "--watch" || word == "--json") {
        args.insert(1.min(args.len()), "status".into());
    }
    if let Some(verb) = args.get(1).and_then(verbs::find) {
        sys::process::raise_descriptor_limit();
        return match (verb.run)(args.split_off(1)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => failure.report(),
        };
    }
    match request::parse(args).and_then(|request| request.map_or(Ok(()), |order| run(&order))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(order: &Order) -> Result<(), Failure> {
    sys::process::raise_descriptor_limit();
    command::run(order)
}
