//! s6-log's grammar, and ours: a word a directive.
//!
//! Source: s6 2.15, `s6-log`, "Logging script syntax". Ours are whole words that s6-log refuses ([`parse_ours`]).

mod ours;

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::time::Duration;

use crate::{
    Action, BadScript, Change, Dir, Dress, Excerpt, Pattern, Place, Processor, Rate, Script, Section,
    Selector, Shell,
};

pub use ours::Surroundings;

/// The least and the most size of a file, in bytes.
const SIZES: core::ops::RangeInclusive<u64> = 4096..=268_435_455;

/// What is wrong with a word that should be a number.
const WANTED: &str = "it wants a number";

/// A script, and what is odd about it.
#[derive(Debug)]
pub struct Parsed {
    /// The script.
    pub script: Script,
    /// Directives follow the last action: they are for nothing.
    pub has_idle_end: bool,
}

/// The script that words are to s6-log.
///
/// # Errors
/// The first word that is no directive, or that cannot stand where it does; or no word is an action.
pub fn parse<W: AsRef<[u8]>>(words: &[W]) -> Result<Parsed, BadScript> {
    parse_with(words, None)
}

/// The script that words are, our own directives among them.
///
/// # Errors
/// As `parse`.
pub fn parse_ours<W: AsRef<[u8]>>(words: &[W], around: &Surroundings<'_>) -> Result<Parsed, BadScript> {
    parse_with(words, Some(around))
}

fn parse_with<W: AsRef<[u8]>>(words: &[W], ours: Option<&Surroundings<'_>>) -> Result<Parsed, BadScript> {
    let mut parser = Parser::new(ours);
    for word in words {
        let word = word.as_ref();
        parser.directive(word).map_err(|why| BadScript { word: word.to_vec(), why: why_not(word, why) })?;
    }
    parser.end()
}

/// Why a word is wrong: the path of a directory, as others take it, is not taken for a bad number.
fn why_not(word: &[u8], why: Cow<'static, str>) -> Cow<'static, str> {
    let is_path = word.first().is_some_and(u8::is_ascii_alphanumeric) && word.contains(&b'/');
    if is_path && !word.contains(&b'=') { "a directory begins with . or /".into() } else { why }
}

/// What the directives up to now have set for the next actions.
struct Parser<'a> {
    /// Our own directives are taken.
    ours: Option<&'a Surroundings<'a>>,
    script: Script,
    selectors: Vec<Selector>,
    /// The first action of the section.
    begin: usize,
    dress: Dress,
    rate: Option<Rate>,
    alert: usize,
    status: usize,
    dir: Dir,
    has_idle_end: bool,
}

impl<'a> Parser<'a> {
    fn new(ours: Option<&'a Surroundings<'a>>) -> Parser<'a> {
        Parser {
            ours,
            script: Script::default(),
            selectors: Vec::new(),
            begin: 0,
            dress: Dress::default(),
            rate: None,
            alert: 200,
            status: 1001,
            dir: Dir::default(),
            has_idle_end: false,
        }
    }

    fn directive(&mut self, word: &[u8]) -> Result<(), Cow<'static, str>> {
        let (&first, rest) = word.split_first().ok_or("it is empty")?;
        if self.own_directive(word)? {
            self.has_idle_end = true;
            return Ok(());
        }
        self.has_idle_end = !matches!(first, b'1' | b'2' | b'=' | b'.' | b'/');
        match first {
            b'f' | b't' | b'T' | b'1' | b'2' if !rest.is_empty() => return Err("it takes no value".into()),
            b'f' => self.select(Selector::Unacted),
            b'+' => self.select(Selector::Plus(extended(rest)?)),
            b'-' => self.select(Selector::Minus(extended(rest)?)),
            b'n' => self.dir.budget.archives = size(rest)?,
            b's' => self.dir.size = u64::from(number(rest)?).clamp(*SIZES.start(), *SIZES.end()),
            b'S' => self.dir.budget.bytes = large_number(rest)?,
            b'l' => self.tolerance(number(rest)?.into())?,
            b'r' => self.dir.retry = Duration::from_millis(number(rest)?.into()),
            b'R' => {
                self.dir.period =
                    Some(Duration::from_secs(number(rest)?.into())).filter(|time| !time.is_zero())
            }
            b'E' => self.alert = size(rest)?,
            b'^' => self.status = size(rest)?,
            b'p' => self.dress.prefix = prefix(rest),
            b'!' => self.dir.processor = processor(Shell::Execline, rest),
            b'?' => self.dir.processor = processor(Shell::Posix, rest),
            b't' => self.dress.label = true,
            b'T' => self.dress.local = true,
            b'1' => self.act(Place::Output),
            b'2' if self.dress.json.is_some() => return Err("an alert is no object".into()),
            b'2' => self.act(alert(self.alert)),
            b'=' if rest.is_empty() => return Err("it names no file".into()),
            b'=' => {
                let (path, size) = (rest.to_vec(), self.status);
                self.act(Place::Status { path, size, change: Change::Replaced });
            }
            b'.' | b'/' if self.script.dirs.iter().any(|dir| dir.path == word) => {
                return Err("it is written to already".into());
            }
            b'.' | b'/' => {
                self.script.dirs.push(Dir { path: word.to_vec(), ..self.dir.clone() });
                self.act(Place::Dir(self.script.dirs.len() - 1));
            }
            _ => return Err("unknown directive".into()),
        }
        Ok(())
    }

    fn tolerance(&mut self, tolerance: u64) -> Result<(), Cow<'static, str>> {
        if tolerance > self.dir.size / 2 {
            return Err("it is more than half of the size".into());
        }
        self.dir.tolerance = tolerance;
        Ok(())
    }

    /// A selector after an action begins the next section.
    fn select(&mut self, selector: Selector) {
        self.close();
        self.selectors.push(selector);
    }

    fn act(&mut self, place: Place) {
        let next = Dress { prefix: self.dress.prefix.clone(), ..Dress::default() };
        let mut dress = core::mem::replace(&mut self.dress, next);
        if let Some(around) = self.ours {
            around.name(&mut dress, &place);
        }
        self.script.actions.push(Action { dress, rate: self.rate.take(), place });
    }

    fn close(&mut self) {
        let actions = self.begin..self.script.actions.len();
        if !actions.is_empty() {
            self.begin = actions.end;
            let selectors = core::mem::take(&mut self.selectors);
            self.script.sections.push(Section { selectors, actions });
        }
    }

    fn end(mut self) -> Result<Parsed, BadScript> {
        self.close();
        if self.script.actions.is_empty() {
            return Err(BadScript { word: Vec::new(), why: "it has no action".into() });
        }
        Ok(Parsed { script: self.script, has_idle_end: self.has_idle_end })
    }
}

