//! What comes in and what goes out.

use alloc::collections::VecDeque;

use control::ScanCommand;
use unix::{Exit, Pid, Signal};

/// What tells a directory from every other: device and inode.
pub type Identity = (u64, u64);

/// The actions that are still to be performed, first to last.
pub type Actions = VecDeque<Action>;

/// The place of a service in the roster; free for another one once the service is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot(pub(crate) u32);

impl Slot {
    /// For tables that run beside the roster.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A directory that has appeared and is not a service yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate(pub(crate) u32);

impl Candidate {
    /// For tables that run beside the roster.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A directory of the scan directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Which directory it is.
    pub service: Identity,
    /// Its `log` directory.
    pub log: Option<Identity>,
}

/// How a name came to be in the scan directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Made there: it may not be complete.
    Made,
    /// Renamed to there.
    Whole,
}

/// What a look at a candidate shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// No directory.
    Nothing,
    /// It cannot be started yet.
    Incomplete {
        /// A change in it will be told.
        watched: bool,
    },
    /// It can be started.
    Complete {
        /// The directory.
        service: Identity,
        /// Its `log` directory, complete too.
        log: Option<Identity>,
        /// The name is a symbolic link, which is never half made.
        link: bool,
    },
}

/// What has happened.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The deadline has come.
    Timeout,
    /// Somebody wants something, by a byte or by the signal that means the same.
    Command(ScanCommand),
    /// Answer to `Scan`: every directory there is; `None`: it cannot be read now.
    Scanned(Option<&'a [Found<'a>]>),
    /// Answer to `Scan`: there is this, and something that could not be looked at.
    ScannedInPart(&'a [Found<'a>]),
    /// Answer to `Look`.
    Looked(Candidate, Look),
    /// Answer to `Start`; `None`: not now.
    Started(Slot, Option<Pid>),
    /// Answer to `Start`: another directory has this name by now, or none.
    Misplaced(Slot),
    /// Answer to `Start`: this supervisor, which is no child of ours, is there already.
    Adopted(Slot, Pid),
    /// Answer to `ReadEnd`: the exit code of the service's last end.
    Ended(Slot, Option<u8>),
    /// Answer to `AskLogger`.
    LoggerIsDown(Slot, bool),
    /// A child has died, perhaps one that is not in the roster.
    Exited(Pid, Exit),
    /// The supervisor of this service has died, which was no child of ours.
    Departed(Slot, Exit),
    /// A name has come into the scan directory.
    Appeared(&'a [u8], Arrival),
    /// What a name stands for has changed its mode.
    Altered(&'a [u8]),
    /// Something in a candidate has changed.
    Grown(Candidate),
    /// A name has left the scan directory.
    Vanished(&'a [u8]),
    /// Changes were lost, or the scan directory itself has changed.
    Overflow,
    /// The scan directory is another one from now on: it was made anew, mounted over, or unmounted.
    Moved,
    /// Changes of the scan directory will be told from now on, or no longer.
    Watching(bool),
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read the scan directory.
    Scan,
    /// Watch a candidate, then look whether it is complete.
    Look(Candidate),
    /// Start the supervisor of a service, unless it has one.
    Start(Slot),
    /// Read how the service ended whose supervisor has said that it was essential.
    ReadEnd(Slot),
    /// Read whether a logger is down, and is to stay so: nobody will read what its producer writes.
    AskLogger(Slot),
    /// Send a signal to a supervisor.
    Signal(Pid, Signal),
    /// Send a signal to the supervisor of this service, which is no child of ours.
    SignalAdopted(Slot, Signal),
    /// Close our ends of the pipe from this producer to its logger.
    ClosePipe(Slot),
    /// Stop writing into the logger of everything, which is going to be stopped.
    LeaveOutput,
    /// Watch a candidate no longer.
    Unwatch(Candidate),
    /// Watch nothing any longer.
    StopWatching,
    /// Kill what is left of our descendants.
    Kill(Spare),
    /// Tell people.
    Say(Remark),
    /// Nothing is left to wait for: end, with this exit code.
    Leave(u8),
}

/// Who is not killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spare {
    /// The loggers.
    Loggers,
    /// Nobody.
    Nobody,
}

/// What people are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// This directory has not changed for a while and cannot be started.
    NotStarted(Candidate),
    /// This logger came after its producer had started.
    LateLogger(Slot),
    /// The log directory of this service is that of another one, or a service of its own.
    LogTaken(Slot),
    /// An essential service has ended, with this exit code.
    Essential(Slot, u8),
    /// These supervisors (`Roster::waited_for`) have not exited.
    StillWaiting,
    /// There are as many services as there may be.
    TooMany,
    /// There is no memory for another service now.
    NoMemory,
}
