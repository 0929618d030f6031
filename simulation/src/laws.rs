//! What must hold for a supervisor, seen from outside: by what it does to processes and files.

use alloc::format;

use control::Command;
use lifecycle::{Event, Leaving, Script};
use unix::{Exit, Pid, Signal};

use crate::clock::{LAG, Ms, ms};
use crate::kernel::{Asked, Kind, Parent, Process};
use crate::law::Law;
use crate::spawn::CHECK_INTERVAL;
use crate::supervisor::Supervisor;
use crate::world::World;

/// From a start that failed to the next one, at least.
const LEAST_RETRY: Ms = 100;

impl World {
    /// A supervisor is about to be told of a death.
    pub(crate) fn is_told_of_death(&mut self, by: Pid, dead: Pid) {
        let Some(process) = self.processes.iter_mut().find(|process| process.pid == dead) else { return };
        process.mourned = true;
        let (kind, exit) = (process.kind, process.dead);
        let Some(supervisor) = self.supervisor_mut(by) else { return };
        match kind {
            Kind::Run => self.run_is_dead(by, dead),
            Kind::Script(_) => supervisor.script_until = None,
            Kind::Check => supervisor.said_ready |= exit == Some(Exit::Code(0)),
            Kind::Supervisor => {}
        }
    }

    pub(crate) fn run_is_dead(&mut self, by: Pid, run: Pid) {
        let Some(supervisor) = self.supervisor_mut(by) else { return };
        let last = supervisor.unfinished.replace(run);
        supervisor.to_remember += 1;
        supervisor.down_since = None;
        self.law(Law::OneFinish, last.is_none(), |_| format!("no finish for the death of {last:?}"));
    }

    /// What an event asks for.
    pub(crate) fn before(&mut self, by: Pid, event: &Event) {
        let down_until = self.down_until(by);
        let Some(supervisor) = self.supervisor_mut(by).filter(|supervisor| supervisor.exit.is_none()) else {
            return;
        };
        match event {
            Event::Command(command) => {
                supervisor.hears(*command);
                let down = match command {
                    Command::Disable | Command::NoRestartDisable => Some(true),
                    Command::Enable => Some(false),
                    _ => None,
                };
                if matches!(command, Command::Down | Command::Disable) {
                    supervisor.down_since = down_until;
                }
                if let Some(down) = down {
                    let directory = supervisor.directory;
                    self.directories[directory].should_be_down = down;
                }
            }
            Event::Terminate => {
                (supervisor.wanted, supervisor.told_to_leave) = (false, true);
                supervisor.down_since = down_until;
            }
            Event::Hangup => supervisor.told_to_leave = true,
            Event::Quit | Event::Interrupt => (supervisor.told_to_leave, supervisor.quits) = (true, true),
            Event::RunChanged => supervisor.commanded = true,
            _ => {}
        }
    }

    /// Its `run`, if it lives, and when it has to be gone if it is told now.
    fn down_until(&self, by: Pid) -> Option<(Pid, Ms)> {
        let run = self.alive().find(|p| p.kind == Kind::Run && p.parent == Parent::Supervisor(by))?;
        let patience = self.directories[run.directory].settings.timeout_kill.map(ms);
        let obeys = match run.asked {
            Asked::Dies => Some(0),
            Asked::DiesAfter(time) => Some(time),
            Asked::Ignores => None,
        };
        let within = patience.into_iter().chain(obeys).min()?;
        Some((run.pid, self.now + within))
    }

    /// What must hold when all answers are in.
    pub(crate) fn after(&mut self, by: Pid) {
        let Some(supervisor) = self.supervisor(by).filter(|supervisor| supervisor.exit.is_none()) else {
            return;
        };
        let is_his = |process: &&Process| process.parent == Parent::Supervisor(by) && !process.mourned;
        let has = |kind: Kind| self.processes.iter().filter(is_his).any(|process| process.kind == kind);
        let (adopted, directory) = (supervisor.adopted.is_some(), supervisor.directory);
        let (unfinished, to_remember) = (supervisor.unfinished, supervisor.to_remember);
        let (run, crash, finish) =
            (has(Kind::Run), has(Kind::Script(Script::Crash)), has(Kind::Script(Script::Finish)));
        let finished = unfinished.is_none() || crash || adopted || supervisor.postponed;
        let state = supervisor.service.record().wanted_up;
        let failed = supervisor.service.detail().failed.is_some();
        let wanted = state == supervisor.wanted || (failed && !state);
        self.law(Law::OneFinish, finished, |_| format!("no finish for the death of {unfinished:?}"));
        self.law(Law::OneFinish, to_remember == 0, |_| format!("{to_remember} deaths are not in the tally"));
        self.law(Law::Wanted, wanted, |_| format!("wanted up: {state}, and it was told otherwise"));
        let it = &self.directories[directory];
        self.law(Law::Wanted, it.down == it.should_be_down, |_| "the file down is not as it was told".into());
        self.look_at_record(by);
        let now = self.now;
        if let Some(supervisor) = self.supervisor_mut(by) {
            let alone = !run && !crash && !finish && !adopted && !supervisor.postponed;
            let idle = supervisor.wanted && !failed && !supervisor.told_to_leave && alone;
            supervisor.idle_since = supervisor.idle_since.or(Some(now)).filter(|_| idle);
            supervisor.leaves_since =
                supervisor.leaves_since.or(Some(now)).filter(|_| supervisor.told_to_leave && alone);
        }
    }

