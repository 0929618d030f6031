//! The end of patience: SIGKILL to what is left below us, and to nothing else.

use std::path::Path;

use roster::{Roster, Spare};
use servicedir::names::SUPERVISE;
use sys::guard::Held;
use sys::{child, family};
use unix::{Pid, Signal};

use crate::adopted::Adopted;
use crate::scanner::path;

/// Kills every descendant, the adopted supervisors and theirs; with `Spare::Loggers` all but the supervisors of loggers
/// and what descends from them. Who is orphaned by this comes to us, and is met in the next round.
pub(crate) fn the_rest(roster: &Roster, adopted: &Adopted, spare: Spare) {
    let is_spared = |branch: Pid| {
        spare == Spare::Loggers && roster.supervisors().any(|(_, pid, logger)| logger && pid == branch)
    };
    let visited = family::each(|one| {
        if !is_spared(one.branch) && !adopted.is(one.branch) {
            let _ = family::kill(one, Signal::KILL);
        }
    });
    if visited.is_err() {
        those_known(roster, adopted, spare);
    }
    if !adopted.is_empty() {
        those_adopted(adopted, is_spared);
    }
}

/// What is orphaned here goes to somebody else. So nobody may fork any more, and who has no child is killed first.
fn those_adopted(adopted: &Adopted, is_spared: impl Fn(Pid) -> bool) {
    let is_root = |pid| adopted.is(pid) && !is_spared(pid);
    adopted.signal_those(Signal::STOP, |pid| !is_spared(pid));
    let mut deepest = 0;
    let _ = family::each_below(is_root, |one| {
        if is_root(one.branch) {
            deepest = deepest.max(one.depth);
            let _ = family::kill(one, Signal::STOP);
        }
    });
    for depth in (1..=deepest).rev() {
        let _ = family::each_below(is_root, |one| {
            if one.depth == depth && is_root(one.branch) {
                let _ = family::kill(one, Signal::KILL);
            }
        });
    }
    adopted.signal_those(Signal::KILL, |pid| !is_spared(pid));
}

/// Without a /proc of our own: the supervisors, which are our children, and what their records name.
fn those_known(roster: &Roster, adopted: &Adopted, spare: Spare) {
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
        if !adopted.is(pid) {
            let _ = child::kill(pid, Signal::KILL);
        }
    }
}

/// Nobody else can put a record into this directory.
fn is_ours(directory: &Path) -> bool {
    Held::directory(directory).is_ok_and(|held| held.info.is_only_ours())
}
