//! The tree of the storm: fifty services of every kind, and how long each may take.

use std::time::Duration;

/// What a machine under load is forgiven, beyond what settings say.
pub const SLACK: Duration = Duration::from_secs(12);

/// How a service lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Plain,
    Finish,
    Crash,
    Notify,
    Check,
    Lock,
    /// It takes its time to die.
    Slow,
    /// It ignores TERM, and has a `timeout-kill`.
    Stubborn,
    /// It prints to a logger.
    Logged,
    Logger,
    /// It has the file `down`.
    Down,
    /// It crashes again and again, with a delay that grows.
    Looping,
    /// It crashes until `max-restarts` is reached.
    Failing,
    /// Its `finish` exits 125 after exit code 100.
    Refusing,
}

use Kind::*;

/// How many of each kind there are; a logged one counts twice, with its logger.
const KINDS: [(Kind, &str, usize); 13] = [
    (Plain, "plain", 5),
    (Finish, "finish", 6),
    (Crash, "crash", 4),
    (Notify, "notify", 4),
    (Check, "check", 3),
    (Lock, "lock", 3),
    (Slow, "slow", 3),
    (Stubborn, "stubborn", 3),
    (Logged, "logged", 5),
    (Down, "down", 3),
    (Looping, "looping", 3),
    (Failing, "failing", 2),
    (Refusing, "refusing", 1),
];

/// A service of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub name: String,
    pub kind: Kind,
    /// Its `supervise/` is on a file system that can be filled.
    pub small: bool,
}

/// All of them, always the same.
pub fn fleet() -> Vec<Member> {
    let mut members = Vec::new();
    for (kind, word, count) in KINDS {
        for number in 1..=count {
            let name = format!("{word}-{number}");
            if kind == Logged {
                members.push(Member { name: format!("{name}/log"), kind: Logger, small: false });
            }
            members.push(Member { name, kind, small: number == 2 });
        }
    }
    members
}

impl Kind {
    pub fn has_finish(self) -> bool {
        matches!(self, Finish | Crash | Slow | Stubborn | Looping | Refusing)
    }

    /// It says when it is ready, or is asked.
    pub fn is_ready_by(self) -> Option<&'static str> {
        match self {
            Notify => Some("notification-fd"),
            Check => Some("check"),
            _ => None,
        }
    }

    /// Its files, but for programs.
    pub fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Notify => &[("notification-fd", "3\n")],
            Check => &[("timeout-check", "200\n")],
            Lock => &[("lock-fd", "7\n")],
            Stubborn => &[("timeout-kill", "400\n")],
            Down => &[("down", "")],
            Looping => &[("restart-delay", "100 800\n")],
            Failing => &[("max-restarts", "3 60\n"), ("restart-delay", "50\n")],
            _ => &[],
        }
    }

    /// How `storm-service` lives as this.
    pub fn behaviour(self) -> &'static str {
        match self {
            Finish => "finish 30\n",
            Crash => "crash 40\nfinish 20\n",
            Notify => "ready 150\n",
            Slow => "die 500\nfinish 100\n",
            Stubborn => "ignore 1\n",
            Logged => "print 10\n",
            Looping => "live 60\nfinish 10\n",
            Failing => "live 30\n",
            Refusing => "refuse 1\n",
            _ => "",
        }
    }

    /// The descriptors that it is given beyond the first three.
    pub fn descriptor(self) -> Option<u32> {
        match self {
            Notify => Some(3),
            Lock => Some(7),
            _ => None,
        }
    }

    /// From when it is wanted up to when it is: the delay of a restart, and the scripts of the life before.
    pub fn bound_up(self) -> Duration {
        let restart = Duration::from_millis(1000);
        restart + self.bound_down()
    }

    /// From when it is wanted down to when it is: what it takes to die, or until it is killed, and the scripts.
    pub fn bound_down(self) -> Duration {
        Duration::from_millis(match self {
            Slow => 600,
            Stubborn => 400,
            Crash => 60,
            Finish => 30,
            _ => 0,
        }) + SLACK
    }
}

/// The place of a name in the fleet.
pub fn index(members: &[Member], name: &str) -> Option<usize> {
    members.iter().position(|member| member.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fleet_has_fifty_services_of_every_kind() {
        let members = fleet();
        assert_eq!(members.len(), 50);
        assert!(KINDS.iter().all(|(kind, ..)| members.iter().any(|member| member.kind == *kind)));
        assert!(members.iter().filter(|member| member.small).count() >= 8);
    }
}
