//! Service directories, and what stands in the scan directory.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use lifecycle::{RestartDelay, RestartLimit, Settings};
use roster::Identity;
use status::{Detail, Record};
use unix::Pid;

use crate::clock::Ms;
use crate::kernel::Kind;
use crate::takeover::Left;
use crate::world::World;

/// The names that a service can have.
pub(crate) const NAMES: [&str; 4] = ["a", "b", "c", "svscan-log"];

/// Which of them reads what everything else writes.
pub(crate) const SPECIAL: usize = 3;

/// A name that stands for a directory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) directory: usize,
    pub(crate) log: Option<usize>,
    /// `run` is there.
    pub(crate) complete: bool,
}

/// How the service of a directory becomes ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    None,
    Notification,
    Check,
}

/// What is wrong with `run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    Fine,
    Missing,
}

/// A service directory; its index is its inode.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    /// The name it was made with, for the story.
    pub(crate) name: usize,
    pub(crate) is_log: bool,
    pub(crate) settings: Settings,
    pub(crate) means: Means,
    pub(crate) health: Health,
    pub(crate) has_finish: bool,
    pub(crate) has_crash: bool,
    /// How often there are no resources for a process.
    pub(crate) starved: u32,
    /// The file `down`.
    pub(crate) down: bool,
    /// It should be there, after all that was commanded.
    pub(crate) should_be_down: bool,
    /// `supervise/status` and `supervise/detail`.
    pub(crate) record: Option<Record>,
    pub(crate) detail: Detail,
    /// When `run` was started last, and by whom.
    pub(crate) last_start: Option<(Ms, Pid)>,
    /// When its supervisor was started last.
    pub(crate) supervised_at: Option<Ms>,
    /// What a supervisor has left in `supervise/lock`.
    pub(crate) left: Option<Left>,
    /// Nobody but the scanner and chance has had a hand in its life.
    pub(crate) neat: bool,
}

impl Directory {
    pub(crate) fn identity(place: usize) -> Identity {
        (1, place as u64)
    }
}

impl World {
    /// Makes a directory, and its `log`, and gives its place.
    pub(crate) fn make_directory(&mut self, name: usize, is_log: bool) -> usize {
        let chance = &mut self.chance;
        let min = Duration::from_millis(chance.pick(&[0, 100, 1000, 1000, 1000]));
        let script = |ms: u64| (ms > 0).then_some(Duration::from_millis(ms));
        let settings = Settings {
            timeout_kill: script(chance.pick(&[0, 0, 1, 500, 3000])),
            kill_group: chance.once_in(3),
            timeout_crash: script(chance.pick(&[0, 10, 5000])),
            timeout_finish: script(chance.pick(&[0, 10, 5000, 5000])),
            restart_delay: RestartDelay { min, max: min * chance.pick(&[1, 1, 4]) },
            restart_limit: chance
                .once_in(4)
                .then_some(RestartLimit { count: 3, within: Duration::from_secs(10) }),
            essential: None,
            ..Settings::default()
        };
        let down = self.chance.once_in(8);
        self.directories.push(Directory {
            name,
            is_log,
            settings,
            means: self.chance.pick(&[Means::None, Means::Notification, Means::Check]),
            health: Health::Fine,
            has_finish: self.chance.once_in(2),
            has_crash: self.chance.once_in(3),
            starved: 0,
            down,
            should_be_down: down,
            record: None,
            detail: Detail::default(),
            last_start: None,
            supervised_at: None,
            left: None,
            // Nobody reads what is written to a logger that is down.
            neat: !down,
        });
        self.directories.len() - 1
    }

    /// A process as people call it.
    pub(crate) fn named(&self, kind: Kind, directory: usize, pid: Pid) -> String {
        let what = match kind {
            Kind::Supervisor => "supervise",
            Kind::Run => "run",
            Kind::Script(lifecycle::Script::Crash) => "crash",
            Kind::Script(lifecycle::Script::Finish) => "finish",
            Kind::Check => "check",
        };
        format!("{what} of {} ({pid})", self.called(directory))
    }

    pub(crate) fn named_pid(&self, pid: Pid) -> String {
        match self.process(pid) {
            Some(process) => self.named(process.kind, process.directory, pid),
            None => format!("{pid}, who is not there"),
        }
    }

    /// A directory as people call it.
    pub(crate) fn called(&self, directory: usize) -> String {
        let it = &self.directories[directory];
        format!("{}{}#{directory}", NAMES[it.name], if it.is_log { "/log" } else { "" })
    }

    /// Which directory a name (`web`, `web/log`) stands for now.
    pub(crate) fn resolve(&self, name: &[u8]) -> Option<usize> {
        let (own, is_log) = match name.strip_suffix(b"/log") {
            Some(own) => (own, true),
            None => (name, false),
        };
        let place = self.places[NAMES.iter().position(|known| known.as_bytes() == own)?]?;
        if is_log { place.log } else { Some(place.directory) }
    }
}
