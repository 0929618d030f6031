//! Waiting for descriptors, with one deadline.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::clock;

/// From a wait for which there was no memory to the next attempt.
const NO_MEMORY_PAUSE: Duration = Duration::from_millis(50);

/// Waits until a source can be read, has an error or was closed at its other end, or until `deadline`
/// on the monotonic clock. Gives a flag for each source, in their order; all false: the deadline came.
///
/// # Errors
/// None but a mistake of ours: where there is no memory it is tried again.
pub fn wait<const N: usize>(
    sources: [Option<BorrowedFd<'_>>; N],
    deadline: Option<Duration>,
) -> io::Result<[bool; N]> {
    let absent = rustix::stdio::stderr();
    let mut fds = [(); N].map(|()| PollFd::from_borrowed_fd(absent, PollFlags::empty()));
    let mut ready = [false; N];
    wait_in(&mut fds, &sources, deadline, &mut ready)?;
    Ok(ready)
}

/// Absent sources are not handed over: more descriptors than this process may have open are refused, and a limit can
/// be lowered below what is open.
#[inline(never)] // The numbers of sources are many.
fn wait_in<'fd>(
    fds: &mut [PollFd<'fd>],
    sources: &[Option<BorrowedFd<'fd>>],
    deadline: Option<Duration>,
    ready: &mut [bool],
) -> io::Result<()> {
    let mut count = 0;
    for (place, fd) in fds.iter_mut().zip(sources.iter().flatten()) {
        *place = PollFd::from_borrowed_fd(*fd, PollFlags::IN);
        count += 1;
    }
    poll_until(&mut fds[..count], deadline)?;
    let present = ready.iter_mut().zip(sources).filter(|(_, source)| source.is_some());
    for ((ready, _), fd) in present.zip(fds) {
        *ready = !fd.revents().is_empty();
    }
    Ok(())
}

/// As `wait`, and until one of `sinks` can be written.
///
/// # Errors
/// As `wait`.
pub fn wait_both<const R: usize, const W: usize>(
    sources: [Option<BorrowedFd<'_>>; R],
    sinks: [Option<BorrowedFd<'_>>; W],
    deadline: Option<Duration>,
) -> io::Result<[bool; R]> {
    let reads = sources.iter().flatten().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN));
    let writes = sinks.iter().flatten().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::OUT));
    let mut fds: Vec<_> = reads.chain(writes).collect();
    poll_until(&mut fds, deadline)?;
    let mut polled = fds.iter();
    Ok(sources.map(|source| source.is_some() && polled.next().is_some_and(|fd| !fd.revents().is_empty())))
}

/// As `wait` for any number of sources: the indices of those that can be read.
///
/// # Errors
/// As `wait`.
pub fn wait_many<F: AsFd>(sources: &[F], deadline: Option<Duration>) -> io::Result<Vec<usize>> {
    ready_of(sources.iter().map(|source| PollFd::new(source, PollFlags::IN)).collect(), deadline)
}

fn ready_of(mut fds: Vec<PollFd<'_>>, deadline: Option<Duration>) -> io::Result<Vec<usize>> {
    poll_until(&mut fds, deadline)?;
    Ok(fds.iter().enumerate().filter(|(_, fd)| !fd.revents().is_empty()).map(|(i, _)| i).collect())
}

/// Something can be written now without waiting. True also where that cannot be asked.
pub fn can_write(fd: BorrowedFd<'_>) -> bool {
    is_ready(fd, PollFlags::OUT)
}

/// Something can be read now without waiting, if only that the other end is closed. True also where that cannot be asked.
pub fn can_read(fd: BorrowedFd<'_>) -> bool {
    is_ready(fd, PollFlags::IN)
}

fn is_ready(fd: BorrowedFd<'_>, flags: PollFlags) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(fd, flags)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    !matches!(poll(&mut fds, Some(&now)), Ok(0))
}

fn poll_until(fds: &mut [PollFd<'_>], deadline: Option<Duration>) -> io::Result<()> {
    loop {
        let left = deadline.map(|deadline| remaining(deadline.saturating_sub(clock::monotonic())));
        match poll(fds, left.as_ref()) {
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            // Whoever waits has nothing that he could do meanwhile, or instead.
            Err(Errno::NOMEM) => pause(),
            Err(error) => return Err(error.into()),
        }
    }
}

/// The one sleep of all: to ask again at once would take the processor from those who have the memory.
pub(crate) fn pause() {
    let _ = rustix::thread::nanosleep(&remaining(NO_MEMORY_PAUSE));
}

fn remaining(left: Duration) -> Timespec {
    Timespec { tv_sec: left.as_secs().min(i64::MAX as u64) as i64, tv_nsec: left.subsec_nanos().into() }
}
