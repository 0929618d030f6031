//! Scans: what is found becomes a service, what is not found is stopped and forgotten.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;
use core::time::Duration;

use crate::roster::{Roster, compare_name};
use crate::service::{Peer, Service, Supervisor, Told};
use crate::{Action, Actions, Found, Identity, LONGEST_REPLACEMENT, REPLACEMENT, Remark, SCAN_AGAIN, Slot};

/// A scan that is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) at: Duration,
    /// New directories are started at once, complete or not.
    pub(crate) eager: bool,
    pub(crate) prune: Prune,
}

/// The scan that follows when names have gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Replacement {
    pub(crate) at: Duration,
    /// When the first of them went.
    since: Duration,
}

/// Who is stopped when a directory has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Prune {
    No,
    /// Whoever is still gone once it had the time to come back.
    Later,
    /// The service; its logger ends by end of file.
    Services,
    /// The logger likewise.
    LoggersToo,
}

/// What became of a directory that should be a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admitted {
    /// It is one.
    Yes,
    /// Another service has to be forgotten first.
    Blocked,
    /// The same, and that one was only kept for want of anything better.
    Replaces,
    /// There is no memory now.
    NoRoom,
}

impl Roster {
    pub(crate) fn plan_scan(&mut self, scan: Pending) {
        self.pending = Some(match self.pending {
            None => scan,
            Some(other) => Pending {
                at: other.at.min(scan.at),
                eager: other.eager || scan.eager,
                prune: other.prune.max(scan.prune),
            },
        });
    }

    pub(crate) fn scan_now(&mut self, prune: Prune, now: Duration, actions: &mut Actions) {
        if self.stop.is_none() {
            self.plan_scan(Pending { at: now, eager: true, prune });
            self.scan(actions);
        }
    }

    pub(crate) fn scan(&mut self, actions: &mut Actions) {
        if let Some(scan) = self.pending.take() {
            self.scanning = Some(scan);
            actions.push_back(Action::Scan);
        }
    }

    /// A name has gone: scan once it had the time to come back.
    pub(crate) fn scan_after_replacement(&mut self, now: Duration) {
        let since = self.replacement.map_or(now, |replacement| replacement.since);
        let at = (now + REPLACEMENT).min(since + LONGEST_REPLACEMENT);
        self.replacement = Some(Replacement { at, since });
    }

    /// Something could not be done for want of memory.
    pub(crate) fn scan_again(&mut self, now: Duration) {
        self.plan_scan(Pending { at: now + SCAN_AGAIN, eager: false, prune: Prune::No });
    }

    pub(crate) fn overflow(&mut self, now: Duration) {
        if self.stop.is_none() {
            self.plan_scan(Pending { at: now, eager: false, prune: Prune::Later });
            self.look_at_all(now);
        }
    }

    pub(crate) fn watching(&mut self, yes: bool, now: Duration) {
        self.watching = true;
        self.blind = !yes;
        if self.blind && self.stop.is_none() {
            self.plan_scan(Pending { at: now + SCAN_AGAIN, eager: false, prune: Prune::Later });
        }
    }

    pub(crate) fn scan_failed(&mut self, now: Duration) {
        if let (Some(scan), None) = (self.scanning.take(), self.stop) {
            self.plan_scan(Pending { at: now + SCAN_AGAIN, ..scan });
        }
    }

