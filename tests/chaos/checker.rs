//! The checker: what was recorded, against what must be so. Pure: a history in, violations out.

use std::fmt::{self, Display};
use std::time::Duration;

use crate::checks::{finishes, instances, leaks, notices, rests};
use crate::fleet::Member;
use crate::history::Entry;
use crate::suite::Suite;

/// What can be violated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// Never two instances of a service at once.
    OneInstance,
    /// Nobody is lost: every service has one supervisor, which takes commands.
    Supervised,
    /// Wanted up is up within its bound.
    UpInTime,
    /// Wanted down is down within its bound.
    DownInTime,
    /// `finish` runs once for each death.
    FinishOnce,
    /// What the record says is so.
    RecordTrue,
    /// Notices come in an order that can be, each after its record.
    NoticeTrue,
    /// The dead are collected.
    NoZombie,
    /// Descriptors and memory are as they were.
    NoLeak,
    /// A service is given its descriptors and no others.
    NothingHandedOn,
    /// The scanner lives unless it is killed.
    ScannerLives,
}

/// One violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub invariant: Invariant,
    pub at: Duration,
    /// The service, or what else it is about.
    pub whom: String,
    pub what: String,
}

impl Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { invariant, at, whom, what } = self;
        write!(f, "{invariant:?}: {whom}: {what} (at {:.3})", at.as_secs_f64())
    }
}

/// The case: who was there, and what was recorded, in the order of the clock.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub members: &'a [Member],
    pub suite: Suite,
    pub history: &'a [Entry],
}

impl Case<'_> {
    /// A violation by a service.
    pub fn by(
        &self,
        invariant: Invariant,
        service: usize,
        at: Duration,
        what: impl Into<String>,
    ) -> Violation {
        Violation { invariant, at, whom: self.members[service].name.clone(), what: what.into() }
    }
}

/// Every violation, in the order of the clock.
pub fn check(case: &Case<'_>) -> Vec<Violation> {
    let mut found = instances::check(case);
    found.extend(rests::check(case));
    found.extend(finishes::check(case));
    found.extend(notices::check(case));
    found.extend(leaks::check(case));
    found.sort_by_key(|violation| violation.at);
    found
}

/// How often each invariant was violated.
pub fn count(violations: &[Violation]) -> Vec<(Invariant, usize)> {
    let mut kinds: Vec<Invariant> = violations.iter().map(|violation| violation.invariant).collect();
    kinds.sort();
    kinds.dedup();
    let of = |kind| violations.iter().filter(|violation| violation.invariant == kind).count();
    kinds.into_iter().map(|kind| (kind, of(kind))).collect()
}
