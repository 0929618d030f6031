//! The shell: performs what the machine wants done, and holds what only a process can hold.

use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cli::{Failure, Unable, reason, warn};
use lifecycle::{Action, Event, KillMode, Overdue, Phase, Script, Service};
use servicedir::{names, read_number, record};
use status::{Birth, Death, Detail, Notice, Reason};
use sys::watch::{Change, Watch};
use sys::{child, clock, file, process};
use unix::{Pid, Signal};

use crate::adopted::Adopted;
use crate::handover::Keeper;
use crate::rest::{self, Rest};
use crate::settings::or_default;
use crate::spawn::{self, Notification};

/// From a record that could not be written to the next attempt.
const WRITE_RETRY: Duration = Duration::from_secs(5);
/// How much a service may write before its newline in one turn, in reads of 256 bytes: as much as a pipe holds.
const NOTIFICATION_READS: usize = 256;
/// The same message about `run` is not repeated sooner.
const REPEAT: Duration = Duration::from_secs(60);
/// A `run` that is being written is not spoken of sooner.
const WRITING: Duration = Duration::from_secs(10);
/// Deaths remembered, unless `max-death-tally` says otherwise.
const DEATHS: u32 = 100;

/// What a supervisor holds while its loop runs.
pub(crate) struct Shell {
    /// As the scanner sees it.
    name: CString,
    /// What is left to a successor.
    keeper: Keeper,
    /// What a supervisor that is gone has left.
    adopted: Option<Adopted>,
    /// Where the service says that it is ready.
    notification: Option<Notification>,
    /// What `run` leaves behind.
    rest: Rest,
    /// Open while `run` cannot be executed.
    watch: Option<Watch>,
    /// The detail as it stands on disk.
    written: Detail,
    /// The failure that was spoken of.
    told_failure: Option<Reason>,
    /// Why `check` could not be started, as it was said.
    check_problem: String,
    /// A script waits for resources, which was said.
    is_script_late: bool,
    /// Notices that nobody has got, for lack of descriptors or memory.
    unsent: Vec<Notice>,
    /// The record on disk is older than the state; try again then.
    write_again_at: Option<Duration>,
    /// Why `run` was not started.
    why: String,
    /// Since when it was found being written.
    written_since: Option<Duration>,
    /// What was said of that last, and when.
    said: Option<(String, Duration)>,
    exit: Option<u8>,
}

impl Shell {
    pub(crate) fn new(dir: PathBuf, keeper: Keeper) -> Shell {
        Shell {
            keeper,
            adopted: None,
            name: process::c_string(dir).unwrap_or_default(),
            notification: None,
            rest: Rest::default(),
            watch: None,
            written: Detail::default(),
            told_failure: None,
            check_problem: String::new(),
            is_script_late: false,
            unsent: Vec::new(),
            write_again_at: None,
            why: String::new(),
            written_since: None,
            said: None,
            exit: None,
        }
    }

    /// What another supervisor has written and said.
    pub(crate) fn went_before(&mut self, detail: Detail, failure: Option<Reason>) {
        self.written = detail;
        self.told_failure = failure;
    }

    /// A process that another supervisor has left.
    pub(crate) fn inherit(&mut self, birth: Birth) {
        self.keeper.inherit(birth);
    }

    /// What a successor would find now; `None`: it would find nothing.
    pub(crate) fn left(&mut self, service: &Service) -> Option<&[u8]> {
        self.keep(service);
        self.keeper.written()
    }

    /// The lock, where the service says that it is ready, and where the scanner tells of the dead.
    pub(crate) fn open(&self) -> [Option<BorrowedFd<'_>>; 3] {
        let deaths = self.adopted.as_ref().and_then(Adopted::deaths);
        [Some(self.keeper.lock()), self.notification(), deaths]
    }

    /// As the scanner sees it.
    pub(crate) fn name(&self) -> OsString {
        OsStr::from_bytes(self.name.to_bytes()).to_owned()
    }

    /// What `kill-mode` says now.
    pub(crate) fn kill_mode(&self) -> KillMode {
        rest::read()
    }

    /// The lock, and what is in it.
    pub(crate) fn keeper(&mut self) -> &mut Keeper {
        &mut self.keeper
    }

    pub(crate) fn set_adopted(&mut self, adopted: Adopted) {
        self.adopted = Some(adopted);
    }

