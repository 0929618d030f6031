//! Another program in the place of this one: first it shows that it understands what is left to it, then it is executed
//! in this process, so that `run` stays our child, and the lock, the FIFO and the pipes are kept.

use std::ffi::OsString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::PathBuf;
use std::time::Duration;

use cli::{Failure, Unable, reason, warn};
use lifecycle::Service;
use status::Handover;
use sys::child::{self, Company};
use sys::{clock, exec, file, process};
use unix::{Exit, Pid, Signal};

use crate::Supervisor;

/// So long the new program has to say that it understands.
const PATIENCE: Duration = Duration::from_secs(5);
/// What it adds to what it was shown.
const UNDERSTOOD: &[u8] = b"understood\n";
/// Where it is shown.
const SHOWN: RawFd = 3;

/// A program that is being asked.
pub(crate) struct Check {
    pid: Pid,
    shown: OwnedFd,
    pub(crate) until: Duration,
}

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
    let understood = Handover::decode(&read(fd.as_fd())).and_then(|left| Service::restore(&left.life, false));
    match understood {
        Some(_) => file::write_all(&fd, UNDERSTOOD).unable(|| "answer"),
        None => Err(Failure::Refused("the state is not understood".into())),
    }
}

fn read(fd: BorrowedFd<'_>) -> Vec<u8> {
    let mut bytes = vec![0; file::size_of(fd).unwrap_or(0)];
    let count = file::read_start(fd, &mut bytes).unwrap_or(0);
    bytes.truncate(count);
    bytes
}

/// Our own executable's path; another file may stand there by now.
fn program() -> Result<PathBuf, String> {
    let path = process::executable().ok_or("it is not known what this program is")?;
    Ok(process::without_deleted(path))
}

fn refuse(why: &str) {
    warn(format_args!("not upgraded: {why}; this program goes on"));
}

impl Supervisor {
    /// Asks the program that stands at the path of our own whether it can go on.
    pub(crate) fn upgrade(&mut self) {
        if self.upgrading.is_some() {
            return;
        }
        match self.ask() {
            Ok(check) => self.upgrading = Some(check),
            Err(why) => refuse(&why),
        }
    }

    fn ask(&mut self) -> Result<Check, String> {
        let program = program()?;
        let left = self.shell.left(&self.service).ok_or("what has to be handed over cannot be written")?;
        let shown = file::in_memory(left).map_err(|error| reason(&error))?;
        let words = ["supervise", "--check-state", "3"].map(OsString::from);
        let give = [(shown.as_fd(), SHOWN)];
        match exec::spawn_with(Some(&program), &words, Company::Parents, &give) {
            Ok(pid) => Ok(Check { pid, shown, until: clock::monotonic() + PATIENCE }),
            Err(error) => Err(format!("{}: {}", program.display(), sys::problem::diagnose(&program, &error))),
        }
    }

    /// The time of a program that does not answer may be over.
    pub(crate) fn end_check(&mut self) {
        if let Some(check) = self.upgrading.take_if(|check| check.until <= clock::monotonic()) {
            let _ = child::kill(check.pid, Signal::KILL);
            refuse("the new program does not say within 5 s that it understands the state");
        }
    }

    /// A child has died: if it is the program that was asked, this one may end here.
    pub(crate) fn has_been_checked(&mut self, pid: Pid, exit: Exit) {
        let Some(check) = self.upgrading.take_if(|check| check.pid == pid) else { return };
        if !exit.is_success() {
            return refuse(&format!("the new program does not start ({exit})"));
        }
        if !read(check.shown.as_fd()).ends_with(UNDERSTOOD) {
            return refuse("the new program does not say that it understands the state");
        }
        self.must_go_on = true;
    }

    /// Executes the new program; returns only if that fails, which is said.
    #[inline(never)]
    pub(crate) fn go_on_as_the_new_one(&mut self) {
        self.must_go_on = false;
        let Ok(program) = program() else { return };
        if self.shell.left(&self.service).is_none() {
            return refuse("what has to be handed over cannot be written");
        }
        let fds = self.shell.open();
        let all = [fds[0], Some(self.sources.control()), fds[1], fds[2]];
        let numbers = all.map(|fd| {
            let kept = fd.filter(|fd| process::keep_at_exec(*fd).is_ok());
            kept.map_or(0, |fd| fd.as_raw_fd()).to_string()
        });
        let words = [
            "supervise".into(),
            "--take-state".into(),
            numbers.join(",").into(),
            "--".into(),
            self.shell.name(),
        ];
        let error = exec::go_on_as(&program, &words);
        process::keep_descriptors_from_children();
        refuse(&format!("{}: {}", program.display(), reason(&error)));
    }
}
