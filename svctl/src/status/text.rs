//! For people: a line a service.
//!
//! `NAME: STATE[, pid N][, SECONDS s][, ...]`, with what there is to say beyond that.

use std::fmt::Write;

use unix::Stamp;

use super::view::{View, seconds};

/// A line for each.
pub(crate) fn lines(views: &[View], now: Stamp) -> String {
    views.iter().map(|view| line(view, now)).collect()
}

// Writing to a String cannot fail.
fn line(view: &View, now: Stamp) -> String {
    let mut line = format!("{}: {}", printable(&view.name.to_string_lossy()), view.state());
    if let Some(reason) = view.detail.failed.filter(|_| view.state() == "failed") {
        let _ = write!(line, " ({})", reason.word());
    }
    if let Some(problem) = &view.problem {
        let _ = write!(line, ", {}", printable(problem));
    }
    if let Some(record) = view.live() {
        if let Some(pid) = record.pid {
            let _ = write!(line, ", pid {pid}");
        }
        let _ = write!(line, ", {} s", seconds(record.since, now));
        if let Some(start_at) = view.detail.start_at.filter(|_| view.state() == "backoff") {
            let _ = write!(line, ", starts in {} s", seconds(now, start_at));
        }
        if let Some(wish) = view.other_wish() {
            let _ = write!(line, ", wanted {wish}");
        }
        if let Some(exit) = view.last_exit() {
            let late = if view.detail.killed_late { " after timeout-kill" } else { "" };
            let _ = write!(line, ", last {exit}{late}");
        }
        match view.detail.restarts {
            0 => {}
            1 => line.push_str(", 1 restart"),
            count => {
                let _ = write!(line, ", {count} restarts");
            }
        }
    }
    line.push('\n');
    line
}

/// Without control characters: a name must not write on the terminal, nor make two lines.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests;
