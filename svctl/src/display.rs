//! Names on a terminal: bytes become characters that cannot write on it, of a known width.

use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;

/// A name as it can be shown: control characters, those that turn the direction of writing, and bytes that
/// are not UTF-8 become `\x1b` or `\u{202e}`.
pub(crate) fn shown(name: impl AsRef<OsStr>) -> String {
    shown_bytes(name.as_ref().as_bytes())
}

fn shown_bytes(name: &[u8]) -> String {
    let mut text = String::new();
    for chunk in name.utf8_chunks() {
        for c in chunk.valid().chars() {
            // Writing to a String cannot fail.
            let _ = match c {
                c if c.is_ascii_control() => write!(text, "\\x{:02x}", u32::from(c)),
                c if c.is_control() || turns(c) => write!(text, "\\u{{{:x}}}", u32::from(c)),
                c => text.write_char(c),
            };
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// Line and paragraph separators, and what turns the direction (Unicode Standard Annex 9).
fn turns(c: char) -> bool {
    matches!(u32::from(c), 0x061c | 0x200e | 0x200f | 0x2028..=0x202e | 0x2066..=0x2069)
}

/// Columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// The text, or as much of it as goes into `most` columns with an ellipsis.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut taken = 0;
    let fitting = text.chars().take_while(|&c| {
        taken += columns(c);
        taken < most
    });
    let mut cut: String = fitting.collect();
    if most > 0 {
        cut.push('\u{2026}');
    }
    cut
}

/// Columns that a character takes: 2 for those that East Asian terminals draw wide and for pictures, 0 for
/// marks that are put on the character before them.
///
/// Source: Unicode Standard Annex 11, `EastAsianWidth.txt`, in ranges that are a little coarser.
fn columns(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036f
        | 0x0483..=0x0489
        | 0x0591..=0x05bd
        | 0x0610..=0x061a
        | 0x064b..=0x065f
        | 0x1ab0..=0x1aff
        | 0x1dc0..=0x1dff
        | 0x200b..=0x200d
        | 0x20d0..=0x20ff
        | 0xfe00..=0xfe0f
        | 0xfe20..=0xfe2f => 0,
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xa960..=0xa97c
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff01..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f680..=0x1f6ff
        | 0x1f900..=0x1f9ff
        | 0x1fa70..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_cannot_write_on_the_terminal() {
        assert_eq!(shown("web"), "web");
        assert_eq!(shown("we\nb\x1b[2J"), "we\\x0ab\\x1b[2J");
        assert_eq!(shown(OsStr::from_bytes(b"a\xffb\xc3")), "a\\xffb\\xc3");
        assert_eq!(shown("a\u{202e}b\u{9b}c"), "a\\u{202e}b\\u{9b}c");
        assert_eq!(shown("gr\u{fc}n"), "gr\u{fc}n");
    }

    #[test]
    fn wide_characters_take_two_columns_and_marks_none() {
        assert_eq!(width("web"), 3);
        assert_eq!(width("\u{65e5}\u{672c}"), 4);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(width("\u{1f680}"), 2);
    }

    #[test]
    fn text_is_cut_to_columns_not_to_bytes() {
        assert_eq!(cut("web", 3), "web");
        assert_eq!(cut("webserver", 4), "web\u{2026}");
        assert_eq!(cut("\u{65e5}\u{672c}\u{8a9e}", 4), "\u{65e5}\u{2026}");
        assert_eq!(cut("web", 1), "\u{2026}");
        assert_eq!(cut("web", 0), "");
    }
}
