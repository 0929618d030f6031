//! What stands in a log directory.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The names of the archives, the oldest first.
pub fn archives(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = names(dir);
    names.retain(|name| name.starts_with('@'));
    names
}

/// All that was logged: the archives, the oldest first, and `current`.
pub fn logged(dir: &Path) -> Vec<u8> {
    let mut names = archives(dir);
    names.push("current".into());
    names.iter().flat_map(|name| std::fs::read(dir.join(name)).unwrap_or_default()).collect()
}

/// A line for each file: its name, its mode, its size. An archive has no moment.
pub fn listing(dir: &Path) -> Vec<String> {
    let line = |name: String| {
        let info = std::fs::metadata(dir.join(&name)).ok()?;
        let (mode, size) = (info.permissions().mode() & 0o7777, info.len());
        let shown = if name.starts_with('@') { name.replace(&name[1..25], "") } else { name };
        Some(format!("{shown} {mode:o} {size}"))
    };
    names(dir).into_iter().filter_map(line).collect()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Without the moments: a TAI64N label is `@STAMP`, a local time `DATE`.
pub fn without_stamps(bytes: &[u8]) -> Vec<u8> {
    let mut rest = bytes;
    let mut out = Vec::new();
    while let Some((&byte, after)) = rest.split_first() {
        let is_label = |label: &[u8]| label.iter().all(u8::is_ascii_hexdigit);
        if byte == b'@' && after.get(..24).is_some_and(is_label) {
            out.extend_from_slice(b"@STAMP");
            rest = &after[24..];
        } else if rest.get(..DATE.len()).is_some_and(is_date) {
            out.extend_from_slice(b"DATE");
            rest = &rest[DATE.len()..];
        } else {
            out.push(byte);
            rest = after;
        }
    }
    out
}

const DATE: &[u8] = b"0000-00-00 00:00:00.000000000";

fn is_date(bytes: &[u8]) -> bool {
    let digits = bytes.iter().map(|byte| if byte.is_ascii_digit() { b'0' } else { *byte });
    digits.eq(DATE.iter().copied())
}
