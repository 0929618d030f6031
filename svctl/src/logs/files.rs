//! The files of a log directory, the oldest first, while its logger renames, makes and removes them.
//!
//! Those of svlog(8), s6-log(8), multilog(8) and svlogd(8) have the same names: see the crate `logdir`.

use std::collections::BinaryHeap;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use logdir::{Archive, CURRENT, Ending, PREVIOUS, PROCESSED};
use unix::Stamp;

use super::source::Source;

/// How often a directory is looked at again that changes while it is looked at.
const ATTEMPTS: usize = 50;

/// A file, whatever its name is.
pub(crate) type Identity = (u64, u64);

/// A file that was found.
#[derive(Debug)]
struct Entry {
    path: PathBuf,
    identity: Identity,
    kind: Kind,
}

/// What a file is to its logger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// An archive, since then.
    Archive(Stamp),
    /// What a processor has made, about to become an archive.
    Processed,
    /// `previous` or `current`.
    Live,
}

impl Entry {
    fn stamp(&self) -> Option<Stamp> {
        match self.kind {
            Kind::Archive(stamp) => Some(stamp),
            Kind::Processed | Kind::Live => None,
        }
    }
}

/// The place in a log up to which it was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    /// The file that was read last, and how much of it.
    identity: Identity,
    length: u64,
    /// The youngest archive when it was opened,
    archive: Option<Stamp>,
    /// and the files between that one and it.
    between: usize,
}

/// Files that were opened, and the place that they reach to.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    pub(crate) files: Vec<Source>,
    pub(crate) mark: Option<Mark>,
}

/// Opens every file of `dir` after `mark`, or all. What was found counts only if it still is so afterwards.
///
/// # Errors
/// A file cannot be opened, though it is there.
pub(crate) fn open_after(dir: &Path, mark: Option<Mark>) -> io::Result<Opened> {
    let mut opened = Opened::default();
    for _ in 0..ATTEMPTS {
        let entries = list(dir)?;
        let first = mark.map_or(0, |mark| first_after(&entries, &mark));
        let Some(files) = open_all(entries.get(first..).unwrap_or_default())? else { continue };
        opened = Opened { mark: mark_of(&entries, &files).or(mark), files };
        let again = list(dir)?;
        if entries.iter().map(|entry| entry.identity).eq(again.iter().map(|entry| entry.identity)) {
            break;
        }
    }
    Ok(opened)
}

impl Mark {
    /// So much was read of the file.
    pub(crate) fn read_to(&mut self, length: u64) {
        self.length = length;
    }
}

fn mark_of(entries: &[Entry], files: &[Source]) -> Option<Mark> {
    let (last, file) = (entries.last()?, files.last()?);
    let archives = entries.iter().filter_map(Entry::stamp);
    let between = entries.iter().filter(|entry| entry.stamp().is_none()).count().saturating_sub(1);
    Some(Mark { identity: last.identity, length: file.length(), archive: archives.max(), between })
}

/// The first file that was not read. What a logger was writing keeps its identity when it is renamed. A processor, or
/// compression, makes a new file of it: then it is the first archive that was not there, after those between.
fn first_after(entries: &[Entry], mark: &Mark) -> usize {
    if let Some(index) = entries.iter().position(|entry| entry.identity == mark.identity) {
        return index + 1;
    }
    let is_new =
        |entry: &Entry| entry.stamp().is_none_or(|stamp| mark.archive.is_none_or(|known| stamp > known));
    let new = entries.iter().position(is_new).unwrap_or(entries.len());
    let archives = entries.iter().filter(|entry| entry.kind != Kind::Live).count();
    let expected = Some(new + mark.between).filter(|index| *index < archives);
    // Archives go in their order: where the last known one still is, none of the new ones has gone.
    let known_is_there = mark.archive.is_none_or(|known| entries.iter().any(|e| e.stamp() == Some(known)));
    if let (Some(index), true) = (expected, known_is_there) {
        return index + 1;
    }
    let is_it = |index: &usize| Source::length_at(&entries[*index].path) == Some(mark.length);
    match expected.into_iter().chain(new..archives).find(is_it) {
        Some(index) => index + 1,
        // It was removed: everything that is new comes after it.
        None => new,
    }
}

