//! Changes that are one thing that the kernel does to this process.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

use cli::{Failure, Unable};
use sys::lock::{self, Patience, Share};
use sys::{open, priority, privileges, process, terminal};

use super::Refusal;
use crate::change::{Change, Grab, Insist, LockFile, Missing};
use crate::limit;

/// What the kernel does to this process.
pub(super) fn act(change: &Change) -> Result<(), Failure> {
    let (result, what): (_, &str) = match change {
        Change::Session(insist) => return tolerate(process::start_session(), "start a session", *insist),
        Change::Group(insist) => return tolerate(process::start_group(), "start a process group", *insist),
        Change::Foreground(number, grab, insist) => return take_terminal(*number, *grab, *insist),
        Change::Limit(change) => return limit::set(change),
        Change::Root(path) => return on(path, "change the root to", process::change_root(path)),
        Change::Directory(path) => return on(path, "change the directory to", process::enter(path)),
        Change::Close(first, last, missing) => return close(*first, *last, *missing),
        Change::Nice(more) => (priority::add_nice(*more), "change the nice value"),
        Change::Io(class, level) => {
            (priority::set_io(*class, *level), "set the priority of input and output")
        }
        Change::OomScore(score) => (priority::set_oom_score(*score), "set the OOM score"),
        Change::Processors(numbers) => (priority::set_processors(numbers), "choose the processors"),
        Change::Bounding(stays) => (privileges::bound(*stays), "bound the capabilities"),
        Change::KeepCapabilities => (privileges::keep_capabilities(), "keep capabilities"),
        Change::Ambient(set) => (privileges::make_ambient(*set), "make capabilities ambient"),
        Change::NoNewPrivileges => (privileges::renounce_new(), "renounce new privileges"),
        Change::Umask(mask) => {
            process::set_umask(*mask);
            return Ok(());
        }
        // For these the process alone is not enough.
        Change::ClearEnvironment(_)
        | Change::LookUp(_)
        | Change::Home
        | Change::Export(..)
        | Change::Folder(_)
        | Change::File(_)
        | Change::Set(..)
        | Change::Unset(_)
        | Change::Secrets(_)
        | Change::Lock(_)
        | Change::Redirect(_)
        | Change::Become
        | Change::Landlock(_) => return Ok(()),
    };
    result.unable(|| what)
}

/// The same as `unable`, for what is done to a path.
#[inline(never)] // Its callers are many, and it is larger than they are.
pub(crate) fn on<T>(path: &Path, what: &str, result: io::Result<T>) -> Result<T, Failure> {
    result.unable(|| format!("{what} {}", path.display()))
}

fn tolerate(result: io::Result<()>, what: &'static str, insist: Insist) -> Result<(), Failure> {
    match (result, insist) {
        (Ok(()), _) | (Err(_), Insist::No) => Ok(()),
        (Err(cause), Insist::Warn) => {
            cli::warn(format_args!("unable to {what}: {}", cli::reason(&cause)));
            Ok(())
        }
        (Err(cause), Insist::Yes) => Err(Failure::system(what, cause)),
    }
}

fn take_terminal(number: Option<i32>, grab: Grab, insist: Insist) -> Result<(), Failure> {
    let terminal = match number {
        Some(number) => process::inherit(number).unable(|| format!("use descriptor {number}")),
        None => open::open(Path::new("/dev/tty"), open::Purpose::Read).unable(|| "open /dev/tty"),
    }?;
    let taken = match grab {
        Grab::Ask => terminal::take_foreground(terminal.as_fd()),
        Grab::Force => terminal::grab_foreground(terminal.as_fd()),
    };
    if number.is_some() {
        // The program is to have it, too.
        process::leave_open(terminal).unable(|| "leave the terminal open")?;
    }
    tolerate(taken, "take the terminal", insist)
}

/// Opens and locks a file, and gives what holds the lock.
pub(super) fn take_lock(file: &LockFile) -> Result<OwnedFd, Refusal> {
    let opened = match file.share {
        Share::Alone => open::open_to_lock(&file.path, file.mode),
        Share::Others => open::open_to_share(&file.path, file.mode),
    };
    let opened = on(&file.path, "open", opened)?;
    // In its place before it is locked: closing one descriptor of a file ends a record lock.
    let number = file.number.unwrap_or(opened.as_raw_fd());
    let in_place = process::place(opened, number).and_then(|()| process::inherit(number));
    let opened = in_place.unable(|| format!("put the lock at descriptor {number}"))?;
    let path = || file.path.display().to_string().into();
    match on(&file.path, "lock", lock::take(&opened, file.kind, file.share, file.patience))? {
        true => Ok(opened),
        false if matches!(file.patience, Patience::Limit(_)) => Err(Refusal::Late(path())),
        false => Err(Refusal::Held(path())),
    }
}

/// Marked only, and closed as the program is executed: until then there may be something to say.
fn close(first: u32, last: u32, missing: Missing) -> Result<(), Failure> {
    match missing {
        Missing::Fine => {
            process::close_range_at_exec(first, last);
            Ok(())
        }
        Missing::Refused => process::close_at_exec(first as i32).unable(|| format!("close {first}")),
    }
}
