//! All programs in one executable, chosen by the name it is called by.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

use cli::Main;
use cli::options::{Opt, Program};

/// Our own names with their programs.
const PROGRAMS: &[(&str, Main)] =
    &[("supervise", supervise::main), ("svscan", svscan), ("svctl", svctl::main), ("svwait", svwait::main)];

/// Every name: ours, and those of other suites, which choose a grammar.
pub fn names() -> impl Iterator<Item = &'static (&'static str, Main)> {
    let others = [svscan::NAMES, supervise::NAMES, svctl::NAMES, svwait::NAMES];
    PROGRAMS.iter().chain(others.into_iter().flatten())
}

/// `svbox`, as its users see it.
pub const PROGRAM: Program = Program {
    name: "svbox",
    about: "all programs of the suite in one executable",
    usage: &["program [ arguments... ]", "--list"],
    options: &[Opt::long("list", None, "the names it answers to, one a line")],
};

/// Runs the program that `args[0]` names; called by another name, the one that `args[1]` names.
pub fn main(mut args: Vec<OsString>) -> ExitCode {
    if let Some(program) = args.first().and_then(find) {
        return program(args);
    }
    match args.get(1) {
        Some(word) if word == "--list" => list(),
        Some(word) => match find(word) {
            Some(program) => {
                args.remove(0);
                program(args)
            }
            None => misuse(args),
        },
        None => misuse(args),
    }
}

/// The scanner, for which this executable is the supervisor too.
fn svscan(args: Vec<OsString>) -> ExitCode {
    svscan::main_with(args, true)
}

/// The program that goes by the last part of this path.
fn find(name: &OsString) -> Option<Main> {
    let name = Path::new(name).file_name()?.as_bytes();
    names().find(|(known, _)| known.as_bytes() == name).map(|&(_, program)| program)
}

fn list() -> ExitCode {
    let text: String = names().flat_map(|(name, _)| [name, "\n"]).collect();
    match cli::answer(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(111),
    }
}

fn misuse(args: Vec<OsString>) -> ExitCode {
    match PROGRAM.parse(args) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(_)) => PROGRAM.usage().report(),
        Err(failure) => failure.report(),
    }
}
