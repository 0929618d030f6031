//! The publisher's side.

use std::ffi::CStr;
use std::io;
use std::path::Path;

use sys::dir::Dir;
use sys::{fifo, file, process};

use crate::is_subscriber;

/// Sends `letters` to every subscriber. One that is too slow (its FIFO is full) loses them: the
/// publisher never waits. A FIFO that nobody reads any more is removed.
///
/// # Errors
/// The directory cannot be listed, or there is no descriptor or memory to open a subscriber's FIFO: those found before
/// that have got their letters.
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
    let mut starved = Ok(());
    dir.each(|name| {
        if is_subscriber(name) && starved.is_ok() {
            match send(&dir, name, letters) {
                // It may be gone already: its owner, too, removes it.
                Err(error) if fifo::is_nobody(&error) => _ = dir.remove(name),
                Err(error) if process::is_out_of_resources(&error) => starved = Err(error),
                Err(_) | Ok(()) => {}
            }
        }
    })?;
    starved
}

fn send(dir: &Dir, name: &CStr, letters: &[u8]) -> io::Result<()> {
    let subscriber = dir.open_to_write(name)?;
    file::write_all(subscriber, letters)
}
