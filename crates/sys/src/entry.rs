//! Files in an open directory: opened, renamed and removed without following its path again, wherever it has gone.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::dir::Dir;
use crate::file::{self, Info};
use crate::guard::{self, Names};
use crate::lock::{self, Lock};

impl Dir {
    /// Opens a file for appending, made with `mode` less the umask if it is missing. No link is followed.
    ///
    /// # Errors
    /// What open(2) says; `InvalidInput`: it is no regular file, or it has another name somewhere, planted by somebody
    /// who could not write to it himself.
    pub fn open_to_append(&self, name: &str, mode: u32) -> io::Result<OwnedFd> {
        guard::only_ours(self.open_file(name, OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND, mode)?)
    }

    /// Makes a new file with `mode` less the umask; one that has this name is removed, and not written to: somebody may
    /// still be writing, or it may be somebody else's.
    ///
    /// # Errors
    /// What unlink(2) and open(2) say.
    pub fn make_anew(&self, name: &str, mode: u32) -> io::Result<OwnedFd> {
        self.discard(name)?;
        Ok(self.open_file(name, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL, mode)?.0)
    }

    /// Opens a file for reading. No link is followed.
    ///
    /// # Errors
    /// What open(2) says; `InvalidInput`: it is no regular file.
    pub fn open_to_read(&self, name: &str) -> io::Result<OwnedFd> {
        Ok(self.open_file(name, OFlags::RDONLY, 0)?.0)
    }

    /// Opens a directory. No link is followed.
    ///
    /// # Errors
    /// What open(2) says.
    pub fn open_dir(&self, name: &str) -> io::Result<Dir> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | guard::FLAGS;
        Ok(Dir(rustix::fs::openat(&self.0, name, flags, Mode::empty()).map_err(guard::explain)?))
    }

    fn open_file(&self, name: &str, flags: OFlags, mode: u32) -> io::Result<(OwnedFd, Names)> {
        loop {
            match guard::open_at(&self.0, name.as_ref(), flags, mode) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                opened => return opened,
            }
        }
    }

    /// Locks a file, made with `mode` less the umask if it is missing; `None` if another process holds it. No link is
    /// followed. This process must not hold it already: see [`Lock`].
    ///
    /// # Errors
    /// What open(2) and fcntl(2) say; `InvalidInput`: it is no regular file.
    pub fn try_lock(&self, name: &str, mode: u32) -> io::Result<Option<Lock>> {
        lock::try_lock_open(self.open_file(name, OFlags::WRONLY | OFlags::CREATE, mode)?.0)
    }

    /// What the directory itself is.
    ///
    /// # Errors
    /// What fstat(2) says.
    pub fn look_itself(&self) -> io::Result<Info> {
        file::look_open(&self.0)
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

    /// Gives a file another name; `false`: some file has it already. Where the kernel cannot do both at once, nobody else
    /// may be making files of this name.
    ///
    /// # Errors
    /// What rename(2) says, EEXIST excepted.
    pub fn rename_new(&self, from: &str, to: &str) -> io::Result<bool> {
        match rustix::fs::renameat_with(&self.0, from, &self.0, to, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            // Before Linux 3.15, and on file systems that do not know how.
            Err(Errno::INVAL | Errno::NOSYS) => self.look_and_rename(from, to),
            Err(error) => Err(error.into()),
        }
    }

    /// Not link(2) and unlink(2): a process that is killed between them leaves a file with two names.
    fn look_and_rename(&self, from: &str, to: &str) -> io::Result<bool> {
        if self.look(to)?.is_some() {
            return Ok(false);
        }
        self.rename(from.as_ref(), to.as_ref()).map(|()| true)
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
    use crate::file::Kind;
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
        assert!(!dir.look_and_rename("a", "b").unwrap());
        assert!(dir.rename_new("a", "c").unwrap());
        assert!(dir.look_and_rename("c", "d").unwrap());
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
        assert_eq!(dir.open_to_append("link", 0o644).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(dir.open_to_read("link").unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(dir.try_lock("link", 0o644).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        dir.make_anew("link", 0o644).unwrap();
        assert_eq!(dir.look("link").unwrap().unwrap().kind, Kind::File);
        assert_eq!(fs::read_to_string(path.join("target")).unwrap(), "target");
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn what_is_no_file_of_its_own_is_not_written_to() {
        let path = scratch("plain");
        let dir = Dir::open(&path).unwrap();
        fs::write(path.join("somebodys"), "his").unwrap();
        fs::hard_link(path.join("somebodys"), path.join("hard")).unwrap();
        fs::create_dir(path.join("directory")).unwrap();
        crate::fifo::make(&path.join("fifo"), 0o600).unwrap();
        for name in ["hard", "directory", "fifo"] {
            let error = dir.open_to_append(name, 0o644).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{name}: {error}");
        }
        dir.make_anew("hard", 0o644).unwrap();
        assert_eq!(fs::read_to_string(path.join("somebodys")).unwrap(), "his");
        fs::remove_dir_all(path).unwrap();
    }
}