    pub(crate) fn listen(&mut self, notification: Notification) {
        self.notification = Some(notification);
    }

    /// The first record and the first notice.
    pub(crate) fn begin(&mut self, service: &Service) -> Result<(), Failure> {
        record::write(&service.record()).unable(|| format!("write {}", names::STATUS))?;
        self.notify(&[Notice::Started]);
        Ok(())
    }

    /// The last notice.
    pub(crate) fn end(&mut self, service: &Service) {
        // A service that lives on is there for the next one.
        if matches!(service.phase(), Phase::Down { .. }) {
            self.keeper.clear();
        }
        self.notify(&[Notice::Exiting]);
    }

    /// The code to exit with, once the machine has said so.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        self.exit
    }

    pub(crate) fn notification(&self) -> Option<BorrowedFd<'_>> {
        self.notification.as_ref().map(|(fd, _)| fd.as_fd())
    }

    /// Can be read once the process is dead that was adopted.
    pub(crate) fn adopted(&self) -> Option<BorrowedFd<'_>> {
        self.adopted.as_ref().and_then(Adopted::as_fd)
    }

    /// The end of what was adopted, once it has come and is known.
    pub(crate) fn read_adopted(&mut self) -> Option<Event> {
        let adopted = self.adopted.as_mut()?;
        let (pid, exit) = (adopted.pid(), adopted.end()?);
        self.adopted = None;
        Some(Event::Exited(pid, exit))
    }

    /// What was adopted has died: the pid may be another's by now.
    fn is_gone(&self, pid: Pid) -> bool {
        self.adopted.as_ref().is_some_and(|adopted| adopted.pid() == pid && adopted.is_gone())
    }

    /// Writes down what a successor would have to know.
    pub(crate) fn keep(&mut self, service: &Service) {
        if !self.keeper.keep(service, self.notification.as_ref().map(|&(_, number)| number)) {
            self.write_again_at.get_or_insert(clock::monotonic() + WRITE_RETRY);
        }
    }

    pub(crate) fn watch(&self) -> Option<BorrowedFd<'_>> {
        self.watch.as_ref().map(AsFd::as_fd)
    }

    /// When `retry` is due.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let adopted = self.adopted.as_ref().and_then(Adopted::deadline);
        [self.write_again_at, adopted].into_iter().flatten().min()
    }

    /// Writes again what could not be written.
    pub(crate) fn retry(&mut self, service: &Service) {
        if self.write_again_at.is_some_and(|at| at <= clock::monotonic()) {
            self.write_record(service);
            self.notify(&[]);
            self.keep(service);
        }
    }

    /// True if there is a newline in what the service wrote. What comes before it is thrown away.
    pub(crate) fn read_notification(&mut self) -> bool {
        let mut buffer = [0; 256];
        for _ in 0..NOTIFICATION_READS {
            let Some((fd, _)) = &self.notification else { return false };
            match process::read(fd, &mut buffer) {
                Ok(Some(0)) => self.notification = None,
                Ok(Some(count)) if buffer[..count].contains(&b'\n') => return true,
                Ok(Some(_)) => {}
                Ok(None) => return false,
                Err(error) => {
                    warn(format_args!("unable to read the notification descriptor: {}", reason(&error)));
                    self.notification = None;
                }
            }
        }
        false
    }

    /// True if `run` has changed.
    pub(crate) fn read_watch(&mut self) -> bool {
        let mut changed = false;
        let read = self.watch.as_mut().map(|watch| {
            watch.changes(|change| {
                changed |= matches!(change, Change::Entry(_, name, _) if name == names::RUN)
            })
        });
        if read.is_some_and(|read| read.is_err()) {
            self.watch = None;
        }
        changed
    }

    /// A child has died, and was waited for.
    pub(crate) fn bury(&mut self, pid: Pid) {
        self.rest.bury(pid);
    }

    /// Performs the actions in their order; gives the answers to those that have one.
    pub(crate) fn perform(&mut self, actions: Vec<Action>, service: &Service) -> Vec<Event> {
        actions.into_iter().filter_map(|action| self.act(action, service)).collect()
    }

    fn act(&mut self, action: Action, service: &Service) -> Option<Event> {
        match action {
            Action::SpawnRun => return Some(self.spawn_run(service)),
            Action::SpawnScript(script, death) => {
                return Some(self.spawn_script(script, death, service));
            }
            Action::SpawnCheck => return Some(Event::CheckSpawned(self.spawn_check(service))),
            Action::Kill(pid, _) | Action::KillGroup(pid, _) if self.is_gone(pid) => {}
            Action::Kill(pid, signal) => kill(pid, signal),
            Action::KillGroup(pid, signal) => kill_group(pid, signal),
            Action::Sweep(mode, group, how) => {
                return Some(Event::Swept(self.rest.sweep(mode, group, how, &self.name)));
            }
            Action::Report(overdue) => report(overdue),
            Action::Remember(at, exit) => remember(Death { at, exit }),
            Action::StopListening => self.notification = None,
            Action::Publish(notices) => {
                self.write_record(service);
                self.notify(notices);
            }
            Action::MakeDown => make_down(),
            Action::RemoveDown => remove_down(),
            Action::Exit(code) => self.exit = Some(code),
        }
        None
    }

    fn spawn_run(&mut self, service: &Service) -> Event {
        let mut attempt = spawn::run(&self.name, &mut self.rest, &mut self.keeper, service);
        if attempt.result.is_err() && self.watch.is_none() {
            // Without a watch it is only tried again later. What changed before there was one is seen by
            // trying once more.
            self.watch = Watch::new().and_then(|w| w.add(Path::new(".")).map(|_| w)).ok();
            attempt = spawn::run(&self.name, &mut self.rest, &mut self.keeper, service);
        }
        self.notification = attempt.notification;
        self.why = attempt.why;
        let now = attempt.is_being_written.then(clock::monotonic);
        self.written_since = self.written_since.filter(|_| attempt.is_being_written).or(now);
        if attempt.result.is_ok() {
            self.said = None;
            self.watch = None;
        }
        Event::RunSpawned(attempt.result)
    }

    /// A script for which there is no room is tried again; why is said once.
    fn spawn_script(&mut self, script: Script, death: lifecycle::Death, service: &Service) -> Event {
        let postponed = match spawn::script(script, death, &self.name, &mut self.keeper, service) {
            Ok(pid) => {
                self.is_script_late = false;
                return Event::ScriptSpawned(pid);
            }
            Err(why) => why,
        };
        if !std::mem::replace(&mut self.is_script_late, true) {
            let name = match script {
                Script::Crash => names::CRASH,
                Script::Finish => names::FINISH,
            };
            warn(format_args!("unable to spawn ./{name}: {postponed}; trying again every second"));
        }
        Event::ScriptPostponed
    }

    /// A check that cannot be started is tried again as one that fails; why is said once.
    fn spawn_check(&mut self, service: &Service) -> Option<Pid> {
        let problem = match spawn::check(&self.name, &mut self.keeper, service) {
            Ok(pid) => return Some(pid),
            Err(problem) => problem,
        };
        if problem != self.check_problem {
            warn(format_args!("unable to spawn ./check: {problem}; trying again"));
            self.check_problem = problem;
        }
        None
    }

    /// Says why `run` was not started and what happens next, unless it was said a moment ago.
    pub(crate) fn explain(&mut self, event: &Event, service: &Service) {
        if !matches!(event, Event::RunSpawned(Err(_))) {
            return;
        }
        let now = clock::monotonic();
        let repeated = self.said.as_ref().is_some_and(|(said, at)| *said == self.why && now < *at + REPEAT);
        if repeated || self.written_since.is_some_and(|since| now < since + WRITING) {
            return;
        }
        let next = match service.next_start_at() {
            Some(at) => format!("trying again in {}", seconds(at.saturating_sub(now))),
            None => "giving up".to_owned(),
        };
        warn(format_args!("unable to spawn ./run: {}; {next}", self.why));
        self.said = Some((std::mem::take(&mut self.why), now));
    }

    /// Writes the detail and the record where neither may be any more.
    pub(crate) fn write_anew(&mut self, service: &Service) {
        self.written = Detail::default();
        self.write_record(service);
        self.notify(&[]);
    }

    /// Writes the detail if it has changed, then the record.
    fn write_record(&mut self, service: &Service) {
        let was_behind = self.write_again_at.take().is_some();
        let detail = service.detail();
        if detail.failed != self.told_failure {
            self.told_failure = detail.failed;
            if let Some(reason) = detail.failed {
                say_failed(reason);
            }
        }
        if detail != self.written {
            match record::write_detail(&detail) {
                Ok(()) => self.written = detail,
                Err(error) => self.fall_behind(names::DETAIL, &error, was_behind),
            }
        }
        if let Err(error) = record::write(&service.record()) {
            self.fall_behind(names::STATUS, &error, was_behind);
        }
    }

    /// Sends notices, after those that could not be sent before.
    fn notify(&mut self, notices: &[Notice]) {
        if notices.is_empty() && self.unsent.is_empty() {
            return;
        }
        let is_first = self.unsent.is_empty();
        let sent = match is_first {
            true => record::notify(notices),
            false => {
                self.unsent.extend_from_slice(notices);
                // Who listens knows by the younger ones what is.
                let beyond = self.unsent.len().saturating_sub(record::MOST_NOTICES);
                self.unsent.drain(..beyond);
                record::notify(&self.unsent)
            }
        };
        let Err(error) = sent else { return self.unsent = Vec::new() };
        let is_kept = process::is_out_of_resources(&error);
        if is_first {
            let next = if is_kept { "; trying again every 5 s" } else { "" };
            warn(format_args!("unable to send notices through event: {}{next}", reason(&error)));
        }
        if !is_kept {
            return self.unsent = Vec::new();
        }
        if is_first {
            self.unsent.extend_from_slice(notices);
        }
        self.write_again_at.get_or_insert(clock::monotonic() + WRITE_RETRY);
    }

    fn fall_behind(&mut self, path: &str, error: &io::Error, was_behind: bool) {
        if !was_behind && self.write_again_at.is_none() {
            warn(format_args!("unable to write {path}: {}; trying again every 5 s", reason(error)));
        }
        self.write_again_at = Some(clock::monotonic() + WRITE_RETRY);
    }
}

