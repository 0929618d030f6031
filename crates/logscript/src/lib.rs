//! What a logger does with a line: a script is a value that selects lines, dresses them, and says where they go.
//!
//! ```text
//! bytes -> Splitter -> pieces of lines -> Script: selectors -> Dress: stamps, prefix, form -> a place
//! ```
//!
//! It reads nothing, writes nothing, and knows no clock: the reader brings the bytes and the moment, the writer takes
//! what comes out.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod automaton;
mod bracket;
mod dress;
mod ere;
mod iso;
mod json;
mod moment;
mod pattern;
mod program;
mod rate;
mod run;
pub mod s6;
mod script;
mod splitter;

pub use dress::{Dress, Heads, Name};
pub use iso::{Iso, Zone};
pub use json::Json;
pub use moment::{Date, Moment};
pub use pattern::{BadPattern, Pattern};
pub use rate::Rate;
pub use run::{Choice, Dressed, Take};
pub use script::{
    Action, BadScript, Dir, Place, Processor, Rights, Script, Section, Selector, Shared, Shell,
};
pub use splitter::{Long, Piece, Splitter, line_end};
