//! The logger: a child that lives from before the first script until after the last stray, and is started again.

use alloc::vec::Vec;
use core::time::Duration;

use unix::Pid;

use super::{Action, Container, Phase};

/// The least time between two starts of the logger.
const BETWEEN: Duration = Duration::from_secs(1);

/// What is known of the logger.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Logger {
    pub(super) pid: Option<Pid>,
    started: Duration,
    /// When it shall be started again.
    pub(super) start_at: Option<Duration>,
    /// Nobody needs it any more.
    is_over: bool,
}

impl Logger {
    /// A child has ended, which may have been the logger.
    pub(super) fn has_ended(&mut self, pid: Pid, now: Duration) {
        if self.pid == Some(pid) {
            self.pid = None;
            self.start_at = (!self.is_over).then_some(now.max(self.started + BETWEEN));
        }
    }

    /// It is to be started now.
    pub(super) fn is_due(&mut self, now: Duration) -> bool {
        let is_due = self.start_at.is_some_and(|at| at <= now);
        if is_due {
            self.start_at = None;
        }
        is_due
    }

    /// It is not started any more. Gives the one that lives.
    pub(super) fn end(&mut self) -> Option<Pid> {
        self.is_over = true;
        self.start_at = None;
        self.pid
    }
}

impl Container {
    /// The logger was started, or cannot be.
    pub(super) fn logs(&mut self, pid: Option<Pid>, now: Duration) -> Vec<Action> {
        self.logger.pid = pid;
        self.logger.started = now;
        if self.phase == Phase::New {
            return self.begin(now);
        }
        if pid.is_none() {
            self.logger.start_at = Some(now + BETWEEN);
        }
        Vec::new()
    }
}
