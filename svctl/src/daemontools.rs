//! `svc`, `svok`, `svstat` and `svup`: the same work in the words of daemontools.
//!
//! Source: the manual pages of daemontools 0.76 and daemontools-encore 1.11 (`svup`), and what the tools
//! of the former print.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use cli::getopt::Grammar;
use servicedir::control::{self, Sent};
use servicedir::names;
use sys::clock;

use crate::classic::{self, Look, Seen, seconds};

/// Each letter of `svc` is the byte that it sends.
const SVC: Grammar = Grammar { name: "svc", usage: "", letters: "udopchaitkx", long: &[] };

const SVUP: Grammar = Grammar { name: "svup", usage: "[ -L ] [ -l ] service", letters: "lL", long: &[] };

/// What `svc` says of its letters.
const LETTERS: &str = "svc options: u up, d down, o once, x exit, p pause, c continue, h hup, a alarm, i interrupt, t term, k kill";

/// A directory cannot be looked at.
const TROUBLE: u8 = 111;
/// Not as asked for, or used wrongly.
const NO: u8 = 100;

/// Commands to services. Whatever happens to one of them, the others get theirs, and the exit code is 0.
pub(crate) fn svc(args: Vec<OsString>) -> ExitCode {
    cli::name_program(SVC.name);
    let line = match SVC.split(args) {
        Ok(line) => line,
        Err(what) => {
            cli::say(what);
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{LETTERS}\n").as_bytes());
            return ExitCode::from(NO);
        }
    };
    let commands: Vec<u8> = line.options.iter().map(|&(letter, _)| letter as u8).collect();
    for dir in &line.operands {
        command(Path::new(dir), &commands);
    }
    ExitCode::SUCCESS
}

fn command(dir: &Path, commands: &[u8]) {
    let shown = classic::printable(dir.as_os_str());
    if let Err(error) = classic::enter(dir) {
        return cli::warn(format_args!("unable to chdir to {shown}: {}", classic::reason(&error)));
    }
    let why = match control::send(dir, commands) {
        Ok(Sent::Yes) => return,
        Ok(Sent::NoSupervisor) => match classic::listens(dir) {
            Some(Look::Unable(_, error)) => classic::reason(&error),
            _ => "supervise not running".into(),
        },
        Err(error) => classic::reason(&error),
    };
    cli::warn(format_args!("unable to control {shown}: {why}"));
}

/// Whether somebody supervises a service: 0, or 100.
pub(crate) fn svok(mut args: Vec<OsString>) -> ExitCode {
    cli::name_program("svok");
    match args.split_off(args.len().min(1)).first() {
        None => misused("svok dir"),
        Some(dir) => match is_supervised(Path::new(dir)) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::from(NO),
            Err(code) => code,
        },
    }
}

fn is_supervised(dir: &Path) -> Result<bool, ExitCode> {
    let shown = classic::printable(dir.as_os_str());
    if let Err(error) = classic::enter(dir) {
        return Err(fatal(&format!("chdir to {shown}"), &error));
    }
    match classic::listens(dir) {
        None => Ok(true),
        Some(Look::Unable(what, error)) if error.kind() != std::io::ErrorKind::NotFound => {
            let file = what.rsplit(' ').next().unwrap_or(what);
            Err(fatal(&format!("open {shown}/{file}"), &error))
        }
        Some(_) => Ok(false),
    }
}

/// A line for each service. The exit code is 0.
pub(crate) fn svstat(mut args: Vec<OsString>) -> ExitCode {
    cli::name_program("svstat");
    let now = clock::now().wall;
    for dir in args.split_off(args.len().min(1)) {
        let shown = classic::printable(&dir);
        let text = match classic::look(Path::new(&dir)) {
            Look::Seen(seen) => state(&seen, now),
            Look::NotRunning => "supervise not running".into(),
            Look::NoDirectory(error) => format!("unable to chdir: {}", classic::reason(&error)),
            Look::Unable(what, error) => format!("unable to {what}: {}", classic::reason(&error)),
        };
        if cli::answer(format!("{shown}: {text}\n").as_bytes()).is_err() {
            return ExitCode::from(TROUBLE);
        }
    }
    ExitCode::SUCCESS
}

fn state(seen: &Seen, now: unix::Stamp) -> String {
    let record = &seen.record;
    let up = record.pid.filter(|_| record.is_up());
    let mut text = match up {
        Some(pid) => format!("up (pid {pid})"),
        None => "down".into(),
    };
    let _ = write!(text, " {} seconds", seconds(record.since, now));
    match (up.is_some(), seen.normally_up) {
        (true, false) => text.push_str(", normally down"),
        (false, true) => text.push_str(", normally up"),
        (true, true) | (false, false) => {}
    }
    match (up.is_some(), record.wanted_up) {
        _ if up.is_some() && record.paused => text.push_str(", paused"),
        (true, false) => text.push_str(", want down"),
        (false, true) => text.push_str(", want up"),
        (true, true) | (false, false) => {}
    }
    text
}

/// Whether a service, and its logger unless `-l`, is up: 0, or 100. `-L`: only the logger.
pub(crate) fn svup(args: Vec<OsString>) -> ExitCode {
    let line = match SVUP.parse(args) {
        Ok(line) => line,
        Err(failure) => return failure.report(),
    };
    let [dir] = &line.operands[..] else { return SVUP.misuse().report() };
    let asked = |wanted| line.options.iter().any(|&(letter, _)| letter == wanted);
    let (dir, log) = (Path::new(dir), Path::new(dir).join(names::LOG));
    let has_log = classic::enter(&log).is_ok();
    let (log_only, no_log) = (asked('L') && has_log, asked('l') || !has_log);
    let dirs = [Some(dir).filter(|_| !log_only), Some(log.as_path()).filter(|_| log_only || !no_log)];
    for dir in dirs.into_iter().flatten() {
        match is_supervised(dir) {
            Ok(true) if is_up(dir) => {}
            Ok(_) => return ExitCode::from(NO),
            Err(code) => return code,
        }
    }
    ExitCode::SUCCESS
}

fn is_up(dir: &Path) -> bool {
    matches!(classic::look(dir), Look::Seen(seen) if seen.record.is_up())
}

fn misused(usage: &str) -> ExitCode {
    cli::say(format_args!("usage: {usage}"));
    ExitCode::from(NO)
}

fn fatal(what: &str, error: &std::io::Error) -> ExitCode {
    cli::say(format_args!("fatal: unable to {what}: {}", classic::reason(error)));
    ExitCode::from(TROUBLE)
}
