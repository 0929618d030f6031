//! One file for each thing that must be so, with histories that violate it.

pub mod finishes;
pub mod instances;
pub mod leaks;
pub mod notices;
pub mod rests;

#[cfg(test)]
mod made;
