//! The directives that s6-log does not have: a word, with `=` and a value where it takes one.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Parser, large_number};
use crate::{Dress, Iso, Json, Name, Place, Processor, Rate, Rights, Shared, Shell};

/// Modes of a file: executable means that it is finished.
const FILE_MODES: u32 = 0o666;
/// Modes of a directory.
const DIR_MODES: u32 = 0o7777;

/// What our own directives must know.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings<'a> {
    /// The service whose lines are read; empty: it is not known.
    pub service: &'a [u8],
    /// What names on standard output are coloured with; none where it is no terminal.
    pub colours: &'a [u8],
}

impl Surroundings<'_> {
    /// The name of an action is known once all that is before the action is: it is for an object, or has a colour where
    /// it goes to the terminal.
    pub(super) fn name(&self, dress: &mut Dress, place: &Place) {
        let colours = if *place == Place::Output { self.colours } else { &[] };
        let name = dress.name.take().map(|name| name.name);
        match &mut dress.json {
            Some(json) => json.service = name.unwrap_or_else(|| self.service.to_vec()),
            None => dress.name = name.map(|name| Name::new(name, colours)),
        }
    }
}

/// Why a word is wrong.
type Why = Cow<'static, str>;

impl Parser<'_> {
    /// Takes a directive of ours; `false`: it is none.
    pub(super) fn own_directive(&mut self, word: &[u8]) -> Result<bool, Why> {
        let Some(around) = self.ours else { return Ok(false) };
        let (key, value) = match word.iter().position(|&byte| byte == b'=') {
            Some(at) => (&word[..at], Some(&word[at + 1..])),
            None => (word, None),
        };
        match (key, value) {
            (b"json", stream) => {
                let stream = stream.unwrap_or_default().to_vec();
                self.dress.json = Some(Json { service: Vec::new(), stream });
            }
            (b"as", name) => self.dress.name = Some(Name::new(name_of(name, around)?, &[])),
            (b"iso", Some(form)) => {
                let form = Iso::parse(form).ok_or("it is utc or local, with .3, .6 or .9 for digits")?;
                self.dress.iso = Some(form);
            }
            (b"rate", Some(limit)) => self.rate = Some(rate(limit)?),
            (b"gzip", None) => {
                self.dir.processor = Some(Processor { shell: Shell::Gzip, command: Vec::new() });
            }
            (b"shared", Some(limit)) => self.dir.shared = Some(shared(limit)?),
            (b"owner" | b"group" | b"mode" | b"dirmode", Some(value)) => {
                right(&mut self.dir.rights, key, value)?;
            }
            (b"iso" | b"rate" | b"shared" | b"owner" | b"group" | b"mode" | b"dirmode", None) => {
                return Err("it wants a value, after =".into());
            }
            (b"gzip", Some(_)) => return Err("it takes no value".into()),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn name_of(name: Option<&[u8]>, around: &Surroundings<'_>) -> Result<Vec<u8>, Why> {
    match name.unwrap_or(around.service) {
        b"" => Err("it has no name".into()),
        name => Ok(name.to_vec()),
    }
}

/// `LINES/SECONDS`
fn rate(limit: &[u8]) -> Result<Rate, Why> {
    let wrong = "it wants LINES/SECONDS";
    let slash = limit.iter().position(|&byte| byte == b'/').ok_or(wrong)?;
    let part = |digits: &[u8]| large_number(digits).map_err(|_| wrong);
    let (lines, seconds) = (part(&limit[..slash])?, part(&limit[slash + 1..])?);
    if seconds == 0 {
        return Err("it wants a time".into());
    }
    Ok(Rate { lines, time: Duration::from_secs(seconds) })
}

/// `BYTES:DIR`
fn shared(limit: &[u8]) -> Result<Shared, Why> {
    let colon = limit.iter().position(|&byte| byte == b':').ok_or("it wants BYTES:DIR")?;
    let (bytes, path) = (large_number(&limit[..colon])?, limit[colon + 1..].to_vec());
    if path.is_empty() {
        return Err("it names no directory".into());
    }
    Ok(Shared { bytes, path })
}

fn right(rights: &mut Rights, key: &[u8], value: &[u8]) -> Result<(), Why> {
    let name = |name: &[u8]| if name.is_empty() { Err("it names nobody") } else { Ok(Some(name.to_vec())) };
    match key {
        b"owner" => match value.iter().position(|&byte| byte == b':') {
            Some(colon) => {
                (rights.owner, rights.group) = (name(&value[..colon])?, name(&value[colon + 1..])?);
            }
            None => rights.owner = name(value)?,
        },
        b"group" => rights.group = name(value)?,
        b"mode" => rights.mode = Some(mode(value, FILE_MODES)?),
        _ => rights.dir_mode = Some(mode(value, DIR_MODES)?),
    }
    Ok(())
}

/// An octal number without a bit that is not in `all`.
fn mode(digits: &[u8], all: u32) -> Result<u32, Why> {
    let text = core::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let mode = text.and_then(|text| u32::from_str_radix(text, 8).ok()).ok_or("it wants an octal number")?;
    if mode & !all != 0 {
        return Err(alloc::format!("it has more than {all:o}").into());
    }
    Ok(mode)
}

#[cfg(test)]
mod tests {
    use super::super::{parse, parse_ours};
    use super::*;
    use crate::{Script, Zone};

    const AROUND: Surroundings<'_> = Surroundings { service: b"web", colours: &[36] };

    fn script(words: &[&str]) -> Script {
        parse_ours(words, &AROUND).unwrap_or_else(|bad| panic!("{words:?}: {bad:?}")).script
    }

    #[test]
    fn what_dresses_a_line_is_for_the_next_action_only() {
        let script = script(&["as", "iso=local.3", "rate=5/10", "1", "json", "as=db", "./a", "./b"]);
        let [output, object, plain] = &script.actions[..] else { panic!("{script:?}") };
        assert_eq!(output.dress.name, Some(Name { name: b"web".to_vec(), colour: Some(36) }));
        assert_eq!(output.dress.iso, Some(Iso { zone: Zone::Local, digits: 3 }));
        assert_eq!(output.rate, Some(Rate { lines: 5, time: Duration::from_secs(10) }));
        let json = object.dress.json.as_ref().expect("it was asked for");
        assert_eq!((&json.service[..], &object.dress.name), (&b"db"[..], &None));
        assert_eq!((&plain.dress, plain.rate), (&Dress::default(), None));
    }

    #[test]
    fn only_the_terminal_is_coloured() {
        let name = script(&["as", "./a"]).actions[0].dress.name.clone();
        assert_eq!(name, Some(Name { name: b"web".to_vec(), colour: None }));
    }

    #[test]
    fn what_is_for_directories_stays() {
        let words =
            ["gzip", "shared=1000:/var/log:x", "owner=log:adm", "mode=0640", "./a", "!", "group=g", "./b"];
        let dirs = script(&words).dirs;
        assert_eq!(dirs[0].processor.as_ref().map(|processor| processor.shell), Some(Shell::Gzip));
        assert_eq!(dirs[1].processor, None);
        let shared = Some(Shared { bytes: 1000, path: b"/var/log:x".to_vec() });
        assert!(dirs.iter().all(|dir| dir.shared == shared && dir.rights.mode == Some(0o640)));
        let groups: Vec<_> = dirs.iter().map(|dir| dir.rights.group.as_deref().unwrap()).collect();
        assert_eq!(groups, [b"adm" as &[u8], b"g"]);
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for word in [
            "jsonx",
            "as=",
            "iso",
            "iso=x",
            "gzip=9",
            "rate=5",
            "rate=5/0",
            "rate=/5",
            "shared=5",
            "shared=x:/a",
            "shared=5:",
            "owner=",
            "owner=a:",
            "mode=0700",
            "mode=8",
            "dirmode=10000",
        ] {
            assert_eq!(parse_ours(&[word, "./a"], &AROUND).unwrap_err().word, word.as_bytes());
        }
        assert_eq!(parse_ours(&["json", "2"], &AROUND).unwrap_err().word, b"2");
        assert!(parse_ours(&["as", "1"], &Surroundings::default()).is_err());
    }

    #[test]
    fn none_of_them_is_for_s6() {
        for word in
            ["json", "as", "as=x", "iso=utc", "gzip", "rate=5/1", "shared=5:/a", "owner=a", "mode=600"]
        {
            assert_eq!(parse(&[word, "./a"]).unwrap_err().word, word.as_bytes());
        }
    }
}
