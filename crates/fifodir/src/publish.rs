//! The publisher's side.

use std::ffi::CStr;
use std::io;
use std::path::Path;

use sys::dir::Dir;
use sys::{fifo, file};

use crate::is_subscriber;

/// Sends `letters` to every subscriber. One that is too slow (its FIFO is full) loses them: the
/// publisher never waits. A FIFO that nobody reads any more is removed.
///
/// # Errors
/// The directory cannot be listed; those found before that have got their letters.
pub fn publish(fifodir: &Path, letters: &[u8]) -> io::Result<()> {
    each_subscriber(fifodir, letters)
}

/// Removes the FIFOs that nobody reads any more.
///
/// # Errors
/// The directory cannot be listed.
pub fn sweep(fifodir: &Path) -> io::Result<()> {
    each_subscriber(fifodir, b"")
}

fn each_subscriber(fifodir: &Path, letters: &[u8]) -> io::Result<()> {
    let dir = Dir::open(fifodir)?;
    dir.each(|name| {
        if is_subscriber(name) {
            let sent = send(&dir, name, letters);
            if sent.is_err_and(|error| fifo::is_nobody(&error)) {
                // It may be gone already: its owner, too, removes it.
                let _ = dir.remove(name);
            }
        }
    })
}

fn send(dir: &Dir, name: &CStr, letters: &[u8]) -> io::Result<()> {
    let subscriber = dir.open_to_write(name)?;
    file::write_all(subscriber, letters)
}
