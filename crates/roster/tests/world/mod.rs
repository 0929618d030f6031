//! A scan directory and its processes, as far as a roster can tell.

#![allow(
    clippy::unwrap_used,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use roster::{
    Action, Actions, Arrival, Candidate, Event, Found, Identity, Look, Remark, Role, Roster, Settings, Slot,
    Spare,
};
use unix::{Exit, Pid, Signal};

/// A directory of the scan directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directory {
    pub identity: Identity,
    pub log: Option<Identity>,
    pub complete: bool,
}

/// A supervisor that lives.
#[derive(Clone, Debug)]
pub struct Process {
    pub slot: Slot,
    pub name: String,
    pub identity: Identity,
    /// The directory of its producer, if it is a logger.
    pub producer: Option<Identity>,
    pub signals: Vec<Signal>,
    /// Another scanner has left it.
    pub adopted: bool,
}

pub struct World {
    pub roster: Roster,
    pub now: Duration,
    pub directories: BTreeMap<String, Directory>,
    pub processes: BTreeMap<Pid, Process>,
    /// The services whose supervisors another scanner has left.
    pub orphaned: BTreeSet<Identity>,
    /// What was done and said since it was last taken.
    pub told: Vec<String>,
    pub left: Option<u8>,
    /// Starts and scans fail.
    pub starved: bool,
    pub most: usize,
    pub essential_code: Option<u8>,
    /// Loggers are down, and are to stay so.
    pub down: bool,
    /// Those whose supervisor was killed.
    bereaved: Vec<Identity>,
    last_pid: i64,
    last_inode: u64,
    stopping: bool,
    quit: bool,
    last_start: BTreeMap<Identity, Duration>,
}

pub fn settings() -> Settings {
    Settings { most: 100, rescan: None, stop_timeout: None, special: [b"svscan-log", b"s6-svscan-log"] }
}

impl World {
    pub fn new(settings: Settings) -> World {
        let now = Duration::from_secs(100);
        World {
            most: settings.most,
            roster: Roster::new(settings, now),
            now,
            directories: BTreeMap::new(),
            processes: BTreeMap::new(),
            orphaned: BTreeSet::new(),
            told: Vec::new(),
            left: None,
            starved: false,
            essential_code: None,
            down: false,
            bereaved: Vec::new(),
            last_pid: 100,
            last_inode: 0,
            stopping: false,
            quit: false,
            last_start: BTreeMap::new(),
        }
    }

    /// A world in which these directories (`web`, `web+log`) are there from the start, and watched.
    pub fn with(names: &[&str]) -> World {
        let mut world = World::new(settings());
        for name in names {
            let (name, logged) = match name.strip_suffix("+log") {
                Some(name) => (name, true),
                None => (*name, false),
            };
            world.make(name, logged, true);
        }
        world.event(Event::Watching(true));
        world.wait(Duration::ZERO);
        world
    }

    pub fn identity(&mut self) -> Identity {
        self.last_inode += 1;
        (1, self.last_inode)
    }

    /// Makes a directory, without a word to the roster.
    pub fn make(&mut self, name: &str, logged: bool, complete: bool) {
        let identity = self.identity();
        let log = logged.then(|| self.identity());
        self.directories.insert(name.into(), Directory { identity, log, complete });
    }

    /// A world in which another scanner has left the supervisors of these services (`web`, `web/log`).
    pub fn with_left(names: &[&str], left: &[&str]) -> World {
        let mut world = World::new(settings());
        for name in names {
            world.make(name.trim_end_matches("+log"), name.ends_with("+log"), true);
        }
        for name in left {
            let directory = world.directories[name.trim_end_matches("/log")];
            let log = directory.log.filter(|_| name.ends_with("/log"));
            world.orphaned.insert(log.unwrap_or(directory.identity));
        }
        world.event(Event::Watching(true));
        world.wait(Duration::ZERO);
        world
    }

    pub fn event(&mut self, event: Event<'_>) {
        let mut actions = Actions::new();
        self.roster.step(event, self.now, &mut actions);
        while let Some(action) = actions.pop_front() {
            self.perform(action, &mut actions);
        }
    }

