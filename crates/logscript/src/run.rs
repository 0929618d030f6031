//! A script run on the pieces of lines.

use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

use crate::json::{self, Message};
use crate::rate::Window;
use crate::splitter::MARK;
use crate::{Heads, Piece, Place, Rate, Script, Selector};

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

/// What is kept from piece to piece.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The actions that were chosen for a line of which not everything has come.
    actions: Vec<usize>,
    message: Message,
    /// When the lines came that were read last, on a clock that does not jump.
    now: Duration,
    /// What each action has counted; empty as long as none counts.
    windows: Vec<Window>,
}

impl Script {
    /// Runs the script on one piece. `choice` is kept from piece to piece.
    #[inline]
    pub fn run(&self, piece: &Piece<'_>, heads: &Heads, choice: &mut Choice, taker: &mut impl Take) {
        choice.message.forget();
        if !piece.begins {
            return self.go_on(piece, heads, choice, taker);
        }
        choice.actions.clear();
        let (mut selected, mut acted) = (true, false);
        for section in &self.sections {
            for selector in &section.selectors {
                selected = selector.selects(piece.text, selected, acted);
            }
            if !selected {
                continue;
            }
            acted = true;
            for action in section.actions.clone() {
                if self.actions[action].rate.is_some_and(|rate| !choice.admits(action, rate)) {
                    continue;
                }
                self.act(action, piece, heads, &mut choice.message, taker);
                // A rest is for what takes all of a line.
                if !piece.ends && self.takes_rests(action) {
                    choice.actions.push(action);
                }
            }
        }
    }

    /// Lines come at this moment. Says in each place how many lines were dropped there, if the time of its limit is over.
    pub fn turn(&self, now: Duration, heads: &Heads, choice: &mut Choice, taker: &mut impl Take) {
        choice.now = now;
        for action in 0..choice.windows.len() {
            // No line is torn.
            if !choice.actions.contains(&action)
                && let Some(dropped) = choice.windows[action].end(now)
                && let Some(rate) = self.actions[action].rate
            {
                let time = rate.time.as_secs();
                let text = format!("{dropped} lines dropped: more than {} in {time} s", rate.lines);
                let line = Piece::line(text.as_bytes());
                self.act(action, &line, heads, &mut Message::default(), taker);
            }
        }
    }

    /// No more comes: says in each place what is left to say.
    pub fn finish(&self, heads: &Heads, choice: &mut Choice, taker: &mut impl Take) {
        self.turn(Duration::MAX, heads, choice, taker);
    }

    #[inline]
    fn act(
        &self,
        action: usize,
        piece: &Piece<'_>,
        heads: &Heads,
        message: &mut Message,
        taker: &mut impl Take,
    ) {
        if self.actions[action].dress.json.is_some() {
            return self.act_json(action, piece, heads, message, taker);
        }
        let mark = |is_marked: bool| if is_marked { MARK } else { b"" };
        let (before, after) = (mark(piece.marked_before), mark(piece.marked_after));
        let head = if piece.begins { heads.of(action) } else { b"" };
        taker.take(action, &Dressed { head, before, text: piece.text, after, ends: piece.ends });
    }

    #[inline(never)]
    fn act_json(
        &self,
        action: usize,
        piece: &Piece<'_>,
        heads: &Heads,
        message: &mut Message,
        taker: &mut impl Take,
    ) {
        let head = if piece.begins { heads.of(action) } else { b"" };
        // What takes no rest has all that it gets of a line.
        let is_last = piece.ends || !self.takes_rests(action);
        let is_cut_before = piece.begins && piece.is_cut_before;
        let after = if is_last { json::tail(is_cut_before, piece.is_cut_after) } else { b"" };
        taker.take(action, &Dressed { head, before: b"", text: message.of(piece), after, ends: piece.ends });
    }

    fn go_on(&self, piece: &Piece<'_>, heads: &Heads, choice: &mut Choice, taker: &mut impl Take) {
        let actions = core::mem::take(&mut choice.actions);
        for &action in &actions {
            self.act(action, piece, heads, &mut choice.message, taker);
        }
        if !piece.ends {
            choice.actions = actions;
        }
    }

    fn takes_rests(&self, action: usize) -> bool {
        matches!(self.actions[action].place, Place::Output | Place::Dir(_))
    }
}

impl Choice {
    /// When `Script::turn` has something to say without a further line.
    pub fn deadline(&self) -> Option<Duration> {
        let says = |&(action, _): &(usize, &Window)| !self.actions.contains(&action);
        self.windows.iter().enumerate().filter(says).filter_map(|(_, window)| window.deadline()).min()
    }

    fn admits(&mut self, action: usize, rate: Rate) -> bool {
        if action >= self.windows.len() {
            self.windows.resize(action + 1, Window::default());
        }
        self.windows[action].admits(rate, self.now)
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
