//! Inits in front of one command, each in a PID namespace of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Answer, is_root, run};

/// Debian's program of this name; `None`: it is not here, which is said.
pub fn original(name: &str) -> Option<PathBuf> {
    let path = Path::new("/usr/bin").join(name);
    if !path.exists() {
        eprintln!("skipped: {name} is not installed");
    }
    path.exists().then_some(path)
}

/// A command in a PID namespace of its own, so that nothing outlives it; the program is process 1 there.
pub fn as_first(program: &Path, args: &[&str]) -> Command {
    // A shell cannot trap what was ignored when it began, as INT is in a job of the background.
    let mut command = Command::new("env");
    command.args(["--default-signal", "unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]);
    if !is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.arg(program).args(args);
    command
}

/// Runs it there.
#[track_caller]
pub fn first(program: &Path, args: &[&str]) -> Answer {
    run(&mut as_first(program, args))
}
