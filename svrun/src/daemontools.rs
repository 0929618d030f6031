//! `setuidgid`, `envuidgid`, `envdir`, `softlimit`, `setlock`, `pgrphack`: the names of daemontools.
//!
//! Source of the options and the exit codes: the manual pages of daemontools 0.76, and what the programs do.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use cli::getopt::Grammar;
use cli::{Failure, Main};
use sys::limits::Resource;
use sys::lock::{Kind, Patience, Share};

use crate::account::Who;
use crate::apply::{self, Codes, Refusal};
use crate::change::{Change, Groups, Insist, LockFile, Plan, Search};
use crate::folder::Folder;
use crate::limit::{Above, LimitChange, Value};
use crate::numbers::plain;
use crate::s6::resources;

/// Every name with its program.
pub(crate) const NAMES: &[(&str, Main)] = &[
    ("setuidgid", setuidgid),
    ("envuidgid", envuidgid),
    ("envdir", envdir),
    ("softlimit", softlimit),
    ("setlock", setlock),
    ("pgrphack", pgrphack),
];

/// Whatever the system refuses: 111.
pub(crate) const CODES: Codes = Codes { unknown: 111, held: 111, late: 111, execute: Some(111) };

/// The mode of a lock file that is made.
pub(crate) const LOCK_MODE: u32 = 0o600;

const SOFTLIMIT: Grammar = Grammar {
    name: "softlimit",
    usage: "[-a allbytes] [-c corebytes] [-d databytes] [-f filebytes] [-l lockbytes] [-m membytes] [-o openfiles] \
            [-p processes] [-r residentbytes] [-s stackbytes] [-t cpusecs] child",
    letters: "a:c:d:f:l:m:o:p:r:s:t:",
    long: &[],
};

const SETLOCK: Grammar =
    Grammar { name: "setlock", usage: "[ -nNxX ] file program [ arg ... ]", letters: "nNxX", long: &[] };

fn plan(changes: Vec<Change>, words: Vec<OsString>) -> Plan {
    Plan { changes, words, argv0: None, search: Search::Old }
}

/// A program without options: so many operands, then the command.
fn words<const N: usize>(
    name: &'static str,
    usage: &str,
    mut args: Vec<OsString>,
) -> Result<([OsString; N], Vec<OsString>), Failure> {
    cli::name_program(name);
    if args.len() < N + 2 {
        return Err(Failure::Usage(format!("usage: {name} {usage}").into()));
    }
    let command = args.split_off(N + 1);
    let operands = std::array::from_fn(|i| std::mem::take(&mut args[i + 1]));
    Ok((operands, command))
}

fn setuidgid(args: Vec<OsString>) -> ExitCode {
    match words("setuidgid", "account child", args) {
        Ok(([account], command)) => {
            let who = Who::Plain(account.display().to_string());
            apply::run(plan(vec![Change::LookUp(who), Change::Become], command), &CODES)
        }
        Err(failure) => failure.report(),
    }
}

fn envuidgid(args: Vec<OsString>) -> ExitCode {
    match words("envuidgid", "account child", args) {
        Ok(([account], command)) => {
            let who = Who::Plain(account.display().to_string());
            apply::run(plan(vec![Change::Export(who, Groups::Leave)], command), &CODES)
        }
        Err(failure) => failure.report(),
    }
}

fn envdir(args: Vec<OsString>) -> ExitCode {
    match words("envdir", "dir child", args) {
        Ok(([dir], command)) => apply::run(plan(vec![Change::Folder(Folder::new(dir))], command), &CODES),
        Err(failure) => {
            failure.report();
            // Of all of them, this one says so.
            ExitCode::from(111)
        }
    }
}

fn pgrphack(args: Vec<OsString>) -> ExitCode {
    match words::<0>("pgrphack", "child", args) {
        Ok((_, command)) => apply::run(plan(vec![Change::Session(Insist::No)], command), &CODES),
        Err(failure) => failure.report(),
    }
}

fn softlimit(args: Vec<OsString>) -> ExitCode {
    match limits(args) {
        Ok(plan) => apply::run(plan, &CODES),
        Err(failure) => failure.report(),
    }
}

pub(crate) fn limits(args: Vec<OsString>) -> Result<Plan, Failure> {
    let line = SOFTLIMIT.parse(args)?;
    let mut changes = Vec::new();
    for (letter, value) in &line.options {
        let value = match value == "=" {
            true => Value::Hard,
            false => Value::Number(count(value).ok_or_else(|| SOFTLIMIT.misuse())?),
        };
        changes.extend(resources(*letter).iter().map(|&resource| lowered(resource, value)));
    }
    if line.operands.is_empty() {
        return Err(SOFTLIMIT.misuse());
    }
    Ok(plan(changes, line.operands))
}

/// A soft limit, which is never above the hard one.
pub(crate) fn lowered(resource: Resource, value: Value) -> Change {
    Change::Limit(LimitChange { resource, soft: Some(value), hard: None, above: Above::Lowered })
}

/// A number; nothing is 0.
pub(crate) fn count(value: &OsStr) -> Option<u64> {
    if value.is_empty() { Some(0) } else { plain(value.to_str()?) }
}

/// The lock of daemontools and runit.
pub(crate) fn lock(path: &OsStr, patience: Patience) -> Change {
    let (kind, share) = (Kind::File, Share::Alone);
    Change::Lock(LockFile { path: path.into(), kind, share, patience, mode: LOCK_MODE, number: None })
}

fn setlock(args: Vec<OsString>) -> ExitCode {
    let mut line = match SETLOCK.parse(args) {
        Ok(line) if line.operands.len() >= 2 => line,
        Ok(_) => return SETLOCK.misuse().report(),
        Err(failure) => return failure.report(),
    };
    let last = |on: char, off: char| {
        let mut given = line.options.iter().rev().map(|(letter, _)| *letter);
        given.find(|&letter| letter == on || letter == off) == Some(on)
    };
    let patience = if last('n', 'N') { Patience::None } else { Patience::Endless };
    let gives_in = last('x', 'X');
    let path = line.operands.remove(0);
    let refusal = apply::carry_out(plan(vec![lock(&path, patience)], line.operands));
    match &refusal {
        // Without the lock all is well, and nothing is executed.
        Refusal::Held(_) | Refusal::Failed(Failure::System(_)) if gives_in => ExitCode::SUCCESS,
        refusal => CODES.report(refusal),
    }
}
