//! Makes the changes of a plan, one after the other, and executes its program.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;
use std::process::ExitCode;

use cli::{Failure, Unable};
use sys::lock::{self, Patience, Share};
use sys::{exec, open, priority, privileges, problem, process, signals, terminal};

use crate::account::{self, Identity};
use crate::change::{Change, Grab, Groups, Insist, LockFile, Missing, Plan, Search};
use crate::environment::Environment;
use crate::{folder, landlock, limit, redirect, secrets};

/// Why the program was not executed, as far as suites give different exit codes for it.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// There is no such user or group.
    Unknown(String),
    /// Another process holds the lock on this file.
    Held(String),
    /// It held it until the time was up.
    Late(String),
    Failed(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Refusal {
        Refusal::Failed(failure)
    }
}

/// The exit codes that suites do not agree on.
#[derive(Debug)]
pub(crate) struct Codes {
    pub(crate) unknown: u8,
    pub(crate) held: u8,
    pub(crate) late: u8,
    /// A program that cannot be executed, if that is not 126 or 127.
    pub(crate) execute: Option<u8>,
}

/// Those of `svrun`.
pub(crate) const OURS: Codes = Codes { unknown: 100, held: 111, late: 99, execute: None };

impl Codes {
    /// Says why, and gives the exit code.
    pub(crate) fn report(&self, refusal: &Refusal) -> ExitCode {
        let (code, text) = match refusal {
            Refusal::Unknown(what) => (self.unknown, format!("{what}: no such user or group")),
            Refusal::Held(path) => (self.held, format!("unable to lock {path}: another process holds it")),
            Refusal::Late(path) => (self.late, format!("timed out; another process still holds {path}")),
            Refusal::Failed(failure) => {
                let code = failure.report();
                let own = self.execute.filter(|_| matches!(failure, Failure::Exec { .. }));
                return own.map_or(code, ExitCode::from);
            }
        };
        cli::say(text);
        ExitCode::from(code)
    }
}

/// Carries a plan out. Returns only if that fails.
pub(crate) fn run(plan: Plan, codes: &Codes) -> ExitCode {
    codes.report(&carry_out(plan))
}

/// The same, and says why it failed.
pub(crate) fn carry_out(plan: Plan) -> Refusal {
    let mut state = State { environment: Environment::own(), identity: None, fenced: false };
    for change in &plan.changes {
        if let Err(refusal) = state.make(change) {
            return refusal;
        }
    }
    state.execute(plan).into()
}

/// What later changes need to know of earlier ones.
struct State {
    environment: Environment,
    identity: Option<Identity>,
    /// Landlock holds.
    fenced: bool,
}

impl State {
    fn make(&mut self, change: &Change) -> Result<(), Refusal> {
        match change {
            Change::LookUp(who) => self.identity = Some(account::look_up(who)?),
            Change::Export(who, groups) => self.export(&account::look_up(who)?, *groups),
            Change::Become => return Ok(self.identity.as_ref().map_or(Ok(()), account::become_who)?),
            Change::Lock(file) => return take_lock(file),
            Change::Landlock(fence) => {
                self.fenced = true;
                landlock::enforce(fence)?;
            }
            change if change.rank() <= 5 => self.prepare(change)?,
            change => act(change)?,
        }
        Ok(())
    }

    /// What becomes of the environment, and of files that are made later.
    fn prepare(&mut self, change: &Change) -> Result<(), Failure> {
        let environment = &mut self.environment;
        match change {
            Change::Umask(mask) => drop(process::set_umask(*mask)),
            Change::ClearEnvironment(but) => environment.clear(but),
            Change::Home => self.go_home(),
            Change::Folder(folder) => folder::read(folder, environment)?,
            Change::File(path) => environment.read_file(path)?,
            Change::Set(name, value) => environment.set(name, value),
            Change::Unset(name) => environment.unset(name),
            Change::Secrets(names) => secrets::read(names, environment)?,
            _ => {}
        }
        Ok(())
    }

    fn go_home(&mut self) {
        let Some(identity) = &self.identity else { return };
        self.environment.set("HOME".as_ref(), identity.home.as_os_str());
        for name in ["USER", "LOGNAME"] {
            self.environment.set(name.as_ref(), identity.name.as_ref());
        }
    }

    fn export(&mut self, who: &Identity, groups: Groups) {
        let mut set = |name: &str, value: String| self.environment.set(name.as_ref(), value.as_ref());
        set("UID", who.user.unwrap_or_default().to_string());
        set("GID", who.group.unwrap_or_default().to_string());
        if groups == Groups::Export {
            set("GIDLIST", account::list(who.groups.as_deref().unwrap_or_default()));
        }
    }

