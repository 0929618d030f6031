//! On the way down: command, services, finish scripts, strays.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use unix::{Pid, Signal};

use super::{Action, Container, Phase, Script};

/// How long the scanner may take beyond the grace of the services, at whose end it kills them: so that they are dead
/// before the finish scripts run.
const SETTLING: Duration = Duration::from_millis(500);

/// The time between two rounds of killing; the dead leave others behind.
const AGAIN: Duration = Duration::from_millis(100);
/// How long what was killed is waited for: it may be another user's, whom this process may not signal.
const UNKILLABLE: Duration = Duration::from_secs(5);
/// How long the logger may read on when everybody else was killed.
const LAST_LINES: Duration = Duration::from_secs(1);

impl Container {
    /// Everything ends: what runs now first.
    pub(super) fn stop(&mut self, now: Duration) -> Vec<Action> {
        self.is_stopping = true;
        let until = now + self.settings.services_grace;
        if let Phase::Script { which: which @ (Script::Hook | Script::Init(_)), pid: Some(pid), .. } =
            self.phase
        {
            self.enter(Phase::Script { which, pid: Some(pid), kill_at: Some(until) }, now);
            return vec![Action::Kill(pid, Signal::TERM), Action::Kill(pid, Signal::CONT)];
        }
        let Some(command) = self.command else { return self.end_services(now) };
        self.enter(Phase::EndingCommand { until }, now);
        vec![Action::Kill(command, Signal::TERM), Action::Kill(command, Signal::CONT)]
    }

    pub(super) fn command_ended(&mut self, code: u8, now: Duration) -> Vec<Action> {
        self.command = None;
        if self.is_stopping {
            self.codes.told = Some(code);
        } else {
            self.codes.command = Some(code);
        }
        match self.phase {
            Phase::EndingCommand { .. } => self.end_services(now),
            Phase::Strays { .. } => vec![Action::LookAround],
            _ if self.is_stopping => Vec::new(),
            _ => self.stop(now),
        }
    }

    pub(super) fn end_services(&mut self, now: Duration) -> Vec<Action> {
        let Some(scanner) = self.scanner else { return self.run(Script::Finish(0), now) };
        let until = now + self.settings.services_grace + SETTLING;
        self.enter(Phase::EndingServices { until }, now);
        vec![Action::Kill(scanner, Signal::TERM)]
    }

    pub(super) fn scanner_ended(&mut self, code: u8, now: Duration) -> Vec<Action> {
        self.scanner = None;
        match self.phase {
            Phase::EndingServices { .. } => self.run(Script::Finish(0), now),
            Phase::Strays { .. } => vec![Action::LookAround],
            _ if self.is_stopping => Vec::new(),
            _ => {
                self.codes.tree = Some(code).filter(|&code| code != 0);
                self.stop(now)
            }
        }
    }

    pub(super) fn end_strays(&mut self, now: Duration) -> Vec<Action> {
        if self.settings.leaves_strays {
            return self.leave();
        }
        let spare = self.logger.end();
        let kill_at = now + self.settings.kill_grace;
        self.enter(Phase::Strays { kill_at, spare, leave_at: None }, now);
        let tell =
            [Action::KillAll(Signal::TERM, spare), Action::KillAll(Signal::CONT, spare), Action::LookAround];
        self.plan.logs.then_some(Action::EndLog).into_iter().chain(tell).collect()
    }

    /// The grace is over. The logger is spared once: it ends when it has read what the dead have written.
    pub(super) fn kill_strays(
        &mut self,
        spare: Option<Pid>,
        leave_at: Option<Duration>,
        now: Duration,
    ) -> Vec<Action> {
        let again = if spare.is_some() { LAST_LINES } else { AGAIN };
        let leave_at = leave_at.or(Some(now + UNKILLABLE));
        self.phase = Phase::Strays { kill_at: now + again, spare: None, leave_at };
        vec![Action::KillAll(Signal::KILL, spare), Action::LookAround]
    }

    pub(super) fn leave(&mut self) -> Vec<Action> {
        self.phase = Phase::Left;
        let sync = self.settings.syncs.then_some(Action::Sync);
        sync.into_iter().chain([Action::Leave(self.codes)]).collect()
    }
}
