//! `catatonit`'s command line.
//!
//! Source: catatonit 0.1.7 and 0.2.1, their README and `-h`.

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use cli::Failure;
use cli::getopt::Grammar;
use sys::child::Company;
use unix::Signal;

use crate::plan::{After, Cannot, Plan, Rewrites, Target};
use crate::proxy;

const GRAMMAR: Grammar = Grammar {
    name: "catatonit",
    usage: "[-ghLPV] [--] <progname> [<arguments>...]",
    letters: "hLPVg",
    long: &[("version", 'V')],
};

/// The exit code for whatever goes wrong before the command runs.
const MISUSE: u8 = 1;

/// Signals that are its own: they tell of its faults, or of its terminal.
const OWN: [Signal; 10] = [
    Signal::FPE,
    Signal::ILL,
    Signal::SEGV,
    Signal::BUS,
    Signal::ABRT,
    Signal::TRAP,
    Signal::SYS,
    Signal::TSTP,
    Signal::TTIN,
    Signal::TTOU,
];

const HELP: &str = "usage: catatonit [-ghLPV] [--] <progname> [<arguments>...]

  -g   signals for the process group of the program
  -P   run no program: reap until a signal to end comes
  -h   this text
  -L   the license
  -V   the version
";

pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    let line = match GRAMMAR.parse(args) {
        Ok(line) => line,
        Err(failure) => return misuse(&failure),
    };
    let (mut target, mut pauses) = (Target::Process, false);
    for (letter, _) in line.options {
        match letter {
            'h' => {
                sys::file::write_error_line(HELP.as_bytes());
                return ExitCode::SUCCESS;
            }
            'L' => return told("ISC license: see LICENSE of the suite\n"),
            'V' => {
                // In tini's words, which docker(1) reads.
                return told(concat!(
                    "tini version 0.2.1_catatonit (svinit ",
                    env!("CARGO_PKG_VERSION"),
                    ")\n"
                ));
            }
            'P' => pauses = true,
            _ => target = Target::Group,
        }
    }
    if pauses {
        return proxy::pause();
    }
    if line.operands.is_empty() {
        return misuse(&GRAMMAR.misuse());
    }
    let mut rewrites = Rewrites::default();
    OWN.into_iter().for_each(|signal| rewrites.set(signal, None));
    proxy::run(&Plan {
        command: line.operands,
        company: Company::Foreground,
        target,
        rewrites,
        adopts: true,
        when_parent_dies: None,
        forgiven: Vec::new(),
        after: After::Leave,
        patience: None,
        passes_signals_on: true,
        knows_shell_scripts: true,
        stops_along: false,
        tells: env::var_os("CATATONIT_DEBUG").is_some(),
        tells_orphans: false,
        cannot: Cannot::Always(MISUSE),
    })
}

fn misuse(failure: &Failure) -> ExitCode {
    failure.report();
    ExitCode::from(MISUSE)
}

fn told(text: &str) -> ExitCode {
    match cli::answer(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
