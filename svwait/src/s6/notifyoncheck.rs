//! `s6-notifyoncheck`: executes a daemon that cannot say that it is ready, and leaves a process behind that
//! runs `data/check` until that says so, or the daemon is dead.

use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use cli::getopt::Grammar;
use cli::{Failure, Unable};
use fifodir::Subscription;
use servicedir::names;
use status::Notice;
use sys::{child, clock, exec, file, lock, poll, process};
use unix::{Exit, Pid, Signal};

const GRAMMAR: Grammar = Grammar {
    name: "s6-notifyoncheck",
    usage: "[ -d ] [ -3 fd ] [ -s initialsleep ] [ -T globaltimeout ] [ -t localtimeout ] [ -w waitingtime ] \
            [ -n tries ] [ -c \"checkprog...\" ] prog...",
    letters: "d3:s:T:t:w:n:c:",
    long: &[
        ("doublefork", 'd'),
        ("notification-fd", '3'),
        ("initial-sleep", 's'),
        ("global-timeout", 'T'),
        ("local-timeout", 't'),
        ("waiting-time", 'w'),
        ("tries", 'n'),
        ("check-program", 'c'),
    ],
};

/// How often and how long, and what.
struct Plan {
    detach: bool,
    fd: Option<i32>,
    first_pause: Duration,
    pause: Duration,
    /// Of all together.
    total: Option<Duration>,
    /// Of one check.
    each: Option<Duration>,
    /// `None`: without end.
    tries: Option<u32>,
    check: Vec<OsString>,
}

/// How the checks ended; the exit code of whoever made them, which nobody waits for.
#[derive(Clone, Copy)]
enum Outcome {
    Ready = 0,
    GaveUp = 1,
    Dead = 2,
    TimedOut = 3,
}

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    match run(args) {
        Ok(outcome) => ExitCode::from(outcome as u8),
        Err(failure) => failure.report(),
    }
}

fn run(args: Vec<OsString>) -> Result<Outcome, Failure> {
    let line = GRAMMAR.parse(args)?;
    let plan = Plan::read(&line.options)?;
    if line.operands.is_empty() {
        return Err(GRAMMAR.misuse());
    }
    let number = plan.fd.map_or_else(read_number, Ok)?;
    // Not for the daemon, who does not know of it.
    let fd = process::inherit(number).unable(|| format!("use the notification descriptor {number}"))?;
    if !lock::is_held(Path::new(names::LOCK)).unable(|| format!("look at {}", names::LOCK))? {
        return Err(Failure::Refused("no supervisor is running".into()));
    }
    let notices = Subscription::new(Path::new(names::EVENT)).unable(|| "listen to event")?;
    let until = super::deadline(plan.total);
    if is_checker(plan.detach).unable(|| "fork")? {
        cli::name_program("s6-notifyoncheck (child)");
        return plan.check(&fd, &notices, until);
    }
    // Executing this closes the subscription, which then is the checker's alone.
    Err(crate::execute(&line.operands))
}

/// This is the copy that makes the checks.
fn is_checker(detach: bool) -> std::io::Result<bool> {
    match exec::fork()? {
        None if detach && exec::fork()?.is_some() => std::process::exit(0),
        None => Ok(true),
        Some(pid) => {
            if detach {
                child::wait_for(pid)?;
            }
            Ok(false)
        }
    }
}

fn read_number() -> Result<i32, Failure> {
    let name = names::NOTIFICATION_FD;
    let mut buffer = [0; 32];
    let bytes = file::read_into(Path::new(name), &mut buffer).unable(|| format!("read {name}"))?;
    let Some(bytes) = bytes else {
        return Err(Failure::system(format!("read {name}"), std::io::ErrorKind::NotFound.into()));
    };
    let number = std::str::from_utf8(bytes).ok().and_then(|text| text.trim().parse().ok());
    number.ok_or_else(|| Failure::Refused(format!("{name} holds no number").into()))
}

