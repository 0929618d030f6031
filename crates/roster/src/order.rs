//! A sorted list of places in a table: an index that takes no memory but when its table grows.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// Places in a table, sorted by what `compare` finds there. Insertion moves what comes after: 20 kB for
/// 5,000 services.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order(Vec<u32>);

impl Order {
    /// Makes room for `more` insertions.
    pub(crate) fn try_reserve(&mut self, more: usize) -> Result<(), TryReserveError> {
        self.0.try_reserve(more)
    }

    /// The first place that is not less than what is looked for, if it is equal.
    pub(crate) fn find(&self, compare: impl Fn(u32) -> Ordering) -> Option<u32> {
        let at = self.start(&compare);
        self.0.get(at).copied().filter(|&place| compare(place) == Ordering::Equal)
    }

    /// Where the first place is that is not less than what is looked for.
    fn start(&self, compare: &dyn Fn(u32) -> Ordering) -> usize {
        self.0.partition_point(|&place| compare(place) == Ordering::Less)
    }

    /// Puts a place in front of the first that is not less.
    pub(crate) fn insert(&mut self, place: u32, compare: impl Fn(u32) -> Ordering) {
        let at = self.start(&compare);
        self.0.insert(at, place);
    }

    /// Takes a place out, found among its equals.
    pub(crate) fn remove(&mut self, place: u32, compare: impl Fn(u32) -> Ordering) {
        let at = self.start(&compare);
        if let Some(more) = self.0[at..].iter().position(|&other| other == place) {
            self.0.remove(at + more);
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Every place, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        self.0.iter().copied()
    }
}
