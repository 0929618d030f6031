//! How processes ended that a parent has waited for without knowing whose they were: kept for those who come later
//! and ask.
//!
//! The last ones stand in a ring. It is shared, from the moment on when somebody may ask, as a file without a name
//! (memfd_create(2)) whose descriptor is handed on.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::MemfdFlags;
use unix::{Exit, Pid};

use crate::{clock, file};

/// Deaths that are kept.
const MOST: usize = 256;
/// Bytes of one: pid, nanoseconds since boot, wait status; 8 each.
const SIZE: usize = 24;

/// The last deaths.
#[derive(Debug)]
pub struct Deaths {
    ring: Box<[u8; MOST * SIZE]>,
    next: usize,
    file: Option<OwnedFd>,
    /// The time of the first of those that are collected now.
    now: Option<u64>,
}

impl Default for Deaths {
    fn default() -> Deaths {
        Deaths { ring: Box::new([0; MOST * SIZE]), next: 0, file: None, now: None }
    }
}

impl Deaths {
    /// Others are collected from now on.
    pub fn begin(&mut self) {
        self.now = None;
    }

    /// Keeps a death. Takes no memory. As long as nobody can ask, those that are collected at once have one time: who has
    /// lived and died since then is not found.
    pub fn note(&mut self, pid: Pid, exit: Exit) {
        let died_at = self.now.filter(|_| self.file.is_none()).unwrap_or_else(clock::since_boot);
        self.now = Some(died_at);
        let place = self.next * SIZE;
        self.next = (self.next + 1) % MOST;
        let numbers = [pid.get() as u64, died_at, exit.to_wait().into()];
        let entry = &mut self.ring[place..place + SIZE];
        for (bytes, number) in entry.chunks_exact_mut(8).zip(numbers) {
            bytes.copy_from_slice(&number.to_be_bytes());
        }
        if let Some(file) = &self.file {
            // What cannot be written, nobody will know.
            let _ = rustix::io::pwrite(file, entry, place as u64);
        }
    }

    /// From now on whoever has the descriptor can read it.
    ///
    /// # Errors
    /// What memfd_create(2) and write(2) say: EMFILE, ENFILE, ENOMEM.
    pub fn share(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            let file = rustix::fs::memfd_create(c"deaths", MemfdFlags::CLOEXEC)?;
            file::write_start(&file, &self.ring[..])?;
            self.file = Some(file);
        }
        Ok(())
    }

    /// The descriptor, if it is shared.
    pub fn shared(&self) -> Option<BorrowedFd<'_>> {
        self.file.as_ref().map(AsFd::as_fd)
    }
}

/// How the process ended that had this pid when the machine had been up for so many nanoseconds, if that stands in
/// the ring that was shared.
pub fn find(shared: BorrowedFd<'_>, pid: Pid, lived_at: u64) -> Option<Exit> {
    let mut ring = vec![0; MOST * SIZE];
    let count = file::read_start(shared, &mut ring).ok()?;
    ring[..count].chunks_exact(SIZE).find_map(|entry| {
        let mut numbers =
            entry.chunks_exact(8).map(|bytes| bytes.iter().fold(0, |n, &b| n << 8 | u64::from(b)));
        let (its_pid, died_at, status) = (numbers.next()?, numbers.next()?, numbers.next()?);
        let is_it = its_pid == pid.get() as u64 && died_at >= lived_at;
        is_it.then(|| Exit::from_wait(status as u16))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_deaths_are_found_by_pid_and_time() {
        let pid = |number| Pid::new(number).unwrap();
        let mut deaths = Deaths::default();
        assert!(deaths.shared().is_none());
        for number in 1..=MOST as i64 {
            deaths.note(pid(number), Exit::Code(number as u8));
        }
        let between = clock::since_boot();
        deaths.share().unwrap();
        deaths.note(pid(1_000), Exit::from_wait(9));
        let find = |number, at| find(deaths.shared().unwrap(), pid(number), at);
        assert_eq!(find(1, 0), None, "the oldest has made room");
        assert_eq!(find(2, 0), Some(Exit::Code(2)));
        assert_eq!(find(2, between), None, "that one died before");
        assert_eq!(find(1_000, between), Some(Exit::from_wait(9)));
    }
}
