//! `svlogd`: the logger with runit's command line, and a `config` in each log directory.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cli::Failure;
use cli::getopt::Grammar;
use logscript::svlogd::{Config, Settings};
use logscript::{Foreign, Long};

use crate::logdir_writer::LogDir;
use crate::logger::Opened;
use crate::not_open::{NotOpen, Step, classic_reason};
use crate::options::{Origin, Request};
use crate::syncing::Sync;

const GRAMMAR: Grammar = Grammar {
    name: "svlogd",
    usage: "[-ttv] [-r c] [-R abc] [-l len] [-b buflen] dir ...",
    letters: "R:r:l:b:tvV",
    long: &[],
};

/// The configuration of a log directory, in it.
const CONFIG: &str = "config";

/// What the command line says.
#[derive(Debug)]
pub(crate) struct CommandLine {
    settings: Settings,
    dirs: Vec<OsString>,
    is_verbose: bool,
}

/// Reads the command line.
///
/// # Errors
/// The usage was shown. As with runit's it is 111.
#[cold]
#[inline(never)]
pub(crate) fn parse(args: Vec<OsString>) -> Result<Request, Failure> {
    let line = GRAMMAR.parse(args).map_err(|_| misuse())?;
    let (mut times, mut is_verbose, mut room) = (0, false, 1024);
    let (mut bytes, mut by) = (None, None);
    let mut limit = 1000;
    for (letter, value) in line.options {
        match letter {
            't' => times += 1,
            'v' => is_verbose = true,
            'l' => limit = number(&value, 1000),
            'b' => room = number(&value, 1024),
            'R' => bytes = Some(value.as_bytes().to_vec()),
            'r' => match value.as_bytes() {
                [byte] => by = Some(*byte),
                _ => return Err(misuse()),
            },
            _ => return Err(misuse()),
        }
    }
    if line.operands.is_empty() || room <= limit {
        return Err(misuse());
    }
    let stamp = match times {
        0 => None,
        1 => Some(Foreign::Label),
        2 => Some(Foreign::Date(b'_')),
        _ => Some(Foreign::Date(b'T')),
    };
    let replace = match (bytes, by) {
        (None, None) => None,
        (bytes, by) => Some((bytes.unwrap_or_default(), by.unwrap_or(b'_'))),
    };
    let settings = Settings { limit, stamp, replace };
    Ok(Request {
        limit: Some(limit),
        long: Long::Whole,
        patience: None,
        origin: Origin::Svlogd(CommandLine { settings, dirs: line.operands, is_verbose }),
        ..Request::default()
    })
}

fn misuse() -> Failure {
    cli::say(format_args!("usage: {} {}", GRAMMAR.name, GRAMMAR.usage));
    Failure::Silent(111)
}

/// The number that a value begins with, or another one for 0.
fn number(value: &OsStr, instead: usize) -> usize {
    let digits = value.as_bytes().iter().take_while(|byte| byte.is_ascii_digit());
    let number =
        digits.fold(0usize, |number, digit| number.saturating_mul(10).saturating_add((digit - b'0').into()));
    if number == 0 { instead } else { number.min(1 << 24) }
}

impl CommandLine {
    /// Opens the directories as they are configured now. One that cannot be opened is left out.
    ///
    /// # Errors
    /// None can be opened.
    #[cold]
    #[inline(never)]
    pub(crate) fn open(&self, sync: Sync) -> Result<Opened, Failure> {
        let mut script = self.settings.script();
        let mut dirs = Vec::new();
        for path in &self.dirs {
            if let Some((config, dir)) = self.open_one(path, &dirs, sync) {
                config.add_to(&mut script, &self.settings);
                dirs.push(dir);
            }
        }
        if dirs.is_empty() {
            cli::say("fatal: no functional log directories.");
            return Err(Failure::Silent(111));
        }
        Ok(Opened { script, dirs })
    }

    #[cold]
    #[inline(never)]
    fn open_one(&self, path: &OsStr, others: &[LogDir], sync: Sync) -> Option<(Config, LogDir)> {
        let shown = path.display();
        let text = match std::fs::read(Path::new(path).join(CONFIG)) {
            Ok(text) => {
                self.inform(format_args!("read: {shown}/config"));
                text
            }
            Err(error) => {
                if Path::new(path).is_dir() && error.kind() != std::io::ErrorKind::NotFound {
                    cli::warn(format_args!("unable to read config: {shown}: {}", classic_reason(&error)));
                }
                Vec::new()
            }
        };
        let config = Config::parse(path.as_bytes(), &text, &self.settings);
        for complaint in &config.complaints {
            cli::warn(complaint);
        }
        let dir = LogDir::open_another(others, config.dir.clone(), sync)
            .map_err(|failed| cli::warn(in_its_words(&failed)))
            .ok()?;
        let how = if dir.written > 0 { "append" } else { "new" };
        self.inform(format_args!("{how}: {shown}/current"));
        Some((config, dir))
    }

    fn inform(&self, what: std::fmt::Arguments<'_>) {
        if self.is_verbose {
            cli::say(format_args!("info: {what}"));
        }
    }
}

#[cold]
#[inline(never)]
fn in_its_words(failed: &NotOpen) -> String {
    let is_file = failed.cause.kind() == std::io::ErrorKind::NotADirectory;
    let what = match failed.step {
        Step::Open if is_file => "unable to change directory",
        Step::Make | Step::Open => "unable to open log directory",
        Step::Lock => "unable to lock directory",
        Step::Recover | Step::Append | Step::Give | Step::GiveCurrent | Step::Sync => {
            "unable to open current"
        }
    };
    format!("{what}: {}: {}", failed.path.display(), classic_reason(&failed.cause))
}
