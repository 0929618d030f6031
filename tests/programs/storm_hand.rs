//! The hand of the storm inside its namespace: `storm-hand SOCKET [SCANNER ARGUMENT…]`.
//!
//! It is told by lines on a socket, and answers each with a line. What it kills is inside, whatever it is told. With a
//! scanner it is process 1, starts it when it is told to, and collects what is left to it.
//!
//! | line | what it does | answers |
//! | --- | --- | --- |
//! | `kill PID BEGAN SIGNAL` | signals that process, if it is still the one that began then | `done`, `gone` |
//! | `start` | starts the scanner, unless it lives | `done`, `gone` |

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;

use sys::signals::Signals;
use unix::{Pid, Signal};

fn main() {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let signals = sys::signals::take(&[Signal::CHLD]).expect("signals can be taken");
    let listener = UnixListener::bind(&args[0]).expect("a socket can be made");
    let (stream, _) = listener.accept().expect("the player comes");
    let mut hand = Hand { scanner: args[1..].to_vec(), lives: None };
    hand.serve(&stream, &signals);
}

struct Hand {
    scanner: Vec<OsString>,
    lives: Option<u32>,
}

impl Hand {
    /// Until the player has gone.
    fn serve(&mut self, stream: &UnixStream, signals: &Signals) {
        let mut lines = BufReader::new(stream);
        let mut line = String::new();
        loop {
            let [told, _] =
                sys::poll::wait([Some(stream.as_fd()), Some(signals.as_fd())], None).expect("poll");
            while signals.next().expect("signals").is_some() {}
            self.reap();
            if told {
                line.clear();
                // The player waits for each answer before the next line.
                if lines.read_line(&mut line).is_ok_and(|count| count == 0) {
                    return;
                }
                let answer: &[u8] = if self.obey(&line) { b"done\n" } else { b"gone\n" };
                let mut to = stream;
                to.write_all(answer).expect("the player reads");
            }
        }
    }

    fn reap(&mut self) {
        while let Ok(Some((pid, _))) = sys::child::reap() {
            if self.lives == Some(pid.get() as u32) {
                self.lives = None;
            }
        }
    }

    fn obey(&mut self, line: &str) -> bool {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["kill", pid, began, signal] => kill(pid, began, signal).is_some(),
            ["start"] if self.lives.is_none() => self.start().is_some(),
            _ => false,
        }
    }

    fn start(&mut self) -> Option<()> {
        let (program, args) = self.scanner.split_first()?;
        // Nobody may start a process, now and then.
        let child = Command::new(program).args(args).spawn().ok()?;
        self.lives = Some(child.id());
        Some(())
    }
}

fn kill(pid: &str, began: &str, signal: &str) -> Option<()> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let found = stat.rsplit_once(") ")?.1.split(' ').nth(19)?;
    let (pid, signal) = (Pid::new(pid.parse().ok()?)?, Signal::parse(signal)?);
    if found != began { None } else { sys::child::kill(pid, signal).ok() }
}
