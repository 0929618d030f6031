//! The transitions, printed: every situation of a service against every event, a line each. A change of
//! behaviour is a change of `golden/transitions.txt`, to be read by a person; `GOLDEN=write` writes it anew.

#![allow(clippy::unwrap_used, reason = "a test")]

mod world;

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use control::ScanCommand;
use roster::{Arrival, ESSENTIAL_ENDED, Event};
use unix::Exit;
use world::World;

type Situation = (&'static str, fn() -> World);
type Trial = (&'static str, fn(&mut World));

const SECOND: Duration = Duration::from_secs(1);

const SITUATIONS: [Situation; 11] = [
    ("plain, up", || World::with(&["web"])),
    ("plain, down", || {
        let mut world = World::with(&["web"]);
        exit(&mut world, "web");
        world
    }),
    ("plain, unseen", || unseen(&["web"])),
    ("logged, up", || World::with(&["web+log"])),
    ("logged, producer down", || {
        let mut world = World::with(&["web+log"]);
        exit(&mut world, "web");
        world
    }),
    ("logged, logger down", || {
        let mut world = World::with(&["web+log"]);
        exit(&mut world, "web/log");
        world
    }),
    ("logged, unseen", || unseen(&["web+log"])),
    ("logged, log gone", || {
        let mut world = World::with(&["web+log"]);
        world.directories.get_mut("web").unwrap().log = None;
        world.event(Event::Command(ScanCommand::Scan));
        world
    }),
    ("candidate", || {
        let mut world = World::with(&[]);
        world.make("web", false, false);
        world.appear("web", Arrival::Made);
        world
    }),
    ("stopping", || {
        let mut world = World::with(&["web+log"]);
        world.stop_is_ordered(false);
        world.event(Event::Command(ScanCommand::Terminate));
        world
    }),
    ("stopping, special", || {
        let mut world = World::with(&["svscan-log", "web"]);
        world.stop_is_ordered(false);
        world.event(Event::Command(ScanCommand::Terminate));
        world
    }),
];

const TRIALS: [Trial; 16] = [
    ("web exits", |world| exit(world, "web")),
    ("web exits, essential", |world| {
        world.essential_code = Some(3);
        exit_with(world, "web", Exit::Code(ESSENTIAL_ENDED));
    }),
    ("web/log exits", |world| exit(world, "web/log")),
    ("one second", |world| world.wait(SECOND)),
    ("ten seconds", |world| world.wait(10 * SECOND)),
    ("scan", |world| world.event(Event::Command(ScanCommand::Scan))),
    ("prune", |world| world.event(Event::Command(ScanCommand::Prune))),
    ("prune, loggers too", |world| world.event(Event::Command(ScanCommand::PruneLoggers))),
    ("rescan", |world| world.event(Event::Command(ScanCommand::Rescan))),
    ("terminate", |world| {
        world.stop_is_ordered(false);
        world.event(Event::Command(ScanCommand::Terminate));
    }),
    ("quit", |world| {
        world.stop_is_ordered(true);
        world.event(Event::Command(ScanCommand::Quit));
    }),
    ("abort", |world| world.event(Event::Command(ScanCommand::Abort))),
    ("overflow", |world| {
        world.event(Event::Overflow);
        world.wait(Duration::ZERO);
    }),
    ("web vanishes", |world| {
        world.directories.remove("web");
        world.event(Event::Vanished(b"web"));
        world.wait(SECOND);
    }),
    ("another web", |world| {
        world.make("web", false, true);
        world.appear("web", Arrival::Whole);
        world.wait(SECOND);
    }),
    ("web is completed", |world| {
        if let Some(directory) = world.directories.get_mut("web") {
            directory.complete = true;
        }
        world.event(Event::Altered(b"web"));
        world.wait(SECOND);
    }),
];

fn exit(world: &mut World, name: &str) {
    exit_with(world, name, Exit::Code(0));
}

fn exit_with(world: &mut World, name: &str, end: Exit) {
    if let Some(pid) = world.pid_of(name) {
        world.exit(pid, end);
    }
}

fn unseen(names: &[&str]) -> World {
    let mut world = World::with(names);
    world.directories.clear();
    world.event(Event::Command(ScanCommand::Scan));
    world
}

fn table() -> String {
    let mut text = String::new();
    for (situation, make) in SITUATIONS {
        for (trial, attempt) in TRIALS {
            let mut world = make();
            world.take_told();
            attempt(&mut world);
            let told = world.take_told();
            let told = if told.is_empty() { "-" } else { &told };
            writeln!(text, "{situation:<22} | {trial:<20} | {told}").unwrap();
        }
        text.push('\n');
    }
    text
}

#[test]
fn transitions_are_those_that_were_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/transitions.txt");
    let table = table();
    if std::env::var_os("GOLDEN").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    for (new, old) in table.lines().zip(golden.lines()) {
        assert_eq!(new, old);
    }
    assert_eq!(table.len(), golden.len());
}
