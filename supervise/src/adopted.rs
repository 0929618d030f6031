//! The process of a supervisor that is gone: `run`, or a script. It is the child of somebody else, who waits for it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use lifecycle::Service;
use status::Birth;
use sys::orphan::Orphan;
use sys::{clock, deaths};
use unix::{Exit, Pid};

/// Whoever is its parent has so long to wait for it.
const PATIENCE: Duration = Duration::from_secs(1);
/// From one question how it ended to the next, at first.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
/// Between two looks at one that cannot be watched.
const LOOK: Duration = Duration::from_secs(1);

/// Such a process.
#[derive(Debug)]
pub(crate) struct Adopted {
    birth: Birth,
    /// `None`: it is dead and gone.
    orphan: Option<Orphan>,
    /// Where the scanner tells of the dead that it did not know.
    deaths: Option<OwnedFd>,
    /// Since when it is known to be dead.
    dead_since: Option<Duration>,
    look_at: Option<Duration>,
}

impl Adopted {
    /// Finds it, or finds that it is gone.
    ///
    /// # Errors
    /// It cannot be told whether it is the same process.
    pub(crate) fn find(birth: Birth, deaths: Option<OwnedFd>) -> io::Result<Adopted> {
        let orphan = Orphan::find(birth.pid, birth.lived_at)?;
        let now = clock::monotonic();
        let look_at = match &orphan {
            None => Some(now),
            Some(orphan) => orphan.as_fd().is_none().then_some(now + LOOK),
        };
        Ok(Adopted { birth, dead_since: orphan.is_none().then_some(now), orphan, deaths, look_at })
    }

    /// One that cannot be found.
    pub(crate) fn gone(birth: Birth) -> Adopted {
        let now = Some(clock::monotonic());
        Adopted { birth, orphan: None, deaths: None, dead_since: now, look_at: now }
    }

    /// Where the scanner tells of the dead that it did not know.
    pub(crate) fn deaths(&self) -> Option<BorrowedFd<'_>> {
        self.deaths.as_ref().map(AsFd::as_fd)
    }

    pub(crate) fn pid(&self) -> Pid {
        self.birth.pid
    }

    /// It lives.
    pub(crate) fn is_alive(&self) -> bool {
        self.dead_since.is_none()
    }

    /// It is dead, whether we have noticed or not: somebody else waits for it, and then its pid is anybody's.
    pub(crate) fn is_gone(&self) -> bool {
        self.orphan.as_ref().is_none_or(Orphan::is_dead)
    }

    /// Can be read once it is dead.
    pub(crate) fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.orphan.as_ref().filter(|_| self.is_alive()).and_then(Orphan::as_fd)
    }

    /// When to look again without a word from it.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.look_at
    }

    /// How it ended, if it has, and that is known or will not be.
    pub(crate) fn end(&mut self) -> Option<Exit> {
        let now = clock::monotonic();
        if self.is_alive() {
            if !self.orphan.as_ref().is_none_or(Orphan::is_dead) {
                self.look_at = self.look_at.map(|_| now + LOOK);
                return None;
            }
            self.dead_since = Some(now);
        }
        let told = self.deaths.as_ref();
        let told = told.and_then(|shared| deaths::find(shared.as_fd(), self.birth.pid, self.birth.lived_at));
        let dead_for = now.saturating_sub(self.dead_since?);
        match told.or_else(|| self.orphan.as_ref()?.exit()) {
            None if dead_for < PATIENCE => {
                self.look_at = Some(now + dead_for.max(FIRST_PAUSE));
                None
            }
            None => {
                cli::warn(format_args!("nobody can tell how {} has ended", self.birth.pid));
                Some(Service::UNSEEN)
            }
            exit => exit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn one_that_has_died_unnoticed_is_gone() {
        let mut child = Command::new("/bin/sh").args(["-c", "read x"]).stdin(Stdio::piped()).spawn().unwrap();
        let pid = Pid::new(child.id().into()).unwrap();
        let adopted = Adopted::find(Birth { pid, lived_at: clock::since_boot() }, None).unwrap();
        assert!(!adopted.is_gone());
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(adopted.is_gone() && adopted.is_alive());
    }
}
