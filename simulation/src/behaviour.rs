//! How processes behave: by chance, or well.

use unix::{Exit, Pid, Signal};

use crate::clock::Ms;
use crate::directory::Means;
use crate::kernel::{Asked, Kind};
use crate::world::World;

/// How a process can end.
const ENDS: [Exit; 5] = [
    Exit::Code(0),
    Exit::Code(1),
    Exit::Code(125),
    Exit::Killed { signal: Signal::SEGV, core: true },
    Exit::Killed { signal: Signal::TERM, core: false },
];

impl World {
    /// An end by chance.
    pub(crate) fn an_end(&mut self) -> Exit {
        self.chance.pick(&ENDS)
    }

    /// Gives a new process its character.
    pub(crate) fn behave(&mut self, pid: Pid, kind: Kind, means: Means) {
        if self.well {
            return self.behave_well(pid, kind, means);
        }
        let now = self.now;
        let end = self.an_end();
        let life: Option<Ms> = match kind {
            Kind::Run => {
                self.chance.pick(&[None, None, None, Some(1), Some(50), Some(900), Some(1000), Some(5000)])
            }
            _ => self.chance.pick(&[Some(1), Some(1), Some(5), Some(200), Some(9000)]),
        };
        let asked = self.chance.pick(&[
            Asked::Dies,
            Asked::Dies,
            Asked::DiesAfter(50),
            Asked::DiesAfter(2500),
            Asked::Ignores,
        ]);
        let ready: Option<Ms> = self.chance.pick(&[Some(1), Some(40), Some(1200), None]);
        if let Some(process) = self.processes.iter_mut().find(|process| process.pid == pid) {
            process.dies_at = life.map(|life| (now + life, end));
            process.asked = asked;
            process.ready_at =
                ready.filter(|_| kind == Kind::Run && means == Means::Notification).map(|ready| now + ready);
        }
    }

    /// It lives, is ready soon, and obeys; a script or a check does its work.
    fn behave_well(&mut self, pid: Pid, kind: Kind, means: Means) {
        let now = self.now;
        if let Some(process) = self.processes.iter_mut().find(|process| process.pid == pid) {
            process.asked = Asked::Dies;
            match kind {
                Kind::Run => process.ready_at = (means == Means::Notification).then_some(now + 5),
                _ => process.dies_at = Some((now + 1, Exit::Code(0))),
            }
        }
    }

    /// Whoever lives is well from now on.
    pub(crate) fn get_well(&mut self) {
        self.well = true;
        let now = self.now;
        for process in self.processes.iter_mut().filter(|process| process.dead.is_none()) {
            process.asked = Asked::Dies;
            match process.kind {
                Kind::Supervisor => {}
                Kind::Run if !process.was_asked => process.dies_at = None,
                _ => process.dies_at = Some((now + 1, Exit::Code(0))),
            }
        }
        self.pipes_after_a_death();
    }
}
