//! What is put around a line.

use alloc::vec::Vec;
use core::fmt::Write as _;

use crate::{Date, Iso, Json, Moment, Script, Zone};

/// What is put around a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dress {
    /// `as`: whose line it is.
    pub name: Option<Name>,
    /// `t`: its TAI64N label, and a space.
    pub label: bool,
    /// `T`: its local date and time, and two spaces.
    pub local: bool,
    /// `iso`: its date and time, and a space.
    pub iso: Option<Iso>,
    /// `json`: the line is an object. Of the rest, the name and the form of the date are for it.
    pub json: Option<Json>,
    /// Text after the stamps, with the space that follows it.
    pub prefix: Vec<u8>,
}

/// A name before a line: `web | `.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub name: Vec<u8>,
    /// Its colour, as a number of SGR (ECMA-48).
    pub colour: Option<u8>,
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
    /// It asks for the date where the machine is.
    pub fn wants_local(&self) -> bool {
        self.local || self.iso.is_some_and(|iso| iso.zone == Zone::Local)
    }

    fn write_head(&self, moment: &Moment, head: &mut Vec<u8>) {
        if let Some(json) = &self.json {
            return json.write_head(self.iso.unwrap_or(Iso::EXACT), moment, head);
        }
        if let Some(name) = &self.name {
            name.write(head);
        }
        let mut text = Text(head);
        if self.label {
            let _ = write!(text, "@{} ", moment.stamp);
        }
        if self.local {
            text.date(&moment.local, ' ');
            let _ = write!(text, ".{:09}  ", moment.stamp.to_unix().1);
        }
        if let Some(iso) = self.iso {
            iso.write(moment, head);
            head.push(b' ');
        }
        head.extend_from_slice(&self.prefix);
    }
}

impl Name {
    /// A name in one of these colours: the same wherever and whenever it is shown. No colours: in none.
    pub fn new(name: Vec<u8>, colours: &[u8]) -> Name {
        // FNV-1a.
        let add = |hash: u32, &byte: &u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        let hash = name.iter().fold(0x811c_9dc5, add) as usize;
        let colour = hash.checked_rem(colours.len()).map(|at| colours[at]);
        Name { name, colour }
    }

    fn write(&self, head: &mut Vec<u8>) {
        if let Some(colour) = self.colour {
            let _ = write!(Text(head), "\x1b[{colour}m");
        }
        head.extend_from_slice(&self.name);
        head.extend_from_slice(if self.colour.is_some() { b" |\x1b[0m " } else { b" | " });
    }
}

/// Bytes that text is written to.
pub(crate) struct Text<'a>(pub(crate) &'a mut Vec<u8>);

impl Text<'_> {
    /// `2026-11-20 20:04:05`, with `between` between the day and the hour.
    pub(crate) fn date(&mut self, date: &Date, between: char) {
        let Date { year, month, day, hour, minute, second } = *date;
        let _ = write!(self, "{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}");
    }
}

impl core::fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
