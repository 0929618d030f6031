//! A scan directory: every name in it, and how a command gets to its scanner. Nothing is decided here.
//!
//! A scanner works in its scan directory and uses the names as they stand; a tool from outside puts the
//! directory's path before them.

#![forbid(unsafe_code)]

mod control;
mod names;
mod place;

pub use control::{Sent, is_scanned, lock_in, send, watch};
pub use names::{Names, OURS, S6, is_service_name};
pub use place::{Place, TakeError, is_scan_directory, names_in};
