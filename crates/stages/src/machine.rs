//! The machine: events in, actions out.

mod log;
mod start;
mod stop;
mod words;

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use unix::{Exit, Pid, Signal};

pub use words::{Action, Event, Plan, Script, Waited};

use crate::{Codes, Settings};

/// Who waits longer than this is told what for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Signals that ask the container to stop.
const STOPS: [Signal; 6] = [Signal::TERM, Signal::INT, Signal::QUIT, Signal::USR1, Signal::USR2, Signal::PWR];

/// Signals that can be the command's.
const DIVERTED: [Signal; 7] =
    [Signal::TERM, Signal::QUIT, Signal::INT, Signal::USR1, Signal::USR2, Signal::PWR, Signal::WINCH];

/// Where in its life a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    New,
    Script { which: Script, pid: Option<Pid>, kill_at: Option<Duration> },
    Attributes,
    Scanning,
    Waiting { until: Option<Duration> },
    Starting,
    Serving,
    EndingCommand { until: Duration },
    EndingServices { until: Duration },
    Strays { kill_at: Duration, spare: Option<Pid>, leave_at: Option<Duration> },
    Left,
}

/// The life of a container.
#[derive(Clone, Debug)]
pub struct Container {
    plan: Plan,
    settings: Settings,
    phase: Phase,
    /// Since when it is in this phase.
    since: Duration,
    /// It was said what it waits for.
    has_told: bool,
    /// It is on its way to its end.
    is_stopping: bool,
    scanner: Option<Pid>,
    command: Option<Pid>,
    logger: log::Logger,
    codes: Codes,
}

impl Container {
    /// A container in which nothing has begun.
    pub fn new(plan: Plan, settings: Settings) -> Container {
        Container {
            plan,
            settings,
            phase: Phase::New,
            since: Duration::ZERO,
            has_told: false,
            is_stopping: false,
            scanner: None,
            command: None,
            logger: log::Logger::default(),
            codes: Codes::default(),
        }
    }

    /// What follows from an event.
    pub fn step(&mut self, event: Event, now: Duration) -> Vec<Action> {
        match event {
            Event::Begun if self.plan.logs => vec![Action::Log],
            Event::Begun => self.begin(now),
            Event::Logs(pid) => self.logs(pid, now),
            Event::Fixed(0) => self.run(Script::Init(0), now),
            Event::Fixed(_) => self.failed(Waited::Attributes, 1, now),
            Event::Started(started) => self.started(started, now),
            Event::Nothing => self.nothing(now),
            Event::Exited(pid, exit) => self.exited(pid, exit, now),
            Event::Ready(is_ready) => self.services_are(is_ready, now),
            Event::Signal(signal) => self.signalled(signal, now),
            Event::Stop if self.is_stopping => Vec::new(),
            Event::Stop => self.stop(now),
            Event::Nobody if matches!(self.phase, Phase::Strays { .. }) => self.leave(),
            Event::Nobody => Vec::new(),
            Event::Timeout => self.timeout(now),
        }
    }

    /// When `Timeout` is wanted.
    pub fn deadline(&self) -> Option<Duration> {
        let phase = match self.phase {
            Phase::Script { kill_at, .. } => kill_at,
            Phase::Waiting { until } => until,
            Phase::EndingCommand { until } | Phase::EndingServices { until } => Some(until),
            Phase::Strays { kill_at, .. } => Some(kill_at),
            _ => None,
        };
        let tell = self.waits_for().filter(|_| !self.has_told).map(|_| self.since + PATIENCE);
        [phase, tell, self.logger.start_at].into_iter().flatten().min()
    }

    /// What it waits for now; `None`: for nothing that should be over soon.
    fn waits_for(&self) -> Option<Waited> {
        Some(match self.phase {
            Phase::New | Phase::Scanning | Phase::Starting | Phase::Serving | Phase::Left => return None,
            Phase::Script { which, .. } => Waited::Script(which),
            Phase::Attributes => Waited::Attributes,
            Phase::Waiting { .. } => Waited::Services,
            Phase::EndingCommand { .. } => Waited::Command,
            Phase::EndingServices { .. } => Waited::ServicesEnd,
            Phase::Strays { .. } => Waited::Strays,
        })
    }

    fn enter(&mut self, phase: Phase, now: Duration) {
        self.phase = phase;
        self.since = now;
        self.has_told = false;
    }

    fn run(&mut self, which: Script, now: Duration) -> Vec<Action> {
        let kill_at = match which {
            Script::Finish(_) if !self.settings.finish_most.is_zero() => {
                Some(now + self.settings.finish_most)
            }
            Script::Finish(_) | Script::Hook | Script::Init(_) => None,
        };
        self.enter(Phase::Script { which, pid: None, kill_at }, now);
        vec![Action::Run(which)]
    }

    fn exited(&mut self, pid: Pid, exit: Exit, now: Duration) -> Vec<Action> {
        if let Phase::Script { which, pid: Some(script), .. } = self.phase
            && script == pid
        {
            self.phase = Phase::Script { which, pid: None, kill_at: None };
            return self.script_ended(which, exit.code(), now);
        }
        if self.command == Some(pid) {
            return self.command_ended(exit.code(), now);
        }
        if self.scanner == Some(pid) {
            return self.scanner_ended(exit.code(), now);
        }
        self.logger.has_ended(pid, now);
        match self.phase {
            Phase::Strays { .. } => vec![Action::LookAround],
            _ => Vec::new(),
        }
    }

    fn signalled(&mut self, signal: Signal, now: Duration) -> Vec<Action> {
        match (self.command, self.scanner) {
            (Some(command), _) if self.settings.command_gets_signals && DIVERTED.contains(&signal) => {
                vec![Action::Kill(command, signal)]
            }
            _ if STOPS.contains(&signal) && !self.is_stopping => self.stop(now),
            (_, Some(scanner)) if signal == Signal::HUP => vec![Action::Kill(scanner, signal)],
            _ => Vec::new(),
        }
    }

    fn timeout(&mut self, now: Duration) -> Vec<Action> {
        let mut actions = Vec::new();
        if let Some(what) = self.waits_for()
            && !self.has_told
            && now >= self.since + PATIENCE
        {
            self.has_told = true;
            actions.push(Action::Tell(what));
        }
        actions.extend(self.logger.is_due(now).then_some(Action::Log));
        actions.extend(match self.phase {
            Phase::Script { which, pid: Some(pid), kill_at: Some(at) } if at <= now => {
                self.phase = Phase::Script { which, pid: Some(pid), kill_at: None };
                vec![Action::Kill(pid, Signal::KILL)]
            }
            Phase::Waiting { until: Some(at) } if at <= now => self.services_are_late(now),
            Phase::EndingCommand { until } if until <= now => self.end_services(now),
            Phase::EndingServices { until } if until <= now => self.run(Script::Finish(0), now),
            Phase::Strays { leave_at: Some(at), .. } if at <= now => self.leave(),
            Phase::Strays { kill_at, spare, leave_at } if kill_at <= now => {
                self.kill_strays(spare, leave_at, now)
            }
            _ => Vec::new(),
        });
        actions
    }
}

#[cfg(test)]
mod tests;
