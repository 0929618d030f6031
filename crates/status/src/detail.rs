//! The detail: what the record has no room for, in `supervise/detail`.
//!
//! A text of our own, a `key value` a line, in this order; a key that says nothing is left out, so
//! that a service that was started once and lives has no detail at all. Readers skip keys they do
//! not know.
//!
//! | key        | value                                                          |
//! |------------|----------------------------------------------------------------|
//! | `restarts` | starts of `run` since the supervisor began, less the first     |
//! | `failed`   | why it is down for good: one of `Reason`'s words               |
//! | `start-at` | TAI64N label of the next start, while one is waited for        |
//! | `killed`   | `timeout-kill`: the last `run` did not end by itself in time   |
//! | `lived`    | how long the last `run` that has died lived, in milliseconds   |
//! | `asked`    | `yes`: a command or a shutdown asked for its death             |
//! | `crash`    | wait status of the `crash` that ran after it, in decimal       |
//! | `finish`   | the same of `finish`                                           |
//! | `session`  | what was its pid, its session and its process group            |
//!
//! The last five are of one death. While `run` dies and starts again at once they may still be those of
//! the death before; once it lives they are right.

use alloc::string::String;
use core::fmt::Write;
use core::time::Duration;

use unix::{Exit, Pid, Stamp};

/// Why a service has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// `finish` exited 125.
    Finish,
    /// `crash` exited 125.
    Crash,
    /// It crashed as often as `max-restarts` allows.
    MaxRestarts,
}

impl Reason {
    const WORDS: [(&'static str, Reason); 3] =
        [("finish", Reason::Finish), ("crash", Reason::Crash), ("max-restarts", Reason::MaxRestarts)];

    /// The word for it on disk: the file that made it fail.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Finish => Self::WORDS[0].0,
            Reason::Crash => Self::WORDS[1].0,
            Reason::MaxRestarts => Self::WORDS[2].0,
        }
    }

    fn from_word(word: &str) -> Option<Reason> {
        Self::WORDS.iter().find(|(spelling, _)| *spelling == word).map(|&(_, reason)| reason)
    }
}

/// What the record has no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// Starts of `run` since the supervisor began, less the first.
    pub restarts: u32,
    /// Down for good, and why.
    pub failed: Option<Reason>,
    /// When it starts again, while it waits for that.
    pub start_at: Option<Stamp>,
    /// The last `run` had to be killed after `timeout-kill`.
    pub killed_late: bool,
    /// The last life that has ended.
    pub life: Life,
}

/// A life of `run` that has ended, beyond what the record has of it. All of it is from the same death.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// How long it was, to the millisecond; `None`: `run` never lived.
    pub lived: Option<Duration>,
    /// A command or a shutdown asked for its end.
    pub asked: bool,
    /// How `crash` ended, if it ran.
    pub crash: Option<Exit>,
    /// How `finish` ended, if it ran.
    pub finish: Option<Exit>,
    /// What was its pid: whoever is left of its session is so of that.
    pub session: Option<Pid>,
}

impl Life {
    // Writing to a String cannot fail.
    fn encode(&self, text: &mut String) {
        if let Some(lived) = self.lived {
            let _ = writeln!(text, "lived {}", lived.as_millis() as u64);
        }
        if self.asked {
            text.push_str("asked yes\n");
        }
        for (key, exit) in [("crash", self.crash), ("finish", self.finish)] {
            if let Some(exit) = exit {
                let _ = writeln!(text, "{key} {}", exit.to_wait());
            }
        }
        if let Some(session) = self.session {
            let _ = writeln!(text, "session {session}");
        }
    }
}

fn exit(value: &str) -> Option<Exit> {
    value.parse().ok().map(Exit::from_wait)
}

impl Detail {
    /// As it is stored; empty when there is nothing to say.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        if self.restarts > 0 {
            let _ = writeln!(text, "restarts {}", self.restarts);
        }
        if let Some(reason) = self.failed {
            let _ = writeln!(text, "failed {}", reason.word());
        }
        if let Some(stamp) = self.start_at {
            let _ = writeln!(text, "start-at @{stamp}");
        }
        if self.killed_late {
            text.push_str("killed timeout-kill\n");
        }
        self.life.encode(&mut text);
        text
    }

    /// From the stored form. What is not understood counts as absent.
    pub fn decode(text: &str) -> Detail {
        let mut detail = Detail::default();
        for (key, value) in text.lines().filter_map(|line| line.split_once(' ')) {
            match key {
                "restarts" => detail.restarts = value.parse().unwrap_or(0),
                "failed" => detail.failed = Reason::from_word(value),
                "start-at" => {
                    detail.start_at =
                        value.strip_prefix('@').and_then(|label| Stamp::from_label(label.as_bytes()));
                }
                "killed" => detail.killed_late = value == "timeout-kill",
                "lived" => detail.life.lived = value.parse().ok().map(Duration::from_millis),
                "asked" => detail.life.asked = value == "yes",
                "crash" => detail.life.crash = exit(value),
                "finish" => detail.life.finish = exit(value),
                "session" => detail.life.session = value.parse().ok().and_then(Pid::new),
                _ => {}
            }
        }
        detail
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detail_is_read_back() {
        let detail = Detail {
            restarts: 3,
            failed: Some(Reason::MaxRestarts),
            start_at: Some(Stamp::from_unix(1_700_000_000, 0)),
            killed_late: true,
            life: Life {
                lived: Some(Duration::from_millis(1_500)),
                asked: true,
                crash: Some(Exit::Code(0)),
                finish: Some(Exit::from_wait(9)),
                session: Pid::new(77),
            },
        };
        assert_eq!(Detail::decode(&detail.encode()), detail);
        assert_eq!(
            detail.encode(),
            "restarts 3\nfailed max-restarts\nstart-at @400000006553f12500000000\nkilled timeout-kill\n\
             lived 1500\nasked yes\ncrash 0\nfinish 9\nsession 77\n"
        );
    }

    #[test]
    fn nothing_to_say_is_an_empty_text() {
        assert_eq!(Detail::default().encode(), "");
        assert_eq!(Detail::decode(""), Detail::default());
    }

    #[test]
    fn rubbish_and_unknown_keys_are_skipped() {
        let text = "restarts many\nfailed\nnew-key 1\nstart-at @xyz\nkilled by-hand\n\n \nrestarts 2\n";
        assert_eq!(Detail::decode(text), Detail { restarts: 2, ..Detail::default() });
    }
}
