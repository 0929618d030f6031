//! Numbers as daemontools and runit read them.

/// The number that `text` begins with, 0 if it begins with none, and what follows it.
pub(crate) fn leading(text: &[u8]) -> (u64, &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let add = |number: u64, digit: &u8| number.saturating_mul(10).saturating_add((digit - b'0').into());
    (digits.iter().fold(0, add), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_number_is_left() {
        assert_eq!(leading(b"12k"), (12, &b"k"[..]));
        assert_eq!(leading(b"x"), (0, &b"x"[..]));
        assert_eq!(leading(b"99999999999999999999999"), (u64::MAX, &b""[..]));
    }
}
