//! Makes the changes of a plan, one after the other, and executes its program.

mod act;

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::ExitCode;

use cli::{Failure, Text, Unable};
use sys::{exec, problem, process};

use crate::account::{self, Identity};
use crate::change::{Change, Groups, Plan, Search};
use crate::environment::Environment;
use crate::{folder, landlock, redirect, secrets};

pub(crate) use act::on;

/// Why the program was not executed, as far as suites give different exit codes for it.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// There is no such user or group.
    Unknown(Text),
    /// Another process holds the lock on this file.
    Held(Text),
    /// It held it until the time was up.
    Late(Text),
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
                let own = self.execute.filter(|_| failure.is_exec());
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
    let mut state = State { environment: Environment::own(), identity: None, lock: None, fenced: false };
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
    /// Held. Left open as the last thing of all, whatever else is closed.
    lock: Option<OwnedFd>,
    /// Landlock holds.
    fenced: bool,
}

impl State {
    fn make(&mut self, change: &Change) -> Result<(), Refusal> {
        let environment = &mut self.environment;
        match change {
            Change::ClearEnvironment(but) => environment.clear(but),
            Change::LookUp(who) => self.identity = Some(account::look_up(who)?),
            Change::Home => self.go_home(),
            Change::Export(who, groups) => self.export(&account::look_up(who)?, *groups),
            Change::Folder(folder) => folder::read(folder, environment)?,
            Change::File(path) => environment.read_file(path)?,
            Change::Set(name, value) => environment.set(name, value),
            Change::Unset(name) => environment.unset(name),
            Change::Secrets(names) => secrets::read(names, environment)?,
            Change::Lock(file) => self.lock = Some(act::take_lock(file)?),
            Change::Redirect(redirect) => {
                self.make_way(redirect.number)?;
                redirect::make(redirect)?;
            }
            Change::Become => self.identity.as_ref().map_or(Ok(()), account::become_who)?,
            Change::Landlock(fence) => {
                self.fenced = true;
                landlock::enforce(fence)?;
            }
            change => act::act(change)?,
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

    /// The lock goes elsewhere when its descriptor has the number that something else is to have.
    fn make_way(&mut self, number: i32) -> Result<(), Failure> {
        if let Some(lock) = self.lock.as_ref().filter(|lock| lock.as_raw_fd() == number) {
            self.lock = Some(lock.try_clone().unable(|| "move the lock")?);
        }
        Ok(())
    }

    fn execute(&mut self, plan: Plan) -> Failure {
        let Plan { mut words, argv0, search, .. } = plan;
        let shown = words[0].display().to_string();
        let path = match search {
            Search::New => self.environment.get("PATH").map(OsString::from),
            Search::Old => std::env::var_os("PATH"),
        };
        let folders = path.unwrap_or_else(|| exec::DEFAULT_PATH.into());
        let Some(program) = exec::search(&words[0], &folders) else {
            return Failure::Missing(format!("{shown}: not found on PATH").into());
        };
        if let Some(name) = argv0 {
            words[0] = name;
        }
        if let Some(Err(failure)) =
            self.lock.take().map(|lock| process::leave_open(lock).unable(|| "keep the lock"))
        {
            return failure;
        }
        let cause = exec::replace(&program, &words, self.environment.entries());
        let found = problem::diagnose(&program, &cause);
        // Who can read nothing any more sees no better reason.
        let hint = if self.fenced && cause.kind() == io::ErrorKind::PermissionDenied {
            "; what it needs must be below what --allow-read and --allow-write name"
        } else {
            ""
        };
        Failure::exec(format!("{shown}: {found}{hint}"), found.is_missing())
    }
}
