//! On the way up: hook, attributes, init scripts, services, command.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use unix::Pid;

use super::{Action, Container, Phase, Script, Waited};
use crate::Failing;

/// So long, at most, the command waits for the supervisors of the services to be there, so that tools find them. They
/// take a millisecond.
const UNTIL_SUPERVISED: Duration = Duration::from_secs(1);

impl Container {
    pub(super) fn begin(&mut self, now: Duration) -> Vec<Action> {
        if self.plan.has_hook { self.run(Script::Hook, now) } else { self.fix_attributes(now) }
    }

    fn fix_attributes(&mut self, now: Duration) -> Vec<Action> {
        self.enter(Phase::Attributes, now);
        vec![Action::FixAttributes]
    }

    fn start_command(&mut self, now: Duration) -> Vec<Action> {
        if self.plan.has_command {
            self.enter(Phase::Starting, now);
            return vec![Action::Command];
        }
        self.enter(Phase::Serving, now);
        if self.scanner.is_some() { Vec::new() } else { self.stop(now) }
    }

    /// There is no such script, or no service.
    pub(super) fn nothing(&mut self, now: Duration) -> Vec<Action> {
        match self.phase {
            Phase::Script { which: Script::Hook, .. } => self.fix_attributes(now),
            Phase::Script { which: Script::Init(_), .. } => {
                self.enter(Phase::Scanning, now);
                vec![Action::Scan]
            }
            Phase::Script { which: Script::Finish(_), .. } => self.end_strays(now),
            Phase::Scanning => self.start_command(now),
            _ => Vec::new(),
        }
    }

    pub(super) fn started(&mut self, started: Result<Pid, u8>, now: Duration) -> Vec<Action> {
        match (self.phase, started) {
            (Phase::Script { which, kill_at, .. }, Ok(pid)) => {
                self.phase = Phase::Script { which, pid: Some(pid), kill_at };
                Vec::new()
            }
            (Phase::Script { which, .. }, Err(code)) => self.script_ended(which, code, now),
            (Phase::Scanning, Ok(pid)) => {
                self.scanner = Some(pid);
                let most = match self.settings.waits_for_services {
                    true => self.settings.wait_most,
                    false => Some(UNTIL_SUPERVISED),
                };
                self.enter(Phase::Waiting { until: most.map(|most| now + most) }, now);
                vec![Action::AwaitServices]
            }
            (Phase::Scanning, Err(code)) => {
                self.codes.failed = Some(code);
                self.stop(now)
            }
            (Phase::Starting, Ok(pid)) => {
                self.command = Some(pid);
                self.enter(Phase::Serving, now);
                Vec::new()
            }
            (Phase::Starting, Err(code)) => {
                self.codes.command = Some(code);
                self.stop(now)
            }
            _ => Vec::new(),
        }
    }

    /// Something before the command has failed.
    pub(super) fn failed(&mut self, what: Waited, code: u8, now: Duration) -> Vec<Action> {
        let mut actions = match self.settings.failing {
            Failing::GoesOn => Vec::new(),
            Failing::Warns | Failing::Stops => vec![Action::Warn(what, code)],
        };
        if self.settings.failing == Failing::Stops {
            self.codes.failed = Some(code);
            actions.extend(self.stop(now));
        } else {
            actions.extend(self.after(what, now));
        }
        actions
    }

    /// What comes after a step, whether it has failed or not.
    fn after(&mut self, what: Waited, now: Duration) -> Vec<Action> {
        match what {
            Waited::Script(Script::Hook) => self.fix_attributes(now),
            Waited::Attributes => self.run(Script::Init(0), now),
            Waited::Script(Script::Init(at)) => self.run(Script::Init(at + 1), now),
            Waited::Script(Script::Finish(at)) => self.run(Script::Finish(at + 1), now),
            Waited::Services => self.start_command(now),
            Waited::Command => self.end_services(now),
            Waited::ServicesEnd => self.run(Script::Finish(0), now),
            Waited::Strays => self.leave(),
        }
    }

    pub(super) fn script_ended(&mut self, which: Script, code: u8, now: Duration) -> Vec<Action> {
        let what = Waited::Script(which);
        match which {
            // A script that was interrupted by the stop, too.
            Script::Hook | Script::Init(_) if self.is_stopping => self.end_services(now),
            Script::Hook | Script::Init(_) if code != 0 => self.failed(what, code, now),
            Script::Hook | Script::Init(_) | Script::Finish(_) => self.after(what, now),
        }
    }

    pub(super) fn services_are(&mut self, is_ready: bool, now: Duration) -> Vec<Action> {
        match self.phase {
            Phase::Waiting { .. } if is_ready => self.start_command(now),
            Phase::Waiting { .. } => self.services_are_late(now),
            _ => Vec::new(),
        }
    }

    /// The time of the services is up, or one of them never will be as it is waited for. Where nobody asked to wait, the
    /// command starts all the same.
    pub(super) fn services_are_late(&mut self, now: Duration) -> Vec<Action> {
        match self.settings.waits_for_services {
            true => self.failed(Waited::Services, 1, now),
            false => self.start_command(now),
        }
    }
}
