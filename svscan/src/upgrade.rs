//! Another program in the place of this one: first it shows that it starts and understands the state, then it is
//! executed in this process, so that every child stays one, and every pipe and the lock are kept.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use cli::{Failure, Unable, reason};
use scandir::Place;
use sys::{clock, file, process, successor};
use unix::{Exit, Pid};

use crate::catch_all::CatchAll;
use crate::ground::Ground;
use crate::options::Options;
use crate::scanner::{Scanner, path};
use crate::state::State;

/// Why one that may soon have nothing to hand over is not replaced.
const STOPPING: &str = "everything is being stopped";

fn refuse(why: &str) {
    cli::warn(format_args!("not upgraded: {why}; this program goes on"));
}

impl Scanner {
    /// Asks the program that stands at the path of our own whether it can go on.
    pub(crate) fn upgrade(&mut self) {
        if self.successor.is_asked() {
            return;
        }
        if self.roster.is_stopping() {
            return refuse(STOPPING);
        }
        let state = self.state(&mut |_| ());
        if let Err(why) = self.successor.ask("svscan", &state) {
            refuse(&why);
        }
    }

    /// The time of a program that does not answer may be over.
    pub(crate) fn end_check(&mut self) {
        if let Some(why) = self.successor.is_late() {
            refuse(why);
        }
    }

    /// A child has died: if it is the program that was asked, this one ends here.
    pub(crate) fn has_been_checked(&mut self, pid: Pid, exit: Exit) -> bool {
        let Some(answer) = self.successor.answer(pid, exit) else { return false };
        match answer {
            _ if self.roster.is_stopping() => refuse(STOPPING),
            Ok(()) => refuse(&self.go_on_as_the_new_one()),
            Err(why) => refuse(&why),
        }
        true
    }

    /// Returns only if that fails: why.
    fn go_on_as_the_new_one(&self) -> String {
        let bytes = self.state(&mut |fd| drop(process::keep_at_exec(fd)));
        let why = match file::in_memory(&bytes) {
            Err(error) => {
                process::keep_descriptors_from_children();
                reason(&error)
            }
            Ok(state) => {
                let _ = process::keep_at_exec(state.as_fd());
                let number = state.as_raw_fd().to_string();
                let given = self.ground.given().as_os_str().to_owned();
                successor::go_on(&["svscan".into(), "--take-state".into(), number.into(), "--".into(), given])
            }
        };
        process::raise_own_descriptor_limit(2 * self.roster.settings().most as u64 + 64);
        why
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
    let bytes = successor::read(fd.as_fd()).map_err(|_| refused())?;
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
    successor::understand(fd.as_fd()).unable(|| "answer")
}
