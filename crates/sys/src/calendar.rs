//! Local time: what the clock on the wall says. The zone is that of `TZ`, else of /etc/localtime.

use std::io;

/// A moment as people write it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Date {
    /// The year.
    pub year: i32,
    /// The month, 1 to 12.
    pub month: i32,
    /// The day, 1 to 31.
    pub day: i32,
    /// The hour, 0 to 23.
    pub hour: i32,
    /// The minute.
    pub minute: i32,
    /// The second, 0 to 60.
    pub second: i32,
}

/// The local date of the moment so many seconds after 1970-01-01 UTC.
///
/// # Errors
/// EOVERFLOW: its year is none.
pub fn local(seconds: i64) -> io::Result<Date> {
    let mut tm = empty();
    // SAFETY: localtime_r(3) reads one number through the first pointer and writes one tm through the
    // second; both are valid for that.
    let done = unsafe { libc::localtime_r(&raw const seconds, &raw mut tm) };
    if done.is_null() {
        return Err(io::Error::last_os_error());
    }
    Ok(Date {
        year: tm.tm_year + 1900,
        month: tm.tm_mon + 1,
        day: tm.tm_mday,
        hour: tm.tm_hour,
        minute: tm.tm_min,
        second: tm.tm_sec,
    })
}

/// The moment that a local date is, in seconds after 1970-01-01 UTC. Of two that bear the same date when
/// clocks are put back, either.
pub fn from_local(date: Date) -> i64 {
    let mut tm = fill(date);
    // SAFETY: mktime(3) reads and writes one tm through the pointer, which is valid for that.
    unsafe { libc::mktime(&raw mut tm) }
}

/// The moment that a date is in UTC.
pub fn from_utc(date: Date) -> i64 {
    let mut tm = fill(date);
    // SAFETY: as mktime(3) in `from_local`.
    unsafe { libc::timegm(&raw mut tm) }
}

fn fill(date: Date) -> libc::tm {
    let mut tm = empty();
    (tm.tm_year, tm.tm_mon, tm.tm_mday) = (date.year - 1900, date.month - 1, date.day);
    (tm.tm_hour, tm.tm_min, tm.tm_sec) = (date.hour, date.minute, date.second);
    // Whether it is summer time is not known.
    tm.tm_isdst = -1;
    tm
}

fn empty() -> libc::tm {
    // SAFETY: a tm is plain numbers, and a pointer to the zone's name that may be null.
    unsafe { std::mem::zeroed() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_moments_lead_to_each_other() {
        let moment = 1_700_000_000;
        let date = local(moment).unwrap();
        assert_eq!(from_local(date), moment);
        let date = Date { year: 2023, month: 11, day: 14, hour: 22, minute: 13, second: 20 };
        assert_eq!(from_utc(date), moment);
        assert!(local(i64::MAX).is_err());
    }
}