    pub(crate) fn scanned(&mut self, found: &[Found<'_>], whole: bool, now: Duration, actions: &mut Actions) {
        let Some(scan) = self.scanning.take().filter(|_| self.stop.is_none()) else { return };
        if self.blind || !whole {
            self.plan_scan(Pending { at: now + SCAN_AGAIN, eager: false, prune: Prune::Later });
        }
        if whole {
            self.services.iter_mut().flatten().for_each(|service| service.seen = service.kept);
        }
        self.mark(found, actions);
        for directory in found {
            if self.place_of_identity(directory.service).is_some() {
                continue;
            } else if scan.eager {
                self.admit_at_once(directory, now, actions);
            } else {
                self.await_completion(directory.name, now, actions);
            }
        }
        for place in self.places() {
            if self.get(place).is_some_and(|service| !service.seen && service.is_down()) {
                self.start_again_or_forget(place, now, actions);
            }
        }
        self.prune(scan.prune, now, actions);
        self.start_those_due(now, actions);
    }

    /// What runs now goes on, even if it is not in the new scan directory: an unmount or a mount is no order
    /// to stop anything. A command to prune is, and so is a directory that comes to have the same name.
    pub(crate) fn keep_all(&mut self) {
        self.services.iter_mut().flatten().for_each(|service| service.kept = service.seen);
    }

    pub(crate) fn keep_none(&mut self) {
        for place in self.places() {
            self.let_go(place);
        }
    }

    /// Keeps a service no longer that was not found.
    fn let_go(&mut self, place: u32) -> bool {
        let Some(service) = self.get_mut(place).filter(|service| service.kept) else { return false };
        (service.seen, service.kept) = (false, false);
        true
    }

    /// Marks the services that were found, those under their own name first; one that was found under
    /// another name only takes that.
    fn mark(&mut self, found: &[Found<'_>], actions: &mut Actions) {
        for own_name in [true, false] {
            for directory in found {
                let Some(place) = self.place_of_identity(directory.service) else { continue };
                let Some(service) = self.get_mut(place) else { continue };
                let marked = service.seen && !service.kept;
                if service.is_logger() || marked || own_name != (service.name == directory.name) {
                    continue;
                }
                (service.seen, service.kept) = (true, false);
                if !own_name {
                    self.rename(place, directory.name);
                }
                self.mark_log(place, directory, actions);
            }
        }
    }

    fn rename(&mut self, place: u32, name: &[u8]) {
        let Some(mut own) = text(&[name]) else { return };
        let services = &self.services;
        let Some(Some(service)) = services.get(place as usize) else { return };
        self.by_name.remove(place, |other| compare_name(services, other, &service.name));
        let peer = service.peer;
        if let Some(service) = self.get_mut(place) {
            core::mem::swap(&mut service.name, &mut own);
        }
        let services = &self.services;
        let Some(Some(service)) = services.get(place as usize) else { return };
        self.by_name.insert(place, |other| compare_name(services, other, &service.name));
        if let (Peer::Logger(logger), Some(name)) = (peer, text(&[name, b"/log"])) {
            self.rename(logger, &name);
        }
    }

    fn admit_at_once(&mut self, directory: &Found<'_>, now: Duration, actions: &mut Actions) {
        self.drop_candidate(directory.name, actions);
        match self.admit(directory, actions) {
            Admitted::Yes | Admitted::Blocked => {}
            Admitted::Replaces => self.scan_after_replacement(now),
            Admitted::NoRoom => {
                self.plan_scan(Pending { at: now + SCAN_AGAIN, eager: true, prune: Prune::No });
            }
        }
    }

    /// Makes a directory a service, if it can be one now.
    pub(crate) fn admit(&mut self, directory: &Found<'_>, actions: &mut Actions) -> Admitted {
        if let Some(place) = self.place_of_identity(directory.service) {
            self.admit_again(place, directory, actions);
            return Admitted::Yes;
        }
        if let Some(holder) = self.place_of_name(directory.name) {
            self.blocked = true;
            return if self.let_go(holder) { Admitted::Replaces } else { Admitted::Blocked };
        }
        let known_log = directory.log.and_then(|log| self.place_of_identity(log));
        if known_log.and_then(|log| self.get(log)).is_some_and(|log| !log.seen) {
            // It was the logger of another time, or a service: a start now would be one without a logger.
            self.blocked = true;
            return Admitted::Blocked;
        }
        let count = 1 + usize::from(directory.log.is_some() && known_log.is_none());
        let names = text(&[directory.name]).zip(text(&[directory.name, b"/log"]));
        let (name, log_name) = match self.make_room(count, names, actions) {
            Ok(names) => names,
            Err(refused) => return refused,
        };
        let place = self.insert(name, directory.service, Peer::None);
        self.start_when_it_may(place);
        match directory.log.filter(|_| count == 2) {
            Some(log) => self.insert_logger(place, log_name, log),
            None => self.mark_log(place, directory, actions),
        }
        Admitted::Yes
    }

    /// The directory is a service already.
    fn admit_again(&mut self, place: u32, directory: &Found<'_>, actions: &mut Actions) {
        if let Some(service) = self.get_mut(place)
            && service.name == directory.name
            && !service.is_logger()
        {
            (service.seen, service.kept) = (true, false);
            self.start_if_idle(place);
            self.mark_log(place, directory, actions);
        }
    }

    fn start_if_idle(&mut self, place: u32) {
        if self.get(place).is_some_and(|s| s.supervisor == Supervisor::Down { start_at: None }) {
            self.start_when_it_may(place);
        }
    }

    /// Marks the logger of a service that was found, or makes it.
    fn mark_log(&mut self, producer: u32, directory: &Found<'_>, actions: &mut Actions) {
        let (Some(log), Some(service)) = (directory.log, self.get(producer)) else { return };
        let (peer, up) = (service.peer, service.is_up());
        match (peer, self.place_of_identity(log)) {
            (Peer::Logger(logger), Some(known)) if logger == known => {
                if let Some(service) = self.get_mut(logger) {
                    (service.seen, service.kept) = (true, false);
                }
                self.start_if_idle(logger);
            }
            (Peer::None, None) => self.add_logger(producer, directory, log, up, actions),
            (Peer::None, Some(known)) if self.get(known).is_none_or(|other| other.seen) => {
                actions.push_back(Action::Say(Remark::LogTaken(Slot(producer))));
            }
            // Another logger has to be forgotten first.
            (Peer::None | Peer::Logger(_), _) => self.blocked = true,
            (Peer::Producer(_) | Peer::Former, _) => {}
        }
    }

    fn add_logger(
        &mut self,
        producer: u32,
        directory: &Found<'_>,
        log: Identity,
        late: bool,
        actions: &mut Actions,
    ) {
        let Ok(name) = self.make_room(1, text(&[directory.name, b"/log"]), actions) else {
            self.blocked = true;
            return;
        };
        self.insert_logger(producer, name, log);
        if late && let Some(Peer::Logger(logger)) = self.get(producer).map(|service| service.peer) {
            actions.push_back(Action::Say(Remark::LateLogger(Slot(logger))));
        }
    }

    fn insert_logger(&mut self, producer: u32, name: Vec<u8>, identity: Identity) {
        let logger = self.insert(name, identity, Peer::Producer(producer));
        if let Some(service) = self.get_mut(producer) {
            service.peer = Peer::Logger(logger);
        }
        self.start_when_it_may(logger);
    }

    /// Makes room for as many services at once, whose names (`None`: no memory) are given back.
    fn make_room<T>(&mut self, count: usize, names: Option<T>, actions: &mut Actions) -> Result<T, Admitted> {
        if self.by_identity.len() + count > self.settings.most {
            if !core::mem::replace(&mut self.full_was_said, true) {
                actions.push_back(Action::Say(Remark::TooMany));
            }
            self.blocked = true;
            return Err(Admitted::Blocked);
        }
        match (self.grow(count, actions), names) {
            (Ok(()), Some(names)) => Ok(names),
            _ => {
                actions.push_back(Action::Say(Remark::NoMemory));
                Err(Admitted::NoRoom)
            }
        }
    }

    /// Puts a service where there is room for it.
    fn insert(&mut self, name: Vec<u8>, identity: Identity, peer: Peer) -> u32 {
        let special = self.settings.special.contains(&&*name);
        let service = Service {
            name,
            identity,
            peer,
            supervisor: Supervisor::Down { start_at: None },
            started: None,
            seen: true,
            bereaved: false,
            told: Told::Nothing,
            kept: false,
            special,
        };
        let place = match self.free.pop() {
            Some(place) => place,
            None => {
                self.services.push(None);
                self.services.len() as u32 - 1
            }
        };
        self.services[place as usize] = Some(service);
        self.index(place);
        place
    }

    /// Takes the room that `count` more services will ever need.
    pub(crate) fn grow(&mut self, count: usize, actions: &mut Actions) -> Result<(), TryReserveError> {
        self.services.try_reserve(count.saturating_sub(self.free.len()))?;
        let services = self.services.capacity();
        let room = |used: usize| services.saturating_sub(used);
        self.free.try_reserve(room(self.free.len()))?;
        self.by_pid.try_reserve(room(self.by_pid.len()))?;
        self.by_identity.try_reserve(room(self.by_identity.len()))?;
        self.by_name.try_reserve(room(self.by_name.len()))?;
        // One step says at most four things of a service: close its pipe, two signals, start it.
        actions.try_reserve(4 * services + 16)
    }

    /// Stops the supervisors of what the last scan has not found.
    pub(crate) fn prune(&mut self, prune: Prune, now: Duration, actions: &mut Actions) {
        if prune == Prune::No || self.stop.is_some() {
            return;
        }
        for place in self.places() {
            let Some(service) = self.get(place).filter(|service| !service.seen) else { continue };
            // A logger without its directory ends once the supervisor of its producer has exited.
            if service.is_logger() && prune != Prune::LoggersToo {
                continue;
            }
            if prune != Prune::Later {
                self.tell(place, Told::ToEnd, actions);
            } else if service.is_up() && service.told == Told::Nothing {
                return self.scan_after_replacement(now);
            }
        }
    }
}

/// A text of its own; `None`: no memory.
pub(crate) fn text(parts: &[&[u8]]) -> Option<Vec<u8>> {
    let mut own = Vec::new();
    for part in parts {
        own.try_reserve_exact(part.len()).ok()?;
        own.extend_from_slice(part);
    }
    Some(own)
}
