//! Publish and subscribe through a directory of FIFOs, a *fifodir*.
//!
//! A subscriber makes a FIFO in the directory and reads it; a publisher writes its letters to each FIFO
//! it finds there, and never waits. A FIFO's name is `ftrig1:@`, the 24 digits of a TAI64N label, `:` and
//! six characters of the subscriber's choice. While it is being made it has a dot before its name, so
//! that no publisher sees one that nobody reads yet.
//!
//! Source of the names: s6 2.15.1.0, `doc/fifodir.html`, `src/libs6/s6-ftrigrd.c`.

#![forbid(unsafe_code)]

mod publish;
mod subscribe;

pub use publish::{publish, sweep};
pub use subscribe::Subscription;

/// What the name of every FIFO begins with.
const PREFIX: &[u8] = b"ftrig1:@";
/// Length of the name of every FIFO.
const NAME_LENGTH: usize = 39;
/// Mode of a fifodir in which the effective group may subscribe: set-group-id and sticky.
pub const MODE: u32 = 0o3730;

/// A FIFO of this name is a subscriber's.
pub fn is_subscriber(name: &std::ffi::CStr) -> bool {
    name.count_bytes() == NAME_LENGTH && name.to_bytes().starts_with(PREFIX)
}
