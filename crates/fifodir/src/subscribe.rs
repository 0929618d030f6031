//! The subscriber's side.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use sys::fifo::Fifo;
use sys::{clock, fifo, file, process};

/// A FIFO of ours in a fifodir; removed when this is dropped.
#[derive(Debug)]
pub struct Subscription {
    path: PathBuf,
    /// Open for writing, too: without a writer, every publisher that closes would look like the end.
    letters: Fifo,
}

impl Subscription {
    /// Subscribes. Every letter that is published after this has returned can be read.
    ///
    /// # Errors
    /// What mkfifo(3), open(2) and rename(2) say: EACCES where the fifodir is not for us, ENOENT where
    /// there is none.
    pub fn new(fifodir: &Path) -> io::Result<Subscription> {
        let name = unique_name();
        let mut hidden = OsString::from(".");
        hidden.push(&name);
        let hidden = fifodir.join(hidden);
        let path = fifodir.join(name);
        let umask = process::set_umask(0);
        // Others than the owner may write: the publisher can be another user. What is there already is not ours.
        let made = fifo::create(&hidden, 0o622);
        process::set_umask(umask);
        let letters = made?;
        match file::rename(&hidden, &path) {
            Ok(()) => Ok(Subscription { path, letters }),
            Err(error) => {
                let _ = file::remove(&hidden);
                Err(error)
            }
        }
    }

    /// Reads the letters that have come, as many as `buffer` holds; 0: none now.
    ///
    /// # Errors
    /// What read(2) says.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.letters.read(buffer)
    }
}

/// `ftrig1:@`, a label, `:` and six characters that no other subscription of this moment has: the pid,
/// and the number of the subscription, in 64 digits.
fn unique_name() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    const DIGITS: &[u8; 64] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
    let now = clock::now();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut seed = (u64::from(std::process::id()) << 12) ^ u64::from(count);
    let mut name = format!("ftrig1:@{}:", now.wall);
    for _ in 0..6 {
        name.push(char::from(DIGITS[(seed & 63) as usize]));
        seed >>= 6;
    }
    name
}

impl AsFd for Subscription {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.letters.as_fd()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let _ = file::remove(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{publish, sweep};

    fn fifodir(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("fifodir-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir(&dir).unwrap();
        dir
    }

    fn letters(subscription: &Subscription) -> Vec<u8> {
        let mut buffer = [0; 64];
        let count = subscription.read(&mut buffer).unwrap();
        buffer[..count].to_vec()
    }

    #[test]
    fn every_subscriber_gets_every_letter_from_its_subscription_on() {
        let dir = fifodir("all");
        let first = Subscription::new(&dir).unwrap();
        publish(&dir, b"u").unwrap();
        let second = Subscription::new(&dir).unwrap();
        publish(&dir, b"dD").unwrap();
        assert_eq!(letters(&first), b"udD");
        assert_eq!(letters(&second), b"dD");
        assert_eq!(letters(&second), b"");
        drop((first, second));
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn fifo_that_nobody_reads_is_removed_and_other_files_are_left() {
        let dir = fifodir("stale");
        let stale = dir.join(unique_name());
        assert_eq!(stale.file_name().unwrap().len(), 39);
        fifo::make(&stale, 0o600).unwrap();
        fifo::make(&dir.join("ftrig1:@short"), 0o600).unwrap();
        std::fs::write(dir.join("note"), "").unwrap();
        sweep(&dir).unwrap();
        assert!(!stale.exists());
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 2);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn subscriber_that_does_not_read_never_makes_the_publisher_wait() {
        let dir = fifodir("slow");
        let slow = Subscription::new(&dir).unwrap();
        for _ in 0..70_000 {
            publish(&dir, b"u").unwrap();
        }
        let _ = letters(&slow);
        std::fs::remove_dir_all(dir).unwrap();
    }
}
