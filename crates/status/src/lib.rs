//! What a supervisor tells: the record, the notices, the death tally, and the detail of our own.
//!
//! Formats only; who writes them where is `servicedir`'s, when is `lifecycle`'s.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod death;
mod detail;
mod notice;
mod record;

pub use death::{DEATH_SIZE, Death};
pub use detail::{Detail, Life, Reason};
pub use notice::Notice;
pub use record::{RECORD_SIZE, Record};
