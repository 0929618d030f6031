//! What can happen: the moves.

use alloc::format;

use control::ScanCommand;
use control::supervisor::TABLE;
use lifecycle::Essential;
use roster::{Arrival, Event, Settings};
use unix::{Pid, Signal};

use crate::directory::{Health, NAMES, Place};
use crate::kernel::Kind;
use crate::meddle::Meddle;
use crate::random::Random;
use crate::scanner::{Change, Scanner};
use crate::world::World;

const YEAR: i64 = 365 * 24 * 3600 * 1000;

impl World {
    /// The world in its beginning: the smaller the number, the less there is.
    pub(crate) fn new(beginning: u32, meddle: Meddle) -> World {
        let mut chance = Random::new(beginning.into());
        let stop_timeout = chance.once_in(4).then_some(core::time::Duration::from_secs(3));
        let special = [b"svscan-log".as_slice(), b"s6-svscan-log".as_slice()];
        let settings = Settings { most: 100, rescan: None, stop_timeout, special };
        let mut world = World {
            now: 0,
            wall: 0,
            chance,
            processes: Default::default(),
            last_pid: 0,
            pipes: Default::default(),
            directories: Default::default(),
            places: Default::default(),
            supervisors: Default::default(),
            scanner: Scanner::new(settings),
            served: 0,
            well: false,
            meddle,
            doom: None,
            finished: Default::default(),
            deaths: Default::default(),
            steps: 0,
            story: None,
            broken: None,
        };
        let count = 1 + beginning as usize % 3;
        for name in 0..count {
            world.make_place(name, beginning >> (2 + name) & 1 == 1, true);
        }
        if beginning >> 5 & 7 == 7 {
            world.make_place(3, false, true);
        }
        world.feed_scanner(Event::Watching(true));
        world
    }

    pub(crate) fn tell_beginning(&mut self) {
        for place in self.places.into_iter().flatten() {
            for directory in [Some(place.directory), place.log].into_iter().flatten() {
                self.say(|world| {
                    let it = &world.directories[directory];
                    format!(
                        "there is {}: down {}, ready by {:?}, finish {}, crash {}, {:?}",
                        world.called(directory),
                        it.down,
                        it.means,
                        it.has_finish,
                        it.has_crash,
                        it.settings
                    )
                });
            }
        }
    }

    fn make_place(&mut self, name: usize, logged: bool, complete: bool) {
        let directory = self.make_directory(name, false);
        if name < 3 && self.chance.once_in(12) {
            self.directories[directory].settings.essential = Some(Essential::OnFailure);
        }
        let log = logged.then(|| self.make_directory(name, true));
        self.places[name] = Some(Place { directory, log, complete });
    }

    /// Makes the move of this number.
    pub(crate) fn make_move(&mut self, number: u32) {
        self.chance = Random::new(u64::from(number) << 8 | 0x5a);
        match number % 32 {
            0..=7 => {
                let time = self.chance.pick(&[1, 10, 49, 50, 51, 100, 400, 999, 1000, 1001, 3000, 7000]);
                self.pass(time);
            }
            8..=10 => {
                if let Some(who) = self.somebody_due() {
                    self.give_turn(who);
                }
            }
            11 => {
                let time = self.chance.below(30) as u64;
                self.lapse(time);
            }
            12..=16 => self.command(),
            17 => self.somebody_dies(),
            18 => self.somebody_is_ready(),
            19 => self.resources_end(),
            20 => self.run_changes(),
            21 => self.signal_from_outside(),
            22 => self.kill_supervisor(),
            23 => self.appear(),
            24 => self.vanish(),
            25 => self.rename(),
            26 => self.command_to_scanner(),
            27 => self.clock_jumps(),
            28 => self.scanner.starved = self.chance.once_in(2),
            29 => self.complete(),
            30 => self.overflow(),
            _ => {
                if self.scanner.ordered.is_none() && self.chance.once_in(6) {
                    self.order_stop();
                }
            }
        }
    }

    fn any_supervisor(&mut self) -> Option<(Pid, usize)> {
        let count = self.supervisors.len();
        let place = (count > 0).then(|| self.chance.below(count))?;
        Some((self.supervisors[place].pid, self.supervisors[place].directory))
    }

    fn command(&mut self) {
        let Some((pid, directory)) = self.any_supervisor() else { return };
        let often = [b'u', b'd', b'o', b'r', b'u', b'd', b'O', b'k', b'x'];
        let byte = if self.chance.once_in(3) { self.chance.pick(&TABLE).0 } else { self.chance.pick(&often) };
        let Some(command) = control::Command::from_byte(byte) else { return };
        self.directories[directory].neat = false;
        self.say(|world| format!("somebody writes {} to {}", char::from(byte), world.called(directory)));
        if let Some(supervisor) = self.supervisor_mut(pid) {
            supervisor.commands.push_back(command);
        }
    }

    fn any_process(&mut self, is_it: fn(Kind) -> bool) -> Option<Pid> {
        let count = self.alive().filter(|process| is_it(process.kind)).count();
        let which = (count > 0).then(|| self.chance.below(count))?;
        self.alive().filter(|process| is_it(process.kind)).nth(which).map(|process| process.pid)
    }

    fn somebody_dies(&mut self) {
        if let Some(pid) = self.any_process(|kind| kind != Kind::Supervisor) {
            let exit = self.an_end();
            self.die(pid, exit);
        }
    }

