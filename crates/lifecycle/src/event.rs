//! What a life is told, and what it wants done.

use core::time::Duration;

use control::Command;
use status::Notice;
use unix::{Exit, Pid, Signal, Stamp};

use crate::settings::KillMode;

/// An input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The deadline has come, and nothing else.
    Timeout,
    /// This is the state that another supervisor has left: it was killed, or another program takes its place. The
    /// first event; before it come only answers that the other one did not live to hear.
    TakenOver,
    /// Answers `SpawnRun`.
    RunSpawned(Result<Started, NotStarted>),
    /// Answers `SpawnScript`; `None`: there is no such script, or it could not be started.
    ScriptSpawned(Option<Pid>),
    /// Answers `SpawnScript`: the system had no process, memory or descriptor for it.
    ScriptPostponed,
    /// Answers `SpawnCheck`; `None`: it could not be started.
    CheckSpawned(Option<Pid>),
    /// Answers `Sweep`.
    Swept(Left),
    /// The service said that it is ready.
    Ready,
    /// A child has died; one that is not known means nothing.
    Exited(Pid, Exit),
    /// `run` could not be executed, and it, or something beside it, was changed.
    RunChanged,
    /// A byte came in through `supervise/control`.
    Command(Command),
    /// SIGTERM: down, then exit.
    Terminate,
    /// SIGHUP: exit once it is down.
    Hangup,
    /// SIGQUIT: exit now, leave the service alone.
    Quit,
    /// SIGINT: pass it on to the process group, then exit.
    Interrupt,
}

/// `run` lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// Its pid, and its process group.
    pub pid: Pid,
    /// How it will be known to be ready.
    pub readiness: Readiness,
    /// How far its end reaches: what `kill-mode` asked for, as far as that can be had.
    pub kill_mode: KillMode,
}

/// How a service is known to be ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Never.
    Unknown,
    /// It writes a newline to its notification descriptor.
    Notification,
    /// `check` exits 0. The interval between two of them is the longest life of one, too.
    Check(Duration),
}

/// Why `run` does not live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotStarted {
    /// It cannot be executed; how a shell would say that: exit 127 or 126.
    CannotExecute(Exit),
    /// The system had no process, memory or descriptor for it.
    NoResources,
}

/// A script that runs after `run` has died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// After a crash, before `Finish`.
    Crash,
    /// After every death.
    Finish,
}

/// The death of a `run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Death {
    /// How.
    pub exit: Exit,
    /// Its pid, and its process group; `None` if it never lived, because it cannot be executed.
    pub group: Option<Pid>,
}

/// What is done about what a dead `run` left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    /// It is looked for, no more.
    Look,
    /// It gets this signal, and CONT.
    Ask(Signal),
    /// It is killed.
    Kill,
}

/// What is left after a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Nothing that lives, or nothing that we may kill.
    Nothing,
    /// A process, at least.
    Something,
}

/// What took longer than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overdue {
    /// `run`, since the down-signal.
    Run,
    /// A script, since its start.
    Script(Script),
    /// What `run` left behind, since its polite signal.
    Rest,
}

/// An output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start `run`; answered by `RunSpawned`.
    SpawnRun,
    /// Start a script; answered by `ScriptSpawned` or `ScriptPostponed`.
    SpawnScript(Script, Death),
    /// Start `check`; answered by `CheckSpawned`.
    SpawnCheck,
    /// Send a signal to a process.
    Kill(Pid, Signal),
    /// Send a signal to a process group.
    KillGroup(Pid, Signal),
    /// Deal with what belongs to the `run` of this pid, as far as this mode reaches; answered by `Swept`. While
    /// `run` lives it is part of that.
    Sweep(KillMode, Pid, Sweep),
    /// Say that this is killed for taking too long.
    Report(Overdue),
    /// Add this death to the tally.
    Remember(Stamp, Exit),
    /// Read the notification descriptor no more.
    StopListening,
    /// Write the record, *then* send these notices.
    Publish(&'static [Notice]),
    /// Make the `down` file.
    MakeDown,
    /// Remove the `down` file.
    RemoveDown,
    /// Exit with this code. Nothing comes after it.
    Exit(u8),
}
