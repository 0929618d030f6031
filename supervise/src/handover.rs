//! What is left to a successor: kept in `supervise/lock` while this supervisor lives, found there by the next.
//!
//! At every moment the file leads to what is: the state as it was before a program was started stands there together
//! with the pid that the child writes itself, and the dead are waited for only when what follows from their death
//! stands there.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::Duration;

use cli::{reason, warn};
use lifecycle::Service;
use servicedir::names;
use status::{Birth, Handover, NEWBORN_AT};
use sys::lock::Lock;
use sys::{boot, child, file};
use unix::Pid;

/// More than a supervisor leaves.
const MOST: usize = 4096;

/// A child that is about to execute a program has so long to do so.
const HEIRS: Duration = Duration::from_secs(5);

/// The file, and what stands in it.
pub(crate) struct Keeper {
    lock: Lock,
    /// As far as we know.
    written: Vec<u8>,
    epoch: [u8; boot::EPOCH_SIZE],
    births: [Option<Birth>; 2],
    /// It can be written at all.
    is_kept: bool,
    /// The last attempt failed: that is said once.
    is_behind: bool,
}

impl Keeper {
    /// Takes the lock over; gives what the last supervisor has left, if its processes can be there still.
    pub(crate) fn begin(lock: Lock) -> (Keeper, Option<Handover>) {
        if !lock.wait_for_heirs(HEIRS) {
            warn(format_args!(
                "another process has locked {} with flock(2); not waiting any longer",
                names::LOCK
            ));
        }
        let epoch = boot::epoch();
        // A buffer for the most would not fit into our own heap.
        let size = file::look_open(&lock).map_or(0, |info| info.size as usize);
        let mut left = vec![0; size.min(MOST)];
        let count = file::read_start(&lock, &mut left).unwrap_or(0);
        let left = Handover::decode(&left[..count]).filter(|left| left.epoch == epoch);
        let reason = match (lock.has_one_name(), lock.is_only_ours()) {
            (true, true) => None,
            (false, _) => Some("has another name"),
            // Another one's pids are nobody for us to signal.
            (_, false) => Some("is another user's, or can be written by others"),
        };
        if let Some(reason) = reason {
            warn(format_args!("{} {reason}: nothing can be left to a successor", names::LOCK));
        }
        let is_kept = reason.is_none();
        let left = left.filter(|_| is_kept);
        (Keeper { lock, written: Vec::new(), epoch, births: [None; 2], is_kept, is_behind: false }, left)
    }

    /// Writes the state, unless it stands there. False: that has to be tried again.
    pub(crate) fn keep(&mut self, service: &Service, notification: Option<u32>) -> bool {
        let bytes = self.encode(service, notification);
        if bytes == self.written || !self.is_kept {
            return true;
        }
        let Err(error) = file::write_start(&self.lock, &bytes) else {
            (self.written, self.is_behind) = (bytes, false);
            return true;
        };
        self.written.clear();
        if !std::mem::replace(&mut self.is_behind, true) {
            warn(format_args!(
                "unable to write {}: {}; until then a successor will not know the service; trying again every 5 s",
                names::LOCK,
                reason(&error)
            ));
        }
        false
    }

    /// What stands in the file; `None`: not what should.
    pub(crate) fn written(&self) -> Option<&[u8]> {
        (self.is_kept && !self.is_behind && !self.written.is_empty()).then_some(&self.written)
    }

    /// What is locked.
    pub(crate) fn lock(&self) -> BorrowedFd<'_> {
        self.lock.as_fd()
    }

    /// What the next child writes; `service` is the state that waits for it.
    pub(crate) fn newborn(
        &mut self,
        service: &Service,
        notification: Option<u32>,
    ) -> Option<child::Birth<'_>> {
        if !self.is_kept {
            return None;
        }
        self.written = self.encode(service, notification);
        Some(child::Birth { file: self.lock.as_fd(), bytes: &mut self.written, at: NEWBORN_AT })
    }

    /// The child lives, and has written itself into what `newborn` gave.
    pub(crate) fn born(&mut self) {
        let newborn = Handover::decode(&self.written).and_then(|written| written.births[0]);
        if let (Some(place), Some(_)) = (self.births.iter_mut().find(|place| place.is_none()), newborn) {
            *place = newborn;
        }
    }

    /// A process that the last supervisor has left.
    pub(crate) fn inherit(&mut self, birth: Birth) {
        if let Some(place) = self.births.iter_mut().find(|place| place.is_none()) {
            *place = Some(birth);
        }
    }

    /// Somebody has removed the file, or replaced it: what is left stands in the one that is there now.
    ///
    /// # Errors
    /// What the system says; another supervisor has the lock that stands there.
    pub(crate) fn follow(&mut self) -> io::Result<()> {
        self.lock.follow(Path::new(names::LOCK), 0o644)?;
        self.is_kept = self.lock.has_one_name();
        self.written.clear();
        Ok(())
    }

    /// There is nothing to leave. The room in the file is kept: the next one may begin on a full disk.
    pub(crate) fn clear(&mut self) {
        if !self.written.is_empty() && self.is_kept {
            let _ = file::write_start(&self.lock, &[0; size_of::<u64>()]);
        }
    }

    fn encode(&mut self, service: &Service, notification: Option<u32>) -> Vec<u8> {
        let known = service.processes();
        for place in &mut self.births {
            *place = place.filter(|birth| known.contains(&Some(birth.pid)));
        }
        let births = [None, self.births[0], self.births[1]];
        Handover { epoch: self.epoch, births, notification, life: service.save() }.encode()
    }
}

/// Where a process stands in what was left.
pub(crate) fn birth_of(left: &Handover, pid: Pid) -> Option<Birth> {
    left.births.into_iter().flatten().find(|birth| birth.pid == pid)
}
