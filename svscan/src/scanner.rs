//! The loop, and the hands of the roster.

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use cli::{Failure, Unable, reason};
use roster::{Action, Actions, Event, Remark, Role, Roster, Slot};
use sys::child::{self, Company, Spawn, SpawnError};
use sys::deaths::Deaths;
use sys::signals::Signals;
use sys::successor::Successor;
use sys::{clock, file, heap, poll, process};
use unix::Pid;

use crate::adopted::Adopted;
use crate::adoption::Outcome;
use crate::catch_all::{self, CatchAll};
use crate::end;
use crate::ground::Ground;
use crate::hooks::Hooks;
use crate::hush::Hush;
use crate::inherited;
use crate::kill;
use crate::look;
use crate::options::{CATCH_ALL, Meaning, Options};
use crate::pipes::Pipes;
use crate::program::Program;
use crate::watches::Watches;
use crate::words::{Shown, Waited};

/// Where a supervisor finds how those have ended that we have waited for, once one was killed.
const DEATHS: RawFd = 3;
const DEATHS_OPTION: &CStr = c"--deaths=3";

/// How long those are waited for at the end that got SIGKILL.
const LAST_DEATHS: Duration = Duration::from_secs(1);

/// The exit code of runsvdir after SIGHUP.
const HUNG_UP: u8 = 111;

/// Everything that a running scanner has.
#[derive(Debug)]
pub(crate) struct Scanner {
    pub(crate) roster: Roster,
    pub(crate) actions: Actions,
    /// A new program is being asked whether it can take this one's place.
    pub(crate) successor: Successor,
    /// This program was executed in place of another one.
    pub(crate) is_resumed: bool,
    pub(crate) ground: Ground,
    pub(crate) signals: Signals,
    pub(crate) watches: Watches,
    pub(crate) hooks: Hooks,
    pub(crate) hush: Hush,
    supervise: Program,
    pub(crate) pipes: Pipes,
    pub(crate) deaths: Deaths,
    pub(crate) adopted: Adopted,
    /// Adopted, and not yet spoken of.
    pub(crate) taken_over: usize,
    ready: Option<OwnedFd>,
    pub(crate) catch_all: CatchAll,
    pub(crate) longest_name: usize,
    pub(crate) meaning: Meaning,
    pub(crate) company: Company,
    /// runit's order to stop has come.
    pub(crate) hung_up: bool,
    /// What was left of everything got SIGKILL.
    has_killed: bool,
    /// The exit code, once there is nothing left to do.
    leave: Option<u8>,
}

impl Scanner {
    /// A scanner that is about to begin.
    pub(crate) fn new(options: Options, ground: Ground, signals: Signals, supervise: Program) -> Scanner {
        let hooks = Hooks::new(&ground.names);
        // Room for what is said of no service, so that even an empty scanner can be stopped.
        let actions = Actions::with_capacity(16);
        Scanner {
            roster: Roster::new(options.settings, clock::monotonic()),
            actions,
            successor: Successor::default(),
            is_resumed: false,
            ground,
            signals,
            watches: Watches::new(options.watch),
            hooks,
            hush: Hush::default(),
            supervise,
            pipes: Pipes::default(),
            deaths: Deaths::default(),
            adopted: Adopted::default(),
            taken_over: 0,
            ready: options.ready,
            catch_all: CatchAll::new(options.console),
            longest_name: options.longest_name,
            meaning: options.signals,
            company: options.company,
            hung_up: false,
            has_killed: false,
            leave: None,
        }
    }

    /// Scans until the order to leave, then executes what comes after.
    pub(crate) fn run(mut self) -> ExitCode {
        self.watch();
        // The first scan, and the first starts: whoever hears that we are ready finds every service supervised.
        self.feed(Event::Timeout);
        self.feed(Event::Timeout);
        if let Some(ready) = self.ready.take() {
            let _ = file::write_all(&ready, b"\n");
        }
        // Children that another program has left us, whose SIGCHLD is gone.
        self.reap();
        self.upgrade_supervisors();
        let end = self.turn();
        if let Some(console) = self.catch_all.console() {
            let _ = process::redirect_output(console);
        }
        match end {
            Ok(code) => end::finish(code),
            Err(failure) => {
                failure.report();
                end::crash()
            }
        }
    }

