//! Events in any order into the machines: also such as never come, and answers to what was not asked.

use std::time::Duration;

use control::{Command, ScanCommand};
use lifecycle::{Action, Event, KillMode, Left, NotStarted, Readiness, Service, Settings, Started};
use roster::{Arrival, Found, Look, Roster, Slot};
use simulation::Schedule;
use unix::{Exit, Now, Pid, Stamp};

/// What anybody may have written where a state was left, whole or its numbers alone: what is read can go on, and is read again.
pub fn left(data: &[u8]) {
    if let Some(handover) = status::Handover::decode(data) {
        let bytes = handover.encode();
        assert_eq!(status::Handover::decode(&bytes).map(|again| again.encode()), Some(bytes));
    }
    let numbers: Vec<u64> = data.as_chunks().0.iter().map(|&bytes| u64::from_le_bytes(bytes)).collect();
    let Some(service) = Service::restore(&numbers, data.len() % 2 == 1) else { return };
    let again = Service::restore(&service.save(), data.len() % 2 == 1);
    assert_eq!(again.as_ref(), Some(&service));
    let _ = (service.record().encode(), service.detail().encode(), service.deadline());
    let (service, _) = service.step(Event::TakenOver, now(5_000), &Settings::default());
    let (_, actions) = service.step(Event::Timeout, now(10_000), &Settings::default());
    assert!(actions.len() < 8, "{actions:?}");
}

/// Whom signals go to has been born, and what is asked for can be done in that phase; what everybody may know can be
/// written and read again.
pub fn life(data: &[u8]) {
    let Some((&[first, second], data)) = data.split_first_chunk() else { return };
    let settings = settings(second);
    let mut time = 0;
    let mut service = Service::new(now(time), first & 1 == 1, first & 2 == 2);
    let mut born = Vec::new();
    for &[what, value] in data.as_chunks().0 {
        time += u64::from(value) << (what >> 6);
        let event = event(what, value);
        match event {
            Event::RunSpawned(Ok(started)) => born.push(started.pid),
            Event::ScriptSpawned(Some(pid)) | Event::CheckSpawned(Some(pid)) => born.push(pid),
            _ => {}
        }
        let (next, actions) = service.step(event, now(time), &settings);
        service = next;
        assert!(actions.len() < 8, "{actions:?}");
        for action in &actions {
            if let Action::Kill(pid, _) | Action::KillGroup(pid, _) = action {
                assert!(born.contains(pid), "{action:?}");
            }
        }
        let exits = actions.iter().position(|action| matches!(action, Action::Exit(_)));
        assert!(exits.is_none_or(|place| place + 1 == actions.len()), "{actions:?}");
        assert_eq!(Service::restore(&service.save(), first & 2 == 2), Some(service.clone()));
        let record = service.record();
        assert_eq!(status::Record::decode(&record.encode()), Some(record));
        let text = service.detail().encode();
        assert_eq!(status::Detail::decode(&text), service.detail());
        assert!(text.len() <= 512, "{text:?}");
        if exits.is_some() {
            return;
        }
    }
}

fn settings(byte: u8) -> Settings {
    let time = |bit: u8| (byte >> bit & 1 == 1).then_some(Duration::from_millis(500));
    Settings {
        timeout_kill: time(0),
        timeout_crash: time(1),
        timeout_finish: time(2),
        kill_group: byte >> 3 & 1 == 1,
        restart_limit: time(4).map(|within| lifecycle::RestartLimit { count: 2, within }),
        essential: time(5).map(|_| lifecycle::Essential::Always),
        ..Settings::default()
    }
}

fn now(time: u64) -> Now {
    let wall = Stamp::from_unix(1_700_000_000 + (time / 1000) as i64, (time % 1000) as u32 * 1_000_000);
    Now { wall, monotonic: Duration::from_millis(time) }
}

fn pid(number: u8) -> Pid {
    Pid::new(1 + i64::from(number % 8)).expect("it is 1 or more")
}

fn event(what: u8, value: u8) -> Event {
    let readiness = [Readiness::Unknown, Readiness::Notification, Readiness::Check(Duration::from_secs(1))];
    match what % 16 {
        0..=2 => {
            let modes = [KillMode::Process, KillMode::Group, KillMode::Tree];
            let kill_mode = modes[usize::from(what) % 3];
            let readiness = readiness[usize::from(value) % 3];
            Event::RunSpawned(Ok(Started { pid: pid(value), readiness, kill_mode }))
        }
        3 if value & 1 == 1 => Event::RunSpawned(Err(NotStarted::NoResources)),
        3 => Event::RunSpawned(Err(NotStarted::CannotExecute(Exit::NOT_FOUND))),
        4 => Event::ScriptSpawned((value & 8 == 0).then(|| pid(value))),
        5 => Event::CheckSpawned((value & 8 == 0).then(|| pid(value))),
        6 => Event::Ready,
        7 => Event::Exited(pid(value), Exit::from_wait(u16::from(value >> 3))),
        8 => Event::Exited(pid(value), Exit::Code(if value & 8 == 0 { 125 } else { 1 })),
        9..=11 => Command::from_byte(value).map_or(Event::RunChanged, Event::Command),
        12 if value > 250 => {
            [Event::Terminate, Event::Hangup, Event::Quit, Event::Interrupt][usize::from(value) % 4]
        }
        12 => Event::TakenOver,
        13 if value & 1 == 1 => Event::ScriptPostponed,
        13 => Event::Swept(if value & 2 == 0 { Left::Nothing } else { Left::Something }),
        _ => Event::Timeout,
    }
}

