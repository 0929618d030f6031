//! Steps while `crash` or `finish` lives.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use control::Command;
use status::{Notice, Reason};
use unix::{Exit, Now, Pid, Signal};

use crate::event::{Action, Event, Overdue, Script};
use crate::phase::{Ending, Leaving, Phase};
use crate::service::Service;
use crate::settings::Settings;

/// The exit code of a script that says: never again.
const NEVER_AGAIN: Exit = Exit::Code(125);

/// From a script for which there were no resources to the next attempt.
const SCRIPT_RETRY: Duration = Duration::from_secs(1);

pub(crate) fn step(
    service: &mut Service,
    ending: Ending,
    event: Event,
    now: Now,
    settings: &Settings,
) -> Vec<Action> {
    match event {
        Event::ScriptSpawned(Some(pid)) => script_lives(service, ending, pid, now, settings),
        Event::ScriptSpawned(None) => go_on(service, ending, now),
        Event::ScriptPostponed => try_later(service, ending, now),
        Event::Exited(pid, exit) if ending.pid == Some(pid) => {
            match ending.script {
                Script::Crash => service.life.crash = Some(exit),
                Script::Finish => service.life.finish = Some(exit),
            }
            if exit == NEVER_AGAIN {
                service.fail(match ending.script {
                    Script::Crash => Reason::Crash,
                    Script::Finish => Reason::Finish,
                });
            }
            go_on(service, ending, now)
        }
        Event::Timeout => be_late(service, ending, now),
        Event::Command(Command::Exit) | Event::Hangup => leave(service),
        Event::Command(command) => service.note(command).unwrap_or_default(),
        Event::Terminate => terminate(service),
        Event::Quit => vec![Action::Exit(0)],
        Event::Interrupt => {
            let group = ending.pid.map(|pid| Action::KillGroup(pid, Signal::INT));
            group.into_iter().chain([Action::Exit(0)]).collect()
        }
        Event::RunChanged if ending.death.group.is_none() => {
            service.phase = Phase::Ending(Ending { start_at: now.monotonic, ..ending });
            Vec::new()
        }
        Event::Exited(..)
        | Event::TakenOver
        | Event::RunSpawned(_)
        | Event::CheckSpawned(_)
        | Event::Swept(_)
        | Event::Ready
        | Event::RunChanged => Vec::new(),
    }
}

fn script_lives(
    service: &mut Service,
    ending: Ending,
    pid: Pid,
    now: Now,
    settings: &Settings,
) -> Vec<Action> {
    let timeout = match ending.script {
        Script::Crash => settings.timeout_crash,
        Script::Finish => settings.timeout_finish,
    };
    let kill_at = timeout.map(|timeout| now.monotonic + timeout);
    service.phase = Phase::Ending(Ending { pid: Some(pid), kill_at, told: true, ..ending });
    let notices: &[Notice] = if ending.told { &[] } else { &[Notice::Dead] };
    vec![Action::Publish(notices)]
}

/// What the script has to put in order must not be left to the next life.
fn try_later(service: &mut Service, ending: Ending, now: Now) -> Vec<Action> {
    let again_at = now.monotonic + SCRIPT_RETRY;
    service.phase = Phase::Ending(Ending { kill_at: Some(again_at), told: true, ..ending });
    let notices: &[Notice] = if ending.told { &[] } else { &[Notice::Dead] };
    vec![Action::Publish(notices)]
}

/// The script is over, or there is none: `finish` comes after `crash`, and then it is down.
fn go_on(service: &mut Service, ending: Ending, now: Now) -> Vec<Action> {
    match (ending.script, ending.death.group) {
        (Script::Crash, Some(_)) => {
            let ending = Ending { script: Script::Finish, pid: None, kill_at: None, ..ending };
            service.phase = Phase::Ending(ending);
            vec![Action::SpawnScript(Script::Finish, ending.death)]
        }
        // `run` never lived and nothing was sent: it is down as it was.
        (Script::Crash, None) if !ending.told => {
            service.untouched = false;
            service.wait_for_start(ending.start_at, now);
            let failed = service.failed.is_some();
            let notices: &[Notice] = if failed { &[Notice::Failed, Notice::Down] } else { &[] };
            [Action::Publish(notices)].into_iter().chain(service.exit_if_leaving()).collect()
        }
        (Script::Crash, None) | (Script::Finish, _) => service.come_down(ending.start_at, ending.told, now),
    }
}

fn be_late(service: &mut Service, ending: Ending, now: Now) -> Vec<Action> {
    match (ending.kill_at, ending.pid) {
        (Some(at), None) if at <= now.monotonic => {
            service.phase = Phase::Ending(Ending { kill_at: None, ..ending });
            vec![Action::SpawnScript(ending.script, ending.death)]
        }
        (Some(at), Some(pid)) if at <= now.monotonic => {
            service.phase = Phase::Ending(Ending { kill_at: None, ..ending });
            vec![Action::Report(Overdue::Script(ending.script)), Action::Kill(pid, Signal::KILL)]
        }
        _ => Vec::new(),
    }
}

/// Down for good, and then away.
pub(crate) fn terminate(service: &mut Service) -> Vec<Action> {
    service.want(false);
    service.leaving = stronger(service.leaving);
    vec![Action::Publish(&[])]
}

/// A logger that is to start again has a pipe to read to its end first.
pub(crate) fn leave(service: &mut Service) -> Vec<Action> {
    service.leaving = match service.leaving {
        Leaving::No if service.is_logger && service.wanted_up => Leaving::AfterOneMore,
        other => stronger(other),
    };
    Vec::new()
}

/// It leaves when it is down; an essential service's end goes first.
fn stronger(leaving: Leaving) -> Leaving {
    match leaving {
        Leaving::Essential => Leaving::Essential,
        Leaving::No | Leaving::AfterOneMore | Leaving::WhenDown => Leaving::WhenDown,
    }
}
