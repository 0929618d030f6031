//! An environment in a directory: a file for each variable.

use std::ffi::OsStr;
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use cli::Failure;

use crate::apply::on;
use crate::environment::Environment;

/// A directory, and how its files are read.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    pub(crate) extent: Extent,
    /// Blanks at the end of the line, and the last newline of a whole file, are left out.
    pub(crate) chomps: bool,
    /// So many bytes of a file count.
    pub(crate) at_most: u64,
    /// What a zero byte becomes.
    pub(crate) zero: u8,
    pub(crate) odd: Odd,
    /// A directory that does not exist changes nothing.
    pub(crate) may_be_missing: bool,
}

/// How much of a file is the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Line,
    Whole,
}

/// What becomes of a directory in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Odd {
    Refused,
    Skipped,
    /// Skipped, with a warning.
    Named,
}

impl Folder {
    /// As `envdir` reads it.
    pub(crate) fn new(path: impl Into<PathBuf>) -> Folder {
        Folder {
            path: path.into(),
            extent: Extent::Line,
            chomps: true,
            at_most: u64::MAX,
            zero: b'\n',
            odd: Odd::Refused,
            may_be_missing: false,
        }
    }
}

/// Sets what the files say; an empty file unsets its variable. Names that begin with a dot or have a `=` in them are no
/// variables.
///
/// # Errors
/// The directory or a file in it cannot be read.
pub(crate) fn read(folder: &Folder, environment: &mut Environment) -> Result<(), Failure> {
    let (shown, path) = (folder.path.display(), folder.path.as_path());
    let names = match sys::dir::list(path) {
        Err(error) if error.kind() == ErrorKind::NotFound && folder.may_be_missing => return Ok(()),
        names => on(path, "read", names)?,
    };
    for name in names {
        if name.as_bytes().starts_with(b".") || name.as_bytes().contains(&b'=') {
            continue;
        }
        match content(folder, &name) {
            Ok(bytes) if bytes.is_empty() => environment.unset(&name),
            Ok(bytes) => environment.set(&name, OsStr::from_bytes(&value(folder, bytes))),
            Err(error) if error.kind() == ErrorKind::IsADirectory && folder.odd != Odd::Refused => {
                if folder.odd == Odd::Named {
                    cli::warn(format_args!("{shown}/{} is a directory", name.display()));
                }
            }
            Err(cause) => return on(&path.join(&name), "read", Err(cause)),
        }
    }
    Ok(())
}

fn content(folder: &Folder, name: &OsStr) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(folder.path.join(name))?.take(folder.at_most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn value(folder: &Folder, mut bytes: Vec<u8>) -> Vec<u8> {
    let newline = bytes.iter().position(|&byte| byte == b'\n');
    match folder.extent {
        Extent::Line => {
            bytes.truncate(newline.unwrap_or(bytes.len()));
            while folder.chomps && matches!(bytes.last(), Some(b' ' | b'\t')) {
                bytes.pop();
            }
        }
        Extent::Whole if folder.chomps && bytes.last() == Some(&b'\n') => drop(bytes.pop()),
        Extent::Whole => {}
    }
    bytes.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = folder.zero);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_is_a_line_or_all() {
        let line = Folder::new("x");
        let whole = Folder { extent: Extent::Whole, ..Folder::new("x") };
        let kept = Folder { chomps: false, zero: b'0', ..Folder::new("x") };
        for (folder, bytes, expected) in [
            (&line, "a b \t\nc", "a b"),
            (&line, "\nc", ""),
            (&line, "a\0b", "a\nb"),
            (&whole, "a \nb\n\n", "a \nb\n"),
            (&kept, "a\0 \nb", "a0 "),
        ] {
            assert_eq!(value(folder, bytes.into()), expected.as_bytes(), "{bytes:?}");
        }
    }
}
