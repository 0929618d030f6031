//! Files that are opened for somebody else: for a program that is executed next, or to hold a lock.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags};

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To read.
    Read,
    /// To write from the beginning; made if it is missing, emptied if not.
    Write,
    /// To write at its end; made if it is missing.
    Append,
    /// To read and to write; made if it is missing.
    Both,
}

impl Purpose {
    fn flags(self) -> OFlags {
        match self {
            Purpose::Read => OFlags::RDONLY,
            Purpose::Write => OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC,
            Purpose::Append => OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND,
            Purpose::Both => OFlags::RDWR | OFlags::CREATE,
        }
    }
}

/// Opens a file as a shell does, close-on-exec; waits for the other end of a FIFO.
///
/// # Errors
/// What open(2) says.
pub fn open(path: &Path, purpose: Purpose) -> io::Result<OwnedFd> {
    loop {
        let flags = purpose.flags() | OFlags::CLOEXEC | OFlags::NOCTTY;
        match rustix::fs::openat(CWD, path, flags, Mode::from_raw_mode(0o666)) {
            Err(rustix::io::Errno::INTR) => {}
            file => return Ok(file?),
        }
    }
}

/// Opens a file that is to be locked, to be written to, made with `mode` if it is missing. Changes nothing in it and
/// waits for nothing.
///
/// # Errors
/// What open(2) says.
pub fn open_to_lock(path: &Path, mode: u32) -> io::Result<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(CWD, path, flags, Mode::from_raw_mode(mode))?)
}

/// The same, to be read, as a lock that is shared wants it.
///
/// # Errors
/// What open(2) says.
pub fn open_to_share(path: &Path, mode: u32) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match rustix::fs::openat(CWD, path, flags | OFlags::CREATE, Mode::from_raw_mode(mode)) {
        // A file that is there may be read where it may not be made.
        Err(rustix::io::Errno::ACCESS | rustix::io::Errno::ROFS) => {
            Ok(rustix::fs::openat(CWD, path, flags, Mode::empty())?)
        }
        file => Ok(file?),
    }
}
