//! The roster, its indices, and where each event goes.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::time::Duration;

use control::ScanCommand;
use unix::Pid;

use crate::candidate::Waiting;
use crate::order::Order;
use crate::scan::{Pending, Prune, Replacement};
use crate::service::{Peer, Role, Service};
use crate::stop::Stop;
use crate::{Action, Actions, Candidate, Event, Identity, Slot};

/// What the scanner was called with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The most services, loggers included.
    pub most: usize,
    /// Time between two scans that nobody asks for.
    pub rescan: Option<Duration>,
    /// From the order to stop to SIGKILL.
    pub stop_timeout: Option<Duration>,
    /// The service that reads what everything else writes, by either of its names.
    pub special: [&'static [u8]; 2],
}

/// Which services there are, and what is to happen to them.
#[derive(Clone, Debug)]
pub struct Roster {
    pub(crate) settings: Settings,
    pub(crate) services: Vec<Option<Service>>,
    pub(crate) free: Vec<u32>,
    pub(crate) by_pid: Order,
    pub(crate) by_identity: Order,
    pub(crate) by_name: Order,
    pub(crate) candidates: Vec<Option<Waiting>>,
    pub(crate) candidate_names: Order,
    /// No supervisor is to be started before.
    pub(crate) start_at: Option<Duration>,
    /// No candidate is to be looked at before.
    pub(crate) look_at: Option<Duration>,
    /// The scan to come.
    pub(crate) pending: Option<Pending>,
    /// The scan that decides what has gone: whatever else scans meanwhile decides nothing.
    pub(crate) replacement: Option<Replacement>,
    /// The scan that is being made.
    pub(crate) scanning: Option<Pending>,
    /// The next scan of `Settings::rescan`.
    pub(crate) rescan_at: Option<Duration>,
    /// Changes should be told and are not: scan by time.
    pub(crate) blind: bool,
    /// Changes are told.
    pub(crate) watching: bool,
    /// A service waits for another one to be forgotten.
    pub(crate) blocked: bool,
    /// That there are too many was said.
    pub(crate) full_was_said: bool,
    /// The order to stop was given.
    pub(crate) stop: Option<Stop>,
}

impl Roster {
    /// An empty roster, whose first deadline is now: for the first scan.
    pub fn new(settings: Settings, now: Duration) -> Roster {
        Roster {
            services: Vec::new(),
            free: Vec::new(),
            by_pid: Order::default(),
            by_identity: Order::default(),
            by_name: Order::default(),
            candidates: Vec::new(),
            candidate_names: Order::default(),
            start_at: None,
            look_at: None,
            pending: Some(Pending { at: now, eager: true, prune: Prune::No }),
            replacement: None,
            scanning: None,
            rescan_at: settings.rescan.map(|interval| now + interval),
            blind: false,
            watching: false,
            blocked: false,
            full_was_said: false,
            stop: None,
            settings,
        }
    }

    /// Takes an event in and adds what is to be done about it to `actions`.
    pub fn step(&mut self, event: Event<'_>, now: Duration, actions: &mut Actions) {
        match event {
            Event::Timeout => self.time_has_come(now, actions),
            Event::Command(command) => self.command(command, now, actions),
            Event::Scanned(Some(found)) => self.scanned(found, true, now, actions),
            Event::ScannedInPart(found) => self.scanned(found, false, now, actions),
            Event::Scanned(None) => self.scan_failed(now),
            Event::Looked(candidate, look) => self.looked(candidate, look, now, actions),
            Event::Started(slot, pid) => self.started(slot, pid, now, actions),
            Event::Misplaced(slot) => self.misplaced(slot, now, actions),
            Event::Adopted(slot, pid) => self.adopted(slot, pid, actions),
            Event::Ended(slot, code) => self.ended(slot, code, now, actions),
            Event::LoggerIsDown(_, false) => {}
            Event::LoggerIsDown(slot, true) => self.logger_is_down(slot, actions),
            Event::Exited(pid, exit) => self.exited(pid, exit, now, actions),
            Event::Departed(slot, exit) => self.departed(slot, exit, now, actions),
            Event::Appeared(name, arrival) => self.appeared(name, arrival, now, actions),
            Event::Altered(name) => self.altered(name, now),
            Event::Grown(candidate) => self.grown(candidate, now),
            Event::Vanished(name) => self.vanished(name, now, actions),
            Event::Overflow => self.overflow(now),
            Event::Moved => self.keep_all(),
            Event::Watching(yes) => self.watching(yes, now),
        }
    }

    /// When `Timeout` is due; `None`: nothing will happen on its own.
    pub fn deadline(&self) -> Option<Duration> {
        match &self.stop {
            Some(stop) => stop.deadline(),
            None => [
                self.start_at,
                self.look_at,
                self.pending.map(|scan| scan.at),
                self.replacement.map(|replacement| replacement.at),
                self.rescan_at,
            ]
            .into_iter()
            .flatten()
            .min(),
        }
    }

