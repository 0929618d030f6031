//! Directories: made, listed, and reached into without following a path again.

use std::collections::BinaryHeap;
use std::ffi::{CStr, OsStr, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir};
use rustix::io::Errno;

use crate::file::{self, Kind};
use crate::guard::{self, Held};
use crate::{fifo, users};

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
    pub fn each(&self, mut visit: impl FnMut(&CStr)) -> io::Result<()> {
        self.visit_each(&mut visit)
    }

    #[inline(never)] // Its buffer would stand in the frame of a caller's loop, and its pages stay.
    fn visit_each(&self, visit: &mut dyn FnMut(&CStr)) -> io::Result<()> {
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

    /// The same directory, at its beginning again.
    ///
    /// # Errors
    /// What open(2) says.
    pub fn reopen(&self) -> io::Result<Dir> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Dir(rustix::fs::openat(&self.0, c".", flags, Mode::empty())?))
    }

    /// Opens the FIFO of this name for writing, without waiting for a reader and without following a link.
    ///
    /// # Errors
    /// What open(2) says; ENXIO (`fifo::is_nobody`): nobody reads it; `InvalidInput`: it is no FIFO, or one that has
    /// another name.
    pub fn open_to_write(&self, name: &CStr) -> io::Result<OwnedFd> {
        let fd = rustix::fs::openat(&self.0, name, OFlags::WRONLY | guard::FLAGS, Mode::empty())?;
        // Somebody may have planted a hard link to a file that only we can write, or to a FIFO in which our bytes
        // would be commands.
        match fifo::check(&fd)? {
            1 => Ok(fd),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    /// Makes a file that is not there, with this content and exactly this mode.
    ///
    /// # Errors
    /// What open(2) and write(2) say; `AlreadyExists`: something is there.
    pub fn write_new(&self, name: &str, content: &[u8], mode: u32) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | guard::FLAGS;
        let file = rustix::fs::openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?;
        file::write_all(&file, content)?;
        Ok(rustix::fs::fchmod(file, Mode::from_raw_mode(mode))?)
    }

    /// Makes a directory that is not there, with `mode` less the umask, and opens it.
    ///
    /// # Errors
    /// What mkdir(2) and open(2) say; `AlreadyExists`: something is there.
    pub fn make_new(&self, name: &OsStr, mode: u32) -> io::Result<Dir> {
        rustix::fs::mkdirat(&self.0, name, Mode::from_raw_mode(mode))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | guard::FLAGS;
        let dir = Dir(rustix::fs::openat(&self.0, name, flags, Mode::empty()).map_err(guard::explain)?);
        match rustix::fs::fstat(&dir.0)?.st_uid == users::effective() {
            true => Ok(dir),
            false => {
                Err(io::Error::new(io::ErrorKind::PermissionDenied, "another one has come in its place"))
            }
        }
    }

    /// Makes a FIFO that is not there, with exactly this mode.
    ///
    /// # Errors
    /// What mkfifo(3) and chmod(2) say.
    pub fn make_fifo(&self, name: &CStr, mode: u32) -> io::Result<()> {
        rustix::fs::mknodat(&self.0, name, FileType::Fifo, Mode::from_raw_mode(mode), 0)?;
        Ok(rustix::fs::chmodat(&self.0, name, Mode::from_raw_mode(mode), AtFlags::empty())?)
    }

    /// Removes the file of this name.
    ///
    /// # Errors
    /// What unlink(2) says.
    pub fn remove(&self, name: &CStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Renames what has one name here to another, over an empty directory or a file of its kind.
    ///
    /// # Errors
    /// What rename(2) says.
    pub fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, from, &self.0, to)?)
    }

    /// The descriptor.
    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<OwnedFd> for Dir {
    fn from(fd: OwnedFd) -> Dir {
        Dir(fd)
    }
}

/// The names in a directory, sorted, without `.` and `..`.
///
/// # Errors
/// What open(2) and getdents(2) say.
pub fn list(path: &Path) -> io::Result<Vec<OsString>> {
    let mut names = BinaryHeap::new();
    Dir::open(path)?.each(|name| names.push(OsString::from_vec(name.to_bytes().to_vec())))?;
    Ok(names.into_sorted_vec())
}

