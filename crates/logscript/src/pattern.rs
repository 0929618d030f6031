//! What selects lines.

use core::fmt;

use crate::automaton::Automaton;
use crate::ere;

/// Something that a line matches or not. No pattern takes longer than its size times that of the line.
#[derive(Debug)]
pub struct Pattern(Option<Automaton>);

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
            return Ok(Pattern(None));
        }
        let program = ere::compile(text).map_err(BadPattern)?;
        Ok(Pattern(Some(Automaton::new(program))))
    }

    /// Whether `line` matches.
    pub fn matches(&self, line: &[u8]) -> bool {
        self.0.as_ref().is_none_or(|automaton| automaton.matches(line))
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
