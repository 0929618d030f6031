//! Signals and their names.

use core::fmt;

/// A signal's number, 1 to 64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(u8);

macro_rules! signals {
    ($($name:ident = $number:ident),* $(,)?) => {
        impl Signal {
            $(#[doc = concat!("`", stringify!($number), "`")]
            pub const $name: Signal = Signal(libc::$number as u8);)*
        }
        /// Every signal that has a name on Linux, as people write it without `SIG`.
        const NAMES: &[(&str, Signal)] = &[$((stringify!($name), Signal::$name)),*];
    };
}

signals! {
    HUP = SIGHUP, INT = SIGINT, QUIT = SIGQUIT, ILL = SIGILL, TRAP = SIGTRAP, ABRT = SIGABRT, BUS = SIGBUS,
    FPE = SIGFPE, KILL = SIGKILL, USR1 = SIGUSR1, SEGV = SIGSEGV, USR2 = SIGUSR2, PIPE = SIGPIPE,
    ALRM = SIGALRM, TERM = SIGTERM, STKFLT = SIGSTKFLT, CHLD = SIGCHLD, CONT = SIGCONT, STOP = SIGSTOP,
    TSTP = SIGTSTP, TTIN = SIGTTIN, TTOU = SIGTTOU, URG = SIGURG, XCPU = SIGXCPU, XFSZ = SIGXFSZ,
    VTALRM = SIGVTALRM, PROF = SIGPROF, WINCH = SIGWINCH, IO = SIGIO, PWR = SIGPWR, SYS = SIGSYS,
}

impl Signal {
    /// The highest number; those from 34 on are the real-time signals.
    pub const MAX: u8 = 64;

    /// The signal with this number; `None` outside 1..=64.
    pub const fn new(number: u8) -> Option<Signal> {
        if number >= 1 && number <= Signal::MAX { Some(Signal(number)) } else { None }
    }

    /// The signal that people mean by `TERM`, `SIGTERM`, `term` or `15`.
    pub fn parse(text: &str) -> Option<Signal> {
        if let Ok(number) = text.parse::<u8>() {
            return Signal::new(number);
        }
        let bare = match text.get(..3) {
            Some(prefix) if prefix.eq_ignore_ascii_case("SIG") => &text[3..],
            _ => text,
        };
        NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(bare)).map(|&(_, signal)| signal)
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Its name without `SIG`; `None` for a real-time signal.
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|&&(_, signal)| signal == self).map(|&(name, _)| name)
    }

    /// Its bit in a set of signals: signal n is bit n - 1.
    pub const fn bit(self) -> u64 {
        1 << (self.0 - 1)
    }
}

/// `SIGTERM`, or `signal 40` where there is no name.
impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "SIG{name}"),
            None => write!(f, "signal {}", self.0),
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_that_people_use_is_understood() {
        for text in ["TERM", "SIGTERM", "term", "sigterm", "15"] {
            assert_eq!(Signal::parse(text), Some(Signal::TERM), "{text}");
        }
    }

    #[test]
    fn what_is_no_signal_is_refused() {
        for text in ["", "0", "65", "-9", "SIG", "TERMINATE", "1x", "é", "sié"] {
            assert_eq!(Signal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn names_and_numbers_agree() {
        for &(name, signal) in NAMES {
            assert_eq!(signal.name(), Some(name));
            assert_eq!(Signal::parse(name), Some(signal));
        }
        assert_eq!(Signal::new(40).and_then(Signal::name), None);
    }
}
