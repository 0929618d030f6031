//! What is left of a process that has died: its group, or everything that descends from this process.

use std::io;

use rustix::io::Errno;
use rustix::process::Pid as RustixPid;
use unix::{Pid, Signal};

use crate::family::{self, Descendant};
use crate::{child, dir, process};

/// Whether something is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remains {
    /// Nothing that lives.
    None,
    /// Something that lives, or is dying.
    Alive,
    /// What is left may not be signalled by this process.
    Refused,
}

/// How often descendants are looked for before those that were found are killed, at most: somebody may start
/// processes faster than they can be stopped.
const PASSES: usize = 16;

/// From now on orphans among the descendants come to this process, or no more.
///
/// # Errors
/// EINVAL before Linux 3.4.
pub fn adopt_orphans(adopt: bool) -> io::Result<()> {
    match adopt {
        true => process::become_subreaper(),
        false => Ok(rustix::process::set_child_subreaper(None)?),
    }
}

/// The children of this process.
pub fn children() -> Vec<Pid> {
    let mut found = Vec::new();
    if child::any_left() {
        let _ = family::each(|one| found.extend((one.pid == one.branch).then_some(one.pid)));
    }
    found
}

/// What descends from this process by another child than `strangers`. Without a child there is no descendant:
/// where orphans come to this process, the answer `None` is exact.
pub fn of_tree(strangers: &[Pid]) -> Remains {
    if !child::any_left() {
        return Remains::None;
    }
    let mut lives = strangers.is_empty();
    if !lives {
        let _ = family::each(|one| lives |= !strangers.contains(&one.branch));
    }
    if lives { Remains::Alive } else { Remains::None }
}

/// Sends signals to each descendant, but those by `strangers`.
///
/// # Errors
/// As `family::each`.
pub fn signal_tree(strangers: &[Pid], signals: &[Signal]) -> io::Result<()> {
    family::each(|one| {
        if !strangers.contains(&one.branch) {
            signals.iter().for_each(|&signal| drop(family::kill(one, signal)));
        }
    })
}

/// Kills every descendant, but those by `strangers`. Each is stopped first, and it is looked again until nobody
/// new is found: so nobody starts another one behind our back.
///
/// # Errors
/// As `family::each`.
pub fn kill_tree(strangers: &[Pid]) -> io::Result<Remains> {
    let mut stopped: Vec<Descendant> = Vec::new();
    let mut is_refused = false;
    for _ in 0..PASSES {
        let mut is_new = false;
        family::each(|one| {
            let place = stopped.binary_search_by_key(&one.pid, |known| known.pid);
            let (Err(place), false) = (place, strangers.contains(&one.branch)) else { return };
            match family::kill(one, Signal::STOP) {
                Ok(()) => stopped.insert(place, one),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    is_refused = true;
                    return;
                }
                // It has gone, or has another parent now.
                Err(_) => {}
            }
            is_new = true;
        })?;
        if !is_new {
            break;
        }
    }
    for &one in &stopped {
        let _ = family::kill(one, Signal::KILL);
    }
    match (stopped.is_empty(), is_refused) {
        (false, _) => Ok(Remains::Alive),
        (true, true) => Ok(Remains::Refused),
        (true, false) => Ok(of_tree(strangers)),
    }
}

/// What is left of the process group that `leader` has led.
pub fn of_group(leader: Pid) -> Remains {
    let known = RustixPid::from_raw(leader.get());
    if known.is_none_or(|leader| rustix::process::test_kill_process_group(leader) == Err(Errno::SRCH)) {
        return Remains::None;
    }
    // The kernel counts those that nobody has waited for, too.
    let mut lives = !family::is_known();
    let listed = dir::Dir::open("/proc".as_ref())
        .and_then(|proc| proc.each(|name| lives = lives || family::is_in_group(name.to_bytes(), leader)));
    if lives || listed.is_err() { Remains::Alive } else { Remains::None }
}

/// Sends a signal to what is left of the process group that `leader` has led. `Alive` also for zombies.
pub fn signal_group(leader: Pid, signal: Signal) -> Remains {
    match child::kill_group(leader, signal) {
        Ok(()) => Remains::Alive,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Remains::Refused,
        Err(_) => Remains::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    #[test]
    fn group_is_left_by_its_leader_and_a_zombie_is_nothing() {
        let mut child = Command::new("/bin/sh")
            .args(["-c", "(exec sleep 1000) & exit 0"])
            .process_group(0)
            .spawn()
            .unwrap();
        let leader = Pid::new(child.id().into()).unwrap();
        child.wait().unwrap();
        assert_eq!(of_group(leader), Remains::Alive);
        signal_group(leader, Signal::KILL);
        while of_group(leader) != Remains::None {
            std::thread::yield_now();
        }
    }
}