/// `None`: a file is not what it was any more.
fn open_all(entries: &[Entry]) -> io::Result<Option<Vec<Source>>> {
    let mut files = Vec::with_capacity(entries.len());
    for entry in entries {
        match Source::open(&entry.path, entry.kind != Kind::Live) {
            Ok((file, identity)) if identity == entry.identity => files.push(file),
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(files))
}

fn list(dir: &Path) -> io::Result<Vec<Entry>> {
    let names = match sys::dir::list(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        names => names?,
    };
    let archives = names.iter().filter_map(|name| Archive::parse(name.as_bytes()));
    // svlogd's processor makes .t of .u, and .s in the end, before .u goes.
    let archives = archives.filter(|archive| archive.ending != Ending::Temporary);
    let mut archives = archives.collect::<BinaryHeap<_>>().into_sorted_vec();
    archives.dedup_by_key(|archive| archive.stamp);
    let mut entries = Vec::new();
    for archive in archives {
        entries.extend(entry(dir, &archive.name(), Kind::Archive(archive.stamp))?);
    }
    // What a processor has made of `previous` is between its names when that has gone.
    entries.extend(match entry(dir, PREVIOUS, Kind::Live)? {
        None => entry(dir, PROCESSED, Kind::Processed)?,
        previous => previous,
    });
    entries.extend(entry(dir, CURRENT, Kind::Live)?);
    Ok(entries)
}

fn entry(dir: &Path, name: &str, kind: Kind) -> io::Result<Option<Entry>> {
    let path = dir.join(name);
    match std::fs::metadata(&path) {
        Ok(info) if info.is_file() => Ok(Some(Entry { path, identity: (info.dev(), info.ino()), kind })),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const A: &str = "@400000006553f12500000001";
    const B: &str = "@400000006553f12500000002";

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("svctl-files-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir(&dir).unwrap();
        dir
    }

    fn write(dir: &Path, files: &[(&str, &str)]) {
        files.iter().for_each(|(name, text)| fs::write(dir.join(name), text).unwrap());
    }

    fn read(opened: &mut Opened) -> String {
        let mut all = Vec::new();
        for file in &mut opened.files {
            let mut buffer = [0; 100];
            while let count @ 1.. = file.read(&mut buffer).unwrap() {
                all.extend_from_slice(&buffer[..count]);
            }
        }
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn files_come_in_their_order_and_no_line_twice() {
        let dir = scratch("order");
        let (u, s, t) = (format!("{A}.u"), format!("{A}.s"), format!("{B}.t"));
        let other = format!("{B}.u");
        write(&dir, &[("current", "5"), ("previous", "4"), (&other, "3"), (&t, "x"), (&s, "2"), (&u, "x")]);
        write(&dir, &[("lock", "x"), ("state", "x"), ("@40.s", "x"), ("processed", "x")]);
        assert_eq!(read(&mut open_after(&dir, None).unwrap()), "2345");
        fs::remove_file(dir.join("previous")).unwrap();
        write(&dir, &[("processed", "p")]);
        assert_eq!(read(&mut open_after(&dir, None).unwrap()), "23p5");
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn file_that_was_read_is_known_by_whatever_name() {
        let dir = scratch("names");
        write(&dir, &[("current", "one\n")]);
        let first = open_after(&dir, None).unwrap();
        fs::rename(dir.join("current"), dir.join("previous")).unwrap();
        assert_eq!(open_after(&dir, first.mark).unwrap().files.len(), 0);
        write(&dir, &[("current", "two\n")]);
        let mut second = open_after(&dir, first.mark).unwrap();
        assert_eq!(read(&mut second), "two\n");
        fs::rename(dir.join("previous"), dir.join(format!("{A}.s"))).unwrap();
        assert_eq!(open_after(&dir, second.mark).unwrap().files.len(), 0);
        assert_eq!(read(&mut open_after(&dir, first.mark).unwrap()), "two\n");
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn file_that_became_another_one_is_not_read_again() {
        let dir = scratch("processed");
        write(&dir, &[("current", "one\n")]);
        let first = open_after(&dir, None).unwrap();
        // Its inode is held by `first`, so that these are others.
        write(&dir, &[("processed", "ONE!\n")]);
        fs::remove_file(dir.join("current")).unwrap();
        assert_eq!(read(&mut open_after(&dir, first.mark).unwrap()), "");
        write(&dir, &[("current", "two\n")]);
        assert_eq!(read(&mut open_after(&dir, first.mark).unwrap()), "two\n");
        fs::rename(dir.join("processed"), dir.join(format!("{A}.s"))).unwrap();
        fs::rename(dir.join("current"), dir.join(format!("{B}.s"))).unwrap();
        write(&dir, &[("current", "three\n")]);
        assert_eq!(read(&mut open_after(&dir, first.mark).unwrap()), "two\nthree\n");
        fs::remove_dir_all(dir).unwrap();
    }
}
