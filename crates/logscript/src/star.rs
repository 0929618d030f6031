//! Patterns with stars: multilog's, and svlogd's, which have a plus as well.
//!
//! A star stands for everything up to the first byte that comes next in the pattern; at the end, for everything. So
//! a line is read once, and nothing is tried twice.
//!
//! Sources: daemontools 0.76, `multilog`, "Pattern matching"; runit 2.1.2, `svlogd(8)`, "PATTERN MATCHING".

use memchr::memchr;

/// Whether `line` matches a pattern of multilog's.
pub(crate) fn matches_star(pattern: &[u8], line: &[u8]) -> bool {
    matches(pattern, line, None)
}

/// Whether `line` matches a pattern of svlogd's.
pub(crate) fn matches_star_plus(pattern: &[u8], line: &[u8]) -> bool {
    matches(pattern, line, Some(b'+'))
}

/// `repeat`: the byte after which a byte stands for one or more of itself.
fn matches(mut pattern: &[u8], mut line: &[u8], repeat: Option<u8>) -> bool {
    while let Some((&byte, rest)) = pattern.split_first() {
        pattern = rest;
        if byte == b'*' {
            let Some(&stop) = pattern.first() else { return true };
            let Some(at) = memchr(stop, line) else { return false };
            line = &line[at..];
        } else if repeat == Some(byte) {
            let Some((&repeated, rest)) = pattern.split_first() else { return false };
            if line.first() != Some(&repeated) {
                return false;
            }
            pattern = rest;
            let Some(at) = line.iter().position(|&other| other != repeated) else {
                // A line that ends here matches, whatever else the pattern wants: so it is there.
                return true;
            };
            line = &line[at..];
        } else {
            match line.split_first() {
                Some((&first, rest)) if first == byte => line = rest,
                _ => return false,
            }
        }
    }
    line.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn star_stops_at_the_first_byte_that_comes_next() {
        for (pattern, line, wanted) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything", true),
            ("fatal:*", "fatal: no", true),
            ("*: pid *", "web: pid 7", true),
            // The star stops at the first p, which no i follows.
            ("*pid*", "tcp: pid 7", false),
            ("* 7", "pid 7", true),
            ("* 7", "pid 77", false),
            // The next byte is a star, so that the first star looks for one.
            ("**", "ab", false),
            ("**", "a*b", true),
            ("a+b", "a+b", true),
        ] {
            assert_eq!(matches_star(pattern.as_bytes(), line.as_bytes()), wanted, "{pattern} on {line}");
        }
    }

    #[test]
    fn plus_repeats_the_byte_after_it() {
        for (pattern, line, wanted) in [
            ("+a", "aaa", true),
            ("+ab", "aaab", true),
            ("+ab", "b", false),
            ("+a", "aab", false),
            ("+ab", "aaa", true),
            ("*+ a", "x  a", false),
            ("x+ a", "x  a", true),
            ("x+", "x", false),
        ] {
            assert_eq!(matches_star_plus(pattern.as_bytes(), line.as_bytes()), wanted, "{pattern} on {line}");
        }
    }
}
