//! `s6-ftrig-wait`, `s6-ftrig-listen1`, `s6-ftrig-listen`: wait until the letters that come through fifodirs
//! match patterns.

use std::ffi::{OsStr, OsString};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use cli::getopt::Grammar;
use cli::{Failure, Unable, answer};
use fifodir::Subscription;
use sys::poll;

use super::pattern::Pattern;
use super::{block, deadline, limit, spawn};

/// More letters than this are not remembered: a pattern looks at the youngest.
const MOST_LETTERS: usize = 4096;

const WAIT: Grammar = Grammar {
    name: "s6-ftrig-wait",
    usage: "[ -t timeout ] fifodir regexp",
    letters: "t:",
    long: &[("timeout", 't')],
};

const LISTEN_ONE: Grammar = Grammar {
    name: "s6-ftrig-listen1",
    usage: "[ -t timeout ] fifodir regexp prog...",
    letters: "t:",
    long: &[("timeout", 't')],
};

const LISTEN: Grammar = Grammar {
    name: "s6-ftrig-listen",
    usage: "[ -a | -o ] [ -t timeout ] fifodir1 regexp1 ... \"\" prog...",
    letters: "aot:",
    long: &[("and", 'a'), ("or", 'o'), ("timeout", 't')],
};

/// Letters that are waited for.
struct Listener {
    subscription: Subscription,
    pattern: Pattern,
    letters: Vec<u8>,
}

pub(super) fn wait(args: Vec<OsString>) -> ExitCode {
    cli::end(run_one(&WAIT, args, 2))
}

pub(super) fn listen_one(args: Vec<OsString>) -> ExitCode {
    cli::end(run_one(&LISTEN_ONE, args, 3))
}

pub(super) fn listen(args: Vec<OsString>) -> ExitCode {
    cli::end(run_many(args))
}

/// One fifodir, one pattern and, with three operands or more, a command. Prints the last letter.
fn run_one(grammar: &Grammar, args: Vec<OsString>, least: usize) -> Result<(), Failure> {
    let line = grammar.parse(args)?;
    if line.operands.len() < least {
        return Err(grammar.misuse());
    }
    let limit = limit_of(grammar, &line.options)?;
    let until = deadline(limit);
    let listener = Listener::new(&line.operands[0], &line.operands[1])?;
    if least > 2 {
        spawn(&line.operands[2..])?;
    }
    let last = wait_for(vec![listener], false, until)?;
    answer(&[last, b'\n']).unable(|| "write to standard output")
}

fn run_many(args: Vec<OsString>) -> Result<(), Failure> {
    let line = LISTEN.parse(args)?;
    if line.operands.len() < 4 {
        return Err(LISTEN.misuse());
    }
    let any =
        line.options.iter().rfind(|(letter, _)| *letter != 't').is_some_and(|&(letter, _)| letter == 'o');
    let until = deadline(limit_of(&LISTEN, &line.options)?);
    let Some((pairs, command)) = block(line.operands) else {
        return Err(Failure::Refused("the block of fifodirs and patterns has no end".into()));
    };
    if pairs.is_empty() || pairs.len() % 2 == 1 || command.is_empty() {
        return Err(LISTEN.misuse());
    }
    let mut listeners = Vec::new();
    for pair in pairs.chunks_exact(2) {
        listeners.push(Listener::new(&pair[0], &pair[1])?);
    }
    spawn(&command)?;
    wait_for(listeners, any, until).map(drop)
}

fn limit_of(grammar: &Grammar, options: &[(char, OsString)]) -> Result<Option<Duration>, Failure> {
    options.iter().rfind(|(letter, _)| *letter == 't').map_or(Ok(None), |(_, value)| limit(grammar, value))
}

impl Listener {
    fn new(fifodir: &OsStr, pattern: &OsStr) -> Result<Listener, Failure> {
        let Some(pattern) = Pattern::new(pattern.as_bytes()) else {
            let text = format!("no regular expression: {}", pattern.display());
            return Err(Failure::system(text_of(fifodir), std::io::Error::other(text)));
        };
        let subscription = Subscription::new(Path::new(fifodir))
            .map_err(|cause| crate::refused(text_of(fifodir), cause, &[Path::new(fifodir)]))?;
        Ok(Listener { subscription, pattern, letters: Vec::new() })
    }

    /// Takes what has come: the letter with which the pattern matched.
    fn hear(&mut self) -> Result<Option<u8>, Failure> {
        let mut buffer = [0; 256];
        loop {
            let count = self.subscription.read(&mut buffer).unable(|| "read from a fifodir")?;
            for &letter in &buffer[..count] {
                if self.letters.len() == MOST_LETTERS {
                    self.letters.drain(..MOST_LETTERS / 2);
                }
                self.letters.push(letter);
                if self.pattern.matches(&self.letters) {
                    return Ok(Some(letter));
                }
            }
            if count == 0 {
                return Ok(None);
            }
        }
    }
}

fn text_of(fifodir: &OsStr) -> String {
    format!("subscribe to {}", fifodir.display())
}

/// Waits for all of them, or for any one; gives the letter with which the last one matched.
fn wait_for(mut listeners: Vec<Listener>, any: bool, until: Option<Duration>) -> Result<u8, Failure> {
    loop {
        let sources: Vec<_> = listeners.iter().map(|listener| listener.subscription.as_fd()).collect();
        let ready = poll::wait_many(&sources, until).unable(|| "wait for letters")?;
        if ready.is_empty() {
            cli::say("timed out");
            // Not 99: these are older than that code, and their callers know it.
            return Err(Failure::Silent(1));
        }
        for i in ready.into_iter().rev() {
            if let Some(letter) = listeners[i].hear()? {
                listeners.remove(i);
                if any || listeners.is_empty() {
                    return Ok(letter);
                }
            }
        }
    }
}
