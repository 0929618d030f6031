//! The names of s6 for what waits and listens: each is a grammar over the functions of this crate.
//!
//! Source of the options, the output and the exit codes: the pages of s6 2.15.1.0.

mod fifodirs;
mod ftrig;
mod notifyoncheck;
mod pattern;
mod svlisten;
mod svwait;

pub use fifodirs::make_fifodir;

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use cli::getopt::Grammar;
use cli::{Failure, Main, Unable};
use sys::clock;

/// Every name with its program.
pub(crate) const NAMES: &[(&str, Main)] = &[
    ("s6-svwait", svwait::main),
    ("s6-svlisten", svlisten::main),
    ("s6-svlisten1", svlisten::main_one),
    ("s6-notifyoncheck", notifyoncheck::main),
    ("s6-mkfifodir", fifodirs::make),
    ("s6-cleanfifodir", fifodirs::clean),
    ("s6-ftrig-notify", fifodirs::notify),
    ("s6-ftrig-wait", ftrig::wait),
    ("s6-ftrig-listen1", ftrig::listen_one),
    ("s6-ftrig-listen", ftrig::listen),
];

/// A time limit in milliseconds; 0 is none.
fn limit(grammar: &Grammar, value: &OsStr) -> Result<Option<Duration>, Failure> {
    let number: u32 = grammar.number(value)?;
    Ok((number > 0).then_some(Duration::from_millis(number.into())))
}

/// When such a limit, beginning now, ends.
fn deadline(limit: Option<Duration>) -> Option<Duration> {
    limit.map(|limit| clock::monotonic() + limit)
}

/// A block of execline's and what follows it: words with a space before each, up to an empty word. Outside of
/// execline, where nobody puts the spaces, they may be missing.
fn block(mut words: Vec<OsString>) -> Option<(Vec<OsString>, Vec<OsString>)> {
    use std::os::unix::ffi::OsStrExt;
    let end = words.iter().position(|word| word.is_empty())?;
    let rest = words.split_off(end + 1);
    words.pop();
    let plain = |word: OsString| match word.as_bytes() {
        [b' ', word @ ..] => OsStr::from_bytes(word).to_owned(),
        _ => word,
    };
    Some((words.into_iter().map(plain).collect(), rest))
}

/// Starts the command that is listened to meanwhile. Its end is of no interest.
fn spawn(words: &[OsString]) -> Result<(), Failure> {
    sys::exec::spawn(words).map(drop).unable(|| ("spawn", &words[0]))
}
