//! One service that `sv` was called for: what was sent to it, and what became of that.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fifodir::Subscription;
use servicedir::control::{self, Sent};
use servicedir::names;
use status::{Notice, Record};
use sys::{clock, file};
use unix::{Pid, Stamp};

use super::order::is_path;
use super::verb::{Goal, Verb};
use super::{check, show};
use crate::classic::{self, Look, printable};

/// Where services are, where nobody says.
const DEFAULT_SVDIR: &str = "/etc/service";

/// A service that has no way to tell is believed to be available when it has lived so long: one that dies
/// at once, again and again, is not.
const PROBATION: Duration = Duration::from_millis(200);

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Done,
    Failed,
    /// Not even that could be found out.
    Unknown,
}

/// A service.
#[derive(Debug)]
pub(crate) struct Task {
    /// As it was given.
    name: String,
    /// Absolute, if the current directory is known.
    dir: PathBuf,
    state: State,
    /// It is down, as far as is known.
    is_down: bool,
    /// When the command was sent, and which process ran then.
    sent_at: Stamp,
    old: Option<Pid>,
    notices: Option<Subscription>,
    /// Its supervisor has said that it exits.
    has_exited: bool,
}

impl Task {
    /// The service of this name.
    pub(crate) fn new(name: &OsStr) -> Task {
        let svdir = || std::env::var_os(svwait::SVDIR).unwrap_or_else(|| OsString::from(DEFAULT_SVDIR));
        let dir = match name {
            name if name.is_empty() => PathBuf::new(),
            name if is_path(name) => PathBuf::from(name),
            name => Path::new(&svdir()).join(name),
        };
        Task {
            name: printable(name),
            dir: std::path::absolute(&dir).unwrap_or(dir),
            state: State::Waiting,
            is_down: false,
            sent_at: clock::now().wall,
            old: None,
            notices: None,
            has_exited: false,
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.state, State::Failed | State::Unknown)
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.state == State::Waiting
    }

    /// The exit code of a script that shows it: 3 if it is down, 4 if that is not known.
    pub(crate) fn script_code(&self) -> u8 {
        match self.state {
            State::Unknown => 4,
            State::Failed => 1,
            State::Waiting | State::Done if self.is_down => 3,
            State::Waiting | State::Done => 0,
        }
    }

    pub(crate) fn notices(&self) -> Option<&Subscription> {
        self.notices.as_ref()
    }

    /// Notices tell of everything that is waited for. The other goals depend on what is wanted, on `check`, or
    /// on signals, too.
    pub(crate) fn is_told(&self, verb: &Verb) -> bool {
        self.notices.is_some() && verb.goal == Goal::Gone
    }

    /// Sends the commands; listens before that if something is waited for.
    pub(crate) fn begin(&mut self, verb: &Verb, waits: bool) {
        match classic::look(&self.dir) {
            Look::Seen(seen) => self.old = seen.record.pid,
            look => return self.conclude(verb, look),
        }
        if waits && verb.goal != Goal::Shown {
            self.notices = Subscription::new(&self.dir.join(names::EVENT)).ok();
        }
        self.sent_at = clock::now().wall;
        let sent = match verb.bytes {
            [] => Ok(Sent::Yes),
            // A logger ends with its service, by end of file.
            _ if verb.goal == Goal::Gone && is_logger(&self.dir) => Ok(Sent::Yes),
            bytes => control::send(&self.dir, bytes),
        };
        if verb.goal == Goal::Gone {
            // Its logger reads to the end of file, then its supervisor goes, too. Under a scanner both come back.
            let _ = control::send(&self.dir.join(names::LOG), b"x");
        }
        match sent {
            Ok(Sent::Yes) if waits => {}
            Ok(Sent::Yes) => self.state = State::Done,
            Ok(Sent::NoSupervisor) => self.conclude(verb, Look::NotRunning),
            Err(error) => self.conclude(verb, Look::Unable("write to supervise/control", error)),
        }
    }

