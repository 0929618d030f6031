//! Prints what every event does in every phase, a line each, and compares with `table.txt`.
//! `make golden` (GOLDEN=write) writes it anew.

mod common;

use std::fmt::Write;

use common::{EVENTS, PHASES, SETTINGS, at};

#[test]
fn transition_table_is_the_one_checked_in() {
    let mut table = String::from(
        "# event -> phase after, = if it stays | actions. Times are seconds; each step is taken at 10.\n\
         # An event that is not listed does nothing in that phase.\n",
    );
    for (phase, service) in PHASES() {
        writeln!(table, "\n{phase}").unwrap();
        for (name, event) in EVENTS() {
            let (next, actions) = service.clone().step(event, at(10), &SETTINGS);
            if next == service && actions.is_empty() {
                continue;
            }
            let change = if next == service { "=".to_owned() } else { common::describe(&next) };
            let actions: Vec<String> = actions.iter().map(common::describe_action).collect();
            writeln!(table, "  {name:<22} -> {change:<58} | {}", actions.join(", ")).unwrap();
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/table.txt");
    if std::env::var_os("GOLDEN").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert!(table == golden, "the table has changed: look at it with `make golden` and `git diff`");
}
