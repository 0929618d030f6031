//! The verbs: `svctl VERB …`. Each has a grammar of its own, and a table of its options.

use std::ffi::{OsStr, OsString};

use cli::Failure;
use cli::options::Program;

use crate::{check, events, help, logs, new, tree, why};

/// A verb.
#[derive(Debug)]
pub(crate) struct Verb {
    /// What people type.
    pub(crate) name: &'static str,
    /// What it does; `args[0]` is the verb.
    pub(crate) run: fn(args: Vec<OsString>) -> Result<(), Failure>,
    /// How it is called, and what it is for.
    pub(crate) program: &'static Program,
}

/// Every verb.
pub(crate) const VERBS: &[Verb] = &[
    Verb { name: "check", run: check::run, program: &check::PROGRAM },
    Verb { name: "events", run: events::run, program: &events::PROGRAM },
    Verb { name: "help", run: help::run, program: &help::PROGRAM },
    Verb { name: "logs", run: logs::run, program: &logs::PROGRAM },
    Verb { name: "new", run: new::run, program: &new::PROGRAM },
    Verb { name: "tree", run: tree::run, program: &tree::PROGRAM },
    Verb { name: "why", run: why::run, program: &why::PROGRAM },
];

/// The verb that a word is.
pub(crate) fn find(word: impl AsRef<OsStr>) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| word.as_ref() == verb.name)
}

/// How each verb is called.
pub fn programs() -> impl Iterator<Item = &'static Program> {
    VERBS.iter().map(|verb| verb.program)
}
