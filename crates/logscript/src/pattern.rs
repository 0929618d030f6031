//! What selects lines.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::star;

/// Something that a line matches or not. No pattern takes longer than its size times that of the line.
#[derive(Debug)]
pub struct Pattern(Kind);

#[derive(Debug)]
enum Kind {
    /// Matches every line.
    Anything,
    /// A POSIX extended regular expression.
    Extended(regex_lite::Regex),
    /// Literal bytes, and stars.
    Star(Vec<u8>),
    /// Literal bytes, stars, and pluses.
    StarPlus(Vec<u8>),
}

/// Why something is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadPattern(pub String);

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Pattern {
    /// A POSIX extended regular expression over bytes; empty: everything.
    ///
    /// # Errors
    /// It is none, or too large.
    pub fn extended(text: &[u8]) -> Result<Pattern, BadPattern> {
        use alloc::string::ToString;
        if text.is_empty() {
            return Ok(Pattern(Kind::Anything));
        }
        let regex = regex_lite::Regex::new(&latin(text)).map_err(|error| BadPattern(error.to_string()))?;
        Ok(Pattern(Kind::Extended(regex)))
    }

    /// What matches every line.
    pub const fn anything() -> Pattern {
        Pattern(Kind::Anything)
    }

    /// A pattern of multilog's.
    pub fn star(text: &[u8]) -> Pattern {
        Pattern(Kind::Star(text.to_vec()))
    }

    /// A pattern of svlogd's.
    pub fn star_plus(text: &[u8]) -> Pattern {
        Pattern(Kind::StarPlus(text.to_vec()))
    }

    /// Whether `line` matches.
    pub fn matches(&self, line: &[u8]) -> bool {
        match &self.0 {
            Kind::Anything => true,
            Kind::Star(pattern) => star::matches_star(pattern, line),
            Kind::StarPlus(pattern) => star::matches_star_plus(pattern, line),
            Kind::Extended(regex) => match core::str::from_utf8(line).ok().filter(|line| line.is_ascii()) {
                Some(line) => regex.is_match(line),
                None => regex.is_match(&latin(line)),
            },
        }
    }
}

/// Each byte as the character with its number: so a byte is a character, as in the C locale, whatever it is.
fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_characters() {
        assert!(Pattern::extended(b"^a.b$").unwrap().matches(b"a\xffb"));
        assert!(Pattern::extended("é+".as_bytes()).unwrap().matches("café".as_bytes()));
        assert!(Pattern::extended(b"").unwrap().matches(b""));
        assert!(Pattern::extended(b"(").is_err());
    }
}
