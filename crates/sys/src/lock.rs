//! Record locks (fcntl(2), F_SETLK): one process holds a file, whole, for life.
//!
//! A lock is lost when the process closes *any* descriptor of that file: nothing else in a program may
//! open a file that it holds.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{FlockOperation, OFlags};
use rustix::io::Errno;
use unix::Pid;

use crate::guard;

/// A lock that is held until this is dropped or the process ends. Children do not inherit it.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held, never used")] OwnedFd);

/// Locks a file, made with `mode` if it is missing; `None` if another process holds it.
///
/// # Errors
/// What open(2) and fcntl(2) say; `InvalidInput`: a link, or something else that is no regular file.
pub fn try_lock(path: &Path, mode: u32) -> io::Result<Option<Lock>> {
    let (file, _) = guard::open(path, OFlags::WRONLY | OFlags::CREATE, mode)?;
    match rustix::fs::fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(Lock(file))),
        Err(Errno::AGAIN | Errno::ACCESS) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Another process holds a lock on this file. `false` if the file does not exist.
///
/// # Errors
/// What open(2) and fcntl(2) say; `InvalidInput`: a link, or something else that is no regular file.
pub fn is_held(path: &Path) -> io::Result<bool> {
    Ok(ask(path)?.is_some())
}

/// The process that holds a lock on this file; `None`: nobody does, there is no such file, or the holder is not
/// in this PID namespace.
///
/// # Errors
/// What open(2) and fcntl(2) say; `InvalidInput`: a link, or something else that is no regular file.
pub fn holder(path: &Path) -> io::Result<Option<Pid>> {
    Ok(ask(path)?.and_then(|lock| Pid::new(lock.l_pid.into())))
}

fn ask(path: &Path) -> io::Result<Option<libc::flock>> {
    let file = match guard::open(path, OFlags::RDONLY, 0) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?.0,
    };
    let mut lock = whole_file();
    control(file, libc::F_GETLK, &mut lock)?;
    Ok(Some(lock).filter(|lock| lock.l_type != libc::F_UNLCK as libc::c_short))
}

fn whole_file() -> libc::flock {
    // SAFETY: flock is plain numbers; zero is valid for each, and means the whole file.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::F_WRLCK as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock
}

fn control(file: impl AsFd, operation: libc::c_int, lock: &mut libc::flock) -> io::Result<()> {
    // SAFETY: each lock operation of fcntl(2) reads and writes one flock through the pointer, and the
    // descriptor is open.
    match unsafe { libc::fcntl(file.as_fd().as_raw_fd(), operation, &raw mut *lock) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
