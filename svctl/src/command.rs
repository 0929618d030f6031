//! Letters to several directories: look at all, subscribe, send, wait.
//!
//! Each step is done for every directory that is left; one that fails is reported and left out of the
//! steps that follow. The exit code is that of the first failure. A letter that has no meaning for one
//! of the directories is noticed before anything is sent.

use std::io;
use std::path::Path;

use cli::Failure;
use control::{Command, ScanCommand};
use servicedir::control::Sent;
use servicedir::names;
use svwait::{Goal, Quantity, Wait, denied};
use sys::{file, process};

use crate::find::not_scanned;
use crate::request::{Order, PROGRAM};
use crate::target::{Role, Target};

/// The code of the first failure so far.
#[derive(Debug, Default)]
pub(crate) struct First(pub(crate) Option<u8>);

impl First {
    /// Reports a failure and keeps its code if it is the first; gives what there is otherwise.
    pub(crate) fn keep<T>(&mut self, result: Result<T, Failure>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(failure) => {
                let _ = failure.report();
                self.0.get_or_insert(failure.code());
                None
            }
        }
    }
}

/// Does it.
pub(crate) fn run(order: &Order) -> Result<(), Failure> {
    let mut first = First::default();
    let mut targets = Vec::new();
    for dir in &order.dirs {
        targets.extend(first.keep(find(dir.clone())));
    }
    targets.iter().try_for_each(|target| check(target, order))?;
    give(order, &mut targets, first)
}

/// Does it to services, without a look at what the directories are.
pub(crate) fn run_on_services(order: &Order) -> Result<(), Failure> {
    let target = |dir: &std::ffi::OsString| Target { dir: dir.into(), role: Role::Service };
    give(order, &mut order.dirs.iter().map(target).collect(), First::default())
}

fn give(order: &Order, targets: &mut Vec<Target>, mut first: First) -> Result<(), Failure> {
    let mut wait = Wait::new();
    if let Some(goal) = order.goal {
        let mut left = Vec::new();
        for target in targets.drain(..) {
            match subscribe(&mut wait, &target, goal, order) {
                Err(failure) if is_too_many(&failure) => return Err(failure),
                result => left.extend(first.keep(result).map(|()| target)),
            }
        }
        *targets = left;
    }
    if order.letters.is_empty() && order.goal.is_some() {
        wait.count_old_failures();
    } else {
        for target in targets.iter() {
            if first.keep(send(target, &order.letters)).is_none() {
                // What was not asked for is not waited for.
                wait.forget(&target.dir);
            }
        }
    }
    if order.letters.iter().any(|letter| b"dD".contains(letter)) {
        first.keep(wait.look_again());
    }
    first.keep(wait.finish(Quantity::All, order.timeout));
    first.0.map_or(Ok(()), |code| Err(Failure::Silent(code.into())))
}

fn find(operand: std::ffi::OsString) -> Result<Target, Failure> {
    Target::find(operand).map_err(|(dir, cause)| {
        let why = denied(&cause, &[&dir]);
        Failure::system(format!("control {}{why}", dir.display()), cause)
    })
}

/// Every letter has a meaning there.
fn check(target: &Target, order: &Order) -> Result<(), Failure> {
    let (found, what) = match target.role {
        Role::Service => (unknown(order, |byte| Command::from_byte(byte).is_some()), "service"),
        Role::Scan if order.goal.is_some() => (Some('w'), "scan"),
        Role::Scan => (unknown(order, |byte| ScanCommand::from_byte(byte).is_some()), "scan"),
        Role::Unknown => (None, ""),
    };
    match found {
        None => Ok(()),
        Some(letter) => {
            let dir = target.dir.display();
            Err(PROGRAM.misuse(&format!("-{letter} means nothing to {dir}, a {what} directory")))
        }
    }
}

/// The first letter that has none.
fn unknown(order: &Order, means: impl Fn(u8) -> bool) -> Option<char> {
    order.letters.iter().copied().find(|&byte| !means(byte)).map(char::from)
}

fn subscribe(wait: &mut Wait, target: &Target, goal: Goal, order: &Order) -> Result<(), Failure> {
    let dir = &target.dir;
    // What cannot be known for want of a permission shows when the command is sent.
    if !order.letters.is_empty()
        && servicedir::control::is_supervised(dir).is_ok_and(|is_supervised| !is_supervised)
    {
        return Err(nobody(target));
    }
    let attainable = attainable(dir, goal);
    if attainable != goal {
        let dir = dir.display();
        cli::warn(format_args!(
            "{dir}: neither notification-fd nor check is there to tell that it is ready; waiting until it is up"
        ));
    }
    wait.add(dir, attainable)
}

/// No descriptor is left: the other directories would only fail in the same way.
pub(crate) fn is_too_many(failure: &Failure) -> bool {
    matches!(failure, Failure::System(trouble) if process::is_out_of_descriptors(&trouble.cause))
}

/// The goal, less the readiness that a service has no way to tell: then it is another one.
pub(crate) fn attainable(dir: &Path, goal: Goal) -> Goal {
    let tells = |name: &str| file::look(&dir.join(name)).is_ok_and(|found| found.is_some());
    match goal.without_readiness() {
        Some(lesser) if !tells(names::NOTIFICATION_FD) && !tells(names::CHECK) => lesser,
        _ => goal,
    }
}

fn send(target: &Target, letters: &[u8]) -> Result<(), Failure> {
    let dir = &target.dir;
    let sent = match target.role {
        Role::Service => servicedir::control::send(dir, letters),
        Role::Scan => send_to_scanner(dir, letters),
        Role::Unknown => Ok(Sent::NoSupervisor),
    };
    match sent {
        Ok(Sent::Yes) => Ok(()),
        Ok(Sent::NoSupervisor) => Err(nobody(target)),
        Err(cause) => Err(unsent(target, cause)),
    }
}

fn send_to_scanner(dir: &Path, letters: &[u8]) -> io::Result<Sent> {
    let commands: Vec<_> = letters.iter().copied().filter_map(ScanCommand::from_byte).collect();
    Ok(match scandir::send(dir, &commands)? {
        scandir::Sent::Yes => Sent::Yes,
        scandir::Sent::NoScanner => Sent::NoSupervisor,
    })
}

fn nobody(target: &Target) -> Failure {
    let dir = target.dir.display();
    let text = match target.role {
        Role::Service => format!("{dir}: no supervisor is running"),
        Role::Scan => not_scanned(&target.dir),
        Role::Unknown => {
            format!("{dir}: nothing is running there: it has no run, no supervise and no .svscan")
        }
    };
    Failure::NoSupervisor(text.into())
}

/// That commands could not be sent there, and why.
pub(crate) fn unsent(target: &Target, cause: io::Error) -> Failure {
    let dir = &target.dir;
    let why = match target.role {
        Role::Service => denied(&cause, &[&dir.join(names::CONTROL), &dir.join(names::SUPERVISE)]),
        Role::Scan | Role::Unknown => {
            let names = scandir::names_in(dir).unwrap_or(scandir::OURS);
            denied(&cause, &[&dir.join(names.control), &dir.join(names.directory)])
        }
    };
    let cause = match cause.kind() {
        io::ErrorKind::WouldBlock => io::Error::new(cause.kind(), "its commands are not being read"),
        _ => cause,
    };
    Failure::system(format!("control {}{why}", dir.display()), cause)
}

#[cfg(test)]
mod tests;
