//! Starting `run`, `crash`, `finish` and `check`.

use std::ffi::{CStr, CString, OsStr};
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use lifecycle::{Death, KillMode, NotStarted, Readiness, Script, Service, Started};
use servicedir::{Problem, names, read_number};
use sys::child::{self, Birth, Company, More, Spawn, SpawnError};
use sys::{file, problem, process};
use unix::{Exit, Pid, Signal};

use crate::handover::Keeper;
use crate::rest::Rest;
use crate::settings::{is_there, or_default, read_timeout};

/// The interval between two runs of `check`, unless `timeout-check` says otherwise.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Where a service says that it is ready: our end, and the number of its own.
pub(crate) type Notification = (OwnedFd, u32);

/// What became of an attempt to start `run`.
pub(crate) struct Attempt {
    pub(crate) result: Result<Started, NotStarted>,
    /// Where the service says that it is ready.
    pub(crate) notification: Option<Notification>,
    /// Why it was not started.
    pub(crate) why: String,
    /// Because somebody is still writing it.
    pub(crate) is_being_written: bool,
}

/// Starts `run`.
pub(crate) fn run(name: &CStr, rest: &mut Rest, keeper: &mut Keeper, service: &Service) -> Attempt {
    let (lock_fd, mut notification_fd) =
        match (read_descriptor(names::LOCK_FD), read_descriptor(names::NOTIFICATION_FD)) {
            (Ok(lock_fd), Ok(notification_fd)) => (lock_fd, notification_fd),
            // Without them it would be another service.
            (Err(problem), _) | (_, Err(problem)) => return no_resources(problem.to_string()),
        };
    if notification_fd.is_some() && notification_fd == lock_fd {
        cli::warn("notification-fd and lock-fd are the same; notification-fd counts as absent");
        notification_fd = None;
    }
    let pipe = notification_fd.map(|_| process::notification_pipe()).transpose();
    let lock = lock_fd.map(|_| file::open_or_create(Path::new(names::SERVICE_LOCK), 0o600)).transpose();
    match (pipe, lock) {
        (Ok(pipe), Ok(lock)) => {
            let (listening, speaking) = pipe.unzip();
            let give = [(speaking.as_ref(), notification_fd), (lock.as_ref(), lock_fd)];
            let give: Vec<_> = give.into_iter().filter_map(|(fd, at)| Some((fd?.as_fd(), at?))).collect();
            let spawn = Spawn {
                program: c"./run",
                args: &[c"./run".to_owned(), name.to_owned()],
                company: Company::OwnSession,
                holds_signals: false,
                new_pid_namespace: is_there(names::FLAG_NEWPIDNS),
                give: &give,
                lock: lock_fd,
            };
            let number = listening.as_ref().and(notification_fd).map(|number| number as u32);
            let birth = keeper.newborn(service, number);
            let spawned = start_in_reach(&spawn, rest, name, birth);
            if spawned.is_ok() {
                keeper.born();
            }
            attempt(spawned, listening.zip(number), spawn.new_pid_namespace)
        }
        (Err(error), _) => no_resources(format!("no pipe for notification-fd: {}", cli::reason(&error))),
        (_, Err(error)) => {
            no_resources(format!("no file for lock-fd ({}): {}", names::SERVICE_LOCK, cli::reason(&error)))
        }
    }
}

/// Starts a script that writes itself into what is left to a successor.
fn start(spawn: &Spawn<'_>, keeper: &mut Keeper, service: &Service) -> Result<Pid, SpawnError> {
    let more = More { birth: keeper.newborn(service, None), cgroup: None };
    let started = child::spawn_with(spawn, more)?;
    keeper.born();
    Ok(started.pid)
}

/// Starts `run` so that what it will leave behind can be found, as far as `kill-mode` asks for that.
fn start_in_reach(
    spawn: &Spawn<'_>,
    rest: &mut Rest,
    name: &CStr,
    birth: Option<Birth<'_>>,
) -> Result<(Pid, KillMode), SpawnError> {
    let reach = rest.prepare(name);
    let more = More { birth, cgroup: reach.cgroup.as_ref().map(AsFd::as_fd) };
    match child::spawn_with(spawn, more) {
        Ok(child::Started { pid, stayed_out: None }) => Ok((pid, reach.mode)),
        Ok(child::Started { pid, stayed_out: Some(error) }) => Ok((pid, rest.stayed_out(pid, &error))),
        Err(error) => {
            rest.leave_cgroup();
            Err(error)
        }
    }
}

