//! What a successor does first: it goes on where the other supervisor was.
//!
//! The other one may have died between any two actions. What was to be started and was not is started now; what may
//! or may not have been sent is sent (again); what everybody may know is written. Notices can be sent twice, a script
//! does not run twice.

use alloc::vec;
use alloc::vec::Vec;

use unix::{Exit, Now, Pid, Signal};

use crate::event::{Action, Event, Readiness, Started, Sweep};
use crate::phase::{Check, Ending, Phase, Up};
use crate::service::Service;
use crate::settings::{KillMode, Settings};

pub(crate) fn step(service: &mut Service, now: Now, settings: &Settings) -> Vec<Action> {
    let publish = Action::Publish(&[]);
    match service.phase {
        Phase::Down { .. } => [publish].into_iter().chain(service.exit_if_leaving()).collect(),
        Phase::Up(up) => {
            // Whoever takes over ends a check that lives: what it says nobody could hear.
            let check = match up.check {
                Check::Running { interval, .. } => Check::Waiting { at: now.monotonic, interval },
                other => other,
            };
            service.phase = Phase::Up(Up { check, ..up });
            if !up.asked_to_end || service.wanted_up {
                return vec![publish];
            }
            vec![Action::Kill(up.pid, settings.down_signal), Action::Kill(up.pid, Signal::CONT), publish]
        }
        Phase::Ending(Ending { pid: None, script, death, .. }) => {
            vec![publish, Action::SpawnScript(script, death)]
        }
        Phase::Ending(_) => vec![publish],
        Phase::Clearing(clearing) => {
            vec![publish, Action::Sweep(clearing.mode, clearing.group, Sweep::Look)]
        }
    }
}

impl Service {
    /// The processes that it knows of, which may be dead: `run` or a script, and `check`.
    pub fn processes(&self) -> [Option<Pid>; 2] {
        match self.phase {
            Phase::Down { .. } | Phase::Clearing(_) => [None, None],
            Phase::Up(Up { pid, check: Check::Running { pid: check, .. }, .. }) => [Some(pid), check],
            Phase::Up(up) => [Some(up.pid), None],
            Phase::Ending(ending) => [ending.pid, None],
        }
    }

    /// The event that tells of a process that was started and is not known yet; `readiness` and
    /// `kill_mode` are those of `run`.
    pub fn birth(&self, pid: Pid, readiness: Readiness, kill_mode: KillMode) -> Event {
        match self.phase {
            Phase::Down { .. } => Event::RunSpawned(Ok(Started { pid, readiness, kill_mode })),
            Phase::Up(_) => Event::CheckSpawned(Some(pid)),
            Phase::Ending(_) | Phase::Clearing(_) => Event::ScriptSpawned(Some(pid)),
        }
    }

    /// The end of a process that nobody has seen: it counts as a crash.
    pub const UNSEEN: Exit = Exit::Code(111);
}
