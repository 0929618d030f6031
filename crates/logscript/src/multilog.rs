//! multilog's grammar: a word an action. There is no wrong word: one that means nothing is passed over.
//!
//! Source: daemontools 0.76, `multilog`.

use alloc::vec::Vec;
use core::time::Duration;

use crate::{
    Action, Change, Dir, Dress, Excerpt, Foreign, Modes, Overflow, Pattern, Place, Processor, Script,
    Section, Selector, Shell, Sight, number,
};

/// A line is selected by so many bytes of it, with its stamp.
const SEEN: usize = 1000;

/// Bytes of a stamp, with the space that follows it.
const STAMP: usize = 26;

/// The least and the most size of a file, in bytes.
const SIZES: core::ops::RangeInclusive<u64> = 4096..=16_777_215;

/// What words are.
#[derive(Debug)]
pub struct Parsed {
    /// The script.
    pub script: Script,
    /// The most bytes of a line that selectors see.
    pub limit: usize,
}

/// The script that words are. A stamp is put before every line if the first word begins with `t`.
#[cold] // Once, at the beginning: small rather than fast.
#[inline(never)]
pub fn parse<W: AsRef<[u8]>>(words: &[W]) -> Parsed {
    let is_stamped = words.first().is_some_and(|word| word.as_ref().starts_with(b"t"));
    let foreign = is_stamped.then_some(Foreign::Label);
    let mut parser = Parser {
        script: Script::default(),
        dress: Dress { foreign, ..Dress::default() },
        selectors: Vec::new(),
        dir: dir(),
    };
    for word in words {
        parser.word(word.as_ref());
    }
    // A line is put together for selectors alone.
    if is_stamped && parser.script.sections.iter().any(|section| !section.selectors.is_empty()) {
        parser.script.sight = Sight::Dressed;
    }
    Parsed { script: parser.script, limit: if is_stamped { SEEN - STAMP } else { SEEN } }
}

/// A directory of which nothing was said.
fn dir() -> Dir {
    Dir {
        budget: budget(10),
        retry: Duration::from_secs(5),
        overflow: Overflow::Cut,
        modes: Modes { dir: Some(0o700), lock: 0o600, current: Some(0o644) },
        ..Dir::default()
    }
}

/// So many files: `current` is one of them.
fn budget(files: u64) -> logdir::Budget {
    logdir::Budget { archives: files.max(2) as usize - 1, bytes: 0 }
}

struct Parser {
    script: Script,
    dress: Dress,
    /// Those that were not yet followed by an action.
    selectors: Vec<Selector>,
    /// What is wanted of the next directories.
    dir: Dir,
}

impl Parser {
    #[cold]
    #[inline(never)]
    fn word(&mut self, word: &[u8]) {
        let Some((&first, rest)) = word.split_first() else { return };
        match first {
            b'+' => self.selectors.push(Selector::Plus(Pattern::star(rest))),
            b'-' => self.selectors.push(Selector::Minus(Pattern::star(rest))),
            b's' => self.dir.size = number::leading(rest).0.clamp(*SIZES.start(), *SIZES.end()),
            b'n' => self.dir.budget = budget(number::leading(rest).0),
            b'!' => self.dir.processor = Some(Processor { shell: Shell::Posix, command: rest.to_vec() }),
            b'e' => {
                let excerpt = Excerpt { most: 200, from: 201, counts_head: true };
                self.act(Place::Alert { excerpt, is_named: false });
            }
            b'=' => {
                let path = rest.to_vec();
                self.act(Place::Status { path, size: SEEN + 1, change: Change::Overwritten });
            }
            b'.' | b'/' => {
                self.script.dirs.push(Dir { path: word.to_vec(), ..self.dir.clone() });
                self.act(Place::Dir(self.script.dirs.len() - 1));
            }
            _ => {}
        }
    }

    #[cold]
    #[inline(never)]
    fn act(&mut self, place: Place) {
        let at = self.script.actions.len();
        self.script.actions.push(Action { dress: self.dress.clone(), place, rate: None });
        let selectors = core::mem::take(&mut self.selectors);
        self.script.sections.push(Section { selectors, actions: at..at + 1 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_for_the_directories_after_them() {
        let parsed = parse(&["s1", "./a", "n1", "s99999999", "!gzip", "/b", "n5x", "./c"]);
        let settings: Vec<_> = parsed
            .script
            .dirs
            .iter()
            .map(|dir| (dir.size, dir.budget.archives, dir.processor.is_some()))
            .collect();
        assert_eq!(settings, [(4096, 9, false), (16_777_215, 1, true), (16_777_215, 4, true)]);
    }

    #[test]
    fn stamp_is_wanted_by_the_first_word_alone() {
        assert_eq!(parse(&["t", "e"]).script.actions[0].dress.foreign, Some(Foreign::Label));
        assert_eq!(parse(&["t", "e"]).limit, 974);
        assert_eq!(parse(&["e", "t", "e"]).script.actions[1].dress.foreign, None);
        assert_eq!(parse(&["e"]).limit, 1000);
        assert_eq!(parse(&["t", "+a", "e"]).script.sight, Sight::Dressed);
        assert_eq!(parse(&["t", "e", "+a"]).script.sight, Sight::Line);
    }

    #[test]
    fn word_that_means_nothing_is_passed_over() {
        let parsed = parse(&["", "x", "E", "e", "hello"]);
        assert_eq!(parsed.script.actions.len(), 1);
        assert!(parse::<&str>(&[]).script.actions.is_empty());
    }

    #[test]
    fn selection_goes_on_from_action_to_action() {
        let parsed = parse(&["-*", "+a*", "e", "-ab*", "./log"]);
        let counts: Vec<_> =
            parsed.script.sections.iter().map(|s| (s.selectors.len(), s.actions.clone())).collect();
        assert_eq!(counts, [(2, 0..1), (1, 1..2)]);
    }
}
