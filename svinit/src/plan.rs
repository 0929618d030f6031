//! How a command is looked after: a value that every grammar makes and the proxy carries out.

use std::ffi::OsString;
use std::time::Duration;

use sys::child::Company;
use unix::{Exit, Signal};

/// Everything that is known before the command starts.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The command; its program is looked for on PATH.
    pub(crate) command: Vec<OsString>,
    /// Whose company it is in.
    pub(crate) company: Company,
    /// Who gets the signals.
    pub(crate) target: Target,
    /// What a signal becomes on its way.
    pub(crate) rewrites: Rewrites,
    /// It adopts the orphans below it, also where it is not process 1.
    pub(crate) adopts: bool,
    /// It gets this signal when its parent dies.
    pub(crate) when_parent_dies: Option<Signal>,
    /// Exit codes that count as 0.
    pub(crate) forgiven: Vec<u8>,
    /// What is done when the command has ended.
    pub(crate) after: After,
    /// How long the command may live on after a signal that asks it to end; then everything is killed.
    pub(crate) patience: Option<Duration>,
    /// What was blocked or ignored when it was called is so in the command.
    pub(crate) passes_signals_on: bool,
    /// A program that is no executable is a script of the shell, as execvp(3) has it.
    pub(crate) knows_shell_scripts: bool,
    /// It stops itself with the command (job control).
    pub(crate) stops_along: bool,
    /// It says what it does, and each process that it reaps.
    pub(crate) tells: bool,
    /// It says each orphan that it reaps.
    pub(crate) tells_orphans: bool,
    /// How it says that the command cannot be executed.
    pub(crate) cannot: Cannot,
}

/// Who gets the signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The command itself.
    Process,
    /// Its process group.
    Group,
}

/// What is done when the command has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// It leaves at once.
    Leave,
    /// It tells those whom it hands signals on to to end, and leaves.
    TellAndLeave,
    /// It waits until everything that is left below it has ended by itself.
    Linger,
    /// It tells everything that is left below it to end, waits for all, and kills what is left after so long.
    Wait(Duration),
}

/// What is done about a command that cannot be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cannot {
    /// Exit 127 or 126, as a shell.
    Shell,
    /// This exit code, whatever the reason.
    Always(u8),
}

/// What each signal becomes on its way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rewrites(Vec<(Signal, Option<Signal>)>);

impl Rewrites {
    /// `from` becomes `to`; `None`: it is not handed on. The last word counts.
    pub(crate) fn set(&mut self, from: Signal, to: Option<Signal>) {
        self.0.retain(|(known, _)| *known != from);
        self.0.push((from, to));
    }

    /// The same, unless there was a word about `from`.
    pub(crate) fn set_by_default(&mut self, from: Signal, to: Signal) {
        if self.0.iter().all(|(known, _)| *known != from) {
            self.set(from, Some(to));
        }
    }

    /// What `signal` becomes.
    pub(crate) fn of(&self, signal: Signal) -> Option<Signal> {
        self.0.iter().find(|(known, _)| *known == signal).map_or(Some(signal), |(_, to)| *to)
    }
}

impl Plan {
    /// The exit code for a command that has ended so.
    pub(crate) fn code(&self, exit: Exit) -> u8 {
        let code = exit.code();
        if self.forgiven.contains(&code) { 0 } else { code }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_word_about_a_signal_counts() {
        let mut rewrites = Rewrites::default();
        assert_eq!(rewrites.of(Signal::TERM), Some(Signal::TERM));
        rewrites.set(Signal::TERM, Some(Signal::QUIT));
        rewrites.set(Signal::TERM, None);
        rewrites.set_by_default(Signal::TERM, Signal::STOP);
        rewrites.set_by_default(Signal::TSTP, Signal::STOP);
        assert_eq!(rewrites.of(Signal::TERM), None);
        assert_eq!(rewrites.of(Signal::TSTP), Some(Signal::STOP));
    }
}