    /// The loop. An error is nothing that a scanner can survive.
    fn turn(&mut self) -> Result<u8, Failure> {
        loop {
            let sources = [
                Some(self.signals.as_fd()),
                Some(self.ground.place.control.as_fd()),
                self.watches.as_fd(),
                self.adopted.as_fd(),
            ];
            let deadline = [self.roster.deadline(), self.adopted.deadline(), self.successor.deadline()]
                .into_iter()
                .flatten()
                .min();
            let [signalled, controlled, changed, _departed] =
                poll::wait(sources, deadline).unable(|| "wait for events")?;
            if signalled {
                self.read_signals();
            }
            self.read_departures();
            self.end_check();
            if controlled {
                self.read_commands();
            }
            if changed {
                self.read_changes();
            }
            // Not only when nothing else came: changes may come without end.
            if self.roster.deadline().is_some_and(|at| at <= clock::monotonic()) {
                self.feed(Event::Timeout);
            }
            if let Some(code) = self.leave {
                self.collect_killed();
                return Ok(code);
            }
        }
    }

    /// Waits for those that were killed last: what comes after us is to meet nobody.
    fn collect_killed(&self) {
        let until = clock::monotonic() + LAST_DEATHS;
        while self.has_killed && child::any_left() {
            if !matches!(poll::wait([Some(self.signals.as_fd())], Some(until)), Ok([true])) {
                return;
            }
            while let Ok(Some(_)) = self.signals.next() {}
            while let Ok(Some(_)) = child::reap() {}
        }
    }

    /// Lets the roster know, and does what it wants done, answers included.
    pub(crate) fn feed(&mut self, event: Event<'_>) {
        self.step(event);
        while let Some(action) = self.actions.pop_front() {
            self.perform(action);
        }
        self.speak_of_those_taken_over();
    }

