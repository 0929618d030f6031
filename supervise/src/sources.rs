//! Where events come from: signals, commands, the service's notification, a change of `run`.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};

use cli::{Failure, Unable};
use control::Command;
use lifecycle::Event;
use sys::child;
use sys::signals::{self, Signals};
use unix::Signal;

use crate::home::Held;
use crate::shell::Shell;

/// How many sources there are: signals, control, notification, watch.
const SOURCES: usize = 4;

/// The sources that are there from the first moment to the last; the shell has the others.
pub(crate) struct Sources {
    signals: Signals,
    control: Held,
}

impl Sources {
    /// From now on no signal ends this process but SIGKILL.
    pub(crate) fn open(control: Held) -> Result<Sources, Failure> {
        let wanted = [Signal::CHLD, Signal::TERM, Signal::HUP, Signal::QUIT, Signal::INT];
        let signals = signals::take(&wanted).unable(|| "take over the signals")?;
        Ok(Sources { signals, control })
    }

    /// What to wait for.
    pub(crate) fn descriptors<'a>(&'a self, shell: &'a Shell) -> [Option<BorrowedFd<'a>>; SOURCES] {
        [Some(self.signals.as_fd()), Some(self.control.fifo.as_fd()), shell.notification(), shell.watch()]
    }

    /// Reads the sources that are ready: first readiness, then deaths, then commands.
    pub(crate) fn read(
        &mut self,
        shell: &mut Shell,
        ready: [bool; SOURCES],
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        let [signalled, controlled, notified, changed] = ready;
        if notified && shell.read_notification() {
            events.push_back(Event::Ready);
        }
        if signalled {
            self.read_signals(events)?;
        }
        if controlled {
            self.read_commands(events)?;
        }
        if changed && shell.read_watch() {
            events.push_back(Event::RunChanged);
        }
        Ok(())
    }

    fn read_signals(&self, events: &mut VecDeque<Event>) -> Result<(), Failure> {
        let mut told = Vec::new();
        while let Some(signal) = self.signals.next().unable(|| "read a signal")? {
            match signal {
                Signal::TERM => told.push(Event::Terminate),
                Signal::HUP => told.push(Event::Hangup),
                Signal::QUIT => told.push(Event::Quit),
                Signal::INT => told.push(Event::Interrupt),
                _ => {}
            }
        }
        // One SIGCHLD may stand for many deaths.
        while let Some((pid, exit)) = child::reap().unable(|| "wait for a child")? {
            events.push_back(Event::Exited(pid, exit));
        }
        events.extend(told);
        Ok(())
    }

    fn read_commands(&self, events: &mut VecDeque<Event>) -> Result<(), Failure> {
        let mut bytes = [0; 64];
        let count = self.control.fifo.read(&mut bytes).unable(|| "read supervise/control")?;
        events.extend(bytes[..count].iter().filter_map(|&byte| Command::from_byte(byte)).map(Event::Command));
        Ok(())
    }
}
