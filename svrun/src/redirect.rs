//! Descriptors: opened, copied and closed in the words of the shell.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use cli::{Failure, Unable};
use sys::open::{self, Purpose};
use sys::process;

use crate::apply::on;
use crate::numbers::plain;

/// What a descriptor becomes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Redirect {
    pub(crate) number: i32,
    to: Target,
}

#[derive(Debug, PartialEq, Eq)]
enum Target {
    File(PathBuf, Purpose),
    CopyOf(i32),
    Closed,
}

/// Makes it so.
///
/// # Errors
/// The file cannot be opened, or a descriptor is not open.
pub(crate) fn make(redirect: &Redirect) -> Result<(), Failure> {
    let number = redirect.number;
    match &redirect.to {
        Target::File(path, purpose) => {
            let file = on(path, "open", open::open(path, *purpose))?;
            process::place(file, number).unable(|| format!("use {} as {number}", path.display()))
        }
        Target::CopyOf(from) => {
            process::copy(*from, number).unable(|| format!("make {number} a copy of {from}"))
        }
        Target::Closed => {
            process::close_range_at_exec(number as u32, number as u32);
            Ok(())
        }
    }
}

/// `[N]<FILE`, `[N]>FILE`, `[N]>>FILE`, `[N]<>FILE`, `[N]<&M`, `[N]>&M`, `[N]>&-`.
pub(crate) fn parse(text: &OsStr) -> Option<Redirect> {
    let bytes = text.as_bytes();
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = bytes.split_at(digits);
    let number = std::str::from_utf8(number).ok().filter(|number| !number.is_empty());
    let (kind, usual, target) = match rest {
        [b'>', b'>', target @ ..] => (Some(Purpose::Append), 1, target),
        [b'<', b'>', target @ ..] => (Some(Purpose::Both), 0, target),
        [b'>', b'&', target @ ..] => (None, 1, target),
        [b'<', b'&', target @ ..] => (None, 0, target),
        [b'>', target @ ..] => (Some(Purpose::Write), 1, target),
        [b'<', target @ ..] => (Some(Purpose::Read), 0, target),
        _ => return None,
    };
    let number = number.map_or(Some(usual), plain)?;
    let to = match (kind, target) {
        (_, []) => return None,
        (Some(purpose), path) => Target::File(OsStr::from_bytes(path).into(), purpose),
        (None, b"-") => Target::Closed,
        (None, from) => Target::CopyOf(plain(std::str::from_utf8(from).ok()?)?),
    };
    Some(Redirect { number, to })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirections_are_those_of_the_shell() {
        let file = |number, path: &str, purpose| Redirect { number, to: Target::File(path.into(), purpose) };
        for (text, expected) in [
            ("<a", file(0, "a", Purpose::Read)),
            (">a", file(1, "a", Purpose::Write)),
            ("2>>a b", file(2, "a b", Purpose::Append)),
            ("3<>a", file(3, "a", Purpose::Both)),
            ("2>&1", Redirect { number: 2, to: Target::CopyOf(1) }),
            ("<&12", Redirect { number: 0, to: Target::CopyOf(12) }),
            ("4>&-", Redirect { number: 4, to: Target::Closed }),
        ] {
            assert_eq!(parse(OsStr::new(text)), Some(expected), "{text}");
        }
        for text in ["", "a", "1", "1>", "2>&", "2>&x", "2>&-1", "99999999999>a"] {
            assert_eq!(parse(OsStr::new(text)), None, "{text}");
        }
    }
}
