//! `svinit`: the front door of a container.
//!
//! With stages it is the whole life of a container (`container`): init scripts, services, the command, finish scripts.
//! In front of one command it hands on signals, reaps, and leaves with the command's exit code (`proxy`). A grammar
//! (`options`, and one for each name of others) makes a `plan::Plan`, which is all that the proxy knows.

#![forbid(unsafe_code)]

mod catatonit;
mod container;
mod dumb_init;
mod helpers;
mod options;
mod plan;
mod proxy;
mod tini;

use std::ffi::OsString;
use std::process::ExitCode;

use cli::Main;
use container::Request;

pub use container::STAGES;
pub use options::PROGRAM;

/// The names that others have for it, with the programs.
pub const NAMES: [&[(&str, Main)]; 2] = [
    &[
        ("dumb-init", dumb_init::main),
        ("tini", tini::main),
        ("tini-static", tini::main),
        ("catatonit", catatonit::main),
    ],
    helpers::NAMES,
];

/// Names that it answers to inside of a container; on a host they mean something else.
pub const INSIDE: [&[(&str, Main)]; 2] =
    [&[("init", init), ("my_init", container::my_init::main)], helpers::STOPPERS];

/// Runs the program; `args[0]` is the name it was called by.
pub fn main(args: Vec<OsString>) -> ExitCode {
    main_with(args, false)
}

/// The same; `multi_call`: this executable is also the scanner and the logger.
pub fn main_with(args: Vec<OsString>, multi_call: bool) -> ExitCode {
    wait_for_memory();
    if container::are_asked_for(&args) {
        return container::main(args, multi_call);
    }
    match options::parse(args) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(plan)) => proxy::run(&plan),
        Err(failure) => failure.report(),
    }
}

/// A container with stages; everything after the name is its command.
fn init(args: Vec<OsString>) -> ExitCode {
    cli::name_program("init");
    wait_for_memory();
    container::run(Request::overlay(args.into_iter().skip(1).collect(), true))
}

/// Its end would be the end of the container.
fn wait_for_memory() {
    sys::heap::wait_when_exhausted(|| cli::warn("no memory is left; waiting for some"));
}
