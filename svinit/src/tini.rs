//! `tini`'s command line.
//!
//! Source: tini 0.19, its README and `-h`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use cli::getopt::Grammar;
use sys::child::Company;
use sys::process;
use unix::{Pid, Signal};

use crate::plan::{After, Cannot, Plan, Rewrites, Target};
use crate::proxy;

const GRAMMAR: Grammar = Grammar {
    name: "tini",
    usage: "[OPTIONS] PROGRAM -- [ARGS] | --version",
    letters: "hvwgle:p:sV",
    long: &[("version", 'V'), ("help", 'h')],
};

/// The exit code for a wrong call.
const MISUSE: u8 = 1;

/// How much it says if nobody says otherwise: warnings.
const VERBOSITY: i32 = 1;

/// Signals that are tini's own: they tell of its own faults, or of its terminal.
const OWN: [Signal; 9] = [
    Signal::FPE,
    Signal::ILL,
    Signal::SEGV,
    Signal::BUS,
    Signal::ABRT,
    Signal::TRAP,
    Signal::SYS,
    Signal::TTIN,
    Signal::TTOU,
];

const HELP: &str = "usage: tini [OPTIONS] PROGRAM -- [ARGS] | --version

  -s             adopt orphans (TINI_SUBREAPER)
  -p SIGNAL      get this signal when the parent dies
  -v             say what is done (TINI_VERBOSITY)
  -w             say each orphan that is reaped
  -g             signals for the process group of the program (TINI_KILL_PROCESS_GROUP)
  -e EXIT_CODE   an exit code that counts as 0
  -l             the license
  -h             this text
  --version      the version
";

pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    let Ok(line) = GRAMMAR.parse(args) else { return misuse() };
    let mut plan = plan(line.operands);
    let mut verbosity = VERBOSITY;
    for (letter, value) in line.options {
        match letter {
            'h' => return told(HELP),
            'V' => return told(concat!("tini version 0.19.0 (svinit ", env!("CARGO_PKG_VERSION"), ")\n")),
            'l' => return told("ISC license: see LICENSE of the suite\n"),
            's' => plan.adopts = true,
            'v' => verbosity += 1,
            'w' => plan.tells_orphans = true,
            'g' => plan.target = Target::Group,
            'e' => match code(&value) {
                Some(code) => plan.forgiven.push(code),
                None => return wrong('e', &value),
            },
            _ => match signal(&value) {
                Some(signal) => plan.when_parent_dies = Some(signal),
                None => return wrong('p', &value),
            },
        }
    }
    if plan.command.is_empty() {
        return misuse();
    }
    // As tini has it, the variable counts more than the option; what is no number is 0.
    if let Some(text) = env::var_os("TINI_VERBOSITY") {
        verbosity = text.to_str().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    }
    plan.tells = verbosity > VERBOSITY;
    plan.tells_orphans &= verbosity >= VERBOSITY;
    if verbosity >= VERBOSITY && !plan.adopts && process::id() != Pid::new(1) {
        cli::warn(
            "not process 1, and without -s or TINI_SUBREAPER orphans are not adopted, so nobody reaps them here",
        );
    }
    proxy::run(&plan)
}

fn plan(command: Vec<OsString>) -> Plan {
    let mut rewrites = Rewrites::default();
    OWN.into_iter().for_each(|signal| rewrites.set(signal, None));
    Plan {
        command,
        company: Company::Foreground,
        target: if is_set("TINI_KILL_PROCESS_GROUP") { Target::Group } else { Target::Process },
        rewrites,
        adopts: is_set("TINI_SUBREAPER"),
        when_parent_dies: None,
        forgiven: Vec::new(),
        after: After::Leave,
        patience: None,
        passes_signals_on: true,
        knows_shell_scripts: true,
        stops_along: false,
        tells: false,
        tells_orphans: false,
        cannot: Cannot::Shell,
    }
}

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some()
}

fn told(text: &str) -> ExitCode {
    match cli::answer(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(MISUSE),
    }
}

fn misuse() -> ExitCode {
    GRAMMAR.misuse().report();
    ExitCode::from(MISUSE)
}

fn wrong(letter: char, value: &OsStr) -> ExitCode {
    cli::say(format_args!("not a valid value of -{letter}: {}", value.display()));
    ExitCode::from(MISUSE)
}

fn code(value: &OsStr) -> Option<u8> {
    value.to_str()?.trim_start().parse().ok()
}

/// A name as tini takes it: `SIGTERM`.
fn signal(value: &OsStr) -> Option<Signal> {
    let text = value.to_str().filter(|text| text.starts_with("SIG"))?;
    Signal::parse(text)
}
