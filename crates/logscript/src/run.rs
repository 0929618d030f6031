//! A script run on the pieces of lines.

use alloc::vec::Vec;

use crate::splitter::MARK;
use crate::{Heads, Piece, Place, Script, Selector, Sight};

/// Who takes what the actions give.
pub trait Take {
    /// Takes what the action with this index writes.
    fn take(&mut self, action: usize, line: &Dressed<'_>);
}

/// A line, or a piece of one, as an action writes it.
#[derive(Clone, Copy, Debug)]
pub struct Dressed<'a> {
    /// What stands before it: stamps and a prefix.
    pub head: &'a [u8],
    /// What marks that it goes on from a line before.
    pub before: &'a [u8],
    /// The line.
    pub text: &'a [u8],
    /// What marks that the next line goes on with it.
    pub after: &'a [u8],
    /// It is complete with this: a newline follows.
    pub ends: bool,
}

impl<'a> Dressed<'a> {
    /// Everything, in the order in which it is written.
    #[inline]
    pub fn parts(&self) -> [&'a [u8]; 5] {
        [self.head, self.before, self.text, self.after, if self.ends { b"\n" } else { b"" }]
    }
}

/// The actions that were chosen for a line of which not everything has come.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    actions: Vec<usize>,
    /// The line after replacements.
    replaced: Vec<u8>,
    /// The line as selectors see it.
    seen: Vec<u8>,
}

impl Script {
    /// Runs the script on one piece. `choice` is kept from piece to piece.
    #[inline]
    pub fn run(&self, piece: &Piece<'_>, heads: &Heads, choice: &mut Choice, taker: &mut impl Take) {
        if !piece.begins {
            let rest = Dressed { head: b"", before: b"", text: piece.text, after: b"", ends: piece.ends };
            for &action in &choice.actions {
                taker.take(action, &rest);
            }
            return;
        }
        let Choice { actions, replaced, seen } = choice;
        actions.clear();
        let text = self.replace(piece.text, replaced);
        let sight = self.sight(text, heads, seen);
        let (mut selected, mut acted) = (true, false);
        for section in &self.sections {
            for selector in &section.selectors {
                selected = selector.selects(sight, selected, acted);
            }
            if !selected {
                continue;
            }
            acted = true;
            for action in section.actions.clone() {
                let mark = |is_marked: bool| if is_marked { MARK } else { b"" };
                let (before, after) = (mark(piece.marked_before), mark(piece.marked_after));
                let head = heads.of(action);
                taker.take(action, &Dressed { head, before, text, after, ends: piece.ends });
                // A rest is for what takes all of a line.
                if !piece.ends && matches!(self.actions[action].place, Place::Output | Place::Dir(_)) {
                    actions.push(action);
                }
            }
        }
    }
}

impl Script {
    /// The line, with other bytes in it where this script wants that.
    #[inline]
    fn replace<'a>(&self, text: &'a [u8], replaced: &'a mut Vec<u8>) -> &'a [u8] {
        let Some(replacements) = &self.replacements else { return text };
        replaced.clear();
        replaced.extend(text.iter().map(|&byte| replacements[usize::from(byte)]));
        replaced
    }

    /// The line as selectors see it.
    #[inline]
    fn sight<'a>(&self, text: &'a [u8], heads: &Heads, seen: &'a mut Vec<u8>) -> &'a [u8] {
        if self.sight == Sight::Line || self.actions.is_empty() {
            return text;
        }
        seen.clear();
        seen.extend_from_slice(heads.of(0));
        seen.extend_from_slice(text);
        seen
    }
}

impl Selector {
    fn selects(&self, text: &[u8], selected: bool, acted: bool) -> bool {
        match self {
            Selector::Unacted => !acted,
            Selector::Plus(pattern) => selected || pattern.matches(text),
            Selector::Minus(pattern) => selected && !pattern.matches(text),
        }
    }
}
