//! Steps while what `run` left behind is being ended.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use control::Command;
use status::Notice;
use unix::{Now, Pid, Signal};

use crate::ending;
use crate::event::{Action, Event, Left, Overdue, Sweep};
use crate::phase::{Clearing, Ending, Phase, Up};
use crate::service::Service;
use crate::settings::{KillMode, Settings};

/// From the polite signal to SIGKILL, where no `timeout-kill` says otherwise.
const PATIENCE: Duration = Duration::from_secs(5);
/// From one look to the next, at first and at most: nobody tells of the end of who is no child.
const LEAST_PAUSE: Duration = Duration::from_millis(5);
const MOST_PAUSE: Duration = Duration::from_millis(200);

impl Clearing {
    pub(crate) fn deadline(&self) -> Duration {
        self.kill_at.map_or(self.look_at, |at| at.min(self.look_at))
    }

    fn sweep(&self, how: Sweep) -> Vec<Action> {
        vec![Action::Sweep(self.mode, self.group, how)]
    }
}

/// `run` has died, and `ending` comes after what it left. Who had to kill `run` for its lateness asks nobody.
pub(crate) fn begin(
    service: &mut Service,
    up: Up,
    ending: Ending,
    now: Now,
    settings: &Settings,
) -> Vec<Action> {
    let patience = settings.timeout_kill.unwrap_or(PATIENCE);
    let kill_at = up.kill_at.unwrap_or(now.monotonic + patience);
    let (kill_at, how) = match service.killed_late {
        true => (None, Sweep::Kill),
        false => (Some(kill_at), Sweep::Ask(settings.down_signal)),
    };
    let look_at = now.monotonic + LEAST_PAUSE;
    let clearing =
        Clearing { mode: up.kill_mode, group: up.pid, kill_at, look_at, pause: LEAST_PAUSE, ending };
    service.phase = Phase::Clearing(clearing);
    clearing.sweep(how)
}

pub(crate) fn step(service: &mut Service, clearing: Clearing, event: Event, now: Now) -> Vec<Action> {
    match event {
        Event::Swept(left) => after_sweep(service, clearing, left),
        Event::Timeout => be_late(service, clearing, now),
        // Whoever lost his parent is our child by then: without a child there is nobody.
        Event::Exited(..) if clearing.mode == KillMode::Tree => clearing.sweep(Sweep::Look),
        Event::Command(Command::Signal(Signal::KILL) | Command::GroupSignal(Signal::KILL)) => {
            kill(service, clearing, now)
        }
        Event::Command(Command::Exit) | Event::Hangup => ending::leave(service),
        Event::Command(command) => service.note(command).unwrap_or_default(),
        Event::Terminate => ending::terminate(service),
        Event::Quit => vec![Action::Exit(0)],
        Event::Interrupt => {
            let mut actions = clearing.sweep(Sweep::Ask(Signal::INT));
            actions.push(Action::Exit(0));
            actions
        }
        Event::Exited(..)
        | Event::TakenOver
        | Event::RunSpawned(_)
        | Event::ScriptSpawned(_)
        | Event::ScriptPostponed
        | Event::CheckSpawned(_)
        | Event::Ready
        | Event::RunChanged => Vec::new(),
    }
}

fn after_sweep(service: &mut Service, clearing: Clearing, left: Left) -> Vec<Action> {
    let ending = clearing.ending;
    match left {
        Left::Nothing => {
            service.phase = Phase::Ending(ending);
            vec![Action::SpawnScript(ending.script, ending.death)]
        }
        Left::Something if ending.told => Vec::new(),
        Left::Something => {
            service.phase = Phase::Clearing(Clearing { ending: Ending { told: true, ..ending }, ..clearing });
            vec![Action::Publish(&[Notice::Dead])]
        }
    }
}

fn be_late(service: &mut Service, clearing: Clearing, now: Now) -> Vec<Action> {
    if clearing.kill_at.is_some_and(|at| at <= now.monotonic) {
        let mut actions = vec![Action::Report(Overdue::Rest)];
        actions.extend(kill(service, clearing, now));
        return actions;
    }
    if clearing.look_at > now.monotonic {
        return Vec::new();
    }
    let (look_at, pause) = (now.monotonic + clearing.pause, (clearing.pause * 2).min(MOST_PAUSE));
    service.phase = Phase::Clearing(Clearing { look_at, pause, ..clearing });
    clearing.sweep(if clearing.kill_at.is_some() { Sweep::Look } else { Sweep::Kill })
}

/// Again and again from now on, until nothing is left.
fn kill(service: &mut Service, clearing: Clearing, now: Now) -> Vec<Action> {
    let look_at = now.monotonic + LEAST_PAUSE;
    service.phase = Phase::Clearing(Clearing { kill_at: None, look_at, pause: LEAST_PAUSE, ..clearing });
    clearing.sweep(Sweep::Kill)
}

/// What SIGKILL after `timeout-kill` reaches, while `run` lives.
pub(crate) fn kill_with_run(mode: KillMode, kill_group: bool, run: Pid) -> Vec<Action> {
    match mode {
        KillMode::Process if kill_group => vec![Action::KillGroup(run, Signal::KILL)],
        KillMode::Process => vec![Action::Kill(run, Signal::KILL)],
        mode => vec![Action::Sweep(mode, run, Sweep::Kill), Action::Kill(run, Signal::KILL)],
    }
}
