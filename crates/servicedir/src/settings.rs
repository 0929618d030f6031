//! Settings: files of one line, read afresh each time they are needed.
//!
//! One that cannot be what it must be is reported, with its name, its content and what is used instead,
//! and counts as absent.

use std::fmt;
use std::io;
use std::ops::RangeInclusive;
use std::path::Path;
use std::str::FromStr;

use sys::file::{self, Kind};

/// The longest setting, in bytes, white space around it included.
const LONGEST: usize = 256;
/// The most of a wrong setting that is repeated in a message, in characters.
const SHOWN: usize = 32;

/// A setting that cannot be what it must be.
#[derive(Debug)]
pub struct Problem {
    name: &'static str,
    what: What,
}

#[derive(Debug)]
enum What {
    /// It is there and cannot be read.
    Unreadable(io::Error),
    /// It is no file.
    NotAFile,
    /// Its content, and what it should be.
    Wrong(String, &'static str),
}

impl Problem {
    /// The file may be all right: it cannot be read now.
    pub fn is_unreadable(&self) -> bool {
        matches!(self.what, What::Unreadable(_))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Unreadable(error) => {
                write!(f, "unable to read {}: {}", self.name, sys::problem::plain(error))
            }
            What::NotAFile => write!(f, "{} is not a regular file", self.name),
            What::Wrong(content, wanted) if content.is_empty() => {
                write!(f, "{} is empty instead of {wanted}", self.name)
            }
            What::Wrong(content, wanted) => {
                write!(f, "{} holds {content:?} instead of {wanted}", self.name)
            }
        }
    }
}

/// The words of one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given(String);

impl Given {
    /// The words, separated by white space; none in an empty file.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split_ascii_whitespace()
    }

    /// The number of this range that it is; `wanted` says so.
    ///
    /// # Errors
    /// It is no such number.
    pub fn number(
        &self,
        name: &'static str,
        wanted: &'static str,
        range: RangeInclusive<u32>,
    ) -> Result<u32, Problem> {
        self.word(name, wanted, |word| number(word).filter(|n| range.contains(n)))
    }

    /// The one word that it is, which `parse` understands; `wanted` says what that is.
    ///
    /// # Errors
    /// It is no such word.
    pub fn word<T>(
        &self,
        name: &'static str,
        wanted: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Problem> {
        let mut words = self.words();
        match (words.next().and_then(parse), words.next()) {
            (Some(value), None) => Ok(value),
            _ => Err(self.wrong(name, wanted)),
        }
    }

    /// The problem that this setting is not `wanted`.
    pub fn wrong(&self, name: &'static str, wanted: &'static str) -> Problem {
        Problem { name, what: What::Wrong(self.0.chars().take(SHOWN).collect(), wanted) }
    }
}

/// Reads a setting in the current directory; `None`: there is no such file.
///
/// # Errors
/// It is no regular file, cannot be read, is longer than a line can be, or is not UTF-8.
pub fn read_given(name: &'static str) -> Result<Option<Given>, Problem> {
    read_at(Path::new(name), name)
}

/// Reads a setting of the service directory `dir`.
///
/// # Errors
/// As `read_given`.
pub fn read_given_in(dir: &Path, name: &'static str) -> Result<Option<Given>, Problem> {
    read_at(&dir.join(name), name)
}

fn read_at(path: &Path, name: &'static str) -> Result<Option<Given>, Problem> {
    let unreadable = |error| Problem { name, what: What::Unreadable(error) };
    // Asked before it is opened: to open some devices is to use them.
    match file::look(path).map_err(unreadable)? {
        Some(info) if info.kind != Kind::File => return Err(Problem { name, what: What::NotAFile }),
        Some(_) => {}
        None => return Ok(None),
    }
    let mut buffer = [0; LONGEST];
    let Some(bytes) = file::read_into(path, &mut buffer).map_err(unreadable)? else { return Ok(None) };
    let full = bytes.len() == LONGEST;
    let line = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    let rest = bytes.get(line.len()..).unwrap_or_default();
    match std::str::from_utf8(line) {
        Ok(text) if !full && rest.iter().all(u8::is_ascii_whitespace) => {
            Ok(Some(Given(text.trim().to_owned())))
        }
        _ => {
            let shown = String::from_utf8_lossy(line).chars().take(SHOWN).collect();
            Err(Problem { name, what: What::Wrong(shown, "one line of text") })
        }
    }
}

/// A setting that is one number of this range; `wanted` says so.
///
/// # Errors
/// As `read_given`, or it is no such number.
pub fn read_number(
    name: &'static str,
    wanted: &'static str,
    range: RangeInclusive<u32>,
) -> Result<Option<u32>, Problem> {
    read_given(name)?.map(|given| given.number(name, wanted, range)).transpose()
}

/// A plain decimal number: no sign, no space.
pub fn number(word: &str) -> Option<u32> {
    let plain = word.bytes().all(|b| b.is_ascii_digit());
    u32::from_str(word).ok().filter(|_| plain)
}

/// A setting that is one word which `parse` understands; `wanted` says what that is.
///
/// # Errors
/// As `read_given`, or it is no such word.
pub fn read_word<T>(
    name: &'static str,
    wanted: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    read_given(name)?.map(|given| given.word(name, wanted, parse)).transpose()
}
