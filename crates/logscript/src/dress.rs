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
    /// Text after the stamps, with the space that follows it.
    pub prefix: Vec<u8>,
}

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
            text.date(&moment.local);
            let _ = write!(text, ".{:09}  ", moment.stamp.to_unix().1);
        }
        head.extend_from_slice(&self.prefix);
    }
}

/// Bytes that text is written to.
struct Text<'a>(&'a mut Vec<u8>);

impl Text<'_> {
    /// `2026-11-20 20:04:05`
    fn date(&mut self, date: &Date) {
        let Date { year, month, day, hour, minute, second } = *date;
        let _ = write!(self, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
    }
}

impl core::fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