fn attempt(
    spawned: Result<(Pid, KillMode), SpawnError>,
    notification: Option<Notification>,
    namespace: bool,
) -> Attempt {
    let error = match spawned {
        Ok((pid, kill_mode)) => {
            let readiness = readiness(notification.is_some());
            return Attempt {
                result: Ok(Started { pid, readiness, kill_mode }),
                notification,
                ..no_resources(String::new())
            };
        }
        Err(error) => error,
    };
    match error {
        SpawnError::Fork(error) if namespace => {
            no_resources(format!("no new PID namespace: {}", cli::reason(&error)))
        }
        SpawnError::Fork(error) => no_resources(format!("no new process: {}", cli::reason(&error))),
        SpawnError::Locked => {
            no_resources(format!("an earlier instance still holds {}", names::SERVICE_LOCK))
        }
        SpawnError::Exec(error) => match problem::diagnose(Path::new(names::RUN), &error) {
            problem if problem.is_temporary() => {
                let is_being_written = problem == problem::Problem::BeingWritten;
                Attempt { is_being_written, ..no_resources(problem.to_string()) }
            }
            problem => {
                let exit = if problem.is_missing() { Exit::NOT_FOUND } else { Exit::NOT_EXECUTABLE };
                let result = Err(NotStarted::CannotExecute(exit));
                Attempt { result, ..no_resources(problem.to_string()) }
            }
        },
    }
}

fn no_resources(why: String) -> Attempt {
    let result = Err(NotStarted::NoResources);
    Attempt { result, notification: None, why, is_being_written: false }
}

/// How the service that was just started will be known to be ready.
pub(crate) fn readiness(by_notification: bool) -> Readiness {
    if by_notification {
        Readiness::Notification
    } else if is_there(names::CHECK) {
        let interval = read_timeout(names::TIMEOUT_CHECK, Some(CHECK_INTERVAL));
        Readiness::Check(interval.unwrap_or(CHECK_INTERVAL))
    } else {
        Readiness::Unknown
    }
}

/// A descriptor for the service, 1 or more. 0 cannot be told from standard input. An error: it cannot be
/// read now.
fn read_descriptor(name: &'static str) -> Result<Option<RawFd>, Problem> {
    let read = read_number(name, "the number of a descriptor, 1 or more", 1..=i32::MAX as u32);
    let number = match read {
        Err(problem) if problem.is_unreadable() => return Err(problem),
        read => or_default(read, "none").flatten(),
    };
    let possible = |&number: &u32| u64::from(number) < process::descriptor_limit();
    if let Some(number) = number.filter(|number| !possible(number)) {
        cli::warn(format_args!("{name} is {number}, more than this process may have open; using none"));
    }
    Ok(number.filter(possible).map(|number| number as RawFd))
}

/// Starts `crash` or `finish`; `Ok(None)` if there is none, or it cannot be executed, which is said. An error: why it
/// cannot be started now.
pub(crate) fn script(
    script: Script,
    death: Death,
    name: &CStr,
    keeper: &mut Keeper,
    service: &Service,
) -> Result<Option<Pid>, String> {
    let path = match script {
        Script::Crash => c"./crash",
        Script::Finish => c"./finish",
    };
    let code = death.exit.signal().map_or(u16::from(death.exit.code()), |_| 256);
    let numbers = [
        code.to_string(),
        death.exit.signal().map_or(0, Signal::number).to_string(),
        death.group.map_or(0, Pid::get).to_string(),
    ];
    let [code, signal, group] = numbers.map(|number| CString::new(number).unwrap_or_default());
    let args = [path.to_owned(), code, signal, name.to_owned(), group];
    match spawn_beside(path, &args, keeper, service) {
        Ok(pid) => Ok(pid),
        Err(NotSpawned::Resources(why)) => Err(why),
        Err(NotSpawned::Executed(why)) => {
            cli::warn(format_args!("unable to spawn {}: {why}; going on without it", path.to_string_lossy()));
            Ok(None)
        }
    }
}

/// Why a script was not started.
enum NotSpawned {
    /// The system had no room for it.
    Resources(String),
    /// It cannot be executed.
    Executed(String),
}

/// Starts `check`. An error: why not.
pub(crate) fn check(name: &CStr, keeper: &mut Keeper, service: &Service) -> Result<Pid, String> {
    let args = [c"./check".to_owned(), name.to_owned()];
    match spawn_beside(c"./check", &args, keeper, service) {
        Ok(pid) => pid.ok_or_else(|| problem::Problem::Missing.to_string()),
        Err(NotSpawned::Resources(why) | NotSpawned::Executed(why)) => Err(why),
    }
}

/// `None`: there is no such file.
fn spawn_beside(
    path: &CStr,
    args: &[CString],
    keeper: &mut Keeper,
    service: &Service,
) -> Result<Option<Pid>, NotSpawned> {
    let file = Path::new(OsStr::from_bytes(path.to_bytes()));
    // To ask first costs a system call, to be refused costs a process. What cannot be asked is tried.
    if matches!(file::look_no_follow(file), Ok(None)) {
        return Ok(None);
    }
    let spawn = Spawn {
        program: path,
        args,
        company: Company::OwnSession,
        holds_signals: false,
        new_pid_namespace: false,
        give: &[],
        lock: None,
    };
    match start(&spawn, keeper, service) {
        Ok(pid) => Ok(Some(pid)),
        Err(SpawnError::Locked) => Ok(None),
        Err(SpawnError::Fork(error)) => Err(NotSpawned::Resources(cli::reason(&error))),
        Err(SpawnError::Exec(error)) => Err(match problem::diagnose(file, &error) {
            problem::Problem::Resources(why) => NotSpawned::Resources(why),
            problem => NotSpawned::Executed(problem.to_string()),
        }),
    }
}
