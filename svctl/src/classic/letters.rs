//! Options as getopt(3) takes them: letters that bundle, values attached or apart, all of them before the
//! first operand. What comes after that is an operand, whatever it looks like.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// A command line, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// Letters in their order, with their values.
    pub(crate) letters: Vec<(u8, OsString)>,
    /// Everything else.
    pub(crate) operands: Vec<OsString>,
}

/// Takes `args`, without the name of the program, apart: `plain` letters take no value, `valued` ones do.
///
/// # Errors
/// What is wrong, in getopt's words.
pub(crate) fn parse(args: Vec<OsString>, plain: &[u8], valued: &[u8]) -> Result<Line, String> {
    let mut line = Line::default();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let bundle = match arg.as_bytes() {
            b"--" => break,
            [b'-', bundle @ ..] if !bundle.is_empty() => bundle,
            _ => {
                line.operands.push(arg);
                break;
            }
        };
        for (i, &letter) in bundle.iter().enumerate() {
            if plain.contains(&letter) {
                line.letters.push((letter, OsString::new()));
            } else if valued.contains(&letter) {
                let value = match &bundle[i + 1..] {
                    [] => args.next(),
                    rest => Some(OsString::from_vec(rest.to_vec())),
                };
                let letter_shown = char::from(letter);
                let value = value.ok_or_else(|| format!("option requires an argument -- {letter_shown}"))?;
                line.letters.push((letter, value));
                break;
            } else {
                return Err(format!("illegal option -- {}", letter.escape_ascii()));
            }
        }
    }
    line.operands.extend(args);
    Ok(line)
}

/// A number as these suites read it: the digits that a text begins with; 0 if there are none.
pub(crate) fn number(text: &OsStr) -> u32 {
    let digits = text.as_bytes().iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number: u32, digit| number.saturating_mul(10).saturating_add(u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &[&str]) -> Result<(String, Vec<String>), String> {
        let line = parse(line.iter().map(OsString::from).collect(), b"v", b"w")?;
        let letters = line
            .letters
            .iter()
            .map(|(letter, value)| format!("{}{}", char::from(*letter), value.to_string_lossy()));
        Ok((
            letters.collect::<Vec<_>>().join(" "),
            line.operands.iter().map(|o| o.to_string_lossy().into()).collect(),
        ))
    }

    #[test]
    fn options_end_at_the_first_operand() {
        let line = parsed(&["-vw1", "-w", "2", "up", "-v", "--"]).unwrap();
        assert_eq!(line, ("v w1 w2".into(), vec!["up".into(), "-v".into(), "--".into()]));
        assert_eq!(parsed(&["--", "-v"]).unwrap().1, ["-v"]);
        assert_eq!(parsed(&["-", "-v"]).unwrap().1, ["-", "-v"]);
    }

    #[test]
    fn mistakes_are_told_in_the_usual_words() {
        assert_eq!(parsed(&["-vx"]).unwrap_err(), "illegal option -- x");
        assert_eq!(parsed(&["-vw"]).unwrap_err(), "option requires an argument -- w");
    }

    #[test]
    fn number_is_what_its_text_begins_with() {
        for (text, value) in [("12", 12), ("7s", 7), ("", 0), ("x", 0), ("-1", 0), ("99999999999", u32::MAX)]
        {
            assert_eq!(number(OsStr::new(text)), value, "{text}");
        }
    }
}
