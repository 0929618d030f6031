//! The verbs: `svctl VERB …`. Each has a grammar of its own, and a table of its options.

use std::ffi::{OsStr, OsString};

use cli::Failure;
use cli::options::Program;

use crate::{act, check, events, help, logs, new, processes, status, tree, why};

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
    Verb { name: "upgrade", run: tree::upgrade, program: &tree::UPGRADE },
    Verb { name: "why", run: why::run, program: &why::PROGRAM },
    Verb { name: "logs", run: logs::run, program: &logs::PROGRAM },
    Verb { name: "tree", run: processes::run, program: &processes::PROGRAM },
    Verb { name: "events", run: events::run, program: &events::PROGRAM },
    Verb { name: "check", run: check::run, program: &check::PROGRAM },
    Verb { name: "new", run: new::run, program: &new::PROGRAM },
    Verb { name: "help", run: help::run, program: &help::PROGRAM },
];

/// One of those that tell supervisors something.
const fn act(name: &'static str, index: usize) -> Verb {
    Verb { name, run: act::run, program: &act::ACTS[index].program }
}

/// The verb that a word is.
pub(crate) fn find(word: impl AsRef<OsStr>) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| word.as_ref() == verb.name)
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
            assert!(std::ptr::eq(find(verb.name).unwrap(), verb), "{}", verb.name);
        }
    }
}
