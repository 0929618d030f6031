//! Compression without another program: from standard input to standard output, in a process of its own.
//!
//! A copy of the logger does it, so that reading never stops meanwhile, and its memory, 200 to 400 kB, goes with it.
//!
//! ```text
//! 1f 8b 08 00  00 00 00 00  00 ff | deflate | CRC-32 | length modulo 2^32       little-endian
//! ```
//!
//! Source: RFC 1952. The time in the header is 0, that the same lines give the same bytes.

use std::io;
use std::process;

use miniz_oxide::deflate::core::{CompressorOxide, create_comp_flags_from_zip_params};
use miniz_oxide::deflate::stream::deflate;
use miniz_oxide::{MZError, MZFlush, MZStatus};
use sys::file;

/// What is read and written at a time, in bytes.
const ROOM: usize = 16 * 1024;

/// The level of compression, 1 to 9, as of gzip(1).
const LEVEL: i32 = 6;

/// A window of 32 kB, and negative: nothing around the deflated bytes.
const RAW_WINDOW: i32 = -15;

const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// Compresses, and exits: 0 if all went well.
pub(crate) fn run() -> ! {
    if let Err(error) = compress() {
        cli::warn(format_args!("unable to compress: {}", cli::reason(&error)));
        process::exit(111);
    }
    process::exit(0);
}

fn compress() -> io::Result<()> {
    let (input, output, mut room) = (io::stdin(), io::stdout(), [0; ROOM]);
    let flags = create_comp_flags_from_zip_params(LEVEL, RAW_WINDOW, 0);
    let mut deflater = Box::new(CompressorOxide::new(flags));
    let (mut sum, mut length) = (Sum::default(), 0_u32);
    file::write_all(&output, &HEADER)?;
    loop {
        match sys::process::read(&input, &mut room)? {
            Some(0) => break,
            Some(count) => {
                sum.add(&room[..count]);
                length = length.wrapping_add(count as u32);
                feed(&mut deflater, &room[..count], MZFlush::None)?;
            }
            None => {}
        }
    }
    feed(&mut deflater, &[], MZFlush::Finish)?;
    file::write_all(&output, &sum.end().to_le_bytes())?;
    file::write_all(&output, &length.to_le_bytes())
}

/// Writes what comes of `bytes`; with `Finish` all that has not yet been written.
fn feed(deflater: &mut CompressorOxide, mut bytes: &[u8], flush: MZFlush) -> io::Result<()> {
    let mut room = [0; ROOM];
    loop {
        let done = deflate(deflater, bytes, &mut room, flush);
        file::write_all(io::stdout(), &room[..done.bytes_written])?;
        bytes = &bytes[done.bytes_consumed..];
        match done.status {
            Ok(MZStatus::StreamEnd) => return Ok(()),
            // It can do no more without further bytes.
            Err(MZError::Buf) if bytes.is_empty() => return Ok(()),
            Ok(_) if bytes.is_empty() && flush == MZFlush::None => return Ok(()),
            Ok(_) => {}
            Err(_) => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// A CRC-32 (RFC 1952, section 8), inverted as long as it grows.
#[derive(Clone, Copy)]
struct Sum(u32);

/// What each byte does to it.
const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut sum, mut bit) = (byte as u32, 0);
        while bit < 8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
            bit += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
}

impl Default for Sum {
    fn default() -> Sum {
        Sum(u32::MAX)
    }
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        let next = |sum: u32, &byte: &u8| sum >> 8 ^ TABLE[usize::from(sum as u8 ^ byte)];
        self.0 = bytes.iter().fold(self.0, next);
    }

    const fn end(self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sum_is_that_of_the_standard() {
        let mut sum = Sum::default();
        assert_eq!(sum.end(), 0);
        sum.add(b"12345");
        sum.add(b"6789");
        assert_eq!(sum.end(), 0xcbf4_3926);
    }
}
