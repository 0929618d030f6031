//! The moment at which lines came, on the calendars that stamps are written in.

use unix::Stamp;

/// A date and a time of day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Date {
    /// The year.
    pub year: i32,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day, 1 to 31.
    pub day: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute.
    pub minute: u8,
    /// The second, 0 to 60.
    pub second: u8,
}

impl Date {
    /// The date in UTC of the moment so many seconds after 1970-01-01; of a year that is beyond counting, any.
    pub fn utc(seconds: i64) -> Date {
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400) as u32);
        // Years that begin in March: the day that may be missing is the last. 400 years have 146,097 days.
        let shifted = days + 719_468;
        let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let year = era * 400 + year_of_era + i64::from(month >= 10);
        Date {
            year: year as i32,
            month: (if month < 10 { month + 3 } else { month - 9 }) as u8,
            day: (day_of_year - (153 * month + 2) / 5 + 1) as u8,
            hour: (second / 3600) as u8,
            minute: (second / 60 % 60) as u8,
            second: (second % 60) as u8,
        }
    }
}

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The moment itself.
    pub stamp: Stamp,
    /// Its date where the machine is; only if a script asks for it.
    pub local: Date,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    fn utc(seconds: i64) -> String {
        let Date { year, month, day, hour, minute, second } = Date::utc(seconds);
        format!("{year}-{month}-{day} {hour}:{minute}:{second}")
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(utc(0), "1970-1-1 0:0:0");
        assert_eq!(utc(-1), "1969-12-31 23:59:59");
        assert_eq!(utc(951_782_399), "2000-2-28 23:59:59");
        assert_eq!(utc(951_782_400), "2000-2-29 0:0:0");
        assert_eq!(utc(1_700_000_000), "2023-11-14 22:13:20");
        assert_eq!(utc(4_107_542_399), "2100-2-28 23:59:59");
        assert_eq!(utc(4_107_542_400), "2100-3-1 0:0:0");
    }
}
