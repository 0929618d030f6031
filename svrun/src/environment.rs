//! An environment that is made ready for a program; our own stays as it is.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use cli::Failure;

use crate::apply::on;

/// `NAME=VALUE` each.
#[derive(Debug)]
pub(crate) struct Environment(Vec<OsString>);

impl Environment {
    /// A copy of our own.
    pub(crate) fn own() -> Environment {
        Environment(std::env::vars_os().map(|(name, value)| entry(&name, &value)).collect())
    }

    /// As execve(2) takes it.
    pub(crate) fn entries(&self) -> &[OsString] {
        &self.0
    }

    /// The value of a variable.
    pub(crate) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.iter().find_map(|entry| value_of(entry, name.as_ref()))
    }

    /// Gives a variable a value, in place of any other.
    pub(crate) fn set(&mut self, name: &OsStr, value: &OsStr) {
        self.unset(name);
        self.0.push(entry(name, value));
    }

    pub(crate) fn unset(&mut self, name: &OsStr) {
        self.0.retain(|entry| value_of(entry, name).is_none());
    }

    /// Nothing stays but these.
    pub(crate) fn clear(&mut self, but: &[OsString]) {
        self.0.retain(|entry| but.iter().any(|name| value_of(entry, name).is_some()));
    }

    /// The name and the value of each.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().filter_map(|entry| {
            let end = entry.as_bytes().iter().position(|&byte| byte == b'=')?;
            let (name, value) = entry.as_bytes().split_at(end);
            Some((OsStr::from_bytes(name), OsStr::from_bytes(&value[1..])))
        })
    }

    /// Reads `NAME=VALUE` lines. Empty ones, and those that begin with `#`, say nothing; quotes around a whole value
    /// are none of it, and nothing else has a meaning.
    ///
    /// # Errors
    /// The file cannot be read, or a line is none of these.
    pub(crate) fn read_file(&mut self, path: &Path) -> Result<(), Failure> {
        let bytes = on(path, "read", std::fs::read(path))?;
        for (number, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line[0] == b'#' {
                continue;
            }
            let Some((name, value)) = assignment(line) else {
                let place = format!("{}:{}: not NAME=VALUE", path.display(), number + 1);
                return Err(Failure::Refused(place.into()));
            };
            self.set(OsStr::from_bytes(name), OsStr::from_bytes(value));
        }
        Ok(())
    }
}

fn entry(name: &OsStr, value: &OsStr) -> OsString {
    OsString::from_vec([name.as_bytes(), b"=", value.as_bytes()].concat())
}

fn value_of<'a>(entry: &'a OsStr, name: &OsStr) -> Option<&'a OsStr> {
    let value = entry.as_bytes().strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
    Some(OsStr::from_bytes(value))
}

/// The name and the value of a line.
fn assignment(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.strip_prefix(b"export ").map_or(line, <[u8]>::trim_ascii_start);
    let end = line.iter().position(|&byte| byte == b'=').filter(|&end| end > 0)?;
    let (name, value) = (&line[..end], &line[end + 1..]);
    let bare = match value {
        [first @ (b'"' | b'\''), inner @ .., last] if first == last => inner,
        value => value,
    };
    let is_name = !name.iter().any(|byte| byte.is_ascii_whitespace()) && !line.contains(&0);
    is_name.then_some((name, bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_is_set_once() {
        let mut environment = Environment(vec!["A=1".into(), "AB=2".into(), "C=3".into(), "A=4".into()]);
        environment.set("A".as_ref(), "5".as_ref());
        assert_eq!(environment.entries(), ["AB=2", "C=3", "A=5"]);
        environment.clear(&["A".into(), "X".into()]);
        assert_eq!(environment.entries(), ["A=5"]);
        environment.unset("A".as_ref());
        assert_eq!(environment.get("A"), None);
    }

    #[test]
    fn line_is_an_assignment_or_nothing() {
        let shown = |line: &str| {
            let (name, value) = assignment(line.as_bytes())?;
            Some(format!("{}:{}", String::from_utf8_lossy(name), String::from_utf8_lossy(value)))
        };
        for (line, expected) in [
            ("A=1", Some("A:1")),
            ("A=", Some("A:")),
            ("A=b=c # d", Some("A:b=c # d")),
            ("A=\"b c\"", Some("A:b c")),
            ("A='b'", Some("A:b")),
            ("A='", Some("A:'")),
            ("A=\"b", Some("A:\"b")),
            ("export  A=1", Some("A:1")),
            ("A", None),
            ("=1", None),
            ("A B=1", None),
        ] {
            assert_eq!(shown(line).as_deref(), expected, "{line}");
        }
    }
}
