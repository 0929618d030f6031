//! Files: small ones read whole, ours replaced whole, and what stands at a path.

use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::{guard, users};

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A FIFO.
    Fifo,
    /// A symbolic link.
    Link,
    /// A device or a socket.
    Other,
}

/// What stat(2) tells of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// What it is.
    pub kind: Kind,
    /// Permission bits, 0 to 0o7777.
    pub mode: u32,
    /// Size in bytes.
    pub size: u64,
    /// How many names it has.
    pub links: u64,
    /// What tells it from every other file: device and inode.
    pub identity: (u64, u64),
    /// Owner and group.
    pub owner: (u32, u32),
}

impl Info {
    /// It belongs to the user that we run as, and nobody else but root may write to it.
    pub fn is_only_ours(&self) -> bool {
        self.owner.0 == users::effective() && self.mode & 0o022 == 0
    }
}

impl From<Stat> for Info {
    fn from(stat: Stat) -> Info {
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Directory,
            FileType::Fifo => Kind::Fifo,
            FileType::Symlink => Kind::Link,
            _ => Kind::Other,
        };
        Info {
            kind,
            mode: stat.st_mode & 0o7777,
            size: stat.st_size as u64,
            #[allow(clippy::useless_conversion, reason = "it is smaller on some machines")]
            links: stat.st_nlink.into(),
            identity: (stat.st_dev, stat.st_ino),
            owner: (stat.st_uid, stat.st_gid),
        }
    }
}

/// What is at `path`, links followed; `None` if there is nothing.
///
/// # Errors
/// What stat(2) says, ENOENT and ENOTDIR excepted.
pub fn look(path: &Path) -> io::Result<Option<Info>> {
    look_at(path, AtFlags::empty())
}

/// What is at `path`, which may be a link.
///
/// # Errors
/// As `look`.
pub fn look_no_follow(path: &Path) -> io::Result<Option<Info>> {
    look_at(path, AtFlags::SYMLINK_NOFOLLOW)
}

fn look_at(path: &Path, flags: AtFlags) -> io::Result<Option<Info>> {
    match rustix::fs::statat(CWD, path, flags) {
        Ok(stat) => Ok(Some(stat.into())),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Something is at `path`, and this process may execute it.
pub fn is_executable(path: &Path) -> bool {
    rustix::fs::accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

/// This process may write to what is at `path`.
///
/// # Errors
/// Why not: EROFS, EACCES, ENOENT, ….
pub fn may_write(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS)?)
}

/// Something is at `path`.
///
/// # Errors
/// What access(2) says, ENOENT excepted.
pub fn exists(path: &Path) -> io::Result<bool> {
    match rustix::fs::accessat(CWD, path, Access::EXISTS, AtFlags::empty()) {
        Ok(()) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Somebody has `path` open for writing. `false` where the kernel will not tell: a read lease
/// (fcntl(2)) is given to the file's owner or root, on file systems that have leases.
pub fn is_being_written(path: &Path) -> bool {
    use std::os::fd::AsRawFd;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let Ok(file) = rustix::fs::openat(CWD, path, flags, Mode::empty()) else {
        return false;
    };
    // SAFETY: F_SETLEASE takes a number and touches no memory; the lease ends with `file`.
    let refused = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, libc::F_RDLCK) } == -1;
    refused && io::Error::last_os_error().raw_os_error() == Some(libc::EAGAIN)
}

/// Reads a file into `buffer`, as far as it fits, and gives what was read; `None` if there is no file. A FIFO or
/// a device never makes this wait.
///
/// # Errors
/// What open(2) and read(2) say.
pub fn read_into<'a>(path: &Path, buffer: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = match rustix::fs::openat(CWD, path, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        file => file?,
    };
    fill(&file, buffer).map(Some)
}

/// The same of a file of ours: no link is followed, and only a regular file is read.
///
/// # Errors
/// What open(2) and read(2) say; `InvalidInput`: a link, or something else that is no regular file.
pub fn read_own_into<'a>(path: &Path, buffer: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
    match guard::open(path, OFlags::RDONLY, 0) {
        Ok((file, _)) => fill(&file, buffer).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn fill<'a>(file: &OwnedFd, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    let mut filled = 0;
    while filled < buffer.len() {
        match crate::process::read(file, &mut buffer[filled..])? {
            Some(count) if count > 0 => filled += count,
            _ => break,
        }
    }
    Ok(&buffer[..filled])
}

/// Replaces a file whole: writes `temporary` beside it, with `mode` less the umask, and renames that.
///
/// # Errors
/// What open(2), write(2) and rename(2) say; `path` is as it was, `temporary` is gone or will be replaced.
pub fn replace(path: &Path, temporary: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    replace_by(path, temporary, mode, &|file| write_all(file, bytes))
}

