//! The state as numbers, for a successor: another process, perhaps of another version.
//!
//! The numbers stand in a fixed order. A later version adds its own at the end, where 0 means what an earlier one
//! did: so each understands the other. What is read is checked, since anybody may have written it.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use status::{Life, Reason};
use unix::{Exit, Pid, STAMP_SIZE, Stamp};

use crate::event::{Death, Script};
use crate::phase::{Check, Clearing, Ending, Leaving, Phase, Up};
use crate::service::Service;
use crate::settings::KillMode;

/// Crashes that are handed on: older ones are forgotten.
const MOST_CRASHES: usize = 32;

/// Numbers that are written or read one after the other. Every value says itself once, for both directions.
struct Tape<'a> {
    written: Vec<u64>,
    /// What is left to be read; `None`: it is being written.
    read: Option<&'a [u64]>,
    /// Something that was read cannot be.
    broken: bool,
}

impl Tape<'_> {
    fn number(&mut self, value: u64) -> u64 {
        match &mut self.read {
            None => {
                self.written.push(value);
                value
            }
            Some(rest) => {
                let (first, left) = rest.split_first().unwrap_or((&0, &[]));
                *rest = left;
                *first
            }
        }
    }

    fn flag(&mut self, value: &mut bool) {
        *value = self.number(u64::from(*value)) != 0;
    }

    /// One of a list, by its place.
    fn choice<T: Copy + PartialEq>(&mut self, value: &mut T, all: &[T]) {
        let place = all.iter().position(|one| one == value).unwrap_or(0);
        match all.get(self.number(place as u64) as usize) {
            Some(one) => *value = *one,
            None => self.broken = true,
        }
    }

    fn time(&mut self, value: &mut Duration) {
        *value = Duration::from_nanos(self.number(nanoseconds(*value)));
    }

    /// One more than the nanoseconds; 0: none.
    fn time_if(&mut self, value: &mut Option<Duration>) {
        let number = self.number(value.map_or(0, |time| nanoseconds(time).saturating_add(1)));
        *value = number.checked_sub(1).map(Duration::from_nanos);
    }

    fn stamp(&mut self, value: &mut Stamp) {
        let mut bytes = value.to_bytes();
        let (label, nanoseconds) = bytes.split_at_mut(STAMP_SIZE - 4);
        for part in [label, nanoseconds] {
            let number = part.iter().fold(0, |number, &byte| number << 8 | u64::from(byte));
            let number = self.number(number).to_be_bytes();
            part.copy_from_slice(&number[8 - part.len()..]);
        }
        *value = Stamp::from_bytes(bytes);
    }

    /// 0 seconds: none.
    fn stamp_if(&mut self, value: &mut Option<Stamp>) {
        let none = Stamp::from_bytes([0; STAMP_SIZE]);
        let mut stamp = value.unwrap_or(none);
        self.stamp(&mut stamp);
        *value = Some(stamp).filter(|&stamp| stamp != none);
    }

    /// 0: none.
    fn pid(&mut self, value: &mut Option<Pid>) {
        let number = self.number(value.map_or(0, |pid| pid.get() as u64));
        *value = i64::try_from(number).ok().and_then(Pid::new);
        self.broken |= number != 0 && value.is_none();
    }

    /// One more than the wait status; 0: none.
    fn exit(&mut self, value: &mut Option<Exit>) {
        let number = self.number(value.map_or(0, |exit| u64::from(exit.to_wait()) + 1));
        *value = number.checked_sub(1).map(|status| Exit::from_wait(status as u16));
    }

    fn life(&mut self, life: &mut Life) {
        self.time_if(&mut life.lived);
        self.flag(&mut life.asked);
        self.exit(&mut life.crash);
        self.exit(&mut life.finish);
        self.pid(&mut life.session);
    }

    fn check(&mut self, check: &mut Check) {
        let mut kind = match check {
            Check::None => 0,
            Check::Waiting { .. } => 1,
            Check::Running { .. } => 2,
        };
        self.choice(&mut kind, &[0, 1, 2]);
        let (mut at, mut interval, mut pid, mut killed) = match *check {
            Check::None => (Duration::ZERO, Duration::ZERO, None, false),
            Check::Waiting { at, interval } => (at, interval, None, false),
            Check::Running { pid, started_at, interval, killed } => (started_at, interval, pid, killed),
        };
        self.time(&mut at);
        self.time(&mut interval);
        self.pid(&mut pid);
        self.flag(&mut killed);
        *check = match kind {
            0 => Check::None,
            1 => Check::Waiting { at, interval },
            _ => Check::Running { pid, started_at: at, interval, killed },
        };
    }

    fn up(&mut self, up: &mut Up) {
        let mut pid = Some(up.pid);
        self.pid(&mut pid);
        match pid {
            Some(pid) => up.pid = pid,
            None => self.broken = true,
        }
        self.time(&mut up.started_at);
        self.flag(&mut up.paused);
        self.flag(&mut up.ready);
        self.time_if(&mut up.kill_at);
        self.flag(&mut up.asked_to_end);
        up.signals_sent = self.number(up.signals_sent);
        self.check(&mut up.check);
        self.kill_mode(&mut up.kill_mode);
    }

    fn kill_mode(&mut self, mode: &mut KillMode) {
        self.choice(mode, &KillMode::WORDS.map(|(_, mode)| mode));
    }

    fn clearing(&mut self, clearing: &mut Clearing) {
        self.kill_mode(&mut clearing.mode);
        let mut group = Some(clearing.group);
        self.pid(&mut group);
        match group {
            Some(group) => clearing.group = group,
            None => self.broken = true,
        }
        self.time_if(&mut clearing.kill_at);
        self.time(&mut clearing.look_at);
        self.time(&mut clearing.pause);
        self.ending(&mut clearing.ending);
    }

    fn ending(&mut self, ending: &mut Ending) {
        let mut exit = Some(ending.death.exit);
        self.exit(&mut exit);
        ending.death.exit = exit.unwrap_or(Exit::Code(0));
        self.pid(&mut ending.death.group);
        self.choice(&mut ending.script, &[Script::Finish, Script::Crash]);
        self.pid(&mut ending.pid);
        self.time_if(&mut ending.kill_at);
        self.flag(&mut ending.told);
        self.time(&mut ending.start_at);
    }

    fn phase(&mut self, phase: &mut Phase) {
        let mut kind = match phase {
            Phase::Down { .. } => 0,
            Phase::Up(_) => 1,
            Phase::Ending(_) => 2,
            Phase::Clearing(_) => 3,
        };
        self.choice(&mut kind, &[0, 1, 2, 3]);
        *phase = match kind {
            0 => {
                let mut start_at = if let Phase::Down { start_at } = *phase { start_at } else { None };
                self.time_if(&mut start_at);
                Phase::Down { start_at }
            }
            1 => {
                let mut up = if let Phase::Up(up) = *phase { up } else { Up::of(Pid::INIT, Duration::ZERO) };
                self.up(&mut up);
                Phase::Up(up)
            }
            3 => {
                let mut clearing =
                    if let Phase::Clearing(clearing) = *phase { clearing } else { NO_CLEARING };
                self.clearing(&mut clearing);
                Phase::Clearing(clearing)
            }
            _ => {
                let mut ending = if let Phase::Ending(ending) = *phase { ending } else { NO_ENDING };
                self.ending(&mut ending);
                Phase::Ending(ending)
            }
        };
    }

    fn crashes(&mut self, crashes: &mut VecDeque<Duration>) {
        let count = self.number(crashes.len().min(MOST_CRASHES) as u64).min(MOST_CRASHES as u64) as usize;
        crashes.drain(..crashes.len().saturating_sub(count));
        crashes.resize(count, Duration::ZERO);
        crashes.iter_mut().for_each(|crash| self.time(crash));
    }

    /// Everything, in its order.
    fn service(&mut self, service: &mut Service) {
        self.flag(&mut service.wanted_up);
        let leaving = [Leaving::No, Leaving::WhenDown, Leaving::AfterOneMore, Leaving::Essential];
        self.choice(&mut service.leaving, &leaving);
        self.flag(&mut service.untouched);
        self.stamp(&mut service.since);
        self.stamp(&mut service.ready_since);
        let mut last_exit = Some(service.last_exit);
        self.exit(&mut last_exit);
        service.last_exit = last_exit.unwrap_or(Exit::Code(0));
        self.time_if(&mut service.delay);
        service.starts = self.number(service.starts.into()) as u32;
        let reasons = [None, Some(Reason::Finish), Some(Reason::Crash), Some(Reason::MaxRestarts)];
        self.choice(&mut service.failed, &reasons);
        self.flag(&mut service.killed_late);
        self.stamp_if(&mut service.next_start);
        self.life(&mut service.life);
        self.life(&mut service.told_life);
        self.phase(&mut service.phase);
        self.crashes(&mut service.crashes);
    }
}

