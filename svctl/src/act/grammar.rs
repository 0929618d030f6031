//! The table of these verbs, and what a command line asks for.

use std::ffi::OsString;
use std::time::Duration;

use cli::Failure;
use cli::options::{Name, Opt, Program, Word};
use svwait::Goal;

use super::signal;

/// A verb.
#[derive(Debug)]
pub(crate) struct Act {
    /// How it is called.
    pub(crate) program: Program,
    /// What it makes a service do.
    pub(crate) does: Does,
    /// Its letters to a supervisor.
    letters: &'static [u8],
    /// What `--wait` waits for.
    pub(crate) awaited: Awaited,
}

/// What a verb makes a service do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the verbs")]
pub(crate) enum Does {
    Up,
    Down,
    Restart,
    Once,
    Enable,
    Disable,
    Reload,
    Kill,
    Pause,
    Cont,
    Exit,
}

/// What there is to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// Nothing that could be known.
    Nothing,
    /// These goals: plain, and for `=ready`.
    Goals(Goal, Goal),
    /// That it can be started again.
    Down,
    /// That its supervisor is gone.
    Gone,
}

const SCAN: Opt = Opt::value('C', "dir", "the scan directory");
const TIMEOUT: Opt = Opt::long("timeout", Some("ms"), "wait, so many milliseconds at most; 0: no limit");
const PLAIN: &[Opt] = &[SCAN];
const SIGNAL: &[Opt] = &[SCAN, Opt::value('s', "signal", "this signal, by name or number; -HUP is -s HUP")];
const WAITS: &[Opt] = &[SCAN, Opt::long("wait", None, "until it is done"), TIMEOUT];
const WAITS_READY: &[Opt] =
    &[SCAN, Opt::long("wait", Some("ready"), "until it is up, or ready").or_nothing(), TIMEOUT];

const fn act(
    name: &'static str,
    about: &'static str,
    does: Does,
    letters: &'static [u8],
    awaited: Awaited,
) -> Act {
    let (usage, options): (&'static [&'static str], _) = match (awaited, does) {
        (Awaited::Goals(..), _) => (&["[ -C dir ] [ --wait[=ready] ] [ --timeout ms ] name..."], WAITS_READY),
        (Awaited::Down | Awaited::Gone, _) => (&["[ -C dir ] [ --wait ] [ --timeout ms ] name..."], WAITS),
        (Awaited::Nothing, Does::Kill) => {
            (&["[ -C dir ] signal name...", "[ -C dir ] -signal | -s signal name..."], SIGNAL)
        }
        (Awaited::Nothing, _) => (&["[ -C dir ] name..."], PLAIN),
    };
    Act { program: Program { name, about, usage, options }, does, letters, awaited }
}

const UP: Awaited = Awaited::Goals(Goal::Up, Goal::Ready);
const AGAIN: Awaited = Awaited::Goals(Goal::Restarted, Goal::RestartedReady);

/// All of them.
pub(crate) static ACTS: [Act; 11] = [
    act("svctl up", "starts services, and keeps them up", Does::Up, b"u", UP),
    act("svctl down", "stops services, and leaves them down", Does::Down, b"d", Awaited::Down),
    act("svctl restart", "stops services and starts them again", Does::Restart, b"ru", AGAIN),
    act("svctl reload", "sends services their reload-signal", Does::Reload, b"l", Awaited::Nothing),
    act("svctl once", "starts services, and not again when they end", Does::Once, b"o", UP),
    act("svctl kill", "sends services a signal", Does::Kill, b"", Awaited::Nothing),
    act("svctl pause", "stops the processes of services (STOP)", Does::Pause, b"p", Awaited::Nothing),
    act("svctl cont", "lets paused services continue (CONT)", Does::Cont, b"c", Awaited::Nothing),
    act("svctl exit", "stops services and ends their supervisors", Does::Exit, b"dx", Awaited::Gone),
    act("svctl enable", "starts services, now and with the tree", Does::Enable, b"U", UP),
    act("svctl disable", "stops services, now and in the future", Does::Disable, b"D", Awaited::Down),
];

/// What a command line asks for.
#[derive(Debug)]
pub(crate) struct Request {
    /// To each supervisor.
    pub(crate) letters: Vec<u8>,
    /// What is waited for; `None`: nothing.
    pub(crate) goal: Option<Goal>,
    /// How long.
    pub(crate) timeout: Option<Duration>,
    /// The scan directory.
    pub(crate) scan: Option<OsString>,
    /// Which services; at least one.
    pub(crate) names: Vec<OsString>,
    /// What `kill` sends, as it was written.
    pub(crate) signal: Option<OsString>,
}