    pub(crate) fn step(&mut self, event: Event<'_>) {
        // It asks for memory where it can do without, and for none where it cannot.
        heap::may_fail(|| self.roster.step(event, clock::monotonic(), &mut self.actions));
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Scan => self.scan(),
            Action::Look(candidate) => {
                let look = look::look(&self.roster, candidate, &mut self.watches, &mut self.hush);
                self.step(Event::Looked(candidate, look));
            }
            Action::Start(slot) if !look::is_there(&self.roster, slot) => self.step(Event::Misplaced(slot)),
            Action::Start(slot) => {
                let event = match self.adopt(slot) {
                    Outcome::Child(pid) => Event::Started(slot, Some(pid)),
                    Outcome::Adopted(pid) => Event::Adopted(slot, pid),
                    Outcome::Refused => Event::Started(slot, None),
                    Outcome::Nobody => Event::Started(slot, self.start(slot)),
                };
                self.step(event);
            }
            Action::ReadEnd(slot) => {
                let record = servicedir::record::read(path(self.roster.name(slot)));
                let code = record.ok().flatten().map(|record| record.last_exit.code());
                self.step(Event::Ended(slot, code));
            }
            Action::AskLogger(slot) => {
                let record = servicedir::record::read(path(self.roster.name(slot))).ok().flatten();
                let is_down = record.is_some_and(|r| r.pid.is_none() && !r.finishing && !r.wanted_up);
                self.step(Event::LoggerIsDown(slot, is_down));
            }
            // One that has died meanwhile will be reaped.
            Action::Signal(pid, signal) => drop(child::kill(pid, signal)),
            Action::SignalAdopted(slot, signal) => self.adopted.signal(slot, signal),
            Action::ClosePipe(slot) => self.pipes.close(slot),
            Action::LeaveOutput => self.catch_all.leave(),
            Action::Unwatch(candidate) => self.watches.remove(candidate),
            Action::StopWatching => self.watches = Watches::new(false),
            Action::Kill(spare) => {
                self.has_killed = true;
                kill::the_rest(&self.roster, &self.adopted, spare);
            }
            Action::Say(remark) => self.say(remark),
            Action::Leave(0) if self.hung_up => self.leave = Some(HUNG_UP),
            Action::Leave(code) => self.leave = Some(code),
        }
    }

    /// Begins to watch, or says that it cannot be done.
    fn watch(&mut self) {
        let Some(result) = self.watches.begin() else { return };
        match &result {
            Ok(()) => drop(self.hush.forget("watch")),
            Err(error) => self.hush.warn(
                format!("watch {}", reason(error)),
                format_args!(
                    "unable to watch {}: {}; looking at it every 5 s",
                    self.ground.shown(),
                    reason(error)
                ),
            ),
        }
        self.step(Event::Watching(result.is_ok()));
    }

    fn scan(&mut self) {
        let listed = self.ground.follow().and_then(|moved| {
            if moved {
                cli::say(format_args!(
                    "{} is another directory now: services that are not in it go on until svctl -h",
                    self.ground.shown()
                ));
                self.watches.restart();
                self.step(Event::Moved);
            }
            self.ground.list(self.longest_name)
        });
        self.mend();
        self.watch();
        let entries = match listed {
            Ok(entries) => entries,
            Err(error) => return self.cannot_scan(&error),
        };
        let found = match entries.found() {
            Ok(found) => found,
            Err(error) => return self.cannot_scan(&error),
        };
        if self.hush.forget("scan") {
            cli::say(format_args!("{} can be scanned again", self.ground.shown()));
        }
        for (name, error) in &entries.doubtful {
            let (name, reason) = (Shown(name), reason(error));
            self.hush.warn(
                format!("look {name} {reason}"),
                format_args!(
                    "unable to look at {name}: {reason}; nothing is stopped meanwhile, trying again every 5 s"
                ),
            );
        }
        if entries.too_long > 0 {
            let text = format!("names of more than {} bytes are no services", self.longest_name);
            self.hush.warn("long".into(), text);
        }
        let is_going = self.ground.is_going();
        if is_going {
            let (shown, control) = (self.ground.shown(), self.ground.names.directory);
            self.hush.warn(
                "control directory".into(),
                format_args!(
                    "there is no {control} in {shown} any more: no command comes in, and nothing is stopped \
                     meanwhile; looking for another {shown} every 5 s"
                ),
            );
        }
        match entries.doubtful.is_empty() && !is_going {
            true => self.step(Event::Scanned(Some(&found))),
            false => self.step(Event::ScannedInPart(&found)),
        }
    }

    fn cannot_scan(&mut self, error: &io::Error) {
        let (shown, reason) = (self.ground.shown(), reason(error));
        self.hush.warn(
            format!("scan {reason}"),
            format_args!("unable to scan {shown}: {reason}; its services go on, trying again every 5 s"),
        );
        self.step(Event::Scanned(None));
    }

    fn start(&mut self, slot: Slot) -> Option<Pid> {
        match self.spawn(slot) {
            Ok(pid) => Some(pid),
            Err(why) => {
                self.cannot_start(slot, &why);
                None
            }
        }
    }

    pub(crate) fn cannot_start(&mut self, slot: Slot, why: &str) {
        let name = Shown(self.roster.name(slot));
        let text = format!("unable to start the supervisor of {name}: {why}; trying again every second");
        // Into the pipe that nobody reads, it would not be read.
        let to_console = self.roster.is_special(slot);
        catch_all::to_console(to_console, || self.hush.warn(format!("start {why}"), text));
    }

    fn spawn(&mut self, slot: Slot) -> Result<Pid, String> {
        let name = CString::new(self.roster.name(slot)).map_err(|_| "a name with a zero byte")?;
        let program = self.supervise.name.clone();
        // `--help` can be the name of a directory.
        let args = match (self.deaths.shared(), name.to_bytes()) {
            (Some(_), _) => vec![program, DEATHS_OPTION.to_owned(), c"--".to_owned(), name],
            (None, [b'-', ..]) => vec![program, c"--".to_owned(), name],
            (None, _) => vec![program, name],
        };
        let is_catch_all = self.roster.name(slot) == CATCH_ALL;
        if is_catch_all {
            self.begin_to_catch_all().map_err(|error| reason(&error))?;
        }
        let is_special = self.roster.is_special(slot);
        let null = is_special.then(process::open_null).transpose().map_err(|error| reason(&error))?;
        let (roster, pipes) = (&self.roster, &mut self.pipes);
        let find = |producer, logger| move || inherited::between(roster.name(producer), roster.name(logger));
        let pipe = match roster.role(slot) {
            Role::Plain => None,
            Role::Producer(logger) => {
                Some((pipes.of(slot, find(slot, logger)).map_err(|e| reason(&e))?.1, 1))
            }
            Role::Logger(producer) => {
                Some((pipes.of(producer, find(producer, slot)).map_err(|e| reason(&e))?.0, 0))
            }
        };
        // What held on to the writer of the catch-all would keep that from ever meeting the end of its input.
        let console = self.catch_all.console();
        let outlet = match self.roster.role(slot) {
            _ if is_special => console.or(null.as_ref().map(AsFd::as_fd)),
            Role::Logger(_) => self.catch_all.writer().and(console),
            Role::Plain | Role::Producer(_) => self.catch_all.writer(),
        };
        // Each is given once.
        let second = outlet.map(|fd| fd.try_clone_to_owned()).transpose().map_err(|error| reason(&error))?;
        let inlet = self.catch_all.reader().filter(|_| is_catch_all);
        let standard = [(inlet, 0), (outlet, 1), (second.as_ref().map(AsFd::as_fd), 2)];
        let standard = standard.into_iter().filter_map(|(fd, at)| Some((fd?, at)));
        let standard = standard.filter(|&(_, at)| pipe.is_none_or(|(_, taken)| taken != at));
        let deaths = self.deaths.shared().map(|fd| (fd, DEATHS));
        let mut give: [(BorrowedFd<'_>, RawFd); 5] = [(self.signals.as_fd(), -1); 5];
        let mut count = 0;
        for (place, given) in give.iter_mut().zip(pipe.into_iter().chain(standard).chain(deaths)) {
            *place = given;
            count += 1;
        }
        let spawn = Spawn {
            program: &self.supervise.path,
            args: &args,
            company: self.company,
            holds_signals: true,
            new_pid_namespace: false,
            give: &give[..count],
            lock: None,
        };
        child::spawn(&spawn).map_err(|error| match error {
            SpawnError::Fork(error) => reason(&error),
            SpawnError::Exec(error) => {
                let program = path(self.supervise.path.to_bytes());
                format!("{}: {}", program.display(), sys::problem::diagnose(program, &error))
            }
            SpawnError::Locked => "locked".into(),
        })
    }

    /// From now on everything goes to the catch-all, which is about to start.
    fn begin_to_catch_all(&mut self) -> io::Result<()> {
        if self.catch_all.has_begun() {
            return Ok(());
        }
        let inherited = inherited::to_catch_all(&self.roster);
        let is_new = inherited.is_none();
        self.catch_all.begin(inherited)?;
        if is_new && self.roster.supervisors().next().is_some() {
            let name = Shown(CATCH_ALL);
            cli::warn(format_args!(
                "{name} came after others had started: their output goes there from the next start of their \
                 supervisors (svctl -dx NAME)"
            ));
        }
        Ok(())
    }

    fn say(&mut self, remark: Remark) {
        match remark {
            Remark::NotStarted(candidate) => {
                let name = self.roster.candidate(candidate);
                if let Some(lack) = look::lack(name) {
                    cli::warn(format_args!(
                        "{} is not started: {lack}; waiting for that to change",
                        Shown(name)
                    ));
                }
            }
            Remark::LateLogger(slot) => {
                let log = self.roster.name(slot);
                let name = Shown(log.strip_suffix(b"/log").unwrap_or(log));
                cli::warn(format_args!(
                    "{name}/log came after {name} had started: its output goes there from the next start \
                     of its supervisor (svctl -dx {name})"
                ));
            }
            Remark::LogTaken(slot) => {
                let name = Shown(self.roster.name(slot)).to_string();
                let text = format!("{name}/log is a service already: {name} has no logger");
                self.hush.warn(format!("taken {name}"), text);
            }
            Remark::Essential(slot, code) => {
                let name = Shown(self.roster.name(slot));
                cli::say(format_args!(
                    "{name} is essential and has ended (exit {code}): stopping everything"
                ));
            }
            Remark::StillWaiting => cli::say(format_args!("still waiting for: {}", Waited(&self.roster))),
            Remark::TooMany => cli::warn("there are as many services as there may be (-C): the others wait"),
            Remark::NoMemory => cli::warn("no memory for another service; trying again in 5 s"),
        }
    }
}

/// A name as a path.
pub(crate) fn path(name: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(name))
}
