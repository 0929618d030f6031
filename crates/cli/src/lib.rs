//! What people see of a program: its messages, its exit codes, its options.
//!
//! A message is one line and one write to standard error: `PROGRAM [SERVICE]: TEXT`. Nothing here
//! panics when the descriptor is gone or full.

#![forbid(unsafe_code)]

mod failure;
mod message;
pub mod options;

pub use failure::{Failure, Unable};
pub use message::{answer, name_program, program, reason, say, warn, write_lines_with};
