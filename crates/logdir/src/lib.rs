//! A log directory: every name in it, and what must be done with it when a logger begins.
//!
//! | name | what it is |
//! | --- | --- |
//! | `current` | the file that lines are appended to; executable by its owner: finished cleanly, and nobody writes to it |
//! | `@LABEL.s` | an archive: a former `current`, whole and on disk |
//! | `@LABEL.u` | an archive that was `current` when its logger was interrupted; no processor has seen it |
//! | `lock` | locked by the logger that writes here |
//! | `previous` | a former `current` on its way to an archive |
//! | `processed`, `newstate` | what a processor makes of `previous`, and of `state` |
//! | `state` | what the last processor wanted to be kept for the next one |
//!
//! LABEL is a TAI64N label: archives sort by age. What a processor has made of one has the same name: if it is compressed,
//! its first bytes tell. Formats only: who writes them where is the logger's.
//!
//! Source: s6 2.15, `s6-log`, "Logdirs"; multilog and svlogd keep the same names.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod archive;
mod budget;
mod recovery;

pub use archive::{Archive, Ending};
pub use budget::{Budget, Shelved, shared_surplus, surplus};
pub use recovery::{Found, Recovery, recovery};

/// The file that lines are appended to.
pub const CURRENT: &str = "current";
/// Locked by the logger that writes here.
pub const LOCK: &str = "lock";
/// What the last processor left for the next one.
pub const STATE: &str = "state";
/// A former `current` on its way to an archive.
pub const PREVIOUS: &str = "previous";
/// What a processor has made of `previous`.
pub const PROCESSED: &str = "processed";
/// What a processor wants to be `state`.
pub const NEWSTATE: &str = "newstate";
/// The mode bit of a file that was finished cleanly: executable by its owner.
pub const FINISHED: u32 = 0o100;
