//! The watch on the scan directory, and on each candidate in it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use roster::Candidate;
use sys::heap;
use sys::watch::{self, Watch, Watched};

use crate::sources::Change;

/// What is watched.
#[derive(Debug)]
pub(crate) struct Watches {
    /// Changes are wanted.
    wanted: bool,
    watch: Option<(Watch, Watched)>,
    /// Sorted by the number of the watch: a new one is the last nearly always.
    candidates: Vec<(Watched, Candidate)>,
    /// The same, from the other side.
    directories: Vec<Vec<Watched>>,
}

impl Watches {
    /// No watch yet, or ever.
    pub(crate) fn new(wanted: bool) -> Watches {
        Watches { wanted, watch: None, candidates: Vec::new(), directories: Vec::new() }
    }

    /// Changes are wanted.
    pub(crate) fn are_wanted(&self) -> bool {
        self.wanted
    }

    /// Watches the current directory; `None` if that is being done, or not wanted.
    pub(crate) fn begin(&mut self) -> Option<io::Result<()>> {
        if !self.wanted || self.watch.is_some() {
            return None;
        }
        let begun = Watch::new().and_then(|watch| {
            let scan_directory = watch.add(Path::new("."))?;
            Ok((watch, scan_directory))
        });
        Some(begun.map(|watch| self.watch = Some(watch)))
    }

    /// Ends every watch; `begin` makes a new one.
    pub(crate) fn restart(&mut self) {
        *self = Watches::new(self.wanted);
    }

    /// Watches a directory of a candidate too. Nothing to watch with: `Unsupported`.
    pub(crate) fn add(&mut self, candidate: Candidate, path: &Path) -> io::Result<()> {
        let (watch, _) = self.watch.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        let watched = watch.add(path)?;
        let index = candidate.index();
        while self.directories.len() <= index {
            heap::push(&mut self.directories, Vec::new())?;
        }
        let room = heap::may_fail(|| {
            self.candidates.try_reserve(1).and_then(|()| self.directories[index].try_reserve(1))
        });
        room.map_err(|_| io::ErrorKind::OutOfMemory)?;
        match place(&self.candidates, &watched) {
            Ok(at) if self.candidates[at].1 == candidate => return Ok(()),
            Ok(at) => self.candidates[at].1 = candidate,
            Err(at) => self.candidates.insert(at, (watched.clone(), candidate)),
        }
        self.directories[index].push(watched);
        Ok(())
    }

    /// Watches a candidate no longer.
    pub(crate) fn remove(&mut self, candidate: Candidate) {
        let Some(directories) = self.directories.get_mut(candidate.index()) else { return };
        for watched in std::mem::take(directories) {
            // Two links to one directory share a watch: the younger has it.
            let Ok(at) = place(&self.candidates, &watched) else { continue };
            if self.candidates[at].1 != candidate {
                continue;
            }
            self.candidates.remove(at);
            if let Some((watch, _)) = &self.watch {
                watch.remove(watched);
            }
        }
    }

    /// What has changed since the last call.
    ///
    /// # Errors
    /// What read(2) says; `OutOfMemory`: changes were lost.
    pub(crate) fn changes(&mut self) -> io::Result<Vec<Change>> {
        let mut changes = Vec::new();
        let mut kept = Ok(());
        let Some((watch, scan_directory)) = &mut self.watch else { return Ok(changes) };
        watch.changes(|change| {
            let change = match change {
                watch::Change::Overflow => Some(Change::Everything),
                watch::Change::Itself(watched) if watched == *scan_directory => Some(Change::Everything),
                watch::Change::Entry(watched, name, what) if watched == *scan_directory => {
                    let mut own = Vec::new();
                    match heap::append(&mut own, name.as_bytes()) {
                        Ok(()) => Some(Change::Entry(own, what)),
                        Err(error) => return kept = Err(error),
                    }
                }
                watch::Change::Entry(watched, ..) | watch::Change::Itself(watched) => {
                    let at = place(&self.candidates, &watched).ok();
                    at.map(|at| Change::Candidate(self.candidates[at].1))
                }
            };
            if let Some(Err(error)) = change.map(|change| heap::push(&mut changes, change)) {
                kept = Err(error);
            }
        })?;
        kept.map(|()| changes)
    }

    /// What can be polled.
    pub(crate) fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.watch.as_ref().map(|(watch, _)| watch.as_fd())
    }
}

/// Where it is among the candidates, or belongs.
fn place(candidates: &[(Watched, Candidate)], watched: &Watched) -> Result<usize, usize> {
    candidates.binary_search_by_key(&watched.number(), |(known, _)| known.number())
}
