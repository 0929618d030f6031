//! Scripts of svlog and s6-log in the shell scripts that execute them: are their directives any?

use std::path::Path;

use logscript::BadScript;
use logscript::s6::{self, Parsed, Surroundings};

use super::finding::Findings;

/// What takes a script of directives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Logger {
    Svlog,
    S6,
}

impl Logger {
    fn named(word: &[u8]) -> Option<Logger> {
        match word.rsplit(|&b| b == b'/').next()? {
            b"svlog" => Some(Logger::Svlog),
            b"s6-log" => Some(Logger::S6),
            _ => None,
        }
    }

    fn parse(self, directives: &[&[u8]]) -> Result<Parsed, BadScript> {
        // Which service it is will be known where it runs.
        let around = Surroundings { service: b"service", ..Surroundings::default() };
        match self {
            Logger::Svlog => s6::parse_ours(directives, &around),
            Logger::S6 => s6::parse(directives),
        }
    }
}

/// Bytes that make a shell change a word, or end a command: such a line is left alone.
const SPECIAL: &[u8] = b"$`'\"\\*?[]{}();|&<>~#";
/// Options of theirs that take a value in the next word.
const WITH_VALUE: &[u8] = b"dlt";

/// Looks at every line that executes a logger with words that stand for themselves.
pub(crate) fn check(findings: &mut Findings, path: &Path, script: &[u8]) {
    for (number, line) in script.split(|&b| b == b'\n').enumerate() {
        let Some((logger, directives)) = directives(line) else { continue };
        match logger.parse(&directives) {
            Err(bad) if bad.word.is_empty() => findings.error_at(path, number + 1, bad.why),
            Err(bad) => {
                let word = String::from_utf8_lossy(&bad.word);
                findings.error_at(path, number + 1, format_args!("bad directive {word}: {}", bad.why));
            }
            Ok(parsed) if parsed.has_idle_end => {
                let text = "the directives after the last action of the logger are for nothing";
                findings.warning_at(path, number + 1, text);
            }
            Ok(_) => {}
        }
    }
}

/// The directives of the logger that a line executes, if it does and they are literal.
fn directives(line: &[u8]) -> Option<(Logger, Vec<&[u8]>)> {
    if line.iter().any(|b| SPECIAL.contains(b)) {
        return None;
    }
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.next().filter(|first| *first == b"exec")?;
    // What is before it, as svrun(8) is, executes it.
    let logger = words.find_map(Logger::named)?;
    let mut words = words.peekable();
    while let Some(option) = words.next_if(|word| word.starts_with(b"-")) {
        match option {
            b"--" => break,
            [b'-', b'-', ..] => drop(words.next().filter(|_| !option.contains(&b'='))),
            [.., last] if WITH_VALUE.contains(last) => drop(words.next()),
            _ => {}
        }
    }
    Some((logger, words.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_what_follows_the_options() {
        for (line, expected) in [
            ("exec svlog -b t n20 ./main", Some(&["t", "n20", "./main"][..])),
            ("exec svrun -u log -- /bin/s6-log -bpd3 -l 100 -- -x 1", Some(&["-x", "1"])),
            ("  exec svlog --long whole 1", Some(&["1"])),
            ("exec svlog", Some(&[])),
            ("exec svlog t \"$dir\"", None),
            ("svlog=1", None),
            ("# exec svlog x", None),
            ("exec cat svlog.txt", None),
        ] {
            let expected = expected.map(|words| words.iter().map(|word| word.as_bytes()).collect::<Vec<_>>());
            assert_eq!(directives(line.as_bytes()).map(|(_, words)| words), expected, "{line}");
        }
    }
}
