//! The environment of the container as a directory: a file a variable, its value byte for byte.

mod dump;

use std::collections::BinaryHeap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use sys::file;

/// For everybody who may enter the directory.
const MODE: u32 = 0o644;
/// The longest name that a file can have.
const LONGEST: usize = 255;

/// Variables, as (name, value).
pub(crate) type Variables = Vec<(OsString, OsString)>;

/// The environment that whoever is started gets.
#[derive(Debug)]
pub(crate) struct Environment {
    dir: PathBuf,
    /// Those that are not in the directory.
    kept: Variables,
    /// The ways of `my_init`.
    baseimage: bool,
}

impl Environment {
    /// Writes variables into a directory that is there and empty. Names that no file can have are kept.
    ///
    /// # Errors
    /// What the system says of the first file that could not be written.
    pub(crate) fn begin(dir: PathBuf, variables: &Variables) -> io::Result<Environment> {
        let mut kept = Variables::new();
        for (name, value) in variables {
            if is_file_name(name) {
                write(&dir, name, value)?;
            } else {
                kept.push((name.clone(), value.clone()));
            }
        }
        Ok(Environment { dir, kept, baseimage: false })
    }

    /// The same with `my_init`'s directory, whose variables count where there are no others of their names. `None`: there
    /// is no such directory, or it cannot be written to; what it says is among the variables all the same.
    pub(crate) fn begin_baseimage(variables: &mut Variables) -> Option<Environment> {
        let dir = Path::new(dump::DIRECTORY);
        let found = read(dir, true).ok()?;
        let new = found.into_iter().filter(|(name, _)| variables.iter().all(|(known, _)| known != name));
        let new: Variables = new.collect();
        variables.extend(new);
        file::may_write(dir).ok()?;
        let mut kept = Variables::new();
        for (name, value) in variables.iter() {
            if dump::NOT_FOR_OTHERS.iter().any(|private| name == private) || !is_file_name(name) {
                kept.push((name.clone(), value.clone()));
            } else {
                write(dir, name, value).ok()?;
            }
        }
        Some(Environment { dir: dir.to_owned(), kept, baseimage: true })
    }

    /// Gives this process, and so whoever it starts, the environment as it is now.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub(crate) fn adopt(&self) -> io::Result<()> {
        let mut variables = read(&self.dir, self.baseimage)?;
        let is_kept = |name: &OsString| variables.iter().all(|(known, _)| known != name);
        let kept: Variables = self.kept.iter().filter(|(name, _)| is_kept(name)).cloned().collect();
        variables.extend(kept);
        sys::environment::replace(&variables);
        if self.baseimage {
            dump::write(&BinaryHeap::from(variables).into_sorted_vec());
        }
        Ok(())
    }

    /// Where it is.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }
}

fn is_file_name(name: &OsStr) -> bool {
    let bytes = name.as_bytes();
    !bytes.is_empty() && !bytes.contains(&b'/') && !bytes.starts_with(b".") && bytes.len() <= LONGEST
}

fn write(dir: &Path, name: &OsStr, value: &OsStr) -> io::Result<()> {
    let path = dir.join(name);
    file::make_empty(&path, MODE)?;
    file::overwrite(&path, value.as_bytes())
}

/// Reads a directory; `cuts`: a newline at the end of a file is not part of the value.
///
/// # Errors
/// The directory cannot be read. A file that cannot be read, or holds a zero byte, is left out.
fn read(dir: &Path, cuts: bool) -> io::Result<Variables> {
    let mut variables = Vec::new();
    for name in sys::dir::list(dir)? {
        let is_name = !name.as_bytes().starts_with(b".") && !name.as_bytes().contains(&b'=');
        if let Ok(mut value) = std::fs::read(dir.join(&name))
            && is_name
            && !value.contains(&0)
        {
            if cuts && value.ends_with(b"\n") {
                value.pop();
            }
            variables.push((name, OsString::from_vec(value)));
        }
    }
    Ok(variables)
}

/// Gives this process the environment that a directory holds, and leaves it those variables that no directory can hold.
///
/// # Errors
/// The directory cannot be read.
pub(crate) fn adopt(dir: &Path) -> io::Result<()> {
    let kept = std::env::vars_os().filter(|(name, _)| !is_file_name(name)).collect();
    Environment { dir: dir.to_owned(), kept, baseimage: false }.adopt()
}
