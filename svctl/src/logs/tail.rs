//! The last lines of a log.

use std::io;
use std::path::Path;

use super::files::{self, Opened};

/// The files of the log directory `dir` that hold its last `lines` lines, each where they begin; or all of it.
///
/// # Errors
/// A file cannot be opened or read.
pub(crate) fn open(dir: &Path, lines: Option<usize>) -> io::Result<Opened> {
    let mut opened = files::open_after(dir, None)?;
    let Some(mut left) = lines else { return Ok(opened) };
    let mut wanted = Vec::new();
    for file in opened.files.into_iter().rev() {
        if left == 0 && !wanted.is_empty() {
            break;
        }
        let (file, count) = file.go_to_last_lines(left)?;
        left -= count.min(left);
        wanted.push(file);
    }
    wanted.reverse();
    opened.files = wanted;
    Ok(opened)
}

/// The last lines of the log directory `dir`, without their ends.
///
/// # Errors
/// A file cannot be opened or read.
pub(crate) fn last(dir: &Path, lines: usize) -> io::Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    for mut file in open(dir, Some(lines))?.files {
        let (mut bytes, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
        while let count @ 1.. = file.read(&mut buffer)? {
            bytes.extend_from_slice(&buffer[..count]);
        }
        let whole = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        if !bytes.is_empty() {
            found.extend(whole.split(|&b| b == b'\n').map(<[u8]>::to_vec));
        }
    }
    Ok(found)
}
