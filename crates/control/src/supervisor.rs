//! What a supervisor can be told through `supervise/control`.

use unix::Signal;

/// What a supervisor is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Send this signal to `run`.
    Signal(Signal),
    /// Send this signal to the process group of `run`.
    GroupSignal(Signal),
    /// Send the down-signal to `run`; it starts again if it is wanted up.
    Restart,
    /// Send the reload-signal to `run`.
    Reload,
    /// Want it up.
    Up,
    /// Want it up, and remove the `down` file.
    Enable,
    /// Want it down: down-signal, CONT, `timeout-kill`.
    Down,
    /// Want it down, and make the `down` file.
    Disable,
    /// Start it if it is down; do not restart it.
    Once,
    /// Do not restart it, and do not kill it.
    NoRestart,
    /// The same, and make the `down` file.
    NoRestartDisable,
    /// Exit once it is down and finished.
    Exit,
    /// Ours. Execute the program of the supervisor anew, which may be another one by now, and go on.
    Upgrade,
}

/// Every command with its byte: the one place that pairs them, in the order of s6-svc's usage.
pub const TABLE: [(u8, Command); 26] = [
    (b'a', Command::Signal(Signal::ALRM)),
    (b'b', Command::Signal(Signal::ABRT)),
    (b'q', Command::Signal(Signal::QUIT)),
    (b'h', Command::Signal(Signal::HUP)),
    (b'k', Command::Signal(Signal::KILL)),
    (b't', Command::Signal(Signal::TERM)),
    (b'i', Command::Signal(Signal::INT)),
    (b'1', Command::Signal(Signal::USR1)),
    (b'2', Command::Signal(Signal::USR2)),
    (b'p', Command::Signal(Signal::STOP)),
    (b'c', Command::Signal(Signal::CONT)),
    (b'y', Command::Signal(Signal::WINCH)),
    (b'r', Command::Restart),
    (b'l', Command::Reload),
    (b'P', Command::GroupSignal(Signal::STOP)),
    (b'C', Command::GroupSignal(Signal::CONT)),
    (b'K', Command::GroupSignal(Signal::KILL)),
    (b'o', Command::Once),
    (b'd', Command::Down),
    (b'u', Command::Up),
    (b'D', Command::Disable),
    (b'U', Command::Enable),
    (b'x', Command::Exit),
    (b'O', Command::NoRestart),
    (b'Q', Command::NoRestartDisable),
    (b'E', Command::Upgrade),
];

/// The exit code by which a supervisor tells its scanner that its service was essential and has ended; how
/// it ended stands in the record. A scanner that does not know this starts the supervisor again.
pub const ESSENTIAL_ENDED: u8 = 103;

impl Command {
    /// The command that this byte stands for.
    pub fn from_byte(byte: u8) -> Option<Command> {
        TABLE.iter().find(|&&(spelling, _)| spelling == byte).map(|&(_, command)| command)
    }

    /// Its byte; `None` for a signal that no byte stands for.
    pub fn byte(self) -> Option<u8> {
        TABLE.iter().find(|&&(_, command)| command == self).map(|&(byte, _)| byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_and_each_command_stands_once() {
        for (i, (byte, command)) in TABLE.iter().enumerate() {
            assert_eq!(Command::from_byte(*byte), Some(*command));
            assert_eq!(command.byte(), Some(*byte), "entry {i}");
        }
    }

    #[test]
    fn other_bytes_and_signals_mean_nothing() {
        assert_eq!(Command::from_byte(b'\n'), None);
        assert_eq!(Command::from_byte(0), None);
        assert_eq!(Command::Signal(Signal::SEGV).byte(), None);
    }
}
