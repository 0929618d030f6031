//! What is answered: what a service was told, or what has become of it.

use std::path::Path;
use std::time::Duration;

use cli::{Failure, Unable, answer};
use servicedir::record;
use status::Record;
use unix::Exit;

use super::grammar::{Act, Does, Request};

/// That a service was told something, which says nothing of what it will do.
pub(super) fn told(act: &Act, request: &Request, name: &str, before: Option<&Record>) -> Result<(), Failure> {
    let was_up = before.is_some_and(|record| record.is_up() && record.wanted_up);
    let was_down = before.is_some_and(|record| record.pid.is_none() && !record.wanted_up);
    line(match act.does {
        Does::Up if was_up => format!("{name}: up already"),
        Does::Down if was_down => format!("{name}: down already"),
        Does::Up => format!("{name}: told to start"),
        Does::Down => format!("{name}: told to stop"),
        Does::Restart => format!("{name}: told to restart"),
        Does::Once => format!("{name}: told to start once"),
        Does::Enable => format!("{name}: enabled and told to start"),
        Does::Disable => format!("{name}: disabled and told to stop"),
        Does::Reload => format!("{name}: told to reload"),
        Does::Kill => {
            let signal = request.signal.as_ref().and_then(|word| unix::Signal::parse(word.to_str()?));
            format!("{name}: sent {}", signal.map_or("it".into(), |signal| signal.to_string()))
        }
        Does::Pause => format!("{name}: told to pause"),
        Does::Cont => format!("{name}: told to continue"),
        Does::Exit => format!("{name}: told to stop, and its supervisor to exit"),
    })
}

/// That a service was where it should be already.
pub(super) fn held(name: &str, before: Option<&Record>) -> Result<(), Failure> {
    line(format!("{name}: {} already", state(before)))
}

/// That a service is where it should be, after so long.
pub(super) fn reached(act: &Act, name: &str, dir: &Path, after: Duration) -> Result<(), Failure> {
    let record = record::read(dir).ok().flatten();
    let again = if act.does == Does::Restart { " again" } else { "" };
    let state = match state(record.as_ref()) {
        "ready" => format!("up{again}, ready"),
        state => format!("{state}{again}"),
    };
    // Known in time, or not at all: it may have gone on since.
    let how = match record.filter(|record| record.pid.is_none()).map(|record| record.last_exit) {
        Some(exit) => how_it_ended(dir, exit),
        None => String::new(),
    };
    line(format!("{name}: {state} after {}{how}", seconds(after)))
}

/// That the supervisor of a service is gone.
pub(super) fn gone(name: &str, after: Duration) -> Result<(), Failure> {
    line(format!("{name}: down, its supervisor gone after {}", seconds(after)))
}

fn how_it_ended(dir: &Path, exit: Exit) -> String {
    if record::read_detail(dir).is_ok_and(|detail| detail.killed_late) {
        return " (killed after timeout-kill)".into();
    }
    format!(" ({exit})")
}

fn state(record: Option<&Record>) -> &'static str {
    match record {
        Some(record) if record.is_up() && record.ready => "ready",
        Some(record) if record.is_up() => "up",
        Some(record) if record.finishing => "finishing",
        _ => "down",
    }
}

/// `7 ms`, `0.3 s`, `61 s`.
pub(crate) fn seconds(time: Duration) -> String {
    match time.as_millis() as u64 {
        milliseconds @ 0..100 => format!("{milliseconds} ms"),
        // Without floating point: formatting it takes more room than everything else here.
        milliseconds @ 100..10_000 => {
            let tenths = (milliseconds + 50) / 100;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        milliseconds => format!("{} s", milliseconds / 1_000),
    }
}

/// Answers a line.
pub(crate) fn line(text: String) -> Result<(), Failure> {
    answer(format!("{text}\n").as_bytes()).unable(|| "write to standard output")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_as_exact_as_people_want_it() {
        for (milliseconds, text) in [(7, "7 ms"), (340, "0.3 s"), (9_999, "10.0 s"), (61_500, "61 s")] {
            assert_eq!(seconds(Duration::from_millis(milliseconds)), text);
        }
    }
}
