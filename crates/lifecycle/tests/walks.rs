//! Random walks: a kernel that plays children, and a person who plays with the commands, against the
//! machine, with what must hold after every step.

mod common;

use std::time::Duration;

use common::{at_ms, pid};
use control::supervisor::TABLE;
use lifecycle::*;
use unix::{Exit, Pid, Signal};

/// A small generator (splitmix64): the walk is its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Child {
    Run,
    Script,
    Check,
    /// A check that was killed with its service.
    Dying,
    /// What `run` left behind.
    Rest,
}

/// The world that the machine acts on.
struct World {
    random: Random,
    now: u64,
    last_pid: i64,
    children: Vec<(Pid, Child)>,
    notifies: bool,
    settings: Settings,
    exited: Option<u8>,
}

impl World {
    fn new(seed: u64) -> World {
        let mut random = Random(seed);
        let mut ms =
            |choices: &[u64]| Duration::from_millis(choices[random.below(choices.len() as u64) as usize]);
        let min = ms(&[0, 100, 1000]);
        let settings = Settings {
            timeout_kill: Some(ms(&[1, 500, 3000])),
            timeout_finish: Some(ms(&[10, 5000])),
            timeout_crash: Some(ms(&[10, 5000])),
            restart_delay: RestartDelay { min, max: min * 4 },
            ..common::SETTINGS
        };
        World { random, now: 0, last_pid: 1, children: Vec::new(), notifies: false, settings, exited: None }
    }

    fn spawn(&mut self, kind: Child) -> Pid {
        self.last_pid += 1;
        let pid = pid(self.last_pid);
        self.children.push((pid, kind));
        pid
    }

    fn alive(&self, kind: Child) -> usize {
        self.children.iter().filter(|(_, k)| *k == kind).count()
    }

    fn is_ours(&self, pid: Pid) -> bool {
        self.children.iter().any(|(child, _)| *child == pid)
    }

    fn perform(&mut self, action: Action) -> Option<Event> {
        assert_eq!(self.exited, None, "{action:?} after the exit");
        match action {
            Action::SpawnRun => {
                assert_eq!(self.alive(Child::Run), 0, "a second run");
                assert_eq!(self.alive(Child::Rest), 0, "run beside the rest of the last one");
                assert_eq!(self.alive(Child::Script), 0, "run beside a script");
                return Some(Event::RunSpawned(match self.random.below(8) {
                    0 => Err(NotStarted::NoResources),
                    1 => Err(NotStarted::CannotExecute(Exit::NOT_FOUND)),
                    n => {
                        self.notifies = n != 2;
                        let readiness = if n == 2 {
                            Readiness::Check(Duration::from_secs(1))
                        } else {
                            Readiness::Notification
                        };
                        let modes = KillMode::WORDS.map(|(_, mode)| mode);
                        let kill_mode = modes[self.random.below(4) as usize];
                        if kill_mode != KillMode::Process {
                            for _ in 0..self.random.below(3) {
                                self.spawn(Child::Rest);
                            }
                        }
                        Ok(Started { pid: self.spawn(Child::Run), readiness, kill_mode })
                    }
                }));
            }
            Action::SpawnScript(..) => {
                assert_eq!(self.alive(Child::Run), 0, "a script beside run");
                assert_eq!(self.alive(Child::Rest), 0, "a script beside the rest of run");
                assert_eq!(self.alive(Child::Script), 0, "a second script");
                if self.random.below(5) == 0 {
                    return Some(Event::ScriptPostponed);
                }
                let there = self.random.below(3) > 0;
                return Some(Event::ScriptSpawned(there.then(|| self.spawn(Child::Script))));
            }
            Action::SpawnCheck => {
                assert_eq!(self.alive(Child::Check), 0, "a second check");
                let there = self.random.below(5) > 0;
                return Some(Event::CheckSpawned(there.then(|| self.spawn(Child::Check))));
            }
            Action::Sweep(mode, _, how) => {
                assert_ne!(mode, KillMode::Process);
                if how == Sweep::Kill && self.random.below(4) > 0 {
                    self.children.retain(|(_, child)| *child != Child::Rest);
                }
                let left = if self.alive(Child::Rest) > 0 { Left::Something } else { Left::Nothing };
                return Some(Event::Swept(left));
            }
            Action::Kill(pid, signal) | Action::KillGroup(pid, signal) => {
                let child = self.children.iter_mut().find(|(child, _)| *child == pid);
                let (_, kind) = child.unwrap_or_else(|| panic!("{signal} to {pid}, which is not ours"));
                if *kind == Child::Check && signal == Signal::KILL {
                    *kind = Child::Dying;
                }
            }
            Action::Exit(code) => self.exited = Some(code),
            Action::Report(_)
            | Action::Remember(..)
            | Action::StopListening
            | Action::Publish(_)
            | Action::MakeDown
            | Action::RemoveDown => {}
        }
        None
    }

