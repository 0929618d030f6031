//! The life of a container, from its environment to its exit code, as a machine.
//!
//! ```text
//! hook -> attributes -> init scripts -> services -> (ready) -> command
//!                                                                 |  it ends, the services end, or a signal
//! exit code <- strays: TERM, KILL <- finish scripts <- services <- command: TERM
//! ```
//!
//! It runs nothing: it gives actions and takes events. Every wait is over as soon as what is waited for has happened;
//! the times in [`Settings`] are upper bounds.
//!
//! Source: s6-overlay v2 and v3, the stages and the variables of their READMEs.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod attrs;
mod code;
mod machine;
mod settings;

pub use attrs::{Account, Attributes, BadLine};
pub use code::Codes;
pub use machine::{Action, Container, Event, Plan, Script, Waited};
pub use settings::{Complaint, Failing, Logging, Settings};
