//! Where a service is in its life, and what exists only there.

use core::time::Duration;

use unix::Pid;

use crate::event::{Death, Script};
use crate::settings::KillMode;

/// Where the service is in its life. Each phase holds what exists only in that phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No process. Starts at `start_at`; `None` waits for a command.
    Down {
        /// On the monotonic clock.
        start_at: Option<Duration>,
    },
    /// `run` lives.
    Up(Up),
    /// `run` has died; what it left behind is being ended.
    Clearing(Clearing),
    /// `run` has died; `crash` or `finish` lives.
    Ending(Ending),
}

/// `run` lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Up {
    /// Its pid, and its process group.
    pub pid: Pid,
    /// When it was started, on the monotonic clock.
    pub started_at: Duration,
    /// A command stopped it.
    pub paused: bool,
    /// It is ready.
    pub ready: bool,
    /// It gets SIGKILL then.
    pub kill_at: Option<Duration>,
    /// A command or a shutdown asked for its end.
    pub asked_to_end: bool,
    /// Signals that commands sent and that a service may or may not die of, as `Signal::bit`.
    pub signals_sent: u64,
    /// What is known of `check`.
    pub check: Check,
    /// How far its end reaches.
    pub kill_mode: KillMode,
}

/// What is known of `check`, while its service is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// There is none, or it has done its work.
    None,
    /// The next one starts then.
    Waiting {
        /// On the monotonic clock.
        at: Duration,
        /// From one to the next.
        interval: Duration,
    },
    /// It lives.
    Running {
        /// Its pid, and its process group; `None` until `SpawnCheck` is answered.
        pid: Option<Pid>,
        /// When it was started.
        started_at: Duration,
        /// From one to the next, and the longest life of one.
        interval: Duration,
        /// It was killed for living too long.
        killed: bool,
    },
}

/// `run` has died; something of it lives, or the answer to `Sweep` is awaited. Never with `KillMode::Process`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clearing {
    /// How far it reaches.
    pub mode: KillMode,
    /// What was the pid of `run`, its process group and its session.
    pub group: Pid,
    /// What is left gets SIGKILL then; `None`: it has had it, and gets it again at each look.
    pub kill_at: Option<Duration>,
    /// It is looked for again then.
    pub look_at: Duration,
    /// From that look to the next one.
    pub pause: Duration,
    /// What comes afterwards. Its `pid` and `kill_at` are `None`.
    pub ending: Ending,
}

/// `run` has died; a script lives, or the answer to `SpawnScript` is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// What the scripts are told.
    pub death: Death,
    /// Which script it is.
    pub script: Script,
    /// The script; `None` until `SpawnScript` is answered.
    pub pid: Option<Pid>,
    /// It gets SIGKILL then; without a pid: it is started then.
    pub kill_at: Option<Duration>,
    /// `Dead` was sent.
    pub told: bool,
    /// `run` may be started again from then on.
    pub start_at: Duration,
}

/// Whether the supervisor is to exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// No.
    No,
    /// Once the service is down and finished.
    WhenDown,
    /// After one more life: a logger that waits to be started again reads its pipe to the end first.
    AfterOneMore,
    /// Once it is finished: it was essential.
    Essential,
}
