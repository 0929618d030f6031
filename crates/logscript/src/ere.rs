//! POSIX extended regular expressions, read into a [`Program`].
//!
//! Where POSIX leaves the meaning open, it is that of the regcomp(3) of glibc: a `)` without its `(` is itself, `a**` is
//! `a*`, alternatives may be empty, `*` with nothing before it is refused, `\w`, `\s`, `\b`, `\<` and their like are
//! known, `\d` is a `d`. A byte is a character: a script knows of no locale.
//!
//! Refused on purpose: back references, which cost exponential time.
//!
//! Source: POSIX.1-2024, XBD 9.4; regcomp(3) of glibc 2.41.

use alloc::vec;
use alloc::vec::Vec;

use crate::bracket::{self, Bytes};
use crate::program::{Look, Program, Step, is_word};

/// The most repetitions that `{}` can ask for: `RE_DUP_MAX` of glibc.
const MOST: u32 = 32767;

/// The most groups in one another, and repetitions of one another.
const DEEPEST: usize = 40;

/// The most steps of a program, and the most sets of bytes in it.
const LARGEST: usize = 16_384;
const MOST_SETS: usize = 1024;

/// Why a pattern is none.
type Why = &'static str;

const NOTHING: Why = "nothing stands before a repetition";
const LARGE: Why = "it is too large";
const BOUNDS: Why = "a { is not followed by numbers and }";

/// The program that finds what `text` describes.
///
/// # Errors
/// It is no extended regular expression, has a back reference, or is too large.
pub(crate) fn compile(text: &[u8]) -> Result<Program, Why> {
    let all = Group { begin: 0, branch: 0, jumps: Vec::new() };
    let mut parser = Parser { rest: text, program: Program::default(), groups: vec![all], atom: None };
    while let Some((&byte, rest)) = parser.rest.split_first() {
        parser.rest = rest;
        parser.next(byte)?;
    }
    match parser.groups.len() {
        1 => {
            parser.end_group();
            Ok(parser.program)
        }
        _ => Err("a ( has no )"),
    }
}

struct Parser<'a> {
    rest: &'a [u8],
    program: Program,
    /// Those that have not ended; the first is the whole.
    groups: Vec<Group>,
    /// What can be repeated.
    atom: Option<Atom>,
}

/// Alternatives, in parentheses or all in all.
struct Group {
    /// Its first step.
    begin: usize,
    /// The first step of its last alternative.
    branch: usize,
    /// The last steps of the others: they lead to its end.
    jumps: Vec<usize>,
}

/// What can be repeated: the end of the program, from here on.
#[derive(Clone, Copy)]
struct Atom {
    begin: usize,
    /// So many repetitions of one another it is already.
    repeated: usize,
}

