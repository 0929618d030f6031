//! Subscriptions to services, and the one wait for all of them.

use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::Duration;

use cli::{Failure, Unable, say};
use status::Notice;
use sys::{clock, poll};

use crate::goal::{Goal, Quantity};
use crate::service::Service;
use crate::watcher::{Outcome, Verdict, Watcher, outcome};

/// More services than this can fail; the exit code counts no further, since 99 means something else.
const MOST_FAILED: usize = 98;

/// Services that a message names; of the others it gives the number.
const MOST_NAMED: usize = 8;

/// Services that are listened to. Whatever happens to one after it was added is known to `finish`: a
/// command that is sent in between is not missed.
#[derive(Debug, Default)]
pub struct Wait {
    services: Vec<Service>,
}

/// What a descriptor belongs to: the notices, or the supervisor, of the service with this index.
#[derive(Clone, Copy)]
enum Source {
    Notices(usize),
    Supervisor(usize),
}

impl Wait {
    /// Listens to no service yet.
    pub fn new() -> Wait {
        Wait::default()
    }

    /// Listens to the service directory `dir`. One that nobody supervises can be waited for as well: it
    /// is down, and will not come up.
    ///
    /// # Errors
    /// It does not exist, or may not be listened to; there are too many.
    pub fn add(&mut self, dir: &Path, goal: Goal) -> Result<(), Failure> {
        self.add_as(dir, dir.display().to_string(), goal)
    }

    /// The same, and messages call it `name`.
    ///
    /// # Errors
    /// As `add`.
    pub fn add_as(&mut self, dir: &Path, name: String, goal: Goal) -> Result<(), Failure> {
        let service = Service::subscribe(dir, name, goal)?;
        self.services.push(service);
        Ok(())
    }

    /// Listens to `dir` no longer. The services that were added after it move up by one.
    pub fn forget(&mut self, dir: &Path) {
        self.services.retain(|service| service.dir != dir);
    }

    /// The service that was added as number `index` has reached its goal, as far as is known.
    pub fn is_reached(&self, index: usize) -> bool {
        self.services[index].watcher.verdict() == Some(Verdict::Reached)
    }

    /// Counts services that had failed when they were added: for a wait without a command, which
    /// nothing would end. A service that was told to start has a new chance.
    pub fn count_old_failures(&mut self) {
        for service in &mut self.services {
            service.count_old_failure();
        }
    }

    /// Looks at the services that were told to go down, after they were: one that is down already may have been starting
    /// when it was looked at.
    ///
    /// # Errors
    /// A record cannot be read.
    pub fn look_again(&mut self) -> Result<(), Failure> {
        self.services
            .iter_mut()
            .filter(|service| service.watcher.verdict() == Some(Verdict::Reached))
            .try_for_each(Service::look_until_told)
    }

    /// Waits until `quantity` of the services have reached their goals, `timeout` at most.
    ///
    /// # Errors
    /// Time is up (99); a supervisor is gone (102); n services have failed (n). What happened to which
    /// service is said here, when it happens; the failure is silent.
    pub fn finish(self, quantity: Quantity, timeout: Option<Duration>) -> Result<(), Failure> {
        self.finish_telling(quantity, timeout, &mut |_| {})
    }

    /// The same, and calls `tell` as soon as a service has reached its goal, with the number of those that
    /// were added before it.
    ///
    /// # Errors
    /// As `finish`.
    pub fn finish_telling(
        mut self,
        quantity: Quantity,
        timeout: Option<Duration>,
        tell: &mut dyn FnMut(usize),
    ) -> Result<(), Failure> {
        let deadline = timeout.map(|timeout| clock::monotonic() + timeout);
        let mut outcome = self.outcome(quantity);
        let mut told = vec![false; self.services.len()];
        self.tell(&mut told, 0..self.services.len(), tell);
        while outcome.is_none() {
            let woken = self.sleep(deadline).unable(|| "wait for notices")?;
            if woken.is_empty() {
                return Err(self.timed_out());
            }
            for source in woken {
                if outcome.is_none() {
                    outcome = self.take(source, quantity)?;
                    let (Source::Notices(i) | Source::Supervisor(i)) = source;
                    self.tell(&mut told, i..i + 1, tell);
                }
            }
        }
        match outcome {
            Some(Outcome::Failed(count)) => Err(Failure::Silent(count.min(MOST_FAILED))),
            Some(Outcome::Lost) => Err(Failure::Silent(102)),
            Some(Outcome::Reached) | None => Ok(()),
        }
    }

    fn tell(&self, told: &mut [bool], which: Range<usize>, tell: &mut dyn FnMut(usize)) {
        for i in which {
            if self.is_reached(i) && !std::mem::replace(&mut told[i], true) {
                tell(i);
            }
        }
    }

    fn outcome(&self, quantity: Quantity) -> Option<Outcome> {
        outcome(self.services.iter().map(|service| service.watcher.verdict()), quantity)
    }

    fn sleep(&self, deadline: Option<Duration>) -> io::Result<Vec<Source>> {
        let mut sources = Vec::new();
        let mut descriptors: Vec<BorrowedFd<'_>> = Vec::new();
        for (i, service) in self.services.iter().enumerate() {
            if let Some(notices) = &service.notices {
                sources.push(Source::Notices(i));
                descriptors.push(notices.as_fd());
            }
            if let Some(supervisor) = &service.supervisor {
                sources.push(Source::Supervisor(i));
                descriptors.push(supervisor.as_fd());
            }
        }
        let ready = poll::wait_many(&descriptors, deadline)?;
        Ok(ready.into_iter().map(|i| sources[i]).collect())
    }

    /// Takes what has come, a notice at a time: a state that lasts no longer than it takes to read counts.
    fn take(&mut self, source: Source, quantity: Quantity) -> Result<Option<Outcome>, Failure> {
        let (Source::Notices(i) | Source::Supervisor(i)) = source;
        let mut letters = [0; 256];
        loop {
            let count = self.services[i].listen(&mut letters)?;
            for notice in letters[..count].iter().copied().filter_map(Notice::from_letter) {
                self.services[i].hear(notice)?;
                if let Some(outcome) = self.outcome(quantity) {
                    return Ok(Some(outcome));
                }
            }
            if count == 0 {
                break;
            }
        }
        // What it said last counts before its end.
        if let Source::Supervisor(i) = source {
            self.services[i].change(Watcher::lose);
        }
        Ok(self.outcome(quantity))
    }

    fn timed_out(&self) -> Failure {
        let waiting: Vec<_> =
            self.services.iter().filter(|service| service.watcher.verdict().is_none()).collect();
        let named: Vec<_> = waiting.iter().take(MOST_NAMED).map(|service| service.name.clone()).collect();
        let more = match waiting.len() - named.len() {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        say(format_args!("timed out while waiting for {}{more}", named.join(", ")));
        Failure::Silent(99)
    }
}

#[cfg(test)]
mod tests;
