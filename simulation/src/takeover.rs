//! What a supervisor leaves, and how the next one goes on from there.
//!
//! The state is written down when all answers to an event are in, and by each child before its program begins, with the
//! pid: whenever a supervisor is killed, what is found leads to what is.

use alloc::format;

use lifecycle::{Event, KillMode, Leaving, Phase, Readiness, Script, Service};
use unix::{Pid, Signal};

use crate::directory::Means;
use crate::kernel::Kind;
use crate::law::Law;
use crate::notices::Said;
use crate::spawn::CHECK_INTERVAL;
use crate::supervisor::Supervisor;
use crate::world::World;

/// What stands in `supervise/lock`.
#[derive(Clone, Debug)]
pub(crate) struct Left {
    service: Service,
    /// It was started and is not known yet.
    newborn: Option<Pid>,
}

impl World {
    /// kill -9.
    pub(crate) fn strike(&mut self, pid: Pid) {
        self.doom = self.doom.filter(|&(doomed, _)| doomed != pid);
        if self.supervisor(pid).is_some() {
            self.say(|world| format!("somebody kills {}", world.named_pid(pid)));
            self.send(pid, Signal::KILL);
        }
    }

    pub(crate) fn begins_to_feed(&mut self, by: Pid) {
        if let Some(supervisor) = self.supervisor_mut(by) {
            supervisor.feeding = true;
        }
    }

    /// The state is written down.
    pub(crate) fn keep(&mut self, by: Pid) {
        let forgets = self.meddle.forgets;
        if let Some(supervisor) = self.supervisor_mut(by) {
            supervisor.feeding = false;
            if forgets {
                return;
            }
            let (directory, service) = (supervisor.directory, supervisor.service.clone());
            self.directories[directory].left = Some(Left { service, newborn: None });
        }
    }

    /// A child writes itself down, beside the state that waits for it.
    pub(crate) fn keep_newborn(&mut self, by: Pid, newborn: Pid) {
        if let Some(supervisor) = self.supervisor(by) {
            let (directory, service) = (supervisor.directory, supervisor.service.clone());
            self.directories[directory].left = Some(Left { service, newborn: Some(newborn) });
        }
    }

    /// A supervisor ends. If it could, it leaves nothing that nobody needs.
    pub(crate) fn leave_behind(&mut self, pid: Pid) {
        let Some(supervisor) = self.supervisor(pid) else { return };
        let directory = supervisor.directory;
        let left = self.directories[directory].left.as_ref();
        let is_it = left.is_none_or(|left| left.newborn.is_none() && left.service == supervisor.service);
        let whole = supervisor.feeding || supervisor.fresh || is_it;
        if supervisor.quits {
            self.processes.iter_mut().filter(|p| p.directory == directory).for_each(|p| p.left_alone = true);
        }
        let Some(supervisor) = self.supervisor(pid) else { return };
        let clears = supervisor.exit.is_some() && matches!(supervisor.service.phase(), Phase::Down { .. });
        self.law(Law::TakeOver, whole, |_| format!("{pid} has left something else than its state"));
        if clears {
            self.directories[directory].left = None;
        }
    }

    /// The state that a supervisor of this directory begins with.
    pub(crate) fn first_state(&mut self, directory: usize, is_logger: bool) -> (Service, bool) {
        let left = self.directories[directory].left.as_ref().map(|left| left.service.clone());
        let restored = left.as_ref().and_then(|service| Service::restore(&service.save(), is_logger));
        if let Some(left) = left {
            // One that was renamed may have become a logger, or be none any more.
            let same = restored.as_ref().is_some_and(|restored| restored.save() == left.save());
            self.law(Law::TakeOver, same, |_| format!("{left:?} is read back as {restored:?}"));
        }
        match restored {
            Some(service) => (service, true),
            None => (Service::new(self.moment(), !self.directories[directory].down, is_logger), false),
        }
    }

