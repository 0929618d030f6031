//! Words of the kernel, as values: a process, a signal, an end, a moment.
//!
//! Nothing here does anything: no I/O, no clock, no allocation.

#![no_std]
#![forbid(unsafe_code)]

mod exit;
mod pid;
mod signal;
mod stamp;

pub use exit::Exit;
pub use pid::Pid;
pub use signal::Signal;
pub use stamp::{LABEL_DIGITS, STAMP_SIZE, Stamp};

/// A moment on both clocks: the one that people read and the one that never jumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Time of day, as written to disk.
    pub wall: Stamp,
    /// Time since some moment in the past (`CLOCK_MONOTONIC`); every delay is measured on it.
    pub monotonic: core::time::Duration,
}
