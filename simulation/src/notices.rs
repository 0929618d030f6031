//! The record, the notices, and what must be true of them.

use alloc::format;

use status::Notice;
use unix::Pid;

use crate::kernel::{Kind, Parent};
use crate::law::Law;
use crate::world::World;

/// What was said last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Down,
    Up,
    Ready,
    Dead,
    Failed,
}

impl Said {
    /// What may follow.
    fn then(self, notice: Notice) -> Option<Said> {
        match (self, notice) {
            (Said::Down, Notice::Up) => Some(Said::Up),
            (Said::Up, Notice::Ready) => Some(Said::Ready),
            // After `Down` only of a `run` that could not be executed.
            (Said::Up | Said::Ready | Said::Down, Notice::Dead) => Some(Said::Dead),
            (Said::Dead | Said::Down, Notice::Failed) => Some(Said::Failed),
            (Said::Dead | Said::Failed, Notice::Down) => Some(Said::Down),
            _ => None,
        }
    }
}

impl World {
    /// Writes the record, then sends the notices.
    pub(crate) fn publish(&mut self, by: Pid, notices: &[Notice]) {
        if self.meddle.notices_first {
            self.notify(by, notices);
        }
        let Some(supervisor) = self.supervisor(by) else { return };
        let (directory, service) = (supervisor.directory, supervisor.service.clone());
        let it = &mut self.directories[directory];
        (it.record, it.detail) = (Some(service.record()), service.detail());
        if !self.meddle.notices_first {
            self.notify(by, notices);
        }
    }

    fn notify(&mut self, by: Pid, notices: &[Notice]) {
        for (place, &notice) in notices.iter().enumerate() {
            let Some(supervisor) = self.supervisor(by) else { return };
            let (directory, said) = (supervisor.directory, supervisor.said);
            let follows = said.then(notice);
            self.law(Law::Notices, follows.is_some(), |_| format!("{notice:?} after {said:?}"));
            let is_last = place + 1 == notices.len();
            let is_true = self.is_true(by, directory, notice, is_last);
            self.law(Law::Notices, is_true, |world| {
                format!("{notice:?}, and the record is {:?}", world.directories[directory].record)
            });
            if let (Some(supervisor), Some(said)) = (self.supervisor_mut(by), follows) {
                supervisor.said = said;
                match notice {
                    Notice::Failed => {
                        (supervisor.failed, supervisor.wanted) = (true, false);
                        self.directories[directory].neat = false;
                    }
                    Notice::Up => supervisor.failed = false,
                    _ => {}
                }
            }
        }
    }

    /// Whoever reads the record now finds in it what the notice says. Of several in one write the last one.
    fn is_true(&self, by: Pid, directory: usize, notice: Notice, is_last: bool) -> bool {
        let Some(record) = self.directories[directory].record else { return false };
        match notice {
            Notice::Up => record.is_up(),
            Notice::Ready => {
                record.is_up()
                    && record.ready
                    && self.supervisor(by).is_some_and(|supervisor| supervisor.said_ready)
            }
            Notice::Dead => !is_last || record.finishing,
            Notice::Down => record.pid.is_none() && !record.finishing && record.ready,
            Notice::Failed => !record.wanted_up && self.directories[directory].detail.failed.is_some(),
            Notice::Started | Notice::Exiting => false,
        }
    }

    /// The record is that of the state, and of the world.
    pub(crate) fn look_at_record(&mut self, by: Pid) {
        let Some(supervisor) = self.supervisor(by) else { return };
        let directory = supervisor.directory;
        let adopted = supervisor.adopted.is_some();
        let (state, written) = (supervisor.service.record(), self.directories[directory].record);
        self.law(Law::Record, written == Some(state), |world| {
            format!("of {}: {written:?}, the state is {state:?}", world.called(directory))
        });
        if adopted {
            return;
        }
        let child = |kind: fn(Kind) -> bool| {
            let mut children = self
                .processes
                .iter()
                .filter(|p| p.parent == Parent::Supervisor(by) && !p.mourned && kind(p.kind));
            children.next().map(|process| process.pid)
        };
        let run = child(|kind| kind == Kind::Run);
        let script = child(|kind| matches!(kind, Kind::Script(_)));
        let named = if state.finishing { script } else { run };
        self.law(Law::Record, state.pid == named && (state.finishing || script.is_none()), |_| {
            format!("it names {:?}, and there are run {run:?} and script {script:?}", state.pid)
        });
    }
}
