//! JSON, as it is written here: flat objects.

use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;

/// An object that is being written. What is added must be JSON.
#[derive(Default)]
pub(crate) struct Object(String);

// Writing to a String cannot fail.
impl Object {
    /// The object, whole.
    pub(crate) fn finish(self) -> String {
        format!("{{{}}}", self.0)
    }

    /// A number or a truth value.
    pub(crate) fn plain(&mut self, key: &str, value: Option<impl std::fmt::Display>) {
        self.key(key);
        let _ = match value {
            Some(value) => write!(self.0, "{value}"),
            None => write!(self.0, "null"),
        };
    }

    /// A string.
    pub(crate) fn text(&mut self, key: &str, value: Option<impl AsRef<OsStr>>) {
        self.key(key);
        match value {
            Some(value) => quote(&mut self.0, value.as_ref().as_bytes()),
            None => self.0.push_str("null"),
        }
    }

    fn key(&mut self, key: &str) {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        let _ = write!(self.0, "\"{key}\":");
    }
}

/// A JSON string (RFC 8259, section 7). JSON has no place for bytes that are not UTF-8: U+FFFD stands for them.
fn quote(text: &mut String, bytes: &[u8]) {
    text.push('"');
    for c in String::from_utf8_lossy(bytes).chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(bytes: &[u8]) -> String {
        let mut text = String::new();
        quote(&mut text, bytes);
        text
    }

    #[test]
    fn every_byte_has_a_place_in_a_string() {
        assert_eq!(quoted(b"web"), r#""web""#);
        assert_eq!(quoted(b"a\"b\\c\nd\x00\x7f"), r#""a\"b\\c\u000ad\u0000\u007f""#);
        assert_eq!(quoted("gr\u{fc}n".as_bytes()), "\"gr\u{fc}n\"");
        assert_eq!(quoted(b"\xff\xc3"), "\"\u{fffd}\u{fffd}\"");
    }
}
