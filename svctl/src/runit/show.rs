//! What `sv` says of a service.

use std::fmt::Write;

use sys::clock;

use crate::classic::{self, Look, Seen, seconds};

/// `run: web: (pid 7) 5s, normally down, paused`, or what keeps us from knowing that.
pub(crate) fn line(name: &str, look: &Look) -> String {
    match look {
        Look::Seen(seen) => state(name, seen),
        Look::NotRunning => format!("fail: {}", not_running(name)),
        Look::NoDirectory(error) => {
            format!("fail: {name}: unable to change to service directory: {}", classic::reason(error))
        }
        Look::Unable(what, error) => format!("warning: {name}: unable to {what}: {}", classic::reason(error)),
    }
}

/// Nobody supervises it, which can be good or bad.
pub(crate) fn not_running(name: &str) -> String {
    format!("{name}: runsv not running")
}

fn state(name: &str, seen: &Seen) -> String {
    let record = &seen.record;
    let runs = record.pid.is_some();
    let word = match record.pid {
        _ if record.finishing => "finish",
        Some(_) => "run",
        None => "down",
    };
    let mut text = format!("{word}: {name}: ");
    // Writing to a String cannot fail.
    if let Some(pid) = record.pid {
        let _ = write!(text, "(pid {pid}) ");
    }
    let _ = write!(text, "{}s", seconds(record.since, clock::now().wall));
    text.push_str(match (runs, seen.normally_up) {
        (true, false) => ", normally down",
        (false, true) => ", normally up",
        (true, true) | (false, false) => "",
    });
    if runs && record.paused {
        text.push_str(", paused");
    }
    text.push_str(match (runs, record.wanted_up) {
        (true, false) => ", want down",
        (false, true) => ", want up",
        (true, true) | (false, false) => "",
    });
    text
}
