//! One service of the roster.

use alloc::vec::Vec;
use core::time::Duration;

use unix::{Pid, Signal};

use crate::{Identity, START_GAP, Slot};

/// A service and its supervisor.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    /// `web`, or `web/log`.
    pub(crate) name: Vec<u8>,
    pub(crate) identity: Identity,
    pub(crate) peer: Peer,
    pub(crate) supervisor: Supervisor,
    /// When the supervisor was last started.
    pub(crate) started: Option<Duration>,
    /// The last scan has found it.
    pub(crate) seen: bool,
    /// The scan directory has become another one since it was found: it goes on, found or not.
    pub(crate) kept: bool,
    /// The last supervisor was killed: its service may live.
    pub(crate) bereaved: bool,
    /// What the supervisor that lives was told.
    pub(crate) told: Told,
    /// It reads what everything else writes: the last to go.
    pub(crate) special: bool,
}

/// The order that a supervisor has: a stronger one may follow a weaker one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    /// To supervise.
    #[default]
    Nothing,
    /// To exit once its service has ended by itself, at the end of its input (HUP).
    ToFinish,
    /// To end its service and exit (TERM).
    ToEnd,
}

impl Told {
    pub(crate) const fn signal(self) -> Option<Signal> {
        match self {
            Told::Nothing => None,
            Told::ToFinish => Some(Signal::HUP),
            Told::ToEnd => Some(Signal::TERM),
        }
    }
}

/// Who is at the other end of a service's pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    None,
    /// This is a producer, that its logger.
    Logger(u32),
    /// This is a logger, that its producer.
    Producer(u32),
    /// This was a logger; its producer has gone.
    Former,
}

/// The supervisor of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Supervisor {
    /// Not there; `None`: not to be started.
    Down { start_at: Option<Duration> },
    /// `Start` was ordered and is not answered yet.
    Starting,
    /// There, a child of ours.
    Up { pid: Pid },
    /// There, left by another scanner.
    Adopted { pid: Pid },
}

/// What a service is to its neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It has no logger.
    Plain,
    /// It has this logger.
    Producer(Slot),
    /// It is the logger of this one.
    Logger(Slot),
}

impl Service {
    pub(crate) fn pid(&self) -> Option<Pid> {
        match self.supervisor {
            Supervisor::Up { pid } | Supervisor::Adopted { pid } => Some(pid),
            Supervisor::Down { .. } | Supervisor::Starting => None,
        }
    }

    /// Its place in the index: the pid of one that is no child of ours may be another one's by now.
    pub(crate) fn key(&self) -> Option<(Pid, bool)> {
        Some((self.pid()?, matches!(self.supervisor, Supervisor::Adopted { .. })))
    }

    pub(crate) fn is_down(&self) -> bool {
        matches!(self.supervisor, Supervisor::Down { .. })
    }

    /// The earliest moment at which its supervisor may be started (again).
    pub(crate) fn may_start_at(&self) -> Duration {
        self.started.map_or(Duration::ZERO, |at| at + START_GAP)
    }

    pub(crate) fn is_up(&self) -> bool {
        self.pid().is_some()
    }

    pub(crate) fn is_logger(&self) -> bool {
        matches!(self.peer, Peer::Producer(_) | Peer::Former)
    }
}
