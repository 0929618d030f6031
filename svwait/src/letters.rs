//! One letter from each of several fifodirs.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use fifodir::Subscription;
use status::Notice;
use sys::poll;

/// Fifodirs from each of which one notice is waited for.
#[derive(Debug, Default)]
pub struct Letters(Vec<Subscription>);

impl Letters {
    /// Listens to one more. What comes from now on is heard.
    ///
    /// # Errors
    /// What the system says of the fifodir.
    pub fn listen(&mut self, fifodir: &Path) -> io::Result<()> {
        self.0.push(Subscription::new(fifodir)?);
        Ok(())
    }

    /// Waits until `notice` has come from all of them; `false`: not until `deadline`, on the monotonic clock.
    ///
    /// # Errors
    /// What poll(2) and read(2) say.
    pub fn wait(mut self, notice: Notice, deadline: Option<Duration>) -> io::Result<bool> {
        while !self.0.is_empty() {
            let sources: Vec<_> = self.0.iter().map(|one| one.as_fd()).collect();
            let ready = poll::wait_many(&sources, deadline)?;
            if ready.is_empty() {
                return Ok(false);
            }
            for i in ready.into_iter().rev() {
                let mut letters = [0; 256];
                let count = self.0[i].read(&mut letters)?;
                if letters[..count].contains(&notice.letter()) {
                    self.0.remove(i);
                }
            }
        }
        Ok(true)
    }
}
