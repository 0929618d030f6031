//! The machine: events in, actions out.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use unix::{Exit, Pid, Signal};

use crate::{Codes, Failing, Settings};

/// Who waits longer than this is told what for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Signals that ask the container to stop.
const STOPS: [Signal; 6] = [Signal::TERM, Signal::INT, Signal::QUIT, Signal::USR1, Signal::USR2, Signal::PWR];

/// Signals that can be the command's.
const DIVERTED: [Signal; 7] =
    [Signal::TERM, Signal::QUIT, Signal::INT, Signal::USR1, Signal::USR2, Signal::PWR, Signal::WINCH];

/// What there is to do, found before anything is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// There is a hook.
    pub has_hook: bool,
    /// So many init scripts.
    pub inits: usize,
    /// There are services.
    pub has_services: bool,
    /// There is a command.
    pub has_command: bool,
    /// So many finish scripts.
    pub finishes: usize,
}

/// A script that the container's image brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// The one that runs before everything else.
    Hook,
    /// An init script, by its place in their order.
    Init(usize),
    /// A finish script, likewise.
    Finish(usize),
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The first of all.
    Begun,
    /// The answer to `FixAttributes`: so many things could not be done.
    Fixed(usize),
    /// The answer to `Run`, `Scan` and `Command`: it was started, or it cannot be, which is this exit code.
    Started(Result<Pid, u8>),
    /// A child has ended.
    Exited(Pid, Exit),
    /// The services are as they were waited for, or one of them never will be.
    Ready(bool),
    /// A signal has come.
    Signal(Signal),
    /// Somebody inside wants the container to stop.
    Stop,
    /// The answer to `LookAround`: nothing is left below.
    Nobody,
    /// A deadline may have come.
    Timeout,
}

/// What is to be done. Those with an answer are answered before any other event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Put the attributes of files in order; answered by `Fixed`.
    FixAttributes,
    /// Run a script; answered by `Started`.
    Run(Script),
    /// Start the scanner; answered by `Started`.
    Scan,
    /// Say when the services are up, or ready; `Ready` comes some time.
    AwaitServices,
    /// Start the command; answered by `Started`.
    Command,
    /// Send a signal to a child.
    Kill(Pid, Signal),
    /// Send a signal to everything below.
    KillAll(Signal),
    /// See whether anything is left below; answered by `Nobody`, or not at all.
    LookAround,
    /// Warn that something has failed.
    Warn(Waited),
    /// Say what is waited for.
    Tell(Waited),
    /// Bring everything to disk.
    Sync,
    /// Leave, with the exit code that these decide.
    Leave(Codes),
}

/// What a container waits for, or what has failed in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// A script.
    Script(Script),
    /// The attributes of files.
    Attributes,
    /// Services to be up or ready.
    Services,
    /// The command to end.
    Command,
    /// Services to end.
    ServicesEnd,
    /// Processes that are left.
    Strays,
}

/// Where in its life a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    New,
    Script { which: Script, pid: Option<Pid>, kill_at: Option<Duration> },
    Attributes,
    Scanning,
    Waiting { until: Option<Duration> },
    Starting,
    Serving,
    EndingCommand { until: Duration },
    EndingServices { until: Duration },
    Strays { kill_at: Duration },
    Left,
}

/// The life of a container.
#[derive(Clone, Debug)]
pub struct Container {
    plan: Plan,
    settings: Settings,
    phase: Phase,
    /// Since when it is in this phase.
    since: Duration,
    /// It was said what it waits for.
    has_told: bool,
    /// It is on its way to its end.
    is_stopping: bool,
    scanner: Option<Pid>,
    command: Option<Pid>,
    codes: Codes,
}

impl Container {
    /// A container in which nothing has begun.
    pub fn new(plan: Plan, settings: Settings) -> Container {
        Container {
            plan,
            settings,
            phase: Phase::New,
            since: Duration::ZERO,
            has_told: false,
            is_stopping: false,
            scanner: None,
            command: None,
            codes: Codes::default(),
        }
    }

    /// What follows from an event.
    pub fn step(&mut self, event: Event, now: Duration) -> Vec<Action> {
        match event {
            Event::Begun if self.plan.has_hook => self.run(Script::Hook, now),
            Event::Begun => self.fix_attributes(now),
            Event::Fixed(0) => self.run_init(0, now),
            Event::Fixed(_) => self.failed(Waited::Attributes, 1, now),
            Event::Started(started) => self.started(started, now),
            Event::Exited(pid, exit) => self.exited(pid, exit, now),
            Event::Ready(is_ready) => self.services_are(is_ready, now),
            Event::Signal(signal) => self.signalled(signal, now),
            Event::Stop if self.is_stopping => Vec::new(),
            Event::Stop => self.stop(now),
            Event::Nobody if matches!(self.phase, Phase::Strays { .. }) => self.leave(),
            Event::Nobody => Vec::new(),
            Event::Timeout => self.timeout(now),
        }
    }

