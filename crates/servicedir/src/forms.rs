//! What each setting must be.

use std::path::Path;

use unix::Signal;

use crate::names;
use crate::settings::{Given, Problem, number, read_given_in};

/// What a setting must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A number of this range, and what it is called.
    Number(&'static str, u32, u32),
    /// A signal's name or number.
    Signal,
    /// As `restart_delay` reads it.
    RestartDelay,
    /// As `restart_limit` reads it.
    RestartLimit,
    /// As `is_always_essential` reads it.
    Essential,
    /// As `kill_mode` reads it.
    KillMode,
    /// Whatever is there, it is set.
    Flag,
}

impl Form {
    /// A number of milliseconds.
    pub const TIME: Form = Form::Number("a number of milliseconds", 0, u32::MAX);
    /// The number of a descriptor. 0 cannot be told from standard input.
    pub const DESCRIPTOR: Form = Form::Number("the number of a descriptor, 1 or more", 1, i32::MAX as u32);
    /// A number of deaths.
    pub const DEATHS: Form = Form::Number("a number of 0 to 4096", 0, 4096);
}

/// Every setting.
pub const FORMS: [(&str, Form); 16] = [
    (names::DOWN, Form::Flag),
    (names::NOTIFICATION_FD, Form::DESCRIPTOR),
    (names::LOCK_FD, Form::DESCRIPTOR),
    (names::DOWN_SIGNAL, Form::Signal),
    (names::RELOAD_SIGNAL, Form::Signal),
    (names::TIMEOUT_KILL, Form::TIME),
    (names::FLAG_TIMEOUT_KILLPG, Form::Flag),
    (names::KILL_MODE, Form::KillMode),
    (names::TIMEOUT_FINISH, Form::TIME),
    (names::TIMEOUT_CRASH, Form::TIME),
    (names::TIMEOUT_CHECK, Form::TIME),
    (names::MAX_DEATH_TALLY, Form::DEATHS),
    (names::RESTART_DELAY, Form::RestartDelay),
    (names::MAX_RESTARTS, Form::RestartLimit),
    (names::ESSENTIAL, Form::Essential),
    (names::FLAG_NEWPIDNS, Form::Flag),
];

/// What `kill-mode` may be.
pub const KILL_MODES: [&str; 4] = ["process", "group", "tree", "cgroup"];

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
        Form::Number(wanted, least, most) => given.number(name, wanted, least..=most).map(drop),
        Form::Signal => given.word(name, "a signal", Signal::parse).map(drop),
        Form::RestartDelay => restart_delay(&given).map(drop),
        Form::RestartLimit => restart_limit(&given).map(drop),
        Form::Essential => is_always_essential(&given).map(drop),
        Form::KillMode => kill_mode(&given).map(drop),
        Form::Flag => Ok(()),
    }
}

/// `restart-delay`: the least and the longest delay, in milliseconds.
///
/// # Errors
/// It is something else.
pub fn restart_delay(given: &Given) -> Result<(u32, u32), Problem> {
    const WANTED: &str = "one or two numbers of milliseconds, the smaller first";
    let mut numbers = given.words().map(number);
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
    let count = words.next().and_then(number).filter(|count| (1..=4096).contains(count));
    let within = words.next().and_then(number);
    match (count, within, words.next()) {
        (Some(count), Some(within), None) => Ok((count as u16, within)),
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

/// `kill-mode`: one of `KILL_MODES`.
///
/// # Errors
/// It is something else.
pub fn kill_mode(given: &Given) -> Result<&'static str, Problem> {
    let known = |word: &str| KILL_MODES.into_iter().find(|known| *known == word);
    given.word(names::KILL_MODE, "process, group, tree or cgroup", known)
}
