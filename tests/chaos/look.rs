//! What /proc shows of the processes inside: who they are, by their name and their directory.

use std::path::PathBuf;

use crate::fleet::{Member, index};
use crate::history::Holder;
use crate::kit::text;
use crate::suite::Suite;

/// What a process is to the storm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Run(usize),
    Script(usize),
    /// Of the service whose directory it is in.
    Supervisor(usize),
    Scanner,
    Other,
}

/// A process inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    pub pid: i32,
    pub parent: i32,
    pub name: String,
    /// As in `/proc/PID/stat`.
    pub state: char,
    /// When it began, in the kernel's ticks: with the pid, it is this process and no other.
    pub began: String,
    pub role: Role,
}

impl Process {
    pub fn is_dead(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

/// The eyes of the observer.
#[derive(Clone, Debug)]
pub struct Eyes {
    /// `/proc` as it is inside.
    pub proc: PathBuf,
    pub suite: Suite,
    pub members: Vec<Member>,
}

impl Eyes {
    /// Every process. It is no picture of one moment.
    pub fn look(&self) -> Vec<Process> {
        let entries = std::fs::read_dir(&self.proc).into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let mut found: Vec<Process> = pids.filter_map(|pid| self.process(pid)).collect();
        // A child that has not executed its program yet looks as its parent.
        let known: Vec<(i32, Role)> = found.iter().map(|process| (process.pid, process.role)).collect();
        for process in &mut found {
            let same = |&(pid, role): &(i32, Role)| pid == process.parent && role == process.role;
            let is_child = match process.role {
                Role::Supervisor(_) => known
                    .iter()
                    .any(|&(pid, role)| pid == process.parent && matches!(role, Role::Supervisor(_))),
                Role::Scanner => known.iter().any(same),
                _ => false,
            };
            if is_child {
                process.role = Role::Other;
            }
        }
        found
    }

    /// One process, if it is there.
    pub fn process(&self, pid: i32) -> Option<Process> {
        let stat = text(self.proc.join(format!("{pid}/stat")));
        let (head, tail) = stat.rsplit_once(") ")?;
        let name = head.split_once(" (")?.1.to_owned();
        let fields: Vec<&str> = tail.split(' ').collect();
        let (state, parent) = (fields.first()?.chars().next()?, fields.get(1)?.parse().ok()?);
        let began = (*fields.get(19)?).to_owned();
        let role = if matches!(state, 'Z' | 'X') { Role::Other } else { self.role(pid, &name) };
        Some(Process { pid, parent, name, state, began, role })
    }

    fn role(&self, pid: i32, name: &str) -> Role {
        if name == self.suite.scanner_name() {
            return Role::Scanner;
        }
        let place = || {
            let dir = std::fs::read_link(self.proc.join(format!("{pid}/cwd"))).ok()?;
            index(&self.members, dir.to_str()?.split_once("/store/")?.1)
        };
        let is_supervisor = name == self.suite.supervisor_name();
        match name {
            "run" => place().map_or(Role::Other, Role::Run),
            "finish" | "crash" => place().map_or(Role::Other, Role::Script),
            _ if is_supervisor => place().map_or(Role::Other, Role::Supervisor),
            _ => Role::Other,
        }
    }

    /// What it holds.
    pub fn holder(&self, pid: i32) -> Holder {
        let entries = std::fs::read_dir(self.proc.join(format!("{pid}/fd"))).into_iter().flatten();
        let status = text(self.proc.join(format!("{pid}/status")));
        let anonymous = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:")?.trim().strip_suffix("kB")?.trim().parse().ok());
        Holder { pid, descriptors: entries.flatten().count(), anonymous: anonymous.unwrap_or(0) }
    }

    /// The place of the service whose supervisor has this one, too.
    pub fn supervised_by(&self, service: usize) -> usize {
        index(&self.members, self.suite.supervised_with(&self.members[service].name)).unwrap_or(service)
    }
}
