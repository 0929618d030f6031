//! The death tally: 14 bytes for each death of `run` in `supervise/death_tally`, oldest first.
//!
//! | bytes  | content                                      |
//! |--------|----------------------------------------------|
//! | 0..12  | TAI64N of the death                          |
//! | 12     | exit code; 128 + n when signal n killed it   |
//! | 13     | that signal, else 0                          |
//!
//! Source: s6 2.15.1.0, `src/libs6/s6_dtally_pack.c`.

use unix::{Exit, STAMP_SIZE, Signal, Stamp};

/// Bytes of one death.
pub const DEATH_SIZE: usize = STAMP_SIZE + 2;

/// One death of `run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Death {
    /// When.
    pub at: Stamp,
    /// How. Whether a core was dumped is not stored.
    pub exit: Exit,
}

impl Death {
    /// As it is stored.
    pub fn encode(&self) -> [u8; DEATH_SIZE] {
        let mut bytes = [0; DEATH_SIZE];
        bytes[..STAMP_SIZE].copy_from_slice(&self.at.to_bytes());
        bytes[STAMP_SIZE] = self.exit.code();
        bytes[STAMP_SIZE + 1] = self.exit.signal().map_or(0, Signal::number);
        bytes
    }

    /// From the stored form.
    pub fn decode(bytes: &[u8; DEATH_SIZE]) -> Death {
        let [stamp @ .., code, signal] = *bytes;
        let exit = match Signal::new(signal) {
            Some(signal) => Exit::Killed { signal, core: false },
            None => Exit::Code(code),
        };
        Death { at: Stamp::from_bytes(stamp), exit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn death_is_read_back() {
        for exit in [Exit::Code(0), Exit::Code(7), Exit::Killed { signal: Signal::KILL, core: false }] {
            let death = Death { at: Stamp::from_unix(1_700_000_000, 3), exit };
            assert_eq!(Death::decode(&death.encode()), death);
        }
    }
}