/// Replaces a file by a part of itself, with `more` after it, as `replace` does; takes no memory, however long the
/// part is. Of a link, of what is no regular file, or of one with another name nothing is kept.
///
/// # Errors
/// As `replace`.
pub fn replace_by_part(
    path: &Path,
    temporary: &Path,
    part: Range<u64>,
    more: &[u8],
    mode: u32,
) -> io::Result<()> {
    let old = guard::open_to_change(path, OFlags::RDONLY, 0).ok();
    replace_by(path, temporary, mode, &|file| {
        let mut buffer = [0; 1024];
        let mut at = part.start;
        while let Some(old) = old.as_ref().filter(|_| at < part.end) {
            let most = (part.end - at).min(buffer.len() as u64) as usize;
            let count = rustix::io::retry_on_intr(|| rustix::io::pread(old, &mut buffer[..most], at))?;
            if count == 0 {
                break;
            }
            write_all(file, &buffer[..count])?;
            at += count as u64;
        }
        write_all(file, more)
    })
}

fn replace_by(
    path: &Path,
    temporary: &Path,
    mode: u32,
    write: &dyn Fn(&OwnedFd) -> io::Result<()>,
) -> io::Result<()> {
    // One that is left from before is not ours to write to: it may have been put there.
    let made = match create(temporary, mode) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            remove(temporary).and_then(|_| create(temporary, mode))
        }
        made => made,
    };
    let written = made
        .and_then(|file| write(&file))
        .and_then(|()| Ok(rustix::fs::renameat(CWD, temporary, CWD, path)?));
    if written.is_err() {
        let _ = rustix::fs::unlinkat(CWD, temporary, AtFlags::empty());
    }
    written
}

/// Makes a file that is not there, with `mode` less the umask, and gives it, open for writing.
///
/// # Errors
/// What open(2) says; `AlreadyExists`: something is there.
pub fn create(path: &Path, mode: u32) -> io::Result<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | guard::FLAGS;
    Ok(rustix::fs::openat(CWD, path, flags, Mode::from_raw_mode(mode))?)
}

/// Writes over the beginning of a file that is there, in one write: where a new file has no room left,
/// the old one's blocks are still ours.
///
/// # Errors
/// What open(2) and write(2) say; `InvalidInput`: a link, no regular file, or one with another name.
pub fn overwrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_all(guard::open_to_change(path, OFlags::WRONLY, 0)?, bytes)
}

/// Appends to a file, made with `mode` less the umask if it is missing.
///
/// # Errors
/// As `overwrite`.
pub fn append(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    write_all(guard::open_to_change(path, OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND, mode)?, bytes)
}

/// Makes a file empty, and makes it if it is missing.
///
/// # Errors
/// As `overwrite`.
pub fn make_empty(path: &Path, mode: u32) -> io::Result<()> {
    let file = guard::open_to_change(path, OFlags::WRONLY | OFlags::CREATE, mode)?;
    Ok(rustix::fs::ftruncate(file, 0)?)
}

/// Makes a file if it is missing, and gives it, open for writing, with what it holds.
///
/// # Errors
/// What open(2) says; `InvalidInput`: a link, or something else that is no regular file.
pub fn open_or_create(path: &Path, mode: u32) -> io::Result<OwnedFd> {
    Ok(guard::open(path, OFlags::WRONLY | OFlags::CREATE, mode)?.0)
}

/// Writes a line to standard error if there is room for it now; otherwise it is lost. A pipe that can be
/// written takes 4096 bytes at once (pipe(7)).
pub fn write_error_line(bytes: &[u8]) {
    let stderr = rustix::stdio::stderr();
    if crate::poll::can_write(stderr) {
        let _ = write_all(stderr, bytes);
    }
}

/// Writes all of `bytes`.
///
/// # Errors
/// What write(2) says; `WouldBlock` on a descriptor that does not block and is full.
pub fn write_all(file: impl std::os::fd::AsFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(&file, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Brings everything that was written to any file to disk.
pub fn sync_all() {
    rustix::fs::sync();
}

/// Writes as many of `bytes` as go now, and gives their number.
///
/// # Errors
/// What write(2) says, EINTR excepted.
pub fn write_some(file: impl std::os::fd::AsFd, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match rustix::io::write(&file, bytes) {
            Err(Errno::INTR) => {}
            written => return Ok(written?),
        }
    }
}

/// Writes `bytes` over the beginning of an open file, in one write.
///
/// # Errors
/// What pwrite(2) says; `WriteZero`: not all of it.
pub fn write_start(file: impl std::os::fd::AsFd, bytes: &[u8]) -> io::Result<()> {
    match rustix::io::retry_on_intr(|| rustix::io::pwrite(&file, bytes, 0))? {
        count if count == bytes.len() => Ok(()),
        _ => Err(io::ErrorKind::WriteZero.into()),
    }
}

/// Reads the beginning of an open file, as much as there is room for.
///
/// # Errors
/// What pread(2) says.
pub fn read_start(file: impl std::os::fd::AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::pread(&file, &mut *buffer, 0))?)
}

