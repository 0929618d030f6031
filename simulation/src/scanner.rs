//! The scanner: its sources, its turn, and the machine in it.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

use control::ScanCommand;
use roster::{Actions, Arrival, Candidate, Event, Roster, Settings, Slot};
use unix::{Exit, Pid};

use crate::clock::Ms;
use crate::directory::NAMES;
use crate::kernel::Parent;
use crate::law::Law;
use crate::world::World;

/// Deadlines met in one moment.
const TIMEOUTS: u32 = 20;

/// What the watch on the scan directory tells.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Appeared(usize, Arrival),
    Altered(usize),
    Gone(usize),
    Grown(Candidate),
    Everything,
}

/// A supervisor that it has started and not collected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started {
    pub(crate) pid: Pid,
    pub(crate) slot: Slot,
    /// The directory that was meant.
    pub(crate) meant: usize,
    /// It was told to end.
    pub(crate) told: bool,
}

/// The scanner.
#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    pub(crate) roster: Roster,
    actions: Actions,
    pub(crate) commands: VecDeque<ScanCommand>,
    pub(crate) changes: VecDeque<Change>,
    pub(crate) child_has_died: bool,
    /// It cannot start anything, nor read a directory.
    pub(crate) starved: bool,
    pub(crate) started: Vec<Started>,
    /// The pipe of each producer.
    pub(crate) pipes: Vec<Option<usize>>,
    pub(crate) catch_all: Option<usize>,
    pub(crate) watched: Vec<(Candidate, usize)>,
    /// The order to stop was given; true: to the loggers, too.
    pub(crate) ordered: Option<bool>,
    /// The end of an essential service, by its code, has to stop everything.
    pub(crate) essential: Option<u8>,
    /// Loggers that were found down.
    pub(crate) down: Vec<Slot>,
    /// Those whose supervisor was killed.
    pub(crate) bereaved: Vec<Slot>,
    /// Everything that was left was killed.
    pub(crate) killed: bool,
    /// It leaves without a stop.
    pub(crate) aborts: bool,
    pub(crate) left: Option<u8>,
    timeouts: (Ms, u32),
}

impl Scanner {
    pub(crate) fn new(settings: Settings) -> Scanner {
        Scanner {
            roster: Roster::new(settings, Duration::ZERO),
            actions: Actions::new(),
            commands: VecDeque::new(),
            changes: VecDeque::new(),
            child_has_died: false,
            starved: false,
            started: Vec::new(),
            pipes: Vec::new(),
            catch_all: None,
            watched: Vec::new(),
            ordered: None,
            essential: None,
            down: Vec::new(),
            bereaved: Vec::new(),
            killed: false,
            aborts: false,
            left: None,
            timeouts: (0, 0),
        }
    }
}

impl World {
    pub(crate) fn scanner_is_due(&self) -> bool {
        let scanner = &self.scanner;
        let deadline = scanner.roster.deadline().is_some_and(|at| at <= self.time());
        scanner.child_has_died || !scanner.commands.is_empty() || !scanner.changes.is_empty() || deadline
    }

    /// One turn of its loop.
    pub(crate) fn turn_of_scanner(&mut self) {
        while core::mem::take(&mut self.scanner.child_has_died) {
            while let Some((pid, exit)) = self.find_dead(Parent::Scanner) {
                self.collect(Parent::Scanner, pid);
                self.deaths.push((pid, exit));
                self.supervisor_is_collected(pid, exit);
                self.feed_scanner(Event::Exited(pid, exit));
                self.look_at_essential();
            }
        }
        for command in core::mem::take(&mut self.scanner.commands) {
            self.feed_scanner(Event::Command(command));
        }
        for change in core::mem::take(&mut self.scanner.changes) {
            match change {
                Change::Appeared(name, arrival) => {
                    self.feed_scanner(Event::Appeared(NAMES[name].as_bytes(), arrival))
                }
                Change::Altered(name) => self.feed_scanner(Event::Altered(NAMES[name].as_bytes())),
                Change::Gone(name) => self.feed_scanner(Event::Vanished(NAMES[name].as_bytes())),
                Change::Grown(candidate) => self.feed_scanner(Event::Grown(candidate)),
                Change::Everything => self.feed_scanner(Event::Overflow),
            }
        }
        self.feed_scanner_deadline();
    }

    fn feed_scanner_deadline(&mut self) {
        if self.scanner.roster.deadline().is_none_or(|at| at > self.time()) {
            return;
        }
        let (at, count) = self.scanner.timeouts;
        let count = if at == self.now { count + 1 } else { 1 };
        self.scanner.timeouts = (self.now, count);
        self.law(Law::Rest, count <= TIMEOUTS, |_| format!("the scanner meets a deadline {count} times"));
        self.feed_scanner(Event::Timeout);
    }

    /// One step, and those that answer what it wants done.
    pub(crate) fn feed_scanner(&mut self, event: Event<'_>) {
        if self.scanner.left.is_some() {
            return;
        }
        self.say(|_| format!("scanner: {event:?}"));
        self.step_scanner(event);
        while let Some(action) = self.scanner.actions.pop_front() {
            if self.broken.is_some() {
                return;
            }
            for _ in 0..(self.meddle.scanner_action)(&action).times() {
                self.act_for_scanner(action);
            }
        }
    }

    pub(crate) fn step_scanner(&mut self, event: Event<'_>) {
        let Some(event) = (self.meddle.scanner_hears)(event) else { return };
        self.steps += 1;
        let time = self.time();
        self.scanner.roster.step(event, time, &mut self.scanner.actions);
    }

    fn supervisor_is_collected(&mut self, pid: Pid, exit: Exit) {
        let Some(place) = self.scanner.started.iter().position(|started| started.pid == pid) else { return };
        let started = self.scanner.started.remove(place);
        let stopping = self.scanner.roster.is_stopping();
        if exit.signal().is_some() {
            self.scanner.bereaved.push(started.slot);
        }
        if exit == Exit::Code(roster::ESSENTIAL_ENDED) && !started.told && !stopping {
            // A directory that has gone by now takes the code with it.
            let record = self.record_of(started.slot);
            self.scanner.essential =
                Some(record.map_or(roster::UNKNOWN_END, |record| record.last_exit.code()));
        }
    }

    fn look_at_essential(&mut self) {
        let stops = self.scanner.essential.is_none() || self.scanner.roster.is_stopping();
        self.law(Law::Essential, stops, |_| "an essential service has ended, and the scanner goes on".into());
    }
}
