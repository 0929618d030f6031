//! Where events come from: signals, commands, the service's notification, a change of `run`.

use std::os::fd::{AsFd, BorrowedFd};

use cli::{Failure, Unable, reason, warn};
use control::Command;
use lifecycle::Event;
use servicedir::names;
use sys::fifo::Fifo;
use sys::signals::{self, Signals};
use unix::Signal;

use crate::home;
use crate::shell::Shell;

/// How many sources there are: signals, control, notification, watch, a process that was adopted.
const SOURCES: usize = 5;
/// Command bytes that are read in one turn.
const COMMANDS: usize = 64;

/// The sources that are there from the first moment to the last; the shell has the others.
pub(crate) struct Sources {
    signals: Signals,
    control: Fifo,
}

/// Which sources have something to read.
pub(crate) struct Ready {
    pub(crate) signalled: bool,
    pub(crate) controlled: bool,
    pub(crate) notified: bool,
    pub(crate) changed: bool,
    pub(crate) orphaned: bool,
}

impl From<[bool; SOURCES]> for Ready {
    fn from([signalled, controlled, notified, changed, orphaned]: [bool; SOURCES]) -> Ready {
        Ready { signalled, controlled, notified, changed, orphaned }
    }
}

/// What signals have told: of SIGCHLD only that it came, one may stand for many deaths.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) child_has_died: bool,
    pub(crate) events: [Option<Event>; 4],
}

/// From now on no signal ends this process but SIGKILL.
pub(crate) fn take_signals() -> Result<Signals, Failure> {
    signals::take(&[Signal::CHLD, Signal::TERM, Signal::HUP, Signal::QUIT, Signal::INT])
        .unable(|| "take over the signals")
}

impl Sources {
    pub(crate) fn new(signals: Signals, control: Fifo) -> Sources {
        Sources { signals, control }
    }

    /// What to wait for.
    pub(crate) fn descriptors<'a>(&'a self, shell: &'a Shell) -> [Option<BorrowedFd<'a>>; SOURCES] {
        let own = [self.signals.as_fd(), self.control.as_fd()].map(Some);
        let [signals, control] = own;
        [signals, control, shell.notification(), shell.watch(), shell.adopted()]
    }

    /// Signals of one kind that have come in one turn count once.
    pub(crate) fn read_signals(&self) -> Result<Told, Failure> {
        let mut told = Told::default();
        while let Some(signal) = self.signals.next().unable(|| "read a signal")? {
            match signal {
                Signal::TERM => told.events[0] = Some(Event::Terminate),
                Signal::HUP => told.events[1] = Some(Event::Hangup),
                Signal::INT => told.events[2] = Some(Event::Interrupt),
                Signal::QUIT => told.events[3] = Some(Event::Quit),
                _ => told.child_has_died = true,
            }
        }
        Ok(told)
    }

    /// Where commands come in.
    pub(crate) fn control(&self) -> BorrowedFd<'_> {
        self.control.as_fd()
    }

    /// Looks whether commands can still come in, and sees to that; `true` if they could not.
    pub(crate) fn mend(&mut self, shell: &mut Shell) -> bool {
        match home::mend(&mut self.control, shell.keeper()) {
            Ok(false) => return false,
            Ok(true) => cli::say(format_args!("{} was not ours any more: it is made again", names::CONTROL)),
            Err(error) => warn(format_args!("unable to make {} again: {}", names::CONTROL, reason(&error))),
        }
        true
    }

    pub(crate) fn read_commands(&self) -> Result<[Option<Command>; COMMANDS], Failure> {
        let mut bytes = [0; COMMANDS];
        let count = self.control.read(&mut bytes).unable(|| "read supervise/control")?;
        let mut commands = [None; COMMANDS];
        for (command, &byte) in commands.iter_mut().zip(&bytes[..count]) {
            *command = Command::from_byte(byte);
        }
        Ok(commands)
    }
}
