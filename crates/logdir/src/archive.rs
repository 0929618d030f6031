//! The name of an archive.

use alloc::format;
use alloc::string::String;

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
        Some(Archive { stamp: Stamp::from_label(label)?, ending })
    }

    /// Its file's name, 27 characters.
    pub fn name(&self) -> String {
        format!("@{}.{}", self.stamp, self.ending.letter())
    }
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
    fn archives_sort_by_age() {
        let at = |seconds, ending| Archive { stamp: Stamp::from_unix(seconds, 0), ending };
        assert!(at(1, Ending::Unprocessed) < at(2, Ending::Safe));
    }
}
