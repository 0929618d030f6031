//! The status record: the 35 bytes of `supervise/status`.
//!
//! | bytes  | content (numbers big-endian)                                       |
//! |--------|--------------------------------------------------------------------|
//! | 0..12  | TAI64N: last change between up and down                            |
//! | 12..24 | TAI64N: last readiness, of the service or of being down            |
//! | 24..32 | pid of `run`, of `crash` or of `finish`; 0 when down               |
//! | 32..34 | wait status of the last `run`                                      |
//! | 34     | bit 0 paused, 1 finishing, 2 wanted up, 3 ready                    |
//!
//! Source: s6 2.15.1.0, `src/libs6/s6_svstatus_pack.c`. s6 2.13 wrote 43 bytes, with an 8-byte
//! process group after the pid.

use unix::{Exit, Pid, STAMP_SIZE, Stamp};

/// Bytes of a record as it is written.
pub const RECORD_SIZE: usize = 35;
/// Bytes of a record as s6 2.13 wrote it.
const RECORD_SIZE_2_13: usize = 43;

const PAUSED: u8 = 1;
const FINISHING: u8 = 2;
const WANTED_UP: u8 = 4;
const READY: u8 = 8;

/// What everybody may know of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// When it last changed between up and down.
    pub since: Stamp,
    /// When it was last ready, or ready to start again.
    pub ready_since: Stamp,
    /// `run`; while `finishing`, the script.
    pub pid: Option<Pid>,
    /// How the last `run` ended; exit 0 before the first.
    pub last_exit: Exit,
    /// A command stopped (SIGSTOP) the service. Before the first start: nothing was done yet.
    pub paused: bool,
    /// `run` has died, `crash` or `finish` lives.
    pub finishing: bool,
    /// It is started whenever it is down.
    pub wanted_up: bool,
    /// Up: it said that it serves. Down: it can be started.
    pub ready: bool,
}

impl Record {
    /// `run` lives.
    pub const fn is_up(&self) -> bool {
        self.pid.is_some() && !self.finishing
    }

    /// As it is stored.
    pub fn encode(&self) -> [u8; RECORD_SIZE] {
        let pid = self.pid.map_or(0, Pid::get) as u64;
        let flag = |on: bool, bit: u8| if on { bit } else { 0 };
        let mut bytes = [0; RECORD_SIZE];
        bytes[..12].copy_from_slice(&self.since.to_bytes());
        bytes[12..24].copy_from_slice(&self.ready_since.to_bytes());
        bytes[24..32].copy_from_slice(&pid.to_be_bytes());
        bytes[32..34].copy_from_slice(&self.last_exit.to_wait().to_be_bytes());
        bytes[34] = flag(self.paused, PAUSED)
            | flag(self.finishing, FINISHING)
            | flag(self.wanted_up, WANTED_UP)
            | flag(self.ready, READY);
        bytes
    }

    /// From the stored form, of either size; `None` if it has another size or an impossible pid.
    pub fn decode(bytes: &[u8]) -> Option<Record> {
        if bytes.len() != RECORD_SIZE && bytes.len() != RECORD_SIZE_2_13 {
            return None;
        }
        let (flags, body) = bytes.split_last()?;
        let exit = body.last_chunk::<2>()?;
        let number = u64::from_be_bytes(*body.get(24..)?.first_chunk()?);
        let pid = match i64::try_from(number).ok()? {
            0 => None,
            number => Some(Pid::new(number)?),
        };
        Some(Record {
            since: Stamp::from_bytes(*body.first_chunk::<STAMP_SIZE>()?),
            ready_since: Stamp::from_bytes(*body.get(12..)?.first_chunk::<STAMP_SIZE>()?),
            pid,
            last_exit: Exit::from_wait(u16::from_be_bytes(*exit)),
            paused: flags & PAUSED != 0,
            finishing: flags & FINISHING != 0,
            wanted_up: flags & WANTED_UP != 0,
            ready: flags & READY != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;
    use unix::Signal;

    fn sample() -> Record {
        Record {
            since: Stamp::from_unix(1_700_000_000, 1),
            ready_since: Stamp::from_unix(1_700_000_001, 2),
            pid: Pid::new(4711),
            last_exit: Exit::Killed { signal: Signal::SEGV, core: true },
            paused: false,
            finishing: true,
            wanted_up: true,
            ready: false,
        }
    }

    #[test]
    fn record_is_read_back() {
        assert_eq!(Record::decode(&sample().encode()), Some(sample()));
    }

    #[test]
    fn record_of_s6_2_13_is_read_without_its_process_group() {
        let bytes = sample().encode();
        let mut long = Vec::from(&bytes[..32]);
        long.extend_from_slice(&4711_u64.to_be_bytes());
        long.extend_from_slice(&bytes[32..]);
        assert_eq!(Record::decode(&long), Some(sample()));
    }

    #[test]
    fn other_sizes_and_impossible_pids_are_refused() {
        let mut bytes = sample().encode();
        assert_eq!(Record::decode(&bytes[..34]), None);
        assert_eq!(Record::decode(&[]), None);
        assert_eq!(Record::decode(&[0; 36]), None);
        bytes[24] = 0x80;
        assert_eq!(Record::decode(&bytes), None);
    }
}
