//! How a process ended.

use core::fmt;

use crate::Signal;

/// The end of a process, from its wait status (wait(2)): 16 bits, the exit code in the high byte,
/// the signal in the low seven, 0x80 for a core dump.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It called exit with this code.
    Code(u8),
    /// A signal killed it.
    Killed {
        /// Which one.
        signal: Signal,
        /// A core was dumped.
        core: bool,
    },
}

impl Exit {
    /// What `run` leaves behind that could not be executed, as a shell would say it: file not found.
    pub const NOT_FOUND: Exit = Exit::Code(127);
    /// The same for every other reason.
    pub const NOT_EXECUTABLE: Exit = Exit::Code(126);

    /// From a wait status. One that tells of no end (stopped, continued) counts as exit 0.
    pub const fn from_wait(status: u16) -> Exit {
        match Signal::new((status & 0x7f) as u8) {
            Some(signal) => Exit::Killed { signal, core: status & 0x80 != 0 },
            None => Exit::Code((status >> 8) as u8),
        }
    }

    /// As a wait status.
    pub const fn to_wait(self) -> u16 {
        match self {
            Exit::Code(code) => (code as u16) << 8,
            Exit::Killed { signal, core } => signal.number() as u16 | if core { 0x80 } else { 0 },
        }
    }

    /// One number for both, as shells count: the exit code, or 128 + the signal.
    pub const fn code(self) -> u8 {
        match self {
            Exit::Code(code) => code,
            Exit::Killed { signal, .. } => 128 + signal.number(),
        }
    }

    /// The signal that killed it.
    pub const fn signal(self) -> Option<Signal> {
        match self {
            Exit::Code(_) => None,
            Exit::Killed { signal, .. } => Some(signal),
        }
    }

    /// It ended with exit code 0.
    pub const fn is_success(self) -> bool {
        matches!(self, Exit::Code(0))
    }
}

/// `exit 3`, `SIGSEGV`, `SIGSEGV (core)`.
impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "exit {code}"),
            Exit::Killed { signal, core } => write!(f, "{signal}{}", if *core { " (core)" } else { "" }),
        }
    }
}

impl fmt::Debug for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_status_survives_the_way_there_and_back() {
        for exit in [
            Exit::Code(0),
            Exit::Code(3),
            Exit::Code(255),
            Exit::Killed { signal: Signal::KILL, core: false },
            Exit::Killed { signal: Signal::SEGV, core: true },
        ] {
            assert_eq!(Exit::from_wait(exit.to_wait()), exit);
        }
    }

    #[test]
    fn death_by_signal_counts_from_128() {
        assert_eq!(Exit::Killed { signal: Signal::TERM, core: false }.code(), 143);
    }
}
