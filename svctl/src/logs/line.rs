//! A line of a log as its logger wrote it: when, and what.

use std::borrow::Cow;

use unix::Stamp;

use crate::moment;

/// A line, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// When it was written, if it says so.
    pub(crate) stamp: Option<Stamp>,
    /// What comes after that, the blank between included.
    pub(crate) text: Cow<'a, [u8]>,
}

/// Takes a line apart: `@LABEL text`, a date and text, or an object of JSON with members `time` and `message`.
pub(crate) fn read(line: &[u8]) -> Line<'_> {
    if let Some((stamp, length)) = moment::at_start(line) {
        return Line { stamp: Some(stamp), text: Cow::Borrowed(&line[length..]) };
    }
    json(line).unwrap_or(Line { stamp: None, text: Cow::Borrowed(line) })
}

fn json(line: &[u8]) -> Option<Line<'_>> {
    let mut rest = line.strip_prefix(b"{")?;
    let (mut time, mut message) = (None, None);
    while time.is_none() || message.is_none() {
        let (name, after) = string(rest)?;
        let (value, after) = value(after.strip_prefix(b":")?)?;
        match &*name {
            b"time" => time = Some(value?),
            b"message" => message = Some(value?),
            _ => {}
        }
        rest = after.strip_prefix(b",").unwrap_or(b"");
    }
    let (stamp, length) = moment::at_start(time.as_deref()?)?;
    let mut text = vec![b' '];
    text.extend_from_slice(&message?);
    (length == time?.len()).then_some(Line { stamp: Some(stamp), text: Cow::Owned(text) })
}

/// A value without parts, and what follows it; a string is given.
fn value(text: &[u8]) -> Option<(Option<Vec<u8>>, &[u8])> {
    if text.starts_with(b"\"") {
        let (string, rest) = string(text)?;
        return Some((Some(string), rest));
    }
    let end = text.iter().position(|b| b",}".contains(b))?;
    Some((None, &text[end..]))
}

/// A string of JSON, unescaped, and what follows it.
fn string(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = text.strip_prefix(b"\"")?;
    let mut string = Vec::new();
    loop {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return Some((string, rest)),
            b'\\' => rest = escape(rest, &mut string)?,
            byte => string.push(byte),
        }
    }
}

/// What follows a backslash. A newline would end the line that is shown: it stays escaped.
fn escape<'a>(text: &'a [u8], string: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (&letter, rest) = text.split_first()?;
    match letter {
        b't' => string.push(b'\t'),
        b'r' => string.push(b'\r'),
        b'b' => string.push(8),
        b'f' => string.push(12),
        b'n' => string.extend_from_slice(b"\\n"),
        b'u' => {
            let code = |digits: &[u8]| u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
            let first = code(rest.get(..4)?)?;
            let second = rest[4..].strip_prefix(b"\\u").and_then(|more| code(more.get(..4)?));
            let pair = [first, second.unwrap_or_default()];
            let (found, length) = match char::decode_utf16(pair).next()? {
                Ok(found) => {
                    (found, if first == found as u32 as u16 && (found as u32) < 0x1_0000 { 4 } else { 10 })
                }
                Err(_) => (char::REPLACEMENT_CHARACTER, 4),
            };
            match found {
                '\n' => string.extend_from_slice(b"\\n"),
                found => string.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes()),
            }
            return Some(&rest[length..]);
        }
        letter => string.push(letter),
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_is_its_time_and_its_message() {
        let line = br#"{"time":"2023-11-14T22:13:20.5Z","service":"web","ends":false,"message":"a \"b\" \\ \u00e9\ud83d\ude00\u0007\n"}"#;
        let line = read(line);
        assert_eq!(line.stamp, Some(Stamp::from_unix(1_700_000_000, 500_000_000)));
        assert_eq!(String::from_utf8(line.text.into_owned()).unwrap(), " a \"b\" \\ é😀\u{7}\\n");
    }

    #[test]
    fn anything_else_stays_as_it_is() {
        for line in [
            "{}",
            "{\"time\":5}",
            "{\"time\":\"now\",\"message\":\"x\"}",
            "{\"time\":\"2023-11-14T22:13:20Z\",\"message\":\"x",
            "{\"time\":\"2023-11-14T22:13:20Z\",\"message\":7}",
            "{\"time\":\"2023-11-14T22:13:20Z\"}",
            "{\"time\":\"2023-11-14T22:13:20Z\",\"message\":\"\\u12\"}",
            "",
            "hello",
        ] {
            assert_eq!(read(line.as_bytes()), Line { stamp: None, text: line.as_bytes().into() }, "{line}");
        }
    }
}
