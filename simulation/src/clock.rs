//! Time: it passes as far as nobody has anything to do, or not much further.

use core::time::Duration;

use alloc::format;
use unix::Pid;

use crate::law::Law;
use crate::world::World;

/// Milliseconds.
pub(crate) type Ms = u64;

/// The longest that somebody who has something to do waits for the processor.
pub(crate) const LAG: Ms = 100;
/// Turns of all in one moment.
const TURNS: u32 = 300;

/// Who runs a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Scanner,
    Supervisor(Pid),
}

pub(crate) fn ms(time: Duration) -> Ms {
    time.as_millis() as Ms
}

impl World {
    pub(crate) fn time(&self) -> Duration {
        Duration::from_millis(self.now)
    }

    /// One of those who have something to do.
    pub(crate) fn somebody_due(&mut self) -> Option<Who> {
        let scanner = self.scanner_is_due();
        let now = self.time();
        let count = self.supervisors.iter().filter(|supervisor| supervisor.is_due(now, &self.deaths)).count();
        let all = count + usize::from(scanner);
        if all == 0 {
            return None;
        }
        match self.chance.below(all) {
            place if place < count => {
                let mut due =
                    self.supervisors.iter().filter(|supervisor| supervisor.is_due(now, &self.deaths));
                due.nth(place).map(|supervisor| Who::Supervisor(supervisor.pid))
            }
            _ => Some(Who::Scanner),
        }
    }

    pub(crate) fn give_turn(&mut self, who: Who) {
        match who {
            Who::Scanner => self.turn_of_scanner(),
            Who::Supervisor(pid) => self.turn_of_supervisor(pid),
        }
    }

    /// Everybody who has something to do does it.
    pub(crate) fn serve(&mut self) {
        for _ in 0..TURNS {
            if self.is_over() {
                return;
            }
            match self.somebody_due() {
                Some(who) => self.give_turn(who),
                None => {
                    self.served = self.now;
                    return self.look_at_clocks();
                }
            }
        }
        self.break_law(Law::Rest, |_| format!("{TURNS} turns in one moment"));
    }

    /// Time passes, and everybody does what he has to do in it.
    pub(crate) fn pass(&mut self, time: Ms) {
        let end = self.now + time;
        loop {
            self.serve();
            if self.is_over() {
                return;
            }
            let next = self.next_moment().filter(|&next| next <= end);
            self.now = next.unwrap_or(end).max(self.now);
            self.kernel_moves_on();
            if next.is_none() {
                return self.serve();
            }
        }
    }

    /// A little time passes, and nobody is given the processor.
    pub(crate) fn lapse(&mut self, time: Ms) {
        if self.now + time > self.served + LAG {
            return self.pass(time);
        }
        let end = self.now + time;
        while let Some(next) = self.next_event().filter(|&next| next <= end) {
            self.now = next.max(self.now);
            self.kernel_moves_on();
        }
        self.now = end;
    }

    /// When something happens next, by itself or by a deadline.
    fn next_moment(&self) -> Option<Ms> {
        let up = |deadline: Duration| deadline.as_micros().div_ceil(1000) as Ms;
        let deadlines = self.supervisors.iter().filter_map(|supervisor| supervisor.deadline());
        let deadlines = deadlines.chain(self.scanner.roster.deadline()).map(up);
        deadlines.chain(self.next_event()).min()
    }
}
