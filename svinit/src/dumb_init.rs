//! `dumb-init`'s command line.
//!
//! Source: dumb-init 1.2.5, its `--help` and README.

use std::env;
use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use cli::getopt::Grammar;
use sys::child::Company;
use unix::Signal;

use crate::plan::{After, Cannot, Plan, Rewrites, Target};
use crate::proxy;

const GRAMMAR: Grammar = Grammar {
    name: "dumb-init",
    usage: "[option] program [args]",
    letters: "hvVcr:",
    long: &[("help", 'h'), ("single-child", 'c'), ("rewrite", 'r'), ("verbose", 'v'), ("version", 'V')],
};

/// The exit code for a wrong call.
const MISUSE: u8 = 1;

/// The exit code for a command that cannot be executed.
const CANNOT: u8 = 2;

/// The signals that it knows: no real-time ones.
const MOST: u8 = 31;

pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    let Ok(line) = GRAMMAR.parse(args) else { return misuse() };
    let mut rewrites = Rewrites::default();
    let (mut is_single, mut tells) = (env_is("DUMB_INIT_SETSID", "0"), env_is("DUMB_INIT_DEBUG", "1"));
    for (letter, value) in line.options {
        match letter {
            'h' => return told(HELP),
            'V' => return told(concat!("dumb-init v1.2.5 (svinit ", env!("CARGO_PKG_VERSION"), ")\n")),
            'v' => tells = true,
            'c' => is_single = true,
            _ => match rewrite(&value) {
                Some((from, to)) => rewrites.set(from, to),
                None => {
                    cli::say("-r takes FROM:TO, the numbers of signals: 1 to 31, and as TO also 0 for none");
                    return ExitCode::from(MISUSE);
                }
            },
        }
    }
    if line.operands.is_empty() {
        return misuse();
    }
    if !is_single {
        for signal in [Signal::TSTP, Signal::TTOU, Signal::TTIN] {
            rewrites.set_by_default(signal, Signal::STOP);
        }
    }
    proxy::run(&Plan {
        command: line.operands,
        company: if is_single { Company::Parents } else { Company::OwnTerminal },
        target: if is_single { Target::Process } else { Target::Group },
        rewrites,
        adopts: false,
        when_parent_dies: None,
        forgiven: Vec::new(),
        after: After::TellAndLeave,
        patience: None,
        passes_signals_on: false,
        knows_shell_scripts: true,
        stops_along: true,
        tells,
        tells_orphans: false,
        cannot: Cannot::Always(CANNOT),
    })
}

const HELP: &str = "usage: dumb-init [option] program [args]

  -c, --single-child   signals for the program alone, not for its process group
  -r, --rewrite s:r    hand signal s on as r; r 0: not at all
  -v, --verbose        say what is done
  -h, --help           this text
  -V, --version        the version
";

fn told(text: &str) -> ExitCode {
    sys::file::write_error_line(text.as_bytes());
    ExitCode::SUCCESS
}

fn misuse() -> ExitCode {
    GRAMMAR.misuse().report();
    ExitCode::from(MISUSE)
}

fn env_is(name: &str, value: &str) -> bool {
    env::var_os(name).is_some_and(|found| found == value)
}

fn rewrite(value: &OsStr) -> Option<(Signal, Option<Signal>)> {
    let (from, to) = value.to_str()?.split_once(':')?;
    let number = |text: &str| text.parse::<u8>().ok().filter(|number| *number <= MOST);
    let (from, to) = (number(from)?, number(to)?);
    Some((Signal::new(from)?, Signal::new(to)))
}
