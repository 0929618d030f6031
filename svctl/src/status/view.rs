//! What can be seen of one service.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use servicedir::{control, names, record};
use status::{Detail, Record};
use svwait::denied;
use sys::file;
use unix::{Exit, Pid, Stamp};

use crate::find::Place;

/// A service as it looks at one moment.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// What people call it.
    pub(crate) name: OsString,
    /// Where it is.
    pub(crate) dir: PathBuf,
    /// Somebody supervises it; `None`: we may not know.
    pub(crate) is_supervised: Option<bool>,
    /// What its supervisor has written last.
    pub(crate) record: Option<Record>,
    /// What the record has no room for.
    pub(crate) detail: Detail,
    /// It starts with its supervisor: it has no file `down`.
    pub(crate) normally_up: bool,
    /// It has a way to say that it is ready.
    pub(crate) tells_ready: bool,
    /// Why it could not be seen.
    pub(crate) problem: Option<String>,
}

impl View {
    /// Looks at it.
    pub(crate) fn look(place: Place) -> View {
        let dir = &place.dir;
        let is_supervised = control::is_supervised(dir);
        let record = record::read(dir);
        let problem = match (&is_supervised, &record) {
            (_, Err(cause)) => Some(unreadable(dir, cause)),
            (Err(cause), _) if cause.kind() != io::ErrorKind::PermissionDenied => {
                Some(format!("unable to look at {}: {}", dir.display(), cli::reason(cause)))
            }
            _ => None,
        };
        let has = |name: &str| file::exists(&dir.join(name)).unwrap_or_default();
        View {
            normally_up: !has(names::DOWN),
            tells_ready: has(names::NOTIFICATION_FD) || has(names::CHECK),
            is_supervised: is_supervised.ok(),
            record: record.unwrap_or_default(),
            detail: record::read_detail(dir).unwrap_or_default(),
            problem,
            name: place.name,
            dir: place.dir,
        }
    }

    /// The record, if somebody keeps it true.
    pub(crate) fn live(&self) -> Option<&Record> {
        self.record.as_ref().filter(|_| self.is_supervised != Some(false))
    }

    /// The session of the last `run` that has died, if its supervisor lives: what another one has left may be
    /// from before the machine was started, and the number somebody else's.
    pub(crate) fn last_session(&self) -> Option<Pid> {
        self.live().and(self.detail.life.session)
    }

    /// One word or two for the state.
    pub(crate) fn state(&self) -> &'static str {
        if self.problem.is_some() {
            return "unknown";
        }
        if self.is_supervised == Some(false) {
            return "not supervised";
        }
        match &self.record {
            None => "unknown",
            Some(record) if record.finishing => "finishing",
            Some(record) if record.pid.is_some() => self.up_state(record),
            Some(_) if self.detail.failed.is_some() => "failed",
            Some(record) if record.wanted_up && self.detail.start_at.is_some() => "backoff",
            Some(_) => "down",
        }
    }

    fn up_state(&self, record: &Record) -> &'static str {
        match (record.paused, record.ready, self.tells_ready) {
            (true, ..) => "paused",
            (false, true, _) => "ready",
            (false, false, true) => "starting",
            (false, false, false) => "up",
        }
    }

    /// It is what it is wanted to be: up and ready if it can tell, or down and startable. A service that
    /// has failed or is paused is not.
    pub(crate) fn is_as_wanted(&self) -> bool {
        match (self.state(), self.live()) {
            ("ready" | "up", Some(record)) => record.wanted_up,
            ("down", Some(record)) => !record.wanted_up,
            _ => false,
        }
    }

    /// It is the logger of another one.
    pub(crate) fn is_logger(&self) -> bool {
        self.name.as_bytes().ends_with(b"/log")
    }

    /// What is wanted, where the state does not show it: `up` or `down`.
    pub(crate) fn other_wish(&self) -> Option<&'static str> {
        let record = self.live()?;
        match (record.is_up(), record.wanted_up) {
            (true, false) => Some("down"),
            (false, true) if self.state() != "backoff" => Some("up"),
            _ => None,
        }
    }

    /// How the last `run` ended, if one has. A record has no place for "never": before the first start it
    /// is marked as paused, and once `run` lives, exit 0 can mean either.
    pub(crate) fn last_exit(&self) -> Option<Exit> {
        let record = self.record.as_ref()?;
        let exit = record.last_exit;
        let none_yet = match record.pid {
            None => record.paused,
            Some(_) => !record.finishing && self.detail.restarts == 0 && exit.is_success(),
        };
        if none_yet { None } else { Some(exit) }
    }
}

/// That the record in `dir` cannot be read, and why.
pub(crate) fn unreadable(dir: &Path, cause: &io::Error) -> String {
    let status = dir.join(names::STATUS);
    let why = denied(cause, &[&status, &dir.join(names::SUPERVISE), dir]);
    format!("unable to read {}{why}: {}", status.display(), cli::reason(cause))
}

/// Whole seconds from `earlier` to `later`; 0 if it is the other way round.
pub(crate) fn seconds(earlier: Stamp, later: Stamp) -> u64 {
    later.since(earlier).as_secs()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const UP: Option<Pid> = Pid::new(7);
    pub(crate) const DOWN: Option<Pid> = None;

    /// A service `web` that is as wanted, since the time 990.
    pub(crate) fn view(pid: Option<Pid>) -> View {
        let record = Record {
            since: Stamp::from_unix(990, 0),
            ready_since: Stamp::from_unix(980, 0),
            pid,
            last_exit: Exit::Code(0),
            paused: false,
            finishing: false,
            wanted_up: pid.is_some(),
            ready: false,
        };
        View {
            name: "web".into(),
            dir: "/service/web".into(),
            is_supervised: Some(true),
            record: Some(record),
            detail: Detail::default(),
            normally_up: true,
            tells_ready: false,
            problem: None,
        }
    }
}