    /// A new supervisor goes on where the other one was.
    pub(crate) fn take_over(&mut self, by: Pid) {
        let Some(supervisor) = self.supervisor_mut(by).filter(|supervisor| supervisor.fresh) else { return };
        supervisor.goes_on();
        let (directory, service) = (supervisor.directory, supervisor.service.clone());
        let newborn = self.directories[directory].left.as_ref().and_then(|left| left.newborn);
        self.say(|world| format!("  {by} takes {} over: {:?}", world.called(directory), service.phase()));
        self.directories[directory].record = Some(service.record());
        let [main, _] = service.processes();
        let main = main.or(newborn);
        if let Some(supervisor) = self.supervisor_mut(by) {
            supervisor.adopted = main;
        }
        if let (Some(_), Phase::Ending(ending)) = (newborn, service.phase())
            && let Some(supervisor) = self.supervisor_mut(by).filter(|_| ending.script == Script::Finish)
        {
            supervisor.unfinished = None;
        }
        self.processes.iter_mut().filter(|p| p.directory == directory).for_each(|p| p.left_alone = false);
        if let Some(newborn) = newborn {
            let readiness = self.readiness(directory);
            self.feed(by, service.birth(newborn, readiness, KillMode::Process));
        }
        let check = self.supervisor(by).and_then(|supervisor| supervisor.service.processes()[1]);
        // By its descriptor: it is no child of his.
        check.into_iter().for_each(|check| self.send(check, Signal::KILL));
        self.listen_again(by, main);
        self.feed(by, Event::TakenOver);
        self.feed_adopted(by);
    }

    fn readiness(&self, directory: usize) -> Readiness {
        match self.directories[directory].means {
            Means::None => Readiness::Unknown,
            Means::Notification => Readiness::Notification,
            Means::Check => Readiness::Check(CHECK_INTERVAL),
        }
    }

    /// The pipe on which it says that it is ready still has its other end, with what it has said.
    fn listen_again(&mut self, by: Pid, main: Option<Pid>) {
        let run = main.and_then(|main| self.process(main));
        let run = run.filter(|run| run.kind == Kind::Run && run.dead.is_none());
        let Some((newline, directory)) = run.map(|run| (run.newline, run.directory)) else { return };
        let notifies = self.directories[directory].means == Means::Notification;
        if let Some(supervisor) =
            self.supervisor_mut(by).filter(|supervisor| notifies && !supervisor.service.record().ready)
        {
            (supervisor.listens, supervisor.notified) = (true, newline);
            supervisor.said_ready |= newline;
        }
    }

    /// The end of what was taken over, once the scanner has waited for it.
    pub(crate) fn feed_adopted(&mut self, by: Pid) {
        let Some(adopted) = self.supervisor(by).and_then(|supervisor| supervisor.adopted) else { return };
        let exit = self.deaths.iter().find(|(dead, _)| *dead == adopted).map(|&(_, exit)| exit);
        let known = exit.is_some() || self.process(adopted).is_some();
        self.law(Law::TakeOver, known, |_| format!("nobody can tell how {adopted} has ended"));
        let Some(exit) = exit else { return };
        self.feed_readiness(by);
        let Some(supervisor) = self.supervisor_mut(by) else { return };
        supervisor.adopted = None;
        if matches!(supervisor.service.phase(), Phase::Up(_)) {
            self.run_is_dead(by, adopted);
        } else {
            supervisor.script_until = None;
        }
        self.feed(by, Event::Exited(adopted, exit));
    }
}

impl Supervisor {
    /// What the laws have to know of a state that begins in the middle.
    fn goes_on(&mut self) {
        self.fresh = false;
        let (record, phase) = (self.service.record(), self.service.phase());
        self.wanted = record.wanted_up;
        self.failed = self.service.detail().failed.is_some() && !record.wanted_up;
        self.told_to_leave = !matches!(self.service.leaving(), Leaving::No | Leaving::Essential);
        self.idle_since = None;
        self.said_ready = record.ready && record.is_up();
        (self.said, self.unfinished) = match phase {
            Phase::Down { .. } => (Said::Down, None),
            Phase::Clearing(clearing) => {
                let said = if clearing.ending.told { Said::Dead } else { Said::Up };
                (said, Some(clearing.group))
            }
            Phase::Up(up) => (if up.ready { Said::Ready } else { Said::Up }, None),
            Phase::Ending(ending) => {
                let said = if ending.told { Said::Dead } else { Said::Up };
                let waits = ending.script == Script::Crash || ending.pid.is_none();
                (said, ending.death.group.filter(|_| waits))
            }
        };
    }
}
