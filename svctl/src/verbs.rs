//! The verbs: `svctl VERB …`. Each has a grammar of its own, and a table of its options.

use std::ffi::OsString;

use cli::Failure;
use cli::options::Program;

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
pub(crate) const VERBS: &[Verb] = &[];

/// The verb that a word is.
pub(crate) fn find(word: &OsString) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| word == verb.name)
}

/// How each verb is called.
pub fn programs() -> impl Iterator<Item = &'static Program> {
    VERBS.iter().map(|verb| verb.program)
}