/// A file in memory, without a name, that holds this.
///
/// # Errors
/// What memfd_create(2) and write(2) say: EMFILE, ENFILE, ENOMEM.
pub fn in_memory(bytes: &[u8]) -> io::Result<OwnedFd> {
    let file = rustix::fs::memfd_create(c"state", rustix::fs::MemfdFlags::CLOEXEC)?;
    write_all(&file, bytes)?;
    Ok(file)
}

/// The size of an open file, in bytes.
///
/// # Errors
/// What fstat(2) says.
pub fn size_of(file: impl std::os::fd::AsFd) -> io::Result<usize> {
    Ok(rustix::fs::fstat(file)?.st_size as usize)
}

/// What fstat(2) tells of an open file.
///
/// # Errors
/// What fstat(2) says.
pub fn look_open(file: impl std::os::fd::AsFd) -> io::Result<Info> {
    Ok(rustix::fs::fstat(file)?.into())
}

/// Waits until all that was written to an open file is on the disk.
///
/// # Errors
/// What fsync(2) says.
pub fn sync(file: impl std::os::fd::AsFd) -> io::Result<()> {
    match rustix::fs::fsync(file) {
        // A file system that cannot has nothing to wait for.
        Err(Errno::INVAL | Errno::ROFS) => Ok(()),
        done => Ok(done?),
    }
}

/// The same for its bytes alone: when it was last written to may be forgotten.
///
/// # Errors
/// What fdatasync(2) says.
pub fn sync_data(file: impl std::os::fd::AsFd) -> io::Result<()> {
    match rustix::fs::fdatasync(file) {
        Err(Errno::INVAL | Errno::ROFS) => Ok(()),
        done => Ok(done?),
    }
}

/// Sets the mode of an open file.
///
/// # Errors
/// What fchmod(2) says.
pub fn set_open_mode(file: impl std::os::fd::AsFd, mode: u32) -> io::Result<()> {
    Ok(rustix::fs::fchmod(file, Mode::from_raw_mode(mode))?)
}

/// Removes a file; `false` if there was none.
///
/// # Errors
/// What unlink(2) says, ENOENT excepted.
pub fn remove(path: &Path) -> io::Result<bool> {
    match rustix::fs::unlinkat(CWD, path, AtFlags::empty()) {
        Ok(()) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Renames a file, over another one if there is one.
///
/// # Errors
/// What rename(2) says.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    Ok(rustix::fs::renameat(CWD, from, CWD, to)?)
}

/// Where a symbolic link points; `None` if `path` is no link.
///
/// # Errors
/// What readlink(2) says.
pub fn link_target(path: &Path) -> io::Result<Option<PathBuf>> {
    match std::fs::read_link(path) {
        Ok(target) => Ok(Some(target)),
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("sys-file-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir(&dir).unwrap();
        dir
    }

    #[test]
    fn replaced_file_is_whole_and_leaves_nothing_beside_it() {
        let dir = scratch("replace");
        let path = dir.join("status");
        replace(&path, &dir.join("status.new"), b"one", 0o644).unwrap();
        replace(&path, &dir.join("status.new"), b"two", 0o644).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 1);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn reading_a_fifo_or_a_device_does_not_wait() {
        let dir = scratch("fifo");
        crate::fifo::make(&dir.join("fifo"), 0o600).unwrap();
        let mut buffer = [0; 16];
        assert_eq!(read_into(&dir.join("fifo"), &mut buffer).unwrap(), Some(&b""[..]));
        assert_eq!(read_into(Path::new("/dev/zero"), &mut buffer).unwrap().map(<[u8]>::len), Some(16));
        assert_eq!(read_into(&dir.join("nothing"), &mut buffer).unwrap(), None);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn file_open_for_writing_is_seen_as_being_written() {
        let dir = scratch("lease");
        let path = dir.join("run");
        let writer = std::fs::File::create(&path).unwrap();
        assert!(is_being_written(&path));
        drop(writer);
        assert!(!is_being_written(&path));
        std::fs::remove_dir_all(dir).unwrap();
    }
}