    /// When `Timeout` is wanted.
    pub fn deadline(&self) -> Option<Duration> {
        let phase = match self.phase {
            Phase::Script { kill_at, .. } => kill_at,
            Phase::Waiting { until } => until,
            Phase::EndingCommand { until } | Phase::EndingServices { until } => Some(until),
            Phase::Strays { kill_at } => Some(kill_at),
            _ => None,
        };
        let tell = self.waits_for().filter(|_| !self.has_told).map(|_| self.since + PATIENCE);
        [phase, tell].into_iter().flatten().min()
    }

    /// What it waits for now; `None`: for nothing that should be over soon.
    fn waits_for(&self) -> Option<Waited> {
        Some(match self.phase {
            Phase::New | Phase::Scanning | Phase::Starting | Phase::Serving | Phase::Left => return None,
            Phase::Script { which, .. } => Waited::Script(which),
            Phase::Attributes => Waited::Attributes,
            Phase::Waiting { .. } => Waited::Services,
            Phase::EndingCommand { .. } => Waited::Command,
            Phase::EndingServices { .. } => Waited::ServicesEnd,
            Phase::Strays { .. } => Waited::Strays,
        })
    }

    fn enter(&mut self, phase: Phase, now: Duration) {
        self.phase = phase;
        self.since = now;
        self.has_told = false;
    }

    fn run(&mut self, which: Script, now: Duration) -> Vec<Action> {
        let kill_at = match which {
            Script::Finish(_) => Some(now + self.settings.finish_most),
            Script::Hook | Script::Init(_) => None,
        };
        self.enter(Phase::Script { which, pid: None, kill_at }, now);
        vec![Action::Run(which)]
    }

    fn fix_attributes(&mut self, now: Duration) -> Vec<Action> {
        self.enter(Phase::Attributes, now);
        vec![Action::FixAttributes]
    }

    fn run_init(&mut self, at: usize, now: Duration) -> Vec<Action> {
        if at < self.plan.inits {
            return self.run(Script::Init(at), now);
        }
        if self.plan.has_services {
            self.enter(Phase::Scanning, now);
            return vec![Action::Scan];
        }
        self.start_command(now)
    }

    fn start_command(&mut self, now: Duration) -> Vec<Action> {
        if self.plan.has_command {
            self.enter(Phase::Starting, now);
            return vec![Action::Command];
        }
        self.enter(Phase::Serving, now);
        if self.plan.has_services { Vec::new() } else { self.stop(now) }
    }

    fn started(&mut self, started: Result<Pid, u8>, now: Duration) -> Vec<Action> {
        match (self.phase, started) {
            (Phase::Script { which, kill_at, .. }, Ok(pid)) => {
                self.phase = Phase::Script { which, pid: Some(pid), kill_at };
                Vec::new()
            }
            (Phase::Script { which, .. }, Err(code)) => self.script_ended(which, code, now),
            (Phase::Scanning, Ok(pid)) => {
                self.scanner = Some(pid);
                if !self.settings.waits_for_services {
                    return self.start_command(now);
                }
                self.enter(Phase::Waiting { until: self.settings.wait_most.map(|most| now + most) }, now);
                vec![Action::AwaitServices]
            }
            (Phase::Scanning, Err(code)) => {
                self.codes.failed = Some(code);
                self.stop(now)
            }
            (Phase::Starting, Ok(pid)) => {
                self.command = Some(pid);
                self.enter(Phase::Serving, now);
                Vec::new()
            }
            (Phase::Starting, Err(code)) => {
                self.codes.command = Some(code);
                self.stop(now)
            }
            _ => Vec::new(),
        }
    }

    /// Something before the command has failed.
    fn failed(&mut self, what: Waited, code: u8, now: Duration) -> Vec<Action> {
        let mut actions = match self.settings.failing {
            Failing::GoesOn => Vec::new(),
            Failing::Warns | Failing::Stops => vec![Action::Warn(what)],
        };
        if self.settings.failing == Failing::Stops {
            self.codes.failed = Some(code);
            actions.extend(self.stop(now));
        } else {
            actions.extend(self.after(what, now));
        }
        actions
    }

    /// What comes after a step, whether it has failed or not.
    fn after(&mut self, what: Waited, now: Duration) -> Vec<Action> {
        match what {
            Waited::Script(Script::Hook) => self.fix_attributes(now),
            Waited::Attributes => self.run_init(0, now),
            Waited::Script(Script::Init(at)) => self.run_init(at + 1, now),
            Waited::Script(Script::Finish(at)) => self.run_finish(at + 1, now),
            Waited::Services => self.start_command(now),
            Waited::Command => self.end_services(now),
            Waited::ServicesEnd => self.run_finish(0, now),
            Waited::Strays => self.leave(),
        }
    }

    fn script_ended(&mut self, which: Script, code: u8, now: Duration) -> Vec<Action> {
        let what = Waited::Script(which);
        match which {
            // A script that was interrupted by the stop, too.
            Script::Hook | Script::Init(_) if self.is_stopping => self.end_services(now),
            Script::Hook | Script::Init(_) if code != 0 => self.failed(what, code, now),
            Script::Hook | Script::Init(_) | Script::Finish(_) => self.after(what, now),
        }
    }

