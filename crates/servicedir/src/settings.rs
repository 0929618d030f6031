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
    let path = Path::new(name);
    let unreadable = |error| Problem { name, what: What::Unreadable(error) };
    let mut buffer = [0; LONGEST];
    let Some(bytes) = file::read_into(path, &mut buffer).map_err(|error| explain(path, error, unreadable))?
    else {
        return Ok(None);
    };
    let full = bytes.len() == LONGEST;
    let line = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    let rest = bytes.get(line.len()..).unwrap_or_default();
    let text = match std::str::from_utf8(line) {
        Ok(text) if !full && rest.iter().all(u8::is_ascii_whitespace) => text,
        _ => {
            let shown = String::from_utf8_lossy(line).chars().take(SHOWN).collect();
            return Err(Problem { name, what: What::Wrong(shown, "one line of text") });
        }
    };
    if line.is_empty() && file::look(path).is_ok_and(|info| info.is_some_and(|i| i.kind != Kind::File)) {
        return Err(Problem { name, what: What::NotAFile });
    }
    Ok(Some(Given(text.trim().to_owned())))
}

/// What reading a directory says (EISDIR) and what a device says, in plain words.
fn explain(path: &Path, error: io::Error, otherwise: impl Fn(io::Error) -> Problem) -> Problem {
    let problem = otherwise(error);
    match file::look(path) {
        Ok(Some(info)) if info.kind != Kind::File => Problem { what: What::NotAFile, ..problem },
        _ => problem,
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
    read_word(name, wanted, |word| number(word).filter(|n| range.contains(n)))
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
    let Some(given) = read_given(name)? else { return Ok(None) };
    let mut words = given.words();
    match (words.next().and_then(parse), words.next()) {
        (Some(value), None) => Ok(Some(value)),
        _ => Err(given.wrong(name, wanted)),
    }
}
