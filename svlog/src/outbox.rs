//! Bytes on their way out of the program.

/// From so many bytes on nothing more is put in before something went out.
pub(crate) const FULL: usize = 64 * 1024;

/// Bytes that were put in and have not yet gone out. It grows by at most one line beyond [`FULL`].
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    /// What has not yet gone out: from here on,
    begin: usize,
    /// up to here.
    end: usize,
}

impl Outbox {
    /// Puts bytes in.
    #[inline]
    pub(crate) fn put<const N: usize>(&mut self, parts: &[&[u8]; N]) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if self.end + length > self.bytes.len() {
            self.make_room(length);
        }
        for part in parts {
            let end = self.end + part.len();
            copy(&mut self.bytes[self.end..end], part);
            self.end = end;
        }
    }

    #[cold]
    fn make_room(&mut self, length: usize) {
        self.bytes.copy_within(self.begin..self.end, 0);
        (self.begin, self.end) = (0, self.end - self.begin);
        if self.end + length > self.bytes.len() {
            // Twice as much as there is, but for the last step: a line more than FULL.
            let wanted = (2 * self.bytes.len()).clamp(1024, FULL + 1024);
            self.bytes.resize(wanted.max(self.end + length), 0);
        }
    }

    /// What has not yet gone out.
    pub(crate) fn pending(&self) -> &[u8] {
        &self.bytes[self.begin..self.end]
    }

    /// So many bytes have gone out.
    pub(crate) fn advance(&mut self, count: usize) {
        self.begin += count;
        if self.begin == self.end {
            self.clear();
        }
    }

    /// Drops what is in it.
    pub(crate) fn clear(&mut self) {
        (self.begin, self.end) = (0, 0);
        // One long line must not keep its memory.
        if self.bytes.len() > 2 * FULL {
            self.bytes = Vec::new();
        }
    }

    /// So many bytes are in it.
    pub(crate) fn waiting(&self) -> usize {
        self.end - self.begin
    }

    /// Nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.begin == self.end
    }

    /// Nothing more may be put in.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.end - self.begin >= FULL
    }
}

/// Copies bytes: short ones, as the parts of lines are, in a few moves. A call of memcpy(3) for each part is a third of
/// the time of a line.
#[inline]
fn copy(to: &mut [u8], from: &[u8]) {
    match from.len() {
        0 => {}
        1 => to[0] = from[0],
        16..=32 => both_ends::<16>(to, from),
        33..=64 => both_ends::<32>(to, from),
        65..=128 => both_ends::<64>(to, from),
        _ => to.copy_from_slice(from),
    }
}

/// Copies N bytes from both ends, which may meet.
#[inline]
fn both_ends<const N: usize>(to: &mut [u8], from: &[u8]) {
    if let (Some(to), Some(from)) = (to.first_chunk_mut::<N>(), from.first_chunk::<N>()) {
        *to = *from;
    }
    if let (Some(to), Some(from)) = (to.last_chunk_mut::<N>(), from.last_chunk::<N>()) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_in_order() {
        let mut outbox = Outbox::default();
        outbox.put(&[b"one", b"\n"]);
        outbox.advance(2);
        outbox.put(&[b"two"]);
        assert_eq!(outbox.pending(), b"e\ntwo");
        outbox.advance(5);
        assert!(outbox.is_empty());
    }

    #[test]
    fn it_is_full_by_what_has_not_gone_out() {
        let mut outbox = Outbox::default();
        outbox.put(&[&vec![b'x'; FULL]]);
        assert!(outbox.is_full());
        outbox.advance(1);
        assert!(!outbox.is_full());
        outbox.put(&[b"y"]);
        outbox.advance(FULL - 1);
        assert_eq!(outbox.pending(), b"y");
    }

    #[test]
    fn every_length_is_copied_whole() {
        let from: Vec<u8> = (0..=255).collect();
        for length in 0..=255 {
            let mut outbox = Outbox::default();
            outbox.put(&[&from[..length], b"|"]);
            assert_eq!(outbox.pending(), [&from[..length], b"|"].concat(), "{length}");
        }
    }
}
