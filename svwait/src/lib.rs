//! `svwait`: waits for states of services, by notification.
//!
//! It subscribes to the notices of every service, then reads their records, then listens: whatever
//! happens after the subscription is heard. No polling, no helper process.

#![forbid(unsafe_code)]

mod goal;
mod letters;
mod locate;
mod s6;
mod service;
mod wait;
mod watcher;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use cli::Failure;
use cli::options::{self, Name, Opt, Program, Word};

pub use goal::{Goal, Quantity};
pub use letters::Letters;
pub use locate::{SVDIR, denied, locate, refused};
pub use wait::Wait;

/// `svwait` as its users see it.
pub const PROGRAM: Program = Program {
    name: "svwait",
    about: "waits until services are up, ready or down",
    usage: &["[ -u | -U | -d | -D | -r | -R ] [ -a | -o ] [ -t ms ] servicedir..."],
    options: &[
        Opt::flag('u', "until run lives (default)"),
        Opt::flag('U', "until the service says that it is ready"),
        Opt::flag('d', "until run is dead"),
        Opt::flag('D', "until its scripts have ended, too"),
        Opt::flag('r', "until it was down and is up again"),
        Opt::flag('R', "until it was down and is ready again"),
        Opt::flag('a', "all of them (default)"),
        Opt::flag('o', "one of them"),
        Opt::value('t', "ms", "give up after so many milliseconds; 0: never"),
    ],
};

struct Request {
    goal: Goal,
    quantity: Quantity,
    timeout: Option<Duration>,
    dirs: Vec<PathBuf>,
}

/// Every other name that it answers to, with the program that takes its arguments.
pub const NAMES: &[(&str, cli::Main)] = s6::NAMES;
pub use s6::make_fifodir;

/// The program.
pub fn main(args: Vec<OsString>) -> ExitCode {
    match parse(args).and_then(|request| request.map_or(Ok(()), run)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn parse(args: Vec<OsString>) -> Result<Option<Request>, Failure> {
    let Some(words) = PROGRAM.parse(args)? else { return Ok(None) };
    let mut request = Request { goal: Goal::Up, quantity: Quantity::All, timeout: None, dirs: Vec::new() };
    for word in words {
        match word {
            Word::Operand(operand) => request.dirs.push(locate(operand)),
            Word::Option(Name::Letter('a'), _) => request.quantity = Quantity::All,
            Word::Option(Name::Letter('o'), _) => request.quantity = Quantity::Any,
            Word::Option(Name::Letter('t'), value) => request.timeout = milliseconds(&value)?,
            Word::Option(Name::Letter(letter), _) => {
                request.goal = Goal::from_letter(letter).unwrap_or(request.goal);
            }
            Word::Option(Name::Long(_), _) => {}
        }
    }
    if request.dirs.is_empty() {
        return Err(PROGRAM.usage());
    }
    Ok(Some(request))
}

/// A time limit as the options `-t` and `-T` give it; 0 is none.
///
/// # Errors
/// It is no number.
pub fn milliseconds(value: &OsStr) -> Result<Option<Duration>, Failure> {
    let number: u32 = options::number(value, "the time limit")?;
    Ok(if number == 0 { None } else { Some(Duration::from_millis(number.into())) })
}

fn run(request: Request) -> Result<(), Failure> {
    sys::process::raise_descriptor_limit();
    let mut wait = Wait::new();
    for dir in &request.dirs {
        wait.add(dir, request.goal)?;
    }
    wait.count_old_failures();
    wait.finish(request.quantity, request.timeout)
}

/// Executes a command in place of this program; returns only if that fails.
pub fn execute(words: &[OsString]) -> Failure {
    let cause = sys::exec::execute(words);
    let program = words.first().map(|word| word.display().to_string()).unwrap_or_default();
    let missing = cause.kind() == std::io::ErrorKind::NotFound;
    Failure::exec(format!("{program}: {}", cli::reason(&cause)), missing)
}
