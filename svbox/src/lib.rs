//! All programs in one executable, chosen by the name it is called by.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

use cli::Main;
use cli::options::{Opt, Program};

/// Our own names with their programs.
const PROGRAMS: &[(&str, Main)] = &[
    ("supervise", supervise::main),
    ("svscan", svscan),
    ("svctl", svctl::main),
    ("svwait", svwait::main),
    ("svinit", svinit),
    ("svlog", svlog::main),
    ("svrun", svrun::main),
];

/// Names of runit's for programs that may have to be this executable again.
const RUNIT: &[(&str, Main)] = &[("runsvdir", svscan), ("runsv", supervise::runsv)];

/// The names of other suites, which choose a grammar.
const OTHERS: [&[(&str, Main)]; 12] = [
    svscan::NAMES,
    supervise::NAMES,
    svctl::NAMES[0],
    svctl::NAMES[1],
    svwait::NAMES,
    svinit::NAMES[0],
    svinit::NAMES[1],
    svlog::NAMES,
    svrun::NAMES[0],
    svrun::NAMES[1],
    svrun::NAMES[2],
    RUNIT,
];

/// Every name: ours, and those of other suites.
pub fn names() -> impl Iterator<Item = &'static (&'static str, Main)> {
    PROGRAMS.iter().chain(OTHERS.into_iter().flatten()).chain(svinit::INSIDE.into_iter().flatten())
}

/// `svbox`, as its users see it.
pub const PROGRAM: Program = Program {
    name: "svbox",
    about: "all programs of the suite in one executable",
    usage: &["program [ arguments... ]", "--list", "--list-compat"],
    options: &[
        Opt::long("list", None, "the names of its programs, one a line"),
        Opt::long("list-compat", None, "the names of other suites that it answers to, one a line"),
    ],
};

/// Runs the program that `args[0]` names; called by another name, the one that `args[1]` names.
pub fn main(mut args: Vec<OsString>) -> ExitCode {
    // Who runs long says what else to do.
    sys::heap::end_when_exhausted(|| {
        cli::say("no memory is left");
        std::process::exit(111);
    });
    if let Some((name, program)) = args.first().and_then(called) {
        args[0] = name.into();
        return program(args);
    }
    // A link to `sv` that is named like a service.
    if args.first().is_some_and(|name| svctl::is_script(Path::new(name))) {
        return svctl::script(args);
    }
    match args.get(1) {
        Some(word) if word == "--list" => list(PROGRAMS.iter()),
        Some(word) if word == "--list-compat" => list(OTHERS.into_iter().flatten()),
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

/// Containers with stages, for which this executable is the scanner and the logger too.
fn svinit(args: Vec<OsString>) -> ExitCode {
    svinit::main_with(args, true)
}

/// The name that this executable was called by, with its program. Where the originals are installed too, a name
/// has a prefix that ends with a dash.
fn called(path: &OsString) -> Option<(&'static str, Main)> {
    let name = Path::new(path).file_name()?.as_bytes();
    let dashes = name.iter().enumerate().filter(|&(_, &byte)| byte == b'-').map(|(at, _)| at + 1);
    let known = |from: usize| names().find(|(known, _)| known.as_bytes() == &name[from..]);
    std::iter::once(0).chain(dashes).find_map(known).copied()
}

/// The program that goes by the last part of this path.
fn find(name: &OsString) -> Option<Main> {
    let name = Path::new(name).file_name()?.as_bytes();
    names().find(|(known, _)| known.as_bytes() == name).map(|&(_, program)| program)
}

fn list(names: impl Iterator<Item = &'static (&'static str, Main)>) -> ExitCode {
    let text: String = names.flat_map(|(name, _)| [name, "\n"]).collect();
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