    /// The scanner becomes another program.
    pub fn upgrade(&mut self) {
        let rows: Vec<_> = self.roster.rows().collect();
        let mut actions = Actions::new();
        let mut next = Roster::new(self.roster.settings().clone(), self.now);
        next.resume(rows.clone(), self.now, &mut actions);
        assert!(actions.is_empty());
        assert_eq!(next.rows().collect::<Vec<_>>(), rows);
        self.roster = next;
        // Those that were adopted are found again.
        let adopted = self.processes.iter().filter(|(_, p)| p.adopted).map(|(&pid, p)| (pid, p.identity));
        for (pid, identity) in adopted.collect::<Vec<_>>() {
            self.processes.remove(&pid);
            self.orphaned.insert(identity);
        }
        self.event(Event::Watching(true));
    }

    /// Lets time pass, and the deadlines in it come.
    pub fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        for _ in 0..100_000 {
            match self.roster.deadline() {
                Some(at) if at <= until && self.left.is_none() => {
                    self.now = self.now.max(at);
                    self.event(Event::Timeout);
                }
                _ => {
                    self.now = until;
                    return;
                }
            }
        }
        panic!("the deadline does not move on");
    }

    pub fn pid_of(&self, name: &str) -> Option<Pid> {
        self.processes.iter().find(|(_, process)| process.name == name).map(|(&pid, _)| pid)
    }

    pub fn exit(&mut self, pid: Pid, exit: Exit) {
        let process = self.processes.remove(&pid);
        if let Some(process) = &process
            && exit.signal().is_some()
        {
            self.bereaved.push(process.identity);
        }
        match process {
            Some(process) if process.adopted => self.event(Event::Departed(process.slot, exit)),
            _ => self.event(Event::Exited(pid, exit)),
        }
    }

    /// Everybody who was told to exit does so.
    pub fn obey(&mut self) {
        while let Some(pid) = self.processes.iter().find(|(_, p)| !p.signals.is_empty()).map(|(&pid, _)| pid)
        {
            self.exit(pid, Exit::Code(0));
        }
    }

    /// The names of the services that have a supervisor.
    pub fn running(&self) -> String {
        let mut names: Vec<_> = self.processes.values().map(|process| process.name.as_str()).collect();
        names.sort_unstable();
        names.join(" ")
    }

    pub fn take_told(&mut self) -> String {
        std::mem::take(&mut self.told).join(", ")
    }

    pub fn is_stopping(&self) -> bool {
        self.stopping
    }

    pub fn stop_is_ordered(&mut self, quit: bool) {
        self.stopping = true;
        self.quit |= quit;
    }

    fn perform(&mut self, action: Action, actions: &mut Actions) {
        match action {
            Action::Scan => self.scan(actions),
            Action::Look(candidate) => self.look(candidate, actions),
            Action::Start(slot) => self.start(slot, actions),
            Action::ReadEnd(slot) => {
                self.stopping = true;
                let code = self.essential_code;
                self.roster.step(Event::Ended(slot, code), self.now, actions);
            }
            Action::AskLogger(slot) => {
                let down = self.down;
                self.roster.step(Event::LoggerIsDown(slot, down), self.now, actions);
            }
            Action::Signal(pid, signal) => {
                assert!(!self.processes[&pid].adopted, "only a child is known by its pid");
                self.signal(pid, signal);
            }
            Action::SignalAdopted(slot, signal) => {
                let of = |(_, process): &(&Pid, &Process)| process.slot == slot && process.adopted;
                let pid = *self.processes.iter().find(of).expect("it is there").0;
                self.signal(pid, signal);
            }
            Action::ClosePipe(_) => self.tell("close pipe".into()),
            Action::LeaveOutput => self.tell("leave output".into()),
            Action::Unwatch(_) => {}
            Action::StopWatching => {}
            Action::Kill(Spare::Loggers) => self.tell("kill all but loggers".into()),
            Action::Kill(Spare::Nobody) => self.tell("kill all".into()),
            Action::Say(remark) => self.say(remark),
            Action::Leave(code) => {
                self.tell(format!("leave {code}"));
                self.left = Some(code);
            }
        }
    }

    fn tell(&mut self, text: String) {
        self.told.push(text);
    }

    fn name(&self, slot: Slot) -> String {
        String::from_utf8(self.roster.name(slot).to_vec()).unwrap()
    }

    fn scan(&mut self, actions: &mut Actions) {
        if self.starved {
            return self.roster.step(Event::Scanned(None), self.now, actions);
        }
        let found: Vec<_> = self
            .directories
            .iter()
            .map(|(name, d)| Found { name: name.as_bytes(), service: d.identity, log: d.log })
            .collect();
        self.roster.step(Event::Scanned(Some(&found)), self.now, actions);
    }

    fn look(&mut self, candidate: Candidate, actions: &mut Actions) {
        let name = std::str::from_utf8(self.roster.candidate(candidate)).unwrap();
        let look = match self.directories.get(name) {
            None => Look::Nothing,
            Some(d) if !d.complete => Look::Incomplete { watched: true },
            Some(d) => Look::Complete { service: d.identity, log: d.log, link: false },
        };
        self.roster.step(Event::Looked(candidate, look), self.now, actions);
    }

    fn start(&mut self, slot: Slot, actions: &mut Actions) {
        let name = self.name(slot);
        let identity = self.roster.identity(slot).expect("a service that is started is in the roster");
        // Who was killed has not ended his service.
        let may = !self.stopping || self.bereaved.contains(&identity);
        assert!(may, "{name} is started while everything stops");
        let there = match name.strip_suffix("/log") {
            Some(own) => self.directories.get(own).and_then(|directory| directory.log),
            None => self.directories.get(&name).map(|directory| directory.identity),
        };
        if there != Some(identity) {
            return self.roster.step(Event::Misplaced(slot), self.now, actions);
        }
        assert!(
            self.processes.values().all(|other| other.identity != identity && other.slot != slot),
            "{name} has a supervisor already"
        );
        if self.starved {
            return self.roster.step(Event::Started(slot, None), self.now, actions);
        }
        let adopted = self.orphaned.remove(&identity);
        let last = match adopted {
            true => self.last_start.remove(&identity),
            false => self.last_start.insert(identity, self.now),
        };
        if let Some(last) = last.filter(|_| self.directories.values().any(|d| d.identity == identity)) {
            let gap = self.now - last;
            assert!(gap >= roster::START_GAP || gap.is_zero(), "{name} is started again after {gap:?}");
        }
        self.last_pid += 1;
        let pid = Pid::new(self.last_pid).unwrap();
        let producer = match self.roster.role(slot) {
            Role::Logger(producer) => self.roster.identity(producer),
            Role::Plain | Role::Producer(_) => None,
        };
        self.tell(format!("{} {name}", if adopted { "adopt" } else { "start" }));
        self.processes.insert(pid, Process { slot, name, identity, producer, signals: Vec::new(), adopted });
        let answer = if adopted { Event::Adopted(slot, pid) } else { Event::Started(slot, Some(pid)) };
        self.roster.step(answer, self.now, actions);
    }

    fn signal(&mut self, pid: Pid, signal: Signal) {
        let process = self.processes.get(&pid).expect("only a supervisor that lives is signalled").clone();
        assert!([Signal::TERM, Signal::HUP].contains(&signal));
        if let Some(producer) = process.producer.filter(|_| signal == Signal::HUP && !self.down) {
            let alive = self.processes.values().any(|other| other.identity == producer);
            assert!(!alive, "{} is told before its producer has ended", process.name);
        }
        if process.producer.is_some() && signal == Signal::TERM && self.stopping {
            assert!(self.quit, "{} is told to end at once", process.name);
        }
        self.tell(format!("{signal} to {}", process.name));
        if let Some(process) = self.processes.get_mut(&pid) {
            process.signals.push(signal);
        }
    }

    fn say(&mut self, remark: Remark) {
        let text = match remark {
            Remark::NotStarted(candidate) => {
                format!("{} not started", std::str::from_utf8(self.roster.candidate(candidate)).unwrap())
            }
            Remark::LateLogger(slot) => format!("{} is late", self.name(slot)),
            Remark::LogTaken(slot) => format!("log of {} is taken", self.name(slot)),
            Remark::Essential(slot, code) => format!("{} was essential ({code})", self.name(slot)),
            Remark::StillWaiting => {
                let names: Vec<_> =
                    self.roster.waited_for().map(|name| std::str::from_utf8(name).unwrap()).collect();
                format!("waiting for {}", names.join(" "))
            }
            Remark::TooMany => "too many".into(),
            Remark::NoMemory => "no memory".into(),
        };
        self.tell(format!("say: {text}"));
    }
}

impl World {
    /// A directory appears under the eyes of the watch.
    pub fn appear(&mut self, name: &str, arrival: Arrival) {
        self.event(Event::Appeared(name.as_bytes(), arrival));
    }
}
