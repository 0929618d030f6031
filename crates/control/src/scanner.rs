//! What a scanner can be told through `.svscan/control`.

/// What a scanner is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanCommand {
    /// Look for new services now.
    Scan,
    /// Stop the supervisors of services that have gone.
    Prune,
    /// The same, with TERM for their loggers.
    PruneLoggers,
    /// `Scan` and `Prune`.
    Rescan,
    /// Collect dead children.
    Reap,
    /// Stop everything, the loggers by end of file; then `finish`.
    Terminate,
    /// The same by its other byte, INT's.
    Interrupt,
    /// Stop everything, the loggers too; then `finish`.
    Quit,
    /// Execute `finish` without stopping anything.
    Abort,
    /// Execute the program anew, which may be another one by now, and go on.
    Upgrade,
}

/// Every command with its byte: the one place that pairs them.
pub const TABLE: [(u8, ScanCommand); 10] = [
    (b'a', ScanCommand::Scan),
    (b'n', ScanCommand::Prune),
    (b'N', ScanCommand::PruneLoggers),
    (b'h', ScanCommand::Rescan),
    (b'z', ScanCommand::Reap),
    (b't', ScanCommand::Terminate),
    (b'i', ScanCommand::Interrupt),
    (b'q', ScanCommand::Quit),
    (b'b', ScanCommand::Abort),
    (b'E', ScanCommand::Upgrade),
];

impl ScanCommand {
    /// The command that this byte stands for.
    pub fn from_byte(byte: u8) -> Option<ScanCommand> {
        TABLE.iter().find(|&&(spelling, _)| spelling == byte).map(|&(_, command)| command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_stands_once() {
        for (byte, command) in TABLE {
            assert_eq!(ScanCommand::from_byte(byte), Some(command));
        }
        assert_eq!(ScanCommand::from_byte(b'x'), None);
    }
}
