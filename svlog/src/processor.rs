//! Processors: programs that make an archive of a rotated file.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use logdir::{NEWSTATE, STATE};
use logscript::{Processor, Shell};
use sys::child::{self, Company, Spawn, SpawnError};
use sys::dir::Dir;
use sys::{exec, process};
use unix::Pid;

/// Where a processor reads what the last one left.
const STATE_FD: i32 = 4;
/// Where it writes what the next one shall find.
const NEWSTATE_FD: i32 = 5;

/// Starts a processor in a log directory: from the first file to the second, from `state` to `newstate`, which have the
/// mode of its files.
///
/// # Errors
/// A file cannot be opened, its interpreter is not there, no process can be made.
pub(crate) fn start(processor: &Processor, dir: &Dir, files: [&str; 2], mode: u32) -> io::Result<Pid> {
    let not_found = || io::Error::from(io::ErrorKind::NotFound);
    let (shell, option) = match processor.shell {
        Shell::Gzip => return gzip(dir, files, mode),
        Shell::Posix => ("/bin/sh", "-c"),
        Shell::Execline => ("execlineb", "-Pc"),
    };
    let no_shell = || io::Error::new(io::ErrorKind::NotFound, format!("there is no {shell}"));
    let path = exec::find(shell.as_ref()).ok_or_else(no_shell)?;
    let program = process::c_string(path).ok_or_else(not_found)?;
    let command = CString::new(&processor.command[..]).map_err(|_| not_found())?;
    let args = [program.clone(), CString::new(option).unwrap_or_default(), command];
    let files = open_files(dir, files, mode)?;
    let give: Vec<_> = files
        .iter()
        .zip([0, 1, STATE_FD, NEWSTATE_FD])
        .map(|(file, number)| (file.as_fd(), number))
        .collect();
    let spawn = Spawn {
        program: &program,
        args: &args,
        company: Company::OwnGroup,
        holds_signals: false,
        new_pid_namespace: false,
        give: &give,
        lock: None,
    };
    let home = process::current_directory()?;
    process::enter_open(dir.as_fd())?;
    let started = child::spawn(&spawn);
    process::enter_open(home.as_fd())?;
    started.map_err(|error| match error {
        SpawnError::Fork(error) | SpawnError::Exec(error) => error,
        SpawnError::Locked => not_found(),
    })
}

/// Starts a copy of this process that compresses.
fn gzip(dir: &Dir, [from, to]: [&str; 2], mode: u32) -> io::Result<Pid> {
    let (from, to) = (dir.open_to_read(from)?, dir.make_anew(to, mode)?);
    match exec::fork_apart(from, to)? {
        Some(pid) => Ok(pid),
        None => crate::gzip::run(),
    }
}

fn open_files(dir: &Dir, [from, to]: [&str; 2], mode: u32) -> io::Result<[OwnedFd; 4]> {
    if dir.look(STATE)?.is_none() {
        dir.make_anew(STATE, mode)?;
    }
    Ok([
        dir.open_to_read(from)?,
        dir.make_anew(to, mode)?,
        dir.open_to_read(STATE)?,
        dir.make_anew(NEWSTATE, mode)?,
    ])
}
