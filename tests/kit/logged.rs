//! Numbered lines, and the log directories that they end in.

use std::fs;
use std::path::{Path, PathBuf};

/// The line of a number, without its newline: it cannot be taken for another one, nor for a part of one.
pub fn line(number: u64) -> String {
    format!("<{number:08}{}>", ".".repeat((number * 37 % 91) as usize))
}

/// The lines of these numbers.
pub fn lines(numbers: impl IntoIterator<Item = u64>) -> Vec<u8> {
    numbers.into_iter().flat_map(|number| (line(number) + "\n").into_bytes()).collect()
}

/// The numbers of these lines, each of which must be whole.
#[track_caller]
pub fn numbers(bytes: &[u8]) -> Vec<u64> {
    let text = std::str::from_utf8(bytes).expect("lines are text");
    assert!(text.is_empty() || text.ends_with('\n'), "torn at its end: {:?}", text.lines().last());
    let number = |found: &str| {
        let number = found.get(1..9).and_then(|digits| digits.parse().ok());
        number.filter(|&number| line(number) == found).unwrap_or_else(|| panic!("torn: {found:?}"))
    };
    text.lines().map(number).collect()
}

/// A log directory as one finds it.
#[derive(Clone, Debug)]
pub struct Logged(PathBuf);

impl Logged {
    /// That of this path.
    pub fn at(path: impl Into<PathBuf>) -> Logged {
        Logged(path.into())
    }

    /// Where a file of it is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The names of its archives, the oldest first.
    pub fn archives(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut found: Vec<_> = names.filter(|name| name.starts_with('@')).collect();
        found.sort_unstable();
        found
    }

    /// The content of a file; of none, nothing.
    pub fn content(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_default()
    }

    /// All that is in it, the oldest first; `previous` while it has not become an archive.
    pub fn all(&self) -> Vec<u8> {
        let names = self.archives().into_iter().chain(["previous".to_owned(), "current".to_owned()]);
        names.flat_map(|name| self.content(&name)).collect()
    }

    /// The content of the archives, which are removed.
    pub fn take_archives(&self) -> Vec<u8> {
        let mut taken = Vec::new();
        for name in self.archives() {
            taken.extend(fs::read(self.path(&name)).expect("an archive can be read"));
            fs::remove_file(self.path(&name)).expect("an archive can be removed");
        }
        taken
    }

    /// Whether a file was finished cleanly.
    pub fn is_finished(&self, name: &str) -> bool {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(self.path(name)).is_ok_and(|info| info.permissions().mode() & 0o100 != 0)
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.0
    }
}
