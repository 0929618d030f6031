//! What a supervisor wants done.

use alloc::format;

use lifecycle::{Action, Event};
use unix::Pid;

use crate::kernel::Parent;
use crate::law::Law;
use crate::world::World;

impl World {
    /// Performs an action; gives its answer, if it has one.
    pub(crate) fn act(&mut self, by: Pid, action: Action) -> Option<Event> {
        let supervisor = self.supervisor_mut(by)?;
        let (exit, directory) = (supervisor.exit, supervisor.directory);
        self.law(Law::Sense, exit.is_none(), |_| format!("{action:?} after the exit"));
        match action {
            Action::SpawnRun => return self.spawn_run(by),
            Action::SpawnScript(script, death) => return self.spawn_script(by, script, death),
            Action::SpawnCheck => return self.spawn_check(by),
            Action::Kill(pid, signal) | Action::KillGroup(pid, signal) => {
                self.signal_child(Parent::Supervisor(by), pid, signal);
            }
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
}
