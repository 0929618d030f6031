//! What was compressed with gzip, read: any number of members, one after the other (RFC 1952).

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

/// What a member begins with: its magic number, and the only method there is.
pub(crate) const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// Parts that a header may have, by the bits of its flags.
const CHECKSUM: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;

/// A file that is read unpacked.
pub(crate) struct Gunzip {
    file: BufReader<File>,
    state: Box<InflateState>,
    /// A member has begun: its CRC-32, inverted, and its length up to now.
    member: Option<(u32, u32)>,
}

impl std::fmt::Debug for Gunzip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gunzip").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Gunzip {
    /// At the beginning of `file`.
    pub(crate) fn new(file: File) -> Gunzip {
        Gunzip { file: BufReader::new(file), state: InflateState::new_boxed(DataFormat::Raw), member: None }
    }

    /// The file.
    pub(crate) fn file(&self) -> &File {
        self.file.get_ref()
    }

    /// The file, somewhere.
    pub(crate) fn into_file(self) -> File {
        self.file.into_inner()
    }

    /// Reads the header of the next member; `false`: there is none.
    fn begin(&mut self) -> io::Result<bool> {
        if self.file.fill_buf()?.is_empty() {
            return Ok(false);
        }
        let [a, b, c, flags, ..]: [u8; 10] = self.bytes()?;
        if [a, b, c] != MAGIC {
            return Err(damaged("no header"));
        }
        if flags & EXTRA != 0 {
            for _ in 0..u16::from_le_bytes(self.bytes()?) {
                let [_] = self.bytes()?;
            }
        }
        for text in [NAME, COMMENT] {
            while flags & text != 0 && self.bytes()? != [0] {}
        }
        if flags & CHECKSUM != 0 {
            let [_, _] = self.bytes()?;
        }
        self.state.reset(DataFormat::Raw);
        self.member = Some((u32::MAX, 0));
        Ok(true)
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn end(&mut self, sum: u32, length: u32) -> io::Result<()> {
        self.member = None;
        let (its_sum, its_length) = (u32::from_le_bytes(self.bytes()?), u32::from_le_bytes(self.bytes()?));
        if (!sum, length) == (its_sum, its_length) { Ok(()) } else { Err(damaged("wrong checksum")) }
    }
}

impl Read for Gunzip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.member.is_none() && !self.begin()? {
                return Ok(0);
            }
            let Some((sum, length)) = self.member else { return Ok(0) };
            let input = self.file.fill_buf()?;
            let is_end = input.is_empty();
            let done = inflate(&mut self.state, input, buffer, MZFlush::None);
            self.file.consume(done.bytes_consumed);
            let read = done.bytes_written;
            let (sum, length) = (add(sum, &buffer[..read]), length.wrapping_add(read as u32));
            self.member = Some((sum, length));
            match done.status {
                Ok(MZStatus::StreamEnd) => self.end(sum, length)?,
                Ok(_) | Err(MZError::Buf) if read > 0 || !is_end => {}
                Ok(_) | Err(MZError::Buf) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Err(_) => return Err(damaged("nothing that was compressed")),
            }
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
        }
    }
}

fn damaged(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// What four bits do to a CRC-32 (RFC 1952, section 8).
const TABLE: [u32; 16] = {
    let mut table = [0; 16];
    let mut bits = 0;
    while bits < 16 {
        let (mut sum, mut bit) = (bits as u32, 0);
        while bit < 4 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
            bit += 1;
        }
        table[bits] = sum;
        bits += 1;
    }
    table
};

fn add(sum: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(sum, |sum, &byte| {
        let sum = sum ^ u32::from(byte);
        let sum = (sum >> 4) ^ TABLE[(sum & 15) as usize];
        (sum >> 4) ^ TABLE[(sum & 15) as usize]
    })
}

/// A member, for tests.
#[cfg(test)]
pub(crate) fn pack(text: &[u8]) -> Vec<u8> {
    let mut packed = [&MAGIC[..], &[0, 0, 0, 0, 0, 0, 255]].concat();
    packed.extend(miniz_oxide::deflate::compress_to_vec(text, 6));
    packed.extend((!add(u32::MAX, text)).to_le_bytes());
    packed.extend((text.len() as u32).to_le_bytes());
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, bytes: &[u8]) -> (Vec<u8>, Option<io::ErrorKind>) {
        let path = std::env::temp_dir().join(format!("svctl-gunzip-{name}-{}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        let mut file = Gunzip::new(File::open(&path).unwrap());
        std::fs::remove_file(path).unwrap();
        let mut text = Vec::new();
        let error = file.read_to_end(&mut text).err().map(|error| error.kind());
        (text, error)
    }

    #[test]
    fn checksum_is_the_one_of_the_standard() {
        assert_eq!(!add(u32::MAX, b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn members_are_read_one_after_the_other_whatever_their_headers_have() {
        let mut second = pack(b"two\n");
        second[3] = CHECKSUM | EXTRA | NAME | COMMENT;
        second.splice(10..10, *b"\x02\x00xxname\0comment\0cc");
        let bytes = [pack(b"one\n"), second, pack(b""), pack(&[b'3'; 100_000])].concat();
        assert_eq!(read("members", &bytes), ([b"one\ntwo\n", &[b'3'; 100_000][..]].concat(), None));
    }

    #[test]
    fn damage_is_noticed() {
        let whole = pack(&b"a line of text\n".repeat(1000));
        for end in 1..whole.len() {
            assert_eq!(read("short", &whole[..end]).1, Some(io::ErrorKind::UnexpectedEof), "{end}");
        }
        for at in 10..whole.len() {
            let mut other = whole.clone();
            other[at] ^= 0x10;
            // Another way to write the same is no damage.
            let (text, error) = read("other", &other);
            assert!(error.is_some() || text == b"a line of text\n".repeat(1000), "{at}");
        }
        assert_eq!(
            read("tail", &[&whole[..], b"more and more"].concat()).1,
            Some(io::ErrorKind::InvalidData)
        );
    }
}
