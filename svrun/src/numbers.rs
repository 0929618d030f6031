//! Values of options that are numbers, ranges and lists.

use std::ffi::OsStr;

use cli::Failure;

/// A value that is not what it should be.
pub(crate) fn wrong(value: &OsStr, what: &str) -> Failure {
    Failure::Usage(format!("{} is not {what}", value.display()).into())
}

/// The text of a value.
pub(crate) fn text<'a>(value: &'a OsStr, what: &str) -> Result<&'a str, Failure> {
    value.to_str().ok_or_else(|| wrong(value, what))
}

/// A number with or without a sign.
pub(crate) fn signed(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// A number of digits alone.
pub(crate) fn plain<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// `1,3-5,8-`: ranges, the last one up to `end`.
pub(crate) fn ranges(text: &str, end: u32) -> Option<Vec<(u32, u32)>> {
    let range = |part: &str| match part.split_once('-') {
        None => plain(part).map(|number| (number, number)),
        Some((first, "")) => Some((plain(first)?, end)),
        Some((first, last)) => Some((plain(first)?, plain(last)?)),
    };
    text.split(',').map(|part| range(part).filter(|(first, last)| first <= last && *last <= end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_numbers_and_what_lies_between() {
        assert_eq!(ranges("0,2-4,7-", 9), Some(vec![(0, 0), (2, 4), (7, 9)]));
        for text in ["", ",", "1,", "a", "-", "-3", "4-2", "10", "1-10", "+1"] {
            assert_eq!(ranges(text, 9), None, "{text}");
        }
    }

    #[test]
    fn signs_are_for_signed_numbers() {
        let signed = ["-5", "+5", "5", "-", "", "--5", "5x"].map(signed);
        assert_eq!(signed, [Some(-5), Some(5), Some(5), None, None, None, None]);
        assert_eq!(plain::<u8>("+5").or(plain("256")), None);
    }
}
