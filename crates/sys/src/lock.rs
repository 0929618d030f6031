//! Record locks (fcntl(2), F_SETLK): one process holds a file, whole, for life.
//!
//! A lock is lost when the process closes *any* descriptor of that file: nothing else in a program may
//! open a file that it holds.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, OFlags};
use rustix::io::Errno;
use unix::Pid;

use crate::file::{self, Info};
use crate::{clock, guard, signals};

/// The two kinds of locks; neither knows of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// flock(2): of whoever has the file open, children too.
    File,
    /// fcntl(2): of one process.
    Record,
}

/// Who else may hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Nobody.
    Alone,
    /// Those who share it, too.
    Others,
}

/// How long to wait for whoever holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Not at all.
    None,
    /// So long.
    Limit(Duration),
    /// Until it is free.
    Endless,
}

/// Locks an open file; `false` if another process still holds it. A limit is for programs of one thread: the signal
/// that ends the wait could go to another one.
///
/// # Errors
/// What flock(2) and fcntl(2) say.
pub fn take(file: impl AsFd, kind: Kind, share: Share, patience: Patience) -> io::Result<bool> {
    let operation = match (share, patience) {
        (Share::Alone, Patience::None) => FlockOperation::NonBlockingLockExclusive,
        (Share::Alone, _) => FlockOperation::LockExclusive,
        (Share::Others, Patience::None) => FlockOperation::NonBlockingLockShared,
        (Share::Others, _) => FlockOperation::LockShared,
    };
    let limit = if let Patience::Limit(limit) = patience { Some(limit) } else { None };
    let until = limit.map(|limit| clock::monotonic() + limit);
    let _interruption = limit.map(signals::interrupt_after).transpose()?;
    loop {
        let result = match kind {
            Kind::File => rustix::fs::flock(&file, operation),
            Kind::Record => rustix::fs::fcntl_lock(&file, operation),
        };
        match result {
            Ok(()) => return Ok(true),
            Err(Errno::INTR) if until.is_some_and(|until| clock::monotonic() >= until) => return Ok(false),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN | Errno::ACCESS) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
}

/// A lock that is held until this is dropped or the process ends. Children do not inherit it.
#[derive(Debug)]
pub struct Lock(OwnedFd);

impl AsFd for Lock {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Lock {
    /// The lock of this process that came with an open file, from the program that it has executed before.
    pub fn inherited(file: OwnedFd) -> Lock {
        Lock(file)
    }

    /// The file has no other name: what is written to it is written to no other one's file.
    pub fn has_one_name(&self) -> bool {
        self.look().is_ok_and(|info| info.links <= 1)
    }

    /// Waits until no child of whoever had the file before is about to execute a program: such a child has its
    /// descriptors still. `false`: somebody has it still after this time, which may be anybody who can read the file.
    pub fn wait_for_heirs(&self, limit: Duration) -> bool {
        let taken = |patience| take(&self.0, Kind::File, Share::Alone, patience);
        // Where there is no such lock, nobody waits.
        !matches!(taken(Patience::None), Ok(false)) || !matches!(taken(Patience::Limit(limit)), Ok(false))
    }

    /// It belongs to the user that we run as, and nobody else but root may write to it.
    pub fn is_only_ours(&self) -> bool {
        self.look().is_ok_and(|info| info.is_only_ours())
    }

    /// What was locked.
    ///
    /// # Errors
    /// What fstat(2) says.
    pub fn look(&self) -> io::Result<Info> {
        file::look_open(&self.0)
    }

    /// Locks what stands at `path`, made with `mode` if it is missing, unless that is what is locked already.
    ///
    /// # Errors
    /// As `try_lock`, and what stat(2) says; `WouldBlock`: another process holds it. This lock is as it was.
    pub fn follow(&mut self, path: &Path, mode: u32) -> io::Result<()> {
        let there = file::look_no_follow(path)?.map(|info| info.identity);
        if there != Some(self.look()?.identity) {
            *self = try_lock(path, mode)?.ok_or(io::ErrorKind::WouldBlock)?;
        }
        Ok(())
    }
}

/// Locks a file, made with `mode` if it is missing; `None` if another process holds it.
///
/// # Errors
/// What open(2) and fcntl(2) say; `InvalidInput`: a link, or something else that is no regular file.
pub fn try_lock(path: &Path, mode: u32) -> io::Result<Option<Lock>> {
    let (file, _) = guard::open(path, OFlags::RDWR | OFlags::CREATE, mode)?;
    try_lock_open(file)
}

/// Locks an open file; `None` if another process holds it.
pub(crate) fn try_lock_open(file: OwnedFd) -> io::Result<Option<Lock>> {
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
    Ok(match look(path)? {
        Holder::Process(pid) => Some(pid),
        Holder::Nobody | Holder::Stranger => None,
    })
}

/// Who holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Nobody, or there is no such file.
    Nobody,
    /// This process.
    Process(Pid),
    /// A process that is not in this PID namespace, or several.
    Stranger,
}

/// Who holds a lock on this file.
///
/// # Errors
/// As `holder`.
pub fn look(path: &Path) -> io::Result<Holder> {
    Ok(match ask(path)? {
        None => Holder::Nobody,
        Some(lock) => Pid::new(lock.l_pid.into()).map_or(Holder::Stranger, Holder::Process),
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open;

    #[test]
    fn lock_that_is_held_is_refused() {
        let path = std::env::temp_dir().join(format!("sys-lock-{}", std::process::id()));
        let [held, wanted] = [0, 1].map(|_| open::open_to_lock(&path, 0o600).unwrap());
        let take = |patience| take(&wanted, Kind::File, Share::Alone, patience).unwrap();
        assert!(super::take(&held, Kind::File, Share::Others, Patience::Endless).unwrap());
        assert!(!take(Patience::None));
        drop(held);
        assert!(take(Patience::Endless));
        std::fs::remove_file(path).unwrap();
    }
}
