//! In plain words: what it does now, why, and what comes next.

use servicedir::forms::{restart_delay, restart_limit};
use servicedir::{names, read_given_in};
use status::{Reason, Record};
use sys::file;
use sys::problem;
use sys::proc;
use unix::{Signal, Stamp};

use crate::moment;
use crate::processes::family::Family;
use crate::status::view::View;

/// Processes that are named; of the others it is said that there are some.
const MOST_NAMED: usize = 8;

/// The sentences about a service.
pub(crate) fn sentences(view: &View, now: Stamp) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(problem) = &view.problem {
        said.push(problem.clone());
        return said;
    }
    match view.live() {
        None if view.is_supervised == Some(false) => said.push(
            "nobody supervises it: a scanner that sees it starts its supervisor (svscan DIR, svctl -a DIR)"
                .into(),
        ),
        None => said.push("nothing is known of it".into()),
        Some(record) if record.finishing => said.extend(finishing(view, record)),
        Some(record) if record.is_up() => said.extend(up(view, record, now)),
        Some(record) => said.extend(down(view, record, now)),
    }
    let is_up = view.live().is_some_and(Record::is_up);
    if let Some(problem) = problem::foresee(&view.dir.join(names::RUN)) {
        let when = if is_up { "at its next start " } else { "" };
        said.push(format!("{when}run cannot be executed: {problem}"));
    }
    said
}

fn up(view: &View, record: &Record, now: Stamp) -> Vec<String> {
    let mut said = Vec::new();
    let pid = record.pid.map(|pid| pid.to_string()).unwrap_or_default();
    let age = moment::length(moment::between(record.since, now));
    said.push(format!("it runs with pid {pid} since {} ({age})", moment::shown(record.since)));
    if record.paused {
        said.push("it was stopped by a command; svctl -c continues it".into());
    }
    if !record.ready && tells_readiness(view) {
        said.push("it has not yet said that it is ready".into());
    }
    said.push(if record.wanted_up {
        format!("when it dies it starts again, {}", delay(view))
    } else {
        format!("when it dies it stays down: {}", wish_down(view))
    });
    said
}

/// Up, but wanted down: the record does not tell a stop that is under way from a single start.
fn wish_down(view: &View) -> String {
    let signal = word(view, names::DOWN_SIGNAL).and_then(|word| Signal::parse(&word)).unwrap_or(Signal::TERM);
    let limit =
        word(view, names::TIMEOUT_KILL).and_then(|word| word.parse::<u64>().ok()).filter(|ms| *ms > 0);
    let then = match limit {
        Some(ms) => format!("SIGKILL follows {ms} ms after it"),
        None => "no SIGKILL follows, for want of a timeout-kill".into(),
    };
    format!("it was told to be down ({signal} was sent; {then}), or to run only once")
}

fn finishing(view: &View, record: &Record) -> Vec<String> {
    let first = match record.pid {
        Some(pid) => format!("run has died, and crash or finish runs (pid {pid})"),
        None => "run has died, and what it left behind is being ended (kill-mode)".into(),
    };
    let next = match (record.wanted_up, view.detail.failed) {
        (_, Some(reason)) => failed(view, reason),
        (true, None) => format!("after that it starts again, {}", delay(view)),
        (false, None) => "after that it stays down".into(),
    };
    vec![first, next]
}

/// Who is left of the last `run`, though that has died.
pub(crate) fn left(view: &View) -> Option<String> {
    let session = view.last_session()?;
    let family = Family::new(proc::all().ok()?);
    let left = family.left(session);
    let named: Vec<_> =
        left.iter().take(MOST_NAMED).map(|process| format!("{} ({})", process.pid, process.name)).collect();
    let rest = match left.len().checked_sub(MOST_NAMED) {
        None | Some(0) => "",
        Some(_) => ", …",
    };
    let (who, live) = match left.len() {
        0 => return None,
        1 => ("1 process", "lives"),
        count => (&*format!("{count} processes"), "live"),
    };
    let named = named.join(", ");
    Some(format!("{who} of its last run still {live}: {named}{rest}; the setting kill-mode ends such"))
}

