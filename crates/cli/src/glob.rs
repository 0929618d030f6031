//! Patterns for names of services: `*` any bytes, `?` one character, `[a-c]`, `[!a-c]` one of a set.
//!
//! None of them matches a slash, so that loggers (`web/log`) are meant only by a pattern that has one. A
//! backslash takes the next character as it stands.

/// `name` has a character that makes it a pattern.
pub fn is_pattern(name: &[u8]) -> bool {
    name.iter().any(|byte| b"*?[".contains(byte))
}

/// `name` as a whole is what `pattern` describes.
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut pattern, mut name) = (pattern, name);
    // Where the last `*` stands, and what is left of the name if it takes one byte more.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        if let Some((b'*', rest)) = pattern.split_first() {
            star = Some((rest, name));
            pattern = rest;
            continue;
        }
        match one(pattern, name) {
            Some((pattern_left, name_left)) => (pattern, name) = (pattern_left, name_left),
            None if pattern.is_empty() && name.is_empty() => return true,
            None => match star {
                Some((after, [first, rest @ ..])) if *first != b'/' => {
                    star = Some((after, rest));
                    (pattern, name) = (after, rest);
                }
                _ => return false,
            },
        }
    }
}

/// Takes one character of the name by the first part of the pattern, which is no `*`.
fn one<'a>(pattern: &'a [u8], name: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (&first, pattern_rest) = pattern.split_first()?;
    let (&byte, name_rest) = name.split_first()?;
    match first {
        b'?' if byte != b'/' => Some((pattern_rest, &name[length(byte).min(name.len())..])),
        b'[' => match set(pattern_rest, byte) {
            Some((true, after)) if byte != b'/' => Some((after, name_rest)),
            Some(_) => None,
            // Without its end it is a bracket like any other.
            None => (byte == b'[').then_some((pattern_rest, name_rest)),
        },
        b'\\' if !pattern_rest.is_empty() => {
            (pattern_rest[0] == byte).then(|| (&pattern_rest[1..], name_rest))
        }
        _ => (first == byte && first != b'?').then_some((pattern_rest, name_rest)),
    }
}

/// Whether a set, given from after its `[`, holds `byte`, and what follows it; `None`: it has no end.
fn set(pattern: &[u8], byte: u8) -> Option<(bool, &[u8])> {
    let (is_other, body) = match pattern.first() {
        Some(b'!' | b'^') => (true, &pattern[1..]),
        _ => (false, pattern),
    };
    // A `]` at the beginning stands for itself.
    let end = 1 + body.get(1..)?.iter().position(|&b| b == b']')?;
    let mut members = &body[..end];
    let mut found = false;
    while let Some((&low, rest)) = members.split_first() {
        let (high, left) = match rest {
            [b'-', high, left @ ..] => (*high, left),
            _ => (low, rest),
        };
        found |= (low..=high).contains(&byte);
        members = left;
    }
    Some((found != is_other, &body[end + 1..]))
}

/// Bytes of the UTF-8 character that begins with this one.
fn length(first: u8) -> usize {
    match first {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        for name in yes {
            assert!(matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
        for name in no {
            assert!(!matches(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
    }

    #[test]
    fn star_takes_everything_but_a_slash() {
        check("*", &["web", ""], &["web/log"]);
        check("web*", &["web", "web-2"], &["we", "aweb", "web/log"]);
        check("*/log", &["web/log"], &["web", "a/b/log"]);
        check("a*b*c", &["abc", "axbybzc"], &["ab", "acb"]);
        check("**x", &["x", "yx"], &["xy"]);
    }

    #[test]
    fn question_mark_is_one_character() {
        check("w?b", &["web", "w\u{fc}b", "w?b"], &["wb", "weeb", "w/b"]);
        assert!(matches(b"?", b"\xff") && matches(b"?", b"\xf0"));
    }

    #[test]
    fn set_is_one_of_its_members() {
        check("web[0-9]", &["web1"], &["web", "webx", "web[0-9]"]);
        check("[!a]b", &["bb"], &["ab", "/b"]);
        check("[]x]", &["]", "x"], &["y"]);
        check("[a-]", &["a", "-"], &["b"]);
        check("a[b", &["a[b"], &["ab"]);
    }

    #[test]
    fn backslash_takes_a_character_as_it_stands() {
        check("a\\*", &["a*"], &["ab"]);
        check("a\\", &["a\\"], &["a"]);
        assert!(is_pattern(b"web*") && !is_pattern(b"web/log"));
    }
}
