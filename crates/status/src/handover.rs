//! What a supervisor leaves to its successor: the content of `supervise/lock`, which it holds.
//!
//! | bytes     | content (numbers big-endian, 8 bytes each)                                     |
//! |-----------|--------------------------------------------------------------------------------|
//! | 0..8      | `svlife 1`                                                                     |
//! | 8..56     | the epoch: which run of the machine, and which PID namespace                   |
//! | 56..72    | a process that was just started, and that the rest does not know: pid, time    |
//! | 72..104   | two processes that the rest may know: the same                                 |
//! | 104..112  | the descriptor on which the service says that it is ready, and 1; 0: none      |
//! | 112..120  | how many numbers follow                                                        |
//! | 120..     | the state of the service, as `lifecycle` says it in numbers                    |
//!
//! A pid is 0 where there is no such process. Its time is one at which it lived, in nanoseconds since the machine was
//! started. A file of our own, which other suites lock and never read. An empty one leaves nothing, and so does one that begins
//! otherwise.

use alloc::vec::Vec;

use unix::Pid;

/// Where the first pid stands: a process that is being started writes itself there.
pub const NEWBORN_AT: usize = 56;
/// Bytes of an epoch.
const EPOCH: usize = 48;
const MAGIC: &[u8; 8] = b"svlife 1";
/// Numbers that are read; more are none of ours.
const MOST_NUMBERS: u64 = 1024;

/// A process, and a time at which it lived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Birth {
    /// Its pid.
    pub pid: Pid,
    /// In nanoseconds since the machine was started.
    pub lived_at: u64,
}

/// What a supervisor leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// Where its pids mean something.
    pub epoch: [u8; EPOCH],
    /// The one that was just started, and those that the state may know.
    pub births: [Option<Birth>; 3],
    /// The number that the descriptor has in the service on which it will say that it is ready.
    pub notification: Option<u32>,
    /// The state.
    pub life: Vec<u64>,
}

impl Handover {
    /// As it is stored.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(MAGIC.len() + EPOCH + 8 * (8 + self.life.len()));
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.epoch);
        let mut add = |number: u64| bytes.extend_from_slice(&number.to_be_bytes());
        for birth in self.births {
            add(birth.map_or(0, |birth| birth.pid.get() as u64));
            add(birth.map_or(0, |birth| birth.lived_at));
        }
        add(self.notification.map_or(0, |number| u64::from(number) + 1));
        add(self.life.len() as u64);
        self.life.iter().for_each(|&number| add(number));
        bytes
    }

    /// From the stored form; `None`: it leaves nothing, or is no such thing.
    pub fn decode(bytes: &[u8]) -> Option<Handover> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (epoch, rest) = rest.split_first_chunk::<EPOCH>()?;
        let mut numbers =
            rest.chunks_exact(8).map(|bytes| bytes.iter().fold(0, |n, &b| n << 8 | u64::from(b)));
        if magic != MAGIC {
            return None;
        }
        let mut births = [None; 3];
        for birth in &mut births {
            let (pid, lived_at) = (numbers.next()?, numbers.next()?);
            *birth = match pid {
                0 => None,
                pid => Some(Birth { pid: Pid::new(i64::try_from(pid).ok()?)?, lived_at }),
            };
        }
        let notification = match numbers.next()? {
            0 => None,
            number => Some(u32::try_from(number - 1).ok()?),
        };
        let count = numbers.next().filter(|&count| count <= MOST_NUMBERS)? as usize;
        let life: Vec<u64> = numbers.take(count).collect();
        (life.len() == count).then_some(Handover { epoch: *epoch, births, notification, life })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn sample() -> Handover {
        let birth = Pid::new(4711).map(|pid| Birth { pid, lived_at: 99 });
        Handover {
            epoch: *b"0123456789abcdef0123456789abcdef0123456789abcdef",
            births: [None, birth, None],
            notification: Some(3),
            life: vec![1, 2, u64::MAX],
        }
    }

    #[test]
    fn what_is_left_is_read_back() {
        let bytes = sample().encode();
        assert_eq!(Handover::decode(&bytes), Some(sample()));
        assert_eq!(bytes.len(), 120 + 24);
        assert_eq!(&bytes[NEWBORN_AT..NEWBORN_AT + 16], [0; 16]);
    }

    #[test]
    fn what_a_child_wrote_about_itself_is_read() {
        let mut bytes = sample().encode();
        bytes[NEWBORN_AT + 7] = 8;
        bytes[NEWBORN_AT + 15] = 100;
        let newborn = Handover::decode(&bytes).and_then(|handover| handover.births[0]);
        assert_eq!(newborn, Pid::new(8).map(|pid| Birth { pid, lived_at: 100 }));
    }

    #[test]
    fn what_is_older_and_longer_ends_where_it_says() {
        let mut bytes = sample().encode();
        bytes.extend_from_slice(&[7; 40]);
        assert_eq!(Handover::decode(&bytes), Some(sample()));
    }

    #[test]
    fn nothing_and_rubbish_leave_nothing() {
        let bytes = sample().encode();
        assert_eq!(Handover::decode(&[]), None);
        for end in 0..bytes.len() {
            assert_eq!(Handover::decode(&bytes[..end]), None, "{end} bytes of it");
        }
        for place in [0, NEWBORN_AT + 16, 104, 112] {
            let mut bytes = sample().encode();
            bytes[place] = 0xff;
            assert_eq!(Handover::decode(&bytes), None, "{place}");
        }
    }
}
