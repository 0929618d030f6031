//! Subscriptions to services, and the one wait for all of them.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use cli::{Failure, Unable, say};
use fifodir::Subscription;
use servicedir::{control, names, record};
use status::{Notice, Record};
use sys::{clock, dir, poll, process};

use crate::goal::{Goal, Quantity};
use crate::locate::denied;
use crate::watcher::{Outcome, Verdict, Watcher, outcome};

/// More services than this can fail; the exit code counts no further, since 99 means something else.
const MOST_FAILED: usize = 98;

/// Services that are listened to. Whatever happens to one after it was added is known to `finish`: a
/// command that is sent in between is not missed.
#[derive(Debug, Default)]
pub struct Wait {
    services: Vec<Service>,
}

#[derive(Debug)]
struct Service {
    dir: PathBuf,
    watcher: Watcher,
    /// It had failed before the subscription.
    failed_before: bool,
    notices: Option<Subscription>,
    /// Tells of a supervisor that ends without a notice; `None` also where we may not know.
    supervisor: Option<OwnedFd>,
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
        let service = Service::subscribe(dir, goal)?;
        self.services.push(service);
        Ok(())
    }

    /// Counts services that had failed when they were added: for a wait without a command, which
    /// nothing would end. A service that was told to start has a new chance.
    pub fn count_old_failures(&mut self) {
        for service in &mut self.services {
            if service.failed_before {
                service.change(Watcher::fail);
            }
        }
    }

    /// Waits until `quantity` of the services have reached their goals, `timeout` at most.
    ///
    /// # Errors
    /// Time is up (99); a supervisor is gone (102); n services have failed (n). What happened to which
    /// service is said here, when it happens; the failure is silent.
    pub fn finish(mut self, quantity: Quantity, timeout: Option<Duration>) -> Result<(), Failure> {
        let deadline = timeout.map(|timeout| clock::monotonic() + timeout);
        loop {
            let verdicts = self.services.iter().map(|service| service.watcher.verdict());
            match outcome(verdicts, quantity) {
                Some(Outcome::Reached) => return Ok(()),
                Some(Outcome::Failed(count)) => return Err(Failure::Silent(count.min(MOST_FAILED) as u8)),
                Some(Outcome::Lost) => return Err(Failure::Silent(102)),
                None => {}
            }
            let woken = self.sleep(deadline).unable(|| "wait for notices")?;
            if woken.is_empty() {
                return Err(self.timed_out());
            }
            for source in woken {
                self.take(source)?;
            }
        }
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

    fn take(&mut self, source: Source) -> Result<(), Failure> {
        match source {
            Source::Notices(i) => self.services[i].listen(),
            Source::Supervisor(i) => {
                let service = &mut self.services[i];
                // What it said last counts before its end.
                service.listen()?;
                service.change(Watcher::lose);
                Ok(())
            }
        }
    }

    fn timed_out(&self) -> Failure {
        let waiting = self.services.iter().filter(|service| service.watcher.verdict().is_none());
        let names: Vec<String> = waiting.map(|service| service.dir.display().to_string()).collect();
        say(format_args!("timed out while waiting for {}", names.join(", ")));
        Failure::Silent(99)
    }
}

impl Service {
    fn subscribe(dir: &Path, goal: Goal) -> Result<Service, Failure> {
        let (is_supervised, supervisor) = match control::watch(dir) {
            Ok(supervisor) => (supervisor.is_some(), supervisor),
            // We may listen all the same, and then there is somebody to listen to.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => (true, None),
            Err(error) => return Err(error).unable(|| format!("wait for {}", dir.display())),
        };
        if !is_supervised {
            return Ok(Service::unsupervised(dir, goal));
        }
        let notices = listen_to(dir).map_err(|cause| refused(dir, cause))?;
        let known = read_record(dir)?;
        let failed_before = known.is_none_or(|record| record.pid.is_none())
            && record::read_detail(dir).is_ok_and(|detail| detail.failed.is_some());
        let watcher = Watcher::new(goal, known.as_ref());
        Ok(Service { dir: dir.into(), watcher, failed_before, notices: Some(notices), supervisor })
    }

    fn unsupervised(dir: &Path, goal: Goal) -> Service {
        let watcher = Watcher::unsupervised(goal);
        if watcher.verdict() != Some(Verdict::Reached) {
            say(format_args!("{}: no supervisor is running", dir.display()));
        }
        Service { dir: dir.into(), watcher, failed_before: false, notices: None, supervisor: None }
    }

    /// Takes the notices that have come.
    fn listen(&mut self) -> Result<(), Failure> {
        let mut letters = [0; 256];
        while let Some(notices) = &self.notices {
            let count = notices.read(&mut letters).unable(|| format!("listen to {}", self.dir.display()))?;
            if count == 0 {
                break;
            }
            for notice in letters[..count].iter().copied().filter_map(Notice::from_letter) {
                if notice == Notice::Started {
                    let record = read_record(&self.dir)?;
                    self.change(|watcher| watcher.see(record.as_ref()));
                } else {
                    self.change(|watcher| watcher.hear(notice));
                }
            }
        }
        Ok(())
    }

    /// Changes what is known; says it and stops listening when that is final.
    fn change(&mut self, change: impl FnOnce(&mut Watcher)) {
        let was_settled = self.watcher.is_settled();
        change(&mut self.watcher);
        if was_settled || !self.watcher.is_settled() {
            return;
        }
        (self.notices, self.supervisor) = (None, None);
        match self.watcher.verdict() {
            Some(Verdict::Failed) => self.say_failed(),
            Some(Verdict::Lost) => say(format_args!("{}: its supervisor has exited", self.dir.display())),
            Some(Verdict::Reached) | None => {}
        }
    }

    fn say_failed(&self) {
        let dir = self.dir.display();
        match record::read_detail(&self.dir).ok().and_then(|detail| detail.failed) {
            Some(reason) => say(format_args!("{dir}: the service has failed ({})", reason.word())),
            None => say(format_args!("{dir}: the service has failed")),
        }
    }
}

/// Subscribes; makes the fifodir where somebody has removed it under a supervisor.
fn listen_to(dir: &Path) -> io::Result<Subscription> {
    let fifodir = dir.join(names::EVENT);
    match Subscription::new(&fifodir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if dir::make(&fifodir, 0o700)? {
                dir::give_to_own_group(&fifodir, fifodir::MODE)?;
            }
            Subscription::new(&fifodir)
        }
        result => result,
    }
}

fn read_record(dir: &Path) -> Result<Option<Record>, Failure> {
    record::read(dir).map_err(|cause| {
        let status = dir.join(names::STATUS);
        let why = denied(&cause, &[&status, &dir.join(names::SUPERVISE)]);
        Failure::System { what: format!("read {}{why}", status.display()), cause }
    })
}

fn refused(dir: &Path, cause: io::Error) -> Failure {
    if process::is_out_of_descriptors(&cause) {
        let limit = process::descriptor_limit();
        let what = format!("listen to {} too, with {limit} descriptors at most", dir.display());
        return Failure::System { what, cause };
    }
    let why = denied(&cause, &[&dir.join(names::EVENT)]);
    Failure::System { what: format!("listen to {}{why}", dir.display()), cause }
}

#[cfg(test)]
mod tests;
