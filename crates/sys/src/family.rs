//! The descendants of this process, and of others, as /proc knows them.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::CWD;
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
    /// The child of this process, or the other root, that it descends from, or is.
    pub branch: Pid,
    /// How far it is from that: 0 if it is the branch.
    pub depth: usize,
}

/// A child of a child of a child …: no deeper than this.
const DEEPEST: usize = 1 << 16;

/// Calls `visit` with every descendant of this process that is not dead. Takes no memory. Who is born or
/// orphaned meanwhile may be missed.
///
/// # Errors
/// /proc is not there, or is not that of our PID namespace.
pub fn each(visit: impl FnMut(Descendant)) -> io::Result<()> {
    each_below(|_| false, visit)
}

/// The same, and those processes too of which `is_root` is true, with what descends from them.
///
/// # Errors
/// As `each`.
pub fn each_below(is_root: impl Fn(Pid) -> bool, mut visit: impl FnMut(Descendant)) -> io::Result<()> {
    let own = crate::process::id().ok_or(io::ErrorKind::NotFound)?;
    if own_pid_in_proc() != Some(own) {
        return Err(io::ErrorKind::NotFound.into());
    }
    dir::Dir::open(Path::new("/proc"))?.each(|name| {
        let Some(pid) = number(name.to_bytes()) else { return };
        if let Some(parent) = parent_of(pid)
            && let Some((branch, depth)) = branch(own, &is_root, pid, parent)
        {
            visit(Descendant { pid, parent, branch, depth });
        }
    })
}

/// What this process is called by whoever made /proc (proc(5): `/proc/self`).
fn own_pid_in_proc() -> Option<Pid> {
    let mut buffer = [MaybeUninit::uninit(); 16];
    let (target, _) = rustix::fs::readlinkat_raw(CWD, c"/proc/self", &mut buffer).ok()?;
    number(target)
}

fn number(text: &[u8]) -> Option<Pid> {
    Pid::new(std::str::from_utf8(text).ok()?.parse().ok()?)
}

/// The child of `own`, or the root, from which `pid` descends, and how far.
fn branch(own: Pid, is_root: &impl Fn(Pid) -> bool, mut pid: Pid, mut parent: Pid) -> Option<(Pid, usize)> {
    if is_root(pid) {
        return Some((pid, 0));
    }
    // Parents are looked at one after the other, and pids are used again: a circle is possible on paper.
    for depth in 0..DEEPEST {
        if parent == own {
            return Some((pid, depth));
        }
        if is_root(parent) {
            return Some((parent, depth + 1));
        }
        pid = parent;
        parent = parent_of(pid)?;
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
    let mut path = [0; 32];
    let mut rest = &mut path[..];
    write!(rest, "/proc/{pid}/stat").ok()?;
    let left = rest.len();
    let path = Path::new(OsStr::from_bytes(&path[..path.len() - left]));
    let text = file::read_into(path, &mut buffer).ok()??;
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
            let mut family = Vec::new();
            each(|one| family.extend((one.branch == branch).then_some(one))).unwrap();
            if family.len() == 2 || std::time::Instant::now() > deadline {
                break family;
            }
            std::thread::yield_now();
        };
        assert_eq!(family.len(), 2);
        let (grandchildren, children): (Vec<_>, Vec<_>) =
            family.into_iter().partition(|one| one.parent == branch);
        assert_eq!((grandchildren[0].depth, children[0].depth), (1, 0));
        let stranger = Descendant { parent: Pid::new(1).unwrap(), ..grandchildren[0] };
        assert!(kill(stranger, Signal::KILL).is_err());
        kill(grandchildren[0], Signal::KILL).unwrap();
        // The shell may have ended meanwhile, having waited for just that.
        let _ = kill(children[0], Signal::KILL);
        child.wait().unwrap();
    }
}
