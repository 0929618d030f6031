//! What a supervisor tells: the record, the notices, the death tally, and of our own the detail and what it
//! leaves to a successor.
//!
//! Formats only; who writes them where is `servicedir`'s, when is `lifecycle`'s.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod death;
mod detail;
mod handover;
mod notice;
mod record;

pub use death::{DEATH_SIZE, Death};
pub use detail::{Detail, Life, Reason};
pub use handover::{Birth, Handover, NEWBORN_AT};
pub use notice::Notice;
pub use record::{RECORD_SIZE, Record};
