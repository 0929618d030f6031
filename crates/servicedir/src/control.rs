//! The way in: commands to a supervisor.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use sys::fifo;

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
    sent(dir, fifo::send(&dir.join(names::CONTROL), bytes))
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
    let mut supervisor = None;
    let opened = fifo::open_to_write(&dir.join(names::CONTROL)).map(|fd| supervisor = Some(fd));
    sent(dir, opened)?;
    Ok(supervisor)
}

fn sent(dir: &Path, result: io::Result<()>) -> io::Result<Sent> {
    match result {
        Ok(()) => Ok(Sent::Yes),
        Err(error) if fifo::is_nobody(&error) => Ok(Sent::NoSupervisor),
        Err(error) if error.kind() == io::ErrorKind::NotFound && sys::file::look(dir)?.is_some() => {
            Ok(Sent::NoSupervisor)
        }
        Err(error) => Err(error),
    }
}
