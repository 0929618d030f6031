//! The verbs: `svctl VERB …`. Each has a grammar of its own, and a table of its options.

use std::ffi::OsString;

use cli::Failure;
use cli::options::Program;

use crate::{act, status, tree};

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
pub(crate) static VERBS: &[Verb] = &[
    Verb { name: "status", run: status::run, program: &status::PROGRAM },
    act("up", 0),
    act("down", 1),
    act("restart", 2),
    act("reload", 3),
    act("once", 4),
    act("kill", 5),
    act("pause", 6),
    act("cont", 7),
    act("exit", 8),
    act("enable", 9),
    act("disable", 10),
    Verb { name: "rescan", run: tree::rescan, program: &tree::RESCAN },
    Verb { name: "stop", run: tree::stop, program: &tree::STOP },
];

/// One of those that tell supervisors something.
const fn act(name: &'static str, index: usize) -> Verb {
    Verb { name, run: act::run, program: &act::ACTS[index].program }
}

/// The verb that a word is.
pub(crate) fn find(word: &OsString) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| word == verb.name)
}

/// How each verb is called.
pub fn programs() -> impl Iterator<Item = &'static Program> {
    VERBS.iter().map(|verb| verb.program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verb_is_called_by_its_name() {
        for verb in VERBS {
            assert_eq!(verb.program.name, format!("svctl {}", verb.name));
            assert!(std::ptr::eq(find(&verb.name.into()).unwrap(), verb), "{}", verb.name);
        }
    }
}
