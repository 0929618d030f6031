//! The player: does what the plan says, and records what it did.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileTypeExt;
use std::time::{Duration, Instant};

use crate::fleet::index;
use crate::history::Event;
use crate::kit::{Listener, our_program};
use crate::look::{Eyes, Process, Role};
use crate::observer::Record;
use crate::plan::Round;
use crate::stage::{Stage, put};
use crate::step::Step;
use crate::suite::Suite;

/// What is left to undo before a quiet point.
pub struct Player {
    pub stage: Stage,
    pub eyes: Eyes,
    pub record: Record,
    deaf: Vec<Listener>,
    limited: Vec<String>,
}

impl Player {
    pub fn new(stage: Stage, record: Record) -> Player {
        let eyes = stage.eyes();
        Player { stage, eyes, record, deaf: Vec::new(), limited: Vec::new() }
    }

    /// Plays a round, each step at its time or as soon after it as this machine can.
    pub fn play(&mut self, round: &Round) {
        let begin = Instant::now();
        for (at, step) in round {
            let at = Duration::from_millis(*at as u64);
            // When a step is due is what the plan is about.
            std::thread::sleep(at.saturating_sub(begin.elapsed()));
            self.act(step);
        }
    }

    /// Does one step. It is recorded with the moment before it: what follows from it comes later.
    pub fn act(&mut self, step: &Step) {
        let before = sys::clock::monotonic();
        let done = self.perform(step);
        self.record.add_at(before, Event::Step(step.clone(), done));
    }

    fn perform(&mut self, step: &Step) -> bool {
        match step {
            Step::Command(name, bytes) => self.command(name, bytes),
            Step::Scan(bytes) => self.scan(bytes),
            Step::Supervisor(name, signal) => self.signal_supervisor(name, signal),
            Step::Scanner(signal) => self.signal_where(|role| role == Role::Scanner, signal),
            Step::Start => self.stage.hand("start"),
            Step::Run(name, signal) => {
                let service = index(&self.eyes.members, name);
                self.signal_where(|role| service.is_some_and(|service| role == Role::Run(service)), signal)
            }
            Step::Script(name, signal) => {
                let service = index(&self.eyes.members, name);
                self.signal_where(|role| service.is_some_and(|service| role == Role::Script(service)), signal)
            }
            Step::Unlink(name) => {
                let done = std::fs::remove_file(self.stage.scan().join(name)).is_ok();
                self.tell_s6("an");
                done
            }
            Step::Link(name) | Step::Relink(name) => {
                put(&self.stage.scan(), name);
                self.tell_s6("a");
                true
            }
            Step::Fill => self.fill(),
            Step::Free => std::fs::remove_file(self.stage.inside("small/filler")).is_ok(),
            Step::Descriptors(name) => self.limit(name),
            Step::DescriptorsFree(name) => self.unlimit(name),
            Step::Processes => self.stage.processes.limit(),
            Step::ProcessesFree => self.stage.processes.free(),
            Step::FifoRemove(name) => std::fs::remove_file(self.control(name)).is_ok(),
            Step::FifoReplace(name) => {
                let control = self.control(name);
                std::fs::remove_file(&control).is_ok() && std::fs::write(&control, "").is_ok()
            }
            Step::FifoRubbish(name) => self.send(name, &[0xfe; 65536]),
            Step::Deaf(name) => {
                let event = self.stage.service(name).join("event");
                let listens = self.stage.suite.notifies() && event.exists();
                self.deaf.extend(listens.then(|| Listener::new(&event)));
                listens
            }
        }
    }

    fn control(&self, name: &str) -> std::path::PathBuf {
        self.stage.service(name).join("supervise/control")
    }

    fn command(&mut self, name: &str, bytes: &str) -> bool {
        let kind = index(&self.eyes.members, name).map(|service| self.eyes.members[service].kind);
        kind.is_some_and(|kind| self.send(name, self.stage.suite.bytes(bytes, kind).as_bytes()))
    }

    /// Only to a FIFO: what somebody has put in its place would take anything.
    fn send(&self, name: &str, bytes: &[u8]) -> bool {
        let control = self.control(name);
        let is_fifo = std::fs::metadata(&control).is_ok_and(|info| info.file_type().is_fifo());
        is_fifo && sys::fifo::send(&control, bytes).is_ok()
    }

