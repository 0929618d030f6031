//! What the files of a service directory say.

use core::time::Duration;

use unix::Signal;

/// The settings that a step may need. Those that an event does not need may be left at their defaults:
/// whoever reads them looks at `Event`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `down-signal`. For `Down`, `Disable`, `Restart`, `Terminate`; for `Exited` unless `kill-mode` is `process`.
    pub down_signal: Signal,
    /// `reload-signal`. For `Reload`.
    pub reload_signal: Signal,
    /// `timeout-kill`. For the same, and `Exited`.
    pub timeout_kill: Option<Duration>,
    /// `flag-timeout-killpg`. For `Timeout`.
    pub kill_group: bool,
    /// `timeout-crash`; `None`: it may live for ever. For `ScriptSpawned`.
    pub timeout_crash: Option<Duration>,
    /// `timeout-finish`; `None`: it may live for ever. For `ScriptSpawned`.
    pub timeout_finish: Option<Duration>,
    /// `restart-delay`. For `RunSpawned` that failed, and `Exited`.
    pub restart_delay: RestartDelay,
    /// `max-restarts`. For the same.
    pub restart_limit: Option<RestartLimit>,
    /// `essential`. For `RunSpawned` that failed, and `Exited`.
    pub essential: Option<Essential>,
}

/// Time between two starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartDelay {
    /// At first, and after every life that was at least as long.
    pub min: Duration,
    /// At most, after doubling.
    pub max: Duration,
}

/// So many crashes in so long a time are a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartLimit {
    /// How many, 1 or more.
    pub count: u16,
    /// In how long a time.
    pub within: Duration,
}

/// When the end of this service ends everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Essential {
    /// At its first crash.
    OnFailure,
    /// At its first death that nobody asked for.
    Always,
}

/// How far the end of a service reaches: `kill-mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KillMode {
    /// To `run` alone.
    Process,
    /// To its process group.
    Group,
    /// To everything that descends from it.
    Tree,
    /// To everything in the cgroup that it was started in.
    Cgroup,
}

impl KillMode {
    /// Every one, by its word.
    pub const WORDS: [(&'static str, KillMode); 4] = [
        ("process", KillMode::Process),
        ("group", KillMode::Group),
        ("tree", KillMode::Tree),
        ("cgroup", KillMode::Cgroup),
    ];

    /// The one that a word means.
    pub fn from_word(word: &str) -> Option<KillMode> {
        Self::WORDS.iter().find(|(spelling, _)| *spelling == word).map(|&(_, mode)| mode)
    }
}

/// A script may live for this long, unless its setting says otherwise.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(5);

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            down_signal: Signal::TERM,
            reload_signal: Signal::HUP,
            timeout_kill: None,
            kill_group: false,
            timeout_crash: Some(SCRIPT_TIMEOUT),
            timeout_finish: Some(SCRIPT_TIMEOUT),
            restart_delay: RestartDelay::default(),
            restart_limit: None,
            essential: None,
        }
    }
}

impl Default for RestartDelay {
    fn default() -> RestartDelay {
        RestartDelay { min: Duration::from_secs(1), max: Duration::from_secs(1) }
    }
}
