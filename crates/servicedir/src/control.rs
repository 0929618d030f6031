//! The way in: commands to a supervisor.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use sys::{fifo, rouse};

use crate::names;

/// What became of commands that were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The supervisor will read them.
    Yes,
    /// Nobody supervises this directory.
    NoSupervisor,
}

/// Sends command bytes to the supervisor of `dir`. They stay together.
///
/// # Errors
/// What open(2) and write(2) say: EACCES; ENOTDIR; `WouldBlock` when the supervisor hangs and its FIFO is
/// full. That there is no FIFO is `NoSupervisor`, that there is no directory is an error.
pub fn send(dir: &Path, bytes: &[u8]) -> io::Result<Sent> {
    let sent = through(dir, |control| fifo::send(control, bytes))?;
    Ok(sent.map_or(Sent::NoSupervisor, |()| Sent::Yes))
}

/// Somebody supervises `dir`: its control FIFO has a reader.
///
/// # Errors
/// As `send`.
pub fn is_supervised(dir: &Path) -> io::Result<bool> {
    Ok(watch(dir)?.is_some())
}

/// The supervisor of `dir`, as a descriptor: it polls as having an error as soon as that supervisor is
/// gone, however it ended. `None`: nobody supervises `dir`.
///
/// # Errors
/// As `send`.
pub fn watch(dir: &Path) -> io::Result<Option<OwnedFd>> {
    through(dir, fifo::open_to_write)
}

/// `None`: nobody supervises `dir`. A supervisor whose FIFO has gone is told, and makes it again.
fn through<T>(dir: &Path, attempt: impl Fn(&Path) -> io::Result<T>) -> io::Result<Option<T>> {
    let control = dir.join(names::CONTROL);
    match rouse::until_open(&dir.join(names::LOCK), || attempt(&control))? {
        // That there is no directory is an error, that there is no supervisor an answer.
        None => std::fs::metadata(dir).map(|_| None),
        done => Ok(done),
    }
}
