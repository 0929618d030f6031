//! `s6-permafailon`: in a `finish` script, exits 125 when the service has died too often, and executes the rest
//! of the script otherwise.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use cli::Failure;
use servicedir::{names, record};
use status::Death;
use sys::{clock, file};
use unix::{Exit, Signal};

const USAGE: &str = "usage: s6-permafailon seconds deathcount statuslist prog...";

/// The exit code by which a `finish` script says that the service has failed.
const FAILED: u8 = 125;

/// Deaths that count: exit codes and signals.
struct Counted {
    codes: [bool; 256],
    signals: Vec<Signal>,
}

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    cli::name_program("s6-permafailon");
    cli::end(run(args))
}

fn run(mut args: Vec<OsString>) -> Result<(), Failure> {
    if args.len() < 5 {
        return Err(Failure::Usage(USAGE.into()));
    }
    let command = args.split_off(4);
    let number =
        |value: &OsStr| cli::options::number::<u32>(value, "").map_err(|_| Failure::Usage(USAGE.into()));
    let (seconds, most) = (number(&args[1])?, number(&args[2])?);
    if most == 0 {
        return Err(Failure::Usage(USAGE.into()));
    }
    let counted = Counted::read(&args[3].to_string_lossy())?;
    let deaths = deaths().unwrap_or_else(|error| {
        cli::warn(format_args!("unable to read {}: {}", names::DEATH_TALLY, cli::reason(&error)));
        Vec::new()
    });
    if let Some(last) = last_straw(&deaths, &counted, seconds, (most as usize).min(record::MOST_DEATHS)) {
        cli::say(format_args!(
            "the service has failed: {most} deaths that count within {seconds} s, the last by {last}"
        ));
        return Err(Failure::Silent(FAILED.into()));
    }
    Err(svwait::execute(&command))
}

/// The deaths of the service in the current directory.
fn deaths() -> io::Result<Vec<Death>> {
    file::look(Path::new(names::DEATH_TALLY))?.ok_or(io::ErrorKind::NotFound)?;
    record::read_deaths(Path::new("."))
}

/// How it died when it was too much.
fn last_straw(deaths: &[Death], counted: &Counted, seconds: u32, most: usize) -> Option<Exit> {
    let (now, limit) = (clock::now().wall, Duration::from_secs(seconds.into()));
    let young = |death: &&Death| now.since(death.at) <= limit;
    deaths
        .iter()
        .filter(young)
        .filter(|death| counted.counts(death.exit))
        .nth(most - 1)
        .map(|death| death.exit)
}

impl Counted {
    /// `1,3-7,SIGSEGV`: exit codes, ranges of them, signals.
    fn read(text: &str) -> Result<Counted, Failure> {
        let mut counted = Counted { codes: [false; 256], signals: Vec::new() };
        let apart = |c: char| c == ',' || c == ';' || c.is_ascii_whitespace();
        for word in text.split(apart).filter(|word| !word.is_empty()) {
            let wrong = || Failure::Refused(format!("neither exit codes nor a signal: {word}").into());
            if word.starts_with(|c: char| c.is_ascii_digit()) {
                let (from, to) = word.split_once('-').unwrap_or((word, word));
                let number = |text: &str| text.parse::<u8>().map_err(|_| wrong());
                let (from, to) = (number(from)?, number(to)?);
                if from > to {
                    return Err(wrong());
                }
                counted.codes[usize::from(from)..=usize::from(to)].fill(true);
            } else {
                counted.signals.push(Signal::parse(word).ok_or_else(wrong)?);
            }
        }
        Ok(counted)
    }

    /// A signal counts by its name, and by the exit code 128 + its number.
    fn counts(&self, exit: Exit) -> bool {
        exit.signal().is_some_and(|signal| self.signals.contains(&signal))
            || self.codes[usize::from(exit.code())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_takes_codes_ranges_and_signals() {
        let counted = Counted::read("1, 3-5;SIGSEGV term").unwrap();
        for code in [1, 3, 4, 5] {
            assert!(counted.counts(Exit::Code(code)));
        }
        assert!(!counted.counts(Exit::Code(2)));
        assert!(counted.counts(Exit::Killed { signal: Signal::TERM, core: false }));
        assert!(!counted.counts(Exit::Killed { signal: Signal::HUP, core: false }));
        for text in ["256", "5-3", "1-", "nothing"] {
            assert_eq!(Counted::read(text).map(drop).unwrap_err().code(), 100, "{text}");
        }
    }
}
