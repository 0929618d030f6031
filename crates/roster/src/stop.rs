//! The stop: everybody is told, loggers after their producers, and waited for.

use core::time::Duration;

use crate::roster::Roster;
use crate::service::{Peer, Supervisor, Told};
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
    /// Nobody is killed yet.
    pub(crate) fn spares_everybody(&self) -> bool {
        self.killing.is_none()
    }

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
                self.places().for_each(|place| self.tell_to_stop(place, actions));
                self.finish_stop(actions);
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
                if service.bereaved {
                    // Its service has to be ended, and by whom if not by a successor?
                    service.supervisor = Supervisor::Starting;
                    actions.push_back(Action::Start(Slot(place)));
                    continue;
                }
                *start_at = None;
                self.close_pipe(place, actions);
            }
            self.tell_to_stop(place, actions);
        }
        self.ask_loggers(actions);
        self.finish_stop(actions);
    }

    /// Tells a supervisor to stop, unless it was told so, or has to wait for its producer.
    pub(crate) fn tell_to_stop(&mut self, place: u32, actions: &mut Actions) {
        let loggers_too = self.stop.is_some_and(|stop| stop.loggers_too);
        let Some(service) = self.get(place) else { return };
        let order = match service.peer {
            _ if service.special => return,
            Peer::Producer(_) | Peer::Former if loggers_too => Told::ToEnd,
            Peer::Producer(producer) if self.get(producer).is_some_and(|producer| !producer.is_down()) => {
                return;
            }
            Peer::Producer(_) | Peer::Former => Told::ToFinish,
            Peer::None | Peer::Logger(_) => Told::ToEnd,
        };
        self.tell(place, order, actions);
    }

    /// Tells a supervisor that lives this, if it was told nothing as strong; `true` if it is told now.
    pub(crate) fn tell(&mut self, place: u32, order: Told, actions: &mut Actions) -> bool {
        let Some(service) = self.get_mut(place).filter(|service| service.told < order) else { return false };
        let Some(signal) = order.signal() else { return false };
        let action = match service.supervisor {
            Supervisor::Up { pid } => Action::Signal(pid, signal),
            Supervisor::Adopted { .. } => Action::SignalAdopted(Slot(place), signal),
            Supervisor::Down { .. } | Supervisor::Starting => return false,
        };
        service.told = order;
        actions.push_back(action);
        true
    }

    /// Closes the pipe at whose one end this service was. With its producer gone, the logger meets the end
    /// of its input, also one that was told before: some wait for it all the same. With its logger gone,
    /// nobody reads any more, and a producer with much to say would wait for ever.
    fn close_pipe(&mut self, place: u32, actions: &mut Actions) {
        match self.get(place).map(|service| service.peer) {
            Some(Peer::Logger(_)) => actions.push_back(Action::ClosePipe(Slot(place))),
            Some(Peer::Producer(producer)) if self.get(producer).is_some_and(|producer| producer.is_up()) => {
                actions.push_back(Action::ClosePipe(Slot(producer)));
            }
            Some(Peer::Producer(_) | Peer::None | Peer::Former) | None => {}
        }
    }

    /// A logger that is started again after its producer has gone reads from a pipe into which nobody writes.
    pub(crate) fn close_pipe_of_nobody(&self, place: u32, actions: &mut Actions) {
        if let Some(Peer::Producer(producer)) = self.get(place).map(|service| service.peer)
            && self.get(producer).is_some_and(|producer| producer.is_down())
        {
            actions.push_back(Action::ClosePipe(Slot(producer)));
        }
    }

    /// Asks after the loggers that are to go after their producers.
    fn ask_loggers(&mut self, actions: &mut Actions) {
        for place in self.places() {
            let Some(service) = self.get(place) else { continue };
            let reads = service.special || matches!(service.peer, Peer::Producer(_));
            if service.is_up() && service.told == Told::Nothing && reads {
                actions.push_back(Action::AskLogger(Slot(place)));
            }
        }
    }

    /// A logger that is down reads nothing more. Its supervisor may go before its producer: what is lost is
    /// what nobody would have read, and a producer whose pipe is full can end.
    pub(crate) fn logger_is_down(&mut self, slot: Slot, actions: &mut Actions) {
        if self.stop.is_none() {
            return;
        }
        if self.is_special(slot) {
            return self.end_special(slot.0, Told::ToFinish, actions);
        }
        self.tell(slot.0, Told::ToFinish, actions);
    }

    /// Tells the special service to end, which meets the end of its input only if we do not write there. It is told
    /// first: a logger that ended before its supervisor knew would be started again, and one that opens a FIFO would wait
    /// for a writer for ever.
    fn end_special(&mut self, place: u32, order: Told, actions: &mut Actions) {
        let meets_end =
            self.get(place).is_some_and(|service| service.is_up() && service.told == Told::Nothing);
        self.tell(place, order, actions);
        if meets_end {
            actions.push_back(Action::LeaveOutput);
        }
    }

    /// The supervisor of `place` has exited, as it should.
    pub(crate) fn stopped(&mut self, place: u32, actions: &mut Actions) {
        self.close_pipe(place, actions);
        if let Some(Peer::Logger(logger)) = self.get(place).map(|service| service.peer) {
            self.tell_to_stop(logger, actions);
        }
        self.finish_stop(actions);
    }

    /// When only the special service is left, it is told; when nobody is left, this is the end.
    pub(crate) fn finish_stop(&mut self, actions: &mut Actions) {
        let is_special = |place: u32| match self.get(place) {
            Some(service) if service.special => true,
            Some(service) => match service.peer {
                Peer::Producer(producer) => self.get(producer).is_some_and(|service| service.special),
                _ => false,
            },
            None => false,
        };
        let is_starting = |place: u32| self.get(place).is_some_and(|s| s.supervisor == Supervisor::Starting);
        if self.by_pid.iter().all(is_special) && self.places().any(is_starting) {
            return;
        }
        if self.by_pid.len() == 0 {
            // The last one may have left us its orphans.
            if let Some(spare) = self.stop.filter(|stop| stop.kill_again).and_then(|stop| stop.killing) {
                actions.push_back(Action::Kill(spare));
            }
            return actions.push_back(Action::Leave(self.code()));
        }
        if !self.by_pid.iter().all(is_special) {
            return;
        }
        let loggers_too = self.stop.is_some_and(|stop| stop.loggers_too);
        let order = if loggers_too { Told::ToEnd } else { Told::ToFinish };
        for place in self.places() {
            if self.is_special(Slot(place)) {
                self.end_special(place, order, actions);
            }
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
            self.ask_loggers(actions);
        }
    }

    /// A child has died, in the roster or not; its own children are ours now.
    pub(crate) fn child_has_died(&mut self) {
        if let Some(stop) = &mut self.stop {
            stop.kill_again |= stop.killing.is_some();
        }
    }
}
