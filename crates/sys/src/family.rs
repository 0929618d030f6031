//! The descendants of this process, and of others, as /proc knows them.

use std::io;
use std::mem::MaybeUninit;
use std::path::Path;

use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::process::{Pid as RustixPid, PidfdFlags, Signal as RustixSignal};
use unix::{Pid, Signal};

use crate::{child, dir, stat};

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
/// How often one is looked at again whose forebears die meanwhile.
const ATTEMPTS: usize = 8;
/// So many descendants are remembered, so that their children need not be traced back further than to them.
const RECENT: usize = 128;

/// Calls `visit` with every descendant of this process that is not dead. Takes no memory. Who is born meanwhile
/// may be missed.
///
/// # Errors
/// /proc is not there, or is not that of our PID namespace.
pub fn each(mut visit: impl FnMut(Descendant)) -> io::Result<()> {
    visit_each(&|_| false, &mut visit)
}

/// The same, and those processes too of which `is_root` is true, with what descends from them.
///
/// # Errors
/// As `each`.
pub fn each_below(is_root: impl Fn(Pid) -> bool, mut visit: impl FnMut(Descendant)) -> io::Result<()> {
    visit_each(&is_root, &mut visit)
}

/// The same, once in the executable whoever calls it.
fn visit_each(is_root: &dyn Fn(Pid) -> bool, visit: &mut dyn FnMut(Descendant)) -> io::Result<()> {
    let own = crate::process::id().ok_or(io::ErrorKind::NotFound)?;
    if own_pid_in_proc() != Some(own) {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut recent = [None; RECENT];
    let mut count = 0;
    dir::Dir::open(Path::new("/proc"))?.each(|name| {
        let Some(pid) = number(name.to_bytes()) else { return };
        if let Some(descendant) = trace(own, is_root, pid, &recent) {
            recent[count % RECENT] = Some(descendant);
            count += 1;
            visit(descendant);
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

/// A process as a descendant; `None`: it is none, or is dead.
fn trace(
    own: Pid,
    is_root: &dyn Fn(Pid) -> bool,
    pid: Pid,
    recent: &[Option<Descendant>],
) -> Option<Descendant> {
    for _ in 0..ATTEMPTS {
        let parent = parent_of(pid)?;
        match climb(own, is_root, pid, parent, recent) {
            Climb::Below(branch, depth) => {
                // That of a root may be in another PID namespace.
                let parent = Pid::new(parent.into()).unwrap_or(pid);
                return Some(Descendant { pid, parent, branch, depth });
            }
            Climb::Beside => return None,
            Climb::Broken => {}
        }
    }
    None
}

/// Where the parents of a process lead.
enum Climb {
    /// To us, by this child, or to this root; so far.
    Below(Pid, usize),
    /// To somebody else.
    Beside,
    /// One has gone, and has left its children to another one.
    Broken,
}

fn climb(
    own: Pid,
    is_root: &dyn Fn(Pid) -> bool,
    mut pid: Pid,
    mut parent: i32,
    recent: &[Option<Descendant>],
) -> Climb {
    // Parents are looked at one after the other, and pids are used again: a circle is possible on paper.
    for depth in 0..DEEPEST {
        if parent == own.get() || is_root(pid) {
            return Climb::Below(pid, depth);
        }
        let Some(next) = Pid::new(parent.into()) else { return Climb::Beside };
        if let Some(known) = recent.iter().flatten().find(|known| known.pid == next) {
            return Climb::Below(known.branch, known.depth + depth + 1);
        }
        let Some(above) = parent_of(next) else { return Climb::Broken };
        (pid, parent) = (next, above);
    }
    Climb::Beside
}

/// Sends a signal to a process that is still the child of its parent, or has become ours: to it, or to nobody.
///
/// # Errors
/// ESRCH: it is not that process any more, or it is dead; EPERM.
pub fn kill(descendant: Descendant, signal: Signal) -> io::Result<()> {
    let pid = RustixPid::from_raw(descendant.pid.get()).ok_or(Errno::SRCH)?;
    // The handle comes first: what is asked and done afterwards is about one and the same process.
    let handle = rustix::process::pidfd_open(pid, PidfdFlags::empty());
    let parent = parent_of(descendant.pid).and_then(|parent| Pid::new(parent.into()));
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

/// Whether /proc tells of the processes that this one can see.
pub(crate) fn is_known() -> bool {
    crate::process::id().is_some_and(|own| own_pid_in_proc() == Some(own))
}

/// Whether an entry of /proc is a process that lives and is in this process group.
pub(crate) fn is_in_group(name: &[u8], leader: Pid) -> bool {
    number(name).and_then(stat::read).is_some_and(|stat| !stat.is_dead && stat.group == leader.get())
}

/// The parent of a process that lives, 0 where that is not of this PID namespace; `None` also for a zombie.
fn parent_of(pid: Pid) -> Option<i32> {
    stat::read(pid).filter(|stat| !stat.is_dead).map(|stat| stat.parent)
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