    /// There is no other instance.
    pub(crate) fn nobody_else(&mut self, directory: usize, who: &str) {
        let other =
            self.alive().find(|p| p.directory == directory && matches!(p.kind, Kind::Run | Kind::Script(_)));
        let other = other.map(|process| process.pid);
        self.law(Law::OneInstance, other.is_none(), |world| {
            format!("{who} of {} beside {other:?}", world.called(directory))
        });
    }

    /// `run` may be started now.
    pub(crate) fn may_start(&mut self, by: Pid, directory: usize) {
        let Some(supervisor) = self.supervisor(by) else { return };
        let last_words = supervisor.is_logger && supervisor.told_to_leave;
        let (failed, unfinished) = (supervisor.failed, supervisor.unfinished);
        let hurry = supervisor.commanded || last_words;
        self.law(Law::FailedStays, !failed || last_words, |world| {
            format!("{} has failed", world.called(directory))
        });
        self.law(Law::OneFinish, unfinished.is_none(), |_| {
            format!("no finish for the death of {unfinished:?}")
        });
        let least = ms(self.directories[directory].settings.restart_delay.min);
        let last = self.directories[directory].last_start.filter(|&(_, who)| who == by && !hurry);
        let now = self.now;
        self.law(Law::Delay, last.is_none_or(|(at, _)| now >= at + least), |world| {
            format!(
                "{} starts again after {} ms",
                world.called(directory),
                now - last.map_or(0, |(at, _)| at)
            )
        });
    }

    /// An attempt to start `run`.
    pub(crate) fn begins_life(&mut self, by: Pid) {
        let now = self.now;
        if let Some(supervisor) = self.supervisor_mut(by) {
            supervisor.idle_since = None;
            supervisor.said_ready = false;
            supervisor.commanded = false;
            let directory = supervisor.directory;
            self.directories[directory].last_start = Some((now, by));
        }
    }

    /// It is about to exit.
    pub(crate) fn exits(&mut self, by: Pid) {
        let Some(supervisor) = self.supervisor(by) else { return };
        let (unfinished, to_remember) = (supervisor.unfinished, supervisor.to_remember);
        let asked = supervisor.told_to_leave || supervisor.service.leaving() == Leaving::Essential;
        let done = (unfinished.is_none() && to_remember == 0) || supervisor.quits;
        self.law(Law::OneFinish, done, |_| format!("it exits, and has not finished {unfinished:?}"));
        self.law(Law::Sense, asked, |_| format!("{by} exits, and nobody has told it to"));
    }

    /// Nobody has anything to do: who should have done something?
    pub(crate) fn look_at_clocks(&mut self) {
        let now = self.now;
        let mut late = None;
        for supervisor in &self.supervisors {
            let law = self.is_late(supervisor, now);
            late = late.or(law.map(|law| (law, supervisor.pid, supervisor.directory)));
        }
        if let Some((law, pid, directory)) = late {
            let state = self.supervisor(pid).map(|supervisor| supervisor.service.phase());
            self.break_law(law, |world| format!("{} ({pid}) is late: {state:?}", world.called(directory)));
        }
    }

    fn is_late(&self, supervisor: &Supervisor, now: Ms) -> Option<Law> {
        let by = supervisor.pid;
        let lives = |pid: Pid| self.process(pid).is_some_and(|process| process.dead.is_none());
        let delay = ms(self.directories[supervisor.directory].settings.restart_delay.max).max(LEAST_RETRY);
        if supervisor.idle_since.is_some_and(|since| now > since + delay + LAG) {
            return Some(Law::ComesUp);
        }
        if supervisor.down_since.is_some_and(|(run, until)| lives(run) && now > until + LAG) {
            return Some(Law::GoesDown);
        }
        if supervisor.script_until.is_some_and(|until| now > until + LAG) {
            return Some(Law::GoesDown);
        }
        let interval = ms(CHECK_INTERVAL);
        let mut checks = self.alive().filter(|p| p.kind == Kind::Check && p.parent == Parent::Supervisor(by));
        if checks.any(|check| now > check.born + interval + LAG) {
            return Some(Law::GoesDown);
        }
        supervisor.leaves_since.filter(|&since| now > since + LAG).map(|_| Law::Leaves)
    }
}

impl Supervisor {
    fn hears(&mut self, command: Command) {
        match command {
            Command::Up | Command::Enable => (self.wanted, self.failed, self.commanded) = (true, false, true),
            Command::Once => (self.wanted, self.failed, self.commanded) = (false, false, true),
            Command::Down | Command::Disable | Command::NoRestart | Command::NoRestartDisable => {
                self.wanted = false
            }
            Command::Exit => self.told_to_leave = true,
            // Whom a person stops nobody expects to end.
            Command::Signal(Signal::STOP) | Command::GroupSignal(Signal::STOP) => {
                self.down_since = None;
                self.held_up = self.told_to_leave;
            }
            Command::Signal(_)
            | Command::GroupSignal(_)
            | Command::Restart
            | Command::Reload
            | Command::Upgrade => {}
        }
    }
}
