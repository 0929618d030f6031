//! The end of patience: SIGKILL to what is left below us, and to nothing else.

use std::path::Path;

use roster::{Roster, Spare};
use servicedir::names::SUPERVISE;
use sys::guard::Held;
use sys::{child, family};
use unix::Signal;

use crate::scanner::path;

/// Kills every descendant; with `Spare::Loggers` all but the supervisors of loggers and what descends
/// from them. Who is orphaned by this comes to us, and is met in the next round.
pub(crate) fn the_rest(roster: &Roster, spare: Spare) {
    let visited = family::each(|one| {
        let spared = roster.supervisors().any(|(_, pid, logger)| logger && pid == one.branch);
        if spare == Spare::Nobody || !spared {
            let _ = family::kill(one, Signal::KILL);
        }
    });
    if visited.is_err() {
        those_known(roster, spare);
    }
}

/// Without a /proc of our own: the supervisors, which are our children, and what their records name.
fn those_known(roster: &Roster, spare: Spare) {
    for (name, pid, logger) in roster.supervisors() {
        if spare == Spare::Loggers && logger {
            continue;
        }
        // Its supervisor lives, so the pid is of its child, which nobody else can have collected: if it was the
        // supervisor who wrote it.
        if is_ours(&path(name).join(SUPERVISE))
            && let Ok(Some(record)) = servicedir::record::read(path(name))
            && let Some(service) = record.pid
        {
            let _ = child::kill(service, Signal::KILL);
        }
        let _ = child::kill(pid, Signal::KILL);
    }
}

/// Nobody else can put a record into this directory.
fn is_ours(directory: &Path) -> bool {
    Held::directory(directory).is_ok_and(|held| held.info.is_only_ours())
}