    fn services_are(&mut self, is_ready: bool, now: Duration) -> Vec<Action> {
        match self.phase {
            Phase::Waiting { .. } if is_ready => self.start_command(now),
            Phase::Waiting { .. } => self.failed(Waited::Services, 1, now),
            _ => Vec::new(),
        }
    }

    fn exited(&mut self, pid: Pid, exit: Exit, now: Duration) -> Vec<Action> {
        if let Phase::Script { which, pid: Some(script), .. } = self.phase
            && script == pid
        {
            self.phase = Phase::Script { which, pid: None, kill_at: None };
            return self.script_ended(which, exit.code(), now);
        }
        if self.command == Some(pid) {
            return self.command_ended(exit.code(), now);
        }
        if self.scanner == Some(pid) {
            return self.scanner_ended(exit.code(), now);
        }
        match self.phase {
            Phase::Strays { .. } => vec![Action::LookAround],
            _ => Vec::new(),
        }
    }

    fn command_ended(&mut self, code: u8, now: Duration) -> Vec<Action> {
        self.command = None;
        if self.is_stopping {
            self.codes.told = Some(code);
        } else {
            self.codes.command = Some(code);
        }
        match self.phase {
            Phase::EndingCommand { .. } => self.end_services(now),
            Phase::Strays { .. } => vec![Action::LookAround],
            _ if self.is_stopping => Vec::new(),
            _ => self.stop(now),
        }
    }

    fn scanner_ended(&mut self, code: u8, now: Duration) -> Vec<Action> {
        self.scanner = None;
        match self.phase {
            Phase::EndingServices { .. } => self.run_finish(0, now),
            _ if self.is_stopping => Vec::new(),
            _ => {
                self.codes.tree = Some(code).filter(|&code| code != 0);
                self.stop(now)
            }
        }
    }

    fn signalled(&mut self, signal: Signal, now: Duration) -> Vec<Action> {
        match (self.command, self.scanner) {
            (Some(command), _) if self.settings.command_gets_signals && DIVERTED.contains(&signal) => {
                vec![Action::Kill(command, signal)]
            }
            _ if STOPS.contains(&signal) && !self.is_stopping => self.stop(now),
            (_, Some(scanner)) if signal == Signal::HUP => vec![Action::Kill(scanner, signal)],
            _ => Vec::new(),
        }
    }

    /// Everything ends: what runs now first.
    fn stop(&mut self, now: Duration) -> Vec<Action> {
        self.is_stopping = true;
        let until = now + self.settings.services_grace;
        if let Phase::Script { which: which @ (Script::Hook | Script::Init(_)), pid: Some(pid), .. } =
            self.phase
        {
            self.enter(Phase::Script { which, pid: Some(pid), kill_at: Some(until) }, now);
            return vec![Action::Kill(pid, Signal::TERM), Action::Kill(pid, Signal::CONT)];
        }
        let Some(command) = self.command else { return self.end_services(now) };
        self.enter(Phase::EndingCommand { until }, now);
        vec![Action::Kill(command, Signal::TERM), Action::Kill(command, Signal::CONT)]
    }

    fn end_services(&mut self, now: Duration) -> Vec<Action> {
        let Some(scanner) = self.scanner else { return self.run_finish(0, now) };
        self.enter(Phase::EndingServices { until: now + self.settings.services_grace }, now);
        vec![Action::Kill(scanner, Signal::TERM)]
    }

    fn run_finish(&mut self, at: usize, now: Duration) -> Vec<Action> {
        if at < self.plan.finishes {
            return self.run(Script::Finish(at), now);
        }
        self.enter(Phase::Strays { kill_at: now + self.settings.kill_grace }, now);
        vec![Action::KillAll(Signal::TERM), Action::KillAll(Signal::CONT), Action::LookAround]
    }

    fn leave(&mut self) -> Vec<Action> {
        self.phase = Phase::Left;
        let sync = self.settings.syncs.then_some(Action::Sync);
        sync.into_iter().chain([Action::Leave(self.codes)]).collect()
    }

    fn timeout(&mut self, now: Duration) -> Vec<Action> {
        let mut actions = Vec::new();
        if let Some(what) = self.waits_for()
            && !self.has_told
            && now >= self.since + PATIENCE
        {
            self.has_told = true;
            actions.push(Action::Tell(what));
        }
        actions.extend(match self.phase {
            Phase::Script { which, pid: Some(pid), kill_at: Some(at) } if at <= now => {
                self.phase = Phase::Script { which, pid: Some(pid), kill_at: None };
                vec![Action::Kill(pid, Signal::KILL)]
            }
            Phase::Waiting { until: Some(at) } if at <= now => self.failed(Waited::Services, 1, now),
            Phase::EndingCommand { until } if until <= now => self.end_services(now),
            Phase::EndingServices { until } if until <= now => self.run_finish(0, now),
            Phase::Strays { kill_at } if kill_at <= now => {
                // Those that the dead leave behind are found the next time.
                self.phase = Phase::Strays { kill_at: now + Duration::from_millis(100) };
                vec![Action::KillAll(Signal::KILL), Action::LookAround]
            }
            _ => Vec::new(),
        });
        actions
    }
}

#[cfg(test)]
mod tests;
