//! What is waited for, and in how many of the services.

/// The state that a service is to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// `run` lives.
    Up,
    /// The service said that it is ready.
    Ready,
    /// `run` is dead.
    Down,
    /// And its scripts have ended: it can be started.
    Startable,
    /// Down, then up.
    Restarted,
    /// Down, then ready.
    RestartedReady,
}

impl Goal {
    /// Every goal with its letter, for `svwait -X` and `svctl -w X`: the one place that pairs them.
    ///
    /// Source: s6 2.15.1.0, `doc/s6-svwait.html`.
    pub const TABLE: [(char, Goal); 6] = [
        ('u', Goal::Up),
        ('U', Goal::Ready),
        ('d', Goal::Down),
        ('D', Goal::Startable),
        ('r', Goal::Restarted),
        ('R', Goal::RestartedReady),
    ];

    /// The goal that a letter stands for.
    pub fn from_letter(letter: char) -> Option<Goal> {
        Self::TABLE.iter().find(|&&(spelling, _)| spelling == letter).map(|&(_, goal)| goal)
    }

    /// The same without readiness, for a service that cannot tell it; `None` if none is waited for.
    pub const fn without_readiness(self) -> Option<Goal> {
        match self {
            Goal::Ready => Some(Goal::Up),
            Goal::RestartedReady => Some(Goal::Restarted),
            Goal::Up | Goal::Down | Goal::Startable | Goal::Restarted => None,
        }
    }

    /// The service is to come up: it can fail to.
    pub const fn is_upwards(self) -> bool {
        match self {
            Goal::Up | Goal::Ready | Goal::Restarted | Goal::RestartedReady => true,
            Goal::Down | Goal::Startable => false,
        }
    }
}

/// How many of the services are to reach their goals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Every one, at the same time.
    All,
    /// One of them.
    Any,
}