/// Which links that lead to nothing are taken as a wish for a directory there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// All: whoever can make one here decides what this program does anyhow.
    All,
    /// Those of root and our own; one of another user's is an error.
    Trusted,
}

/// Makes a directory; `false` if one was there. A link that points to nothing is taken as a wish for a
/// directory there: it is made, with its parents.
///
/// # Errors
/// What mkdir(2) says; `AlreadyExists`: there is something, and it is no directory; `PermissionDenied`: a link that
/// is not taken as a wish.
pub fn make(path: &Path, mode: u32, links: Links) -> io::Result<bool> {
    Ok(make_at(path, mode, links)?.is_some())
}

/// The same, and gives what is new to a group, with its final mode: set-group-id and sticky bits included, which
/// mkdir(2) does not take.
///
/// # Errors
/// As `make`; what chown(2) and chmod(2) say.
pub fn make_for_group(path: &Path, modes: (u32, u32), group: u32, links: Links) -> io::Result<bool> {
    match make_at(path, modes.0, links)? {
        Some(place) => Held::new_directory(&place)?.give_to_group(group, modes.1).map(|()| true),
        None => Ok(false),
    }
}

/// Where it was made, which is no link.
fn make_at(path: &Path, mode: u32, links: Links) -> io::Result<Option<PathBuf>> {
    match rustix::fs::mkdirat(CWD, path, Mode::from_raw_mode(mode)) {
        Ok(()) => return Ok(Some(path.into())),
        Err(Errno::EXIST) => {}
        Err(error) => return Err(error.into()),
    }
    match file::look(path)? {
        Some(info) if info.kind == Kind::Directory => Ok(None),
        Some(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "exists and is not a directory")),
        None => {
            let target = end_of_links(path, links)?;
            if let Some(parent) = target.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                // For all to enter, for us to write.
                make_with_parents(parent, 0o755)?;
            }
            match rustix::fs::mkdirat(CWD, &target, Mode::from_raw_mode(mode)) {
                Ok(()) => Ok(Some(target)),
                Err(Errno::EXIST) => Ok(None),
                Err(error) => Err(error.into()),
            }
        }
    }
}

/// Where a chain of links ends, the last of which points to nothing.
fn end_of_links(path: &Path, links: Links) -> io::Result<PathBuf> {
    let mut end = path.to_path_buf();
    // As many links as the kernel follows (path_resolution(7)).
    for _ in 0..40 {
        let Some(target) = file::link_target(&end)? else { return Ok(end) };
        let maker = file::look_no_follow(&end)?.map(|info| info.owner.0);
        if links == Links::Trusted
            && let Some(maker) = maker.filter(|&maker| !users::is_trusted(maker))
        {
            let text = format!("it is a link of {} to nothing", users::described(maker));
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
        }
        end = end.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(Errno::LOOP.into())
}

/// Makes a directory with its parents, with `mode` less the umask each. That it is there already is all right.
///
/// # Errors
/// What mkdir(2) says.
pub fn make_with_parents(path: &Path, mode: u32) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let made = match (rustix::fs::mkdirat(CWD, path, Mode::from_raw_mode(mode)), parent) {
        (Err(Errno::NOENT), Some(parent)) => {
            make_with_parents(parent, mode)?;
            rustix::fs::mkdirat(CWD, path, Mode::from_raw_mode(mode))
        }
        (made, _) => made,
    };
    match made {
        Err(_) if path.is_dir() => Ok(()),
        made => Ok(made?),
    }
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
        assert!(make(&root.join("first"), 0o700, Links::Trusted).unwrap());
        assert!(root.join("run/sv/web").is_dir());
        assert!(!make(&root.join("first"), 0o700, Links::Trusted).unwrap());
        std::os::unix::fs::symlink("circle", root.join("circle")).unwrap();
        assert!(make(&root.join("circle"), 0o700, Links::All).is_err());
        std::fs::write(root.join("file"), "").unwrap();
        assert!(make(&root.join("file"), 0o700, Links::All).is_err());
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
