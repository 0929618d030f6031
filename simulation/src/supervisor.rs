//! A supervisor: its sources, its turn, and the machine in it.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::vec;
use core::time::Duration;

use control::Command;
use lifecycle::{Event, Service};
use unix::{Exit, Pid, Signal};

use crate::clock::Ms;
use crate::kernel::{Kind, Parent, Process};
use crate::law::Law;
use crate::notices::Said;
use crate::world::World;

/// Deadlines met in one moment.
const TIMEOUTS: u32 = 8;

/// A supervisor that lives.
#[derive(Clone, Debug)]
pub(crate) struct Supervisor {
    pub(crate) pid: Pid,
    pub(crate) directory: usize,
    pub(crate) is_logger: bool,
    pub(crate) service: Service,
    /// Signals that were not read: TERM, HUP, INT, QUIT.
    pub(crate) signals: [bool; 4],
    pub(crate) child_has_died: bool,
    pub(crate) commands: VecDeque<Command>,
    /// There is a newline in the pipe for notification.
    pub(crate) notified: bool,
    /// That pipe is open.
    pub(crate) listens: bool,
    /// `run` has changed, and a watch on it was open.
    pub(crate) changed: bool,
    pub(crate) watches: bool,
    pub(crate) exit: Option<u8>,
    /// The moment of the last deadline, and how many there were in it.
    pub(crate) timeouts: (Ms, u32),
    // What the laws have to know.
    /// The last `run` that was collected, until its `finish`.
    pub(crate) unfinished: Option<Pid>,
    /// Deaths that were collected, less those in the tally.
    pub(crate) to_remember: i32,
    pub(crate) said_ready: bool,
    pub(crate) said: Said,
    /// What it was told last: up, or not.
    pub(crate) wanted: bool,
    /// It has failed, and nobody has said up.
    pub(crate) failed: bool,
    /// A command, or a change of `run`, since the last start: it need not wait.
    pub(crate) commanded: bool,
    /// It is wanted up, and is not, and nothing was tried since then.
    pub(crate) idle_since: Option<Ms>,
    /// Its `run` was told to end then.
    pub(crate) down_since: Option<(Pid, Ms)>,
    /// The script has to be gone by then.
    pub(crate) script_until: Option<Ms>,
    /// It was told to exit, and nothing of it has lived since.
    pub(crate) leaves_since: Option<Ms>,
    pub(crate) told_to_leave: bool,
    /// The process of another supervisor that it has taken over.
    pub(crate) adopted: Option<Pid>,
    /// Another supervisor was there before it, and it has not taken over yet.
    pub(crate) fresh: bool,
    /// Its script waits for resources.
    pub(crate) postponed: bool,
    /// Deadlines come and go.
    pub(crate) sleeps: bool,
    /// It was told to exit at once.
    pub(crate) quits: bool,
    /// It is in the middle of something.
    pub(crate) feeding: bool,
    /// Somebody has stopped its `run` after that.
    pub(crate) held_up: bool,
}

impl Supervisor {
    pub(crate) fn new(pid: Pid, directory: usize, is_logger: bool, service: Service, now: Ms) -> Supervisor {
        let wanted = service.wanted_up();
        Supervisor {
            pid,
            directory,
            is_logger,
            wanted,
            service,
            signals: [false; 4],
            child_has_died: false,
            commands: VecDeque::new(),
            notified: false,
            listens: false,
            changed: false,
            watches: false,
            exit: None,
            timeouts: (0, 0),
            unfinished: None,
            to_remember: 0,
            said_ready: false,
            said: Said::Down,
            failed: false,
            commanded: true,
            idle_since: wanted.then_some(now),
            down_since: None,
            script_until: None,
            leaves_since: None,
            told_to_leave: false,
            adopted: None,
            fresh: false,
            postponed: false,
            sleeps: false,
            quits: false,
            feeding: false,
            held_up: false,
        }
    }

    /// When it has something to do next.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.service.deadline().filter(|_| !self.sleeps)
    }

    /// It has something to do.
    pub(crate) fn is_due(&self, now: Duration, deaths: &[(Pid, Exit)]) -> bool {
        self.child_has_died
            || self.fresh
            || self.adopted.is_some_and(|adopted| deaths.iter().any(|&(dead, _)| dead == adopted))
            || self.signals.contains(&true)
            || self.notified
            || self.changed
            || !self.commands.is_empty()
            || self.deadline().is_some_and(|at| at <= now)
    }
}

impl World {
    /// A signal for a supervisor stays with it until it reads it.
    pub(crate) fn supervisor_gets(&mut self, pid: Pid, signal: Signal) {
        let order = [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT];
        if let (Some(place), Some(supervisor)) =
            (order.iter().position(|&other| other == signal), self.supervisor_mut(pid))
        {
            supervisor.signals[place] = true;
        }
    }

