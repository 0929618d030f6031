//! Rousing the process behind a FIFO that somebody has removed or replaced.
//!
//! It holds a lock beside the FIFO for life, so it is known by that; and it looks whether the FIFO is still its own
//! when it gets a SIGCHLD though no child of its has died. Whoever else holds such a lock ignores that signal, or
//! collects nothing.

use std::io;
use std::path::Path;
use std::time::Duration;

use unix::{Pid, Signal};

use crate::{child, clock, fifo, lock, poll, process};

/// How long the FIFO is waited for: a process that has just begun may be about to make it, too.
const PATIENCE: Duration = Duration::from_secs(1);
/// From one attempt to the next.
const PAUSE: Duration = Duration::from_millis(2);

/// Tries to open a FIFO for which somebody answers who holds `lock`; `None`: nobody does.
///
/// # Errors
/// As `attempt`; he does not answer, though he lives and was told to.
pub fn until_open<T>(lock: &Path, attempt: impl Fn() -> io::Result<T>) -> io::Result<Option<T>> {
    let mut roused = None;
    let until = clock::monotonic() + PATIENCE;
    loop {
        let error = match attempt() {
            Ok(done) => return Ok(Some(done)),
            Err(error) if is_wrong(&error) => error,
            Err(error) => return Err(error),
        };
        let holder = match lock::holder(lock) {
            Err(error) if process::is_out_of_resources(&error) => return Err(error),
            holder => holder.unwrap_or_default(),
        };
        let Some(holder) = holder else {
            return if error.kind() == io::ErrorKind::InvalidInput { Err(error) } else { Ok(None) };
        };
        if clock::monotonic() >= until || !rouse(holder, &mut roused) {
            return Err(io::Error::other(format!("process {holder} holds its lock, but does not listen")));
        }
        poll::wait([None], Some(clock::monotonic() + PAUSE))?;
    }
}

/// Nobody reads it, or it is no FIFO, or none is there.
fn is_wrong(error: &io::Error) -> bool {
    fifo::is_nobody(error) || matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidInput)
}

/// Tells the holder once; `false`: we may not.
fn rouse(holder: Pid, roused: &mut Option<Pid>) -> bool {
    if *roused == Some(holder) {
        return true;
    }
    *roused = Some(holder);
    child::kill(holder, Signal::CHLD).is_ok()
}
