//! Another program in the place of this one: first it shows that it understands what is left to it, then it is executed
//! in this process, so that `run` stays our child, and the lock, the FIFO and the pipes are kept.

use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use cli::{Failure, Unable, warn};
use lifecycle::Service;
use status::Handover;
use sys::{process, successor};
use unix::{Exit, Pid};

use crate::Supervisor;

/// Why there is nothing to show.
const NOT_WRITTEN: &str = "what has to be handed over cannot be written";

/// What the program before has left open.
pub(crate) struct Open {
    pub(crate) lock: OwnedFd,
    pub(crate) control: OwnedFd,
    pub(crate) notification: Option<OwnedFd>,
    pub(crate) deaths: Option<OwnedFd>,
}

impl Open {
    /// From `LOCK,CONTROL,NOTIFICATION,DEATHS`; 0 where there is none.
    pub(crate) fn parse(text: &str) -> Option<Open> {
        let mut numbers =
            text.split(',').map(|number| number.parse::<RawFd>().ok().filter(|&n| n == 0 || n > 2));
        let mut next = || numbers.next().flatten();
        let numbers = [next()?, next()?, next()?, next()?];
        let [lock, control, notification, deaths] =
            numbers.map(|n| process::inherit(n).ok().filter(|_| n > 0));
        Some(Open { lock: lock?, control: control?, notification, deaths })
    }
}

/// Says on `fd` that what stands there is understood.
pub(crate) fn check(fd: OwnedFd) -> Result<(), Failure> {
    let bytes = successor::read(fd.as_fd()).unwrap_or_default();
    let understood = Handover::decode(&bytes).and_then(|left| Service::restore(&left.life, false));
    match understood {
        Some(_) => successor::understand(fd.as_fd()).unable(|| "answer"),
        None => Err(Failure::Refused("the state is not understood".into())),
    }
}

fn refuse(why: &str) {
    warn(format_args!("not upgraded: {why}; this program goes on"));
}

impl Supervisor {
    /// Asks the program that stands at the path of our own whether it can go on.
    pub(crate) fn upgrade(&mut self) {
        if self.successor.is_asked() {
            return;
        }
        let asked = match self.shell.left(&self.service) {
            Some(left) => self.successor.ask("supervise", left),
            None => Err(NOT_WRITTEN.into()),
        };
        if let Err(why) = asked {
            refuse(&why);
        }
    }

    /// The time of a program that does not answer may be over.
    pub(crate) fn end_check(&mut self) {
        if let Some(why) = self.successor.is_late() {
            refuse(why);
        }
    }

    /// A child has died: if it is the program that was asked, this one may end here.
    pub(crate) fn has_been_checked(&mut self, pid: Pid, exit: Exit) {
        match self.successor.answer(pid, exit) {
            None => {}
            Some(Ok(())) => self.must_go_on = true,
            Some(Err(why)) => refuse(&why),
        }
    }

    /// Executes the new program; returns only if that fails, which is said.
    #[inline(never)]
    pub(crate) fn go_on_as_the_new_one(&mut self) {
        self.must_go_on = false;
        if self.shell.left(&self.service).is_none() {
            return refuse(NOT_WRITTEN);
        }
        let fds = self.shell.open();
        let all = [fds[0], Some(self.sources.control()), fds[1], fds[2]];
        let numbers = all.map(|fd| {
            let kept = fd.filter(|fd| process::keep_at_exec(*fd).is_ok());
            kept.map_or(0, |fd| fd.as_raw_fd()).to_string()
        });
        refuse(&successor::go_on(&[
            "supervise".into(),
            "--take-state".into(),
            numbers.join(",").into(),
            "--".into(),
            self.shell.name(),
        ]));
    }
}
