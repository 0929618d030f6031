//! A watch on directories (inotify(7)).

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use inotify::{EventMask, Inotify, WatchDescriptor, WatchMask};

/// What may be told of one directory: entries that come and go, are written to the end, or change mode;
/// and the directory's own removal, move or unmount.
const ENTRIES: WatchMask = WatchMask::CREATE
    .union(WatchMask::MOVED_TO)
    .union(WatchMask::MOVED_FROM)
    .union(WatchMask::DELETE)
    .union(WatchMask::CLOSE_WRITE)
    .union(WatchMask::ATTRIB)
    .union(WatchMask::DELETE_SELF)
    .union(WatchMask::MOVE_SELF)
    .union(WatchMask::ONLYDIR);

/// A watch on any number of directories.
#[derive(Debug)]
pub struct Watch(Inotify);

/// One directory under a watch. Two watches of the same directory are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched(WatchDescriptor);

impl Watched {
    /// The kernel's number for it, which no other directory of the same watch has.
    pub fn number(&self) -> i32 {
        self.0.get_watch_descriptor_id()
    }
}

/// What has happened.
#[derive(Debug)]
pub enum Change<'a> {
    /// Something about this entry of this directory.
    Entry(Watched, &'a OsStr, EntryChange),
    /// The directory itself was removed, moved or unmounted, or its mode was changed.
    Itself(Watched),
    /// Changes were lost: look at everything again.
    Overflow,
}

/// What has happened to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryChange {
    /// It was made here: it may not be complete yet.
    Made,
    /// It was renamed to here, whole.
    MovedIn,
    /// It was removed, or renamed away.
    Gone,
    /// Its content was written, or its mode or number of links changed.
    Altered,
}

impl Watch {
    /// A watch on nothing yet.
    ///
    /// # Errors
    /// EMFILE (also: too many watches of this user), ENFILE, ENOMEM, ENOSYS.
    pub fn new() -> io::Result<Watch> {
        Inotify::init().map(Watch)
    }

    /// Watches a directory too, links followed.
    ///
    /// # Errors
    /// ENOSPC: too many watches; what stat(2) says.
    pub fn add(&self, path: &Path) -> io::Result<Watched> {
        self.0.watches().add(path, ENTRIES).map(Watched)
    }

    /// Watches a directory too, and every write to a file in it.
    ///
    /// # Errors
    /// As `add`.
    pub fn add_growing(&self, path: &Path) -> io::Result<Watched> {
        self.0.watches().add(path, ENTRIES | WatchMask::MODIFY).map(Watched)
    }

    /// Stops watching a directory. One that is gone already is no error.
    pub fn remove(&self, watched: Watched) {
        let _ = self.0.watches().remove(watched.0);
    }

    /// Calls `visit` with what has happened since the last call; does not wait.
    ///
    /// # Errors
    /// What read(2) says.
    pub fn changes(&mut self, mut visit: impl FnMut(Change<'_>)) -> io::Result<()> {
        self.visit_changes(&mut visit)
    }

    #[inline(never)] // Its buffer would stand in the frame of a caller's loop, and its pages stay.
    fn visit_changes(&mut self, visit: &mut dyn FnMut(Change<'_>)) -> io::Result<()> {
        let mut buffer = [0; 2048];
        loop {
            let events = match self.0.read_events(&mut buffer) {
                Ok(events) => events,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            for event in events {
                let watched = Watched(event.wd.clone());
                if event.mask.contains(EventMask::Q_OVERFLOW) {
                    visit(Change::Overflow);
                } else if let Some(name) = event.name {
                    visit(Change::Entry(watched, name, entry_change(event.mask)));
                } else if !event.mask.contains(EventMask::IGNORED) {
                    visit(Change::Itself(watched));
                }
            }
        }
    }
}

fn entry_change(mask: EventMask) -> EntryChange {
    if mask.intersects(EventMask::DELETE | EventMask::MOVED_FROM) {
        EntryChange::Gone
    } else if mask.contains(EventMask::MOVED_TO) {
        EntryChange::MovedIn
    } else if mask.contains(EventMask::CREATE) {
        EntryChange::Made
    } else {
        EntryChange::Altered
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_come_and_go_is_told() {
        let root = std::env::temp_dir().join(format!("sys-watch-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(root.join("scan")).unwrap();
        let mut watch = Watch::new().unwrap();
        let scan = watch.add(&root.join("scan")).unwrap();
        std::fs::create_dir(root.join("scan/made")).unwrap();
        std::fs::create_dir(root.join("moved")).unwrap();
        std::fs::rename(root.join("moved"), root.join("scan/moved")).unwrap();
        std::fs::remove_dir(root.join("scan/made")).unwrap();
        let mut told = Vec::new();
        watch
            .changes(|change| match change {
                Change::Entry(watched, name, what) if watched == scan => {
                    told.push((name.to_str().unwrap().to_owned(), what));
                }
                other => panic!("{other:?}"),
            })
            .unwrap();
        let expected =
            [("made", EntryChange::Made), ("moved", EntryChange::MovedIn), ("made", EntryChange::Gone)];
        assert_eq!(told, expected.map(|(name, what)| (name.to_owned(), what)));
        std::fs::remove_dir_all(root).unwrap();
    }
}
