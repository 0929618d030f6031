//! `s6-svstat`, `s6-svok`.

use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use cli::getopt::Grammar;
use cli::{Failure, Unable, answer};
use servicedir::{names, record};
use status::Record;
use svwait::refused;
use sys::{clock, file, lock};
use unix::{Exit, Signal, Stamp};

use crate::status::seconds;

const GRAMMAR: Grammar = Grammar {
    name: "s6-svstat",
    usage: "[ -uwNrpgest | -o up,wantedup,normallyup,ready,paused,pid,pgid,exitcode,signal,signum,\
            updownsince,readysince,updownfor,readyfor ] [ -n ] servicedir",
    letters: "no:uwNrpgest",
    long: &[],
};

/// More fields are refused.
const MOST_FIELDS: usize = 16;

/// What is shown.
struct Shown {
    record: Record,
    normally_up: bool,
    now: Stamp,
}

type Field = fn(&Shown) -> String;

/// Every field by its name, and the letter that is short for it.
const FIELDS: [(&str, Option<char>, Field); 14] = [
    ("up", Some('u'), |shown| shown.record.is_up().to_string()),
    ("wantedup", Some('w'), |shown| shown.record.wanted_up.to_string()),
    ("normallyup", Some('N'), |shown| shown.normally_up.to_string()),
    ("ready", Some('r'), |shown| (shown.record.pid.is_some() && shown.record.ready).to_string()),
    ("paused", None, |shown| (shown.record.pid.is_some() && shown.record.paused).to_string()),
    ("pid", Some('p'), Shown::pid),
    ("pgid", Some('g'), Shown::pid),
    ("exitcode", Some('e'), |shown| match shown.last_exit() {
        Some(Exit::Code(code)) => code.to_string(),
        _ => "-1".into(),
    }),
    ("signal", Some('s'), |shown| shown.signal().map_or("NA".into(), name)),
    ("signum", None, |shown| shown.signal().map_or("-1".into(), |signal| signal.number().to_string())),
    ("updownsince", None, |shown| format!("@{}", shown.record.since)),
    ("readysince", None, |shown| format!("@{}", shown.record.ready_since)),
    ("updownfor", Some('t'), |shown| seconds(shown.record.since, shown.now).to_string()),
    ("readyfor", None, |shown| seconds(shown.record.ready_since, shown.now).to_string()),
];

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    cli::end(run(&GRAMMAR, args))
}

pub(super) fn main_ok(args: Vec<OsString>) -> ExitCode {
    cli::name_program("s6-svok");
    let Some(dir) = args.get(1) else {
        return Failure::Usage("usage: s6-svok servicedir".into()).report();
    };
    match is_supervised(Path::new(dir)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => failure.report(),
    }
}

fn run(grammar: &Grammar, args: Vec<OsString>) -> Result<(), Failure> {
    let line = grammar.parse(args)?;
    let (mut fields, mut numbers) = (Vec::new(), false);
    for (letter, value) in &line.options {
        match letter {
            'n' => numbers = true,
            'o' => add_fields(value, &mut fields)?,
            _ => fields.extend(FIELDS.iter().find(|field| field.1 == Some(*letter)).map(|field| field.2)),
        }
    }
    if fields.len() > MOST_FIELDS {
        return Err(Failure::Refused("too many fields".into()));
    }
    let Some(dir) = line.operands.first() else { return Err(grammar.misuse()) };
    let shown = Shown::look(Path::new(dir))?;
    let text = match fields.is_empty() {
        true => shown.sentence(numbers),
        false => fields.iter().map(|field| field(&shown)).collect::<Vec<_>>().join(" "),
    };
    answer(format!("{text}\n").as_bytes()).unable(|| "write to standard output")
}

/// Fields by name, a comma after each but the last.
fn add_fields(value: &OsStr, fields: &mut Vec<Field>) -> Result<(), Failure> {
    let text = value.to_string_lossy();
    for word in text.strip_suffix(',').unwrap_or(&text).split(',').filter(|_| !text.is_empty()) {
        let known = FIELDS.iter().find(|field| field.0 == word);
        let field = known.ok_or_else(|| Failure::Refused(format!("no such field: {word}").into()))?;
        fields.push(field.2);
    }
    Ok(())
}

/// Somebody supervises this directory. Asks the lock, which whoever may look can ask.
fn is_supervised(dir: &Path) -> Result<bool, Failure> {
    lock::is_held(&dir.join(names::LOCK)).map_err(|cause| {
        refused(format!("look at {}", dir.display()), cause, &[&dir.join(names::SUPERVISE), dir])
    })
}

impl Shown {
    fn look(dir: &Path) -> Result<Shown, Failure> {
        let unreadable = || format!("read the status of {}", dir.display());
        if !is_supervised(dir)? {
            cli::say(format_args!("{}: no supervisor is running", dir.display()));
            return Err(Failure::Silent(1));
        }
        let found = record::read(dir).unable(unreadable)?;
        let record = found.ok_or(std::io::ErrorKind::NotFound.into()).unable(unreadable)?;
        let down =
            file::exists(&dir.join(names::DOWN)).unable(|| format!("look for {}/down", dir.display()))?;
        Ok(Shown { record, normally_up: !down, now: clock::now().wall })
    }

    /// `run` has never been started.
    fn is_new(&self) -> bool {
        self.record.pid.is_none() && !self.record.finishing && self.record.paused
    }

    fn pid(&self) -> String {
        let pid = self.record.pid.filter(|_| self.record.is_up());
        pid.map_or("-1".into(), |pid| pid.to_string())
    }

    /// How the last `run` ended; `None` also while one lives.
    fn last_exit(&self) -> Option<Exit> {
        (!self.is_new() && !self.record.is_up()).then_some(self.record.last_exit)
    }

    fn signal(&self) -> Option<Signal> {
        self.last_exit()?.signal()
    }

    /// The line for people.
    fn sentence(&self, numbers: bool) -> String {
        let record = &self.record;
        let mut text = match (record.pid, record.is_up(), record.last_exit) {
            (Some(pid), true, _) => format!("up (pid {pid} pgid {pid})"),
            _ if self.is_new() => "down (not started yet)".into(),
            (.., Exit::Code(code)) => format!("down (exitcode {code})"),
            (.., Exit::Killed { signal, .. }) if numbers => format!("down (signal {})", signal.number()),
            (.., Exit::Killed { signal, .. }) => format!("down (signal {})", name(signal)),
        };
        // Writing to a String cannot fail. A space that stands alone follows "not started yet".
        let _ = match self.is_new() {
            true => write!(text, " "),
            false => write!(text, " {} seconds", seconds(record.since, self.now)),
        };
        let up = record.is_up();
        for (holds, words) in [
            (up && !self.normally_up, ", normally down"),
            (!up && self.normally_up, ", normally up"),
            (up && record.paused, ", paused"),
            (!up && record.wanted_up, ", want up"),
            (up && !record.wanted_up, ", want down"),
        ] {
            text.push_str(if holds { words } else { "" });
        }
        if record.ready && !self.is_new() {
            let _ = write!(text, ", ready {} seconds", seconds(record.ready_since, self.now));
        }
        text
    }
}

/// `SIGTERM`; s6 has no name for a real-time signal.
pub(super) fn name(signal: Signal) -> String {
    signal.name().map_or("SIG???".into(), |name| format!("SIG{name}"))
}
