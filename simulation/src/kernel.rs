//! The kernel: processes, their deaths, and signals.

use alloc::format;

use lifecycle::Script;
use unix::{Exit, Pid, Signal};

use crate::clock::Ms;
use crate::law::Law;
use crate::supervisor::Supervisor;
use crate::world::World;

/// What a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Supervisor,
    Run,
    Script(Script),
    Check,
}

/// Who collects it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parent {
    Scanner,
    Supervisor(Pid),
}

/// What a process does about a signal that asks it to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Dies,
    DiesAfter(Ms),
    Ignores,
}

/// A process, alive or not collected yet.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) pid: Pid,
    pub(crate) kind: Kind,
    /// The directory that it is of.
    pub(crate) directory: usize,
    pub(crate) parent: Parent,
    pub(crate) dead: Option<Exit>,
    pub(crate) born: Ms,
    /// By itself.
    pub(crate) dies_at: Option<(Ms, Exit)>,
    /// Somebody wants it to live on without a supervisor.
    pub(crate) left_alone: bool,
    /// Its parent was told of its death.
    pub(crate) mourned: bool,
    /// It has said that it is ready, and nobody has read it.
    pub(crate) newline: bool,
    /// It says that it is ready.
    pub(crate) ready_at: Option<Ms>,
    pub(crate) asked: Asked,
    /// It was asked to end.
    pub(crate) was_asked: bool,
    pub(crate) stopped: bool,
    /// Comes with CONT.
    pub(crate) held_back: Option<Signal>,
    /// The pipe that is its standard input.
    pub(crate) input: Option<usize>,
    /// The one that is its standard output.
    pub(crate) output: Option<usize>,
}

impl World {
    pub(crate) fn process(&self, pid: Pid) -> Option<&Process> {
        self.processes.iter().find(|process| process.pid == pid)
    }

    fn process_mut(&mut self, pid: Pid) -> Option<&mut Process> {
        self.processes.iter_mut().find(|process| process.pid == pid)
    }

    /// Those that live.
    pub(crate) fn alive(&self) -> impl Iterator<Item = &Process> {
        self.processes.iter().filter(|process| process.dead.is_none())
    }

    /// A new process, as plain as one can be.
    pub(crate) fn fork(&mut self, kind: Kind, directory: usize, parent: Parent) -> Pid {
        self.last_pid += 1;
        let pid = Pid::new(self.last_pid).expect("pids of a simulation are few");
        self.processes.push(Process {
            pid,
            kind,
            directory,
            parent,
            dead: None,
            born: self.now,
            dies_at: None,
            left_alone: false,
            mourned: false,
            newline: false,
            ready_at: None,
            asked: Asked::Dies,
            was_asked: false,
            stopped: false,
            held_back: None,
            input: None,
            output: None,
        });
        pid
    }

    /// kill(2).
    pub(crate) fn send(&mut self, pid: Pid, signal: Signal) {
        let Some(process) = self.process_mut(pid).filter(|process| process.dead.is_none()) else { return };
        match signal {
            Signal::KILL => self.die(pid, Exit::Killed { signal, core: false }),
            Signal::STOP => process.stopped = true,
            Signal::CONT => {
                process.stopped = false;
                if let Some(signal) = process.held_back.take() {
                    self.send(pid, signal);
                }
            }
            Signal::WINCH => {}
            _ if process.kind == Kind::Supervisor => self.supervisor_gets(pid, signal),
            _ if process.stopped => process.held_back = Some(signal),
            _ => self.ask(pid, signal),
        }
    }

    /// A process is asked to end.
    fn ask(&mut self, pid: Pid, signal: Signal) {
        let now = self.now;
        let Some(process) = self.process_mut(pid) else { return };
        process.was_asked = true;
        match process.asked {
            Asked::Dies => self.die(pid, Exit::Killed { signal, core: false }),
            Asked::DiesAfter(time) => {
                let at = process.dies_at.map_or(now + time, |(at, _)| at.min(now + time));
                process.dies_at = Some((at, Exit::Code(0)));
            }
            Asked::Ignores => {}
        }
    }

