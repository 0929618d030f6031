//! The name of an archive.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use unix::{LABEL_DIGITS, Stamp};

/// How a file came to be an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// `.s`: rotated, processed if there is a processor, and on disk.
    Safe,
    /// `.u`: its logger was interrupted.
    Unprocessed,
    /// `.t`: being processed; svlogd's name for it.
    Temporary,
}

impl Ending {
    const fn letter(self) -> char {
        match self {
            Ending::Safe => 's',
            Ending::Unprocessed => 'u',
            Ending::Temporary => 't',
        }
    }
}

/// An archive, by its name. Archives sort by age, the oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Archive {
    /// When it became one.
    pub stamp: Stamp,
    /// How.
    pub ending: Ending,
}

impl Archive {
    /// From a file's name; `None`: it is no archive's.
    pub fn parse(name: &[u8]) -> Option<Archive> {
        let (label, ending) = name.strip_prefix(b"@")?.split_at_checked(LABEL_DIGITS)?;
        let ending = match ending {
            b".s" => Ending::Safe,
            b".u" => Ending::Unprocessed,
            b".t" => Ending::Temporary,
            _ => return None,
        };
        let stamp = Stamp::from_label(label)?;
        has_successor(stamp).then_some(Archive { stamp, ending })
    }

    /// The name for one that is made now: younger than all that are there, whatever the clock says. So the oldest by
    /// name is always the first that was made.
    pub fn after(found: impl IntoIterator<Item = Archive>, now: Stamp, ending: Ending) -> Archive {
        let youngest = found.into_iter().map(|archive| archive.stamp).max();
        let after = youngest.map(|youngest| youngest.plus(Duration::from_nanos(1)));
        Archive { stamp: after.map_or(now, |after| after.max(now)), ending }
    }

    /// Its file's name, 27 characters.
    pub fn name(&self) -> String {
        format!("@{}.{}", self.stamp, self.ending.letter())
    }
}

/// Whether it is a moment of TAI64N, and others can come after it. From the last second on nothing could.
fn has_successor(stamp: Stamp) -> bool {
    const LAST: Stamp = Stamp::from_bytes([0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    stamp < LAST && stamp.to_unix().1 < 1_000_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_read_back() {
        let archive = Archive { stamp: Stamp::from_unix(1_700_000_000, 7), ending: Ending::Unprocessed };
        assert_eq!(archive.name(), "@400000006553f12500000007.u");
        assert_eq!(Archive::parse(archive.name().as_bytes()), Some(archive));
    }

    #[test]
    fn other_names_are_no_archives() {
        for name in
            ["current", "@400000006553f12500000007", "@400000006553f12500000007.x", "@40.s", "", "@.s"]
        {
            assert_eq!(Archive::parse(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn moment_that_nothing_can_follow_is_no_archives() {
        for name in
            ["@7fffffffffffffff00000000.s", "@ffffffffffffffff00000000.u", "@400000006553f1253b9aca00.s"]
        {
            assert_eq!(Archive::parse(name.as_bytes()), None, "{name}");
        }
        let last = Archive::parse(b"@7ffffffffffffffe3b9ac9ff.s").unwrap();
        assert!(Archive::after([last], Stamp::from_unix(0, 0), Ending::Safe) > last);
    }

    #[test]
    fn archive_is_younger_than_all_that_are_there_whatever_the_clock_says() {
        let at = |seconds| Archive { stamp: Stamp::from_unix(seconds, 0), ending: Ending::Unprocessed };
        let now = Stamp::from_unix(1000, 0);
        let after = |found: &[Archive]| Archive::after(found.iter().copied(), now, Ending::Safe).stamp;
        assert_eq!(after(&[]), now);
        assert_eq!(after(&[at(1), at(999)]), now);
        assert_eq!(after(&[at(5000), at(1)]), Stamp::from_unix(5000, 1));
    }

    #[test]
    fn archives_sort_by_age() {
        let at = |seconds, ending| Archive { stamp: Stamp::from_unix(seconds, 0), ending };
        assert!(at(1, Ending::Unprocessed) < at(2, Ending::Safe));
    }
}
