//! The verbs: `svctl VERB …`. Each has a grammar of its own, and a table of its options.

use std::ffi::{OsStr, OsString};

use cli::Failure;
use cli::options::Program;

use crate::{check, help};

/// A verb.
#[derive(Debug)]
pub(crate) struct Verb {
    /// What people type.
    pub(crate) name: &'static str,
    /// Its grammar: `svctl VERB …`.
    pub(crate) program: &'static Program,
    /// What it does; `args[0]` is the verb.
    pub(crate) run: fn(args: Vec<OsString>) -> Result<(), Failure>,
    /// What it is for, in half a line.
    pub(crate) about: &'static str,
    /// Command lines, each with what it does.
    pub(crate) examples: &'static [(&'static str, &'static str)],
}

/// Every verb.
pub(crate) const VERBS: &[Verb] = &[
    Verb {
        name: "check",
        program: &check::PROGRAM,
        run: check::run,
        about: "find faults in directories without running anything",
        examples: &[
            ("svctl check /service", "every service of a scan directory, in a test or an image build"),
            ("svctl check --json web", "one service, for a program to read"),
        ],
    },
    Verb {
        name: "help",
        program: &help::PROGRAM,
        run: help::run,
        about: "say what there is, or all about a verb",
        examples: &[("svctl help check", "all about svctl check")],
    },
];

/// The verb that a word is.
pub(crate) fn find(word: impl AsRef<OsStr>) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| word.as_ref() == verb.name)
}
