//! The last lines of a log: where they begin.

use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use sys::guard;

use super::place;

/// Bytes that are looked at at a time, from the end on.
const BLOCK: u64 = 64 * 1024;

/// A file, and the byte from which on it is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) file: PathBuf,
    pub(crate) from: u64,
}

/// The parts of the log directory `dir` that hold its last `lines` lines, or all of it.
pub(crate) fn parts(dir: &Path, lines: Option<usize>) -> io::Result<Vec<Part>> {
    let mut left = lines.unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    for file in place::files(dir).into_iter().rev() {
        if left == 0 && !parts.is_empty() {
            break;
        }
        let found = match lines {
            None => Ok((0, 0)),
            Some(_) => last_lines(&file, left),
        };
        match found {
            Ok((from, count)) => {
                left -= count.min(left);
                parts.push(Part { file, from });
            }
            // It was rotated away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    parts.reverse();
    Ok(parts)
}

/// The last lines of the log directory `dir`, without their ends.
pub(crate) fn last(dir: &Path, lines: usize) -> io::Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    for part in parts(dir, Some(lines))? {
        let mut file = guard::open_to_read(&part.file)?;
        file.seek(SeekFrom::Start(part.from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        if !bytes.is_empty() {
            found.extend(whole.split(|&b| b == b'\n').map(<[u8]>::to_vec));
        }
    }
    Ok(found)
}

/// Where the last `most` lines of a file begin, and how many there are.
fn last_lines(path: &Path, most: usize) -> io::Result<(u64, usize)> {
    let file = guard::open_to_read(path)?;
    let size = file.metadata()?.len();
    let (mut end, mut count) = (size, 0);
    let mut block = vec![0; BLOCK as usize];
    while end > 0 && count < most {
        let start = end.saturating_sub(BLOCK);
        let block = &mut block[..(end - start) as usize];
        file.read_exact_at(block, start)?;
        let newlines = block.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
        // A line begins after each newline that is not the last byte.
        for begin in newlines.map(|(i, _)| start + i as u64 + 1).filter(|begin| *begin < size) {
            count += 1;
            if count == most {
                return Ok((begin, count));
            }
        }
        end = start;
    }
    match (size, most) {
        (_, 0) => Ok((size, 0)),
        (0, _) => Ok((0, 0)),
        _ => Ok((0, count + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_lines_are_counted_from_the_end() {
        let path = std::env::temp_dir().join(format!("svctl-tail-{}", std::process::id()));
        std::fs::write(&path, "one\ntwo\nthree\n").unwrap();
        assert_eq!(last_lines(&path, 0).unwrap(), (14, 0));
        assert_eq!(last_lines(&path, 1).unwrap(), (8, 1));
        assert_eq!(last_lines(&path, 2).unwrap(), (4, 2));
        assert_eq!(last_lines(&path, 9).unwrap(), (0, 3));
        std::fs::write(&path, "one\ntwo").unwrap();
        assert_eq!(last_lines(&path, 1).unwrap(), (4, 1));
        std::fs::write(&path, "line\n".repeat(50_000)).unwrap();
        assert_eq!(last_lines(&path, 40_000).unwrap(), (50_000, 40_000));
        std::fs::write(&path, "").unwrap();
        assert_eq!(last_lines(&path, 1).unwrap(), (0, 0));
        std::fs::remove_file(path).unwrap();
    }
}
