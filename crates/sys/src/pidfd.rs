//! Processes that are no children of this one, held by a descriptor (pidfd_open(2)): a number that is used again is
//! never taken for the process that had it.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Signal as RustixSignal, WaitId, WaitIdOptions};
use unix::{Exit, Pid, Signal};

use crate::child;

/// One process, for as long as this is held.
#[derive(Debug)]
pub struct Handle(OwnedFd);

/// What is known of the end of a process that has died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// This.
    Known(Exit),
    /// Nothing until its parent has waited for it.
    NotYet,
    /// Nothing, ever.
    Unknown,
}

impl Handle {
    /// The process of this number, which is to be looked at afterwards: is it the one that was meant?
    ///
    /// # Errors
    /// What pidfd_open(2) says: ESRCH; ENOSYS before Linux 5.3.
    pub fn open(pid: Pid) -> io::Result<Handle> {
        child::handle(pid).map(Handle)
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// EPERM; ESRCH when it is dead.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let signal = RustixSignal::from_named_raw(i32::from(signal.number())).ok_or(Errno::INVAL)?;
        Ok(rustix::process::pidfd_send_signal(&self.0, signal)?)
    }

    /// It has not died.
    pub fn is_alive(&self) -> bool {
        let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        matches!(poll(&mut fds, Some(&now)), Ok(0))
    }

    /// It is a child of this process, which is told of its death and has to wait for it.
    pub fn is_child(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        rustix::process::waitid(WaitId::PidFd(self.0.as_fd()), options).is_ok()
    }

    /// How it ended, once it is dead (PIDFD_GET_INFO: Linux 6.15).
    pub fn end(&self) -> End {
        // SAFETY: pidfd_info is plain numbers, for which zero is valid.
        let mut info: libc::pidfd_info = unsafe { std::mem::zeroed() };
        info.mask = libc::PIDFD_INFO_EXIT.into();
        // SAFETY: PIDFD_GET_INFO reads and writes one pidfd_info through the pointer; its size is in the request.
        let done = unsafe { libc::ioctl(self.0.as_raw_fd(), libc::PIDFD_GET_INFO, &raw mut info) };
        match done {
            -1 => End::Unknown,
            _ if info.mask & u64::from(libc::PIDFD_INFO_EXIT) != 0 => {
                End::Known(Exit::from_wait(info.exit_code as u16))
            }
            _ => End::NotYet,
        }
    }
}

/// The deaths of any number of processes, as one descriptor. Takes no memory when one comes.
#[derive(Debug)]
pub struct Deaths(OwnedFd);

impl Deaths {
    /// Of nobody yet.
    ///
    /// # Errors
    /// EMFILE, ENFILE, ENOMEM.
    pub fn new() -> io::Result<Deaths> {
        Ok(Deaths(epoll::create(CreateFlags::CLOEXEC)?))
    }

    /// Tells of the death of this process by this number, again and again, until its handle is dropped.
    ///
    /// # Errors
    /// ENOMEM, ENOSPC.
    pub fn expect(&self, handle: &Handle, number: usize) -> io::Result<()> {
        Ok(epoll::add(&self.0, &handle.0, EventData::new_u64(number as u64), EventFlags::IN)?)
    }

    /// The same, but not before its parent has waited for it (Linux 6.9; on older kernels never).
    ///
    /// # Errors
    /// None that the kernel documents for one that is expected.
    pub fn expect_collected(&self, handle: &Handle, number: usize) -> io::Result<()> {
        Ok(epoll::modify(&self.0, &handle.0, EventData::new_u64(number as u64), EventFlags::empty())?)
    }

    /// The number of one that has died; `None` when there is none now.
    pub fn next(&self) -> Option<usize> {
        let mut room = [MaybeUninit::uninit(); 1];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let (events, _) = epoll::wait(&self.0, &mut room, Some(&now)).ok()?;
        events.first().map(|event| event.data.u64() as usize)
    }
}

impl AsFd for Deaths {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poll;
    use std::process::Command;

    #[test]
    fn death_of_another_ones_child_is_told_with_its_exit_code() {
        let mut parent = Command::new("/bin/sh");
        // The shell waits for its child, whose death we hear of from the kernel alone.
        let mut parent = parent.args(["-c", "exec 3<&0; sh -c 'read x <&3; exit 7' & echo $!; wait; read x"]);
        parent = parent.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut parent = parent.spawn().unwrap();
        let mut line = String::new();
        let mut out = std::io::BufReader::new(parent.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut out, &mut line).unwrap();
        let handle = Handle::open(Pid::new(line.trim().parse().unwrap()).unwrap()).unwrap();
        let deaths = Deaths::new().unwrap();
        deaths.expect(&handle, 5).unwrap();
        assert!(handle.is_alive() && !handle.is_child());
        assert_eq!((deaths.next(), handle.end()), (None, End::NotYet));
        std::io::Write::write_all(parent.stdin.as_mut().unwrap(), b"\n").unwrap();
        poll::wait([Some(deaths.as_fd())], None).unwrap();
        assert_eq!(deaths.next(), Some(5));
        assert!(!handle.is_alive());
        deaths.expect_collected(&handle, 6).unwrap();
        if handle.end() != End::Unknown {
            poll::wait([Some(deaths.as_fd())], None).unwrap();
            assert_eq!((deaths.next(), handle.end()), (Some(6), End::Known(Exit::Code(7))));
        }
        drop(handle);
        assert_eq!(deaths.next(), None);
        drop(parent.stdin.take());
        parent.wait().unwrap();
    }

    #[test]
    fn child_is_known_as_one() {
        let mut child = Command::new("/bin/sleep").arg("60").spawn().unwrap();
        let handle = Handle::open(Pid::new(child.id().into()).unwrap()).unwrap();
        assert!(handle.is_child() && handle.is_alive());
        handle.signal(Signal::KILL).unwrap();
        child.wait().unwrap();
    }
}
