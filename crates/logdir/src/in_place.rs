//! Archives that were made in their places.

use alloc::vec::Vec;

use crate::{Archive, Ending};

/// The archives that a logger which begins must remove: what a processor had not finished, and what a finished archive
/// was made of. All that was logged is still there.
pub fn superfluous(found: &[Archive]) -> Vec<Archive> {
    let is_done = |of: &Archive| found.contains(&Archive { ending: Ending::Safe, ..*of });
    let is_superfluous = |archive: &&Archive| match archive.ending {
        Ending::Temporary => true,
        Ending::Unprocessed => is_done(archive),
        Ending::Safe => false,
    };
    found.iter().filter(is_superfluous).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use unix::Stamp;

    #[test]
    fn nothing_is_removed_that_is_not_there_twice() {
        let at = |seconds, ending| Archive { stamp: Stamp::from_unix(seconds, 0), ending };
        let (raw, being_made, done) =
            (at(1, Ending::Unprocessed), at(1, Ending::Temporary), at(1, Ending::Safe));
        let other = at(2, Ending::Unprocessed);
        assert_eq!(superfluous(&[raw, other]), []);
        assert_eq!(superfluous(&[raw, being_made, other]), [being_made]);
        assert_eq!(superfluous(&[raw, done, other]), [raw]);
        assert_eq!(superfluous(&[done]), []);
    }
}
