//! Lines as objects of JSON (RFC 8259), each on a line of its own.
//!
//! ```text
//! {"time":"2026-11-20T21:04:05.123456789Z","service":"web","stream":"stderr","message":"…"}
//! ```
//!
//! What is no UTF-8 becomes U+FFFD, so that every line is valid whatever comes in. An object that has not all of a line
//! says so: `"begins":false`, what it has does not begin a line; `"ends":false`, it does not end it.

use alloc::vec::Vec;

use crate::{Iso, Moment, Piece};

/// What the objects say beside the time and the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Json {
    /// The service; empty: it is not named.
    pub service: Vec<u8>,
    /// The stream that the lines come from; empty: it is not known.
    pub stream: Vec<u8>,
}

/// Bytes that are looked at together.
const BLOCK: usize = 32;

/// U+FFFD in UTF-8.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

impl Json {
    /// Everything up to the message.
    pub(crate) fn write_head(&self, iso: Iso, moment: &Moment, head: &mut Vec<u8>) {
        head.extend_from_slice(b"{\"time\":\"");
        iso.write(moment, head);
        let members: [(&[u8], &[u8]); 2] =
            [(b"\",\"service\":\"", &self.service), (b"\",\"stream\":\"", &self.stream)];
        for (name, value) in members.into_iter().filter(|(_, value)| !value.is_empty()) {
            head.extend_from_slice(name);
            escape(value, head);
        }
        head.extend_from_slice(b"\",\"message\":\"");
    }
}

/// Everything after the message.
pub(crate) fn tail(is_cut_before: bool, is_cut_after: bool) -> &'static [u8] {
    match (is_cut_before, is_cut_after) {
        (false, false) => b"\"}",
        (false, true) => b"\",\"ends\":false}",
        (true, false) => b"\",\"begins\":false}",
        (true, true) => b"\",\"begins\":false,\"ends\":false}",
    }
}

/// The message, piece after piece of a line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    /// The text of the piece that comes now,
    text: Vec<u8>,
    /// if some action has asked for it.
    is_known: bool,
    /// The beginning of a character whose end is in the next piece of the same line: it belongs there.
    held: Vec<u8>,
}

impl Message {
    /// Another piece comes.
    #[inline]
    pub(crate) fn forget(&mut self) {
        if !self.is_known {
            // The last piece was for nobody, and so is what was held before it.
            self.held.clear();
        }
        self.is_known = false;
    }

    /// The text of the piece that comes now.
    pub(crate) fn of(&mut self, piece: &Piece<'_>) -> &[u8] {
        if !self.is_known {
            self.is_known = true;
            self.write(piece);
        }
        &self.text
    }

    fn write(&mut self, piece: &Piece<'_>) {
        self.text.clear();
        if !piece.is_cut_before {
            self.held.clear();
        }
        let mut joined = core::mem::take(&mut self.held);
        let mut bytes = piece.text;
        if !joined.is_empty() {
            joined.extend_from_slice(bytes);
            bytes = &joined;
        }
        if piece.is_cut_after {
            let (whole, begun) = bytes.split_at(bytes.len() - unfinished(bytes));
            bytes = whole;
            self.held = begun.to_vec();
        }
        escape(bytes, &mut self.text);
    }
}

/// How many bytes at the end are the beginning of a character.
fn unfinished(bytes: &[u8]) -> usize {
    let last = bytes.utf8_chunks().last().map_or(&b""[..], |chunk| chunk.invalid());
    let is_begun = core::str::from_utf8(last).is_err_and(|error| error.error_len().is_none());
    if is_begun { last.len() } else { 0 }
}

/// Appends `bytes` as they stand in a string.
fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    // Far quicker than to look for what is no UTF-8.
    if core::str::from_utf8(bytes).is_ok() {
        return escape_valid(bytes, out);
    }
    for chunk in bytes.utf8_chunks() {
        escape_valid(chunk.valid().as_bytes(), out);
        if !chunk.invalid().is_empty() {
            out.extend_from_slice(REPLACEMENT);
        }
    }
}

fn escape_valid(mut text: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = special(text) {
        out.extend_from_slice(&text[..at]);
        let short = match text[at] {
            b'\t' => b't',
            b'\r' => b'r',
            b'\n' => b'n',
            control @ 0..b' ' => {
                let digit = |number: u8| b"0123456789abcdef"[usize::from(number)];
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(control >> 4), digit(control & 15)]);
                text = &text[at + 1..];
                continue;
            }
            itself => itself,
        };
        out.extend_from_slice(&[b'\\', short]);
        text = &text[at + 1..];
    }
    out.extend_from_slice(text);
}

/// Where the first byte is that does not stand for itself in a string.
fn special(text: &[u8]) -> Option<usize> {
    let is_special = |&byte: &u8| (byte < b' ') | (byte == b'"') | (byte == b'\\');
    // Without a way out of its middle, a block is looked at in a few moves.
    let is_plain = |block: &&[u8]| !block.iter().fold(false, |found, byte| found | is_special(byte));
    let from = BLOCK * text.chunks_exact(BLOCK).take_while(is_plain).count();
    text[from..].iter().position(is_special).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn messages(pieces: &[&[u8]]) -> String {
        let (mut message, mut out) = (Message::default(), Vec::new());
        for (i, text) in pieces.iter().enumerate() {
            let is_cut_after = i + 1 < pieces.len();
            let piece = Piece { is_cut_before: i > 0, is_cut_after, ..Piece::line(text) };
            message.forget();
            out.extend_from_slice(message.of(&piece));
            assert!(out.ends_with(message.of(&piece)), "the same for each action");
        }
        String::from_utf8(out).expect("valid whatever comes in")
    }

    #[test]
    fn what_has_a_meaning_is_escaped() {
        assert_eq!(messages(&[b"a\"b\\c\td\r\0\x1f\x7f/"]), "a\\\"b\\\\c\\td\\r\\u0000\\u001f\x7f/");
        assert_eq!(messages(&["grüße 🦀".as_bytes()]), "grüße 🦀");
    }

    #[test]
    fn what_has_a_meaning_is_found_wherever_it_stands() {
        for at in 0..200 {
            let mut text = [b'x'; 200];
            assert_eq!(special(&text[..at]), None);
            text[at] = b'"';
            assert_eq!(special(&text), Some(at));
        }
    }

    #[test]
    fn what_is_no_utf8_is_replaced() {
        assert_eq!(messages(&[b"a\xffb\xc3"]), "a\u{fffd}b\u{fffd}");
        // A surrogate, and a code point that is none.
        assert_eq!(messages(&[b"\xed\xa0\x80\xf5"]), "\u{fffd}\u{fffd}\u{fffd}\u{fffd}");
    }

    #[test]
    fn beginning_of_a_character_goes_with_the_piece_that_was_for_nobody() {
        let mut message = Message::default();
        let piece = |text| Piece { is_cut_before: true, is_cut_after: true, ..Piece::line(text) };
        assert_eq!(message.of(&piece(b"a\xc3")), b"a");
        message.forget();
        message.forget();
        assert_eq!(message.of(&piece(b"b")), b"b");
    }

    #[test]
    fn character_that_was_cut_stays_one() {
        let crab = "🦀".as_bytes();
        assert_eq!(messages(&[&crab[..1], &crab[1..3], &crab[3..]]), "🦀");
        assert_eq!(messages(&[&crab[..3], b"x"]), "\u{fffd}x");
        assert_eq!(messages(&[b"\xff", b"\xff"]), "\u{fffd}\u{fffd}");
    }
}
