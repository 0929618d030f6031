//! Moments as people write and read them.

use std::time::Duration;

use sys::calendar::{self, Date};
use unix::{LABEL_DIGITS, Stamp};

/// `2026-11-20 20:04:05.123`, local time. A moment that no calendar has is shown as its label.
pub(crate) fn shown(stamp: Stamp) -> String {
    let (seconds, nanoseconds) = stamp.to_unix();
    match calendar::local(seconds) {
        Ok(d) => format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}",
            d.year,
            d.month,
            d.day,
            d.hour,
            d.minute,
            d.second,
            nanoseconds / 1_000_000
        ),
        Err(_) => format!("@{stamp}"),
    }
}

/// A length of time in few words: `0.3 s`, `12 s`, `5 min`, `3 h`, `4 d`.
pub(crate) fn length(time: Duration) -> String {
    match time.as_secs() {
        0..10 if time.subsec_millis() >= 100 => {
            format!("{}.{} s", time.as_secs(), time.subsec_millis() / 100)
        }
        0 => format!("{} ms", time.subsec_millis()),
        seconds @ 1..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// The time from `earlier` to `later`; none if it is the other way round.
pub(crate) fn between(earlier: Stamp, later: Stamp) -> Duration {
    later.since(earlier)
}

/// The moment that a word means: `10m` and `2h` ago, a date, a date and a time of day, local or `…Z`.
pub(crate) fn parse(word: &str, now: Stamp) -> Option<Stamp> {
    if let Some(ago) = ago(word) {
        let (seconds, nanoseconds) = now.to_unix();
        return Some(Stamp::from_unix(seconds.checked_sub_unsigned(ago)?, nanoseconds));
    }
    if word.len() == 10 {
        return parse(&format!("{word} 00:00:00"), now);
    }
    if word.len() == 16 {
        return parse(&format!("{word}:00"), now);
    }
    let (stamp, length) = date(word.as_bytes())?;
    (length == word.len()).then_some(stamp)
}

fn ago(word: &str) -> Option<u64> {
    let number: u64 = word.get(..word.len().checked_sub(1)?)?.parse().ok()?;
    let unit = match word.as_bytes().last()? {
        b's' => 1,
        b'm' => 60,
        b'h' => 3_600,
        b'd' => 86_400,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// The moment that a line of a log begins with, and how many bytes of it say so.
pub(crate) fn at_start(line: &[u8]) -> Option<(Stamp, usize)> {
    if let Some(digits) = line.strip_prefix(b"@") {
        return Some((Stamp::from_label(digits.get(..LABEL_DIGITS)?)?, LABEL_DIGITS + 1));
    }
    date(line)
}

/// `YYYY-MM-DD?HH:MM:SS[.digits][Z|+HH:MM]`. Local time, unless a `Z` or the distance to UTC ends it, or a `_` or `T`
/// stands between the two without one: so svlogd(8) writes UTC.
fn date(text: &[u8]) -> Option<(Stamp, usize)> {
    let head = text.get(..19)?;
    let number = |from: usize, to: usize| digits(&head[from..to]);
    let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if marks.iter().any(|&(at, mark)| head[at] != mark) || !matches!(head[10], b' ' | b'T' | b'_') {
        return None;
    }
    let date = Date {
        year: number(0, 4)?,
        month: number(5, 7).filter(|month| (1..=12).contains(month))?,
        day: number(8, 10).filter(|day| (1..=31).contains(day))?,
        hour: number(11, 13).filter(|hour| *hour < 24)?,
        minute: number(14, 16).filter(|minute| *minute < 60)?,
        second: number(17, 19).filter(|second| *second <= 60)?,
    };
    let (nanoseconds, mut end) = fraction(text, 19);
    if let Some((distance, length)) = text.get(end..).and_then(distance) {
        return Some((Stamp::from_unix(calendar::from_utc(date) - distance, nanoseconds), end + length));
    }
    let is_utc = text.get(end) == Some(&b'Z');
    end += usize::from(is_utc);
    let seconds = if is_utc || (head[10] != b' ' && text.len() > end) || head[10] == b'_' {
        calendar::from_utc(date)
    } else {
        calendar::from_local(date)
    };
    Some((Stamp::from_unix(seconds, nanoseconds), end))
}

/// The seconds that local time is ahead of UTC, `+01:00` or `+0100`, and how many bytes say so.
fn distance(text: &[u8]) -> Option<(i64, usize)> {
    let sign = match text.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let colon = usize::from(text.get(3) == Some(&b':'));
    let number = |from: usize| text.get(from..from + 2).and_then(digits).map(i64::from);
    Some((sign * (number(1)? * 3_600 + number(3 + colon)? * 60), 5 + colon))
}

/// The number that a few digits are, and nothing else.
fn digits(text: &[u8]) -> Option<i32> {
    text.iter().try_fold(0, |number, b| b.is_ascii_digit().then(|| number * 10 + i32::from(b - b'0')))
}

/// The nanoseconds that `.digits` at `start` are, and where they end.
fn fraction(text: &[u8], start: usize) -> (u32, usize) {
    if text.get(start) != Some(&b'.') {
        return (0, start);
    }
    let digits = text[start + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
    let first_nine = text[start + 1..][..digits].iter().chain(std::iter::repeat(&b'0')).take(9);
    let nanoseconds = first_nine.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    (nanoseconds, start + 1 + digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_understood_as_people_write_them() {
        let now = Stamp::from_unix(1_700_000_000, 5);
        for (word, seconds) in [("90s", 90), ("10m", 600), ("2h", 7_200), ("1d", 86_400)] {
            assert_eq!(parse(word, now), Some(Stamp::from_unix(1_700_000_000 - seconds, 5)), "{word}");
        }
        let utc = parse("2023-11-14T22:13:20Z", now);
        assert_eq!(utc, Some(Stamp::from_unix(1_700_000_000, 0)));
        let day = parse("2023-11-14", now).unwrap();
        assert!(shown(day).starts_with("2023-11-14 00:00:00.000"), "{}", shown(day));
        assert!(shown(parse("2023-11-14T22:13", now).unwrap()).starts_with("2023-11-14 22:13:00"));
        for word in ["", "m", "yesterday", "10", "-5m", "2023-13-14", "2023-11-14 22:13:20 or so"] {
            assert_eq!(parse(word, now), None, "{word}");
        }
    }

    #[test]
    fn lines_of_loggers_begin_with_a_moment() {
        let label = b"@400000006553f12500000007 hello";
        assert_eq!(at_start(label), Some((Stamp::from_unix(1_700_000_000, 7), 25)));
        let utc = b"2023-11-14_22:13:20.12345 hello";
        assert_eq!(at_start(utc), Some((Stamp::from_unix(1_700_000_000, 123_450_000), 25)));
        assert_eq!(at_start(b"2023-11-14 22:13:20.5 hello").map(|(_, length)| length), Some(21));
        for (text, nanoseconds) in [
            ("2023-11-14T22:13:20Z", 0),
            ("2023-11-15T00:13:20.123456789+02:00", 123_456_789),
            ("2023-11-14T18:43:20.1-0330", 100_000_000),
        ] {
            let found = Some((Stamp::from_unix(1_700_000_000, nanoseconds), text.len()));
            assert_eq!(at_start(format!("{text} hello").as_bytes()), found, "{text}");
        }
        assert_eq!(at_start(b"hello"), None);
        assert_eq!(at_start(b"@4000 hello"), None);
    }

    #[test]
    fn lengths_are_short() {
        for (ms, text) in [
            (7, "7 ms"),
            (300, "0.3 s"),
            (1_000, "1 s"),
            (1_200, "1.2 s"),
            (119_000, "119 s"),
            (600_000, "10 min"),
        ] {
            assert_eq!(length(Duration::from_millis(ms)), text);
        }
    }
}