    /// One turn of its loop. What comes in meanwhile waits for the next one, but the dead do not.
    pub(crate) fn turn_of_supervisor(&mut self, pid: Pid) {
        self.take_over(pid);
        let Some(supervisor) = self.supervisor_mut(pid) else { return };
        let signals = core::mem::take(&mut supervisor.signals);
        let dead = core::mem::take(&mut supervisor.child_has_died);
        let (commands, changed) =
            (core::mem::take(&mut supervisor.commands), core::mem::take(&mut supervisor.changed));
        self.feed_readiness(pid);
        while dead && let Some((child, exit)) = self.find_dead(Parent::Supervisor(pid)) {
            self.feed_readiness(pid);
            self.is_told_of_death(pid, child);
            self.feed(pid, Event::Exited(child, exit));
            // It is the scanner's if this was its supervisor's end.
            self.collect(Parent::Supervisor(pid), child);
            self.meanwhile();
        }
        self.feed_adopted(pid);
        let events = [Event::Terminate, Event::Hangup, Event::Interrupt, Event::Quit];
        for (_, event) in signals.into_iter().zip(events).filter(|(came, _)| *came) {
            self.feed(pid, event);
        }
        for command in commands {
            self.feed(pid, Event::Command(command));
            self.meanwhile();
        }
        if changed {
            self.feed(pid, Event::RunChanged);
        }
        self.feed_deadline(pid);
        if self.doom.is_some_and(|(doomed, _)| doomed == pid) {
            self.strike(pid);
        }
        if let Some(code) = self.supervisor(pid).and_then(|supervisor| supervisor.exit) {
            self.die(pid, Exit::Code(code));
        }
    }

    pub(crate) fn feed_readiness(&mut self, pid: Pid) {
        if let Some(supervisor) =
            self.supervisor_mut(pid).filter(|supervisor| supervisor.notified && supervisor.listens)
        {
            supervisor.notified = false;
            let directory = supervisor.directory;
            let spoke = |p: &&mut Process| p.newline && p.directory == directory;
            self.processes.iter_mut().filter(spoke).for_each(|process| process.newline = false);
            self.feed(pid, Event::Ready);
        }
    }

    fn feed_deadline(&mut self, pid: Pid) {
        let now = self.now;
        let time = self.time();
        let Some(supervisor) = self.supervisor_mut(pid) else { return };
        if supervisor.deadline().is_none_or(|at| at > time) {
            return;
        }
        let count = if supervisor.timeouts.0 == now { supervisor.timeouts.1 + 1 } else { 1 };
        supervisor.timeouts = (now, count);
        self.law(Law::Rest, count <= TIMEOUTS, |_| format!("{pid} meets the same deadline {count} times"));
        self.feed(pid, Event::Timeout);
    }

    /// One step of the machine, and those that answer what it wants done.
    pub(crate) fn feed(&mut self, pid: Pid, event: Event) {
        let Some(heard) = (self.meddle.hears)(event) else { return };
        self.before(pid, &event);
        self.begins_to_feed(pid);
        let mut pending = vec![heard];
        while self.broken.is_none()
            && let Some(event) = pending.pop()
        {
            let now = self.moment();
            let Some(supervisor) = self.supervisor(pid).filter(|supervisor| supervisor.exit.is_none()) else {
                break;
            };
            let (directory, service) = (supervisor.directory, supervisor.service.clone());
            self.say(|world| format!("  {} {pid}: {event:?}", world.called(directory)));
            self.steps += 1;
            let (next, actions) = service.step(event, now, &self.directories[directory].settings);
            if let Some(supervisor) = self.supervisor_mut(pid) {
                supervisor.service = next;
            }
            let mut answers = vec![];
            for action in actions {
                for _ in 0..(self.meddle.action)(&action).times() {
                    answers.extend(self.act(pid, action));
                }
            }
            pending.extend(answers.into_iter().rev());
        }
        if self.doom == Some((pid, 0)) {
            self.strike(pid);
        }
        self.keep(pid);
        self.after(pid);
    }

    /// While somebody works, others die.
    fn meanwhile(&mut self) {
        if self.well || !self.chance.once_in(8) {
            return;
        }
        let count = self.alive().filter(|process| process.kind != Kind::Supervisor).count();
        if count > 0 {
            let which = self.chance.below(count);
            let exit = self.an_end();
            let pid =
                self.alive().filter(|process| process.kind != Kind::Supervisor).nth(which).map(|p| p.pid);
            pid.into_iter().for_each(|pid| self.die(pid, exit));
        }
    }
}
