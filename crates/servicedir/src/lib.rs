//! A service directory: every name in it, and its settings. Nothing is decided here.
//!
//! A supervisor works in its service directory and uses the names as they stand; a tool from outside
//! puts the directory's path before them (`Path::join`).

#![forbid(unsafe_code)]

pub mod control;
pub mod names;
pub mod record;
mod settings;

pub use settings::{Given, Problem, number, read_given, read_number, read_word};