/// Whom we kill has not been reaped, so the pid is his.
fn kill(pid: Pid, signal: Signal) {
    if let Err(error) = child::kill(pid, signal) {
        warn(format_args!("unable to send {signal} to {pid}: {}", reason(&error)));
    }
}

fn kill_group(leader: Pid, signal: Signal) {
    if let Err(error) = child::kill_group(leader, signal) {
        warn(format_args!("unable to send {signal} to the process group {leader}: {}", reason(&error)));
    }
}

fn report(overdue: Overdue) {
    match overdue {
        Overdue::Run => cli::say("run is still alive after timeout-kill: killing it"),
        Overdue::Rest => cli::say("what run left behind is still alive: killing it"),
        Overdue::Script(Script::Crash) => cli::say("crash is still alive after timeout-crash: killing it"),
        Overdue::Script(Script::Finish) => cli::say("finish is still alive after timeout-finish: killing it"),
    }
}

fn say_failed(reason: Reason) {
    let why = match reason {
        Reason::Finish => "finish exited 125",
        Reason::Crash => "crash exited 125",
        Reason::MaxRestarts => "too many crashes (max-restarts)",
    };
    cli::say(format_args!("failed: {why}; it stays down until it is told to come up"));
}

fn remember(death: Death) {
    let most = or_default(read_number(names::MAX_DEATH_TALLY, "a number of 0 to 4096", 0..=4096), "100")
        .flatten()
        .unwrap_or(DEATHS);
    if let Err(error) = record::add_death(death, most as usize) {
        warn(format_args!("unable to write {}: {}", names::DEATH_TALLY, reason(&error)));
    }
}

fn make_down() {
    if let Err(error) = file::open_or_create(Path::new(names::DOWN), 0o666) {
        warn(format_args!("unable to make the file down: {}", reason(&error)));
    }
}

fn remove_down() {
    if let Err(error) = file::remove(Path::new(names::DOWN)) {
        warn(format_args!("unable to remove the file down: {}", reason(&error)));
    }
}

/// A time as people say it: `1 s`, `0.3 s`, `90 s`.
fn seconds(time: Duration) -> String {
    let tenths = (time.as_millis() as u64).div_ceil(100);
    match tenths % 10 {
        0 => format!("{} s", tenths / 10),
        tenth => format!("{}.{tenth} s", tenths / 10),
    }
}
