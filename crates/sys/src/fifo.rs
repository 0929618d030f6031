//! FIFOs: where commands come in, and where others listen.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::{file, guard};

/// A FIFO held open for reading and writing: readers and writers come and go without its noticing, and
/// a writer that finds nobody (ENXIO) knows that this process is gone.
#[derive(Debug)]
pub struct Fifo(OwnedFd);

/// Opens a FIFO, made with mode 0600 if it is missing.
///
/// # Errors
/// What mkfifo(3) and open(2) say; `AlreadyExists`: something else has that name.
pub fn open(path: &Path) -> io::Result<Fifo> {
    make(path, 0o600)?;
    // Opening for both is Linux's (fifo(7)), never blocks, and saves a descriptor.
    let fd = match rustix::fs::openat(CWD, path, OFlags::RDWR | guard::FLAGS, Mode::empty()) {
        // A link, a directory, a socket.
        Err(Errno::LOOP | Errno::ISDIR | Errno::NXIO) => return Err(taken()),
        fd => fd?,
    };
    check(&fd).map_err(|_| taken())?;
    Ok(Fifo(fd))
}

fn taken() -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, "exists and is not a FIFO")
}

/// Makes a FIFO that is not there, with these permission bits less the umask, and opens it as `open` does.
///
/// # Errors
/// What mkfifo(3) and open(2) say; `AlreadyExists`: something has that name, or has been put there since.
pub fn create(path: &Path, mode: u32) -> io::Result<Fifo> {
    rustix::fs::mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(mode), 0)?;
    open(path)
}

/// Makes a FIFO with exactly these permission bits less the umask. One that exists is left as it is.
///
/// # Errors
/// What mkfifo(3) says.
pub fn make(path: &Path, mode: u32) -> io::Result<()> {
    match rustix::fs::mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(mode), 0) {
        Err(Errno::EXIST) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Opens a FIFO that exists for reading, without waiting for a writer. No link is followed.
///
/// # Errors
/// What open(2) says; `InvalidInput`: it is no FIFO.
pub fn open_to_read(path: &Path) -> io::Result<OwnedFd> {
    let fd = rustix::fs::openat(CWD, path, OFlags::RDONLY | guard::FLAGS, Mode::empty())
        .map_err(guard::explain)?;
    check(&fd)?;
    Ok(fd)
}

/// Opens a FIFO that exists for writing, without waiting for a reader. No link is followed.
///
/// # Errors
/// What open(2) says; ENXIO (`is_nobody`): nobody reads it; `InvalidInput`: it is no FIFO.
pub fn open_to_write(path: &Path) -> io::Result<OwnedFd> {
    let fd = rustix::fs::openat(CWD, path, OFlags::WRONLY | guard::FLAGS, Mode::empty())
        .map_err(guard::explain)?;
    check(&fd)?;
    Ok(fd)
}

/// Both ends of the pipe, or FIFO, that a process has at this descriptor, the end to read first: as new open files, so
/// that they wait when they are read and written, whatever others do. It is the one of this identity.
///
/// # Errors
/// What open(2) says of `/proc/PID/fd/N`: EACCES, ENOENT; `InvalidInput`: it is another one, or no FIFO.
pub fn ends_of(path: &Path, identity: (u64, u64)) -> io::Result<(OwnedFd, OwnedFd)> {
    let open = |access| {
        let flags = access | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let end = rustix::fs::openat(CWD, path, flags, Mode::empty())?;
        check(&end)?;
        if file::look_open(&end)?.identity != identity {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        crate::process::make_blocking(&end)?;
        Ok(end)
    };
    // With a reader there, ours, nobody waits for one.
    let read = open(OFlags::RDONLY)?;
    Ok((read, open(OFlags::WRONLY)?))
}

/// Nobody has the pipe at this path, which may be one of `/proc/PID/fd`, open for reading.
pub fn has_no_reader(path: &Path) -> bool {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    matches!(rustix::fs::openat(CWD, path, flags, Mode::empty()), Err(Errno::NXIO))
}

/// An error (`InvalidInput`) unless this is a FIFO; gives how many names it has.
pub(crate) fn check(fd: &OwnedFd) -> io::Result<u64> {
    let stat = rustix::fs::fstat(fd)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Fifo => Ok(stat.st_nlink as u64),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "not a FIFO")),
    }
}

/// Writes all of `bytes` (512 at most, so that they stay together) to the reader of a FIFO, now or not at all.
///
/// # Errors
/// ENXIO (`is_nobody`): nobody reads it; `WouldBlock`: it is full; what open(2) says.
pub fn send(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fd = open_to_write(path)?;
    Ok(rustix::io::retry_on_intr(|| rustix::io::write(&fd, bytes)).map(drop)?)
}

/// Nobody has the FIFO open for reading.
pub fn is_nobody(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENXIO | libc::EPIPE))
}

impl Fifo {
    /// Reads what was written, up to the size of `buffer`; 0 when there is nothing.
    ///
    /// # Errors
    /// What read(2) says.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(crate::process::read(&self.0, buffer)?.unwrap_or(0))
    }

    /// It stands at this path. True also where that cannot be asked.
    pub fn is_at(&self, path: &Path) -> bool {
        match (file::look_open(&self.0), file::look_no_follow(path)) {
            (Ok(own), Ok(there)) => there.is_some_and(|there| there.identity == own.identity),
            _ => true,
        }
    }

    /// Makes another FIFO, with the mode and the group of this one, and puts it in the place of whatever stands at
    /// `path`, by way of `temporary` beside it. What this one holds is lost.
    ///
    /// # Errors
    /// What mkfifo(3), chmod(2) and rename(2) say; this one is as it was.
    pub fn replace(&mut self, path: &Path, temporary: &Path) -> io::Result<()> {
        let own = file::look_open(&self.0)?;
        file::remove(temporary)?;
        let new = create(temporary, 0o600)?;
        // A group that it may not be given to has no use for its mode.
        let given = guard::give_open(&new.0, None, Some(own.owner.1));
        let put = given
            .and_then(|()| file::set_open_mode(&new.0, own.mode))
            .or_else(|_| file::set_open_mode(&new.0, 0o600))
            .and_then(|()| file::rename(temporary, path));
        match put {
            Ok(()) => self.0 = new.0,
            Err(_) => drop(file::remove(temporary)),
        }
        put
    }
}

impl AsFd for Fifo {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Fifo {
    /// The FIFO of this process that came with an open file, from the program that it has executed before.
    ///
    /// # Errors
    /// `InvalidInput`: it is none.
    pub fn inherited(fd: OwnedFd) -> io::Result<Fifo> {
        check(&fd)?;
        Ok(Fifo(fd))
    }
}

impl From<Fifo> for OwnedFd {
    fn from(fifo: Fifo) -> OwnedFd {
        fifo.0
    }
}
