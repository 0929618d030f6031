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
            // No line is torn: where some were dropped, none was let through after them.
            if let Some(dropped) = choice.windows[action].end(now)
                && let Some(rate) = self.actions[action].rate
            {
                let time = rate.time.as_secs();
                let text = format!("lines dropped: {dropped} (more than {} in {time} s)", rate.lines);
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
        self.windows.iter().filter_map(Window::deadline).min()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s6::{Surroundings, parse_ours};
    use crate::{Date, Moment};
    use alloc::string::String;
    use unix::Stamp;

    struct Taker(Vec<u8>);

    impl Take for Taker {
        fn take(&mut self, _: usize, line: &Dressed<'_>) {
            line.parts().into_iter().for_each(|part| self.0.extend_from_slice(part));
        }
    }

    /// What a script makes of pieces, each with the second in which it comes.
    fn run(words: &[&str], pieces: &[(u64, Piece<'_>)]) -> String {
        let script = parse_ours(words, &Surroundings::default()).unwrap().script;
        let (mut heads, mut choice, mut taker) = (Heads::default(), Choice::default(), Taker(Vec::new()));
        for (second, piece) in pieces {
            let stamp = Stamp::from_unix(*second as i64, 0);
            heads.write(&script, &Moment { stamp, local: Date::default() });
            script.turn(Duration::from_secs(*second), &heads, &mut choice, &mut taker);
            script.run(piece, &heads, &mut choice, &mut taker);
        }
        script.finish(&heads, &mut choice, &mut taker);
        String::from_utf8(taker.0).unwrap()
    }

    /// The first piece of a line that stays whole, and the last.
    fn halves<'a>(first: &'a [u8], last: &'a [u8]) -> [Piece<'a>; 2] {
        let first = Piece { ends: false, is_cut_after: true, ..Piece::line(first) };
        [first, Piece { begins: false, is_cut_before: true, ..Piece::line(last) }]
    }

    #[test]
    fn long_line_is_let_through_whole_or_not_at_all() {
        let [first, last] = halves(b"fir", b"st");
        let line = Piece::line(b"line");
        let pieces = [(1, first), (20, last), (20, line), (21, first), (40, last), (40, line)];
        let out = run(&["rate=1/10", "1"], &pieces);
        assert_eq!(out, "first\nline\nlines dropped: 1 (more than 1 in 10 s)\nline\n");
    }

    #[test]
    fn whole_line_is_one_object_and_goes_on_only_where_it_was_taken() {
        let [first, last] = halves(b"a\"\xc3", b"\xbc\"b");
        let out = run(&["iso=utc", "json", "1"], &[(0, first), (0, last)]);
        assert_eq!(out, "{\"time\":\"1970-01-01T00:00:00Z\",\"message\":\"a\\\"ü\\\"b\"}\n");
        let out = run(&["-a", "json", "1"], &[(0, first), (0, last)]);
        assert_eq!(out, "");
    }

    #[test]
    fn what_takes_no_rest_has_an_object_that_says_so() {
        let [first, last] = halves(b"first", b"last");
        let out = run(&["json", "iso=utc", "=file"], &[(0, first), (0, last)]);
        assert_eq!(out, "{\"time\":\"1970-01-01T00:00:00Z\",\"message\":\"first\",\"ends\":false}");
    }
}