    /// Something that could happen now.
    fn event(&mut self, service: &Service) -> Event {
        loop {
            match self.random.below(12) {
                0..4 if !self.children.is_empty() => return self.death(),
                4..6 => {
                    let (_, command) = TABLE[self.random.below(TABLE.len() as u64) as usize];
                    // The walk is to be long.
                    if command != control::Command::Exit || self.random.below(20) == 0 {
                        return Event::Command(command);
                    }
                }
                6 if self.notifies => return Event::Ready,
                7 if self.random.below(30) == 0 => {
                    return [Event::Terminate, Event::Hangup][self.now as usize % 2];
                }
                8 => return Event::RunChanged,
                _ => {
                    self.now += self.random.below(50);
                    if let Some(deadline) = service.deadline() {
                        self.now = self.now.max(deadline.as_millis() as u64);
                        return Event::Timeout;
                    }
                }
            }
        }
    }

    fn death(&mut self) -> Event {
        let place = self.random.below(self.children.len() as u64) as usize;
        let (pid, _) = self.children.swap_remove(place);
        let exits = [
            Exit::Code(0),
            Exit::Code(1),
            Exit::Code(125),
            Exit::Killed { signal: Signal::KILL, core: false },
        ];
        Event::Exited(pid, exits[self.random.below(4) as usize])
    }

    fn step(&mut self, service: Service, event: Event) -> Service {
        let (mut service, actions) = service.step(event, at_ms(self.now), &self.settings);
        for action in actions {
            if let Some(answer) = self.perform(action) {
                service = self.step(service, answer);
            }
        }
        self.check(&service);
        service
    }

    /// What must hold whenever all answers are in.
    fn check(&self, service: &Service) {
        let record = service.record();
        if let Some(pid) = record.pid {
            assert!(self.is_ours(pid), "the record names {pid}, which is not ours");
        }
        if self.exited.is_some() {
            return;
        }
        let waits = !self.children.is_empty() || service.deadline().is_some();
        assert!(waits || !record.wanted_up, "wanted up, and nothing will ever start it");
        if let Phase::Ending(ending) = service.phase() {
            assert!(ending.pid.is_none() || ending.kill_at.is_some() || record.pid.is_some());
        }
    }
}

#[test]
fn whatever_comes_there_is_one_run_and_nobody_else_is_signalled() {
    for seed in 0..3_000 {
        let mut world = World::new(seed);
        let mut service = Service::new(at_ms(0), seed % 3 > 0, seed % 2 == 0);
        for _ in 0..300 {
            if world.exited.is_some() {
                break;
            }
            let event = world.event(&service);
            service = world.step(service, event);
        }
    }
}

#[test]
fn wanted_down_ends_down_and_leaving_ends_left() {
    for seed in 0..3_000 {
        let mut world = World::new(seed);
        let mut service = Service::new(at_ms(0), true, seed % 2 == 0);
        for _ in 0..seed % 60 {
            if world.exited.is_none() {
                let event = world.event(&service);
                service = world.step(service, event);
            }
        }
        if world.exited.is_some() {
            continue;
        }
        let last = if seed % 3 == 0 { Event::Terminate } else { Event::Command(control::Command::Down) };
        service = world.step(service, last);
        // From here on nobody commands, children die when they please or when they are killed.
        for _ in 0..100 {
            if world.exited.is_some() {
                break;
            }
            let event = match world.children.is_empty() {
                false => world.death(),
                true if service.deadline().is_some() => {
                    world.now = world.now.max(service.deadline().unwrap_or_default().as_millis() as u64);
                    Event::Timeout
                }
                true => break,
            };
            service = world.step(service, event);
        }
        if seed % 3 == 0 {
            assert!(world.exited.is_some(), "seed {seed}: told to exit, and still here: {service:?}");
        } else if world.exited.is_none() {
            assert_eq!(service.phase(), Phase::Down { start_at: None }, "seed {seed}");
        }
    }
}
