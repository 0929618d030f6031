//! Bracket expressions of POSIX: `[a-z]`, `[^[:space:]]`. A backslash in them is a backslash, a `]` that comes first a `]`.
//!
//! Source: POSIX.1-2024, XBD 9.3.5; where that says nothing, the regcomp(3) of glibc 2.41 in the C locale.

/// Bytes, each in the set or not.
pub(crate) type Bytes = [bool; 256];

/// The set that `text` begins with, after its `[`, and what follows its `]`.
///
/// # Errors
/// It does not end, or it says what cannot be.
pub(crate) fn parse(text: &[u8]) -> Result<(Bytes, &[u8]), &'static str> {
    let (is_negated, mut rest) = match text {
        [b'^', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let mut set = [false; 256];
    let mut is_first = true;
    loop {
        match rest {
            [] => return Err(UNENDED),
            [b']', after @ ..] if !is_first => {
                set.iter_mut().for_each(|is_in| *is_in ^= is_negated);
                return Ok((set, after));
            }
            // Elsewhere it would be half of a range.
            [b'-', after @ ..] if !is_first && !after.starts_with(b"]") => return Err(RANGE),
            _ => {}
        }
        rest = add_next(rest, &mut set)?;
        is_first = false;
    }
}

const UNENDED: &str = "a [ has no ]";
const RANGE: &str = "a range ends before it begins, or at what is no character";

/// Adds what stands next, one element or a range of them.
fn add_next<'a>(text: &'a [u8], set: &mut Bytes) -> Result<&'a [u8], &'static str> {
    let (element, after) = element(text)?;
    let (from, end) = match (element, after) {
        (Element::Character(from), [b'-', end @ ..]) if !end.starts_with(b"]") => (from, end),
        _ => {
            add(&element, set);
            return Ok(after);
        }
    };
    match self::element(end)? {
        (Element::Character(to), after) if from <= to => {
            set[usize::from(from)..=usize::from(to)].fill(true);
            Ok(after)
        }
        _ => Err(RANGE),
    }
}

/// One thing in a bracket expression.
#[derive(Clone, Copy)]
enum Element {
    /// Itself, or `[.x.]`.
    Character(u8),
    /// `[=x=]`: all that are equal to it, which is itself. No range begins or ends with it.
    Equal(u8),
    /// `[:name:]`
    Class(fn(u8) -> bool),
}

fn element(text: &[u8]) -> Result<(Element, &[u8]), &'static str> {
    let (delimiter, rest) = match text {
        [b'[', delimiter @ (b'.' | b'=' | b':'), rest @ ..] => (*delimiter, rest),
        [character, rest @ ..] => return Ok((Element::Character(*character), rest)),
        [] => return Err(UNENDED),
    };
    let end = rest.windows(2).position(|pair| pair == [delimiter, b']']).ok_or(UNENDED)?;
    let (name, after) = (&rest[..end], &rest[end + 2..]);
    let element = match (delimiter, name) {
        (b':', _) => Element::Class(class(name).ok_or("it names a class of characters that is none")?),
        (b'.', &[character]) => Element::Character(character),
        (b'=', &[character]) => Element::Equal(character),
        _ => return Err("it names more than one character between [. .] or [= =]"),
    };
    Ok((element, after))
}

fn add(element: &Element, set: &mut Bytes) {
    match *element {
        Element::Character(character) | Element::Equal(character) => set[usize::from(character)] = true,
        Element::Class(has) => (0..=u8::MAX).filter(|&b| has(b)).for_each(|b| set[usize::from(b)] = true),
    }
}

/// The classes of the C locale.
fn class(name: &[u8]) -> Option<fn(u8) -> bool> {
    Some(match name {
        b"alnum" => |b| b.is_ascii_alphanumeric(),
        b"alpha" => |b| b.is_ascii_alphabetic(),
        b"blank" => |b| matches!(b, b' ' | b'\t'),
        b"cntrl" => |b| b.is_ascii_control(),
        b"digit" => |b| b.is_ascii_digit(),
        b"graph" => |b| b.is_ascii_graphic(),
        b"lower" => |b| b.is_ascii_lowercase(),
        b"print" => |b| matches!(b, b' '..=b'~'),
        b"punct" => |b| b.is_ascii_punctuation(),
        b"space" => is_space,
        b"upper" => |b| b.is_ascii_uppercase(),
        b"xdigit" => |b| b.is_ascii_hexdigit(),
        _ => return None,
    })
}

/// Whether it is a space of the C locale, a vertical tab too.
pub(crate) fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t'..=b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn members(text: &str) -> Result<Vec<u8>, &'static str> {
        let (set, after) = parse(text.as_bytes())?;
        assert_eq!(after, b"", "{text}");
        Ok((0..=u8::MAX).filter(|&b| set[usize::from(b)]).collect())
    }

    #[test]
    fn what_is_special_elsewhere_is_itself() {
        assert_eq!(members("]a]").unwrap(), b"]a");
        assert_eq!(members(r"\d]").unwrap(), br"\d");
        assert_eq!(members("-a]").unwrap(), b"-a");
        assert_eq!(members("a-]").unwrap(), b"-a");
        assert_eq!(members("a^[]").unwrap(), b"[^a");
        assert_eq!(members("[.-.]]").unwrap(), b"-");
        assert_eq!(members("[=a=]b]").unwrap(), b"ab");
    }

    #[test]
    fn ranges_and_classes_are_of_the_c_locale() {
        assert_eq!(members("a-c]").unwrap(), b"abc");
        assert_eq!(members("]-_]").unwrap(), b"]^_");
        assert_eq!(members("[:digit:]x]").unwrap(), b"0123456789x");
        assert_eq!(members("[:space:]]").unwrap(), b"\t\n\x0b\x0c\r ");
        assert_eq!(members("^[:print:]]").unwrap().len(), 256 - 95);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for text in
            ["", "]", "^]", "a", "a-", "z-a]", "a-c-e]", "[:digit:]-z]", "a-[:digit:]]", "a-[=z=]]", "[:x:]]"]
        {
            assert!(members(text).is_err(), "{text}");
        }
        for text in ["[.space.]]", "[..]]", "[:alpha]", "[=ab=]]"] {
            assert!(members(text).is_err(), "{text}");
        }
    }
}