impl Act {
    /// The verb.
    pub(crate) fn name(&self) -> &'static str {
        self.program.name.split(' ').next_back().unwrap_or_default()
    }

    fn goal(&self, how: &OsString) -> Result<Option<Goal>, Failure> {
        match (self.awaited, how.to_str()) {
            (Awaited::Goals(plain, _), Some("")) => Ok(Some(plain)),
            (Awaited::Goals(_, ready), Some("ready")) => Ok(Some(ready)),
            (Awaited::Down | Awaited::Gone, Some("")) => Ok(Some(Goal::Startable)),
            (Awaited::Nothing, _) => Ok(None),
            _ => Err(self.program.misuse(&format!("no such state to wait for: {}", how.display()))),
        }
    }
}

/// Reads a command line; `None`: it was answered already.
pub(crate) fn parse(act: &'static Act, args: Vec<OsString>) -> Result<Option<Request>, Failure> {
    let is_kill = act.does == Does::Kill;
    let args = if is_kill { signal::spell_out(args) } else { args };
    let Some(words) = act.program.parse(args)? else { return Ok(None) };
    let mut request = Request {
        letters: act.letters.to_vec(),
        goal: None,
        timeout: None,
        scan: None,
        names: Vec::new(),
        signal: None,
    };
    for word in words {
        match word {
            Word::Operand(operand) => request.names.push(operand),
            Word::Option(Name::Letter('s'), signal) => {
                if request.signal.replace(signal).is_some() {
                    return Err(act.program.misuse("more than one signal"));
                }
            }
            Word::Option(Name::Letter(_), dir) => request.scan = Some(dir),
            Word::Option(Name::Long("wait"), how) => request.goal = act.goal(&how)?,
            Word::Option(Name::Long(_), value) => {
                request.timeout = svwait::milliseconds(&value)?;
                // Who gives a time means to wait.
                if request.goal.is_none() {
                    request.goal = act.goal(&OsString::new())?;
                }
            }
        }
    }
    if is_kill && request.signal.is_none() && !request.names.is_empty() {
        request.signal = Some(request.names.remove(0));
    }
    if let Some(word) = &request.signal {
        request.letters.push(signal::letter(&act.program, word, &request.names)?);
    }
    if request.names.is_empty() {
        return Err(act.program.usage());
    }
    cli::name_program("svctl");
    Ok(Some(request))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &[&str]) -> Result<Request, u8> {
        let act = ACTS.iter().find(|act| act.name() == line[0]).unwrap();
        let args = line.iter().map(OsString::from).collect();
        parse(act, args).map(Option::unwrap).map_err(|failure| failure.code())
    }

    #[test]
    fn what_is_waited_for_follows_from_the_verb() {
        for (line, goal) in [
            (&["up", "web"][..], None),
            (&["up", "--wait", "web"], Some(Goal::Up)),
            (&["up", "--wait=ready", "web"], Some(Goal::Ready)),
            (&["restart", "web", "--wait"], Some(Goal::Restarted)),
            (&["down", "--wait", "--timeout", "5", "web"], Some(Goal::Startable)),
            (&["down", "--timeout", "5", "web"], Some(Goal::Startable)),
            (&["up", "--timeout", "5", "web"], Some(Goal::Up)),
            (&["up", "--wait=ready", "--timeout", "5", "web"], Some(Goal::Ready)),
            (&["up", "--timeout", "5", "--wait=ready", "web"], Some(Goal::Ready)),
        ] {
            assert_eq!(parsed(line).unwrap().goal, goal, "{line:?}");
        }
    }

    #[test]
    fn kill_takes_a_signal_first() {
        for line in [
            &["kill", "SIGUSR1", "web", "db"][..],
            &["kill", "-USR1", "web", "db"],
            &["kill", "-10", "web", "db"],
            &["kill", "-s", "usr1", "web", "db"],
            &["kill", "web", "db", "-sUSR1"],
        ] {
            let request = parsed(line).unwrap();
            assert_eq!((request.letters.as_slice(), request.names.len()), (&b"1"[..], 2), "{line:?}");
        }
        // After the signal, everything is a name.
        assert_eq!(parsed(&["kill", "-s", "HUP", "TERM"]).unwrap().names, ["TERM"]);
        for line in [
            &["kill"][..],
            &["kill", "HUP"],
            &["kill", "-HUP"],
            &["kill", "-HUP", "-TERM", "web"],
            &["kill", "web", "db"],
        ] {
            assert_eq!(parsed(line).unwrap_err(), 100, "{line:?}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            &["up"][..],
            &["down", "--wait=ready", "web"],
            &["up", "--wait=soon", "web"],
            &["pause", "--wait", "web"],
            &["up", "--timeout", "x", "web"],
        ] {
            assert_eq!(parsed(line).unwrap_err(), 100, "{line:?}");
        }
    }

    #[test]
    fn letters_are_commands() {
        for act in &ACTS {
            assert!(act.letters.iter().all(|&byte| control::Command::from_byte(byte).is_some()));
        }
    }
}