    /// Looks whether it has come where it should be, and says so.
    pub(crate) fn look(&mut self, verb: &Verb, deadline: Duration) {
        self.listen();
        let look = match self.has_exited && verb.goal == Goal::Gone {
            true => Look::NotRunning,
            false => classic::look(&self.dir),
        };
        match &look {
            Look::Seen(seen) if !self.is_reached(verb.goal, &seen.record, deadline) => {}
            _ => self.conclude(verb, look),
        }
    }

    /// The deadline has come.
    pub(crate) fn give_up(&mut self, verb: &Verb) {
        let word = if verb.kills() { "kill" } else { "timeout" };
        let text = show::line(&self.name, &classic::look(&self.dir));
        self.end(State::Failed, &format!("{word}: {text}\n"));
        if verb.kills() {
            let _ = control::send(&self.dir, b"k");
        }
    }

    /// A line: the service, and its logger if it has one.
    pub(crate) fn status_with_log(&mut self) -> String {
        let look = classic::look(&self.dir);
        let mut text = show::line(&self.name, &look);
        let log = self.dir.join(names::LOG);
        match look {
            Look::Seen(seen) => {
                self.is_down = seen.record.pid.is_none();
                if classic::enter(&log).is_ok() {
                    text.push_str("; ");
                    text.push_str(&show::line(names::LOG, &classic::look(&log)));
                }
            }
            look => self.state = state_of(&look),
        }
        text.push('\n');
        text
    }

    fn listen(&mut self) {
        let mut letters = [0; 64];
        while let Some(notices) = &self.notices
            && let Ok(count @ 1..) = notices.read(&mut letters)
        {
            self.has_exited |= letters[..count].contains(&Notice::Exiting.letter());
        }
    }

    /// Says how it has ended.
    fn conclude(&mut self, verb: &Verb, look: Look) {
        let text = match look {
            Look::NotRunning if verb.goal == Goal::Gone => {
                return self.end(State::Done, &format!("ok: {}\n", show::not_running(&self.name)));
            }
            Look::Seen(_) => format!("ok: {}\n", show::line(&self.name, &look)),
            _ => format!("{}\n", show::line(&self.name, &look)),
        };
        self.end(state_of(&look), &text);
    }

    fn end(&mut self, state: State, text: &str) {
        self.notices = None;
        self.state = if cli::answer(text.as_bytes()).is_ok() { state } else { State::Failed };
    }

    fn is_reached(&self, goal: Goal, record: &Record, deadline: Duration) -> bool {
        let since_command = record.since >= self.sent_at;
        let is_stopped = record.pid.is_none() && !record.finishing && !record.wanted_up;
        let runs_again = record.is_up() && record.pid != self.old && since_command;
        let reached = match goal {
            Goal::Shown => return true,
            Goal::Down => return is_stopped,
            Goal::Once => return !record.wanted_up && (record.is_up() || since_command),
            Goal::Paused => return !record.is_up() || record.paused,
            Goal::Continued => return !record.is_up() || !record.paused,
            Goal::Gone => return false,
            Goal::Restarted if is_stopped => return true,
            Goal::Checked if record.pid.is_none() => return true,
            Goal::Up => record.is_up() && record.wanted_up,
            Goal::Restarted | Goal::UpAgain => runs_again,
            Goal::Checked => true,
        };
        reached
            && match check::says(&self.dir, deadline) {
                Some(yes) => yes,
                None => record.ready || clock::now().wall.since(record.since) >= PROBATION,
            }
    }
}

fn state_of(look: &Look) -> State {
    match look {
        Look::Seen(_) => State::Done,
        Look::NotRunning | Look::NoDirectory(_) => State::Failed,
        Look::Unable(..) => State::Unknown,
    }
}

/// It is the logger of another service.
fn is_logger(dir: &Path) -> bool {
    dir.file_name().is_some_and(|name| name == names::LOG)
        && dir.parent().is_some_and(|above| file::exists(&above.join(names::RUN)).unwrap_or(false))
}
