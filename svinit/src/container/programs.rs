//! Programs of the suite: a link beside this one, this one under another name, or one on PATH.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::path::PathBuf;

use sys::child::Company;
use sys::{exec, file, process};
use unix::Pid;

/// Where a program is.
#[derive(Debug)]
pub(crate) struct Place {
    /// What is executed; `None`: it is looked for on PATH.
    pub(crate) path: Option<PathBuf>,
}

/// Finds a program; `multi_call`: this executable is it, too.
pub(crate) fn find(name: &str, multi_call: bool) -> Place {
    let own = process::executable();
    let beside = own.as_ref().map(|own| own.with_file_name(name)).filter(|path| file::is_executable(path));
    Place { path: beside.or_else(|| own.filter(|_| multi_call)) }
}

impl Place {
    /// Starts it with these words, the first of which is its name.
    ///
    /// # Errors
    /// As `exec::spawn_with`.
    pub(crate) fn start(
        &self,
        words: &[OsString],
        company: Company,
        give: &[(BorrowedFd<'_>, RawFd)],
    ) -> io::Result<Pid> {
        exec::spawn_with(self.path.as_deref(), words, company, give)
    }
}

/// The words of a line.
pub(crate) fn words(line: &[u8]) -> Vec<OsString> {
    use std::os::unix::ffi::OsStrExt;
    let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.map(|word| OsStr::from_bytes(word).to_owned()).collect()
}
