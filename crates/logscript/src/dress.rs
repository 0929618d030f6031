//! What is put around a line.

use alloc::vec::Vec;
use core::fmt::Write as _;

use crate::{Date, Moment, Script};

/// What is put around a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dress {
    /// `t`: its TAI64N label, and a space.
    pub label: bool,
    /// `T`: its local date and time, and two spaces.
    pub local: bool,
    /// Another stamp, and a space.
    pub foreign: Option<Foreign>,
    /// Text after the stamps, with the space that follows it.
    pub prefix: Vec<u8>,
}

/// How daemontools and runit stamp lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// A TAI64N label that counts no leap second since 1972: what `tai64nlocal` reads.
    Label,
    /// The date and the time of day in UTC with this byte between them, and five digits of the second.
    Date(u8),
}

/// TAI was so far ahead of UTC when leap seconds began, in seconds; daemontools adds no later ones.
pub(crate) const LEAP_SECONDS_OF_1972: u64 = 10;

/// What stands before each line of a moment, written out once for all of them: an entry for each action of a script.
#[derive(Clone, Debug, Default)]
pub struct Heads(Vec<Vec<u8>>);

impl Heads {
    /// Writes out the heads of all actions.
    pub fn write(&mut self, script: &Script, moment: &Moment) {
        self.0.resize(script.actions.len(), Vec::new());
        for (head, action) in self.0.iter_mut().zip(&script.actions) {
            head.clear();
            action.dress.write_head(moment, head);
        }
    }

    /// What stands before a line of the action with this index.
    #[inline]
    pub fn of(&self, action: usize) -> &[u8] {
        &self.0[action]
    }
}

impl Dress {
    fn write_head(&self, moment: &Moment, head: &mut Vec<u8>) {
        let mut text = Text(head);
        if self.label {
            let _ = write!(text, "@{} ", moment.stamp);
        }
        if self.local {
            text.date(&moment.local, b' ');
            let _ = write!(text, ".{:09}  ", moment.stamp.to_unix().1);
        }
        match self.foreign {
            Some(Foreign::Label) => {
                let (seconds, nanoseconds) = moment.stamp.to_unix();
                let label = (1u64 << 62).wrapping_add(LEAP_SECONDS_OF_1972).wrapping_add_signed(seconds);
                let _ = write!(text, "@{label:016x}{nanoseconds:08x} ");
            }
            Some(Foreign::Date(between)) => {
                let (seconds, nanoseconds) = moment.stamp.to_unix();
                text.date(&Date::utc(seconds), between);
                let _ = write!(text, ".{:05} ", nanoseconds / 10_000);
            }
            None => {}
        }
        head.extend_from_slice(&self.prefix);
    }
}

/// Bytes that text is written to.
pub(crate) struct Text<'a>(pub(crate) &'a mut Vec<u8>);

impl Text<'_> {
    /// `2026-11-20 20:04:05`, with `between` between the date and the time.
    pub(crate) fn date(&mut self, date: &Date, between: u8) {
        let Date { year, month, day, hour, minute, second } = *date;
        let between = char::from(between);
        let _ = write!(self, "{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}");
    }
}

impl core::fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use unix::Stamp;

    fn head(dress: &Dress) -> String {
        let moment = Moment { stamp: Stamp::from_unix(1_700_000_000, 123_456_789), local: Date::default() };
        let mut head = Vec::new();
        dress.write_head(&moment, &mut head);
        String::from_utf8(head).unwrap()
    }

    #[test]
    fn foreign_stamps_are_those_of_their_suites() {
        let foreign =
            |foreign| Dress { foreign: Some(foreign), prefix: b"web: ".to_vec(), ..Dress::default() };
        assert_eq!(head(&foreign(Foreign::Label)), "@400000006553f10a075bcd15 web: ");
        assert_eq!(head(&foreign(Foreign::Date(b'_'))), "2023-11-14_22:13:20.12345 web: ");
        assert_eq!(head(&Dress { label: true, ..Dress::default() }), "@400000006553f125075bcd15 ");
    }
}
