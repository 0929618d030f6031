//! How many lines an action may take in a time.

use core::time::Duration;

/// A limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The most lines
    pub lines: u64,
    /// in so much time; not 0.
    pub time: Duration,
}

/// The time in which lines are counted. It begins with the first line after the end of the last one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    /// When it ends; `None`: no line has come.
    ends_at: Option<Duration>,
    /// The lines that were let through,
    passed: u64,
    /// and those that were not.
    dropped: u64,
}

impl Window {
    /// Whether one more line may pass.
    pub(crate) fn admits(&mut self, rate: Rate, now: Duration) -> bool {
        let is_over = self.ends_at.is_none_or(|at| at <= now);
        if is_over && self.dropped == 0 {
            *self = Window { ends_at: now.checked_add(rate.time), passed: 0, dropped: 0 };
        }
        let is_admitted = self.passed < rate.lines;
        *(if is_admitted { &mut self.passed } else { &mut self.dropped }) += 1;
        is_admitted
    }

    /// How many lines were dropped, once its time is over: it is told once.
    pub(crate) fn end(&mut self, now: Duration) -> Option<u64> {
        self.deadline().filter(|at| *at <= now)?;
        Some(core::mem::take(self).dropped)
    }

    /// When there is something to tell.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.ends_at.filter(|_| self.dropped > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { lines: 2, time: Duration::from_secs(10) };

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn no_more_pass_than_may_and_the_rest_is_told_once() {
        let mut window = Window::default();
        let admitted = [1, 2, 3, 10].map(|second| window.admits(RATE, at(second)));
        assert_eq!(admitted, [true, true, false, false]);
        assert_eq!((window.deadline(), window.end(at(10))), (Some(at(11)), None));
        assert_eq!((window.end(at(11)), window.end(at(12))), (Some(2), None));
        assert!(window.admits(RATE, at(12)));
    }

    #[test]
    fn nothing_is_told_where_nothing_was_dropped() {
        let mut window = Window::default();
        assert!(window.admits(RATE, at(1)) && window.admits(RATE, at(2)));
        assert_eq!((window.deadline(), window.end(at(20))), (None, None));
        assert!(window.admits(RATE, at(20)) && window.admits(RATE, at(21)));
    }

    #[test]
    fn new_time_does_not_begin_before_the_old_one_was_told() {
        let mut window = Window::default();
        let admitted = [1, 1, 1].map(|second| window.admits(RATE, at(second)));
        assert_eq!(admitted, [true, true, false]);
        assert!(!window.admits(RATE, at(30)));
        assert_eq!(window.end(at(30)), Some(2));
    }
}
