//! What `run` leaves behind: how far it can be followed, and its end.

use std::ffi::{CStr, OsStr};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cli::{reason, warn};
use lifecycle::{KillMode, Left, Sweep};
use servicedir::{forms, names, read_given};
use sys::cgroup::Cgroup;
use sys::file;
use sys::remains::{self, Remains};
use unix::{Pid, Signal};

use crate::settings::or_default;

/// The most of a service's name that is in the name of its cgroup, in bytes.
const SHOWN: usize = 40;

/// What a supervisor remembers of that.
#[derive(Default)]
pub(crate) struct Rest {
    /// Orphans of the service come to us.
    adopts: bool,
    /// Children that we had before the service could have any: not to be touched.
    strangers: Vec<Pid>,
    /// Where `run` was started, with `kill-mode` `cgroup`.
    cgroup: Option<Cgroup>,
    /// Why `kill-mode` cannot be had, as it was said.
    said: String,
}

/// How the next `run` is started.
pub(crate) struct Reach {
    /// What is possible of what `kill-mode` asks for.
    pub(crate) mode: KillMode,
    /// By which it enters its cgroup.
    pub(crate) cgroup: Option<OwnedFd>,
}

impl Rest {
    /// Prepares for the next `run` of the service of this name.
    pub(crate) fn prepare(&mut self, name: &CStr) -> Reach {
        let mut reach = Reach { mode: read(), cgroup: None };
        if reach.mode == KillMode::Cgroup {
            match cgroup(name).and_then(|cgroup| Ok((cgroup.make()?, cgroup))) {
                Ok((door, cgroup)) => (reach.cgroup, self.cgroup) = (Some(door), Some(cgroup)),
                Err(error) => {
                    self.explain(&format!(
                        "no cgroup can be made below that of the supervisor: {}",
                        why(&error)
                    ));
                    reach.mode = KillMode::Tree;
                }
            }
        }
        self.adopt(reach.mode == KillMode::Tree);
        reach
    }

    /// `run` lives and is not in its cgroup.
    pub(crate) fn stayed_out(&mut self, run: Pid, error: &io::Error) -> KillMode {
        self.explain(&format!("its cgroup cannot be entered: {}", why(error)));
        self.adopt(true);
        self.bury(run);
        self.leave_cgroup();
        KillMode::Tree
    }

    /// Nobody is in it: `run` was not started, or did not enter it.
    pub(crate) fn leave_cgroup(&mut self) {
        if let Some(cgroup) = self.cgroup.take() {
            cgroup.remove();
        }
    }

    fn explain(&mut self, why: &str) {
        if self.said != why {
            warn(format_args!("{} is cgroup, but {why}; using tree", names::KILL_MODE));
            why.clone_into(&mut self.said);
        }
    }

    fn adopt(&mut self, adopt: bool) {
        if adopt == self.adopts {
            return;
        }
        self.strangers = if adopt { remains::children() } else { Vec::new() };
        match remains::adopt_orphans(adopt) {
            Ok(()) => self.adopts = adopt,
            Err(error) => warn(format_args!("unable to become the parent of orphans: {}", reason(&error))),
        }
    }

    /// This one is no stranger, or no more: a child that has died leaves its pid to another one.
    pub(crate) fn bury(&mut self, pid: Pid) {
        self.strangers.retain(|&stranger| stranger != pid);
    }

    /// Does this to what is left of the `run` that had the pid `group`.
    pub(crate) fn sweep(&mut self, mode: KillMode, group: Pid, how: Sweep, name: &CStr) -> Left {
        let left = match mode {
            KillMode::Process => Remains::None,
            KillMode::Group => sweep_group(group, how),
            KillMode::Tree => match self.sweep_tree(group, how) {
                // What has not come to us as an orphan may still be in the group.
                Remains::None => sweep_group(group, how),
                left => left,
            },
            KillMode::Cgroup => self.sweep_cgroup(how, name).unwrap_or_else(|error| {
                warn(format_args!("unable to end what is in the cgroup of run: {}", why(&error)));
                sweep_group(group, how)
            }),
        };
        match left {
            Remains::Alive => Left::Something,
            Remains::None => Left::Nothing,
            Remains::Refused => {
                warn("what run left behind belongs to another user and cannot be killed; going on");
                Left::Nothing
            }
        }
    }

    fn sweep_tree(&self, group: Pid, how: Sweep) -> Remains {
        // Without a child there is no descendant, and nothing to look for in /proc.
        if remains::of_tree(&self.strangers) == Remains::None {
            return Remains::None;
        }
        let swept = match how {
            Sweep::Look => Ok(Remains::Alive),
            Sweep::Ask(signal) => {
                remains::signal_tree(&self.strangers, &[signal, Signal::CONT]).map(|()| Remains::Alive)
            }
            Sweep::Kill => {
                // However many there are in the group, they are reached at once.
                remains::signal_group(group, Signal::KILL);
                remains::kill_tree(&self.strangers)
            }
        };
        swept.unwrap_or_else(|error| {
            warn(format_args!("unable to look for what run left behind: {}; going on", why(&error)));
            Remains::None
        })
    }

    fn sweep_cgroup(&mut self, how: Sweep, name: &CStr) -> io::Result<Remains> {
        if self.cgroup.is_none() {
            self.cgroup = Some(cgroup(name)?);
        }
        let Some(cgroup) = &self.cgroup else { return Ok(Remains::None) };
        if cgroup.is_populated()? {
            match how {
                Sweep::Look => {}
                Sweep::Ask(signal) => cgroup.signal(&[signal, Signal::CONT]),
                Sweep::Kill => cgroup.kill()?,
            }
        }
        if cgroup.is_populated()? {
            return Ok(Remains::Alive);
        }
        self.leave_cgroup();
        Ok(Remains::None)
    }
}

fn sweep_group(group: Pid, how: Sweep) -> Remains {
    match how {
        Sweep::Look => remains::of_group(group),
        Sweep::Kill => match remains::signal_group(group, Signal::KILL) {
            Remains::Alive => remains::of_group(group),
            left => left,
        },
        Sweep::Ask(signal) => match remains::signal_group(group, signal) {
            Remains::Alive => remains::signal_group(group, Signal::CONT),
            left => left,
        },
    }
}

/// The cgroup of the service in the current directory: the same for every supervisor of it, and for no other
/// service's.
fn cgroup(name: &CStr) -> io::Result<Cgroup> {
    let here = file::look(Path::new("."))?.ok_or(io::ErrorKind::NotFound)?;
    let (device, inode) = here.identity;
    let name = name.to_bytes();
    let shown = name[name.len().saturating_sub(SHOWN)..].iter();
    let mut last: Vec<u8> =
        shown.map(|&b| if b.is_ascii_graphic() && b != b'/' { b } else { b':' }).collect();
    let _ = write!(last, "@{device:x}-{inode:x}");
    Cgroup::below_own(OsStr::from_bytes(&last))
}

/// What the setting says now.
pub(crate) fn read() -> KillMode {
    let read = read_given(names::KILL_MODE);
    let word = read.and_then(|given| given.map(|given| forms::kill_mode(&given)).transpose());
    or_default(word, "process").flatten().and_then(KillMode::from_word).unwrap_or(KillMode::Process)
}

fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::Unsupported => "no cgroup file system of version 2 is mounted".into(),
        _ => reason(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_kill_mode_means_something() {
        let words = KillMode::WORDS.map(|(word, _)| word);
        assert_eq!(words, forms::KILL_MODES);
    }
}
