//! A roster as rows of numbers, for the program that is executed in place of this one.

use alloc::vec::Vec;
use core::time::Duration;

use unix::Pid;

use crate::roster::{Roster, compare_identity, compare_key, compare_name};
use crate::scan::{Pending, Prune};
use crate::service::{Peer, Service, Supervisor, Told};
use crate::{Actions, Slot};

/// A service: its slot, its name, and what else there is to know. Later versions may add numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its slot.
    pub slot: u32,
    /// Its name.
    pub name: Vec<u8>,
    /// Device, inode; the sum of 1 if it was found, 2 if it is kept, 4 if its last supervisor was killed; what its supervisor was told (0 to 2); the
    /// supervisor's pid, if it is a child, or 0; when one is to be started; 0, or 1, 2, 3: a producer, a logger, a former
    /// one; its peer's slot; when one was last started. Moments are milliseconds of the monotonic clock and one, or 0.
    pub numbers: [u64; 9],
}

/// No machine has as many services.
const MOST_SLOTS: u32 = 1 << 20;

impl Roster {
    /// Every service.
    pub fn rows(&self) -> impl Iterator<Item = Row> {
        self.places().filter_map(|slot| {
            let service = self.get(slot)?;
            Some(Row { slot, name: service.name.clone(), numbers: service.numbers() })
        })
    }

    /// Takes these services in, before anything else, and looks soon at what has changed meanwhile.
    pub fn resume(&mut self, rows: Vec<Row>, now: Duration, actions: &mut Actions) {
        let size = rows.iter().map(|row| row.slot + 1).max().unwrap_or(0).min(MOST_SLOTS);
        self.services.resize_with(size as usize, || None);
        for row in rows {
            if let (Some(place), Some(service)) =
                (self.services.get_mut(row.slot as usize), Service::from_row(row.name, row.numbers))
            {
                *place = Some(service);
            }
        }
        let _ = self.grow(0, actions);
        for place in 0..size {
            self.index(place);
        }
        let special = self.settings.special;
        for service in self.services.iter_mut().flatten() {
            service.special = special.contains(&&*service.name);
        }
        self.pending = Some(Pending { at: now, eager: false, prune: Prune::Later });
    }

    /// Lets what is in this place be found; an empty place is one for another service.
    pub(crate) fn index(&mut self, place: u32) {
        let services = &self.services;
        let Some(Some(service)) = services.get(place as usize) else { return self.free.push(place) };
        let key = service.key();
        let identity = service.identity;
        self.by_identity.insert(place, |other| compare_identity(services, other, identity));
        self.by_name.insert(place, |other| compare_name(services, other, &service.name));
        match key {
            Some(key) => self.by_pid.insert(place, |other| compare_key(services, other, key)),
            None => {
                if let Supervisor::Down { start_at: Some(at) } = service.supervisor {
                    self.start_at = Some(self.start_at.map_or(at, |other| other.min(at)));
                }
            }
        }
    }

    /// The pid of the supervisor of a service, if that lives.
    pub fn pid(&self, slot: Slot) -> Option<Pid> {
        self.get(slot.0)?.pid()
    }
}

fn moment(at: Option<Duration>) -> u64 {
    at.map_or(0, |at| at.as_secs() * 1000 + u64::from(at.subsec_millis()) + 1)
}

fn duration(moment: u64) -> Option<Duration> {
    moment.checked_sub(1).map(Duration::from_millis)
}

impl Service {
    fn numbers(&self) -> [u64; 9] {
        let pid = if let Supervisor::Up { pid } = self.supervisor { pid.get() as u64 } else { 0 };
        let start_at = match self.supervisor {
            Supervisor::Down { start_at } => moment(start_at),
            // It is found again by its lock.
            Supervisor::Adopted { .. } | Supervisor::Starting => moment(Some(Duration::ZERO)),
            Supervisor::Up { .. } => 0,
        };
        let (peer, other) = match self.peer {
            Peer::None => (0, 0),
            Peer::Logger(logger) => (1, logger),
            Peer::Producer(producer) => (2, producer),
            Peer::Former => (3, 0),
        };
        let flags = u64::from(self.seen) + 2 * u64::from(self.kept) + 4 * u64::from(self.bereaved);
        let told = self.told as u64;
        [
            self.identity.0,
            self.identity.1,
            flags,
            told,
            pid,
            start_at,
            peer,
            other.into(),
            moment(self.started),
        ]
    }

    fn from_row(name: Vec<u8>, numbers: [u64; 9]) -> Option<Service> {
        let [device, inode, flags, told, pid, start_at, peer, other, started] = numbers;
        let other = u32::try_from(other).ok()?;
        Some(Service {
            name,
            identity: (device, inode),
            peer: match peer {
                1 => Peer::Logger(other),
                2 => Peer::Producer(other),
                3 => Peer::Former,
                _ => Peer::None,
            },
            supervisor: match Pid::new(i64::try_from(pid).ok()?) {
                Some(pid) => Supervisor::Up { pid },
                None => Supervisor::Down { start_at: duration(start_at) },
            },
            started: duration(started),
            seen: flags & 1 != 0,
            kept: flags & 2 != 0,
            told: match told {
                1 => Told::ToFinish,
                2 => Told::ToEnd,
                _ => Told::Nothing,
            },
            special: false,
            bereaved: flags & 4 != 0,
        })
    }
}
