//! Commands to a scanner.

use std::io;
use std::path::{Path, PathBuf};

use servicedir::control::Sent;
use sys::{fifo, file};

/// The scanner's directory, under either name: ours, and s6-svscan's.
pub(crate) const DIRECTORIES: [&str; 2] = [".svscan", ".s6-svscan"];

/// The control directories that `dir` has.
pub(crate) fn control_directories(dir: &Path) -> impl Iterator<Item = PathBuf> {
    DIRECTORIES
        .map(|name| dir.join(name))
        .into_iter()
        .filter(|path| file::look_no_follow(path).is_ok_and(|found| found.is_some()))
}

/// Sends command bytes to the scanner of `dir`, whichever name its directory has.
///
/// # Errors
/// What open(2) and write(2) say; that there is nobody is `NoSupervisor`.
pub(crate) fn send(dir: &Path, bytes: &[u8]) -> io::Result<Sent> {
    for directory in control_directories(dir) {
        match fifo::send(&directory.join("control"), bytes) {
            Ok(()) => return Ok(Sent::Yes),
            Err(error) if fifo::is_nobody(&error) || error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Sent::NoSupervisor)
}
