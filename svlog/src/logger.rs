//! The loop: signals, standard input, and places that are not always ready.

use std::os::fd::AsFd;
use std::time::Duration;

use cli::{Failure, Unable};
use logscript::{Choice, Date, Dress, Heads, Moment, Script};
use sys::signals::{self, Signals};
use sys::{calendar, child, clock, file, heap, poll, process};
use unix::{Now, Signal};

use crate::input::Input;
use crate::logdir_writer::LogDir;
use crate::options::{Origin, Request};
use crate::places::Places;
use crate::syncing::Sync;

/// A script, and the log directories that it names, open.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) script: Script,
    pub(crate) dirs: Vec<LogDir>,
}

/// The logger.
#[derive(Debug)]
pub(crate) struct Logger {
    script: Script,
    origin: Origin,
    sync: Sync,
    /// The script is to be read again.
    must_reread: bool,
    signals: Signals,
    input: Input,
    places: Places,
    /// What stands before the lines that were read last.
    heads: Heads,
    /// What was chosen for a line of which more is to come, and what was counted.
    choice: Choice,
    /// Nothing is read while anything is pending.
    blocks: bool,
    is_protected: bool,
    patience: Option<Duration>,
    /// It was told to end, and waits for the end of a line until then.
    ending: Option<Ending>,
    /// Everything was written: the archives that are being made are waited for until then.
    leave_at: Option<Duration>,
}

/// How long the end of the last line is waited for.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Until(Duration),
    Whenever,
}

impl Logger {
    /// Opens every place, then says that it listens.
    ///
    /// # Errors
    /// A place cannot be opened.
    pub(crate) fn open(mut request: Request) -> Result<Logger, Failure> {
        process::open_standard_descriptors().unable(|| "open /dev/null")?;
        // What was read and not yet written would be lost with this process.
        heap::wait_when_exhausted(|| cli::warn("no memory is left; waiting for some"));
        process::keep_descriptors_from_children();
        let notify = request.notify.map(process::inherit).transpose().map_err(|error| {
            Failure::Refused(format!("the descriptor of -d cannot be used: {}", cli::reason(&error)).into())
        })?;
        // Before anything takes time: none of them may end us while a directory is put in order.
        let signals = signals::take(&[Signal::TERM, Signal::HUP, Signal::ALRM, Signal::CHLD])
            .unable(|| "take signals")?;
        let Opened { script, dirs } = request.origin.open(request.sync)?;
        if let Some(notify) = notify {
            let _ = file::write_all(notify, b"\n");
        }
        Ok(Logger {
            input: Input::new(request.limit, request.long, request.blocks),
            places: Places::new(&script, dirs),
            script,
            origin: request.origin,
            sync: request.sync,
            must_reread: false,
            signals,
            heads: Heads::default(),
            choice: Choice::default(),
            blocks: request.blocks,
            is_protected: request.is_protected,
            patience: request.patience,
            ending: None,
            leave_at: None,
        })
    }

    /// Logs until standard input is at its end, or it is told to end, and all is written.
    ///
    /// # Errors
    /// It cannot wait for events.
    pub(crate) fn log(mut self) -> Result<(), Failure> {
        let mut has_taken_all = true;
        loop {
            has_taken_all = self.work(has_taken_all);
            if has_taken_all && self.input.is_closed() {
                self.script.finish(&self.heads, &mut self.choice, &mut self.places);
                self.places.flush();
                if self.places.are_empty() && self.may_leave() {
                    self.places.leave();
                    self.places.finish();
                    return Ok(());
                }
            }
            if self.must_reread && has_taken_all && !self.input.is_inside() && self.places.can_be_left() {
                self.reread()?;
            }
            self.wait(has_taken_all)?;
        }
    }

    /// Everything was written. Whether archives are still being made, and are worth waiting for.
    fn may_leave(&mut self) -> bool {
        if self.places.are_idle() {
            return true;
        }
        let Some(most) = self.origin.last_rotation() else { return false };
        let now = clock::monotonic();
        *self.leave_at.get_or_insert(now + most) <= now
    }

    /// Takes the lines that were read as long as there is room for them; `false`: some are left. `are_new`: none were
    /// left before.
    fn work(&mut self, are_new: bool) -> bool {
        self.stamp(are_new);
        loop {
            if self.places.is_full {
                self.places.flush();
                if self.places.is_full {
                    return false;
                }
            }
            let Some(piece) = self.input.next() else { break };
            self.script.run(&piece, &self.heads, &mut self.choice, &mut self.places);
        }
        self.places.flush();
        true
    }

