//! `check`: the script that tells whether a service is available.

use std::ffi::CString;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use servicedir::names;
use sys::child::{self, Company, Spawn};
use sys::{clock, file, poll, process};
use unix::{Exit, Pid, Signal};

/// From one look at a running script to the next.
const INTERVAL: Duration = Duration::from_millis(10);

/// A script may run so long, though the deadline has come.
const GRACE: Duration = Duration::from_secs(1);

/// Whether the service in `dir`, an absolute path, is available; `None`: it has no `check` that says so. One
/// that does not end is killed soon after the deadline, and says no.
pub(crate) fn says(dir: &Path, deadline: Duration) -> Option<bool> {
    file::is_executable(&dir.join(names::CHECK)).then(|| says_yes(dir, deadline))
}

fn says_yes(dir: &Path, deadline: Duration) -> bool {
    // Paths of services are absolute: it does not matter where we are.
    if process::enter(dir).is_err() {
        return false;
    }
    let Ok(null) = process::open_null() else { return false };
    let args = [CString::from(c"./check")];
    let spawn = Spawn {
        program: c"./check",
        args: &args,
        company: Company::Parents,
        holds_signals: false,
        new_pid_namespace: false,
        give: &[(null.as_fd(), 1)],
        lock: None,
    };
    match child::spawn(&spawn) {
        Ok(pid) => ends_well(pid, deadline + GRACE),
        Err(_) => {
            cli::warn(format_args!("unable to run {}/check", dir.display()));
            false
        }
    }
}

fn ends_well(script: Pid, deadline: Duration) -> bool {
    loop {
        match child::reap() {
            Ok(Some((pid, exit))) if pid == script => return exit == Exit::Code(0),
            Ok(Some(_)) => continue,
            Ok(None) => {}
            Err(_) => return false,
        }
        let now = clock::monotonic();
        if now >= deadline {
            let _ = child::kill(script, Signal::KILL);
            let _ = child::wait_for(script);
            return false;
        }
        let _ = poll::wait([], Some(now + INTERVAL));
    }
}
