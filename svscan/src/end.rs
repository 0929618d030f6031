//! The ends of a scanner: `finish`, `crash`, and what process 1 does without them. Nothing here takes memory.

use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::OnceLock;

use scandir::Names;
use sys::signals::Signals;
use sys::{child, family, file, heap, poll, process, signals};
use unix::Signal;

/// The exit code of a scanner that could not survive.
const DEAD: u8 = 111;

static PROGRAMS: OnceLock<Programs> = OnceLock::new();

/// The paths of what is executed at the end.
#[derive(Debug)]
struct Programs {
    finish: CString,
    crash: CString,
}

/// Gets ready for every end, and makes a mistake in this program one of them, and the end of memory another.
pub(crate) fn prepare(names: &Names) {
    if let (Ok(finish), Ok(crash)) = (CString::new(names.finish), CString::new(names.crash)) {
        let _ = PROGRAMS.set(Programs { finish, crash });
    }
    std::panic::set_hook(Box::new(|panic| {
        match panic.location() {
            Some(at) => cli::say(format_args!("a mistake in this program at {at}")),
            None => cli::say("a mistake in this program"),
        }
        die();
    }));
    heap::when_exhausted(|| {
        cli::say("no memory is left");
        die();
    });
}

fn die() {
    let _ = crash();
    std::process::exit(DEAD.into());
}

/// Executes `finish` with the exit code; without it, this is the exit code.
pub(crate) fn finish(code: u8) -> ExitCode {
    let Some(programs) = PROGRAMS.get() else { return ExitCode::from(code) };
    let mut digits = [0; 4];
    match execute(&programs.finish, decimal(code, &mut digits)) {
        Executed::Missing => ExitCode::from(code),
        Executed::Failed => crash(),
    }
}

/// Executes `crash`. Without it, process 1 stays, and any other process ends.
pub(crate) fn crash() -> ExitCode {
    if let Some(programs) = PROGRAMS.get() {
        let crash = programs.crash.to_str().unwrap_or_default();
        cli::say(format_args!("executing {crash}"));
        if let Executed::Missing = execute(&programs.crash, c"") {
            cli::say(format_args!("there is no {crash}"));
        }
    }
    if process::id().is_some_and(|pid| pid.get() == 1) {
        cli::say("staying to collect dead processes; send SIGTERM to end");
        stay();
    }
    ExitCode::from(DEAD)
}

/// Why a program was not executed.
enum Executed {
    Missing,
    Failed,
}

fn execute(program: &CStr, arg: &CStr) -> Executed {
    let args = [program, arg];
    let args = if arg.is_empty() { &args[..1] } else { &args };
    let error = process::execute(program, args);
    let path = Path::new(OsStr::from_bytes(program.to_bytes()));
    if matches!(file::look_no_follow(path), Ok(None)) {
        return Executed::Missing;
    }
    let problem = sys::problem::diagnose(path, &error);
    cli::say(format_args!("unable to execute {}: {problem}", path.display()));
    Executed::Failed
}

/// Collects the dead until SIGTERM has come and no child is left.
fn stay() {
    let signals = signals::take(&[Signal::CHLD, Signal::TERM, Signal::INT, Signal::QUIT]).ok();
    let mut told = false;
    while !told || child::any_left() {
        while let Ok(Some(_)) = child::reap() {}
        match &signals {
            Some(signals) => told |= wait_for_order(signals),
            None => wait_for_a_death(),
        }
    }
}

/// Waits for a signal, and hands an order to end on to our children.
fn wait_for_order(signals: &Signals) -> bool {
    use std::os::fd::AsFd;
    if poll::wait([Some(signals.as_fd())], None).is_err() {
        wait_for_a_death();
    }
    let mut told = false;
    while let Ok(Some(signal)) = signals.next() {
        told |= signal != Signal::CHLD;
    }
    if told {
        let _ = family::each(|one| {
            if one.pid == one.branch {
                let _ = family::kill(one, Signal::TERM);
            }
        });
    }
    while let Ok(Some(_)) = child::reap() {}
    told
}

fn wait_for_a_death() {
    if child::wait_for_any().is_err() {
        // No child, and no way to hear of anything: nothing will ever happen.
        sys::signals::pause();
    }
}

/// A number as a C string.
fn decimal(number: u8, digits: &mut [u8; 4]) -> &CStr {
    let mut rest = number;
    let mut start = 3;
    digits[3] = 0;
    loop {
        start -= 1;
        digits[start] = b'0' + rest % 10;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    CStr::from_bytes_with_nul(&digits[start..]).unwrap_or(c"111")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_code_can_be_handed_over() {
        for code in 0..=255 {
            let mut digits = [0; 4];
            assert_eq!(decimal(code, &mut digits).to_str().unwrap(), code.to_string());
        }
    }
}