impl Parser<'_> {
    fn next(&mut self, byte: u8) -> Result<(), Why> {
        match byte {
            b'\\' => self.escape(),
            b'[' => {
                let (set, rest) = bracket::parse(self.rest)?;
                self.rest = rest;
                self.set(&set)
            }
            b'(' if self.groups.len() > DEEPEST => Err(LARGE),
            b'(' => {
                let begin = self.program.steps.len();
                self.groups.push(Group { begin, branch: begin, jumps: Vec::new() });
                self.atom = None;
                Ok(())
            }
            b')' if self.groups.len() > 1 => {
                self.atom = self.end_group().map(|begin| Atom { begin, repeated: 0 });
                Ok(())
            }
            b'|' => self.end_branch(),
            b'^' => self.look(Look::Start),
            b'$' => self.look(Look::End),
            b'.' => self.set(&[true; 256]),
            b'*' => self.repeat(0, None),
            b'+' => self.repeat(1, None),
            b'?' => self.repeat(0, Some(1)),
            b'{' => {
                let (least, most) = self.bounds()?;
                self.repeat(least, most)
            }
            _ => self.byte(byte),
        }
    }

    fn escape(&mut self) -> Result<(), Why> {
        let (&byte, rest) = self.rest.split_first().ok_or(r"it ends with a \")?;
        self.rest = rest;
        match byte {
            b'1'..=b'9' => Err("back references are not supported"),
            b'w' => self.set_of(is_word),
            b'W' => self.set_of(|b| !is_word(b)),
            b's' => self.set_of(bracket::is_space),
            b'S' => self.set_of(|b| !bracket::is_space(b)),
            b'b' => self.look(Look::WordEdge),
            b'B' => self.look(Look::NoWordEdge),
            b'<' => self.look(Look::WordStart),
            b'>' => self.look(Look::WordEnd),
            b'`' => self.look(Look::Start),
            b'\'' => self.look(Look::End),
            _ => self.byte(byte),
        }
    }

    fn push(&mut self, step: Step) -> Result<(), Why> {
        self.program.steps.push(step);
        if self.program.steps.len() > LARGEST { Err(LARGE) } else { Ok(()) }
    }

    fn look(&mut self, look: Look) -> Result<(), Why> {
        self.atom = None;
        self.push(Step::Look(look))
    }

    fn byte(&mut self, byte: u8) -> Result<(), Why> {
        self.set(&core::array::from_fn(|b| b == usize::from(byte)))
    }

    fn set_of(&mut self, has: fn(u8) -> bool) -> Result<(), Why> {
        self.set(&core::array::from_fn(|b| has(b as u8)))
    }

    fn set(&mut self, set: &Bytes) -> Result<(), Why> {
        let sets = &mut self.program.sets;
        let index = sets.iter().position(|known| known == set).unwrap_or(sets.len());
        match index {
            MOST_SETS.. => return Err(LARGE),
            _ if index == sets.len() => sets.push(*set),
            _ => {}
        }
        self.atom = Some(Atom { begin: self.program.steps.len(), repeated: 0 });
        self.push(Step::Byte(index as u16))
    }

    /// Ends an alternative; another one follows.
    fn end_branch(&mut self) -> Result<(), Why> {
        self.atom = None;
        let steps = &mut self.program.steps;
        if let Some(group) = self.groups.last_mut() {
            let length = steps.len() - group.branch;
            steps.insert(group.branch, Step::Split(1, offset(length + 2)));
            group.jumps.push(steps.len());
            group.branch = steps.len() + 1;
        }
        self.push(Step::Jump(0))
    }

    /// Ends the last group, and gives its first step.
    fn end_group(&mut self) -> Option<usize> {
        let group = self.groups.pop()?;
        let end = self.program.steps.len();
        for jump in group.jumps {
            self.program.steps[jump] = Step::Jump(offset(end - jump));
        }
        Some(group.begin)
    }

    fn repeat(&mut self, least: u32, most: Option<u32>) -> Result<(), Why> {
        let Some(Atom { begin, repeated }) = self.atom else { return Err(NOTHING) };
        let body = self.program.steps.split_off(begin);
        let copies = most.unwrap_or(least + 1) as usize;
        if repeated == DEEPEST || begin + (copies + 1) * (body.len() + 2) > LARGEST {
            return Err(LARGE);
        }
        let steps = &mut self.program.steps;
        (0..least).for_each(|_| steps.extend_from_slice(&body));
        match most {
            None => {
                steps.push(Step::Split(1, offset(body.len() + 2)));
                steps.extend_from_slice(&body);
                steps.push(Step::Jump(-offset(body.len() + 1)));
            }
            Some(most) => {
                for left in (1..=(most - least) as usize).rev() {
                    steps.push(Step::Split(1, offset(left * (body.len() + 1))));
                    steps.extend_from_slice(&body);
                }
            }
        }
        self.atom = Some(Atom { begin, repeated: repeated + 1 });
        Ok(())
    }

    /// `{n}`, `{n,}`, `{,m}` or `{n,m}`, of which the `{` was taken.
    fn bounds(&mut self) -> Result<(u32, Option<u32>), Why> {
        let end = self.rest.iter().position(|&b| b == b'}').ok_or("a { has no }")?;
        let (inside, rest) = (&self.rest[..end], &self.rest[end + 1..]);
        self.rest = rest;
        let Some(comma) = inside.iter().position(|&b| b == b',') else {
            let times = number(inside)?.ok_or(BOUNDS)?;
            return Ok((times, Some(times)));
        };
        let (least, most) = (number(&inside[..comma])?.unwrap_or(0), number(&inside[comma + 1..])?);
        match most {
            Some(most) if most < least => Err("the bounds of a repetition are the wrong way round"),
            _ => Ok((least, most)),
        }
    }
}

/// A number of steps forwards. No program has more than an `i16` counts.
fn offset(steps: usize) -> i16 {
    i16::try_from(steps).unwrap_or(i16::MAX)
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
            assert!(compile(pattern.as_bytes()).is_err(), "{pattern}");
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
            assert!(compile(pattern.as_bytes()).is_err(), "{pattern}");
        }
    }

    #[test]
    fn nothing_can_be_repeated_where_nothing_stands() {
        for pattern in ["*", "+a", "?", "(*)", "a|*", "^*", "a$+", r"\<*", "(", "a(b", r"a\", r"(a)\1"] {
            assert!(compile(pattern.as_bytes()).is_err(), "{pattern}");
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
        let none = Pattern::extended(b"[^\0-\xff]").unwrap();
        assert!(!none.matches(b"") && !none.matches(b"a\0\xff"));
    }

    #[test]
    fn neither_depth_nor_size_can_eat_memory() {
        let deep = [&b"("[..]; 100_000].concat();
        let stars = [&b"a"[..], &[b'*'; 100_000]].concat();
        for pattern in [&deep[..], &stars, b"((a{1000}){1000}){1000}", b"(a?){32767}"] {
            assert!(Pattern::extended(pattern).is_err(), "{}", pattern[..9].escape_ascii());
        }
        assert!(Pattern::extended(b"^(){999}{999}{999}$").is_ok_and(|pattern| pattern.matches(b"")));
        assert!(Pattern::extended(b"^[0-9a-f]{1,255}$").is_ok());
    }
}
