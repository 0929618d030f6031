//! Random walks: whatever happens, in whatever order, these stay true (most of it is checked by `World`):
//! one supervisor a service; no signal but to a supervisor that lives; loggers after their producers; a stop
//! ends; and when nothing happens any more, what runs is what is there, and nothing is waited for.

#![allow(clippy::unwrap_used, reason = "a test")]

mod world;

use std::time::Duration;

use control::ScanCommand;
use roster::{Arrival, Event, Settings};
use unix::{Exit, Pid};
use world::{World, settings};

const NAMES: [&str; 6] = ["a", "b", "c", "d", "svscan-log", "f"];

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }

    fn name(&mut self) -> &'static str {
        NAMES[self.below(NAMES.len() as u64) as usize]
    }
}

fn disturb(world: &mut World, random: &mut Random) {
    let name = random.name();
    match random.below(20) {
        0..=3 => {
            let (logged, complete, whole) = (random.below(2) == 0, random.below(3) > 0, random.below(2) == 0);
            // A directory does not appear over another one but by rename.
            if whole || !world.directories.contains_key(name) {
                world.make(name, logged, complete);
                world.appear(name, if whole { Arrival::Whole } else { Arrival::Made });
            }
        }
        4 | 5 => {
            if world.directories.remove(name).is_some() {
                world.event(Event::Vanished(name.as_bytes()));
            }
        }
        6 => {
            let to = random.name();
            if let Some(directory) = world.directories.remove(name) {
                world.directories.insert(to.into(), directory);
                world.event(Event::Vanished(name.as_bytes()));
                world.appear(to, Arrival::Whole);
            }
        }
        7 | 8 => {
            if let Some(directory) = world.directories.get_mut(name) {
                directory.complete = true;
                world.event(Event::Altered(name.as_bytes()));
            }
        }
        9 => {
            let log = random.below(2) == 0;
            let log = log.then(|| world.identity());
            if let Some(directory) = world.directories.get_mut(name) {
                directory.log = log;
                world.event(Event::Altered(name.as_bytes()));
            }
        }
        10..=12 => {
            let count = world.processes.len() as u64;
            if count > 0 {
                let pid = *world.processes.keys().nth(random.below(count) as usize).unwrap();
                world.exit(pid, Exit::Code(0));
            }
        }
        13 if random.below(2) == 0 => {
            // Somebody else starts its supervisor, or another scanner has.
            if let Some(directory) = world.directories.get(name) {
                let log = directory.log.filter(|_| random.below(2) == 0);
                world.orphaned.insert(log.unwrap_or(directory.identity));
            }
        }
        13 => world.event(Event::Exited(Pid::new(50).unwrap(), Exit::Code(0))),
        14 if random.below(2) == 0 && !world.is_stopping() => world.upgrade(),
        14 => world.obey(),
        15 => {
            use ScanCommand::{Prune, PruneLoggers, Reap, Rescan, Scan};
            let commands = [Scan, Rescan, Prune, PruneLoggers, Reap];
            world.event(Event::Command(commands[random.below(5) as usize]));
        }
        16 if random.below(3) == 0 => {
            // The scan that has found out about it follows.
            world.starved = false;
            world.event(Event::Moved);
            world.event(Event::Command(ScanCommand::Scan));
        }
        16 => world.event(Event::Overflow),
        17 => world.starved = random.below(3) == 0,
        _ => world.wait(Duration::from_millis(random.below(3000))),
    }
}

/// Nothing happens any more but what was ordered.
fn settle(world: &mut World) {
    world.starved = false;
    for directory in world.directories.values_mut() {
        directory.complete = true;
    }
    world.event(Event::Overflow);
    for _ in 0..20 {
        world.wait(Duration::from_secs(20));
        world.obey();
        // Loggers that are kept until their producer starts anew, and changes of logs: both need a word.
        world.event(Event::Command(ScanCommand::Rescan));
        for directory in world.directories.clone().into_values() {
            let of = |identity| move |p: &&world::Process| p.identity == identity;
            let logger = world.processes.values().find(|p| p.producer == Some(directory.identity));
            let producer = world.processes.values().find(of(directory.identity));
            if let (Some(producer), true) = (producer, logger.map(|p| p.identity) != directory.log) {
                let pid = world.processes.iter().find(|(_, p)| p.slot == producer.slot).map(|(&pid, _)| pid);
                pid.into_iter().for_each(|pid| world.exit(pid, Exit::Code(0)));
            }
        }
    }
    world.wait(Duration::from_secs(60));
}

fn walk(seed: u64) {
    let mut random = Random(seed);
    let mut world = World::new(Settings {
        most: if random.below(4) == 0 { 5 } else { 100 },
        stop_timeout: (random.below(2) == 0).then_some(Duration::from_secs(3)),
        ..settings()
    });
    // With fewer places than services, which ones run is anybody's guess.
    let full = world.most == 5;
    world.event(Event::Watching(true));
    for _ in 0..random.below(120) {
        disturb(&mut world, &mut random);
    }
    if random.below(2) == 0 && !full {
        settle(&mut world);
        let mut expected: Vec<_> =
            world.directories.values().flat_map(|d| [Some(d.identity), d.log]).flatten().collect();
        let mut running: Vec<_> = world.processes.values().map(|process| process.identity).collect();
        expected.sort_unstable();
        running.sort_unstable();
        assert_eq!(running, expected, "seed {seed}: {:?}", world.directories);
        assert_eq!(world.roster.deadline(), None, "seed {seed}");
    }
    let quit = random.below(3) == 0;
    world.stop_is_ordered(quit);
    world.event(Event::Command(if quit { ScanCommand::Quit } else { ScanCommand::Terminate }));
    for _ in 0..random.below(30) {
        disturb(&mut world, &mut random);
    }
    world.obey();
    assert_eq!(world.left, Some(0), "seed {seed}: {:?} are left", world.processes);
}

#[test]
fn nothing_that_happens_breaks_the_rules() {
    for seed in 0..3000 {
        walk(seed);
    }
}