    /// Lines that were read together have come at the same moment, however long some of them wait for room.
    fn stamp(&mut self, are_new: bool) {
        let Now { wall: stamp, monotonic } = clock::now();
        if are_new {
            let wants_local = self.script.wants(Dress::wants_local);
            let local =
                if wants_local { local(stamp.to_unix().0).unwrap_or_default() } else { Date::default() };
            self.heads.write(&self.script, &Moment { stamp, local });
        }
        self.script.turn(monotonic, &self.heads, &mut self.choice, &mut self.places);
    }

    /// Leaves every place, and opens those that the script names now.
    fn reread(&mut self) -> Result<(), Failure> {
        self.must_reread = false;
        self.places.finish();
        // A lock that is held would be lost when it is opened again.
        self.places = Places::new(&Script::default(), Vec::new());
        let Opened { script, dirs } = self.origin.open(self.sync)?;
        self.places = Places::new(&script, dirs);
        self.script = script;
        Ok(())
    }

    /// Waits for something to do, and does it.
    fn wait(&mut self, has_taken_all: bool) -> Result<(), Failure> {
        let is_blocked = !has_taken_all || (self.blocks && !self.places.are_empty());
        let has_room = self.input.has_room(self.places.bytes_waiting());
        let wants_input = !is_blocked && has_room && !self.input.is_closed();
        let input = wants_input.then(|| self.input.as_fd());
        let ending = self.ending.filter(|_| !self.input.is_closed()).and_then(|ending| match ending {
            Ending::Until(at) => Some(at),
            Ending::Whenever => None,
        });
        let own = [ending, self.leave_at, self.choice.deadline()];
        let deadline = own.into_iter().chain([self.places.deadline()]).flatten().min();
        let [output, error] = self.places.waiting();
        let reads = [Some(self.signals.as_fd()), input];
        let [signalled, readable] =
            poll::wait_both(reads, [output, error], deadline).unable(|| "wait for events")?;
        if signalled {
            self.read_signals()?;
        }
        if readable && !self.input.is_closed() {
            self.read();
        }
        self.places.tick();
        if ending.is_some_and(|at| at <= clock::monotonic()) {
            self.input.close();
        }
        Ok(())
    }

    fn read(&mut self) {
        let waiting = self.places.bytes_waiting();
        let read = if self.ending.is_some() { self.input.read_byte() } else { self.input.read(waiting) };
        if let Err(error) = read {
            cli::warn(format_args!(
                "unable to read standard input: {}; this is its end",
                cli::reason(&error)
            ));
        }
        self.end_at_line_end();
    }

    fn read_signals(&mut self) -> Result<(), Failure> {
        while let Some(signal) = self.signals.next().unable(|| "read signals")? {
            match signal {
                Signal::ALRM => self.places.rotate(),
                Signal::CHLD => self.reap()?,
                Signal::TERM if self.is_protected => {}
                Signal::HUP if self.origin.is_readable_again() => self.must_reread = true,
                _ => self.begin_to_end(),
            }
        }
        Ok(())
    }

    fn reap(&mut self) -> Result<(), Failure> {
        while let Some((pid, exit)) = child::reap().unable(|| "wait for a child")? {
            self.places.child_died(pid, exit);
        }
        Ok(())
    }

    /// Reads nothing more but the end of a line that has begun.
    fn begin_to_end(&mut self) {
        let until = self.patience.map(|patience| Ending::Until(clock::monotonic() + patience));
        self.ending.get_or_insert(until.unwrap_or(Ending::Whenever));
        self.end_at_line_end();
    }

    fn end_at_line_end(&mut self) {
        if self.ending.is_some() && self.input.is_at_line_end() {
            self.input.close();
        }
    }
}

/// The local date of the moment so many seconds after 1970-01-01 UTC; `None`: its year is none.
pub(crate) fn local(seconds: i64) -> Option<Date> {
    let date = calendar::local(seconds).ok()?;
    let small = |number: i32| u8::try_from(number).unwrap_or_default();
    Some(Date {
        year: date.year,
        month: small(date.month),
        day: small(date.day),
        hour: small(date.hour),
        minute: small(date.minute),
        second: small(date.second),
    })
}
