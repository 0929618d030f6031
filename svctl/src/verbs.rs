//! The verbs: `svctl VERB …`. Each has a grammar of its own, and a table of its options.

use std::ffi::OsString;

use cli::Failure;

/// A verb.
#[derive(Debug)]
pub(crate) struct Verb {
    /// What people type.
    pub(crate) name: &'static str,
    /// What it does; `args[0]` is the verb.
    pub(crate) run: fn(args: Vec<OsString>) -> Result<(), Failure>,
    /// What it is for, in half a line.
    #[allow(dead_code, reason = "for whoever lists them")]
    pub(crate) about: &'static str,
}

/// Every verb.
pub(crate) const VERBS: &[Verb] = &[];

/// The verb that a word is.
pub(crate) fn find(word: &OsString) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| word == verb.name)
}
