//! A file of a log: as it is, or compressed with gzip (RFC 1952).

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use sys::guard;

use super::files::Identity;
use super::gunzip::{Gunzip, MAGIC};

/// Bytes that are looked at at a time, from the end on.
const BLOCK: u64 = 64 * 1024;

/// A file that is read.
#[derive(Debug)]
pub(crate) enum Source {
    /// As it is.
    Plain(File),
    /// Compressed.
    Packed(Gunzip),
}

impl Source {
    /// Opens a file, which may be compressed if it is an archive; and which file it is.
    ///
    /// # Errors
    /// What open(2) says; it is what another user has planted.
    pub(crate) fn open(path: &Path, is_archive: bool) -> io::Result<(Source, Identity)> {
        let file = guard::open_to_read(path)?;
        let info = file.metadata()?;
        let source = match is_archive && is_packed(&file) {
            true => unpack(file),
            false => Source::Plain(file),
        };
        Ok((source, (info.dev(), info.ino())))
    }

    /// The bytes of it, unpacked.
    pub(crate) fn length(&self) -> u64 {
        let file = match self {
            Source::Plain(file) => return file.metadata().map_or(0, |info| info.len()),
            Source::Packed(decoder) => decoder.file(),
        };
        unpacked_length(file).unwrap_or(0)
    }

    /// The same, of the archive at `path`.
    pub(crate) fn length_at(path: &Path) -> Option<u64> {
        Source::open(path, true).ok().map(|(source, _)| source.length())
    }

    /// The next bytes; 0: the end, for now.
    ///
    /// # Errors
    /// What read(2) says; the archive is damaged.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = match self {
                Source::Plain(file) => file.read(buffer),
                Source::Packed(decoder) => decoder.read(buffer),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    /// A file that was emptied in place is read from its beginning.
    ///
    /// # Errors
    /// What fstat(2) and lseek(2) say.
    pub(crate) fn rewind_if_emptied(&mut self) -> io::Result<()> {
        if let Source::Plain(file) = self
            && file.metadata()?.len() < file.stream_position()?
        {
            file.rewind()?;
        }
        Ok(())
    }

    /// Goes to where its last `most` lines begin, and gives how many there are.
    ///
    /// # Errors
    /// What read(2) says; the archive is damaged.
    pub(crate) fn go_to_last_lines(self, most: usize) -> io::Result<(Source, usize)> {
        match self {
            Source::Plain(mut file) => {
                let (from, count) = last_lines(&file, most)?;
                file.seek(SeekFrom::Start(from))?;
                Ok((Source::Plain(file), count))
            }
            Source::Packed(mut decoder) => {
                let (from, count) = last_packed_lines(&mut decoder, most);
                let mut file = decoder.into_file();
                file.rewind()?;
                let mut source = unpack(file);
                source.skip(from)?;
                Ok((source, count))
            }
        }
    }

    fn skip(&mut self, mut count: u64) -> io::Result<()> {
        let mut buffer = vec![0; BLOCK as usize];
        while count > 0 {
            let most = count.min(BLOCK) as usize;
            match self.read(&mut buffer[..most])? {
                0 => return Ok(()),
                read => count -= read as u64,
            }
        }
        Ok(())
    }
}

fn unpack(file: File) -> Source {
    Source::Packed(Gunzip::new(file))
}

fn is_packed(file: &File) -> bool {
    let mut first = [0; MAGIC.len()];
    file.read_exact_at(&mut first, 0).is_ok() && first == MAGIC
}

/// The last four bytes say it, modulo 2^32.
fn unpacked_length(file: &File) -> io::Result<u64> {
    let mut last = [0; 4];
    file.read_exact_at(&mut last, file.metadata()?.len().saturating_sub(4))?;
    Ok(u32::from_le_bytes(last).into())
}

/// Where the last `most` lines of an archive begin, and how many there are; of a damaged one, those that can be read.
fn last_packed_lines(decoder: &mut impl Read, most: usize) -> (u64, usize) {
    let (mut begins, mut at, mut is_begin) = (VecDeque::new(), 0, true);
    let mut buffer = vec![0; BLOCK as usize];
    while let Ok(count @ 1..) = decoder.read(&mut buffer) {
        for &byte in &buffer[..count] {
            if is_begin {
                begins.push_back(at);
            }
            if begins.len() > most {
                begins.pop_front();
            }
            is_begin = byte == b'\n';
            at += 1;
        }
    }
    (begins.front().copied().unwrap_or(at), begins.len())
}

/// Where the last `most` lines of a file begin, and how many there are.
fn last_lines(file: &File, most: usize) -> io::Result<(u64, usize)> {
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

    const TEXTS: [&str; 4] = ["one\ntwo\nthree\n", "one\ntwo", "", "\n\n"];

    /// What the last lines of a source are, and how many.
    fn last(source: Source, most: usize) -> (String, usize) {
        let (mut source, count) = source.go_to_last_lines(most).unwrap();
        let (mut text, mut buffer) = (Vec::new(), [0; 7]);
        while let count @ 1.. = source.read(&mut buffer).unwrap() {
            text.extend_from_slice(&buffer[..count]);
        }
        (String::from_utf8(text).unwrap(), count)
    }

    #[test]
    fn last_lines_are_the_same_of_a_file_and_of_its_archive() {
        let path = std::env::temp_dir().join(format!("svctl-source-{}", std::process::id()));
        let long = "a line of some length\n".repeat(50_000);
        for text in TEXTS.into_iter().chain([long.as_str()]) {
            let packed = crate::logs::gunzip::pack(text.as_bytes());
            for most in [0, 1, 2, 3, 9, 40_000] {
                std::fs::write(&path, text).unwrap();
                let plain = Source::open(&path, true).unwrap().0;
                assert_eq!(plain.length(), text.len() as u64);
                let plain = last(plain, most);
                std::fs::write(&path, &packed).unwrap();
                let unpacked = Source::open(&path, true).unwrap().0;
                assert!(matches!(unpacked, Source::Packed(_)));
                assert_eq!(unpacked.length(), text.len() as u64);
                assert_eq!(last(unpacked, most), plain, "{most} of {:.40}", text);
            }
        }
        std::fs::write(&path, "one\ntwo\nthree\n").unwrap();
        assert_eq!(last(Source::open(&path, false).unwrap().0, 2), ("two\nthree\n".into(), 2));
        std::fs::remove_file(path).unwrap();
    }
}
