//! The part of a line that is shown where a whole one might be too long.

use crate::Dressed;

/// What stands at the end of an excerpt that does not show all of its line.
const CUT: &[u8] = b"...";

/// How much of a line is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// So many bytes of a line that is cut.
    pub most: usize,
    /// A line is cut that has so many.
    pub from: usize,
    /// What stands before a line is part of it.
    pub counts_head: bool,
}

impl Excerpt {
    /// Everything.
    pub const ALL: Excerpt = Excerpt { most: usize::MAX, from: usize::MAX, counts_head: false };

    /// The excerpt of a line, with a newline at its end.
    pub fn of<'a>(&self, line: &Dressed<'a>) -> [&'a [u8]; 5] {
        let counted = if self.counts_head { line.head.len() } else { 0 };
        let text = line.text.get(..self.most.saturating_sub(counted)).unwrap_or(line.text);
        match counted + line.text.len() >= self.from {
            true => [line.head, line.before, text, CUT, b"\n"],
            false => [line.head, line.before, line.text, line.after, b"\n"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn shown(excerpt: Excerpt, head: &str, text: &str) -> String {
        let (head, text) = (head.as_bytes(), text.as_bytes());
        let line = Dressed { head, before: b"", text, after: b"", ends: true };
        String::from_utf8(excerpt.of(&line).concat()).unwrap()
    }

    #[test]
    fn line_is_cut_from_its_limit_on() {
        let excerpt = Excerpt { most: 3, from: 5, counts_head: false };
        assert_eq!(shown(excerpt, "@1 ", "abcd"), "@1 abcd\n");
        assert_eq!(shown(excerpt, "@1 ", "abcde"), "@1 abc...\n");
        assert_eq!(shown(Excerpt::ALL, "", "abcde"), "abcde\n");
    }

    #[test]
    fn stamp_may_count() {
        let excerpt = Excerpt { most: 5, from: 6, counts_head: true };
        assert_eq!(shown(excerpt, "@1 ", "ab"), "@1 ab\n");
        assert_eq!(shown(excerpt, "@1 ", "abc"), "@1 ab...\n");
    }
}
