//! A process that is the child of somebody else: known by its pid and by when it lived, watched by a handle.
//!
//! A pid alone is no identity. Who had the pid at one moment is whoever has it now and began before that moment:
//! another process can only have been given it since. Source: pidfd_open(2), ioctl_pidfd(2), proc(5).

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use unix::{Exit, Pid};

use crate::{child, poll, stat};

/// Nanoseconds of a clock tick, in which /proc counts: always a hundredth of a second (time(7), USER_HZ).
const TICK: u64 = 10_000_000;

/// A process that lives, or is dead and has not been waited for.
#[derive(Debug)]
pub struct Orphan {
    pid: Pid,
    began: u64,
    /// `None`: there is none for it (Linux 5.3), or no descriptor was left.
    handle: Option<OwnedFd>,
}

impl Orphan {
    /// The process that had this pid when the machine had been up for so many nanoseconds; `None`: it is gone.
    ///
    /// # Errors
    /// `Unsupported`: /proc does not tell when it began.
    pub fn find(pid: Pid, lived_at: u64) -> io::Result<Option<Orphan>> {
        // The handle comes first: what is asked afterwards is about the process that it is of.
        let handle = match child::handle(pid) {
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => return Ok(None),
            handle => handle.ok(),
        };
        let Some(stat) = stat::read(pid) else {
            // Its parent has waited for it meanwhile, or /proc is not there.
            let is_dead = match handle {
                Some(handle) => poll::can_read(handle.as_fd()),
                None => crate::process::id().and_then(stat::read).is_some(),
            };
            return if is_dead { Ok(None) } else { Err(io::ErrorKind::Unsupported.into()) };
        };
        let orphan = Orphan { pid, began: stat.began, handle };
        Ok((stat.began <= lived_at / TICK).then_some(orphan))
    }

    /// It is dead.
    pub fn is_dead(&self) -> bool {
        match &self.handle {
            Some(handle) => poll::can_read(handle.as_fd()),
            None => stat::read(self.pid).is_none_or(|stat| stat.is_dead || stat.began != self.began),
        }
    }

    /// Can be read once it is dead; `None`: look now and then.
    pub fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.handle.as_ref().map(AsFd::as_fd)
    }

    /// How it ended, once its parent has waited for it (Linux 6.15).
    pub fn exit(&self) -> Option<Exit> {
        exit_of(self.as_fd()?)
    }
}

/// What `PIDFD_GET_INFO` fills in (linux/pidfd.h), in its first form.
#[repr(C)]
struct Info {
    mask: u64,
    others: [u32; 13],
    exit_code: i32,
}

/// `PIDFD_GET_INFO`, and the part of it that is wanted.
const GET_INFO: u32 = 0xC040_FF0B;
const INFO_EXIT: u64 = 1 << 3;

/// How the process of a pidfd ended, once its parent has waited for it (Linux 6.15); `None`: that cannot be known.
pub fn exit_of(handle: BorrowedFd<'_>) -> Option<Exit> {
    let mut info = Info { mask: INFO_EXIT, others: [0; 13], exit_code: 0 };
    // SAFETY: the kernel writes as many bytes as the number of the request says, which are those of `Info`.
    let done = unsafe { libc::ioctl(handle.as_raw_fd(), GET_INFO as _, &raw mut info) };
    (done == 0 && info.mask & INFO_EXIT != 0).then(|| Exit::from_wait(info.exit_code as u16))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use std::process::Command;

    #[test]
    fn process_is_known_by_the_time_it_lived_at_and_its_exit_is_told() {
        let before = clock::since_boot() - 3 * TICK;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "read x; exit 7"]).stdin(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let pid = Pid::new(child.id().into()).unwrap();
        let orphan = Orphan::find(pid, clock::since_boot()).unwrap().unwrap();
        assert!(!orphan.is_dead());
        assert!(Orphan::find(pid, before).unwrap().is_none(), "it did not live then");
        drop(child.stdin.take());
        while !orphan.is_dead() {
            std::thread::yield_now();
        }
        assert_eq!(orphan.exit(), None, "nobody has waited for it");
        child.wait().unwrap();
        assert!(orphan.is_dead());
        assert!(Orphan::find(pid, clock::since_boot()).unwrap().is_none());
        // Linux 6.15.
        if let Some(exit) = orphan.exit() {
            assert_eq!(exit, Exit::Code(7));
        }
    }
}