const NO_ENDING: Ending = Ending {
    death: Death { exit: Exit::Code(0), group: None },
    script: Script::Finish,
    pid: None,
    kill_at: None,
    told: false,
    start_at: Duration::ZERO,
};

const NO_CLEARING: Clearing = Clearing {
    mode: KillMode::Process,
    group: Pid::INIT,
    kill_at: None,
    look_at: Duration::ZERO,
    pause: Duration::ZERO,
    ending: NO_ENDING,
};

fn nanoseconds(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000_000_000).saturating_add(time.subsec_nanos().into())
}

impl Service {
    /// The state as numbers. Times are those of the clocks of this machine, since it was started.
    pub fn save(&self) -> Vec<u64> {
        let mut tape = Tape { written: Vec::with_capacity(64), read: None, broken: false };
        tape.service(&mut self.clone());
        tape.written
    }

    /// From what `save` gave; `None`: it cannot be.
    pub fn restore(numbers: &[u64], is_logger: bool) -> Option<Service> {
        let now = unix::Now { wall: Stamp::from_bytes([0; STAMP_SIZE]), monotonic: Duration::ZERO };
        let mut service = Service::new(now, false, is_logger);
        let mut tape = Tape { written: Vec::new(), read: Some(numbers), broken: numbers.is_empty() };
        tape.service(&mut service);
        (!tape.broken).then_some(service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Event, Left, Readiness, RestartLimit, Settings, Started};
    use alloc::vec;
    use control::Command;
    use unix::{Now, Signal};

    fn pid(number: i64) -> Pid {
        Pid::new(number).expect("a pid")
    }

    fn now(seconds: u64) -> Now {
        Now {
            wall: Stamp::from_unix(1_700_000_000 + seconds as i64, 5),
            monotonic: Duration::from_secs(seconds),
        }
    }

    /// A life that has been everywhere.
    fn lives() -> Vec<Service> {
        let limit = RestartLimit { count: 9, within: Duration::from_secs(60) };
        let settings = Settings {
            restart_limit: Some(limit),
            timeout_kill: Some(Duration::from_secs(3)),
            ..Settings::default()
        };
        let check = Readiness::Check(Duration::from_millis(20));
        let events = [
            Event::RunSpawned(Ok(Started { pid: pid(7), readiness: check, kill_mode: KillMode::Process })),
            Event::CheckSpawned(Some(pid(8))),
            Event::Exited(pid(8), Exit::Code(1)),
            Event::Command(Command::Signal(Signal::HUP)),
            Event::Exited(pid(7), Exit::from_wait(11)),
            Event::ScriptSpawned(Some(pid(9))),
            Event::Exited(pid(9), Exit::Code(0)),
            Event::ScriptSpawned(Some(pid(10))),
            Event::Exited(pid(10), Exit::Code(0)),
            Event::RunSpawned(Ok(Started {
                pid: pid(11),
                readiness: Readiness::Notification,
                kill_mode: KillMode::Tree,
            })),
            Event::Ready,
            Event::Terminate,
            Event::Exited(pid(11), Exit::from_wait(15)),
            Event::Swept(Left::Something),
            Event::Timeout,
            Event::Swept(Left::Nothing),
            Event::ScriptSpawned(None),
        ];
        let mut service = Service::new(now(0), true, false);
        let mut all = vec![service.clone()];
        for (second, event) in events.into_iter().enumerate() {
            service = service.step(event, now(1 + second as u64), &settings).0;
            all.push(service.clone());
        }
        all
    }

    #[test]
    fn every_state_of_a_life_is_read_back() {
        for service in lives() {
            assert_eq!(Service::restore(&service.save(), false), Some(service));
        }
    }

    #[test]
    fn what_an_earlier_version_did_not_write_is_as_it_was_then() {
        let service = lives().remove(0);
        let mut numbers = service.save();
        numbers.extend([1, 2, 3]);
        assert_eq!(Service::restore(&numbers, false).as_ref(), Some(&service), "numbers of a later version");
        let crashes = 1;
        numbers.truncate(numbers.len() - 3 - crashes);
        assert_eq!(Service::restore(&numbers, false), Some(service));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert_eq!(Service::restore(&[], false), None);
        assert_eq!(Service::restore(&[0, 4], false), None, "no such way to leave");
        for place in 0..lives()[2].save().len() {
            let mut numbers = lives()[2].save();
            numbers[place] = u64::MAX;
            // Whatever comes out of it can go on.
            if let Some(service) = Service::restore(&numbers, false) {
                let _ = service.step(Event::Timeout, now(100), &Settings::default());
            }
        }
    }
}