/// Signals go to supervisors that live, and nobody is started twice; what it is told of may be long gone.
pub fn roster(data: &[u8]) {
    let most = data.first().map_or(4, |&byte| usize::from(byte % 8));
    let special = [b"svscan-log".as_slice(), b"s6-svscan-log".as_slice()];
    let settings =
        roster::Settings { most, rescan: None, stop_timeout: Some(Duration::from_secs(1)), special };
    let mut world = Tree {
        roster: Roster::new(settings, Duration::ZERO),
        time: 0,
        alive: Vec::new(),
        slots: Vec::new(),
        starved: false,
    };
    for &[what, value] in data.as_chunks().0 {
        if world.take(what, value) {
            return;
        }
    }
}

const NAMES: [&[u8]; 4] = [b"a", b"b", b"c", b"svscan-log"];

/// What a roster can tell of the world.
struct Tree {
    roster: Roster,
    time: u64,
    alive: Vec<(Pid, Slot)>,
    /// Every slot that was ever spoken of.
    slots: Vec<Slot>,
    starved: bool,
}

impl Tree {
    /// An event; true if the roster leaves.
    fn take(&mut self, what: u8, value: u8) -> bool {
        use roster::Event as E;
        self.time += u64::from(value);
        let name = NAMES[usize::from(value) % NAMES.len()];
        let slot = (!self.slots.is_empty()).then(|| self.slots[usize::from(value) % self.slots.len()]);
        let event = match (what % 16, slot) {
            (0, _) => ScanCommand::from_byte(value).map_or(E::Overflow, E::Command),
            (1 | 2, _) => E::Appeared(name, if value & 16 == 0 { Arrival::Made } else { Arrival::Whole }),
            (3, _) => E::Vanished(name),
            (4, _) => E::Altered(name),
            (5 | 6, _) if !self.alive.is_empty() => {
                let (pid, _) = self.alive.remove(usize::from(value) % self.alive.len());
                E::Exited(pid, Exit::Code(if value & 64 == 0 { 0 } else { roster::ESSENTIAL_ENDED }))
            }
            (7, _) => E::Moved,
            (8, _) => E::Watching(value & 1 == 0),
            (9, _) => {
                self.starved = value & 1 == 1;
                E::Overflow
            }
            // Answers to what was not asked.
            (10, Some(slot)) => E::Ended(slot, Some(value)),
            (11, Some(slot)) => E::LoggerIsDown(slot, value & 32 == 0),
            (12, _) => E::Exited(Pid::new(60_000).expect("it is a pid"), Exit::Code(0)),
            _ => E::Timeout,
        };
        self.step(event, value)
    }

    fn step(&mut self, event: roster::Event<'_>, value: u8) -> bool {
        use roster::{Action, Event as E};
        let time = Duration::from_millis(self.time);
        let mut actions = roster::Actions::new();
        self.roster.step(event, time, &mut actions);
        for count in 0.. {
            let Some(action) = actions.pop_front() else { break };
            assert!(count < 1000, "it never ends");
            let answer = match action {
                Action::Scan if self.starved => E::Scanned(None),
                Action::Scan => {
                    let found: Vec<_> =
                        (0..4_u8).filter(|place| value >> place & 1 == 1).map(found).collect();
                    self.roster.step(E::Scanned(Some(&found)), time, &mut actions);
                    continue;
                }
                Action::Look(candidate) => {
                    let (service, log) =
                        ((1, u64::from(value % 8)), (value & 8 == 8).then_some((2, u64::from(value % 8))));
                    let looks = [
                        Look::Nothing,
                        Look::Incomplete { watched: true },
                        Look::Complete { service, log, link: value & 4 == 0 },
                    ];
                    E::Looked(candidate, looks[usize::from(value) % 3])
                }
                Action::Start(slot) => self.start(slot, value),
                Action::ReadEnd(slot) => E::Ended(slot, Some(value)),
                Action::AskLogger(slot) => E::LoggerIsDown(slot, value & 1 == 1),
                Action::Signal(pid, _) => {
                    assert!(self.alive.iter().any(|&(other, _)| other == pid), "{pid} does not live");
                    continue;
                }
                Action::Leave(_) => return true,
                _ => continue,
            };
            self.roster.step(answer, time, &mut actions);
        }
        let deadline = self.roster.deadline();
        assert!(deadline.is_none_or(|at| at < time + Duration::from_secs(120)), "{deadline:?}");
        false
    }

    fn start(&mut self, slot: Slot, value: u8) -> roster::Event<'static> {
        self.slots.push(slot);
        assert!(self.alive.iter().all(|&(_, other)| other != slot), "{slot:?} has a supervisor");
        if self.starved || value == 255 {
            return if value & 1 == 1 {
                roster::Event::Misplaced(slot)
            } else {
                roster::Event::Started(slot, None)
            };
        }
        let pid = Pid::new(self.slots.len() as i64).expect("it is 1 or more");
        self.alive.push((pid, slot));
        roster::Event::Started(slot, Some(pid))
    }
}

fn found(place: u8) -> Found<'static> {
    let log = (place == 1).then_some((2, 1));
    Found { name: NAMES[usize::from(place)], service: (1, u64::from(place)), log }
}

/// A schedule of both machines: no law is broken.
pub fn tree(data: &[u8]) {
    let schedule = Schedule::from_bytes(&data[..data.len().min(1024)]);
    if let Err(violation) = simulation::play(&schedule) {
        panic!("{violation}\n{}", simulation::tell(&schedule, simulation::Meddle::NOT));
    }
}
