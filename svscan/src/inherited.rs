//! The pipes of another scanner that was killed: they live on in the processes at their ends, and are opened from there
//! anew (`/proc/PID/fd/N`), so that neither end is lost with who holds it, and no line.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::path::PathBuf;

use roster::{Identity, Roster};
use sys::file::{self, Kind};
use sys::{fifo, proc};
use unix::Pid;

use crate::holder;
use crate::options::CATCH_ALL;
use crate::scanner::path;

/// Both ends of a pipe, the one to read first.
pub(crate) type Ends = (OwnedFd, OwnedFd);

/// A pipe that a process has at one of its descriptors.
struct End {
    path: PathBuf,
    pipe: Identity,
}

impl End {
    fn of(pid: Pid, fd: RawFd) -> Option<End> {
        let path = proc::path(pid, &format!("fd/{fd}"));
        let info = file::look(&path).ok()??;
        (info.kind == Kind::Fifo).then_some(End { path, pipe: info.identity })
    }

    /// What the supervisor of this service has there.
    fn of_supervisor(name: &[u8], fd: RawFd) -> Option<End> {
        End::of(holder::find(name).ok()??.pid, fd)
    }

    /// What the process has there that the record of this service names. It may be another one by now.
    fn of_service(name: &[u8], fd: RawFd) -> Option<End> {
        End::of(servicedir::record::read(path(name)).ok()??.pid?, fd)
    }

    fn is(&self, other: &Option<End>) -> bool {
        other.as_ref().is_some_and(|other| other.pipe == self.pipe)
    }

    /// Nobody reads it, or it is none of those that this scanner was started with: a service without a logger may have
    /// them.
    fn is_a_loggers(&self) -> bool {
        let pipe = |fd: BorrowedFd<'_>| file::look_open(fd).ok().map(|info| info.identity);
        let given = [pipe(io::stdout().as_fd()), pipe(io::stderr().as_fd())];
        fifo::has_no_reader(&self.path) || !given.contains(&Some(self.pipe))
    }

    fn open(&self) -> Option<Ends> {
        fifo::ends_of(&self.path, self.pipe).ok()
    }
}

/// The pipe between a producer and its logger, if one of them has outlived the scanner that has made it. What the
/// logger's supervisor reads is that pipe. What the producer writes to may be another one, of a time when it had no
/// logger.
pub(crate) fn between(producer: &[u8], logger: &[u8]) -> Option<Ends> {
    if let Some(read) = End::of_supervisor(logger, 0) {
        return read.open();
    }
    // A logger that was never supervised has read nothing.
    servicedir::record::read(path(logger)).ok()??;
    let read = End::of_service(logger, 0);
    let service = End::of_service(producer, 1).filter(|write| write.is(&read));
    let errors = End::of_supervisor(producer, 2);
    let supervisor =
        End::of_supervisor(producer, 1).filter(|write| !write.is(&errors) && write.is_a_loggers());
    supervisor.or(service)?.open()
}

/// This process has that pipe as its output.
pub(crate) fn writes_to(pid: Pid, pipe: BorrowedFd<'_>) -> bool {
    let pipe = file::look_open(pipe).ok().map(|info| info.identity);
    End::of(pid, 1).is_some_and(|write| Some(write.pipe) == pipe)
}

/// The pipe to the catch-all, if it or somebody who writes there has outlived the scanner that has made it.
pub(crate) fn to_catch_all(roster: &Roster) -> Option<Ends> {
    if let Some(read) = End::of_supervisor(CATCH_ALL, 0) {
        return read.open();
    }
    // One that was never supervised has read nothing. Loggers write to the console.
    servicedir::record::read(path(CATCH_ALL)).ok()??;
    let errors = roster.writers().filter_map(|name| End::of_supervisor(name, 2));
    errors.filter(End::is_a_loggers).find_map(|write| write.open())
}
