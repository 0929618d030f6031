//! Files in an open directory: opened, renamed and removed without following its path again, wherever it has gone.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::dir::Dir;
use crate::file::Info;

impl Dir {
    /// Opens a file for appending, made with `mode` less the umask if it is missing. No link is followed, and a FIFO
    /// without a reader is refused.
    ///
    /// # Errors
    /// What open(2) says.
    pub fn open_to_append(&self, name: &str, mode: u32) -> io::Result<OwnedFd> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND;
        self.open_file(name, flags, mode)
    }

    /// Opens a file emptied, made with `mode` less the umask if it is missing. No link is followed.
    ///
    /// # Errors
    /// What open(2) says.
    pub fn open_emptied(&self, name: &str, mode: u32) -> io::Result<OwnedFd> {
        self.open_file(name, OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC, mode)
    }

    /// Opens a file for reading. No link is followed.
    ///
    /// # Errors
    /// What open(2) says.
    pub fn open_to_read(&self, name: &str) -> io::Result<OwnedFd> {
        self.open_file(name, OFlags::RDONLY, 0)
    }

    /// Opens a directory. No link is followed.
    ///
    /// # Errors
    /// What open(2) says.
    pub fn open_dir(&self, name: &str) -> io::Result<Dir> {
        self.open_file(name, OFlags::RDONLY | OFlags::DIRECTORY, 0).map(Dir)
    }

    fn open_file(&self, name: &str, flags: OFlags, mode: u32) -> io::Result<OwnedFd> {
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let mode = Mode::from_raw_mode(mode);
        loop {
            match rustix::fs::openat(&self.0, name, flags, mode) {
                Err(Errno::INTR) => {}
                file => return Ok(file?),
            }
        }
    }

    /// What has this name, a link not followed; `None`: nothing.
    ///
    /// # Errors
    /// What stat(2) says, ENOENT excepted.
    pub fn look(&self, name: &str) -> io::Result<Option<Info>> {
        match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat.into())),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives a file another name; `false`: some file has it already.
    ///
    /// # Errors
    /// What rename(2) or link(2) say, EEXIST excepted.
    pub fn rename_new(&self, from: &str, to: &str) -> io::Result<bool> {
        match rustix::fs::renameat_with(&self.0, from, &self.0, to, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            // Before Linux 3.15, and on file systems that do not know how.
            Err(Errno::INVAL | Errno::NOSYS) => self.link_instead(from, to),
            Err(error) => Err(error.into()),
        }
    }

    fn link_instead(&self, from: &str, to: &str) -> io::Result<bool> {
        match rustix::fs::linkat(&self.0, from, &self.0, to, AtFlags::empty()) {
            Ok(()) => {}
            Err(Errno::EXIST) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        rustix::fs::unlinkat(&self.0, from, AtFlags::empty())?;
        Ok(true)
    }

    /// Removes a file; `false`: there was none.
    ///
    /// # Errors
    /// What unlink(2) says, ENOENT excepted.
    pub fn discard(&self, name: &str) -> io::Result<bool> {
        match rustix::fs::unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::PathBuf;

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("sys-entry-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir(&dir).unwrap();
        dir
    }

    #[test]
    fn new_name_is_never_somebody_elses() {
        let path = scratch("rename");
        let dir = Dir::open(&path).unwrap();
        fs::write(path.join("a"), "a").unwrap();
        fs::write(path.join("b"), "b").unwrap();
        assert!(!dir.rename_new("a", "b").unwrap());
        assert!(!dir.link_instead("a", "b").unwrap());
        assert!(dir.rename_new("a", "c").unwrap());
        assert!(dir.link_instead("c", "d").unwrap());
        assert_eq!(fs::read_to_string(path.join("b")).unwrap(), "b");
        assert_eq!(fs::read_to_string(path.join("d")).unwrap(), "a");
        assert_eq!(dir.look("c").unwrap(), None);
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn no_link_is_followed() {
        let path = scratch("link");
        let dir = Dir::open(&path).unwrap();
        fs::write(path.join("target"), "target").unwrap();
        std::os::unix::fs::symlink("target", path.join("link")).unwrap();
        assert!(dir.open_emptied("link", 0o644).is_err());
        assert!(dir.open_to_append("link", 0o644).is_err());
        assert!(dir.open_to_read("link").is_err());
        assert_eq!(fs::read_to_string(path.join("target")).unwrap(), "target");
        fs::remove_dir_all(path).unwrap();
    }
}
