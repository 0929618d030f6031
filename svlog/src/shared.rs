//! A limit for all log directories below a directory, kept by each of their loggers.
//!
//! Several may look and remove at once: each takes the oldest first, and what another has removed is gone for both. What
//! a logger may not remove stays for the one that may.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use logdir::{Archive, CURRENT, PREVIOUS, PROCESSED, Shelved};
use logscript::Shared;
use sys::dir::Dir;

/// How deep log directories may lie below the directory: it is itself the first.
const DEPTH: usize = 8;

/// What was found.
#[derive(Default)]
struct Found {
    /// The directories that have archives: the names that lead to each. They are opened again for the few that lose
    /// something: there may be more of them than a process may have open.
    dirs: Vec<Vec<String>>,
    /// The names that lead to where the search is.
    at: Vec<String>,
    archives: Vec<Shelved>,
    /// Bytes of files that are being written.
    fixed: u64,
}

/// Removes archives until the limit is kept.
///
/// # Errors
/// The directory cannot be listed.
pub(crate) fn keep(limit: &Shared) -> io::Result<()> {
    let mut found = Found::default();
    let root = Dir::open(Path::new(OsStr::from_bytes(&limit.path)))?;
    found.look(&root)?;
    for surplus in logdir::shared_surplus(found.archives, found.fixed, limit.bytes) {
        match remove(&root, &found.dirs[surplus.dir], &surplus.archive) {
            Err(error) if !is_not_ours(error.kind()) => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn remove(root: &Dir, names: &[String], archive: &Archive) -> io::Result<()> {
    let dir = names.iter().try_fold(root.reopen()?, |dir, name| dir.open_dir(name))?;
    dir.discard(&archive.name()).map(drop)
}

impl Found {
    fn look(&mut self, dir: &Dir) -> io::Result<()> {
        let (mut archives, mut others) = (Vec::new(), Vec::new());
        dir.each(|name| match Archive::parse(name.to_bytes()) {
            Some(archive) => archives.push(archive),
            None => others.extend(name.to_str().map(str::to_owned)),
        })?;
        for name in others {
            match &name[..] {
                CURRENT | PREVIOUS | PROCESSED => self.fixed += size(dir, &name)?,
                _ if self.at.len() + 1 < DEPTH => self.enter(dir, name)?,
                _ => {}
            }
        }
        let number = self.dirs.len();
        for archive in archives {
            let size = size(dir, &archive.name())?;
            self.archives.push(Shelved { archive, dir: number, size });
        }
        if self.archives.last().is_some_and(|last| last.dir == number) {
            self.dirs.push(self.at.clone());
        }
        Ok(())
    }

    /// Looks into an entry if it is a directory into which this process may look.
    fn enter(&mut self, dir: &Dir, name: String) -> io::Result<()> {
        let below = match dir.open_dir(&name) {
            Err(error) if is_not_ours(error.kind()) => return Ok(()),
            below => below?,
        };
        self.at.push(name);
        self.look(&below)?;
        self.at.pop();
        Ok(())
    }
}

/// It is no directory (a link is none), gone, or not for us.
fn is_not_ours(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotADirectory | ErrorKind::NotFound | ErrorKind::PermissionDenied)
}

/// The size of a file; one that is gone has none.
fn size(dir: &Dir, name: &str) -> io::Result<u64> {
    Ok(dir.look(name)?.map_or(0, |info| info.size))
}
