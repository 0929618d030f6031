//! What the files remember: the deaths, and the last change of each service.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;

use servicedir::record;
use status::{Notice, Record};

use super::Which;
use super::event::Event;
use crate::named::Place;

/// Shows it, the oldest first.
pub(crate) fn show(which: &Which, show: impl Fn(&Event) -> io::Result<()>) -> io::Result<()> {
    let mut events = Vec::new();
    for place in which.places()? {
        events.append(&mut remembered(place));
    }
    let mut order: BinaryHeap<_> =
        events.iter().enumerate().map(|(i, event)| Reverse((event.at, i))).collect();
    while let Some(Reverse((_, next))) = order.pop() {
        show(&events[next])?;
    }
    Ok(())
}

/// What of a service cannot be read is left out, and that is said.
fn remembered(place: Place) -> Vec<Event> {
    let Place { name, dir } = place;
    let event = |notice, at| Event {
        at,
        name: name.clone(),
        dir: dir.clone(),
        notice,
        pid: None,
        exit: None,
        reason: None,
    };
    let deaths = record::read_deaths(&dir).unwrap_or_default();
    let mut events = Vec::new();
    for death in deaths {
        events.push(Event { exit: Some(death.exit), ..event(Notice::Dead, death.at) });
    }
    let now = match record::read(&dir) {
        Ok(Some(now)) => now,
        Ok(None) => return events,
        Err(cause) => {
            cli::warn(crate::status::unreadable(&dir, &cause));
            return events;
        }
    };
    if now.is_up() {
        events.push(Event { pid: now.pid, ..event(Notice::Up, now.since) });
        if now.ready {
            events.push(Event { pid: now.pid, ..event(Notice::Ready, now.ready_since) });
        }
    } else if is_down(&now) && !events.is_empty() {
        events.push(event(Notice::Down, now.ready_since));
    }
    events
}

fn is_down(record: &Record) -> bool {
    record.pid.is_none() && !record.finishing
}
