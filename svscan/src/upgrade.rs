//! Another program in the place of this one: first it shows that it starts and understands the state, then it is
//! executed in this process, so that every child stays one, and every pipe and the lock are kept.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

use cli::{Failure, Unable, reason};
use scandir::Place;
use sys::child::{self, Company, Spawn, SpawnError};
use sys::{clock, exec, file, process};
use unix::{Exit, Pid, Signal};

use crate::catch_all::CatchAll;
use crate::ground::Ground;
use crate::options::Options;
use crate::scanner::{Scanner, path};
use crate::state::{self, State, UNDERSTOOD};

/// So long the new program has to say that it understands.
const PATIENCE: Duration = Duration::from_secs(5);

/// A program that is being asked.
#[derive(Debug)]
pub(crate) struct Check {
    pid: Pid,
    state: OwnedFd,
    until: Duration,
}

/// Our own executable's path; another file may stand there by now.
fn program() -> Option<PathBuf> {
    process::executable().map(process::without_deleted)
}

impl Scanner {
    /// Asks the program that stands at the path of our own whether it can go on.
    pub(crate) fn upgrade(&mut self) {
        if self.upgrading.is_some() {
            return;
        }
        let asked =
            if self.roster.is_stopping() { Err("everything is being stopped".into()) } else { self.ask() };
        match asked {
            Ok(check) => self.upgrading = Some(check),
            Err(why) => self.refuse_upgrade(&why),
        }
    }

    fn ask(&self) -> Result<Check, String> {
        let program = program().ok_or("it is not known what this program is")?;
        let state = file::in_memory(self.state(|_| ()).as_bytes()).map_err(|error| reason(&error))?;
        let c_program = process::c_string(&program).ok_or("a path with a zero byte")?;
        let spawn = Spawn {
            program: &c_program,
            args: &[c"svscan".to_owned(), c"--check-state".to_owned(), c"3".to_owned()],
            company: Company::Parents,
            holds_signals: false,
            new_pid_namespace: false,
            give: &[(state.as_fd(), 3)],
            lock: None,
        };
        match child::spawn(&spawn) {
            Ok(pid) => Ok(Check { pid, state, until: clock::monotonic() + PATIENCE }),
            Err(SpawnError::Exec(error)) => {
                Err(format!("{}: {}", program.display(), sys::problem::diagnose(&program, &error)))
            }
            Err(SpawnError::Fork(error)) => Err(reason(&error)),
            Err(SpawnError::Locked) => Err("locked".into()),
        }
    }

    fn refuse_upgrade(&self, why: &str) {
        cli::warn(format_args!("not upgraded: {why}; this program goes on"));
    }

    /// When the program that is asked has had its time.
    pub(crate) fn upgrade_deadline(&self) -> Option<Duration> {
        self.upgrading.as_ref().map(|check| check.until)
    }

    /// The time of a program that does not answer is over.
    pub(crate) fn end_check(&mut self) {
        if let Some(check) = self.upgrading.take_if(|check| check.until <= clock::monotonic()) {
            let _ = child::kill(check.pid, Signal::KILL);
            self.refuse_upgrade("the new program does not say within 5 s that it understands the state");
        }
    }

    /// A child has died: if it is the program that was asked, this one ends here.
    pub(crate) fn has_been_checked(&mut self, pid: Pid, exit: Exit) -> bool {
        let Some(check) = self.upgrading.take_if(|check| check.pid == pid) else { return false };
        let answer = state::read(check.state.as_fd()).unwrap_or_default();
        if self.roster.is_stopping() {
            self.refuse_upgrade("everything is being stopped");
        } else if exit.is_success() && answer.ends_with(UNDERSTOOD) {
            let why = self.go_on_as_the_new_one();
            self.refuse_upgrade(&why);
        } else if exit.is_success() {
            self.refuse_upgrade("the new program does not say that it understands the state");
        } else {
            self.refuse_upgrade(&format!("the new program does not start ({exit})"));
        }
        true
    }

    /// Returns only if that fails: why.
    fn go_on_as_the_new_one(&self) -> String {
        let Some(program) = program() else { return "it is not known what this program is".into() };
        let text = self.state(|fd| drop(process::keep_at_exec(fd)));
        let error = match file::in_memory(text.as_bytes()) {
            Err(error) => error,
            Ok(state) => {
                let _ = process::keep_at_exec(state.as_fd());
                let number = state.as_raw_fd().to_string();
                let given = self.ground.given().as_os_str().to_owned();
                let words = ["svscan".into(), "--take-state".into(), number.into(), "--".into(), given];
                exec::go_on_as(&program, &words)
            }
        };
        process::keep_descriptors_from_children();
        process::raise_own_descriptor_limit(2 * self.roster.settings().most as u64 + 64);
        format!("{}: {}", program.display(), reason(&error))
    }

    /// Goes on where the program was that has executed this one.
    pub(crate) fn resume(&mut self, state: State) -> std::io::Result<()> {
        for (slot, read, write) in state.pipes {
            self.pipes.put(slot, (process::inherit(read)?, process::inherit(write)?))?;
        }
        let console = state.console.map(process::inherit).transpose()?;
        let pipe = match state.catch_all {
            Some((read, write)) => Some((process::inherit(read)?, process::inherit(write)?)),
            None => None,
        };
        self.catch_all = CatchAll::inherited(console, pipe);
        let mut actions = std::mem::take(&mut self.actions);
        self.roster.resume(state.rows, clock::monotonic(), &mut actions);
        self.actions = actions;
        self.is_resumed = true;
        Ok(())
    }

    /// Has the supervisors upgraded after us.
    pub(crate) fn upgrade_supervisors(&mut self) {
        if !std::mem::take(&mut self.is_resumed) {
            return;
        }
        cli::say("goes on as the new program");
        for (name, ..) in self.roster.supervisors() {
            // One that does not know the command ignores it.
            let _ = servicedir::control::send(path(name), b"E");
        }
    }
}

/// Reads the state behind a descriptor of this number, which is ours from now on.
pub(crate) fn read_state(number: i32) -> Result<(State, OwnedFd), Failure> {
    let refused =
        || Failure::Refused(format!("unable to understand the state on descriptor {number}").into());
    let fd = process::inherit(number).map_err(|_| refused())?;
    let bytes = state::read(fd.as_fd()).map_err(|_| refused())?;
    State::parse(&bytes).map(|state| (state, fd)).ok_or_else(refused)
}

/// The scan directory of the options, or that of the program that was here before, with all that it was called with.
pub(crate) fn ground(
    options: Options,
    state: Option<(State, OwnedFd)>,
) -> Result<(Options, Ground, Option<State>), Failure> {
    let Some((mut state, _)) = state else {
        let ground = Ground::take(&options.directory, options.s6_names)?;
        return Ok((options, ground, None));
    };
    let options = std::mem::replace(&mut state.options, options);
    let place = process::inherit(state.control)
        .and_then(|control| Place::inherited(control, process::inherit(state.lock)?))
        .unable(|| "take the scan directory over")?;
    let path = std::mem::take(&mut state.path);
    let ground = Ground::inherited(&options.directory, path, options.s6_names, place)?;
    Ok((options, ground, Some(state)))
}

/// Says in the file that its state is understood.
pub(crate) fn understand(number: i32) -> Result<(), Failure> {
    let (_, fd) = read_state(number)?;
    file::write_all(&fd, UNDERSTOOD).unable(|| "answer")
}

#[cfg(test)]
mod tests {
    #[test]
    fn program_has_a_path() {
        assert!(super::program().is_some_and(|path| path.is_absolute()));
    }
}
