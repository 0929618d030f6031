//! Both machines, `lifecycle` and `roster`, with a kernel that is a value, under a clock that is a number.
//!
//! A [`Schedule`] says what happens and in which order: who gets the processor, who dies, what a person
//! commands, what becomes of directories. [`play`] plays it and gives what it cost, or the [`Violation`] of
//! the first [`Law`] that was broken; [`shrink`] takes out of a schedule what that does not need, and
//! [`tell`] says it in words. Nothing here does I/O, reads a clock or draws a number that is not in the
//! schedule: the same schedule is the same story.
//!
//! After the moves of a schedule everything gets well: what can be executed and has resources, services
//! live and obey. Then what is wanted up comes up, an hour without a step follows, and the tree is stopped.
//!
//! What is modelled: processes with their deaths, signals, zombies and orphans; pipes to loggers; the watch
//! on the scan directory; `supervise/status` and the file `down`; the loops of `supervise` and `svscan`, in
//! the order of their sources. What is not: descriptors, memory, permissions, process groups of more than
//! one.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod actions;
mod behaviour;
mod clock;
mod directory;
mod ending;
mod kernel;
mod law;
mod laws;
mod look;
mod meddle;
mod moves;
mod notices;
mod pipes;
mod random;
mod scanner;
mod schedule;
mod shrink;
mod spawn;
mod supervisor;
mod takeover;
mod world;

pub use law::{Law, Violation};
pub use meddle::{Fate, Meddle};
pub use random::Random;
pub use schedule::Schedule;
pub use shrink::shrink;
pub use world::{Count, play, play_with, tell};
