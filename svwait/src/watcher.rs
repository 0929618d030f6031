//! One service that is waited for: what is known of it, and what that means for its goal.
//!
//! Nothing is read or waited for here. The shell (`wait.rs`) subscribes, reads the record, then hands
//! over each notice. A notice may be older than the record that was read after the subscription: it
//! then tells of a state that the service was in since the subscription, which is good enough.

use status::{Notice, Record};

use crate::Goal;
use crate::goal::Quantity;

/// What there is to say of one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is where it should be; another notice can change that.
    Reached,
    /// It has failed for good, for this wait.
    Failed,
    /// Nobody supervises it any more: nothing will be heard of it.
    Lost,
}

/// What there is to say of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// What was waited for.
    Reached,
    /// So many have failed.
    Failed(usize),
    /// The supervisor of at least one is gone.
    Lost,
}

/// Where the service is, as far as a listener can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Up,
    Ready,
    Finishing,
    Down,
}

/// A service and its goal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watcher {
    goal: Goal,
    level: Level,
    /// It was down at some moment since the subscription.
    was_down: bool,
    /// Final: no notice changes it.
    settled: Option<Verdict>,
}

impl Watcher {
    /// A service with this record; `None`: its supervisor has written none yet, so that nothing runs.
    pub(crate) fn new(goal: Goal, record: Option<&Record>) -> Watcher {
        let level = level(record);
        Watcher { goal, level, was_down: !level.is_up(), settled: None }
    }

    /// A service that nobody supervises: it is as down as it can be, and will not come up.
    pub(crate) fn unsupervised(goal: Goal) -> Watcher {
        let mut watcher = Watcher::new(goal, None);
        watcher.lose();
        watcher
    }

    /// Takes a record that was read again.
    pub(crate) fn see(&mut self, record: Option<&Record>) {
        self.enter(level(record));
    }

    /// Takes a notice.
    pub(crate) fn hear(&mut self, notice: Notice) {
        match notice {
            Notice::Up => self.enter(Level::Up),
            Notice::Ready => self.enter(Level::Ready),
            Notice::Dead => self.enter(Level::Finishing),
            Notice::Down => self.enter(Level::Down),
            Notice::Failed => self.fail(),
            Notice::Exiting => self.lose(),
            // Of another supervisor: the shell reads the record again.
            Notice::Started => {}
        }
    }

    /// The service has failed; it matters only where it should come up.
    pub(crate) fn fail(&mut self) {
        if self.goal.is_upwards() {
            self.settle(Verdict::Failed);
        }
    }

    /// The supervisor is gone: the last that was heard is final.
    pub(crate) fn lose(&mut self) {
        let verdict = if self.is_reached() { Verdict::Reached } else { Verdict::Lost };
        self.settle(verdict);
    }

    /// What there is to say now; `None`: wait.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        self.settled.or(if self.is_reached() { Some(Verdict::Reached) } else { None })
    }

    /// Nothing that is heard changes the verdict any more.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled.is_some()
    }

    fn is_reached(&self) -> bool {
        match self.goal {
            Goal::Up => self.level.is_up(),
            Goal::Ready => self.level == Level::Ready,
            Goal::Down => !self.level.is_up(),
            Goal::Startable => self.level == Level::Down,
            Goal::Restarted => self.was_down && self.level.is_up(),
            Goal::RestartedReady => self.was_down && self.level == Level::Ready,
        }
    }

    fn enter(&mut self, level: Level) {
        self.level = level;
        self.was_down |= !level.is_up();
    }

    fn settle(&mut self, verdict: Verdict) {
        self.settled = self.settled.or(Some(verdict));
    }
}

impl Level {
    const fn is_up(self) -> bool {
        matches!(self, Level::Up | Level::Ready)
    }
}

fn level(record: Option<&Record>) -> Level {
    match record {
        Some(record) if record.is_up() && record.ready => Level::Ready,
        Some(record) if record.is_up() => Level::Up,
        Some(record) if record.finishing => Level::Finishing,
        Some(_) | None => Level::Down,
    }
}

/// What all verdicts say together; `None`: wait.
///
/// All: a service that failed is counted, and the others are waited for; one that is lost ends the wait.
/// Any: only what has happened to the last of them can end the wait badly.
pub(crate) fn outcome(
    verdicts: impl Iterator<Item = Option<Verdict>>,
    quantity: Quantity,
) -> Option<Outcome> {
    let (mut reached, mut failed, mut lost, mut waiting) = (0, 0, 0, 0);
    for verdict in verdicts {
        match verdict {
            Some(Verdict::Reached) => reached += 1,
            Some(Verdict::Failed) => failed += 1,
            Some(Verdict::Lost) => lost += 1,
            None => waiting += 1,
        }
    }
    match quantity {
        Quantity::Any if reached > 0 => Some(Outcome::Reached),
        Quantity::All if lost > 0 => Some(Outcome::Lost),
        _ if waiting > 0 => None,
        _ if lost > 0 => Some(Outcome::Lost),
        _ if failed > 0 => Some(Outcome::Failed(failed)),
        _ => Some(Outcome::Reached),
    }
}

#[cfg(test)]
mod tests;
