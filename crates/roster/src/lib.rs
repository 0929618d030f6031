//! Which services ought to run below a scan directory: the scanner's machine, as a value.
//!
//! [`Roster::step`] takes an event and the time and adds actions to a list. It opens nothing, signals
//! nothing and reads no clock. An action that has a result (`Scan`, `Look`, `Start`, `ReadEnd`) is
//! answered by its event before any other event comes in. `Start` has two: a supervisor that another scanner has left
//! is `Adopted`, and its end is `Departed`, since it is no child of ours.
//!
//! Room for the actions, and for every index that a death has to be looked up in, is taken when a service
//! is added: a step that is about an end (`Exited`, `Command(Terminate)`, …) allocates nothing.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod candidate;
mod event;
mod life;
mod order;
mod roster;
mod saved;
mod scan;
mod service;
mod stop;

pub use event::{Action, Actions, Arrival, Candidate, Event, Found, Identity, Look, Remark, Slot, Spare};
pub use roster::{Roster, Settings};
pub use saved::Row;
pub use service::Role;

use core::time::Duration;

/// The least time between two starts of one supervisor.
pub const START_GAP: Duration = Duration::from_secs(1);
/// From a start that failed to the next attempt.
pub const START_AGAIN: Duration = Duration::from_secs(1);
/// From the disappearance of a name to the scan that decides: time to put it back.
pub const REPLACEMENT: Duration = Duration::from_millis(100);
/// The longest that a stream of disappearances puts that scan off.
pub const LONGEST_REPLACEMENT: Duration = Duration::from_secs(1);
/// A directory that is made in place is left alone until nothing has changed in it for so long.
pub const QUIET: Duration = Duration::from_millis(50);
/// After so long without a change, a directory that still cannot be started is spoken of.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// From a scan that failed to the next attempt, and between scans where nothing can be watched.
pub const SCAN_AGAIN: Duration = Duration::from_secs(5);
/// From the order to stop to the first word about who keeps the scanner waiting.
pub const FIRST_WORD: Duration = Duration::from_secs(5);
/// Between that word and its repetitions.
pub const NEXT_WORD: Duration = Duration::from_secs(60);
/// What the loggers get when the others have been killed.
pub const LOGGERS_LAST: Duration = Duration::from_secs(2);
/// The exit code of a supervisor whose essential service has ended.
pub const ESSENTIAL_ENDED: u8 = 103;
/// The exit code of the scanner when it cannot tell how the essential service has ended.
pub const UNKNOWN_END: u8 = 111;
