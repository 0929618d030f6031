//! A program run on lines: one look into a table for each byte.
//!
//! A state is the set of steps that may be next. States and what leads from one to another are found out when a line
//! first needs it, and forgotten when they are too many; so neither time nor memory is ever more than linear.

use alloc::collections::BinaryHeap;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;

use crate::program::{Before, Look, Program, Step, is_word};

/// The most states that are kept, and the most entries of their table.
const MOST_STATES: usize = 512;
const MOST_ENTRIES: usize = 32 * 1024;
/// The most steps in all of these states.
const MOST_STEPS: usize = 64 * 1024;

/// What an entry of the table is if it is no state: nobody knows yet; the line does not match; it does.
const UNKNOWN: u16 = u16::MAX;
const FAILED: u16 = u16::MAX - 1;
const MATCHED: u16 = u16::MAX - 2;

/// A program with what is known of it.
#[derive(Debug)]
pub(crate) struct Automaton {
    program: Program,
    /// The class of each byte.
    classes: [u8; 256],
    /// Entries of a state: one for each class, and the last one for the end of the line.
    stride: usize,
    /// Nothing matches but what begins where the line begins.
    is_anchored: bool,
    looks_at_words: bool,
    known: RefCell<Known>,
}

/// The states that were found out.
#[derive(Debug, Default)]
struct Known {
    states: Vec<State>,
    table: Vec<u16>,
    /// Steps in all states.
    steps: usize,
}

#[derive(Debug, PartialEq, Eq)]
struct State {
    /// The steps that may be next, sorted.
    steps: Vec<u16>,
    before: Before,
}

impl Automaton {
    pub(crate) fn new(program: Program) -> Automaton {
        let (classes, count) = program.classes();
        Automaton {
            classes,
            stride: count + 1,
            is_anchored: program.steps.first() == Some(&Step::Look(Look::Start)),
            looks_at_words: program.looks_at_words(),
            program,
            known: RefCell::default(),
        }
    }

    /// Whether anything in the line matches.
    pub(crate) fn matches(&self, line: &[u8]) -> bool {
        let known = &mut *self.known.borrow_mut();
        let mut state = self.start(known);
        for &byte in line {
            let class = usize::from(self.classes[usize::from(byte)]);
            let mut next = known.table[usize::from(state) * self.stride + class];
            if next >= MATCHED {
                if next == UNKNOWN {
                    next = self.find_out(known, state, Some(byte), class);
                }
                if next >= MATCHED {
                    return next == MATCHED;
                }
            }
            state = next;
        }
        let class = self.stride - 1;
        match known.table[usize::from(state) * self.stride + class] {
            UNKNOWN => self.find_out(known, state, None, class) == MATCHED,
            next => next == MATCHED,
        }
    }

    /// The state in which a line begins: always the first.
    fn start(&self, known: &mut Known) -> u16 {
        if known.states.is_empty() {
            self.add(known, State { steps: vec![0], before: Before::Start });
        }
        0
    }

    /// Finds out what follows a state with this byte, or with the end of the line.
    #[cold]
    fn find_out(&self, known: &mut Known, state: u16, after: Option<u8>, class: usize) -> u16 {
        let next = match (self.follow(&known.states[usize::from(state)], after), after) {
            (None, _) => MATCHED,
            (Some(_), None) => FAILED,
            (Some(steps), _) if steps.is_empty() => FAILED,
            (Some(steps), Some(byte)) => {
                let before = if self.looks_at_words && is_word(byte) { Before::Word } else { Before::Other };
                let next = State { steps, before };
                match known.states.iter().position(|known| *known == next) {
                    Some(index) => index as u16,
                    None => {
                        if self.is_full(known) {
                            *known = Known::default();
                            self.start(known);
                            // The state that it follows was forgotten, too.
                            return self.add(known, next);
                        }
                        self.add(known, next)
                    }
                }
            }
        };
        known.table[usize::from(state) * self.stride + class] = next;
        next
    }

    /// The steps that may be next after a byte, sorted; `None`: the end was reached before it.
    fn follow(&self, state: &State, after: Option<u8>) -> Option<Vec<u16>> {
        let steps = &self.program.steps;
        let mut is_seen = vec![false; steps.len() + 1];
        let mut open = state.steps.clone();
        let mut next = if self.is_anchored { Vec::new() } else { vec![0] };
        while let Some(at) = open.pop() {
            if core::mem::replace(&mut is_seen[usize::from(at)], true) {
                continue;
            }
            match *steps.get(usize::from(at))? {
                Step::Byte(set) => {
                    if after.is_some_and(|byte| self.program.sets[usize::from(set)][usize::from(byte)]) {
                        next.push(at + 1);
                    }
                }
                Step::Look(look) if look.is_so(state.before, after) => open.push(at + 1),
                Step::Look(_) => {}
                Step::Jump(to) => open.push(at.wrapping_add_signed(to)),
                Step::Split(one, other) => {
                    open.extend([at.wrapping_add_signed(one), at.wrapping_add_signed(other)]);
                }
            }
        }
        Some(BinaryHeap::from(next).into_sorted_vec())
    }

    fn is_full(&self, known: &Known) -> bool {
        known.states.len() >= MOST_STATES
            || known.table.len() + self.stride > MOST_ENTRIES
            || known.steps > MOST_STEPS
    }

    fn add(&self, known: &mut Known, state: State) -> u16 {
        known.steps += state.steps.len();
        known.states.push(state);
        known.table.resize(known.states.len() * self.stride, UNKNOWN);
        (known.states.len() - 1) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ere;

    #[test]
    fn what_is_known_stays_small() {
        // A pattern of which the states are 2 to the 20th.
        let automaton = Automaton::new(ere::compile(b"(a|b)*a(a|b){20}$").unwrap());
        let (mut seed, mut wanted) = (1_u32, Vec::new());
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            wanted.push(if seed >> 31 == 0 { b'a' } else { b'b' });
        }
        for end in 10_000..10_004 {
            assert_eq!(automaton.matches(&wanted[..end]), wanted[end - 21] == b'a', "{end}");
        }
        let known = automaton.known.borrow();
        assert!(known.states.len() <= MOST_STATES && known.table.len() <= MOST_ENTRIES);
        assert!(known.steps < 2 * MOST_STEPS);
    }

    #[test]
    fn line_that_cannot_match_any_more_is_not_read_on() {
        let automaton = Automaton::new(ere::compile(b"^ab").unwrap());
        assert!(!automaton.matches(b"xab") && automaton.matches(b"abx") && !automaton.matches(b"a"));
        assert!(automaton.known.borrow().states.len() <= 3);
    }
}
