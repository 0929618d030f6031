//! The end of a schedule: all gets well, rests for an hour, and stops.

use alloc::format;
use alloc::vec::Vec;

use control::ScanCommand;
use unix::{Pid, Signal};

use crate::clock::Ms;
use crate::directory::{Health, SPECIAL};
use crate::kernel::{Kind, Process};
use crate::law::Law;
use crate::scanner::Change;
use crate::world::World;

const SECOND: Ms = 1000;

impl World {
    /// What every schedule ends with.
    pub(crate) fn end_well(&mut self) {
        if self.is_over() {
            return;
        }
        self.say(|_| "from now on all is well".into());
        self.heal();
        if !self.scanner.roster.is_stopping() && self.scanner.ordered.is_none() {
            self.settle();
        }
        if self.is_over() {
            return;
        }
        if self.scanner.ordered.is_none() && !self.scanner.roster.is_stopping() {
            self.order_stop();
        }
        self.pass(60 * SECOND);
        self.end_the_forsaken();
        self.pass(60 * SECOND);
        let left = self.scanner.left.is_some();
        self.law(Law::TreeEmpties, left, |_| "the stop does not come to its end".into());
        self.look_for_lost_lines();
    }

    /// The order to stop, to the loggers too or not.
    pub(crate) fn order_stop(&mut self) {
        let loggers_too = self.chance.once_in(4);
        self.scanner.ordered = Some(loggers_too);
        self.scanner.commands.push_back(if loggers_too { ScanCommand::Quit } else { ScanCommand::Terminate });
        self.say(|_| format!("the order to stop, to the loggers too: {loggers_too}"));
    }

    fn heal(&mut self) {
        self.serve();
        self.scanner.starved = false;
        for directory in &mut self.directories {
            (directory.health, directory.starved) = (Health::Fine, 0);
        }
        for supervisor in self.supervisors.iter_mut().filter(|supervisor| supervisor.watches) {
            supervisor.changed = true;
        }
        self.places.iter_mut().flatten().for_each(|place| place.complete = true);
        let held_up = |p: &&Process| {
            // The logger of everything is a service like others to its supervisor: who pauses it has to let it go on.
            let special = self.directories[p.directory].name == SPECIAL;
            special || self.supervisors.iter().any(|s| s.held_up && s.directory == p.directory)
        };
        let held_up: Vec<Pid> = self.alive().filter(held_up).map(|process| process.pid).collect();
        held_up.into_iter().for_each(|pid| self.send(pid, Signal::CONT));
        self.get_well();
        if !self.scanner.roster.is_stopping() {
            self.scanner.changes.push_back(Change::Everything);
        }
        self.serve();
    }

    /// What is wanted up comes up, and nothing else happens.
    fn settle(&mut self) {
        for _ in 0..3 {
            self.pass(20 * SECOND);
            self.end_the_forsaken();
            // Loggers that are kept until their producer starts anew need a word.
            self.scanner.commands.push_back(ScanCommand::Rescan);
        }
        self.pass(20 * SECOND);
        if self.is_over() || self.scanner.roster.is_stopping() {
            return;
        }
        self.look_for_everybody();
        let steps = self.steps;
        self.pass(3600 * SECOND);
        let more = self.steps - steps;
        self.law(Law::Rest, more == 0, |_| format!("{more} steps in an hour in which nothing happens"));
    }

    /// Whose supervisor was killed when his directory had gone is known to nobody: a person has to end him.
    fn end_the_forsaken(&mut self) {
        let is_stopping = self.scanner.roster.is_stopping();
        let forsaken = |p: &&Process| {
            p.kind != Kind::Supervisor && (!self.is_known(p.directory) || (is_stopping && p.left_alone))
        };
        let forsaken: Vec<Pid> = self.alive().filter(forsaken).map(|process| process.pid).collect();
        forsaken.into_iter().for_each(|pid| self.send(pid, Signal::KILL));
    }

    /// A directory that has a name, or a supervisor.
    fn is_known(&self, directory: usize) -> bool {
        let mut places = self.places.iter().flatten();
        places.any(|place| place.directory == directory || place.log == Some(directory))
            || self.supervisors.iter().any(|supervisor| supervisor.directory == directory)
    }

    fn look_for_everybody(&mut self) {
        let places = self.places;
        let wanted =
            || places.iter().flatten().flat_map(|place| [Some(place.directory), place.log]).flatten();
        for directory in wanted() {
            let supervised = self.supervisors.iter().any(|supervisor| supervisor.directory == directory);
            self.law(Law::Everybody, supervised, |world| {
                format!("nobody supervises {}", world.called(directory))
            });
        }
        for place in 0..self.supervisors.len() {
            let supervisor = &self.supervisors[place];
            let (pid, directory, wants) = (supervisor.pid, supervisor.directory, supervisor.wanted);
            self.law(Law::Everybody, wanted().any(|other| other == directory), |world| {
                format!("{} is still supervised", world.called(directory))
            });
            let run = self.run_of(directory);
            self.law(Law::ComesUp, run.is_some() || !wants, |world| {
                format!("{} ({pid}) is not up", world.called(directory))
            });
        }
    }

    fn run_of(&self, directory: usize) -> Option<Pid> {
        self.alive().find(|p| p.kind == Kind::Run && p.directory == directory).map(|process| process.pid)
    }

    /// The scanner leaves.
    pub(crate) fn leaves(&mut self, code: u8) {
        self.scanner.left = Some(code);
        if self.scanner.aborts {
            return;
        }
        let lives = |p: &&Process| self.is_known(p.directory) && !p.left_alone;
        let left = self.alive().find(lives).map(|process| process.pid);
        self.law(Law::TreeEmpties, left.is_none(), |world| {
            format!("the scanner leaves, and there is {}", left.map_or("".into(), |pid| world.named_pid(pid)))
        });
        let stopping = self.scanner.roster.is_stopping();
        self.law(Law::TreeEmpties, stopping, |_| "the scanner leaves, and nobody has told it to".into());
        if let Some(expected) = self.scanner.essential.filter(|_| self.scanner.ordered.is_none()) {
            self.law(Law::Essential, code == expected, |_| {
                format!("it leaves with {code}, not with {expected}")
            });
        }
    }

    /// Of those that nobody has had a hand in.
    fn look_for_lost_lines(&mut self) {
        if self.scanner.ordered != Some(false) || self.scanner.killed {
            return;
        }
        for place in 0..self.pipes.len() {
            let pipe = &self.pipes[place];
            let [Some(producer), Some(logger)] = pipe.ends else { continue };
            let count = pipe.unread + pipe.lost;
            // To its supervisor the logger of everything is a service like others: one that waits to be started
            // again when the stop comes is not started again.
            let special = self.directories[logger].name == SPECIAL;
            let neat = self.directories[producer].neat && self.directories[logger].neat && !special;
            self.law(Law::NoLineLost, count == 0 || !neat, |world| {
                format!("{count} lines of {} were not read", world.called(producer))
            });
        }
    }
}
