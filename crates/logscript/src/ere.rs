//! POSIX extended regular expressions, in the syntax of `regex-lite`, which has another one.
//!
//! What comes out means what POSIX says. Where POSIX leaves the meaning open, it is that of the regcomp(3) of glibc: a
//! `)` without its `(` is itself, `a**` is `a*`, alternatives may be empty, `*` with nothing before it is refused, `\w`,
//! `\s`, `\b`, `\<` and their like are known, `\d` is a `d`. No `(?`, no lazy `*?`. A byte is a character, that with its
//! number: a script knows of no locale.
//!
//! Refused on purpose: back references, which cost exponential time.
//!
//! Source: POSIX.1-2024, XBD 9.4; regcomp(3) of glibc 2.41.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use crate::bracket::{self, Bytes};

/// The most repetitions that `{}` can ask for: `RE_DUP_MAX` of glibc.
const MOST: u32 = 32767;

/// The most groups in one another, and repetitions of one another.
const DEEPEST: usize = 40;

/// Why a pattern is none.
type Why = &'static str;

const NOTHING: Why = "nothing stands before a repetition";
const DEEP: Why = "it is nested too deeply";
const BOUNDS: Why = "a { is not followed by numbers and }";

/// The same pattern for `regex-lite`, on text in which each byte is the character with its number.
///
/// # Errors
/// It is no extended regular expression, or has a back reference.
pub(crate) fn translate(text: &[u8]) -> Result<String, Why> {
    let mut translator = Translator { rest: text, out: "(?s)".into(), groups: Vec::new(), atom: None };
    while let Some((&byte, rest)) = translator.rest.split_first() {
        translator.rest = rest;
        translator.next(byte)?;
    }
    if translator.groups.is_empty() { Ok(translator.out) } else { Err("a ( has no )") }
}

struct Translator<'a> {
    rest: &'a [u8],
    out: String,
    /// Where in `out` each group begins that has not ended.
    groups: Vec<usize>,
    /// What can be repeated.
    atom: Option<Atom>,
}

/// What can be repeated: the end of `out`, from here on.
#[derive(Clone, Copy)]
struct Atom {
    begin: usize,
    /// So many repetitions of one another it is already.
    repeated: usize,
}

