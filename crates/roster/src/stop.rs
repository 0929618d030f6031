//! The stop: everybody is told, loggers after their producers, and waited for.

use core::time::Duration;

use unix::Signal;

use crate::roster::Roster;
use crate::service::{Peer, Supervisor};
use crate::{Action, Actions, FIRST_WORD, LOGGERS_LAST, NEXT_WORD, Remark, Slot, Spare};

/// A stop that goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stop {
    /// The exit code at the end.
    code: u8,
    /// Loggers are told like everybody else.
    loggers_too: bool,
    say_at: Duration,
    kill_at: Option<Duration>,
    /// SIGKILL is what is left.
    killing: Option<Spare>,
    /// Somebody has died since the last round of SIGKILL: an orphan may have come to us.
    kill_again: bool,
}

impl Stop {
    pub(crate) fn deadline(&self) -> Option<Duration> {
        if self.kill_again {
            return Some(Duration::ZERO);
        }
        Some(self.kill_at.map_or(self.say_at, |kill_at| kill_at.min(self.say_at)))
    }
}

impl Roster {
    /// The exit code, if this were the end.
    pub(crate) fn code(&self) -> u8 {
        self.stop.map_or(0, |stop| stop.code)
    }

    pub(crate) fn stop_all(&mut self, code: u8, loggers_too: bool, now: Duration, actions: &mut Actions) {
        match &mut self.stop {
            None => self.begin_to_stop(code, loggers_too, now, actions),
            Some(stop) if loggers_too && !stop.loggers_too => {
                stop.loggers_too = true;
                self.tell_loggers_too(actions);
            }
            // A second order does not start it again.
            Some(_) => {}
        }
    }

    fn begin_to_stop(&mut self, code: u8, loggers_too: bool, now: Duration, actions: &mut Actions) {
        self.stop = Some(Stop {
            code,
            loggers_too,
            say_at: now + FIRST_WORD,
            kill_at: self.settings.stop_timeout.map(|timeout| now + timeout),
            killing: None,
            kill_again: false,
        });
        actions.push_back(Action::StopWatching);
        for place in self.places() {
            if let Some(service) = self.get_mut(place)
                && let Supervisor::Down { start_at } = &mut service.supervisor
            {
                *start_at = None;
                if let Peer::Logger(_) = service.peer {
                    actions.push_back(Action::ClosePipe(Slot(place)));
                }
            }
            self.tell_to_stop(place, actions);
        }
        self.finish_stop(actions);
    }

    pub(crate) fn tell_to_stop(&mut self, place: u32, actions: &mut Actions) {
        let loggers_too = self.stop.is_some_and(|stop| stop.loggers_too);
        let Some(service) = self.get(place) else { return };
        let Some(pid) = service.pid().filter(|_| !service.told) else { return };
        let signal = match service.peer {
            _ if service.special => return,
            Peer::Producer(_) | Peer::Former if loggers_too => Signal::TERM,
            Peer::Producer(producer) => {
                if self.get(producer).is_some_and(|producer| producer.is_up()) {
                    return;
                }
                Signal::HUP
            }
            Peer::Former => Signal::HUP,
            Peer::None | Peer::Logger(_) => Signal::TERM,
        };
        if let Some(service) = self.get_mut(place) {
            service.told = true;
        }
        actions.push_back(Action::Signal(pid, signal));
    }

    fn tell_loggers_too(&mut self, actions: &mut Actions) {
        for place in self.places() {
            if let Some(service) = self.get_mut(place)
                && service.is_logger()
            {
                service.told = false;
                self.tell_to_stop(place, actions);
            }
        }
    }

    /// The supervisor of `place` has exited, as it should.
    pub(crate) fn stopped(&mut self, place: u32, actions: &mut Actions) {
        if let Some(Peer::Logger(logger)) = self.get(place).map(|service| service.peer) {
            // Also for a logger that was told before: some wait for the end of file all the same.
            actions.push_back(Action::ClosePipe(Slot(place)));
            self.tell_to_stop(logger, actions);
        }
        self.finish_stop(actions);
    }

    /// When only the special service is left, it is told; when nobody is left, this is the end.
    fn finish_stop(&mut self, actions: &mut Actions) {
        let is_special = |place: u32| match self.get(place) {
            Some(service) if service.special => true,
            Some(service) => match service.peer {
                Peer::Producer(producer) => self.get(producer).is_some_and(|service| service.special),
                _ => false,
            },
            None => false,
        };
        if self.by_pid.len() == 0 {
            return actions.push_back(Action::Leave(self.code()));
        }
        if !self.by_pid.iter().all(is_special) {
            return;
        }
        let loggers_too = self.stop.is_some_and(|stop| stop.loggers_too);
        for place in self.places() {
            let Some(service) = self.get_mut(place).filter(|service| service.special) else { continue };
            let Some(pid) = service.pid().filter(|_| !service.told) else { continue };
            service.told = true;
            actions.push_back(Action::LeaveOutput);
            actions.push_back(Action::Signal(pid, if loggers_too { Signal::TERM } else { Signal::HUP }));
        }
    }

    pub(crate) fn stop_time_has_come(&mut self, now: Duration, actions: &mut Actions) {
        let Some(stop) = &mut self.stop else { return };
        if stop.kill_at.is_some_and(|at| at <= now) {
            stop.killing = Some(if stop.killing.is_none() { Spare::Loggers } else { Spare::Nobody });
            stop.kill_at = (stop.killing == Some(Spare::Loggers)).then_some(now + LOGGERS_LAST);
            stop.kill_again = true;
        }
        if let (true, Some(spare)) = (core::mem::take(&mut stop.kill_again), stop.killing) {
            actions.push_back(Action::Kill(spare));
        }
        if stop.say_at <= now {
            stop.say_at = now + NEXT_WORD;
            actions.push_back(Action::Say(Remark::StillWaiting));
        }
    }

    /// A child has died, in the roster or not; its own children are ours now.
    pub(crate) fn child_has_died(&mut self) {
        if let Some(stop) = &mut self.stop {
            stop.kill_again |= stop.killing.is_some();
        }
    }
}
