//! What the table says of each service: a cell a column.

use unix::Stamp;

use super::table::{COLUMNS, Cell, Row, Tone};
use super::view::{View, seconds};
use crate::display::shown;

/// A row for each.
pub(crate) fn rows(views: &[View], now: Stamp) -> Vec<Row> {
    let mut above: Option<&View> = None;
    let mut rows = Vec::with_capacity(views.len());
    for view in views {
        let is_below = above.is_some_and(|service| view.dir == service.dir.join(servicedir::names::LOG));
        rows.push(row(view, is_below, now));
        if !is_below {
            above = Some(view);
        }
    }
    rows
}

fn row(view: &View, is_below: bool, now: Stamp) -> Row {
    let name = if is_below { "  log".to_owned() } else { shown(&view.name) };
    let cells: [Cell; COLUMNS] = [
        Cell::plain(name),
        state(view, now),
        Cell::plain(view.live().and_then(|record| record.pid).map_or("-".into(), |pid| pid.to_string())),
        Cell::plain(view.live().map_or("-".into(), |record| age(seconds(record.since, now)))),
        Cell::plain(view.live().map_or("-".into(), |_| view.detail.restarts.to_string())),
        last_exit(view),
        note(view),
    ];
    Row(cells)
}

fn state(view: &View, now: Stamp) -> Cell {
    let state = view.state();
    let wait = view.detail.start_at.filter(|_| state == "backoff");
    let text = match wait {
        Some(start_at) => format!("backoff {}", age(seconds(now, start_at))),
        None => state.to_owned(),
    };
    let tone = match state {
        "ready" | "up" => Tone::Good,
        "down" if view.is_as_wanted() => Tone::Faint,
        "failed" | "not supervised" | "unknown" => Tone::Bad,
        _ => Tone::Busy,
    };
    Cell { text, tone }
}

fn last_exit(view: &View) -> Cell {
    let Some(exit) = view.live().and_then(|_| view.last_exit()) else { return Cell::plain("-".into()) };
    if view.detail.killed_late {
        return Cell { text: "killed after timeout-kill".into(), tone: Tone::Bad };
    }
    let tone = if exit.is_success() { Tone::Plain } else { Tone::Bad };
    Cell { text: exit.to_string(), tone }
}

fn note(view: &View) -> Cell {
    let text = match (&view.problem, view.other_wish(), view.detail.failed) {
        (Some(problem), ..) => shown(problem),
        (None, _, Some(reason)) if view.state() == "failed" => format!("failed by {}", reason.word()),
        (None, Some(wish), _) => format!("wanted {wish}"),
        _ => String::new(),
    };
    Cell { text, tone: Tone::Busy }
}

/// A time in two units at most: `8s`, `3m12s`, `2h05m`, `5d03h`.
fn age(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (minutes, hours, days) {
        (0, ..) => format!("{seconds}s"),
        (_, 0, _) => format!("{minutes}m{:02}s", seconds % 60),
        (_, _, 0) => format!("{hours}h{:02}m", minutes % 60),
        _ => format!("{days}d{:02}h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::view::tests::{DOWN, UP, view};
    use status::{Detail, Reason};
    use unix::{Exit, Signal};

    fn cells(view: &View) -> Vec<String> {
        let Row(cells) = row(view, false, Stamp::from_unix(1_000, 0));
        cells.into_iter().map(|cell| cell.text).collect()
    }

    #[test]
    fn age_has_two_units_at_most() {
        for (seconds, text) in
            [(0, "0s"), (59, "59s"), (60, "1m00s"), (3_599, "59m59s"), (3_660, "1h01m"), (270_000, "3d03h")]
        {
            assert_eq!(age(seconds), text);
        }
    }

    #[test]
    fn each_state_has_its_row() {
        assert_eq!(cells(&view(UP)), ["web", "up", "7", "10s", "0", "-", ""]);
        assert_eq!(cells(&view(DOWN)), ["web", "down", "-", "10s", "0", "exit 0", ""]);

        let mut starting = view(UP);
        starting.tells_ready = true;
        assert_eq!(cells(&starting)[1], "starting");
        assert!(!starting.is_as_wanted());

        let mut ready = view(UP);
        ready.record.as_mut().unwrap().ready = true;
        ready.detail.restarts = 2;
        assert_eq!(cells(&ready), ["web", "ready", "7", "10s", "2", "exit 0", ""]);

        let mut stopping = view(UP);
        stopping.record.as_mut().unwrap().wanted_up = false;
        assert_eq!(cells(&stopping), ["web", "up", "7", "10s", "0", "-", "wanted down"]);
        assert!(!stopping.is_as_wanted());

        let mut finishing = view(UP);
        let record = finishing.record.as_mut().unwrap();
        record.finishing = true;
        record.last_exit = Exit::Killed { signal: Signal::KILL, core: false };
        finishing.detail.killed_late = true;
        let expected = ["web", "finishing", "7", "10s", "0", "killed after timeout-kill", "wanted up"];
        assert_eq!(cells(&finishing), expected);
    }

    #[test]
    fn service_that_does_not_run_says_why() {
        let mut failed = view(DOWN);
        failed.detail = Detail { failed: Some(Reason::Finish), restarts: 1, ..Detail::default() };
        assert_eq!(cells(&failed), ["web", "failed", "-", "10s", "1", "exit 0", "failed by finish"]);

        let mut backoff = view(DOWN);
        backoff.record.as_mut().unwrap().wanted_up = true;
        backoff.record.as_mut().unwrap().last_exit = Exit::Killed { signal: Signal::SEGV, core: true };
        backoff.detail.start_at = Some(Stamp::from_unix(1_008, 0));
        assert_eq!(cells(&backoff), ["web", "backoff 8s", "-", "10s", "0", "SIGSEGV (core)", ""]);

        let mut unsupervised = view(UP);
        unsupervised.is_supervised = Some(false);
        assert_eq!(cells(&unsupervised), ["web", "not supervised", "-", "-", "-", "-", ""]);

        let mut fresh = view(DOWN);
        fresh.record.as_mut().unwrap().paused = true;
        assert_eq!(cells(&fresh)[5], "-");
    }

    #[test]
    fn logger_stands_below_its_service_only() {
        let mut log = view(UP);
        (log.name, log.dir) = ("web/log".into(), "/service/web/log".into());
        let now = Stamp::from_unix(1_000, 0);
        let names = |views: &[View]| -> Vec<String> {
            rows(views, now).into_iter().map(|Row([name, ..])| name.text).collect()
        };
        assert_eq!(names(&[view(UP), log.clone()]), ["web", "  log"]);
        assert_eq!(names(&[log]), ["web/log"]);
    }
}
