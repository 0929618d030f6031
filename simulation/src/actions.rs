//! What a supervisor wants done.

use alloc::format;

use lifecycle::{Action, Event, Left};
use unix::Pid;

use crate::kernel::Parent;
use crate::law::Law;
use crate::world::World;

impl World {
    /// Performs an action; gives its answer, if it has one.
    pub(crate) fn act(&mut self, by: Pid, action: Action) -> Option<Event> {
        if let Some((doomed, count)) = self.doom.filter(|&(doomed, _)| doomed == by) {
            if count == 0 {
                self.strike(by);
                return None;
            }
            self.doom = Some((doomed, count - 1));
        }
        let supervisor = self.supervisor_mut(by)?;
        let (exit, directory) = (supervisor.exit, supervisor.directory);
        self.law(Law::Sense, exit.is_none(), |_| format!("{action:?} after the exit"));
        match action {
            Action::SpawnRun => return self.spawn_run(by),
            Action::SpawnScript(script, death) => return self.spawn_script(by, script, death),
            Action::SpawnCheck => return self.spawn_check(by),
            Action::Kill(pid, _) | Action::KillGroup(pid, _) if self.is_gone(by, pid) => {}
            Action::Kill(pid, signal) | Action::KillGroup(pid, signal) => {
                self.signal_child(Parent::Supervisor(by), pid, signal);
            }
            // No service has a `kill-mode` here.
            Action::Sweep(..) => return Some(Event::Swept(Left::Nothing)),
            Action::Report(overdue) => self.say(|_| format!("    says that {overdue:?} is overdue")),
            Action::Remember(..) => self.supervisor_mut(by)?.to_remember -= 1,
            Action::StopListening => {
                let supervisor = self.supervisor_mut(by)?;
                (supervisor.listens, supervisor.notified) = (false, false);
            }
            Action::Publish(notices) => {
                self.say(|_| format!("    writes the record {notices:?}"));
                self.publish(by, notices);
            }
            Action::MakeDown => self.directories[directory].down = true,
            Action::RemoveDown => self.directories[directory].down = false,
            Action::Exit(code) => {
                self.say(|_| format!("    exits {code}"));
                self.supervisor_mut(by)?.exit = Some(code);
                self.exits(by);
            }
        }
        None
    }

    /// What was taken over has died: somebody else waits for it, and the pid may be another's by now.
    fn is_gone(&self, by: Pid, pid: Pid) -> bool {
        let adopted = self.supervisor(by).is_some_and(|supervisor| supervisor.adopted == Some(pid));
        adopted && self.process(pid).is_none_or(|process| process.dead.is_some())
    }
}
