//! What the scanner wants done.

use alloc::format;
use alloc::vec::Vec;

use roster::{Action, Event, Found, Look, Role, Slot, Spare};
use unix::{Exit, Pid, Signal};

use crate::directory::{Directory, NAMES};
use crate::kernel::{Kind, Parent};
use crate::law::Law;
use crate::scanner::Started;
use crate::supervisor::Supervisor;
use crate::world::World;

impl World {
    pub(crate) fn act_for_scanner(&mut self, action: Action) {
        match action {
            Action::Scan => self.scan(),
            Action::Look(candidate) => {
                let name = self.scanner.roster.candidate(candidate);
                let place =
                    NAMES.iter().position(|known| known.as_bytes() == name).and_then(|i| self.places[i]);
                let look = match place {
                    None => Look::Nothing,
                    Some(place) => {
                        self.scanner.watched.retain(|&(other, _)| other != candidate);
                        self.scanner.watched.push((candidate, place.directory));
                        match place.complete {
                            false => Look::Incomplete { watched: true },
                            true => Look::Complete {
                                service: Directory::identity(place.directory),
                                log: place.log.map(Directory::identity),
                                link: false,
                            },
                        }
                    }
                };
                self.say(|_| format!("    looks: {look:?}"));
                self.step_scanner(Event::Looked(candidate, look));
            }
            Action::Unwatch(candidate) => self.scanner.watched.retain(|&(other, _)| other != candidate),
            Action::StopWatching => self.scanner.watched.clear(),
            Action::Start(slot) if !self.is_in_place(slot) => {
                let meant = self.scanner.roster.identity(slot).map_or(0, |(_, inode)| inode as usize);
                self.give_up(meant);
                self.step_scanner(Event::Misplaced(slot));
            }
            Action::Start(slot) => {
                let pid = self.start_supervisor(slot);
                self.step_scanner(Event::Started(slot, pid));
            }
            Action::ReadEnd(slot) => {
                let record = self.record_of(slot);
                let code = record.map(|record| record.last_exit.code());
                self.step_scanner(Event::Ended(slot, code));
            }
            Action::AskLogger(slot) => {
                let record = self.record_of(slot);
                let is_down = record.is_some_and(|r| r.pid.is_none() && !r.finishing && !r.wanted_up);
                if is_down {
                    self.scanner.down.push(slot);
                }
                self.step_scanner(Event::LoggerIsDown(slot, is_down));
            }
            Action::Signal(pid, signal) => self.signal_supervisor(pid, signal),
            // No scanner is killed here, so nobody is adopted.
            Action::SignalAdopted(..) => {}
            Action::ClosePipe(slot) => {
                if let Some(pipe) = self.scanner.pipes.get_mut(slot.index()).and_then(Option::take) {
                    self.let_go(pipe);
                }
            }
            Action::LeaveOutput => self.scanner.catch_all.into_iter().for_each(|pipe| self.let_go(pipe)),
            Action::Kill(spare) => self.kill_the_rest(spare),
            Action::Say(remark) => self.say(|_| format!("    says {remark:?}")),
            Action::Leave(code) => self.leaves(code),
        }
    }

    fn let_go(&mut self, pipe: usize) {
        self.pipes[pipe].held = false;
        self.pipes_after_a_death();
    }

    /// What stands in the record of this name.
    pub(crate) fn record_of(&self, slot: Slot) -> Option<status::Record> {
        self.directories[self.resolve(self.scanner.roster.name(slot))?].record
    }

    fn scan(&mut self) {
        if self.scanner.starved {
            return self.step_scanner(Event::Scanned(None));
        }
        let places = NAMES.iter().zip(self.places).filter_map(|(name, place)| Some((name, place?)));
        let found: Vec<Found<'_>> = places
            .map(|(name, place)| Found {
                name: name.as_bytes(),
                service: Directory::identity(place.directory),
                log: place.log.map(Directory::identity),
            })
            .collect();
        self.step_scanner(Event::Scanned(Some(&found)));
    }

    /// In a stop there is no second attempt: whom nobody can supervise is left.
    fn give_up(&mut self, directory: usize) {
        if self.scanner.roster.is_stopping() {
            let left = self.processes.iter_mut().filter(|process| process.directory == directory);
            left.for_each(|process| process.left_alone = true);
        }
    }

    fn is_in_place(&self, slot: Slot) -> bool {
        let roster = &self.scanner.roster;
        self.resolve(roster.name(slot)).map(Directory::identity) == roster.identity(slot)
    }

