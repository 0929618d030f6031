//! The command bytes of a supervisor and of a scanner: one spelling of each, for both ends.
//!
//! Source: s6 2.15.1.0, `doc/s6-svc.html` and `doc/s6-svscanctl.html`.

#![no_std]
#![forbid(unsafe_code)]

pub mod scanner;
pub mod supervisor;

pub use scanner::ScanCommand;
pub use supervisor::{Command, ESSENTIAL_ENDED};