    fn scan(&self, bytes: &str) -> bool {
        let control = self.stage.suite.scanner_control(&self.stage.scan());
        control.is_some_and(|control| sys::fifo::send(&control, bytes.as_bytes()).is_ok())
    }

    /// Ours and runit's see a change of the directory by themselves.
    fn tell_s6(&self, bytes: &str) {
        if self.stage.suite == Suite::S6 {
            self.scan(bytes);
        }
    }

    /// The process of this role, if there is one.
    pub fn find(&self, is_it: impl Fn(Role) -> bool) -> Option<Process> {
        self.eyes.look().into_iter().find(|process| is_it(process.role))
    }

    /// Whether a process of this role was there and was signalled.
    fn signal_where(&mut self, is_it: impl Fn(Role) -> bool, signal: &str) -> bool {
        self.find(is_it).is_some_and(|process| self.signal(&process, signal))
    }

    /// Signals a process, if it is still the same.
    pub fn signal(&mut self, process: &Process, signal: &str) -> bool {
        self.stage.hand(&format!("kill {} {} {signal}", process.pid, process.began))
    }

    fn supervisor(&self, name: &str) -> Option<Process> {
        let service = self.eyes.supervised_by(index(&self.eyes.members, name)?);
        self.find(|role| role == Role::Supervisor(service))
    }

    fn signal_supervisor(&mut self, name: &str, signal: &str) -> bool {
        self.supervisor(name).is_some_and(|process| self.signal(&process, signal))
    }

    fn fill(&self) -> bool {
        let Ok(mut file) = File::create(self.stage.inside("small/filler")) else { return false };
        while file.write(&[0; 4096]).is_ok_and(|count| count > 0) {}
        true
    }

    fn limit(&mut self, name: &str) -> bool {
        let Some(process) = self.supervisor(name) else { return false };
        let open = self.eyes.holder(process.pid).descriptors;
        self.limited.push(name.to_owned());
        self.set_limit(&process, &format!("{open}:"))
    }

    fn unlimit(&mut self, name: &str) -> bool {
        self.limited.retain(|limited| limited != name);
        self.supervisor(name).is_some_and(|process| self.set_limit(&process, "1024:"))
    }

    fn set_limit(&self, process: &Process, limit: &str) -> bool {
        let pid = process.pid.to_string();
        let answer = self.stage.namespace.inside(&["prlimit", "--pid", &pid, &format!("--nofile={limit}")]);
        answer.code == 0
    }

    /// Ends everything that does harm: what was stopped goes on, every limit and every link is as it was.
    pub fn heal(&mut self) {
        self.deaf.clear();
        for name in std::mem::take(&mut self.limited) {
            self.unlimit(&name);
        }
        self.stage.processes.free();
        let _ = std::fs::remove_file(self.stage.inside("small/filler"));
        let names: Vec<String> = self.eyes.members.iter().map(|member| member.name.clone()).collect();
        for name in names.iter().filter(|name| !name.ends_with("/log")) {
            if !self.stage.scan().join(name).exists() {
                self.act(&Step::Link(name.clone()));
            }
        }
        self.act(&Step::Start);
        names.iter().for_each(|name| self.give_back_control(name));
        for process in self.eyes.look().iter().filter(|process| process.state == 'T') {
            self.signal(process, "CONT");
        }
        self.record.add(Event::Healed);
    }

    /// What stands in the place of the FIFO goes. Then ours is told something by its own tool, which has the FIFO made
    /// again; others have nobody who does.
    fn give_back_control(&self, name: &str) {
        let control = self.control(name);
        match std::fs::metadata(&control) {
            Ok(info) if info.file_type().is_fifo() => return,
            Ok(_) => drop(std::fs::remove_file(&control)),
            Err(_) => {}
        }
        if self.stage.suite == Suite::Ours {
            let (svctl, service) = (our_program("svctl"), self.stage.scan().join(name));
            let [svctl, service] = [&svctl, &service].map(|path| path.to_str().expect("UTF-8"));
            self.stage.namespace.inside(&[svctl, "-c", service]);
        }
    }
}