impl Translator<'_> {
    fn next(&mut self, byte: u8) -> Result<(), Why> {
        match byte {
            b'\\' => self.escape()?,
            b'[' => {
                let (set, rest) = bracket::parse(self.rest)?;
                self.rest = rest;
                self.set(&set);
            }
            b'(' if self.groups.len() == DEEPEST => return Err(DEEP),
            b'(' => {
                self.groups.push(self.out.len());
                self.glue("(?:");
            }
            b')' => match self.groups.pop() {
                Some(begin) => {
                    self.out.push(')');
                    self.atom = Some(Atom { begin, repeated: 0 });
                }
                None => self.byte(byte),
            },
            b'|' => self.glue("|"),
            b'^' => self.glue(r"\A"),
            b'$' => self.glue(r"\z"),
            b'.' => self.atom(|out| out.push('.')),
            b'*' => self.repeat("*")?,
            b'+' => self.repeat("+")?,
            b'?' => self.repeat("?")?,
            b'{' => {
                let bounds = self.bounds()?;
                self.repeat(&bounds)?;
            }
            _ => self.byte(byte),
        }
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Why> {
        let (&byte, rest) = self.rest.split_first().ok_or(r"it ends with a \")?;
        self.rest = rest;
        match byte {
            b'1'..=b'9' => return Err("back references are not supported"),
            b'w' => self.set_of(is_word),
            b'W' => self.set_of(|b| !is_word(b)),
            b's' => self.set_of(bracket::is_space),
            b'S' => self.set_of(|b| !bracket::is_space(b)),
            b'b' => self.glue(r"\b"),
            b'B' => self.glue(r"\B"),
            b'<' => self.glue(r"\b{start}"),
            b'>' => self.glue(r"\b{end}"),
            b'`' => self.glue(r"\A"),
            b'\'' => self.glue(r"\z"),
            _ => self.byte(byte),
        }
        Ok(())
    }

    /// Puts in what cannot be repeated.
    fn glue(&mut self, text: &str) {
        self.out.push_str(text);
        self.atom = None;
    }

    /// Puts in what can be repeated.
    fn atom(&mut self, write: impl FnOnce(&mut String)) {
        self.atom = Some(Atom { begin: self.out.len(), repeated: 0 });
        write(&mut self.out);
    }

    fn byte(&mut self, byte: u8) {
        self.atom(|out| write_byte(out, byte));
    }

    fn set_of(&mut self, has: fn(u8) -> bool) {
        self.set(&core::array::from_fn(|b| has(b as u8)));
    }

    fn set(&mut self, set: &Bytes) {
        self.atom(|out| write_set(out, set));
    }

    fn repeat(&mut self, how: &str) -> Result<(), Why> {
        let Some(Atom { begin, repeated }) = self.atom else { return Err(NOTHING) };
        if repeated == DEEPEST {
            return Err(DEEP);
        }
        // A ? or a + after a repetition would make it another one.
        if repeated > 0 {
            self.out.insert_str(begin, "(?:");
            self.out.push(')');
        }
        self.out.push_str(how);
        self.atom = Some(Atom { begin, repeated: repeated + 1 });
        Ok(())
    }

    /// `{n}`, `{n,}`, `{,m}` or `{n,m}`, of which the `{` was taken.
    fn bounds(&mut self) -> Result<String, Why> {
        let end = self.rest.iter().position(|&b| b == b'}').ok_or("a { has no }")?;
        let (inside, rest) = (&self.rest[..end], &self.rest[end + 1..]);
        self.rest = rest;
        let mut out = String::new();
        let _ = match inside.iter().position(|&b| b == b',') {
            None => write!(out, "{{{}}}", number(inside)?.ok_or(BOUNDS)?),
            Some(comma) => {
                let least = number(&inside[..comma])?.unwrap_or(0);
                match number(&inside[comma + 1..])? {
                    None => write!(out, "{{{least},}}"),
                    Some(most) if most < least => {
                        return Err("the bounds of a repetition are the wrong way round");
                    }
                    Some(most) => write!(out, "{{{least},{most}}}"),
                }
            }
        };
        Ok(out)
    }
}

/// A number of repetitions; `None`: nothing is said.
fn number(digits: &[u8]) -> Result<Option<u32>, Why> {
    let more = |sum: u32, digit: &u8| sum.saturating_mul(10).saturating_add(u32::from(digit - b'0'));
    match digits {
        [] => Ok(None),
        _ if !digits.iter().all(u8::is_ascii_digit) => Err(BOUNDS),
        _ => match digits.iter().fold(0, more) {
            number @ 0..=MOST => Ok(Some(number)),
            _ => Err("it asks for more than 32767 repetitions"),
        },
    }
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

/// A byte as the character with its number.
fn write_byte(out: &mut String, byte: u8) {
    if is_word(byte) || byte == b' ' {
        out.push(char::from(byte));
    } else {
        let _ = write!(out, r"\x{byte:02x}");
    }
}

fn write_set(out: &mut String, set: &Bytes) {
    if !set.contains(&true) {
        // There is no way to write an empty set: nothing comes after the end.
        return out.push_str(r"(?:\z.)");
    }
    out.push('[');
    let mut from = 0;
    while from < set.len() {
        let length = set[from..].iter().take_while(|is_in| **is_in).count();
        if length > 0 {
            let _ = write!(out, r"\x{from:02x}-\x{:02x}", from + length - 1);
        }
        from += length + 1;
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pattern;

    /// Whether each of the lines matches.
    fn matches<const N: usize>(pattern: &str, lines: [&str; N]) -> [bool; N] {
        let pattern = Pattern::extended(pattern.as_bytes()).unwrap_or_else(|bad| panic!("{pattern}: {bad}"));
        lines.map(|line| pattern.matches(line.as_bytes()))
    }

    #[test]
    fn what_other_syntaxes_know_is_itself_or_refused() {
        assert_eq!(matches(r"^\d$", ["d", "7"]), [true, false]);
        assert_eq!(matches("[\\d]", ["d", "\\", "7"]), [true, true, false]);
        assert_eq!(matches("[a&&b]", ["&", "a", "b"]), [true, true, true]);
        assert_eq!(matches("^a #b$", ["a #b"]), [true]);
        assert_eq!(matches(r"^\x41$", ["A", "x41"]), [false, true]);
        for pattern in ["(?:a)", "(?i)a", "(*a)"] {
            assert!(translate(pattern.as_bytes()).is_err(), "{pattern}");
        }
    }

    #[test]
    fn repetition_of_a_repetition_is_no_lazy_one() {
        assert_eq!(matches("^a*?$", ["", "aaa"]), [true, true]);
        assert_eq!(matches("^a**b+?$", ["aa", "aab", "b"]), [true, true, true]);
        assert_eq!(matches("^(ab){2}{2}$", ["abab", "abababab"]), [false, true]);
        assert_eq!(matches("^a{2}+$", ["aa", "aaa", "aaaa"]), [true, false, true]);
        assert_eq!(matches("^ab*{3}$", ["a", "abbbb", "abab"]), [true, true, false]);
    }

    #[test]
    fn anchors_are_anchors_wherever_they_stand() {
        assert_eq!(matches("a^b", ["a^b", "ab"]), [false, false]);
        assert_eq!(matches("(^a|b$)", ["ax", "xb", "xax"]), [true, true, false]);
        assert_eq!(matches("^$", ["", "a"]), [true, false]);
    }

    #[test]
    fn alternatives_may_be_empty_and_a_lone_parenthesis_is_itself() {
        assert_eq!(matches("^(a|)$", ["", "a", "b"]), [true, true, false]);
        assert_eq!(matches("|x", ["", "y"]), [true, true]);
        assert_eq!(matches("^()*a)$", ["a)"]), [true]);
        assert_eq!(matches("^a}$", ["a}"]), [true]);
    }

    #[test]
    fn bounds_are_those_of_glibc() {
        assert_eq!(matches("^a{,2}$", ["", "aa", "aaa"]), [true, true, false]);
        assert_eq!(matches("^a{2,}$", ["a", "aaaa"]), [false, true]);
        assert_eq!(matches("^a{,}$", ["", "aaaa"]), [true, true]);
        assert_eq!(matches("^xa{0}$", ["x", "xa"]), [true, false]);
        for pattern in
            ["a{", "a{1", "a{}", "a{x}", "a{2,1}", "a{1,2,3}", "a{32768}", "{1}", "a|{1}", "a{99999999999}"]
        {
            assert!(translate(pattern.as_bytes()).is_err(), "{pattern}");
        }
    }

    #[test]
    fn nothing_can_be_repeated_where_nothing_stands() {
        for pattern in ["*", "+a", "?", "(*)", "a|*", "^*", "a$+", r"\<*", "(", "a(b", r"a\", r"(a)\1"] {
            assert!(translate(pattern.as_bytes()).is_err(), "{pattern}");
        }
    }

    #[test]
    fn words_are_those_of_glibc() {
        assert_eq!(matches(r"\<ab\>", ["ab", "x ab.", "xab", "ab_"]), [true, true, false, false]);
        assert_eq!(matches(r"^\w+\s\S\W$", ["a_1 x!", "a x"]), [true, false]);
        assert_eq!(matches(r"a\Bb\b", ["ab", "a b", "abc"]), [true, false, false]);
        assert_eq!(matches(r"\`a\'", ["a", "aa"]), [true, false]);
    }

    #[test]
    fn set_may_have_any_byte_and_none() {
        let one = Pattern::extended(b"[^\x01-\\^-\xff]").unwrap();
        assert!(one.matches(b"]") && one.matches(b"\0") && !one.matches(b"a\xff"));
        let mut out = String::new();
        write_set(&mut out, &[false; 256]);
        assert!(!regex_lite::Regex::new(&out).unwrap().is_match("a"));
    }

    #[test]
    fn neither_depth_nor_size_can_eat_memory() {
        let deep = [&b"("[..]; 100_000].concat();
        let stars = [&b"a"[..], &[b'*'; 100_000]].concat();
        for pattern in
            [&deep[..], &stars, b"((a{1000}){1000}){1000}", b"(){1000}{1000}{1000}", b"(a{0}){32767}{32767}"]
        {
            assert!(Pattern::extended(pattern).is_err(), "{}", pattern[..20].escape_ascii());
        }
        assert!(Pattern::extended(b"^[0-9a-f]{1,255}$").is_ok());
    }
}
