//! The state of a service, what follows from it, and the step by phase.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use status::{Detail, Life, Notice, Reason, Record};
use unix::{Exit, Now, Stamp};

use crate::event::{Action, Event};
use crate::phase::{Clearing, Leaving, Phase};
use crate::settings::Settings;
use crate::{clearing, down, ending, takeover, up};

/// From a start that failed to the next one, at least, even where `restart-delay` is 0.
const LEAST_RETRY: Duration = Duration::from_millis(100);

/// One service, from its supervisor's first moment to its last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub(crate) phase: Phase,
    pub(crate) wanted_up: bool,
    pub(crate) leaving: Leaving,
    /// It reads what another service writes.
    pub(crate) is_logger: bool,
    /// Nothing was done yet, not even by a command.
    pub(crate) untouched: bool,
    pub(crate) since: Stamp,
    pub(crate) ready_since: Stamp,
    pub(crate) last_exit: Exit,
    /// From the last start to the next one, after a short life; `None`: the least.
    pub(crate) delay: Option<Duration>,
    /// `run` was started so often.
    pub(crate) starts: u32,
    pub(crate) failed: Option<Reason>,
    /// The last `run` had to be killed after `timeout-kill`.
    pub(crate) killed_late: bool,
    /// When it crashed, as far back as `max-restarts` looks; at most its count.
    pub(crate) crashes: VecDeque<Duration>,
    /// The next start, if it is to be waited for.
    pub(crate) next_start: Option<Stamp>,
    /// The last life that has ended.
    pub(crate) life: Life,
    /// What was told of that: a start at once tells it together with its own news, in one write.
    pub(crate) told_life: Life,
}

impl Service {
    /// A service that nobody has started yet. Its first event is `Timeout`.
    pub fn new(now: Now, wanted_up: bool, is_logger: bool) -> Service {
        Service {
            phase: Phase::Down { start_at: wanted_up.then_some(now.monotonic) },
            wanted_up,
            leaving: Leaving::No,
            is_logger,
            untouched: true,
            since: now.wall,
            ready_since: now.wall,
            last_exit: Exit::Code(0),
            delay: None,
            starts: 0,
            failed: None,
            killed_late: false,
            crashes: VecDeque::new(),
            next_start: None,
            life: Life::default(),
            told_life: Life::default(),
        }
    }

    /// What everybody may know.
    pub fn record(&self) -> Record {
        let (pid, paused, finishing, ready) = match self.phase {
            Phase::Down { .. } => (None, false, false, true),
            Phase::Up(up) => (Some(up.pid), up.paused, false, up.ready),
            Phase::Clearing(_) => (None, false, true, false),
            Phase::Ending(ending) => (ending.pid, false, true, false),
        };
        Record {
            since: self.since,
            ready_since: self.ready_since,
            pid,
            last_exit: self.last_exit,
            paused: paused || self.untouched,
            finishing,
            wanted_up: self.wanted_up,
            ready,
        }
    }

    /// What the record has no room for.
    pub fn detail(&self) -> Detail {
        Detail {
            restarts: self.starts.saturating_sub(1),
            failed: self.failed,
            start_at: self.next_start.filter(|_| matches!(self.phase, Phase::Down { start_at: Some(_) })),
            killed_late: self.killed_late,
            life: self.told_life,
        }
    }

    /// When `Timeout` is due, on the monotonic clock, unless something else comes first.
    pub fn deadline(&self) -> Option<Duration> {
        match self.phase {
            Phase::Down { start_at } => start_at,
            Phase::Up(up) => up.deadline(),
            Phase::Clearing(clearing) => Some(clearing.deadline()),
            Phase::Ending(ending) => ending.kill_at,
        }
    }

    /// When `run` may be started again, on the monotonic clock; `None`: it is up, or waits for a command.
    pub fn next_start_at(&self) -> Option<Duration> {
        match self.phase {
            Phase::Down { start_at } => start_at,
            Phase::Clearing(Clearing { ending, .. }) | Phase::Ending(ending)
                if self.wanted_up && self.leaving == Leaving::No =>
            {
                Some(ending.start_at)
            }
            Phase::Clearing(_) | Phase::Ending(_) | Phase::Up(_) => None,
        }
    }

    /// Where it is in its life.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether, and when, its supervisor is to exit.
    pub fn leaving(&self) -> Leaving {
        self.leaving
    }

    /// It starts whenever it is down.
    pub fn wanted_up(&self) -> bool {
        self.wanted_up
    }

    /// One step of its life: the next state, and what is to be done.
    pub fn step(mut self, event: Event, now: Now, settings: &Settings) -> (Service, Vec<Action>) {
        let actions = match self.phase {
            _ if event == Event::TakenOver => takeover::step(&mut self, now, settings),
            Phase::Down { start_at } => down::step(&mut self, start_at, event, now, settings),
            Phase::Up(up) => up::step(&mut self, up, event, now, settings),
            Phase::Clearing(clearing) => clearing::step(&mut self, clearing, event, now),
            Phase::Ending(ending) => ending::step(&mut self, ending, event, now, settings),
        };
        (self, actions)
    }

    /// Sets whether it is wanted up, by a command. A command also forgives what was before.
    pub(crate) fn want(&mut self, up: bool) {
        self.wanted_up = up;
        self.untouched = false;
        if up {
            self.failed = None;
            self.crashes.clear();
            self.delay = None;
        }
    }

