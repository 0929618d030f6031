//! Steps while there is no process.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use control::Command;
use status::{Life, Notice};
use unix::{Exit, Now};

use crate::event::{Action, Death, Event, NotStarted, Readiness, Script, Started};
use crate::phase::{Check, Ending, Leaving, Phase, Up};
use crate::service::Service;
use crate::settings::Settings;

pub(crate) fn step(
    service: &mut Service,
    start_at: Option<Duration>,
    event: Event,
    now: Now,
    settings: &Settings,
) -> Vec<Action> {
    match event {
        Event::Timeout if start_at.is_some_and(|at| at <= now.monotonic) => vec![Action::SpawnRun],
        Event::RunChanged if start_at.is_some() => vec![Action::SpawnRun],
        Event::RunSpawned(Ok(started)) => came_up(service, started, now),
        Event::RunSpawned(Err(_)) if service.leaving == Leaving::AfterOneMore => vec![Action::Exit(0)],
        Event::RunSpawned(Err(NotStarted::CannotExecute(exit))) => {
            cannot_execute(service, exit, now, settings)
        }
        Event::RunSpawned(Err(NotStarted::NoResources)) => {
            let start_at = service.next_try(now, settings);
            service.untouched = false;
            service.wait_for_start(start_at, now);
            vec![Action::Publish(&[])]
        }
        Event::Command(command) => obey(service, start_at, command),
        Event::Hangup => leave(service, start_at),
        Event::Terminate | Event::Quit | Event::Interrupt => vec![Action::Exit(0)],
        Event::Timeout
        | Event::RunChanged
        | Event::TakenOver
        | Event::ScriptSpawned(_)
        | Event::ScriptPostponed
        | Event::CheckSpawned(_)
        | Event::Swept(_)
        | Event::Ready
        | Event::Exited(..) => Vec::new(),
    }
}

fn came_up(service: &mut Service, started: Started, now: Now) -> Vec<Action> {
    let (check, action) = match started.readiness {
        Readiness::Unknown | Readiness::Notification => (Check::None, None),
        Readiness::Check(interval) => (
            Check::Running { pid: None, started_at: now.monotonic, interval, killed: false },
            Some(Action::SpawnCheck),
        ),
    };
    let up = Up::of(started.pid, now.monotonic);
    service.phase = Phase::Up(Up { check, kill_mode: started.kill_mode, ..up });
    if service.leaving == Leaving::AfterOneMore {
        service.leaving = Leaving::WhenDown;
    }
    service.untouched = false;
    // Also when it was started only once: what failed before says nothing of this life.
    service.failed = None;
    service.since = now.wall;
    service.starts = service.starts.saturating_add(1);
    service.killed_late = false;
    service.told_life = service.life;
    [Action::Publish(&[Notice::Up])].into_iter().chain(action).collect()
}

/// As a crash, without a life and so without `finish`.
fn cannot_execute(service: &mut Service, exit: Exit, now: Now, settings: &Settings) -> Vec<Action> {
    let start_at = service.next_try(now, settings);
    let death = Death { exit, group: None };
    service.last_exit = exit;
    service.life = Life::default();
    service.count_crash(now, settings);
    if settings.essential.is_some() {
        service.leaving = Leaving::Essential;
    }
    service.phase = Phase::Ending(Ending {
        death,
        script: Script::Crash,
        pid: None,
        kill_at: None,
        told: false,
        start_at,
    });
    vec![Action::SpawnScript(Script::Crash, death)]
}

fn obey(service: &mut Service, start_at: Option<Duration>, command: Command) -> Vec<Action> {
    match command {
        Command::Up => {
            service.want(true);
            vec![Action::SpawnRun]
        }
        Command::Enable => {
            service.want(true);
            vec![Action::RemoveDown, Action::SpawnRun]
        }
        Command::Once => {
            service.want(false);
            service.failed = None;
            vec![Action::SpawnRun]
        }
        Command::Down | Command::Disable | Command::NoRestart | Command::NoRestartDisable => {
            service.phase = Phase::Down { start_at: None };
            let mut actions = service.note(command).unwrap_or_default();
            // It was to live once more before it leaves: that is over now.
            if service.leaving == Leaving::AfterOneMore {
                actions.push(Action::Exit(0));
            }
            actions
        }
        Command::Exit => leave(service, start_at),
        Command::Signal(_)
        | Command::GroupSignal(_)
        | Command::Restart
        | Command::Reload
        | Command::Upgrade => Vec::new(),
    }
}

/// A logger that waits to be started again has a pipe to read to its end first.
fn leave(service: &mut Service, start_at: Option<Duration>) -> Vec<Action> {
    if service.is_logger && start_at.is_some() {
        service.leaving = Leaving::AfterOneMore;
        return vec![Action::SpawnRun];
    }
    vec![Action::Exit(0)]
}
