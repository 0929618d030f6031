//! Command lines in the manner of getopt(3), for the names of other suites: options end at the first
//! operand, and whatever comes after it belongs to somebody else, often a program to run.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::{Failure, name_program, options};

/// What a program of another suite takes.
#[derive(Debug)]
pub struct Grammar {
    /// Its name.
    pub name: &'static str,
    /// The usage, without the name.
    pub usage: &'static str,
    /// Its letters; a colon follows those that take a value.
    pub letters: &'static str,
    /// Long names with the letters that they stand for.
    pub long: &'static [(&'static str, char)],
}

/// A command line, taken apart.
#[derive(Debug)]
pub struct Line {
    /// Options in their order, with a value that is empty where they take none.
    pub options: Vec<(char, OsString)>,
    /// Everything from the first operand on.
    pub operands: Vec<OsString>,
}

impl Grammar {
    /// Takes a command line apart, `args[0]` being the name it was called by. Sets the name that messages
    /// begin with.
    ///
    /// # Errors
    /// `Usage`: an option that is not known, lacks its value, or has one that it does not take.
    pub fn parse(&self, args: Vec<OsString>) -> Result<Line, Failure> {
        name_program(self.name);
        self.split(args).map_err(|_| self.misuse())
    }

    /// The same for those who have their own words for a wrong call.
    ///
    /// # Errors
    /// What is wrong, as getopt(3) says it.
    pub fn split(&self, args: Vec<OsString>) -> Result<Line, String> {
        let mut words: VecDeque<OsString> = args.into_iter().skip(1).collect();
        let mut options = Vec::new();
        while let Some(word) = words.pop_front() {
            match word.as_bytes() {
                b"--" => break,
                [b'-', b'-', long @ ..] => options.push(self.long_option(long, &mut words)?),
                [b'-', letters @ ..] if !letters.is_empty() => {
                    self.bundle(letters, &mut words, &mut options)?;
                }
                _ => {
                    words.push_front(word);
                    break;
                }
            }
        }
        Ok(Line { options, operands: words.into() })
    }

    /// `-abX5`: letters up to one with a value, which is what is left, or the next word.
    fn bundle(
        &self,
        mut letters: &[u8],
        words: &mut VecDeque<OsString>,
        options: &mut Vec<(char, OsString)>,
    ) -> Result<(), String> {
        while let Some((&letter, rest)) = letters.split_first() {
            letters = rest;
            let value = match self.takes_value(letter) {
                None => return Err(unknown(letter)),
                Some(false) => OsString::new(),
                Some(true) if rest.is_empty() => words.pop_front().ok_or_else(|| lacking(letter))?,
                Some(true) => OsString::from_vec(std::mem::take(&mut letters).to_vec()),
            };
            options.push((char::from(letter), value));
        }
        Ok(())
    }

    fn long_option(&self, text: &[u8], words: &mut VecDeque<OsString>) -> Result<(char, OsString), String> {
        let (name, value) = match text.iter().position(|&byte| byte == b'=') {
            Some(end) => (&text[..end], Some(OsStr::from_bytes(&text[end + 1..]).to_owned())),
            None => (text, None),
        };
        let known = self.long.iter().find(|(long, _)| long.as_bytes() == name);
        // To those without long names, the second dash is a letter.
        let &(_, letter) = known.ok_or_else(|| unknown(b'-'))?;
        match (self.takes_value(letter as u8), value) {
            (Some(true), Some(value)) => Ok((letter, value)),
            (Some(true), None) => Ok((letter, words.pop_front().ok_or_else(|| lacking(letter as u8))?)),
            (Some(false), None) => Ok((letter, OsString::new())),
            _ => Err(unknown(b'-')),
        }
    }

    /// Whether the option takes a value; `None`: there is no such option.
    fn takes_value(&self, letter: u8) -> Option<bool> {
        let letters = self.letters.as_bytes();
        let at = letters.iter().position(|&known| known == letter && letter != b':')?;
        Some(letters.get(at + 1) == Some(&b':'))
    }

    /// The failure of a call that is wrong: it shows the usage.
    pub fn misuse(&self) -> Failure {
        Failure::Usage(format!("usage: {} {}", self.name, self.usage).into())
    }

    /// The number that a value is: decimal, nothing around it.
    ///
    /// # Errors
    /// `Usage`.
    pub fn number<T: TryFrom<u64>>(&self, value: &OsStr) -> Result<T, Failure> {
        options::number(value, "").map_err(|_| self.misuse())
    }
}

fn unknown(letter: u8) -> String {
    format!("illegal option -- {}", letter.escape_ascii())
}

fn lacking(letter: u8) -> String {
    format!("option requires an argument -- {}", letter.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAMMAR: Grammar =
        Grammar { name: "tool", usage: "[ -a ] dir", letters: "at:w:", long: &[("time", 't'), ("all", 'a')] };

    fn line(words: &[&str]) -> Option<(String, Vec<OsString>)> {
        let args = std::iter::once("tool").chain(words.iter().copied()).map(OsString::from).collect();
        let line = GRAMMAR.parse(args).ok()?;
        let options = line.options.iter().map(|(letter, value)| format!("{letter}{}", value.display()));
        Some((options.collect::<Vec<_>>().join(" "), line.operands))
    }

    #[test]
    fn options_end_at_the_first_operand() {
        let (options, operands) = line(&["-at5", "-w", "u", "--time=7", "--all", "prog", "-a"]).unwrap();
        assert_eq!(options, "a t5 wu t7 a");
        assert_eq!(operands, ["prog", "-a"]);
        assert_eq!(line(&["--", "-a"]).unwrap(), (String::new(), vec!["-a".into()]));
        assert_eq!(line(&["-", "-a"]).unwrap().1, ["-", "-a"]);
    }

    #[test]
    fn mistakes_are_told_in_the_usual_words() {
        for (words, what) in [
            (&["tool", "-ax"][..], "illegal option -- x"),
            (&["tool", "--none"], "illegal option -- -"),
            (&["tool", "-at"], "option requires an argument -- t"),
        ] {
            assert_eq!(GRAMMAR.split(words.iter().map(OsString::from).collect()).unwrap_err(), what);
        }
    }

    #[test]
    fn what_is_not_known_is_misuse() {
        for words in [&["-x"][..], &["-t"], &["--t"], &["--time"], &["--all=1"], &["-:"], &["--help"]] {
            assert!(line(words).is_none(), "{words:?}");
        }
    }
}