    fn time_has_come(&mut self, now: Duration, actions: &mut Actions) {
        if self.stop.is_some() {
            return self.stop_time_has_come(now, actions);
        }
        if self.rescan_at.is_some_and(|at| at <= now) {
            self.rescan_at = self.settings.rescan.map(|interval| now + interval);
            self.plan_scan(Pending { at: now, eager: !self.watching, prune: Prune::No });
        }
        if self.replacement.is_some_and(|replacement| replacement.at <= now) {
            self.replacement = None;
            self.plan_scan(Pending { at: now, eager: false, prune: Prune::Services });
        }
        if self.pending.is_some_and(|scan| scan.at <= now) {
            // Its answer may forget services: nothing else may be on its way meanwhile.
            return self.scan(actions);
        }
        self.start_those_due(now, actions);
        self.look_at_those_due(now, actions);
    }

    fn command(&mut self, command: ScanCommand, now: Duration, actions: &mut Actions) {
        match command {
            ScanCommand::Scan => self.scan_now(Prune::No, now, actions),
            ScanCommand::Rescan => {
                self.keep_none();
                self.scan_now(Prune::Services, now, actions);
            }
            ScanCommand::Prune => {
                self.keep_none();
                self.prune(Prune::Services, now, actions);
            }
            ScanCommand::PruneLoggers => {
                self.keep_none();
                self.prune(Prune::LoggersToo, now, actions);
            }
            ScanCommand::Terminate | ScanCommand::Interrupt => self.stop_all(0, false, now, actions),
            ScanCommand::Quit => self.stop_all(0, true, now, actions),
            ScanCommand::Abort => actions.push_back(Action::Leave(self.code())),
            // Dead children are collected before any command is read; an upgrade is nothing that a roster knows of.
            ScanCommand::Reap | ScanCommand::Upgrade => {}
        }
    }

    /// The name of a service: `web`, or `web/log`.
    pub fn name(&self, slot: Slot) -> &[u8] {
        self.get(slot.0).map_or(b"", |service| &service.name)
    }

    /// Which directory a service is; `None` if the slot is free.
    pub fn identity(&self, slot: Slot) -> Option<Identity> {
        self.get(slot.0).map(|service| service.identity)
    }

    /// What a service is to its neighbour.
    pub fn role(&self, slot: Slot) -> Role {
        match self.get(slot.0).map(|service| service.peer) {
            Some(Peer::Logger(logger)) => Role::Producer(Slot(logger)),
            Some(Peer::Producer(producer)) => Role::Logger(Slot(producer)),
            Some(Peer::None | Peer::Former) | None => Role::Plain,
        }
    }

    /// This service reads what everything else writes.
    pub fn is_special(&self, slot: Slot) -> bool {
        self.get(slot.0).is_some_and(|service| service.special)
    }

    /// What the scanner was called with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The name of a candidate.
    pub fn candidate(&self, candidate: Candidate) -> &[u8] {
        self.candidates.get(candidate.index()).and_then(Option::as_ref).map_or(b"", |waiting| &waiting.name)
    }

    /// The supervisors that live: name, pid, and whether the service is a logger.
    pub fn supervisors(&self) -> impl Iterator<Item = (&[u8], Pid, bool)> {
        self.by_pid.iter().filter_map(|place| {
            let service = self.get(place)?;
            Some((&*service.name, service.pid()?, service.is_logger() || service.special))
        })
    }

    /// This is a supervisor of ours.
    pub fn supervises(&self, pid: Pid) -> bool {
        self.place_of_pid(pid).is_some()
    }

    /// The names of the services that are no loggers.
    pub fn writers(&self) -> impl Iterator<Item = &[u8]> {
        let all = self.services.iter().flatten();
        all.filter(|service| !service.is_logger() && !service.special).map(|service| &*service.name)
    }

    /// The names of the services whose supervisors live.
    pub fn waited_for(&self) -> impl Iterator<Item = &[u8]> {
        self.by_name.iter().filter_map(|place| self.get(place)).filter(|s| s.is_up()).map(|s| &*s.name)
    }

    /// Everything is being stopped.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_some()
    }

    pub(crate) fn get(&self, place: u32) -> Option<&Service> {
        self.services.get(place as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, place: u32) -> Option<&mut Service> {
        self.services.get_mut(place as usize)?.as_mut()
    }

    pub(crate) fn places(&self) -> core::ops::Range<u32> {
        0..self.services.len() as u32
    }

    pub(crate) fn place_of_pid(&self, pid: Pid) -> Option<u32> {
        self.by_pid.find(|place| compare_key(&self.services, place, (pid, false)))
    }

    pub(crate) fn place_of_identity(&self, identity: Identity) -> Option<u32> {
        self.by_identity.find(|place| compare_identity(&self.services, place, identity))
    }

    pub(crate) fn place_of_name(&self, name: &[u8]) -> Option<u32> {
        self.by_name.find(|place| compare_name(&self.services, place, name))
    }
}

fn at(services: &[Option<Service>], place: u32) -> Option<&Service> {
    services.get(place as usize)?.as_ref()
}

pub(crate) fn compare_key(services: &[Option<Service>], place: u32, key: (Pid, bool)) -> Ordering {
    at(services, place).and_then(Service::key).cmp(&Some(key))
}

pub(crate) fn compare_identity(services: &[Option<Service>], place: u32, identity: Identity) -> Ordering {
    at(services, place).map(|service| service.identity).cmp(&Some(identity))
}

pub(crate) fn compare_name(services: &[Option<Service>], place: u32, name: &[u8]) -> Ordering {
    at(services, place).map(|service| &*service.name).cmp(&Some(name))
}
