//! What goes into the machine, and what comes out of it.

use unix::{Exit, Pid, Signal};

use crate::Codes;

/// What there is to do, as far as that is known before anything is done: scripts may bring services and other scripts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Output goes to a logger of ours.
    pub logs: bool,
    /// There is a hook.
    pub has_hook: bool,
    /// There is a command.
    pub has_command: bool,
}

/// A script that the container's image brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// The one that runs before everything else.
    Hook,
    /// An init script, by its place in their order.
    Init(usize),
    /// A finish script, likewise.
    Finish(usize),
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The first of all.
    Begun,
    /// The answer to `Log`: the logger, or there is none.
    Logs(Option<Pid>),
    /// The answer to `FixAttributes`: so many things could not be done.
    Fixed(usize),
    /// The answer to `Run`, `Scan` and `Command`: it was started, or it cannot be, which is this exit code.
    Started(Result<Pid, u8>),
    /// The other answer to `Run` and `Scan`: there is no such script, or no service.
    Nothing,
    /// A child has ended.
    Exited(Pid, Exit),
    /// The services are as they were waited for, or one of them never will be.
    Ready(bool),
    /// A signal has come.
    Signal(Signal),
    /// Somebody inside wants the container to stop.
    Stop,
    /// The answer to `LookAround`: nothing is left below.
    Nobody,
    /// A deadline may have come.
    Timeout,
}

/// What is to be done. Those with an answer are answered before any other event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start the logger; answered by `Logs`.
    Log,
    /// Put the attributes of files in order; answered by `Fixed`.
    FixAttributes,
    /// Run a script; answered by `Started` or `Nothing`.
    Run(Script),
    /// Start the scanner; answered by `Started` or `Nothing`.
    Scan,
    /// Say when the services are supervised, or as far as the settings want; `Ready` comes some time.
    AwaitServices,
    /// Start the command; answered by `Started`.
    Command,
    /// Send a signal to a child.
    Kill(Pid, Signal),
    /// Send a signal to everything below but this child.
    KillAll(Signal, Option<Pid>),
    /// Let go of the logger's input: it ends when everybody else has, too.
    EndLog,
    /// See whether anything is left below; answered by `Nobody`, or not at all.
    LookAround,
    /// Warn that something has failed, with this exit code.
    Warn(Waited, u8),
    /// Say what is waited for.
    Tell(Waited),
    /// Bring everything to disk.
    Sync,
    /// Leave, with the exit code that these decide.
    Leave(Codes),
}

/// What a container waits for, or what has failed in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// A script.
    Script(Script),
    /// The attributes of files.
    Attributes,
    /// Services to be up or ready.
    Services,
    /// The command to end.
    Command,
    /// Services to end.
    ServicesEnd,
    /// Processes that are left.
    Strays,
}
