//! `svinit`: the front door of a container.
//!
//! In front of one command it hands on signals, reaps, and leaves with the command's exit code ([`proxy`]). A grammar
//! ([`options`], and one for each name of others) makes a [`plan::Plan`], which is all that the proxy knows.

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
pub const INSIDE: [&[(&str, Main)]; 2] = [&[("init", init)], helpers::STOPPERS];

/// Runs the program; `args[0]` is the name it was called by.
pub fn main(args: Vec<OsString>) -> ExitCode {
    match options::parse(args) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(plan)) => proxy::run(&plan),
        Err(failure) => failure.report(),
    }
}

/// A container with stages; everything after the name is its command.
fn init(args: Vec<OsString>) -> ExitCode {
    cli::name_program("init");
    container::run(args.into_iter().skip(1).collect(), true)
}
