//! `catatonit`'s command line.
//!
//! Source: catatonit 0.2, its README.

use std::ffi::OsString;
use std::process::ExitCode;

use cli::getopt::Grammar;
use sys::child::Company;

use crate::plan::{After, Cannot, Plan, Rewrites, Target};
use crate::proxy;

const GRAMMAR: Grammar = Grammar {
    name: "catatonit",
    usage: "[-ghLPV] [--] <progname> [<arguments>...]",
    letters: "hLPVg",
    long: &[("help", 'h'), ("license", 'L'), ("pause", 'P'), ("version", 'V')],
};

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
        Err(failure) => return failure.report(),
    };
    let (mut target, mut pauses) = (Target::Process, false);
    for (letter, _) in line.options {
        match letter {
            'h' => return told(HELP),
            'L' => return told("ISC license: see LICENSE of the suite\n"),
            'V' => {
                return told(concat!("catatonit version 0.2.1 (svinit ", env!("CARGO_PKG_VERSION"), ")\n"));
            }
            'P' => pauses = true,
            _ => target = Target::Group,
        }
    }
    if pauses {
        return proxy::pause();
    }
    if line.operands.is_empty() {
        return GRAMMAR.misuse().report();
    }
    proxy::run(&Plan {
        command: line.operands,
        company: Company::Foreground,
        target,
        rewrites: Rewrites::default(),
        adopts: true,
        when_parent_dies: None,
        forgiven: Vec::new(),
        after: After::Leave,
        patience: None,
        stops_along: false,
        tells: false,
        tells_orphans: false,
        cannot: Cannot::Shell,
    })
}

fn told(text: &str) -> ExitCode {
    match cli::answer(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
