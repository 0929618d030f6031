//! `svinit --stages`: a container of s6-overlay's kind, asked for under our own name.

use std::ffi::OsString;
use std::process::ExitCode;

use cli::Failure;
use cli::options::{Name, Opt, Program, Word};

use super::Request;

/// The program as its users see it.
pub const STAGES: Program = Program {
    name: "svinit",
    about: "runs a container with stages: init scripts, services, a command, finish scripts",
    usage: &["--stages [ -v ] [ -- command... ]"],
    options: &[
        Opt::long("stages", None, "do as s6-overlay's /init does; the first of the options"),
        Opt::flag('v', "tell each step, and how long it took").or("verbose"),
    ],
};

/// The command line asks for stages.
pub(crate) fn are_asked_for(args: &[OsString]) -> bool {
    args.get(1).is_some_and(|word| word == "--stages")
}

/// Runs them.
pub(crate) fn main(args: Vec<OsString>, multi_call: bool) -> ExitCode {
    match parse(args, multi_call) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(request)) => super::run(request),
        Err(failure) => failure.report(),
    }
}

fn parse(args: Vec<OsString>, multi_call: bool) -> Result<Option<Request>, Failure> {
    let Some(words) = STAGES.parse_command(args)? else { return Ok(None) };
    let mut request = Request::overlay(Vec::new(), multi_call);
    for word in words {
        match word {
            Word::Operand(word) => request.command.push(word),
            Word::Option(name, _) => request.tells |= name == Name::Letter('v'),
        }
    }
    Ok(Some(request))
}
