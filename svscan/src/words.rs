//! Names as people read them.

use std::fmt;

use roster::Roster;

/// How many names a message holds.
const MOST: usize = 20;

/// A name on one line: control characters and what is not UTF-8 are escaped.
pub(crate) struct Shown<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                if character.is_control() {
                    write!(f, "{}", character.escape_default())?;
                } else {
                    write!(f, "{character}")?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// The services whose supervisors have not exited: `db, web/log`.
pub(crate) struct Waited<'a>(pub(crate) &'a Roster);

impl fmt::Display for Waited<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut more = 0;
        for (place, name) in self.0.waited_for().enumerate() {
            match place {
                0 => write!(f, "{}", Shown(name))?,
                _ if place < MOST => write!(f, ", {}", Shown(name))?,
                _ => more += 1,
            }
        }
        if more > 0 {
            write!(f, " and {more} more")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_stays_on_one_line() {
        assert_eq!(Shown(b"web/log").to_string(), "web/log");
        assert_eq!(Shown(b"a\nb\xff").to_string(), "a\\nb\\xff");
        assert_eq!(Shown("größe".as_bytes()).to_string(), "größe");
    }
}
