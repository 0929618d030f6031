//! `s6-setsid`: a session, or a process group, of the program's own.

use std::ffi::OsString;
use std::process::ExitCode;

use cli::getopt::Grammar;

use super::{plan, run};
use crate::apply::Refusal;
use crate::change::{Change, Grab, Insist, Plan};

/// Long names without a letter have one that nobody types.
const GRAMMAR: Grammar = Grammar {
    name: "s6-setsid",
    usage: "[ -s | -b | -f | -g ] [ -i | -I | -q ] [ -d ctty ] prog...",
    letters: "sbfgiIqd:\u{1}\u{2}\u{3}",
    long: &[
        ("session", 's'),
        ("process-group", '\u{1}'),
        ("background-process-group", 'b'),
        ("foreground", '\u{2}'),
        ("foreground-process-group", 'f'),
        ("grab", '\u{3}'),
        ("foreground-process-group-grab", 'g'),
        ("no-strict", 'I'),
        ("strict", 'i'),
        ("quiet", 'q'),
        ("ctty", 'd'),
    ],
};

/// What the options add up to.
struct Wanted {
    group: bool,
    foreground: bool,
    grab: Grab,
    strict: bool,
    quiet: bool,
    terminal: Option<i32>,
}

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    run(read(args))
}

fn read(args: Vec<OsString>) -> Result<Plan, Refusal> {
    let line = GRAMMAR.parse(args)?;
    let mut wanted = Wanted {
        group: false,
        foreground: false,
        grab: Grab::Ask,
        strict: false,
        quiet: false,
        terminal: None,
    };
    for (letter, value) in &line.options {
        match letter {
            's' => (wanted.group, wanted.foreground, wanted.grab) = (false, false, Grab::Ask),
            'b' => (wanted.group, wanted.foreground, wanted.grab) = (true, false, Grab::Ask),
            'f' => (wanted.group, wanted.foreground, wanted.grab) = (true, true, Grab::Ask),
            'g' => (wanted.group, wanted.foreground, wanted.grab) = (true, true, Grab::Force),
            '\u{1}' => wanted.group = true,
            '\u{2}' => wanted.foreground = true,
            '\u{3}' => wanted.grab = Grab::Force,
            'I' => wanted.strict = false,
            'i' => wanted.strict = true,
            'q' => wanted.quiet = true,
            _ => wanted.terminal = Some(i32::from(GRAMMAR.number::<u16>(value)?)),
        }
    }
    plan(&GRAMMAR, wanted.changes(), line.operands)
}

impl Wanted {
    fn changes(&self) -> Vec<Change> {
        let insist = match (self.strict, self.quiet) {
            (true, _) => Insist::Yes,
            (false, true) => Insist::No,
            (false, false) => Insist::Warn,
        };
        if !self.group {
            return vec![Change::Session(insist)];
        }
        let mut changes = vec![Change::Group(insist)];
        if self.foreground {
            changes.push(Change::Foreground(self.terminal, self.grab, insist));
        }
        changes
    }
}
