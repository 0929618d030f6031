//! Who supervises a service already: a supervisor that another scanner has left when it was killed.
//!
//! Whoever holds the lock of a service is told to end with everything else. So it must be a supervisor: it sits in the
//! service's directory and is of our own user, by all three numbers. Another program that was brought to lock that file
//! is none, with whatever rights it runs.

use std::io;
use std::path::Path;

use servicedir::names;
use sys::lock::{self, Holder};
use sys::pidfd::Handle;
use sys::{file, proc, users};
use unix::Pid;

use crate::scanner::path;

/// A supervisor that lives.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) pid: Pid,
    pub(crate) handle: Handle,
}

/// The supervisor of the service of this name; `None`: there is none.
///
/// # Errors
/// Somebody holds its lock who is not to be taken for one: why, for people.
pub(crate) fn find(name: &[u8]) -> Result<Option<Found>, String> {
    let directory = path(name);
    let lock = directory.join(names::LOCK);
    // One that cannot be looked at will be spoken of by a supervisor.
    let pid = match lock::look(&lock) {
        Ok(Holder::Nobody) | Err(_) => return Ok(None),
        Ok(Holder::Stranger) => return Err(refused("a process of another PID namespace")),
        Ok(Holder::Process(pid)) => pid,
    };
    let handle = match Handle::open(pid) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {
            return Err(refused("a process that this kernel has no handle for"));
        }
        Err(_) => return Ok(None),
        Ok(handle) => handle,
    };
    // All of this is of the process that the handle is of, if it is that one which holds the lock, and lives.
    let who = sits_in(pid, directory).and_then(|()| is_ours(pid));
    if lock::look(&lock).ok() != Some(Holder::Process(pid)) || !handle.is_alive() {
        return Ok(None);
    }
    who.map(|()| Some(Found { pid, handle })).map_err(|who| refused(&format!("process {pid}, {who},")))
}

fn refused(who: &str) -> String {
    format!("{who} holds {}", names::LOCK)
}

fn is_ours(pid: Pid) -> Result<(), String> {
    let own = users::effective();
    match proc::users(pid) {
        None => Err("whose user is not known".into()),
        Some(users) if users == [own; 3] => Ok(()),
        Some(users) => {
            let other = users.into_iter().find(|&user| user != own).unwrap_or(own);
            Err(format!("which runs as {}", sys::users::described(other)))
        }
    }
}

fn sits_in(pid: Pid, directory: &Path) -> Result<(), String> {
    let look = |path: &Path| file::look(path).ok().flatten().map(|info| info.identity);
    match look(&proc::path(pid, "cwd")) {
        None => Err("whose directory is not known".into()),
        there if there == look(directory) => Ok(()),
        Some(_) => Err("which is no supervisor of it".into()),
    }
}
