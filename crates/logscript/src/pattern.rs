//! What selects lines.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::automaton::Automaton;
use crate::{ere, star};

/// Something that a line matches or not. No pattern takes longer than its size times that of the line.
#[derive(Debug)]
pub struct Pattern(Kind);

#[derive(Debug)]
enum Kind {
    /// Matches every line.
    Anything,
    /// A POSIX extended regular expression.
    Extended(Box<Automaton>),
    /// Literal bytes, and stars.
    Star(Vec<u8>),
    /// Literal bytes, stars, and pluses.
    StarPlus(Vec<u8>),
}

/// Why something is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadPattern(pub &'static str);

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Pattern {
    /// A POSIX extended regular expression over bytes; empty: everything.
    ///
    /// # Errors
    /// It is none, or too large.
    pub fn extended(text: &[u8]) -> Result<Pattern, BadPattern> {
        if text.is_empty() {
            return Ok(Pattern(Kind::Anything));
        }
        let program = ere::compile(text).map_err(BadPattern)?;
        Ok(Pattern(Kind::Extended(Box::new(Automaton::new(program)))))
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
            Kind::Extended(automaton) => automaton.matches(line),
            Kind::Star(pattern) => star::matches_star(pattern, line),
            Kind::StarPlus(pattern) => star::matches_star_plus(pattern, line),
        }
    }
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
