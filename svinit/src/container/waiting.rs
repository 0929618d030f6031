//! Whom a container waits for, by name.

use std::collections::BinaryHeap;

use stages::Waited;
use sys::{dir, family, proc};

use super::layout::Layout;
use super::scripts::is_hidden;
use super::services::Heard;

/// So many are named.
const MOST: usize = 5;

/// `: web, db`, or nothing.
pub(crate) fn names(what: Waited, layout: &Layout, heard: &[Heard]) -> String {
    match what {
        Waited::Services => list(heard.iter().filter_map(Heard::missing).collect()),
        Waited::ServicesEnd => list(services_up(layout)),
        Waited::Strays => list(processes()),
        Waited::Script(_) | Waited::Attributes | Waited::Command => String::new(),
    }
}

fn list(names: Vec<String>) -> String {
    let mut names = BinaryHeap::from(names).into_sorted_vec();
    let more = names.len().saturating_sub(MOST);
    names.truncate(MOST);
    match (names.is_empty(), more) {
        (true, _) => String::new(),
        (_, 0) => format!(": {}", names.join(", ")),
        _ => format!(": {} and {more} more", names.join(", ")),
    }
}

/// The services that have a process yet.
fn services_up(layout: &Layout) -> Vec<String> {
    let scan = layout.scan();
    let names = dir::list(&scan).unwrap_or_default().into_iter().filter(|name| !is_hidden(name));
    let is_up = |path: &std::path::Path| matches!(servicedir::record::read(path), Ok(Some(record)) if record.pid.is_some());
    let loggers_too = names.flat_map(|name| {
        let logger = std::path::Path::new(&name).join(servicedir::names::LOG);
        [name.into(), logger]
    });
    let up = loggers_too.filter(|name: &std::path::PathBuf| is_up(&scan.join(name)));
    up.map(|name| name.display().to_string()).collect()
}

/// Everything below this process.
fn processes() -> Vec<String> {
    let mut names = Vec::new();
    let _ = family::each(|one| names.push(format!("{} ({})", proc::command(one.pid), one.pid)));
    names
}
