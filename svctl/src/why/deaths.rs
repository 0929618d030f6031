//! The last deaths, one a line, the youngest first.

use servicedir::record;
use status::{Death, Life};
use unix::{Exit, Stamp};

use crate::moment;
use crate::status::view::View;

/// At most `most` of them, under a heading.
pub(crate) fn lines(view: &View, most: usize, now: Stamp) -> Vec<String> {
    let deaths = match record::read_deaths(&view.dir) {
        Ok(deaths) => deaths,
        Err(error) => return vec![format!("its deaths cannot be read: {}", cli::reason(&error))],
    };
    if deaths.is_empty() {
        return vec!["no death is remembered".into()];
    }
    let mut lines = vec![match deaths.len() {
        1 => "the last death:".to_owned(),
        count => format!("the last deaths, of {count} that are remembered:"),
    }];
    for (i, death) in deaths.iter().rev().take(most).enumerate() {
        let mut line = format!("  {}", one(death, now));
        if i == 0 {
            line.push_str(&last(view, death));
        }
        lines.push(line);
    }
    lines
}

fn one(death: &Death, now: Stamp) -> String {
    let age = moment::length(moment::between(death.at, now));
    format!("{}, {age} ago: {}", moment::shown(death.at), death.exit)
}

/// What is known of the last one alone.
fn last(view: &View, death: &Death) -> String {
    let mut text = String::new();
    // The tally has no place for a core.
    if let Some(Exit::Killed { core: true, signal }) = view.last_exit()
        && death.exit.signal() == Some(signal)
    {
        text.push_str(" (core)");
    }
    if view.detail.killed_late {
        text.push_str(", killed after timeout-kill");
    }
    text.push_str(&life(&view.detail.life));
    text
}

fn life(life: &Life) -> String {
    let mut text = String::new();
    let Some(lived) = life.lived else { return text };
    text.push_str(&format!(" after {}", moment::length(lived)));
    text.push_str(if life.asked { ", asked for by a command" } else { ", not asked for" });
    for (script, exit) in [("crash", life.crash), ("finish", life.finish)] {
        if let Some(exit) = exit {
            text.push_str(&format!("; {script}: {exit}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn last_life_is_told_as_far_as_it_is_known() {
        assert_eq!(life(&Life::default()), "");
        let known = Life {
            lived: Some(Duration::from_millis(300)),
            asked: false,
            crash: Some(Exit::Code(0)),
            finish: Some(Exit::from_wait(9)),
            session: None,
        };
        assert_eq!(life(&known), " after 0.3 s, not asked for; crash: exit 0; finish: SIGKILL");
    }
}
