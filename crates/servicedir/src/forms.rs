//! What each setting must be.

use std::path::Path;

use unix::Signal;

use crate::names;
use crate::settings::{Given, Problem, read_given_in};

/// What a setting must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A number of so much or more.
    Number(u32),
    /// A signal's name or number.
    Signal,
    /// As `restart_delay` reads it.
    RestartDelay,
    /// As `restart_limit` reads it.
    RestartLimit,
    /// As `is_always_essential` reads it.
    Essential,
    /// Whatever is there, it is set.
    Flag,
}

/// Every setting.
pub const FORMS: [(&str, Form); 15] = [
    (names::DOWN, Form::Flag),
    (names::NOTIFICATION_FD, Form::Number(1)),
    (names::LOCK_FD, Form::Number(1)),
    (names::DOWN_SIGNAL, Form::Signal),
    (names::RELOAD_SIGNAL, Form::Signal),
    (names::TIMEOUT_KILL, Form::Number(0)),
    (names::FLAG_TIMEOUT_KILLPG, Form::Flag),
    (names::TIMEOUT_FINISH, Form::Number(0)),
    (names::TIMEOUT_CRASH, Form::Number(0)),
    (names::TIMEOUT_CHECK, Form::Number(0)),
    (names::MAX_DEATH_TALLY, Form::Number(0)),
    (names::RESTART_DELAY, Form::RestartDelay),
    (names::MAX_RESTARTS, Form::RestartLimit),
    (names::ESSENTIAL, Form::Essential),
    (names::FLAG_NEWPIDNS, Form::Flag),
];

/// Whether the setting of this name in `dir` is what it must be; one that is not there is.
///
/// # Errors
/// What a supervisor would report.
pub fn examine(dir: &Path, name: &'static str, form: Form) -> Result<(), Problem> {
    if form == Form::Flag {
        return Ok(());
    }
    let Some(given) = read_given_in(dir, name)? else { return Ok(()) };
    match form {
        Form::Number(smallest) => given.number(name, smallest).map(drop),
        Form::Signal => given.word(name, "a signal", Signal::parse).map(drop),
        Form::RestartDelay => restart_delay(&given).map(drop),
        Form::RestartLimit => restart_limit(&given).map(drop),
        Form::Essential => is_always_essential(&given).map(drop),
        Form::Flag => Ok(()),
    }
}

/// `restart-delay`: the least and the longest delay, in milliseconds.
///
/// # Errors
/// It is something else.
pub fn restart_delay(given: &Given) -> Result<(u32, u32), Problem> {
    const WANTED: &str = "one or two numbers of milliseconds, the smaller first";
    let mut numbers = given.words().map(|word| word.parse::<u32>().ok());
    let pair = match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(Some(min)), None, None) => Some((min, min)),
        (Some(Some(min)), Some(Some(max)), None) if min <= max => Some((min, max)),
        _ => None,
    };
    pair.ok_or_else(|| given.wrong(names::RESTART_DELAY, WANTED))
}

/// `max-restarts`: a count, and a number of seconds.
///
/// # Errors
/// It is something else.
pub fn restart_limit(given: &Given) -> Result<(u16, u32), Problem> {
    const WANTED: &str = "a count of 1 to 4096 and a number of seconds";
    let mut words = given.words();
    let count = words.next().and_then(|word| word.parse().ok()).filter(|count| (1..=4096).contains(count));
    let within = words.next().and_then(|word| word.parse().ok());
    match (count, within, words.next()) {
        (Some(count), Some(within), None) => Ok((count, within)),
        _ => Err(given.wrong(names::MAX_RESTARTS, WANTED)),
    }
}

/// `essential`: it is `always`, not `on-failure`.
///
/// # Errors
/// It is something else.
pub fn is_always_essential(given: &Given) -> Result<bool, Problem> {
    let mut words = given.words();
    match (words.next(), words.next()) {
        (None | Some("on-failure"), None) => Ok(false),
        (Some("always"), None) => Ok(true),
        _ => Err(given.wrong(names::ESSENTIAL, "nothing, always or on-failure")),
    }
}
