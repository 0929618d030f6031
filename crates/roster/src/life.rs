//! The life of a supervisor: started, dead, started again or forgotten.

use core::time::Duration;

use unix::{Exit, Pid};

use crate::roster::{Roster, compare_identity, compare_key, compare_name};
use crate::scan::{Pending, Prune};
use crate::service::{Peer, Service, Supervisor, Told};
use crate::{Action, Actions, ESSENTIAL_ENDED, Remark, START_AGAIN, Slot, UNKNOWN_END};

impl Roster {
    pub(crate) fn start_those_due(&mut self, now: Duration, actions: &mut Actions) {
        if self.start_at.is_none_or(|at| at > now) {
            return;
        }
        self.start_at = None;
        self.start_every(true, now, actions);
        self.start_every(false, now, actions);
    }

    /// Starts those that are due among the special ones, or among the others: who reads what everything else writes
    /// is there first.
    fn start_every(&mut self, special: bool, now: Duration, actions: &mut Actions) {
        for place in self.places() {
            let Some(service) = self.get_mut(place).filter(|service| service.special == special) else {
                continue;
            };
            match service.supervisor {
                Supervisor::Down { start_at: Some(at) } if at <= now => {
                    service.supervisor = Supervisor::Starting;
                    actions.push_back(Action::Start(Slot(place)));
                }
                Supervisor::Down { start_at: Some(at) } => self.start_by(at),
                Supervisor::Down { start_at: None }
                | Supervisor::Starting
                | Supervisor::Up { .. }
                | Supervisor::Adopted { .. } => {}
            }
        }
    }

    pub(crate) fn started(&mut self, slot: Slot, pid: Option<Pid>, now: Duration, actions: &mut Actions) {
        let stopping = self.stop.is_some();
        let Some(service) = self.get_mut(slot.0) else { return };
        service.started = Some(now);
        match pid {
            Some(pid) => self.is_there(slot.0, Supervisor::Up { pid }, actions),
            None if stopping => {
                service.supervisor = Supervisor::Down { start_at: None };
                self.stopped(slot.0, actions);
            }
            None => self.start_at(slot.0, now + START_AGAIN),
        }
    }

    /// The directory of a service is not where it was: a start now would be that of another one, or of none.
    pub(crate) fn misplaced(&mut self, slot: Slot, now: Duration, actions: &mut Actions) {
        self.started(slot, None, now, actions);
        if self.stop.is_none() {
            self.plan_scan(Pending { at: now, eager: !self.watching, prune: Prune::No });
        }
    }

    /// When it was started nobody knows: its successor may come at once.
    pub(crate) fn adopted(&mut self, slot: Slot, pid: Pid, actions: &mut Actions) {
        self.is_there(slot.0, Supervisor::Adopted { pid }, actions);
    }

    fn is_there(&mut self, place: u32, supervisor: Supervisor, actions: &mut Actions) {
        let Some(service) = self.get_mut(place) else { return };
        service.told = Told::Nothing;
        service.bereaved = false;
        service.supervisor = supervisor;
        let Some(key) = service.key() else { return };
        let services = &self.services;
        self.by_pid.insert(place, |other| compare_key(services, other, key));
        if self.stop.is_some() {
            self.tell_to_stop(place, actions);
            self.close_pipe_of_nobody(place, actions);
            self.finish_stop(actions);
        }
    }

    pub(crate) fn exited(&mut self, pid: Pid, exit: Exit, now: Duration, actions: &mut Actions) {
        self.child_has_died();
        if let Some(place) = self.place_of_pid(pid) {
            self.has_died(place, exit, now, actions);
        }
    }

    pub(crate) fn departed(&mut self, slot: Slot, exit: Exit, now: Duration, actions: &mut Actions) {
        if self.get(slot.0).is_some_and(|service| matches!(service.supervisor, Supervisor::Adopted { .. })) {
            self.has_died(slot.0, exit, now, actions);
        }
    }

