//! The life of one service, as a value.
//!
//! `Service::step` takes a state, an event, the time and the settings, and gives the next state with the
//! actions to perform. It opens nothing, kills nothing and reads no clock. What follows from the state is a
//! function of it: `record`, `detail`, `deadline`.
//!
//! Whoever performs the actions answers `SpawnRun`, `SpawnScript`, `SpawnCheck` and `Sweep` with the event of
//! the same name *before any other event*, and performs actions in their order.
//!
//! The table of every event in every phase, as it is, stands in `tests/table.txt`.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod clearing;
mod down;
mod ending;
mod event;
mod phase;
mod saved;
mod service;
mod settings;
mod takeover;
mod up;

pub use event::{Action, Death, Event, Left, NotStarted, Overdue, Readiness, Script, Started, Sweep};
pub use phase::{Check, Clearing, Ending, Leaving, Phase, Up};
pub use service::Service;
pub use settings::{Essential, KillMode, RestartDelay, RestartLimit, Settings};
