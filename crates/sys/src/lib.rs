//! The kernel, as the rest of the house sees it: signals, children, poll, clocks, files, FIFOs, locks,
//! and a watch on directories.
//!
//! The only crate with unsafe code, and the only one that names rustix, nix, inotify and libc. It knows
//! nothing of services. Errors are `io::Error`, descriptors are owned, and EINTR ends here.

pub mod attributes;
pub mod boot;
pub mod calendar;
pub mod cgroup;
pub mod child;
pub mod clock;
pub mod deaths;
pub mod dir;
mod entry;
pub mod environment;
pub mod exec;
pub mod family;
pub mod fifo;
pub mod file;
pub mod guard;
pub mod heap;
pub mod identity;
pub mod landlock;
pub mod limits;
pub mod lock;
pub mod open;
pub mod orphan;
pub mod pidfd;
pub mod poll;
pub mod priority;
pub mod privileges;
pub mod problem;
pub mod proc;
pub mod process;
pub mod remains;
pub mod rouse;
pub mod signals;
#[cfg(all(panic = "abort", target_env = "musl", not(debug_assertions)))]
pub mod start;
mod stat;
pub mod successor;
pub mod terminal;
pub mod tree;
#[cfg(all(panic = "abort", target_env = "musl", not(debug_assertions)))]
mod unwind;
pub mod users;
pub mod watch;