    /// When it may be tried again, having not lived at all; never at once.
    pub(crate) fn next_try(&mut self, now: Now, settings: &Settings) -> Duration {
        let start_at = self.next_start(now.monotonic, now, settings);
        start_at.max(now.monotonic + LEAST_RETRY)
    }

    /// When it may start again, having lived from `started_at` to now; doubles the delay if that was short.
    pub(crate) fn next_start(&mut self, started_at: Duration, now: Now, settings: &Settings) -> Duration {
        let limits = settings.restart_delay;
        if now.monotonic >= started_at + limits.min {
            self.delay = None;
            return now.monotonic;
        }
        let delay = self.delay.unwrap_or(limits.min).clamp(limits.min, limits.max);
        self.delay = Some(delay.saturating_mul(2).min(limits.max));
        started_at + delay
    }

    /// Counts a crash; failed if there were too many.
    pub(crate) fn count_crash(&mut self, now: Now, settings: &Settings) {
        let Some(limit) = settings.restart_limit else {
            self.crashes.clear();
            return;
        };
        self.crashes.push_back(now.monotonic);
        self.crashes.retain(|&crash| crash + limit.within >= now.monotonic);
        while self.crashes.len() > usize::from(limit.count) {
            self.crashes.pop_front();
        }
        if self.crashes.len() >= usize::from(limit.count) {
            self.fail(Reason::MaxRestarts);
        }
    }

    pub(crate) fn fail(&mut self, reason: Reason) {
        self.failed = Some(reason);
        self.wanted_up = false;
    }

    /// Down and ready to start: at `start_at`, if that is wanted. `told`: `Dead` was sent before.
    pub(crate) fn come_down(&mut self, start_at: Duration, told: bool, now: Now) -> Vec<Action> {
        use Notice::{Dead, Down, Failed};
        let mut actions = Vec::with_capacity(2);
        self.ready_since = now.wall;
        actions.push(Action::Publish(match (told, self.failed.is_some()) {
            (true, true) => &[Failed, Down],
            (true, false) => &[Down],
            (false, true) => &[Dead, Failed, Down],
            (false, false) => &[Dead, Down],
        }));
        self.wait_for_start(start_at, now);
        actions.extend(self.exit_if_leaving());
        actions
    }

    /// Down until `start_at`, or until a command comes.
    pub(crate) fn wait_for_start(&mut self, start_at: Duration, now: Now) {
        let start_at = match self.leaving {
            Leaving::AfterOneMore => Some(now.monotonic),
            Leaving::No if self.wanted_up => Some(start_at),
            Leaving::No | Leaving::WhenDown | Leaving::Essential => None,
        };
        let wait = start_at.map(|at| at.saturating_sub(now.monotonic)).filter(|wait| !wait.is_zero());
        self.next_start = wait.map(|wait| now.wall.plus(wait));
        if start_at.is_none() || wait.is_some() {
            self.told_life = self.life;
        }
        self.phase = Phase::Down { start_at };
    }

    /// The last action of a supervisor whose service is down.
    pub(crate) fn exit_if_leaving(&self) -> Option<Action> {
        match self.leaving {
            Leaving::No | Leaving::AfterOneMore => None,
            Leaving::WhenDown => Some(Action::Exit(0)),
            Leaving::Essential => Some(Action::Exit(control::ESSENTIAL_ENDED)),
        }
    }

    /// What a command about the future does where nothing can be started or killed; `None`: it is another one.
    pub(crate) fn note(&mut self, command: control::Command) -> Option<Vec<Action>> {
        use control::Command as C;
        let (up, file) = match command {
            C::Up => (true, None),
            C::Enable => (true, Some(Action::RemoveDown)),
            C::Down | C::Once | C::NoRestart => (false, None),
            C::Disable | C::NoRestartDisable => (false, Some(Action::MakeDown)),
            C::Signal(_) | C::GroupSignal(_) | C::Restart | C::Reload | C::Exit | C::Upgrade => return None,
        };
        self.want(up);
        Some(file.into_iter().chain([Action::Publish(&[])]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KillMode, Readiness, RestartLimit, Started};
    use control::Command;
    use unix::Pid;

    #[test]
    fn no_more_crashes_are_remembered_than_make_a_failure() {
        let limit = RestartLimit { count: 3, within: Duration::from_secs(60) };
        let settings = Settings { restart_limit: Some(limit), ..Settings::default() };
        let now = Now { wall: Stamp::from_unix(1_700_000_000, 0), monotonic: Duration::from_secs(9) };
        let pid = Pid::new(7).expect("7 is a pid");
        let mut service = Service::new(now, false, false);
        for _ in 0..10 {
            // A command that does not forgive, so that they add up.
            for event in [
                Event::Command(Command::Once),
                Event::RunSpawned(Ok(Started {
                    pid,
                    readiness: Readiness::Unknown,
                    kill_mode: KillMode::Process,
                })),
                Event::Exited(pid, Exit::Code(1)),
                Event::ScriptSpawned(None),
                Event::ScriptSpawned(None),
            ] {
                service = service.step(event, now, &settings).0;
            }
        }
        assert_eq!(service.failed, Some(Reason::MaxRestarts));
        assert_eq!(service.crashes.len(), 3);
    }
}
