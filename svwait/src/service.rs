//! One service: the subscription, what is read, and what is said when its verdict is final.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cli::{Failure, Unable, say, warn};
use fifodir::Subscription;
use servicedir::{control, names, record};
use status::{Notice, Record};
use sys::dir::{self, Links};
use sys::{clock, file, poll, process, users};

use crate::goal::Goal;
use crate::locate::denied;
use crate::watcher::{Verdict, Watcher};

/// How long a supervisor may take to hear of a command. It writes no notice of that.
const TELLING: Duration = Duration::from_secs(1);
/// From one look to the next.
const PAUSE: Duration = Duration::from_millis(2);

/// A service that is listened to.
#[derive(Debug)]
pub(crate) struct Service {
    /// Where it is.
    pub(crate) dir: PathBuf,
    /// What messages call it.
    pub(crate) name: String,
    /// What is known of it.
    pub(crate) watcher: Watcher,
    /// It had failed before the subscription.
    failed_before: bool,
    /// It was down, and was to be started: it may be starting.
    may_be_starting: bool,
    /// Where the notices come in; `None` once nothing is waited for.
    pub(crate) notices: Option<Subscription>,
    /// Tells of a supervisor that ends without a notice; `None` also where we may not know.
    pub(crate) supervisor: Option<OwnedFd>,
}

impl Service {
    /// Listens to `dir`, then looks at it.
    pub(crate) fn subscribe(dir: &Path, name: String, goal: Goal) -> Result<Service, Failure> {
        let (is_supervised, supervisor) = match control::watch(dir) {
            Ok(supervisor) => (supervisor.is_some(), supervisor),
            // We may listen all the same, and then there is somebody to listen to.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => (true, None),
            Err(error) => return Err(refused(dir, error)),
        };
        if !is_supervised {
            return Ok(Service::unsupervised(dir, name, goal));
        }
        let notices = listen_to(dir).map_err(|cause| refused(dir, cause))?;
        let known = read_record(dir)?;
        let failed_before = known.is_none_or(|record| record.pid.is_none())
            && record::read_detail(dir).is_ok_and(|detail| detail.failed.is_some());
        let watcher = Watcher::new(goal, known.as_ref());
        let may_be_starting = known.is_none_or(|record| record.pid.is_none() && record.wanted_up);
        let notices = Some(notices);
        Ok(Service { dir: dir.into(), name, watcher, failed_before, may_be_starting, notices, supervisor })
    }

    /// Looks until the record tells that its supervisor knows of the command to go down. Before that, it says down of a
    /// service that was started a moment ago.
    pub(crate) fn look_until_told(&mut self) -> Result<(), Failure> {
        let until = clock::monotonic() + TELLING;
        while self.may_be_starting && clock::monotonic() < until {
            let record = read_record(&self.dir)?;
            self.may_be_starting = record.is_none_or(|record| record.pid.is_none() && record.wanted_up);
            self.change(|watcher| watcher.see(record.as_ref()));
            if self.may_be_starting {
                poll::wait([None], Some(clock::monotonic() + PAUSE)).unable(|| "wait")?;
            }
        }
        Ok(())
    }

    /// Counts a failure from before the subscription.
    pub(crate) fn count_old_failure(&mut self) {
        if self.failed_before {
            self.change(Watcher::fail);
        }
    }

    fn unsupervised(dir: &Path, name: String, goal: Goal) -> Service {
        let watcher = Watcher::unsupervised(goal);
        let has = |name| file::look_no_follow(&dir.join(name)).is_ok_and(|found| found.is_some());
        if !has(names::RUN) && !has(names::SUPERVISE) {
            warn(format_args!("{name}: no service directory: it has neither run nor supervise"));
        }
        if watcher.verdict() != Some(Verdict::Reached) {
            say(format_args!("{name}: no supervisor is running"));
        }
        Service {
            dir: dir.into(),
            name,
            watcher,
            failed_before: false,
            may_be_starting: false,
            notices: None,
            supervisor: None,
        }
    }

    /// Reads the letters that have come; 0: none now.
    pub(crate) fn listen(&self, letters: &mut [u8]) -> Result<usize, Failure> {
        match &self.notices {
            Some(notices) => notices.read(letters).unable(|| ("listen to", &self.dir)),
            None => Ok(0),
        }
    }

    /// Takes a notice.
    pub(crate) fn hear(&mut self, notice: Notice) -> Result<(), Failure> {
        if notice == Notice::Started {
            let record = read_record(&self.dir)?;
            self.change(|watcher| watcher.see(record.as_ref()));
        } else {
            self.change(|watcher| watcher.hear(notice));
        }
        Ok(())
    }

    /// Changes what is known; says it and stops listening when that is final.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Watcher)) {
        let was_settled = self.watcher.is_settled();
        change(&mut self.watcher);
        if was_settled || !self.watcher.is_settled() {
            return;
        }
        (self.notices, self.supervisor) = (None, None);
        match self.watcher.verdict() {
            Some(Verdict::Failed) => self.say_failed(),
            Some(Verdict::Lost) => say(format_args!("{}: its supervisor has exited", self.name)),
            Some(Verdict::Reached) | None => {}
        }
    }

    fn say_failed(&self) {
        let name = &self.name;
        match record::read_detail(&self.dir).ok().and_then(|detail| detail.failed) {
            Some(reason) => say(format_args!("{name}: the service has failed ({})", reason.word())),
            None => say(format_args!("{name}: the service has failed")),
        }
    }
}

/// Subscribes; makes the fifodir where somebody has removed it under a supervisor.
fn listen_to(dir: &Path) -> io::Result<Subscription> {
    let fifodir = dir.join(names::EVENT);
    match Subscription::new(&fifodir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let modes = (0o700, fifodir::MODE);
            dir::make_for_group(&fifodir, modes, users::own_group(), Links::Trusted)?;
            Subscription::new(&fifodir)
        }
        result => result,
    }
}

fn read_record(dir: &Path) -> Result<Option<Record>, Failure> {
    record::read(dir).map_err(|cause| {
        if process::is_out_of_descriptors(&cause) {
            return refused(dir, cause);
        }
        let status = dir.join(names::STATUS);
        let why = denied(&cause, &[&status, &dir.join(names::SUPERVISE)]);
        Failure::system(format!("read {}{why}", status.display()), cause)
    })
}

fn refused(dir: &Path, cause: io::Error) -> Failure {
    if process::is_out_of_descriptors(&cause) {
        let limit = process::descriptor_limit();
        let what = format!("listen to {} too, with {limit} descriptors at most", dir.display());
        return Failure::system(what, cause);
    }
    let why = denied(&cause, &[&dir.join(names::EVENT)]);
    Failure::system(format!("listen to {}{why}", dir.display()), cause)
}