    fn has_died(&mut self, place: u32, exit: Exit, now: Duration, actions: &mut Actions) {
        let Some(key) = self.get(place).and_then(Service::key) else { return };
        let services = &self.services;
        self.by_pid.remove(place, |other| compare_key(services, other, key));
        let stopping = self.stop.is_some();
        let was_killed = exit.signal().is_some() && self.stop.is_none_or(|stop| stop.spares_everybody());
        let Some(service) = self.get_mut(place) else { return };
        service.supervisor = Supervisor::Down { start_at: None };
        service.bereaved = exit.signal().is_some();
        let told = core::mem::take(&mut service.told);
        if stopping && was_killed {
            // It has not ended its service. Its successor is told as it was.
            service.supervisor = Supervisor::Starting;
            actions.push_back(Action::Start(Slot(place)));
        } else if stopping {
            self.stopped(place, actions);
        } else if exit == Exit::Code(ESSENTIAL_ENDED) && told == Told::Nothing {
            actions.push_back(Action::ReadEnd(Slot(place)));
        } else {
            self.start_again_or_forget(place, now, actions);
        }
    }

    pub(crate) fn ended(&mut self, slot: Slot, code: Option<u8>, now: Duration, actions: &mut Actions) {
        if self.stop.is_none() {
            let code = code.unwrap_or(UNKNOWN_END);
            actions.push_back(Action::Say(Remark::Essential(slot, code)));
            self.stop_all(code, false, now, actions);
        }
    }

    /// The supervisor of `place` is not there: what next?
    pub(crate) fn start_again_or_forget(&mut self, place: u32, now: Duration, actions: &mut Actions) {
        let Some(service) = self.get(place) else { return };
        let (seen, peer) = (service.seen, service.peer);
        if let Peer::Logger(logger) = peer {
            let logger_seen = self.get(logger).is_some_and(|logger| logger.seen);
            if !seen || !logger_seen {
                self.part(place, logger, now, actions);
            }
        }
        if seen && peer != Peer::Former {
            self.start_when_it_may(place);
        } else if !matches!(peer, Peer::Producer(_)) {
            self.forget(place, now);
        } else if let Some(logger) = self.get_mut(place) {
            // Its directory has gone. It stays, not started: its producer may still write.
            logger.supervisor = Supervisor::Down { start_at: None };
        }
    }

    /// Ends what is between a producer whose supervisor is not there and its logger.
    fn part(&mut self, producer: u32, logger: u32, now: Duration, actions: &mut Actions) {
        actions.push_back(Action::ClosePipe(Slot(producer)));
        if let Some(producer) = self.get_mut(producer) {
            producer.peer = Peer::None;
        }
        let Some(service) = self.get_mut(logger) else { return };
        service.peer = Peer::Former;
        service.seen = false;
        match service.supervisor {
            Supervisor::Up { .. } | Supervisor::Adopted { .. } => {
                self.tell(logger, Told::ToFinish, actions);
            }
            Supervisor::Down { .. } | Supervisor::Starting => self.forget(logger, now),
        }
    }

    /// Has a supervisor that is not there started, at most once in `START_GAP`.
    pub(crate) fn start_when_it_may(&mut self, place: u32) {
        if let Some(service) = self.get(place) {
            self.start_at(place, service.may_start_at());
        }
    }

    fn start_at(&mut self, place: u32, at: Duration) {
        if let Some(service) = self.get_mut(place) {
            service.supervisor = Supervisor::Down { start_at: Some(at) };
            self.start_by(at);
        }
    }

    fn start_by(&mut self, at: Duration) {
        self.start_at = Some(self.start_at.map_or(at, |other| other.min(at)));
    }

    fn forget(&mut self, place: u32, now: Duration) {
        let services = &self.services;
        let Some(Some(service)) = services.get(place as usize) else { return };
        self.by_identity.remove(place, |other| compare_identity(services, other, service.identity));
        self.by_name.remove(place, |other| compare_name(services, other, &service.name));
        let Some(service) = self.services[place as usize].take() else { return };
        self.free.push(place);
        self.full_was_said = false;
        self.look_again_at(&service.name, now);
        if core::mem::take(&mut self.blocked) {
            self.plan_scan(Pending { at: now, eager: !self.watching, prune: Prune::No });
        }
    }
}