fn down(view: &View, record: &Record, now: Stamp) -> Vec<String> {
    if let Some(reason) = view.detail.failed {
        return vec![failed(view, reason)];
    }
    if let Some(at) = view.detail.start_at.filter(|_| record.wanted_up) {
        let left = moment::length(moment::between(now, at));
        return vec![format!("it starts again in {left}, at {}", moment::shown(at))];
    }
    if record.wanted_up {
        return vec!["it is about to start".into()];
    }
    let why = match (has(view, names::DOWN), record.paused) {
        (true, true) => "the file down kept it from starting; nobody has said up",
        (true, false) => {
            "it was told to be down, and has the file down: it will not start with its supervisor"
        }
        (false, _) => "it was told to be down, or to run only once",
    };
    vec![why.into(), "it waits for a command: svctl -u starts it".into()]
}

fn failed(view: &View, reason: Reason) -> String {
    let why = match reason {
        Reason::Finish => "finish exited 125".into(),
        Reason::Crash => "crash exited 125".into(),
        Reason::MaxRestarts => limit(view),
    };
    format!("it has failed: {why}; it stays down until somebody says up (svctl -u)")
}

fn limit(view: &View) -> String {
    let given = read_given_in(&view.dir, names::MAX_RESTARTS).ok().flatten();
    match given.and_then(|given| restart_limit(&given).ok()) {
        Some((count, seconds)) => format!("{count} crashes within {seconds} s are too many (max-restarts)"),
        None => "too many crashes (max-restarts)".into(),
    }
}

/// When the next start would be.
fn delay(view: &View) -> String {
    let given = read_given_in(&view.dir, names::RESTART_DELAY).ok().flatten();
    match given.and_then(|given| restart_delay(&given).ok()).unwrap_or((1_000, 1_000)) {
        (0, _) => "at once".into(),
        (min, max) if min == max => format!("{min} ms after its last start at the earliest"),
        (min, max) => format!("{min} to {max} ms after its last start at the earliest"),
    }
}

fn tells_readiness(view: &View) -> bool {
    has(view, names::NOTIFICATION_FD) || has(view, names::CHECK)
}

fn has(view: &View, name: &str) -> bool {
    file::look_no_follow(&view.dir.join(name)).is_ok_and(|found| found.is_some())
}

/// The first word of a setting.
fn word(view: &View, name: &'static str) -> Option<String> {
    read_given_in(&view.dir, name).ok()??.words().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::view::tests::{DOWN, UP, view};

    fn said(view: &View) -> String {
        sentences(view, Stamp::from_unix(1_000, 0)).join("\n")
    }

    #[test]
    fn who_is_left_is_told_only_where_a_supervisor_knows() {
        let mut view = view(DOWN);
        // No process can have so high a pid: nobody is left of that session.
        view.detail.life.session = unix::Pid::new(i64::from(i32::MAX));
        assert_eq!(left(&view), None);
        assert!(view.last_session().is_some());
        view.is_supervised = Some(false);
        assert_eq!(view.last_session(), None);
    }

    #[test]
    fn every_state_has_a_reason_and_a_next_step() {
        let mut up = view(UP);
        up.record.as_mut().unwrap().wanted_up = true;
        assert!(said(&up).contains("when it dies it starts again"), "{}", said(&up));
        let mut down = view(DOWN);
        assert!(said(&down).contains("it waits for a command"), "{}", said(&down));
        down.detail.failed = Some(Reason::Crash);
        assert!(said(&down).contains("it has failed: crash exited 125"), "{}", said(&down));
        down.detail.failed = None;
        down.record.as_mut().unwrap().wanted_up = true;
        down.detail.start_at = Some(Stamp::from_unix(1_003, 0));
        assert!(said(&down).contains("it starts again in 3 s"), "{}", said(&down));
        down.is_supervised = Some(false);
        assert!(said(&down).contains("nobody supervises it"), "{}", said(&down));
        assert!(said(&down).contains("run cannot be executed: no such file"), "{}", said(&down));
    }
}
