//! What a supervisor starts: `run`, the scripts, `check`.

use alloc::format;
use core::time::Duration;

use lifecycle::{Death, Event, KillMode, NotStarted, Readiness, Script, Started};
use unix::{Exit, Pid};

use crate::clock::ms;
use crate::directory::{Health, Means};
use crate::kernel::{Kind, Parent};
use crate::law::Law;
use crate::world::World;

/// The interval of `check`.
pub(crate) const CHECK_INTERVAL: Duration = Duration::from_secs(1);

impl World {
    /// Answers `SpawnRun`.
    pub(crate) fn spawn_run(&mut self, by: Pid) -> Option<Event> {
        let directory = self.supervisor(by)?.directory;
        self.nobody_else(directory, "run");
        self.may_start(by, directory);
        self.begins_life(by);
        let (now, means) = (self.now, self.directories[directory].means);
        if self.is_starved(directory) {
            self.say(|_| "    run: no resources".into());
            return Some(Event::RunSpawned(Err(NotStarted::NoResources)));
        }
        if self.directories[directory].health == Health::Missing {
            self.say(|_| "    run: not found".into());
            return Some(Event::RunSpawned(Err(NotStarted::CannotExecute(Exit::NOT_FOUND))));
        }
        self.directories[directory].last_start = Some((now, by));
        let pid = self.spawn(by, Kind::Run, directory, means);
        let readiness = match means {
            Means::None => Readiness::Unknown,
            Means::Notification => Readiness::Notification,
            Means::Check => Readiness::Check(CHECK_INTERVAL),
        };
        let supervisor = self.supervisor_mut(by)?;
        supervisor.listens = means == Means::Notification;
        supervisor.watches = false;
        supervisor.commanded = false;
        Some(Event::RunSpawned(Ok(Started { pid, readiness, kill_mode: KillMode::Process })))
    }

    /// Answers `SpawnScript`.
    pub(crate) fn spawn_script(&mut self, by: Pid, script: Script, death: Death) -> Option<Event> {
        let directory = self.supervisor(by)?.directory;
        self.nobody_else(directory, "a script");
        let starved = self.is_starved(directory);
        self.supervisor_mut(by)?.postponed = starved;
        if starved {
            self.say(|_| format!("    {script:?}: no resources"));
            return Some(Event::ScriptPostponed);
        }
        if script == Script::Finish {
            let last = self.supervisor(by)?.unfinished;
            self.law(Law::OneFinish, last.is_some() && last == death.group, |_| {
                format!("finish for the death of {:?}, not of {last:?}", death.group)
            });
            self.supervisor_mut(by)?.unfinished = None;
            let group = death.group?;
            let twice = self.finished.contains(&group);
            self.law(Law::OneFinish, !twice, |_| {
                format!("finish comes a second time for the death of {group}")
            });
        }
        let it = &self.directories[directory];
        let there = if script == Script::Crash { it.has_crash } else { it.has_finish };
        if !there {
            self.say(|_| format!("    no {script:?}"));
            return Some(Event::ScriptSpawned(None));
        }
        if let (Script::Finish, Some(group)) = (script, death.group) {
            self.finished.push(group);
        }
        let settings = self.directories[directory].settings;
        let timeout = if script == Script::Crash { settings.timeout_crash } else { settings.timeout_finish };
        let pid = self.spawn(by, Kind::Script(script), directory, Means::None);
        self.supervisor_mut(by)?.script_until = timeout.map(|timeout| self.now + ms(timeout));
        Some(Event::ScriptSpawned(Some(pid)))
    }

    /// Answers `SpawnCheck`.
    pub(crate) fn spawn_check(&mut self, by: Pid) -> Option<Event> {
        let directory = self.supervisor(by)?.directory;
        let other = self.alive().any(|p| p.kind == Kind::Check && p.parent == Parent::Supervisor(by));
        self.law(Law::OneInstance, !other, |world| format!("a second check of {}", world.called(directory)));
        if self.is_starved(directory) {
            return Some(Event::CheckSpawned(None));
        }
        let pid = self.spawn(by, Kind::Check, directory, Means::None);
        Some(Event::CheckSpawned(Some(pid)))
    }

    fn spawn(&mut self, by: Pid, kind: Kind, directory: usize, means: Means) -> Pid {
        let pid = self.fork(kind, directory, Parent::Supervisor(by));
        let (input, output) = self.process(by).map_or((None, None), |parent| (parent.input, parent.output));
        if let Some(process) = self.processes.last_mut() {
            (process.input, process.output) = (input, output);
        }
        self.behave(pid, kind, means);
        self.say(|world| format!("    starts {}", world.named_pid(pid)));
        self.pipes_after_a_death();
        self.keep_newborn(by, pid);
        pid
    }

    fn is_starved(&mut self, directory: usize) -> bool {
        let starved = &mut self.directories[directory].starved;
        let is_starved = *starved > 0 && !self.well;
        *starved = starved.saturating_sub(1);
        is_starved
    }
}
