//! The supervisors that another scanner has left: no children of ours, so they are signalled by a handle, and their
//! deaths come by a descriptor of their own.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use roster::Slot;
use sys::heap;
use sys::pidfd::{Deaths, End, Handle};
use unix::{Exit, Pid, Signal};

use crate::holder::Found;

/// From a death to the moment from which on nothing of it will be known: its parent has had the time to wait for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// A supervisor of which the roster knows that it is adopted.
#[derive(Debug)]
struct Other {
    slot: Slot,
    pid: Pid,
    handle: Handle,
    /// It has died, and how shall be known by then.
    known_by: Option<Duration>,
}

/// All of them, by their slots.
#[derive(Debug, Default)]
pub(crate) struct Adopted {
    others: Vec<Option<Other>>,
    count: usize,
    deaths: Option<Deaths>,
}

impl Adopted {
    /// One more.
    ///
    /// # Errors
    /// EMFILE, ENOMEM, ENOSPC.
    pub(crate) fn add(&mut self, slot: Slot, found: Found) -> io::Result<()> {
        let index = slot.index();
        while self.others.len() <= index {
            heap::push(&mut self.others, None)?;
        }
        let deaths = match self.deaths.take() {
            Some(deaths) => deaths,
            None => Deaths::new()?,
        };
        let Found { pid, handle } = found;
        self.deaths.insert(deaths).expect(&handle, index)?;
        self.others[index] = Some(Other { slot, pid, handle, known_by: None });
        self.count += 1;
        Ok(())
    }

    /// What can be read when one of them has died; `None`: there is none.
    pub(crate) fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.deaths.as_ref().filter(|_| self.count > 0).map(AsFd::as_fd)
    }

    /// When it is time to ask `departed`.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        if self.count == 0 {
            return None;
        }
        self.all().filter_map(|other| other.known_by).min()
    }

    /// One that has died, and how, if that is known.
    pub(crate) fn departed(&mut self, now: Duration) -> Option<(Slot, Option<Exit>)> {
        while let Some(index) = self.deaths.as_ref().and_then(Deaths::next) {
            let (Some(deaths), Some(Some(other))) = (&self.deaths, self.others.get_mut(index)) else { break };
            match other.handle.end() {
                End::Known(exit) => return self.remove(index, Some(exit)),
                // Its parent has waited for it, and no more will be known.
                End::NotYet if other.known_by.is_some() => return self.remove(index, None),
                End::NotYet if deaths.expect_collected(&other.handle, index).is_ok() => {
                    other.known_by = Some(now + PATIENCE);
                }
                End::NotYet | End::Unknown => return self.remove(index, None),
            }
        }
        let is_late = |other: &Other| other.known_by.is_some_and(|at| at <= now);
        let late = self.all().find(|other| is_late(other)).map(|other| other.slot.index());
        late.and_then(|index| self.remove(index, None))
    }

    fn remove(&mut self, index: usize, exit: Option<Exit>) -> Option<(Slot, Option<Exit>)> {
        let other = self.others[index].take()?;
        self.count -= 1;
        Some((other.slot, exit))
    }

    fn all(&self) -> impl Iterator<Item = &Other> {
        self.others.iter().flatten()
    }

    /// Sends one of them a signal.
    pub(crate) fn signal(&self, slot: Slot, signal: Signal) {
        if let Some(Some(other)) = self.others.get(slot.index()) {
            let _ = other.handle.signal(signal);
        }
    }

    /// This is the pid of one that lives.
    pub(crate) fn is(&self, pid: Pid) -> bool {
        self.count > 0 && self.all().any(|other| other.pid == pid && other.handle.is_alive())
    }

    /// There is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Sends a signal to those of these pids.
    pub(crate) fn signal_those(&self, signal: Signal, which: impl Fn(Pid) -> bool) {
        for other in self.all().filter(|other| which(other.pid)) {
            let _ = other.handle.signal(signal);
        }
    }
}
