//! Programs of the administrator's that replace the effect of a signal.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use scandir::Names;
use sys::child::{self, Company, Spawn, SpawnError};
use sys::file;
use unix::Signal;

use crate::words::Shown;

/// Signals whose effect can be replaced: as s6 has it, all but CHLD, ALRM and ABRT.
const REPLACEABLE: [Signal; 8] = [
    Signal::HUP,
    Signal::INT,
    Signal::TERM,
    Signal::QUIT,
    Signal::USR1,
    Signal::USR2,
    Signal::PWR,
    Signal::WINCH,
];

/// Their paths, made while there is memory.
#[derive(Debug)]
pub(crate) struct Hooks(Vec<(Signal, CString)>);

impl Hooks {
    /// Those of a scan directory.
    pub(crate) fn new(names: &Names) -> Hooks {
        let path = |&signal: &Signal| Some((signal, CString::new(names.hook(signal)).ok()?));
        Hooks(REPLACEABLE.iter().filter_map(path).collect())
    }

    /// Starts the program that stands for a signal, with `output` if it is not to write where we do; `false` if there is none, or it cannot be executed.
    pub(crate) fn run(&self, signal: Signal, output: Option<BorrowedFd<'_>>) -> bool {
        let Some((_, path)) = self.0.iter().find(|(other, _)| *other == signal) else { return false };
        if !file::is_executable(Path::new(OsStr::from_bytes(path.to_bytes()))) {
            return false;
        }
        match spawn(path, output) {
            Ok(()) => true,
            Err(SpawnError::Locked) => false,
            Err(SpawnError::Fork(error) | SpawnError::Exec(error)) => {
                let problem = sys::problem::diagnose(Path::new(OsStr::from_bytes(path.to_bytes())), &error);
                let path = Shown(path.to_bytes());
                cli::warn(format_args!("unable to execute {path}: {problem}; {signal} has its usual effect"));
                false
            }
        }
    }
}

fn spawn(path: &CString, output: Option<BorrowedFd<'_>>) -> Result<(), SpawnError> {
    // Each is given once.
    let second = output.map(|fd| fd.try_clone_to_owned()).transpose().map_err(SpawnError::Fork)?;
    let give = output.zip(second.as_ref()).map(|(output, second)| [(output, 1), (second.as_fd(), 2)]);
    let args = std::slice::from_ref(path);
    let spawn = Spawn {
        program: path,
        args,
        company: Company::Parents,
        holds_signals: false,
        new_pid_namespace: false,
        give: give.as_ref().map_or(&[], |give| &give[..]),
        lock: None,
    };
    child::spawn(&spawn).map(drop)
}
