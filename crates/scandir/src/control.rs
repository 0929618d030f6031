//! Commands to a scanner.

use std::cell::Cell;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use control::ScanCommand;
use control::scanner::TABLE;
use sys::{fifo, rouse};

use crate::names::{OURS, S6};

/// What became of commands that were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The scanner will read them.
    Yes,
    /// Nobody scans this directory.
    NoScanner,
}

/// Sends commands to the scanner of `dir`, ours or s6's. They stay together.
///
/// # Errors
/// What open(2) and write(2) say; `WouldBlock` when the scanner hangs and its FIFO is full.
pub fn send(dir: &Path, commands: &[ScanCommand]) -> io::Result<Sent> {
    let bytes: Vec<u8> = commands
        .iter()
        .filter_map(|command| TABLE.iter().find(|(_, other)| other == command).map(|&(byte, _)| byte))
        .collect();
    through(dir, |path| fifo::send(path, &bytes))
}

/// The file that the scanner of `dir` has locked.
///
/// # Errors
/// What stat(2) says.
pub fn lock_in(dir: &Path) -> io::Result<PathBuf> {
    Ok(dir.join(crate::names_in(dir)?.lock))
}

/// A scanner works on `dir`.
///
/// # Errors
/// As `send`.
pub fn is_scanned(dir: &Path) -> io::Result<bool> {
    Ok(through(dir, |path| fifo::open_to_write(path).map(drop))? == Sent::Yes)
}

/// The scanner of `dir`, as a descriptor: it polls as having an error as soon as that scanner is gone or
/// has become another program. `None`: nobody scans `dir`.
///
/// # Errors
/// As `send`.
pub fn watch(dir: &Path) -> io::Result<Option<OwnedFd>> {
    let scanner = Cell::new(None);
    through(dir, |path| fifo::open_to_write(path).map(|fd| scanner.set(Some(fd))))?;
    Ok(scanner.into_inner())
}

fn through(dir: &Path, attempt: impl Fn(&Path) -> io::Result<()>) -> io::Result<Sent> {
    for names in [OURS, S6] {
        let control = dir.join(names.control);
        // A scanner whose FIFO has gone is told, and makes it again.
        if rouse::until_open(&dir.join(names.lock), || attempt(&control))?.is_some() {
            return Ok(Sent::Yes);
        }
    }
    // That there is no directory is an error, that there is no scanner an answer.
    std::fs::metadata(dir).map(|_| Sent::NoScanner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_reach_a_scanner_under_either_name() {
        let root = std::env::temp_dir().join(format!("scandir-control-{}", std::process::id()));
        for names in [OURS, S6] {
            let _ = std::fs::remove_dir_all(&root);
            std::fs::create_dir_all(root.join(names.directory)).unwrap();
            assert_eq!(send(&root, &[ScanCommand::Scan]).unwrap(), Sent::NoScanner);
            let control = fifo::open(&root.join(names.control)).unwrap();
            assert!(is_scanned(&root).unwrap());
            assert_eq!(send(&root, &[ScanCommand::Scan, ScanCommand::Prune]).unwrap(), Sent::Yes);
            let mut buffer = [0; 8];
            assert_eq!(control.read(&mut buffer).unwrap(), 2);
            assert_eq!(&buffer[..2], b"an");
            drop(control);
            assert_eq!(send(&root, &[ScanCommand::Scan]).unwrap(), Sent::NoScanner);
        }
        std::fs::remove_dir_all(&root).unwrap();
        assert!(send(&root, &[ScanCommand::Scan]).is_err());
    }
}
