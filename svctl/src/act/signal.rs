//! The signal of `svctl kill`: the first operand, or in kill(1)'s way `-HUP`, `-1`, `-s HUP`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use cli::Failure;
use cli::options::Program;
use unix::Signal;

use crate::request::signal_letter;

/// Writes `-HUP` and `-1` as `-s HUP` and `-s 1`, which the table of options knows.
pub(super) fn spell_out(args: Vec<OsString>) -> Vec<OsString> {
    let mut words = Vec::with_capacity(args.len() + 1);
    let mut args = args.into_iter();
    while let Some(word) = args.next() {
        match word.as_bytes() {
            b"--" => {
                words.push(word);
                break;
            }
            // What comes next is the value, whatever it looks like.
            b"-C" | b"-s" => words.extend([Some(word), args.next()].into_iter().flatten()),
            [b'-', text @ ..] if is_meant(text) => {
                words.extend(["-s".into(), OsStr::from_bytes(text).to_owned()]);
            }
            _ => words.push(word),
        }
    }
    words.extend(args);
    words
}

/// A signal is, or a word that can hardly be anything else: `-CONT` is one, `-C/service` is none.
fn is_meant(text: &[u8]) -> bool {
    let is_known = std::str::from_utf8(text).is_ok_and(|text| Signal::parse(text).is_some());
    is_known
        || matches!(text, [first, ..] if first.is_ascii_digit() || (first.is_ascii_uppercase() && *first != b'C'))
}

/// The letter of the signal. `names` are the services, in case one of them was written first.
pub(super) fn letter(program: &'static Program, signal: &OsStr, names: &[OsString]) -> Result<u8, Failure> {
    let is_signal = |word: &OsStr| word.to_str().and_then(Signal::parse).is_some();
    if !is_signal(signal) && names.iter().any(|name| is_signal(name)) {
        return Err(program.misuse(&format!("the signal comes first, and {} is none", signal.display())));
    }
    signal_letter(program, signal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signal_in_the_way_of_kill_is_spelled_out() {
        for (line, expected) in [
            ("kill -HUP web", "kill -s HUP web"),
            ("kill -1 web", "kill -s 1 web"),
            ("kill -sigterm web", "kill -s sigterm web"),
            ("kill -C /scan -CONT web", "kill -C /scan -s CONT web"),
            ("kill -C -HUP web", "kill -C -HUP web"),
            ("kill -C/scan HUP web", "kill -C/scan HUP web"),
            ("kill -HPU web", "kill -s HPU web"),
            ("kill -s HUP -- -1", "kill -s HUP -- -1"),
            ("kill -sHUP --help", "kill -sHUP --help"),
        ] {
            let words = spell_out(line.split(' ').map(OsString::from).collect());
            assert_eq!(words.join(OsStr::new(" ")), expected, "{line}");
        }
    }
}
