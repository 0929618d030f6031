//! The descendants of this process, as /proc knows them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use rustix::io::Errno;
use rustix::process::{Pid as RustixPid, PidfdFlags, Signal as RustixSignal};
use unix::{Pid, Signal};

use crate::{child, dir, file};

/// A process below this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descendant {
    /// Its pid.
    pub pid: Pid,
    /// Its parent's.
    pub parent: Pid,
    /// The child of this process that it descends from, or is.
    pub branch: Pid,
}

/// Every descendant of this process that is not dead.
///
/// # Errors
/// /proc is not there, or is not that of our PID namespace.
pub fn descendants() -> io::Result<Vec<Descendant>> {
    let own = crate::process::id().ok_or(io::ErrorKind::NotFound)?;
    if parent_of(own).is_none() && own.get() != 1 {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut parents = BTreeMap::new();
    dir::Dir::open(Path::new("/proc"))?.each(|name| {
        let pid = name.to_str().ok().and_then(|name| name.parse().ok()).and_then(Pid::new);
        if let Some((pid, parent)) = pid.and_then(|pid| Some((pid, parent_of(pid)?))) {
            parents.insert(pid, parent);
        }
    })?;
    let below = |&(&pid, &parent): &(&Pid, &Pid)| Some((pid, parent, branch(&parents, own, pid)?));
    Ok(parents
        .iter()
        .filter_map(|pair| below(&pair))
        .map(|(pid, parent, branch)| Descendant { pid, parent, branch })
        .collect())
}

/// The child of `own` from which `pid` descends.
fn branch(parents: &BTreeMap<Pid, Pid>, own: Pid, mut pid: Pid) -> Option<Pid> {
    // Parents are looked at one after the other, and pids are used again: a circle is possible on paper.
    for _ in 0..=parents.len() {
        let parent = *parents.get(&pid)?;
        if parent == own {
            return Some(pid);
        }
        pid = parent;
    }
    None
}

/// Sends a signal to a process that is still the child of its parent, or has become ours: to it, or to nobody.
///
/// # Errors
/// ESRCH: it is not that process any more, or it is dead; EPERM.
pub fn kill(descendant: Descendant, signal: Signal) -> io::Result<()> {
    let pid = RustixPid::from_raw(descendant.pid.get()).ok_or(Errno::SRCH)?;
    // The handle comes first: what is asked and done afterwards is about one and the same process.
    let handle = rustix::process::pidfd_open(pid, PidfdFlags::empty());
    let parent = parent_of(descendant.pid);
    let orphan = parent.is_some() && parent == crate::process::id();
    if parent != Some(descendant.parent) && !orphan {
        return Err(Errno::SRCH.into());
    }
    let number = i32::from(signal.number());
    match (handle, RustixSignal::from_named_raw(number)) {
        (Ok(handle), Some(signal)) => Ok(rustix::process::pidfd_send_signal(handle, signal)?),
        // Before Linux 5.3, or no descriptor left.
        _ => child::kill(descendant.pid, signal),
    }
}

/// The parent of a process that lives (proc(5): the fourth field of `stat`); `None` also for a zombie.
fn parent_of(pid: Pid) -> Option<Pid> {
    let mut buffer = [0; 512];
    let path = format!("/proc/{pid}/stat");
    let text = file::read_into(Path::new(&path), &mut buffer).ok()??;
    // The second field is the name in parentheses, which may hold anything, parentheses too.
    let end = text.iter().rposition(|&byte| byte == b')')?;
    let mut fields = std::str::from_utf8(&text[end + 1..]).ok()?.split_ascii_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    Pid::new(fields.next()?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn children_and_their_children_are_found_and_can_be_killed() {
        let mut child = Command::new("/bin/sh").args(["-c", "sleep 60 & echo; wait"]).spawn().unwrap();
        let branch = Pid::new(child.id().into()).unwrap();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        let family = loop {
            let all = descendants().unwrap();
            let family: Vec<_> = all.into_iter().filter(|one| one.branch == branch).collect();
            if family.len() == 2 || std::time::Instant::now() > deadline {
                break family;
            }
            std::thread::yield_now();
        };
        assert_eq!(family.len(), 2);
        let (grandchildren, children): (Vec<_>, Vec<_>) =
            family.into_iter().partition(|one| one.parent == branch);
        let stranger = Descendant { parent: Pid::new(1).unwrap(), ..grandchildren[0] };
        assert!(kill(stranger, Signal::KILL).is_err());
        kill(grandchildren[0], Signal::KILL).unwrap();
        // The shell may have ended meanwhile, having waited for just that.
        let _ = kill(children[0], Signal::KILL);
        child.wait().unwrap();
    }
}
