//! What a regular expression becomes: steps, each of which takes a byte, looks around, or leads on to others.

use alloc::vec::Vec;

use crate::bracket::Bytes;

/// The steps, from the first one to the end, which is reached by what matches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    pub(crate) steps: Vec<Step>,
    /// The sets that steps name.
    pub(crate) sets: Vec<Bytes>,
}

/// A step. What it leads to is counted from itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Takes a byte of the set with this index, and leads to the next one.
    Byte(u16),
    /// Leads to the next one if what it looks for is so here.
    Look(Look),
    /// Leads to another.
    Jump(i16),
    /// Leads to two others.
    Split(i16, i16),
}

/// Something that is looked for between two bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// The line begins.
    Start,
    /// It ends.
    End,
    /// A word begins.
    WordStart,
    /// A word ends.
    WordEnd,
    /// A word begins or ends.
    WordEdge,
    /// None does.
    NoWordEdge,
}

/// What stands before a place in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// Nothing.
    Start,
    /// A byte of a word.
    Word,
    /// Another one.
    Other,
}

impl Look {
    /// Whether it is so between what stands before and after; `None`: nothing stands after.
    pub(crate) fn is_so(self, before: Before, after: Option<u8>) -> bool {
        let (was_word, is_word) = (before == Before::Word, after.is_some_and(is_word));
        match self {
            Look::Start => before == Before::Start,
            Look::End => after.is_none(),
            Look::WordStart => !was_word && is_word,
            Look::WordEnd => was_word && !is_word,
            Look::WordEdge => was_word != is_word,
            Look::NoWordEdge => was_word == is_word,
        }
    }
}

impl Program {
    /// Whether a word is looked for.
    pub(crate) fn looks_at_words(&self) -> bool {
        let is_plain =
            |step: &Step| !matches!(step, Step::Look(look) if !matches!(look, Look::Start | Look::End));
        !self.steps.iter().all(is_plain)
    }

    /// Classes of bytes that no step tells apart: that of each byte, and how many there are.
    pub(crate) fn classes(&self) -> ([u8; 256], usize) {
        let words: Bytes = core::array::from_fn(|b| is_word(b as u8));
        let (mut classes, mut count) = ([0; 256], 1);
        for set in self.sets.iter().chain(self.looks_at_words().then_some(&words)) {
            split(&mut classes, &mut count, set);
        }
        (classes, count)
    }
}

/// Splits the classes of which some bytes are in the set and others are not.
fn split(classes: &mut [u8; 256], count: &mut usize, set: &Bytes) {
    let mut has_others = [false; 256];
    for (class, _) in classes.iter().zip(set).filter(|(_, is_in)| !**is_in) {
        has_others[usize::from(*class)] = true;
    }
    let mut new = [None; 256];
    for (class, _) in classes.iter_mut().zip(set).filter(|(_, is_in)| **is_in) {
        if has_others[usize::from(*class)] {
            *class = *new[usize::from(*class)].get_or_insert_with(|| {
                *count += 1;
                (*count - 1) as u8
            });
        }
    }
}

/// Whether words are made of it.
pub(crate) fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}