    /// Starts the supervisor of a name: of whatever directory that stands for by now.
    fn start_supervisor(&mut self, slot: Slot) -> Option<Pid> {
        let meant = self.scanner.roster.identity(slot).map_or(0, |(_, inode)| inode as usize);
        let got = self.resolve(self.scanner.roster.name(slot));
        let stopping = self.scanner.roster.is_stopping();
        let other = self.scanner.started.iter().find(|other| other.meant == meant || other.slot == slot);
        let other = other.map(|other| other.pid);
        // Who was killed has not ended his service.
        let may = !stopping || self.scanner.bereaved.contains(&slot);
        self.law(Law::TreeEmpties, may, |_| "a supervisor is started in a stop".into());
        self.law(Law::OneSupervisor, other.is_none(), |world| {
            format!("{} has {other:?}", world.called(meant))
        });
        if self.scanner.starved {
            self.give_up(meant);
            return None;
        }
        let last = self.directories[meant].supervised_at.replace(self.now);
        let now = self.now;
        self.law(Law::OneSupervisor, stopping || last.is_none_or(|last| now >= last + 1000), |world| {
            format!("{} gets another one after {} ms", world.called(meant), now - last.unwrap_or(0))
        });
        let pid = self.fork(Kind::Supervisor, meant, Parent::Scanner);
        self.scanner.started.push(Started { pid, slot, meant, told: false });
        self.give_pipes(slot, pid, got);
        let is_logger = self.scanner.roster.name(slot).ends_with(b"/log");
        self.say(|world| {
            let name = core::str::from_utf8(world.scanner.roster.name(slot)).unwrap_or_default();
            format!("    starts {} as {name}", world.named_pid(pid))
        });
        match got {
            None => self.die(pid, Exit::Code(111)),
            Some(directory) if self.supervisors.iter().any(|other| other.directory == directory) => {
                self.die(pid, Exit::Code(100));
            }
            Some(directory) => self.begin(pid, directory, is_logger),
        }
        Some(pid)
    }

    /// A supervisor begins.
    fn begin(&mut self, pid: Pid, directory: usize, is_logger: bool) {
        let (service, fresh) = self.first_state(directory, is_logger);
        let it = &mut self.directories[directory];
        // Another one may have been killed before he made the file down.
        (it.record, it.should_be_down) = (Some(service.record()), it.down);
        let supervisor = Supervisor::new(pid, directory, is_logger, service, self.now);
        self.supervisors.push(Supervisor { fresh, sleeps: self.meddle.sleeps, ..supervisor });
        if let Some(process) = self.processes.iter_mut().find(|process| process.pid == pid) {
            process.directory = directory;
        }
    }

    fn give_pipes(&mut self, slot: Slot, pid: Pid, got: Option<usize>) {
        let is_special = self.scanner.roster.is_special(slot);
        if is_special && self.scanner.catch_all.is_none() {
            self.scanner.catch_all = Some(self.new_pipe());
        }
        let catch_all = self.scanner.catch_all;
        let (input, output) = match self.scanner.roster.role(slot) {
            Role::Plain => (None, catch_all.filter(|_| !is_special)),
            Role::Producer(_) => (None, Some(self.pipe_of(slot))),
            Role::Logger(producer) => (Some(self.pipe_of(producer)), None),
        };
        let input = input.or(catch_all.filter(|_| is_special));
        for (end, pipe) in [(0, output), (1, input)] {
            if let Some(pipe) = pipe {
                self.pipes[pipe].ends[end] = got;
            }
        }
        if let Some(process) = self.processes.iter_mut().find(|process| process.pid == pid) {
            (process.input, process.output) = (input, output);
        }
    }

    fn pipe_of(&mut self, producer: Slot) -> usize {
        let index = producer.index();
        if self.scanner.pipes.len() <= index {
            self.scanner.pipes.resize(index + 1, None);
        }
        match self.scanner.pipes[index] {
            Some(pipe) => pipe,
            None => {
                let pipe = self.new_pipe();
                self.scanner.pipes[index] = Some(pipe);
                pipe
            }
        }
    }

    fn signal_supervisor(&mut self, pid: Pid, signal: Signal) {
        if let Some(started) = self.scanner.started.iter_mut().find(|started| started.pid == pid) {
            started.told = true;
            let slot = started.slot;
            self.look_at_order(slot, signal);
        }
        self.signal_child(Parent::Scanner, pid, signal);
    }

    /// A stop ends loggers by the end of their input, after their producers.
    fn look_at_order(&mut self, slot: Slot, signal: Signal) {
        let roster = &self.scanner.roster;
        let Role::Logger(producer) = roster.role(slot) else { return };
        if self.scanner.ordered == Some(true) || !roster.is_stopping() || self.scanner.down.contains(&slot) {
            return;
        }
        let produces = self.scanner.started.iter().any(|started| started.slot == producer);
        self.law(Law::LoggersLast, signal == Signal::HUP && !produces, |world| {
            format!(
                "{signal} to the logger {}",
                core::str::from_utf8(world.scanner.roster.name(slot)).unwrap_or("")
            )
        });
    }

    fn kill_the_rest(&mut self, spare: Spare) {
        self.scanner.killed = true;
        let loggers: Vec<Pid> = self.scanner.roster.supervisors().filter(|s| s.2).map(|s| s.1).collect();
        let spared = |pid: Pid| spare == Spare::Loggers && loggers.contains(&pid);
        let doomed = self.alive().filter(|process| match process.parent {
            Parent::Supervisor(parent) => !spared(parent),
            Parent::Scanner => !spared(process.pid),
        });
        let doomed: Vec<Pid> = doomed.map(|process| process.pid).collect();
        doomed.into_iter().for_each(|pid| self.send(pid, Signal::KILL));
    }
}
