//! What comes in, as events: deaths before commands, commands before changes.

use std::io;

use cli::reason;
use control::ScanCommand;
use roster::{Arrival, Candidate, Event};
use sys::child;
use sys::watch::EntryChange;
use unix::{Exit, Pid, Signal};

use crate::options::Meaning;
use crate::scanner::Scanner;

/// A change, with a name of its own.
pub(crate) enum Change {
    Entry(Vec<u8>, EntryChange),
    Candidate(Candidate),
    Everything,
}

impl Scanner {
    pub(crate) fn read_signals(&mut self) {
        let mut has_reaped = self.reap();
        while let Ok(Some(signal)) = self.signals.next() {
            if signal == Signal::CHLD {
                has_reaped |= self.reap();
                // Whoever finds nobody at the FIFO of a scanner that lives sends it a SIGCHLD.
                if !has_reaped {
                    self.mend();
                }
            } else if !self.hooks.run(signal, self.catch_all.writer())
                && let Some(command) = self.command_of(signal)
            {
                self.feed(Event::Command(command));
            }
        }
    }

    /// Collects every dead child, ours or an orphan that came to us; `false`: there was none.
    pub(crate) fn reap(&mut self) -> bool {
        let mut has_reaped = false;
        self.deaths.begin();
        while let Ok(Some((pid, exit))) = child::reap() {
            has_reaped = true;
            if self.has_been_checked(pid, exit) {
                continue;
            }
            self.note_death(pid, exit);
            self.feed(Event::Exited(pid, exit));
        }
        has_reaped
    }

    /// Looks whether commands can still come in, and sees to that.
    pub(crate) fn mend(&mut self) {
        let control = self.ground.names.control;
        match self.ground.mend() {
            Ok(false) => {}
            Ok(true) => cli::say(format_args!("{control} was not ours any more: it is made again")),
            Err(error) => {
                let text = format!("unable to make {control} again: {}", reason(&error));
                self.hush.warn("mend".into(), text);
            }
        }
    }

    /// Keeps how those have ended that are in no roster: a supervisor that was killed may have left them to us, and its
    /// successor will ask.
    fn note_death(&mut self, pid: Pid, exit: Exit) {
        if !self.roster.supervises(pid) {
            self.deaths.note(pid, exit);
        } else if exit.signal().is_some()
            && let Err(error) = self.deaths.share()
        {
            self.hush.warn(
                "deaths".into(),
                format_args!("unable to tell supervisors how services have ended: {}", reason(&error)),
            );
        }
    }

    pub(crate) fn read_commands(&mut self) {
        let mut buffer = [0; 256];
        // As much as there is room for at once: a writer without end does not keep us.
        let count = match self.ground.place.control.read(&mut buffer) {
            Ok(count) => count,
            Err(error) => {
                return self
                    .hush
                    .warn("control".into(), format_args!("unable to read commands: {}", reason(&error)));
            }
        };
        for &byte in &buffer[..count] {
            #[cfg(debug_assertions)]
            crate::mistake::on_demand(byte);
            match ScanCommand::from_byte(byte) {
                Some(ScanCommand::Reap) => _ = self.reap(),
                Some(ScanCommand::Upgrade) => self.upgrade(),
                Some(command) => self.feed(Event::Command(command)),
                None => {
                    let byte = byte.escape_ascii();
                    self.hush.warn(format!("byte {byte}"), format_args!("there is no command {byte}"));
                }
            }
        }
    }

    pub(crate) fn read_changes(&mut self) {
        match self.watches.changes() {
            Ok(changes) => changes.into_iter().for_each(|change| self.changed(change)),
            Err(error) => {
                self.hush.warn("changes".into(), format_args!("unable to read changes: {}", reason(&error)));
                if error.kind() != io::ErrorKind::OutOfMemory {
                    self.watches.restart();
                }
                self.feed(Event::Overflow);
            }
        }
    }

    fn changed(&mut self, change: Change) {
        match change {
            Change::Candidate(candidate) => self.feed(Event::Grown(candidate)),
            Change::Everything => self.feed(Event::Overflow),
            Change::Entry(name, what) => {
                let name = &*name;
                if what == EntryChange::Gone && name == self.ground.names.directory.as_bytes() {
                    return self.feed(Event::Overflow);
                }
                if !scandir::is_service_name(name) || name.len() > self.longest_name {
                    return;
                }
                self.feed(match what {
                    EntryChange::Made => Event::Appeared(name, Arrival::Made),
                    EntryChange::MovedIn => Event::Appeared(name, Arrival::Whole),
                    EntryChange::Gone => Event::Vanished(name),
                    EntryChange::Altered => Event::Altered(name),
                });
            }
        }
    }

    /// The command that a signal stands for.
    fn command_of(&mut self, signal: Signal) -> Option<ScanCommand> {
        match (self.meaning, signal) {
            (Meaning::Runit, Signal::TERM) => Some(ScanCommand::Abort),
            (Meaning::Runit, Signal::HUP) => {
                self.hung_up = true;
                Some(ScanCommand::Terminate)
            }
            (Meaning::Runit | Meaning::Ours, signal) => usual_command_of(signal),
        }
    }
}

/// What a signal stands for under our own name.
fn usual_command_of(signal: Signal) -> Option<ScanCommand> {
    Some(match signal {
        Signal::HUP => ScanCommand::Rescan,
        Signal::ALRM => ScanCommand::Scan,
        Signal::TERM => ScanCommand::Terminate,
        Signal::INT => ScanCommand::Interrupt,
        Signal::QUIT => ScanCommand::Quit,
        Signal::ABRT => ScanCommand::Abort,
        // USR1, USR2, PWR and WINCH do nothing without a program that gives them an effect.
        _ => return None,
    })
}
