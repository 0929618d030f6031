//! `multilog`: the logger with daemontools' script.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cli::Failure;
use logscript::{Change, Long, Place, Script};
use sys::{file, process};

use crate::logdir_writer::LogDir;
use crate::logger::Opened;
use crate::not_open::{NotOpen, Step, classic_reason};
use crate::options::{Origin, Request};
use crate::syncing::Sync;

/// Reads the command line: every word is for the script, and none is wrong.
#[cold]
#[inline(never)]
pub(crate) fn parse(args: &[OsString]) -> Request {
    cli::name_program("multilog");
    process::set_umask(0o022);
    let words: Vec<&[u8]> = args.iter().skip(1).map(|word| word.as_bytes()).collect();
    let parsed = logscript::multilog::parse(&words);
    Request {
        limit: Some(parsed.limit),
        long: Long::Whole,
        patience: None,
        origin: Origin::Multilog(parsed.script),
        ..Request::default()
    }
}

/// Makes the status files, opens the directories.
///
/// # Errors
/// The first that cannot be.
#[cold]
#[inline(never)]
pub(crate) fn open(script: Script, sync: Sync) -> Result<Opened, Failure> {
    for action in &script.actions {
        if let Place::Status { path, change: Change::Overwritten, .. } = &action.place {
            let path = Path::new(OsStr::from_bytes(path));
            file::append(path, b"", 0o600).map_err(|cause| not_made(path, &cause))?;
        }
    }
    let mut dirs = Vec::new();
    for dir in &script.dirs {
        let opened = LogDir::open_another(&dirs, dir.clone(), sync);
        dirs.push(opened.map_err(|failed| fatal(&in_its_words(&failed)))?);
    }
    Ok(Opened { script, dirs })
}

#[cold]
fn not_made(path: &Path, cause: &io::Error) -> Failure {
    let reason = if path.is_dir() { "is a directory".into() } else { classic_reason(cause) };
    fatal(&format!("unable to create {}: {reason}", path.display()))
}

#[cold]
#[inline(never)]
fn in_its_words(failed: &NotOpen) -> String {
    let NotOpen { step, path, cause } = failed;
    let (path, reason) = (path.display(), classic_reason(cause));
    match step {
        Step::Make | Step::Open => format!("unable to open directory {path}: {reason}"),
        Step::Lock => format!("unable to lock directory {path}: {reason}"),
        Step::Recover => format!("unable to write to {path}/state: {reason}"),
        Step::Append | Step::Give | Step::GiveCurrent | Step::Sync => {
            format!("unable to write to {path}/current: {reason}")
        }
    }
}

fn fatal(what: &str) -> Failure {
    cli::say(format_args!("fatal: {what}"));
    Failure::Silent(111)
}
