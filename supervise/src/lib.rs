//! `supervise DIR`: starts, watches and restarts the service of one directory.
//!
//! One loop: sources (signals, commands, the service's notification, a change of `run`) give events, the
//! machine of `lifecycle` turns them into actions, the shell performs those. Before the loop every failure
//! is fatal; inside it every failure is a warning and a later retry.

#![forbid(unsafe_code)]

mod home;
mod settings;
mod shell;
mod sources;
mod spawn;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cli::getopt::Grammar;
use cli::options::{Opt, Program, Word};
use cli::{Failure, Unable};
use lifecycle::{Event, Service};
use servicedir::names;
use sys::{clock, file, poll, process};

use shell::Shell;
use sources::Sources;

/// `supervise`, as its users see it.
pub const PROGRAM: Program = Program {
    name: "supervise",
    about: "starts, watches and restarts the service of one directory",
    usage: &["servicedir"],
    options: NO_OPTIONS,
};

const NO_OPTIONS: &[Opt] = &[];

/// The name that s6 has for it, with the program.
pub const NAMES: &[(&str, cli::Main)] = &[("s6-supervise", main_s6)];

const S6: Grammar = Grammar { name: "s6-supervise", usage: "dir", letters: "", long: &[] };

/// Its one argument is a directory, whatever it looks like.
fn main_s6(args: Vec<OsString>) -> ExitCode {
    cli::name_program(S6.name);
    match args.get(1).filter(|dir| !dir.is_empty()) {
        Some(dir) => run(Path::new(dir), S6.name).map_or_else(|failure| failure.report(), ExitCode::from),
        None => S6.misuse().report(),
    }
}

/// Runs the program; `args[0]` is the name it was called by.
pub fn main(args: Vec<OsString>) -> ExitCode {
    match parse(args) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(dir)) => run(&dir, PROGRAM.name).map_or_else(|failure| failure.report(), ExitCode::from),
        Err(failure) => failure.report(),
    }
}

fn parse(mut args: Vec<OsString>) -> Result<Option<PathBuf>, Failure> {
    // A scanner gives any name that a directory can have, `-d` too.
    if let [_, name] = &args[..]
        && !["--help", "--version"].iter().any(|asked| name == asked)
    {
        args.insert(1, "--".into());
    }
    let Some(words) = PROGRAM.parse(args)? else { return Ok(None) };
    match &words[..] {
        [Word::Operand(dir)] if !dir.is_empty() => Ok(Some(PathBuf::from(dir))),
        _ => Err(PROGRAM.usage()),
    }
}

/// Supervises `dir`, with messages that begin with `name`. Gives the exit code.
fn run(dir: &Path, name: &str) -> Result<u8, Failure> {
    // "web/", as a shell completes it, is called web.
    let dir: PathBuf = dir.components().collect();
    process::enter(&dir).unable(|| format!("enter {}", dir.display()))?;
    cli::name_program(format!("{name} {}", dir.display()));
    process::open_standard_descriptors().unable(|| "open /dev/null")?;
    process::keep_descriptors_from_children();
    let home = home::move_in()?;
    let wanted_up = !file::exists(Path::new(names::DOWN)).unable(|| "look for the file down")?;
    let service = Service::new(clock::now(), wanted_up, dir.ends_with(names::LOG));
    let sources = Sources::open(home.control)?;
    let mut shell = Shell::new(dir);
    shell.begin(&service)?;
    let code = watch(&mut shell, sources, service)?;
    shell.end();
    Ok(code)
}

/// The event loop. Past this point only a broken kernel interface makes the supervisor die.
fn watch(shell: &mut Shell, mut sources: Sources, mut service: Service) -> Result<u8, Failure> {
    let mut events = VecDeque::new();
    loop {
        let deadline = [service.deadline(), shell.deadline()].into_iter().flatten().min();
        let ready = poll::wait(sources.descriptors(shell), deadline).unable(|| "wait for events")?;
        sources.read(shell, ready, &mut events)?;
        if events.is_empty() {
            shell.retry(&service);
            events.push_back(Event::Timeout);
        }
        while let Some(event) = events.pop_front() {
            let settings = settings::read_for(&event);
            let (next, actions) = service.step(event, clock::now(), &settings);
            service = next;
            shell.explain(&event, &service);
            let answers = shell.perform(actions, &service);
            if let Some(code) = shell.exit_code() {
                return Ok(code);
            }
            for answer in answers.into_iter().rev() {
                events.push_front(answer);
            }
        }
    }
}