    fn somebody_is_ready(&mut self) {
        let now = self.now;
        if let Some(pid) = self.any_process(|kind| kind == Kind::Run)
            && let Some(process) = self.processes.iter_mut().find(|process| process.pid == pid)
        {
            process.ready_at = Some(now);
            self.kernel_moves_on();
        }
    }

    fn resources_end(&mut self) {
        let Some((_, directory)) = self.any_supervisor() else { return };
        let times = 1 + self.chance.below(3) as u32;
        self.say(|world| format!("{times} times no resources for {}", world.called(directory)));
        self.directories[directory].starved = times;
        self.directories[directory].neat = false;
    }

    fn run_changes(&mut self) {
        let Some((pid, directory)) = self.any_supervisor() else { return };
        let it = &mut self.directories[directory];
        it.neat = false;
        it.health = if it.health == Health::Fine { Health::Missing } else { Health::Fine };
        self.say(|world| {
            format!("run of {} is {:?} now", world.called(directory), world.directories[directory].health)
        });
        if let Some(supervisor) = self.supervisor_mut(pid) {
            supervisor.changed = supervisor.watches;
        }
    }

    fn signal_from_outside(&mut self) {
        let Some((pid, directory)) = self.any_supervisor() else { return };
        let stopping = self.scanner.ordered.is_some() || self.scanner.roster.is_stopping();
        let signals = [Signal::TERM, Signal::HUP, Signal::QUIT, Signal::INT];
        // Who is told to leave a service alone leaves it to nobody in a stop.
        let signal = self.chance.pick(if stopping { &signals[..2] } else { &signals });
        self.directories[directory].neat = false;
        self.say(|world| format!("somebody sends {signal} to {}", world.named_pid(pid)));
        self.send(pid, signal);
    }

    /// kill -9: now, or in the middle of what it does next.
    fn kill_supervisor(&mut self) {
        let Some((pid, directory)) = self.any_supervisor() else { return };
        let count = self.chance.below(6) as u32;
        self.directories[directory].neat = false;
        if self.chance.once_in(2) {
            self.say(|world| {
                format!("somebody is about to kill {}, after {count} actions", world.named_pid(pid))
            });
            self.doom = Some((pid, count));
        } else {
            self.strike(pid);
        }
    }

    fn appear(&mut self) {
        let name = self.chance.below(NAMES.len());
        let (logged, complete) = (name < 3 && self.chance.once_in(2), !self.chance.once_in(3));
        let whole = self.chance.once_in(2);
        if let Some(old) = self.places[name].filter(|_| whole) {
            self.gone(old);
        } else if self.places[name].is_some() {
            return;
        }
        self.make_place(name, logged, complete || whole);
        self.say(|_| {
            format!("{} appears: logger {logged}, complete {complete}, by rename {whole}", NAMES[name])
        });
        let arrival = if whole { Arrival::Whole } else { Arrival::Made };
        self.scanner.changes.push_back(Change::Appeared(name, arrival));
    }

    fn gone(&mut self, place: Place) {
        for directory in [Some(place.directory), place.log].into_iter().flatten() {
            self.directories[directory].neat = false;
            self.directories[directory].supervised_at = None;
        }
    }

    fn vanish(&mut self) {
        let name = self.chance.below(NAMES.len());
        if let Some(place) = self.places[name].take() {
            self.say(|_| format!("{} goes", NAMES[name]));
            self.gone(place);
            self.scanner.changes.push_back(Change::Gone(name));
        }
    }

    fn rename(&mut self) {
        let (from, to) = (self.chance.below(3), self.chance.below(3));
        let Some(place) = self.places[from].take() else { return };
        self.say(|_| format!("{} becomes {}", NAMES[from], NAMES[to]));
        let replaced = self.places[to].replace(place);
        self.gone(place);
        replaced.into_iter().for_each(|old| self.gone(old));
        self.scanner.changes.push_back(Change::Gone(from));
        self.scanner.changes.push_back(Change::Appeared(to, Arrival::Whole));
    }

    fn command_to_scanner(&mut self) {
        use ScanCommand::{Prune, PruneLoggers, Reap, Rescan, Scan};
        let command = self.chance.pick(&[Scan, Prune, PruneLoggers, Rescan, Reap]);
        self.say(|_| format!("somebody tells the scanner {command:?}"));
        self.scanner.commands.push_back(command);
    }

    fn clock_jumps(&mut self) {
        let by = self.chance.pick(&[YEAR, -YEAR, 3_600_000, 1]);
        self.say(|_| format!("the wall clock jumps by {by} ms"));
        self.wall += by;
    }

    fn complete(&mut self) {
        let name = self.chance.below(NAMES.len());
        if let Some(place) = self.places[name].as_mut().filter(|place| !place.complete) {
            place.complete = true;
            let directory = place.directory;
            self.say(|_| format!("{} is complete", NAMES[name]));
            let watched = self.scanner.watched.iter().filter(|&&(_, other)| other == directory);
            self.scanner.changes.extend(watched.map(|&(candidate, _)| Change::Grown(candidate)));
            if self.chance.once_in(2) {
                self.scanner.changes.push_back(Change::Altered(name));
            }
        }
    }

    fn overflow(&mut self) {
        self.scanner.changes.clear();
        self.scanner.changes.push_back(Change::Everything);
    }
}
