//! The laws.

use alloc::string::String;
use core::fmt;

/// What must hold, whatever happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// Never two of `run`, `crash` and `finish` of one service.
    OneInstance,
    /// Never two supervisors of one service, and not one a second time within `START_GAP`.
    OneSupervisor,
    /// Only a child that was not reaped is signalled.
    OwnChildren,
    /// What is wanted up is tried in time.
    ComesUp,
    /// What is told to end ends in time, and so does a script, and a check.
    GoesDown,
    /// Who is told to exit exits in time.
    Leaves,
    /// `finish` comes once for each death, the tally has each death once.
    OneFinish,
    /// No life begins sooner after the last one than `restart-delay` allows.
    Delay,
    /// What has failed stays down until somebody says up.
    FailedStays,
    /// The record on disk is that of the state, and of the world.
    Record,
    /// A notice is sent when it is true and its record is written, in an order that makes sense.
    Notices,
    /// What was wanted last is what is wanted, in the record and in the file `down`.
    Wanted,
    /// Every directory has its supervisor, and nothing else has one.
    Everybody,
    /// Loggers end after their producers.
    LoggersLast,
    /// What producers have written was read when the tree has ended.
    NoLineLost,
    /// The end of an essential service stops the tree, with its code.
    Essential,
    /// A stop comes to its end, and leaves no process.
    TreeEmpties,
    /// In a moment only so much happens, and without a reason nothing.
    Rest,
    /// Who takes over goes on where the other one was.
    TakeOver,
    /// Whoever runs a machine is never asked for what makes no sense.
    Sense,
}

impl Law {
    /// Every law.
    pub const ALL: [Law; 20] = [
        Law::OneInstance,
        Law::OneSupervisor,
        Law::OwnChildren,
        Law::ComesUp,
        Law::GoesDown,
        Law::Leaves,
        Law::OneFinish,
        Law::Delay,
        Law::FailedStays,
        Law::Record,
        Law::Notices,
        Law::Wanted,
        Law::Everybody,
        Law::LoggersLast,
        Law::NoLineLost,
        Law::Essential,
        Law::TreeEmpties,
        Law::Rest,
        Law::TakeOver,
        Law::Sense,
    ];
}

/// A law was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub law: Law,
    /// By whom, and how.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.law, self.what)
    }
}
