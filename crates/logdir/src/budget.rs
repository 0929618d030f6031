//! How much a log directory may keep.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;

use crate::Archive;

/// The bounds of what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The most archives.
    pub archives: usize,
    /// The most bytes in all of them; 0: any number.
    pub bytes: u64,
}

/// The archives that must go, the oldest first, so that what stays keeps to the budget. Each comes with its size in bytes.
pub fn surplus(found: Vec<(Archive, u64)>, budget: Budget) -> Vec<Archive> {
    let found = BinaryHeap::from(found).into_sorted_vec();
    let mut bytes: u64 = found.iter().map(|(_, size)| size).sum();
    let mut count = found.len();
    let is_surplus = |(_, size): &&(Archive, u64)| {
        let too_many = count > budget.archives || (budget.bytes > 0 && bytes > budget.bytes);
        count -= 1;
        bytes -= size;
        too_many
    };
    found.iter().take_while(is_surplus).map(|(archive, _)| *archive).collect()
}

/// An archive in one of several log directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shelved {
    /// The archive.
    pub archive: Archive,
    /// The number of its directory.
    pub dir: usize,
    /// Its size in bytes.
    pub size: u64,
}

/// The archives that must go, the oldest of all directories first, so that what stays has no more than `most` bytes with
/// the `fixed` bytes that cannot go.
pub fn shared_surplus(found: Vec<Shelved>, fixed: u64, most: u64) -> Vec<Shelved> {
    let found = BinaryHeap::from(found).into_sorted_vec();
    let mut bytes = found.iter().map(|shelved| shelved.size).sum::<u64>() + fixed;
    let is_surplus = |shelved: &&Shelved| {
        let too_many = bytes > most;
        bytes -= shelved.size;
        too_many
    };
    found.iter().take_while(is_surplus).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ending;
    use alloc::vec;
    use unix::Stamp;

    fn archive(seconds: i64) -> Archive {
        Archive { stamp: Stamp::from_unix(seconds, 0), ending: Ending::Safe }
    }

    #[test]
    fn oldest_go_first_until_the_number_fits() {
        let found = vec![(archive(3), 1), (archive(1), 1), (archive(2), 1)];
        let budget = Budget { archives: 1, bytes: 0 };
        assert_eq!(surplus(found, budget), [archive(1), archive(2)]);
    }

    #[test]
    fn oldest_go_first_until_the_bytes_fit() {
        let found = vec![(archive(1), 50), (archive(2), 60), (archive(3), 40)];
        assert_eq!(surplus(found.clone(), Budget { archives: 10, bytes: 100 }), [archive(1)]);
        assert_eq!(surplus(found.clone(), Budget { archives: 10, bytes: 150 }), []);
        assert_eq!(surplus(found, Budget { archives: 10, bytes: 39 }).len(), 3);
    }

    #[test]
    fn oldest_of_all_directories_go_first() {
        let shelved = |dir, seconds, size| Shelved { archive: archive(seconds), dir, size };
        let found = vec![shelved(0, 1, 10), shelved(1, 2, 10), shelved(0, 3, 10), shelved(1, 4, 10)];
        let gone = |fixed, most| shared_surplus(found.clone(), fixed, most).len();
        assert_eq!(shared_surplus(found.clone(), 5, 30), [found[0], found[1]]);
        assert_eq!([gone(0, 40), gone(1, 40), gone(100, 40), gone(0, 0)], [0, 1, 4, 4]);
    }

    #[test]
    fn none_are_kept_where_none_are_wanted() {
        assert_eq!(surplus(vec![(archive(1), 1)], Budget { archives: 0, bytes: 0 }), [archive(1)]);
    }
}
