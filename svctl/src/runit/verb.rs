//! The verbs of `sv`: what each one sends, and what it waits for.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Nothing: the service is shown as it is.
    Shown,
    /// It runs, and its `check` says yes.
    Up,
    /// It is down, and nothing will start it.
    Down,
    /// It runs, or has run, since the command; and will not be started again.
    Once,
    /// It does not run, or is paused.
    Paused,
    /// It does not run, or is not paused.
    Continued,
    /// It runs since the command, and its `check` says yes; or it is down and nothing will start it.
    Restarted,
    /// It runs since the command, and its `check` says yes.
    UpAgain,
    /// It does not run, or its `check` says yes.
    Checked,
    /// Its supervisor has gone.
    Gone,
}

/// When something is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    /// With `-v` or `-w` only.
    IfAsked,
    /// As scripts of LSB expect.
    Always,
    /// The same; what does not obey is killed.
    ThenKills,
}

/// A verb.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verb {
    /// The word, or the letter that any word may begin with.
    word: &'static str,
    /// The command bytes of a supervisor.
    pub(crate) bytes: &'static [u8],
    /// What is waited for.
    pub(crate) goal: Goal,
    waits: Waits,
}

const fn asked(word: &'static str, bytes: &'static [u8], goal: Goal) -> Verb {
    Verb { word, bytes, goal, waits: Waits::IfAsked }
}

const fn always(word: &'static str, bytes: &'static [u8], goal: Goal) -> Verb {
    Verb { word, bytes, goal, waits: Waits::Always }
}

const fn kills(word: &'static str, bytes: &'static [u8], goal: Goal) -> Verb {
    Verb { word, bytes, goal, waits: Waits::ThenKills }
}

/// Words that stand for themselves.
const WORDS: [Verb; 11] = [
    always("start", b"u", Goal::Up),
    always("stop", b"d", Goal::Down),
    always("reload", b"h", Goal::Shown),
    always("restart", b"rcu", Goal::UpAgain),
    always("shutdown", b"dx", Goal::Gone),
    always("try-restart", b"rc", Goal::Restarted),
    always("check", b"", Goal::Checked),
    kills("force-stop", b"d", Goal::Down),
    kills("force-reload", b"rc", Goal::Restarted),
    kills("force-restart", b"rcu", Goal::UpAgain),
    kills("force-shutdown", b"dx", Goal::Gone),
];

/// Letters: any other word counts by its first one. The capital ones always wait.
const LETTERS: [Verb; 20] = [
    asked("s", b"", Goal::Shown),
    asked("u", b"u", Goal::Up),
    asked("d", b"d", Goal::Down),
    asked("o", b"o", Goal::Once),
    asked("p", b"p", Goal::Paused),
    asked("c", b"c", Goal::Continued),
    asked("h", b"h", Goal::Shown),
    asked("a", b"a", Goal::Shown),
    asked("i", b"i", Goal::Shown),
    asked("q", b"q", Goal::Shown),
    asked("1", b"1", Goal::Shown),
    asked("2", b"2", Goal::Shown),
    asked("t", b"t", Goal::Restarted),
    asked("k", b"k", Goal::Restarted),
    asked("e", b"dx", Goal::Gone),
    asked("x", b"dx", Goal::Gone),
    always("D", b"d", Goal::Down),
    always("T", b"t", Goal::Restarted),
    always("E", b"dx", Goal::Gone),
    always("X", b"dx", Goal::Gone),
];

impl Verb {
    /// The verb that a word is.
    pub(crate) fn find(word: &OsStr) -> Option<&'static Verb> {
        let letter = word.as_bytes().get(..1)?;
        let whole = WORDS.iter().find(|verb| word == verb.word);
        whole.or_else(|| LETTERS.iter().find(|verb| verb.word.as_bytes() == letter))
    }

    /// Nothing is done but to show the service.
    pub(crate) fn is_status(&self) -> bool {
        self.word == "s"
    }

    /// It waits without having been asked to.
    pub(crate) fn waits(&self) -> bool {
        self.waits != Waits::IfAsked
    }

    /// What does not obey in time is killed.
    pub(crate) fn kills(&self) -> bool {
        self.waits == Waits::ThenKills
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_come_before_letters() {
        let word = |word: &str| Verb::find(OsStr::new(word)).map(|verb| (verb.word, verb.waits()));
        for (given, found) in [
            ("start", Some(("start", true))),
            ("status", Some(("s", false))),
            ("stopp", Some(("s", false))),
            ("check", Some(("check", true))),
            ("continue", Some(("c", false))),
            ("term", Some(("t", false))),
            ("exit", Some(("e", false))),
            ("restar", None),
            ("force", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(word(given), found, "{given}");
        }
    }

    #[test]
    fn every_byte_is_a_command() {
        for verb in WORDS.iter().chain(&LETTERS) {
            assert!(verb.bytes.iter().all(|&byte| control::Command::from_byte(byte).is_some()), "{verb:?}");
        }
    }
}
