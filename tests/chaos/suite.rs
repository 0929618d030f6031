//! Whose tree the storm is played to, and what differs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use status::Record;
use unix::Pid;

use crate::fleet::{Kind, Member};
use crate::history::State;
use crate::kit::our_program;

/// A suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    Ours,
    S6,
    Runit,
}

impl Suite {
    /// From `SUITE`.
    pub fn asked() -> Suite {
        match std::env::var("SUITE").as_deref() {
            Ok("s6") => Suite::S6,
            Ok("runit") => Suite::Runit,
            Ok("" | "ours") | Err(_) => Suite::Ours,
            Ok(other) => panic!("SUITE={other}: not ours, s6 or runit"),
        }
    }

    /// Its scanner, called for a scan directory.
    pub fn scanner(self, dir: &Path) -> Vec<OsString> {
        let program = match self {
            Suite::Ours => our_program("svscan").into_os_string(),
            Suite::S6 => "/usr/bin/s6-svscan".into(),
            Suite::Runit => "/usr/bin/runsvdir".into(),
        };
        // Ours answer to the names of others, and stand first on PATH.
        vec!["/usr/bin/env".into(), "PATH=/usr/bin:/bin".into(), program, dir.into()]
    }

    /// How /proc names it.
    pub fn scanner_name(self) -> &'static str {
        match self {
            Suite::Ours => "svscan",
            Suite::S6 => "s6-svscan",
            Suite::Runit => "runsvdir",
        }
    }

    pub fn supervisor_name(self) -> &'static str {
        match self {
            Suite::Ours => "supervise",
            Suite::S6 => "s6-supervise",
            Suite::Runit => "runsv",
        }
    }

    /// The service whose supervisor looks after this one: one runsv has a service and its logger.
    pub fn supervised_with(self, name: &str) -> &str {
        match self {
            Suite::Runit => name.trim_end_matches("/log"),
            Suite::Ours | Suite::S6 => name,
        }
    }

    /// The FIFO of its scanner, if it has one.
    pub fn scanner_control(self, scan: &Path) -> Option<PathBuf> {
        match self {
            Suite::Ours => Some(scan.join(".svscan/control")),
            Suite::S6 => Some(scan.join(".s6-svscan/control")),
            Suite::Runit => None,
        }
    }

    /// The bytes that its own tool (`svctl`, `s6-svc`, `sv`) would write for a command. runit has no `timeout-kill`: its
    /// way is `sv force-stop`, which kills. It has no `r` either, and `e` of `sv exit` is `x`.
    pub fn bytes(self, bytes: &str, kind: Kind) -> String {
        match self {
            Suite::Runit if kind == Kind::Stubborn => bytes.replace('r', "t").replace('d', "dk"),
            Suite::Runit => bytes.replace('r', "t"),
            Suite::Ours | Suite::S6 => bytes.to_owned(),
        }
    }

    /// What the record of a service says; `None` if there is none that can be read.
    pub fn state(self, service: &Path) -> Option<State> {
        let bytes = std::fs::read(service.join("supervise/status")).ok()?;
        if self == Suite::Runit {
            let bytes: [u8; 20] = bytes.try_into().ok()?;
            let pid = i32::from_le_bytes(*bytes[12..].first_chunk()?);
            let (wanted_up, finishing) = (bytes[17] == b'u', bytes[19] == 2);
            return Some(State { pid: (pid != 0).then_some(pid), finishing, wanted_up, ready: pid != 0 });
        }
        let record = Record::decode(&bytes)?;
        Some(State {
            pid: record.pid.map(Pid::get),
            finishing: record.finishing,
            wanted_up: record.wanted_up,
            ready: record.ready,
        })
    }

    /// Whether it tells when this service is ready.
    pub fn tells_readiness(self, member: &Member) -> bool {
        match self {
            Suite::Ours => member.kind.is_ready_by().is_some(),
            Suite::S6 => member.kind == Kind::Notify,
            Suite::Runit => false,
        }
    }

    /// This setting works there: s6 2.11 does not find the file that it wants to lock.
    pub fn takes(self, setting: &str) -> bool {
        self != Suite::S6 || setting != "lock-fd"
    }

    /// It has notices.
    pub fn notifies(self) -> bool {
        self != Suite::Runit
    }

    /// The descriptor beyond the first three that it gives this service.
    pub fn descriptor(self, member: &Member) -> Option<u32> {
        match self {
            Suite::Ours => member.kind.descriptor(),
            Suite::S6 => member.kind.descriptor().filter(|_| member.kind == Kind::Notify),
            Suite::Runit => None,
        }
    }
}