    /// A process ends. Its children are the scanner's from now on.
    pub(crate) fn die(&mut self, pid: Pid, exit: Exit) {
        let Some(process) = self.process_mut(pid) else { return };
        process.dead = Some(exit);
        let (kind, directory, parent) = (process.kind, process.directory, process.parent);
        self.say(|world| format!("{} dies: {exit:?}", world.named(kind, directory, pid)));
        self.last_words(pid);
        self.tell_parent(parent);
        if kind == Kind::Supervisor {
            self.leave_behind(pid);
            self.supervisors.retain(|supervisor| supervisor.pid != pid);
            let children = self.processes.iter_mut().filter(|p| p.parent == Parent::Supervisor(pid));
            children.for_each(|child| child.parent = Parent::Scanner);
            self.scanner.child_has_died = true;
        }
        self.pipes_after_a_death();
    }

    fn tell_parent(&mut self, parent: Parent) {
        match parent {
            Parent::Scanner => self.scanner.child_has_died = true,
            Parent::Supervisor(pid) => {
                if let Some(supervisor) = self.supervisor_mut(pid) {
                    supervisor.child_has_died = true;
                }
            }
        }
    }

    /// wait(2), but it stays: one of the dead, whichever.
    pub(crate) fn find_dead(&mut self, parent: Parent) -> Option<(Pid, Exit)> {
        let is_it = |process: &Process| process.parent == parent && process.dead.is_some();
        let count = self.processes.iter().filter(|process| is_it(process)).count();
        if count == 0 {
            return None;
        }
        let which = self.chance.below(count);
        let place = (0..self.processes.len()).filter(|&place| is_it(&self.processes[place])).nth(which)?;
        let process = &self.processes[place];
        Some((process.pid, process.dead?))
    }

    /// wait(2): it goes, if it is still his.
    pub(crate) fn collect(&mut self, parent: Parent, pid: Pid) {
        self.processes.retain(|process| process.pid != pid || process.parent != parent);
    }

    /// A signal of somebody's to a child of his.
    pub(crate) fn signal_child(&mut self, parent: Parent, pid: Pid, signal: Signal) {
        let adopted = match parent {
            Parent::Scanner => None,
            Parent::Supervisor(by) => self.supervisor(by).and_then(|supervisor| supervisor.adopted),
        };
        let is_his =
            |process: &Process| (process.parent == parent && !process.mourned) || adopted == Some(pid);
        let is_child = self.process(pid).is_some_and(is_his);
        self.say(|world| format!("    {signal} to {}", world.named_pid(pid)));
        self.law(Law::OwnChildren, is_child, |_| format!("{signal} to {pid}, which is no child of his"));
        self.send(pid, signal);
    }

    /// When a process does something by itself.
    pub(crate) fn next_event(&self) -> Option<Ms> {
        let running = self.alive().filter(|process| !process.stopped);
        let times = |process: &Process| process.dies_at.map(|(at, _)| at).into_iter().chain(process.ready_at);
        running.flat_map(times).min()
    }

    /// What is due by now happens.
    pub(crate) fn kernel_moves_on(&mut self) {
        let now = self.now;
        let is_due = |at: Option<Ms>| at.is_some_and(|at| at <= now);
        loop {
            let ready = self.alive().find(|process| !process.stopped && is_due(process.ready_at));
            let Some(pid) = ready.map(|process| process.pid) else { break };
            self.becomes_ready(pid);
        }
        loop {
            let end = self.alive().find_map(|process| {
                let (at, exit) = process.dies_at?;
                (at <= now && !process.stopped).then_some((process.pid, exit))
            });
            let Some((pid, exit)) = end else { break };
            self.die(pid, exit);
        }
    }

    fn becomes_ready(&mut self, pid: Pid) {
        let Some(process) = self.process_mut(pid) else { return };
        process.ready_at = None;
        let parent = process.parent;
        process.newline = true;
        self.say(|world| format!("{} writes a newline", world.named_pid(pid)));
        let listens = |s: &&mut Supervisor| {
            s.listens && (parent == Parent::Supervisor(s.pid) || s.adopted == Some(pid))
        };
        if let Some(supervisor) = self.supervisors.iter_mut().find(listens) {
            supervisor.notified = true;
            supervisor.said_ready = true;
        }
    }
}
