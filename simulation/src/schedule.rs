//! A schedule: all that is not decided by the machines.

use alloc::vec::Vec;

use crate::random::Random;

/// The most moves of a schedule that is drawn.
const MOST: usize = 60;

/// What happens, in its order. Each move is a number of its own, so that one that is taken out changes
/// nothing about the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// What is there in the beginning.
    pub beginning: u32,
    /// What happens then.
    pub moves: Vec<u32>,
}

impl Schedule {
    /// The schedule of a seed.
    pub fn from_seed(seed: u64) -> Schedule {
        let mut random = Random::new(seed);
        let beginning = random.number() as u32;
        let count = 1 + random.below(MOST);
        Schedule { beginning, moves: (0..count).map(|_| random.number() as u32).collect() }
    }

    /// The schedule that these bytes are, four to a move; what is left over counts for nothing.
    pub fn from_bytes(bytes: &[u8]) -> Schedule {
        let mut numbers = bytes.as_chunks().0.iter().map(|&bytes| u32::from_le_bytes(bytes));
        Schedule { beginning: numbers.next().unwrap_or(0), moves: numbers.collect() }
    }
}
