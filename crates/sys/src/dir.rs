//! Directories: made, listed, and reached into without following a path again.

use std::ffi::{CStr, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RawDir};
use rustix::io::Errno;

use crate::fifo;
use crate::file::{self, Kind};

/// Bytes of entries that the kernel hands over at a time; a name takes 24 to 280 of them.
const BUFFER: usize = 1024;

/// An open directory.
#[derive(Debug)]
pub struct Dir(pub(crate) OwnedFd);

impl Dir {
    /// Opens a directory.
    ///
    /// # Errors
    /// What open(2) says.
    pub fn open(path: &Path) -> io::Result<Dir> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        Ok(Dir(rustix::fs::openat(CWD, path, flags, Mode::empty())?))
    }

    /// Calls `visit` with the name of every entry but `.` and `..`. Entries may come and go meanwhile;
    /// `visit` may remove the one it is called for. A directory is listed once: afterwards it is at its end.
    ///
    /// # Errors
    /// What getdents(2) says.
    #[inline(never)] // Its buffer would stand in the frame of a caller's loop, and its pages stay.
    pub fn each(&self, mut visit: impl FnMut(&CStr)) -> io::Result<()> {
        let mut buffer = [const { MaybeUninit::uninit() }; BUFFER];
        let mut entries = RawDir::new(&self.0, &mut buffer);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name();
            if name != c"." && name != c".." {
                visit(name);
            }
        }
        Ok(())
    }

    /// Opens the FIFO of this name for writing, without waiting for a reader and without following a link.
    ///
    /// # Errors
    /// What open(2) says; ENXIO (`fifo::is_nobody`): nobody reads it; `InvalidInput`: it is no FIFO.
    pub fn open_to_write(&self, name: &CStr) -> io::Result<OwnedFd> {
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let fd = rustix::fs::openat(&self.0, name, flags, Mode::empty())?;
        // Somebody may have planted a hard link to a file that only we can write.
        fifo::check(&fd)?;
        Ok(fd)
    }

    /// Removes the file of this name.
    ///
    /// # Errors
    /// What unlink(2) says.
    pub fn remove(&self, name: &CStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }
}

/// The names in a directory, sorted, without `.` and `..`.
///
/// # Errors
/// What open(2) and getdents(2) say.
pub fn list(path: &Path) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    Dir::open(path)?.each(|name| names.push(OsString::from_vec(name.to_bytes().to_vec())))?;
    names.sort_unstable();
    Ok(names)
}

/// Makes a directory; `false` if one was there. A link that points to nothing is taken as a wish for a
/// directory there: it is made, with its parents.
///
/// # Errors
/// What mkdir(2) says; `AlreadyExists`: there is something, and it is no directory.
pub fn make(path: &Path, mode: u32) -> io::Result<bool> {
    match rustix::fs::mkdirat(CWD, path, Mode::from_raw_mode(mode)) {
        Ok(()) => return Ok(true),
        Err(Errno::EXIST) => {}
        Err(error) => return Err(error.into()),
    }
    match file::look(path)? {
        Some(info) if info.kind == Kind::Directory => Ok(false),
        Some(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "exists and is not a directory")),
        None => {
            let target = end_of_links(path)?;
            if let Some(parent) = target.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                make_with_parents(parent)?;
            }
            match rustix::fs::mkdirat(CWD, &target, Mode::from_raw_mode(mode)) {
                Ok(()) => Ok(true),
                Err(Errno::EXIST) => Ok(false),
                Err(error) => Err(error.into()),
            }
        }
    }
}

/// Where a chain of links ends, the last of which points to nothing.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    let mut end = path.to_path_buf();
    // As many links as the kernel follows (path_resolution(7)).
    for _ in 0..40 {
        match file::link_target(&end)? {
            Some(target) => end = end.parent().unwrap_or(Path::new("")).join(target),
            None => return Ok(end),
        }
    }
    Err(Errno::LOOP.into())
}

/// Parents of a place that a link names: for all to enter, for us to write.
fn make_with_parents(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o755).create(path)
}

/// Gives a directory to the effective group and sets its mode, set-group-id and sticky bits included.
///
/// # Errors
/// What chown(2) and chmod(2) say.
pub fn give_to_own_group(path: &Path, mode: u32) -> io::Result<()> {
    file::give_to_group(path, rustix::process::getegid().as_raw(), mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dangling_link_becomes_a_directory_with_its_parents() {
        let root = std::env::temp_dir().join(format!("sys-dir-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir(&root).unwrap();
        std::os::unix::fs::symlink("second", root.join("first")).unwrap();
        std::os::unix::fs::symlink(root.join("run/sv/web"), root.join("second")).unwrap();
        assert!(make(&root.join("first"), 0o700).unwrap());
        assert!(root.join("run/sv/web").is_dir());
        assert!(!make(&root.join("first"), 0o700).unwrap());
        std::os::unix::fs::symlink("circle", root.join("circle")).unwrap();
        assert!(make(&root.join("circle"), 0o700).is_err());
        std::fs::write(root.join("file"), "").unwrap();
        assert!(make(&root.join("file"), 0o700).is_err());
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn every_entry_is_visited_also_beyond_one_buffer() {
        let root = std::env::temp_dir().join(format!("sys-list-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir(&root).unwrap();
        for i in 0..200 {
            std::fs::write(root.join(format!("entry-{i}")), "").unwrap();
        }
        let mut count = 0;
        Dir::open(&root).unwrap().each(|_| count += 1).unwrap();
        assert_eq!(count, 200);
        std::fs::remove_dir_all(root).unwrap();
    }
}