impl Plan {
    fn read(options: &[(char, OsString)]) -> Result<Plan, Failure> {
        let mut plan = Plan {
            detach: false,
            fd: None,
            first_pause: Duration::from_millis(10),
            pause: Duration::from_secs(1),
            total: None,
            each: None,
            tries: Some(7),
            check: vec!["./data/check".into()],
        };
        for (letter, value) in options {
            let number = || GRAMMAR.number::<u32>(value);
            match letter {
                'd' => plan.detach = true,
                '3' => plan.fd = Some(GRAMMAR.number(value)?),
                's' => plan.first_pause = Duration::from_millis(number()?.into()),
                'w' => plan.pause = Duration::from_millis(number()?.into()),
                'T' => plan.total = super::limit(&GRAMMAR, value)?,
                't' => plan.each = super::limit(&GRAMMAR, value)?,
                'n' => plan.tries = Some(number()?).filter(|&tries| tries > 0),
                _ => plan.check = vec!["execlineb".into(), "-Pc".into(), value.clone()],
            }
        }
        Ok(plan)
    }

    fn check(
        &self,
        fd: &OwnedFd,
        notices: &Subscription,
        until: Option<Duration>,
    ) -> Result<Outcome, Failure> {
        let (mut pause, mut made) = (self.first_pause, 0);
        while self.tries.is_none_or(|tries| made < tries) {
            if let Some(outcome) = sleep(pause, notices, until)? {
                return Ok(outcome);
            }
            (pause, made) = (self.pause, made + 1);
            match exec::spawn(&self.check) {
                Ok(pid) => {
                    if let Some(outcome) = self.watch(pid, notices, until)? {
                        if matches!(outcome, Outcome::Ready) {
                            file::write_all(fd, b"\n").unable(|| "say that it is ready")?;
                        }
                        return Ok(outcome);
                    }
                }
                Err(error) => {
                    let program = self.check[0].display();
                    cli::warn(format_args!("unable to spawn {program}: {}", cli::reason(&error)));
                }
            }
        }
        Ok(Outcome::GaveUp)
    }

    /// Waits for one check: `None`: it said no, or took too long.
    fn watch(
        &self,
        pid: Pid,
        notices: &Subscription,
        until: Option<Duration>,
    ) -> Result<Option<Outcome>, Failure> {
        let end = child::handle(pid).unable(|| "wait for the check")?;
        let own = [until, super::deadline(self.each)].into_iter().flatten().min();
        loop {
            let [dead, told] = poll::wait([Some(end.as_fd()), Some(notices.as_fd())], own)
                .unable(|| "wait for the check")?;
            let outcome = match (dead, told) {
                (true, _) => {
                    let exit = child::wait_for(pid).unable(|| "wait for the check")?;
                    return Ok((exit == Exit::Code(0)).then_some(Outcome::Ready));
                }
                (_, true) if is_dead(notices)? => Some(Outcome::Dead),
                (_, true) => continue,
                _ => is_late(until).then_some(Outcome::TimedOut),
            };
            let _ = child::kill(pid, Signal::TERM);
            return Ok(outcome);
        }
    }
}

/// Lets some time go by: an outcome if that ends everything.
fn sleep(
    pause: Duration,
    notices: &Subscription,
    until: Option<Duration>,
) -> Result<Option<Outcome>, Failure> {
    let own = until.into_iter().chain([clock::monotonic() + pause]).min();
    loop {
        let [told] = poll::wait([Some(notices.as_fd())], own).unable(|| "wait")?;
        match told {
            true if is_dead(notices)? => return Ok(Some(Outcome::Dead)),
            true => {}
            false => return Ok(is_late(until).then_some(Outcome::TimedOut)),
        }
    }
}

fn is_late(until: Option<Duration>) -> bool {
    until.is_some_and(|until| clock::monotonic() >= until)
}

/// The daemon has died, by the notices that have come.
fn is_dead(notices: &Subscription) -> Result<bool, Failure> {
    let mut letters = [0; 64];
    let count = notices.read(&mut letters).unable(|| "listen to event")?;
    Ok(letters[..count].contains(&Notice::Dead.letter()))
}
