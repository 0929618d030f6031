//! Dates as ISO 8601 and RFC 3339 write them.

use alloc::vec::Vec;
use core::fmt::Write as _;

use unix::Stamp;

use crate::dress::Text;
use crate::{Date, Moment};

/// How a moment is written: `2026-11-20T21:04:05.123Z`, `2026-11-20T22:04:05.123+01:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Iso {
    /// In which zone.
    pub zone: Zone,
    /// Digits after the second, 0 to 9; what comes after them is cut off, so that no moment lies in the future.
    pub digits: u8,
}

/// Whose time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// `Z`.
    Utc,
    /// The machine's, with its distance from UTC.
    Local,
}

/// Seconds of a day.
const DAY: i64 = 86_400;

impl Iso {
    /// The most exact in UTC.
    pub const EXACT: Iso = Iso { zone: Zone::Utc, digits: 9 };

    /// From `utc`, `local`, or one of them with `.0` to `.9`, the number of digits; without it there are none.
    pub fn parse(word: &[u8]) -> Option<Iso> {
        let (zone, digits) = match word {
            [zone @ .., b'.', digit @ b'0'..=b'9'] => (zone, digit - b'0'),
            zone => (zone, 0),
        };
        let zone = match zone {
            b"utc" => Zone::Utc,
            b"local" => Zone::Local,
            _ => return None,
        };
        Some(Iso { zone, digits })
    }

    /// Writes a moment, without a blank.
    pub(crate) fn write(self, moment: &Moment, out: &mut Vec<u8>) {
        let (seconds, nanoseconds) = moment.stamp.to_unix();
        let date = match self.zone {
            Zone::Utc => utc(moment.stamp),
            Zone::Local => moment.local,
        };
        let mut text = Text(out);
        text.date(&date, 'T');
        if self.digits > 0 {
            let digits = self.digits.min(9);
            let part = nanoseconds / 10_u32.pow(u32::from(9 - digits));
            let _ = write!(text, ".{part:0width$}", width = usize::from(digits));
        }
        match self.zone {
            Zone::Utc => out.push(b'Z'),
            Zone::Local => text.offset((as_utc(&date) - seconds).div_euclid(60)),
        }
    }
}

impl Text<'_> {
    /// `+01:00`
    fn offset(&mut self, minutes: i64) {
        let sign = if minutes < 0 { '-' } else { '+' };
        let minutes = minutes.unsigned_abs();
        let _ = write!(self, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
    }
}

/// The date of a moment in UTC.
fn utc(stamp: Stamp) -> Date {
    let (seconds, _) = stamp.to_unix();
    let (days, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    // Years begin in March here, so that the leap day is their last.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let month_day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let small = |number: i64| number as u8;
    Date {
        year: i32::try_from(era * 400 + year + next).unwrap_or_default(),
        month: small(month),
        day: small(month_day),
        hour: small(second / 3600),
        minute: small(second / 60 % 60),
        second: small(second % 60),
    }
}

/// Seconds from 1970-01-01 to a date, were it one in UTC.
fn as_utc(date: &Date) -> i64 {
    let (month, year) = (i64::from(date.month), i64::from(date.year));
    let (month, year) = if month > 2 { (month - 3, year) } else { (month + 9, year - 1) };
    let day = (153 * month + 2) / 5 + i64::from(date.day) - 1;
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day - 719_468;
    days * DAY + i64::from(date.hour) * 3600 + i64::from(date.minute) * 60 + i64::from(date.second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn written(word: &str, moment: &Moment) -> String {
        let mut out = Vec::new();
        Iso::parse(word.as_bytes()).unwrap().write(moment, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn moment_is_written_in_utc_and_in_local_time() {
        let stamp = Stamp::from_unix(1_700_000_000, 123_456_789);
        let local = Date { year: 2023, month: 11, day: 15, hour: 3, minute: 58, second: 20 };
        let moment = Moment { stamp, local };
        assert_eq!(written("utc", &moment), "2023-11-14T22:13:20Z");
        assert_eq!(written("utc.3", &moment), "2023-11-14T22:13:20.123Z");
        assert_eq!(written("local.6", &moment), "2023-11-15T03:58:20.123456+05:45");
        let local = Date { year: 2023, month: 11, day: 14, hour: 18, minute: 43, second: 20 };
        assert_eq!(written("local.9", &Moment { stamp, local }), "2023-11-14T18:43:20.123456789-03:30");
    }

    #[test]
    fn every_day_of_four_centuries_is_found_again() {
        let first = -3 * 146_097 / 2;
        let mut last = utc(Stamp::from_unix((first - 1) * DAY, 0));
        for day in first..first + 146_097 {
            let date = utc(Stamp::from_unix(day * DAY + 86_399, 0));
            assert_eq!(as_utc(&date), day * DAY + 86_399, "{date:?}");
            let follows = date.day == last.day + 1 && date.month == last.month;
            assert!(follows || date.day == 1 && last.day >= 28, "{last:?} {date:?}");
            last = date;
        }
        assert_eq!(utc(Stamp::from_unix(951_782_400, 0)).day, 29);
    }

    #[test]
    fn other_words_are_none() {
        for word in ["", "utc.", "utc.x", "UTC", "utc.10", "local3"] {
            assert_eq!(Iso::parse(word.as_bytes()), None, "{word}");
        }
    }
}
