//! Texts that people and other programs write: variables of a container, moments, lines of logs, archives.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::time::Duration;

use stages::{Attributes, Settings};
use unix::Stamp;

use crate::borrowed::gunzip::Gunzip;
use crate::{line, moment};

/// An environment, `NAME=VALUE` after each NUL, which is a line of `fix-attrs.d`, too.
pub fn stages(data: &[u8]) {
    let lines: Vec<&[u8]> = data.split(|&byte| byte == 0).collect();
    let pairs = lines.iter().filter_map(|line| {
        let end = line.iter().position(|&byte| byte == b'=')?;
        Some((&line[..end], &line[end + 1..]))
    });
    let pairs: Vec<_> = pairs.collect();
    let (settings, complaints) = Settings::read(pairs.iter().copied());
    assert!(complaints.len() <= pairs.len());
    let reversed = Settings::read(pairs.iter().rev().copied());
    assert_eq!(format!("{settings:?}"), format!("{:?}", reversed.0), "the order of variables says nothing");
    for line in lines {
        if let Ok(Some(attributes)) = Attributes::parse(line) {
            assert!(attributes.path.starts_with(b"/") && !attributes.account.user.is_empty());
            assert!(attributes.file_mode <= 0o7777 && attributes.dir_mode <= 0o7777);
        }
    }
}

/// A moment as people write it, and lines of logs that begin with one.
pub fn moments(data: &[u8]) {
    let now = Stamp::from_unix(1_700_000_000, 5);
    for text in data.split(|&byte| byte == b'\n') {
        if let Ok(word) = std::str::from_utf8(text)
            && let Some(stamp) = moment::parse(word, now)
        {
            let _ = moment::shown(stamp);
            let _ = moment::length(moment::between(stamp, now));
        }
        let read = line::read(text);
        assert!(read.text.len() <= text.len() + 1);
        if read.stamp.is_none() {
            assert_eq!(&*read.text, text, "a line that says no moment is a line as it is");
        }
    }
    let _ = moment::length(Duration::from_millis(data.len() as u64));
}

/// An archive that may be damaged; and what was packed is unpacked.
pub fn gunzip(data: &[u8]) {
    let mut out = Vec::new();
    // It ends, with more or less of it, or says what is wrong.
    let damaged = Gunzip::new(file(data)).take(1 << 20).read_to_end(&mut out).is_err();
    assert!(damaged || out.len() <= 1 << 20);
    let packed = pack(data);
    let mut again = Vec::new();
    let whole = Gunzip::new(file(&packed)).read_to_end(&mut again);
    assert!(whole.is_ok() && again == data);
}

/// A file that nobody else sees.
fn file(bytes: &[u8]) -> File {
    let path = std::env::temp_dir().join(format!("suite-fuzz-archive.{}", std::process::id()));
    let mut options = File::options();
    let mut file =
        options.read(true).write(true).create(true).truncate(true).open(&path).expect("it can be made");
    let _ = std::fs::remove_file(path);
    file.write_all(bytes).and_then(|()| file.rewind()).expect("it can be written");
    file
}

/// An archive of one member.
fn pack(text: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    packed.extend(miniz_oxide::deflate::compress_to_vec(text, 6));
    packed.extend(sum(text).to_le_bytes());
    packed.extend((text.len() as u32).to_le_bytes());
    packed
}

/// The checksum of RFC 1952, 8.
fn sum(text: &[u8]) -> u32 {
    let shift = |sum: u32| if sum & 1 == 1 { 0xedb8_8320 ^ sum >> 1 } else { sum >> 1 };
    let add = |sum: u32, byte: &u8| (0..8).fold(sum ^ u32::from(*byte), |sum, _| shift(sum));
    !text.iter().fold(u32::MAX, add)
}
