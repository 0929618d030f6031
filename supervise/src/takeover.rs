//! Taking over what another supervisor has left: it was killed, or another program came in its place.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use cli::{Failure, reason, warn};
use lifecycle::Event;
use servicedir::{names, record};
use status::{Birth, Handover};
use sys::orphan::Orphan;
use sys::{child, clock, process};
use unix::{Now, Pid, Signal};

use crate::Supervisor;
use crate::adopted::Adopted;
use crate::handover::birth_of;
use crate::shell::Shell;
use crate::spawn;

impl Supervisor {
    /// Goes on where the other one was. `deaths`: where the scanner tells how those have ended that it has waited for.
    /// `notification`: our end of the service's pipe, where this process has it already.
    pub(crate) fn take_over(
        mut self,
        left: &Handover,
        deaths: Option<OwnedFd>,
        notification: Option<OwnedFd>,
    ) -> Result<Supervisor, Failure> {
        left.births.into_iter().flatten().for_each(|birth| self.shell.inherit(birth));
        self.shell.take_over_detail(&self.service);
        self.shell.begin(&self.service)?;
        if let Some(newborn) = left.births[0] {
            let readiness = spawn::readiness(left.notification.is_some());
            self.feed_at(
                self.service.birth(newborn.pid, readiness, self.shell.kill_mode()),
                Some(moment(newborn.lived_at)),
            );
        }
        let [main, check] = self.service.processes();
        // It would tell us nothing: its exit is not ours to hear.
        if let Some(birth) = check.and_then(|pid| birth_of(left, pid)) {
            end_check(birth);
        }
        if let Some(pid) = main.filter(|&pid| !child::is_ours(pid)) {
            self.shell.adopt(
                birth_of(left, pid).unwrap_or(Birth { pid, lived_at: 0 }),
                left.notification,
                deaths,
            );
        }
        if let Some(listening) = notification.zip(left.notification) {
            self.shell.listen(listening);
        }
        self.feed(Event::TakenOver);
        self.read_adopted();
        // Whoever died while the other program was there is our child, and the signal may have been read.
        self.reap()?;
        Ok(self)
    }
}

impl Shell {
    /// What stands on disk of the detail, and was spoken of.
    fn take_over_detail(&mut self, service: &lifecycle::Service) {
        let written = record::read_detail(Path::new(".")).unwrap_or_default();
        self.went_before(written, service.detail().failed);
    }

    /// Watches what is not our child.
    fn adopt(&mut self, birth: Birth, notification: Option<u32>, deaths: Option<OwnedFd>) {
        let adopted = match Adopted::find(birth, deaths) {
            Ok(adopted) => adopted,
            Err(error) => {
                let pid = birth.pid;
                warn(format_args!(
                    "unable to tell whether {pid} is still the same process: {}",
                    reason(&error)
                ));
                Adopted::gone(birth)
            }
        };
        if adopted.is_alive() {
            cli::say(format_args!("took over {}, whose supervisor is gone", birth.pid));
            self.listen_again(birth.pid, notification);
        }
        self.set_adopted(adopted);
    }

    /// The pipe on which a service says that it is ready still has its other end.
    fn listen_again(&mut self, pid: Pid, notification: Option<u32>) {
        let Some(number) = notification else { return };
        match process::reopen_to_read(pid, number) {
            Ok(pipe) => self.listen((pipe, number)),
            Err(error) => warn(format_args!(
                "unable to listen to {} of {pid} again ({}): {}; it will not be known to be ready",
                number,
                names::NOTIFICATION_FD,
                reason(&error)
            )),
        }
    }
}

/// The time at which the machine had been up for so long.
fn moment(since_boot: u64) -> Now {
    let age = Duration::from_nanos(clock::since_boot().saturating_sub(since_boot));
    let now = clock::now();
    Now { wall: now.wall.minus(age), monotonic: now.monotonic.saturating_sub(age) }
}

fn end_check(birth: Birth) {
    if let Ok(Some(orphan)) = Orphan::find(birth.pid, birth.lived_at)
        && !orphan.is_dead()
    {
        let _ = child::kill_group(birth.pid, Signal::KILL);
    }
}