    fn execute(&self, plan: Plan) -> Failure {
        let Plan { mut words, argv0, search, .. } = plan;
        let shown = words[0].display().to_string();
        let path = match search {
            Search::New => self.environment.get("PATH").map(OsString::from),
            Search::Old => std::env::var_os("PATH"),
        };
        let folders = path.unwrap_or_else(|| exec::DEFAULT_PATH.into());
        let Some(program) = exec::search(&words[0], &folders) else {
            let why = if shown.contains('/') { "no such file" } else { "not found on PATH" };
            return Failure::Exec { program: shown, why: why.into(), missing: true };
        };
        if let Some(name) = argv0 {
            words[0] = name;
        }
        let cause = exec::replace(&program, &words, self.environment.entries());
        let found = problem::diagnose(&program, &cause);
        // Who can read nothing any more sees no better reason.
        let hint = if self.fenced && cause.kind() == io::ErrorKind::PermissionDenied {
            "; what it needs must be below what --allow-read and --allow-write name"
        } else {
            ""
        };
        Failure::Exec { program: shown, why: format!("{found}{hint}"), missing: found.is_missing() }
    }
}

/// What the kernel does to this process.
fn act(change: &Change) -> Result<(), Failure> {
    let (result, what): (_, &str) = match change {
        Change::Session(insist) => return tolerate(process::start_session(), "start a session", *insist),
        Change::Group(insist) => return tolerate(process::start_group(), "start a process group", *insist),
        Change::Foreground(number, grab, insist) => return take_terminal(*number, *grab, *insist),
        Change::Redirect(redirect) => return redirect::make(redirect),
        Change::Limit(change) => return limit::set(change),
        Change::Root(path) => return on(path, "change the root to", process::change_root(path)),
        Change::Directory(path) => return on(path, "change the directory to", process::enter(path)),
        Change::Close(first, last, missing) => return close(*first, *last, *missing),
        Change::Nice(more) => (priority::add_nice(*more), "change the nice value"),
        Change::Io(class, level) => {
            (priority::set_io(*class, *level), "set the priority of input and output")
        }
        Change::OomScore(score) => (priority::set_oom_score(*score), "set the OOM score"),
        Change::Processors(numbers) => (priority::set_processors(numbers), "choose the processors"),
        Change::Bounding(stays) => (privileges::bound(*stays), "bound the capabilities"),
        Change::KeepCapabilities => (privileges::keep_capabilities(), "keep capabilities"),
        Change::Ambient(set) => (privileges::make_ambient(*set), "make capabilities ambient"),
        Change::NoNewPrivileges => (privileges::renounce_new(), "renounce new privileges"),
        _ => return Ok(()),
    };
    result.unable(|| what)
}

/// The same as `unable`, for what is done to a path.
#[inline(never)] // Its callers are many, and it is larger than they are.
pub(crate) fn on<T>(path: &Path, what: &str, result: io::Result<T>) -> Result<T, Failure> {
    result.unable(|| format!("{what} {}", path.display()))
}

fn tolerate(result: io::Result<()>, what: &str, insist: Insist) -> Result<(), Failure> {
    match (result, insist) {
        (Ok(()), _) | (Err(_), Insist::No) => Ok(()),
        (Err(cause), Insist::Warn) => {
            cli::warn(format_args!("unable to {what}: {}", cli::reason(&cause)));
            Ok(())
        }
        (Err(cause), Insist::Yes) => Err(Failure::System { what: what.into(), cause }),
    }
}

fn take_terminal(number: Option<i32>, grab: Grab, insist: Insist) -> Result<(), Failure> {
    let terminal = match number {
        Some(number) => process::inherit(number).unable(|| format!("use descriptor {number}")),
        None => open::open(Path::new("/dev/tty"), open::Purpose::Read).unable(|| "open /dev/tty"),
    }?;
    if grab == Grab::Force {
        signals::ignore_terminal_output();
    }
    let taken = terminal::take_foreground(terminal.as_fd());
    if number.is_some() {
        // The program is to have it, too.
        process::leave_open(terminal).unable(|| "leave the terminal open")?;
    }
    tolerate(taken, "take the terminal", insist)
}

fn take_lock(file: &LockFile) -> Result<(), Refusal> {
    let opened = match file.share {
        Share::Alone => open::open_to_lock(&file.path, file.mode),
        Share::Others => open::open_to_share(&file.path, file.mode),
    };
    let opened = on(&file.path, "open", opened)?;
    // In its place before it is locked: closing one descriptor of a file ends a record lock.
    let number = file.number.unwrap_or(opened.as_raw_fd());
    let in_place = process::place(opened, number).and_then(|()| process::inherit(number));
    let opened = in_place.unable(|| format!("put the lock at descriptor {number}"))?;
    let taken = lock::take(&opened, file.kind, file.share, file.patience);
    let taken =
        taken.and_then(|taken| if taken { process::leave_open(opened).map(|()| true) } else { Ok(false) });
    let path = || file.path.display().to_string();
    match on(&file.path, "lock", taken)? {
        true => Ok(()),
        false if matches!(file.patience, Patience::Limit(_)) => Err(Refusal::Late(path())),
        false => Err(Refusal::Held(path())),
    }
}

/// Marked only, and closed as the program is executed: until then there may be something to say.
fn close(first: u32, last: u32, missing: Missing) -> Result<(), Failure> {
    let what = || if first == last { format!("close {first}") } else { format!("close {first} and more") };
    match missing {
        Missing::Fine => process::close_range_at_exec(first, last).unable(what),
        Missing::Refused => process::close_at_exec(first as i32).unable(what),
    }
}
