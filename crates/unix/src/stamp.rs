//! TAI64N: a moment as 12 bytes that sort by time.
//!
//! Source: <https://cr.yp.to/libtai/tai64.html>.

use core::fmt;
use core::time::Duration;

/// Bytes of a packed stamp: 8 of seconds, 4 of nanoseconds, big-endian.
pub const STAMP_SIZE: usize = 12;

/// Hexadecimal digits of a label, without the `@` before them.
pub const LABEL_DIGITS: usize = 2 * STAMP_SIZE;

/// The label of the TAI second that began 1970 TAI.
const EPOCH: u64 = 1 << 62;

/// TAI is this far ahead of UTC, in seconds, since 2017-01-01 (IERS Bulletin C 52).
const TAI_MINUS_UTC: u64 = 37;

/// A moment of time, to the nanosecond.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    label: u64,
    nanoseconds: u32,
}

impl Stamp {
    /// The moment so many seconds and nanoseconds after 1970-01-01 UTC, as the system clock counts.
    pub const fn from_unix(seconds: i64, nanoseconds: u32) -> Stamp {
        Stamp { label: EPOCH.wrapping_add(TAI_MINUS_UTC).wrapping_add_signed(seconds), nanoseconds }
    }

    /// Seconds and nanoseconds since 1970-01-01 UTC.
    pub const fn to_unix(self) -> (i64, u32) {
        (self.label.wrapping_sub(EPOCH).wrapping_sub(TAI_MINUS_UTC) as i64, self.nanoseconds)
    }

    /// As it is stored.
    pub fn to_bytes(self) -> [u8; STAMP_SIZE] {
        let mut bytes = [0; STAMP_SIZE];
        bytes[..8].copy_from_slice(&self.label.to_be_bytes());
        bytes[8..].copy_from_slice(&self.nanoseconds.to_be_bytes());
        bytes
    }

    /// From the stored form; every value is taken, whoever wrote it.
    pub const fn from_bytes(bytes: [u8; STAMP_SIZE]) -> Stamp {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
        Stamp {
            label: u64::from_be_bytes([a, b, c, d, e, f, g, h]),
            nanoseconds: u32::from_be_bytes([i, j, k, l]),
        }
    }

    /// From 24 hexadecimal digits; `None` if they are anything else.
    pub fn from_label(digits: &[u8]) -> Option<Stamp> {
        let mut bytes = [0; STAMP_SIZE];
        if digits.len() != LABEL_DIGITS {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let high = char::from(pair[0]).to_digit(16)?;
            let low = char::from(pair[1]).to_digit(16)?;
            *byte = (high * 16 + low) as u8;
        }
        Some(Stamp::from_bytes(bytes))
    }

    /// This moment so much later.
    pub const fn plus(self, time: Duration) -> Stamp {
        const GIGA: u32 = 1_000_000_000;
        let nanoseconds = self.nanoseconds % GIGA + time.subsec_nanos();
        let seconds = time.as_secs().wrapping_add((nanoseconds / GIGA) as u64);
        Stamp { label: self.label.wrapping_add(seconds), nanoseconds: nanoseconds % GIGA }
    }

    /// This moment so much earlier.
    pub const fn minus(self, time: Duration) -> Stamp {
        let (seconds, borrow) = match self.nanoseconds.checked_sub(time.subsec_nanos()) {
            Some(_) => (time.as_secs(), 0),
            None => (time.as_secs().wrapping_add(1), 1_000_000_000),
        };
        let nanoseconds = self.nanoseconds.wrapping_add(borrow).wrapping_sub(time.subsec_nanos());
        Stamp { label: self.label.wrapping_sub(seconds), nanoseconds }
    }

    /// The time from `earlier` to this moment; none if that lies in the future.
    pub fn since(self, earlier: Stamp) -> Duration {
        const GIGA: i64 = 1_000_000_000;
        let (now, then) = (self.to_unix(), earlier.to_unix());
        // Stored stamps may have more nanoseconds than there are.
        let nanoseconds = i64::from(now.1) - i64::from(then.1);
        let seconds = now.0.saturating_sub(then.0).saturating_add(nanoseconds.div_euclid(GIGA));
        match u64::try_from(seconds) {
            Ok(seconds) => Duration::new(seconds, nanoseconds.rem_euclid(GIGA) as u32),
            Err(_) => Duration::ZERO,
        }
    }
}

/// The label: 24 lower-case hexadecimal digits, without the `@` that tools put before them.
impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:08x}", self.label, self.nanoseconds)
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{self}")
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn label_counts_the_leap_seconds() {
        // 2017-01-01 00:00:00 UTC is TAI 00:00:37.
        let stamp = Stamp::from_unix(1_483_228_800, 5);
        assert_eq!(stamp.to_string(), "40000000586846a500000005");
        assert_eq!(stamp.to_unix(), (1_483_228_800, 5));
    }

    #[test]
    fn label_is_read_back() {
        let stamp = Stamp::from_unix(1_700_000_000, 999_999_999);
        assert_eq!(Stamp::from_label(stamp.to_string().as_bytes()), Some(stamp));
        assert_eq!(Stamp::from_label(b"4000"), None);
        assert_eq!(Stamp::from_label(b"400000005868469900000 05"), None);
        assert_eq!(Stamp::from_bytes(stamp.to_bytes()), stamp);
    }

    #[test]
    fn earlier_moment_borrows_the_nanoseconds() {
        let stamp = Stamp::from_unix(10, 100_000_000);
        assert_eq!(stamp.minus(Duration::from_millis(1_900)), Stamp::from_unix(8, 200_000_000));
        assert_eq!(stamp.minus(Duration::from_millis(50)), Stamp::from_unix(10, 50_000_000));
        assert_eq!(stamp.minus(Duration::from_secs(11)).plus(Duration::from_secs(11)), stamp);
    }

    #[test]
    fn later_moment_carries_the_nanoseconds() {
        let later = Stamp::from_unix(10, 900_000_000).plus(Duration::from_millis(1_200));
        assert_eq!(later, Stamp::from_unix(12, 100_000_000));
    }

    #[test]
    fn age_is_never_negative() {
        let (early, late) = (Stamp::from_unix(10, 900_000_000), Stamp::from_unix(12, 100_000_000));
        assert_eq!(late.since(early), Duration::from_millis(1_200));
        assert_eq!(early.since(late), Duration::ZERO);
        let odd = Stamp::from_bytes([0xff; 12]);
        assert_eq!(odd.since(odd.minus(Duration::ZERO)), Duration::ZERO);
        let _ = Stamp::from_bytes([0xff; 12]).since(Stamp::from_bytes([0; 12]));
    }
}
