//! What happens instead of a start where a supervisor is there already, and when it is gone.

use roster::{Event, Role, Slot};
use sys::clock;
use unix::{Exit, Pid};

use crate::holder;
use crate::inherited;
use crate::options::CATCH_ALL;
use crate::scanner::Scanner;
use crate::words::Shown;

/// Whether a service has a supervisor.
pub(crate) enum Outcome {
    /// It has none.
    Nobody,
    /// It has one, a child of ours: this program was executed in place of another scanner.
    Child(Pid),
    /// It has one, which is adopted now.
    Adopted(Pid),
    /// It has one that is not adopted; that was said.
    Refused,
}

impl Scanner {
    /// Takes over the supervisor that a service has.
    pub(crate) fn adopt(&mut self, slot: Slot) -> Outcome {
        let found = match holder::find(self.roster.name(slot)) {
            Ok(None) => return Outcome::Nobody,
            Ok(Some(found)) => found,
            Err(why) => {
                self.cannot_start(slot, &why);
                return Outcome::Refused;
            }
        };
        let pid = found.pid;
        let is_child = found.handle.is_child();
        if !is_child && let Err(error) = self.adopted.add(slot, found) {
            self.cannot_start(slot, &cli::reason(&error));
            return Outcome::Refused;
        }
        self.taken_over += 1;
        self.keep_its_pipe(slot, pid);
        if is_child { Outcome::Child(pid) } else { Outcome::Adopted(pid) }
    }

    fn keep_its_pipe(&mut self, slot: Slot, pid: Pid) {
        let roster = &self.roster;
        let name = roster.name(slot);
        let pair = match roster.role(slot) {
            _ if name == CATCH_ALL => return self.keep_catch_all(),
            Role::Plain => return,
            Role::Producer(logger) => (slot, logger),
            Role::Logger(producer) => (producer, slot),
        };
        let (producer, logger) = (roster.name(pair.0), roster.name(pair.1));
        let pipe = self.pipes.keep(pair.0, || inherited::between(producer, logger));
        if !pipe.is_some_and(|pipe| pair.0 != slot || inherited::writes_to(pid, pipe)) {
            let (name, of, log) = (Shown(producer), Shown(name), Shown(logger));
            cli::warn(format_args!(
                "the supervisor of {of} has no pipe between {name} and {log}: {name} is logged there from the next \
                 start of both supervisors (svctl -dx {name} {log})"
            ));
        }
    }

    fn keep_catch_all(&mut self) {
        if self.catch_all.has_begun() {
            return;
        }
        let begun = inherited::to_catch_all(&self.roster)
            .is_some_and(|pipe| self.catch_all.begin(Some(pipe)).is_ok());
        if !begun {
            let name = Shown(CATCH_ALL);
            cli::warn(format_args!(
                "the pipe to {name} is not to be had: what is started from now on does not write there before the \
                 next start of its supervisor (svctl -dx {name})"
            ));
        }
    }

    /// Says once how many were there.
    pub(crate) fn speak_of_those_taken_over(&mut self) {
        match std::mem::take(&mut self.taken_over) {
            0 => {}
            1 => cli::say("1 supervisor was there already and is taken over"),
            count => cli::say(format_args!("{count} supervisors were there already and are taken over")),
        }
    }

    /// Deaths of adopted supervisors. One of which nothing is known is started again, unless it was told to end.
    pub(crate) fn read_departures(&mut self) {
        while let Some((slot, exit)) = self.adopted.departed(clock::monotonic()) {
            self.feed(Event::Departed(slot, exit.unwrap_or(Exit::Code(0))));
        }
    }
}