/// An alert of so many bytes; 0: all.
fn alert(most: usize) -> Place {
    // What is cut must not be longer than what it is cut from.
    let excerpt = match most {
        0 => Excerpt::ALL,
        _ => Excerpt { most, from: most.saturating_add(4), counts_head: false },
    };
    Place::Alert { excerpt, is_named: true }
}

fn extended(text: &[u8]) -> Result<Pattern, Cow<'static, str>> {
    Pattern::extended(text).map_err(|bad| bad.0.into())
}

fn prefix(text: &[u8]) -> Vec<u8> {
    if text.is_empty() { Vec::new() } else { [text, b" "].concat() }
}

fn processor(shell: Shell, command: &[u8]) -> Option<Processor> {
    (!command.is_empty()).then(|| Processor { shell, command: command.to_vec() })
}

/// A decimal number below 2^32.
fn number(digits: &[u8]) -> Result<u32, Cow<'static, str>> {
    large_number(digits)?.try_into().map_err(|_| WANTED.into())
}

/// The same as a number of bytes or of files in memory.
fn size(digits: &[u8]) -> Result<usize, Cow<'static, str>> {
    number(digits)?.try_into().map_err(|_| WANTED.into())
}

/// A decimal number below 2^64.
fn large_number(digits: &[u8]) -> Result<u64, Cow<'static, str>> {
    let text = core::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    text.and_then(|text| text.parse().ok()).ok_or(WANTED.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(words: &[&str]) -> Script {
        parse(words).unwrap_or_else(|bad| panic!("{words:?}: {bad:?}")).script
    }

    #[test]
    fn stamps_are_for_the_next_action_only_and_the_rest_stays() {
        let script = script(&["t", "pweb:", "n3", "./a", "./b"]);
        let dresses: Vec<_> = script.actions.iter().map(|action| action.dress.label).collect();
        assert_eq!(dresses, [true, false]);
        assert!(script.actions.iter().all(|action| action.dress.prefix == b"web: "));
        assert!(script.dirs.iter().all(|dir| dir.budget.archives == 3));
    }

    #[test]
    fn selector_after_an_action_begins_a_section() {
        let script = script(&["-", "+fatal", "2", "f", "1", "./log"]);
        let sections: Vec<_> =
            script.sections.iter().map(|s| (s.selectors.len(), s.actions.clone())).collect();
        assert_eq!(sections, [(2, 0..1), (1, 1..3)]);
    }

    #[test]
    fn size_is_kept_within_its_bounds() {
        assert_eq!(script(&["s1", "./a"]).dirs[0].size, 4096);
        assert_eq!(script(&["s999999999", "./a"]).dirs[0].size, 268_435_455);
    }

    #[test]
    fn bad_words_are_named() {
        for (words, bad) in [
            (&["x"][..], "x"),
            (&["tt", "1"], "tt"),
            (&["n", "1"], "n"),
            (&["n4294967296", "1"], "n4294967296"),
            (&["S18446744073709551616", "1"], "S18446744073709551616"),
            (&["r+1", "1"], "r+1"),
            (&["=", "1"], "="),
            (&["s4096", "l4000", "./a"], "l4000"),
            (&["+(", "1"], "+("),
            (&["./a", "1", "./a"], "./a"),
        ] {
            assert_eq!(parse(words).unwrap_err().word, bad.as_bytes(), "{words:?}");
        }
        assert_eq!(parse(&["t", "n5"]).unwrap_err().word, b"");
    }

    #[test]
    fn path_is_told_how_it_begins() {
        for word in ["log/web", "service/log", "main/"] {
            assert_eq!(parse(&[word]).unwrap_err().why, "a directory begins with . or /", "{word}");
        }
        assert_eq!(parse(&["rate=5/x"]).unwrap_err().why, WANTED);
    }

    #[test]
    fn directives_after_the_last_action_are_noticed() {
        assert!(parse(&["1", "t"]).unwrap().has_idle_end);
        assert!(!parse(&["t", "1"]).unwrap().has_idle_end);
    }
}
