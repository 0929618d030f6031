//! A hand between the machines and the world, to see that a machine that does something else is found out.

use lifecycle::{Action, Event};

/// What becomes of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is performed.
    Keep,
    /// It is not.
    Drop,
    /// It is performed twice.
    Twice,
}

/// What is done to actions and events on their way.
#[derive(Clone, Copy, Debug)]
pub struct Meddle {
    /// To the actions of a supervisor.
    pub action: fn(&Action) -> Fate,
    /// What its machine hears instead of an event; `None`: nothing.
    pub hears: fn(Event) -> Option<Event>,
    /// To the actions of the scanner.
    pub scanner_action: fn(&roster::Action) -> Fate,
    /// What its machine hears instead of an event; `None`: nothing.
    pub scanner_hears: for<'a> fn(roster::Event<'a>) -> Option<roster::Event<'a>>,
    /// Notices are sent before the record is written.
    pub notices_first: bool,
    /// Deadlines of supervisors come and go.
    pub sleeps: bool,
    /// Nothing is written down for a successor.
    pub forgets: bool,
}

impl Meddle {
    /// Nothing is done.
    pub const NOT: Meddle = Meddle {
        action: |_| Fate::Keep,
        hears: Some,
        scanner_action: |_| Fate::Keep,
        scanner_hears: |event| Some(event),
        notices_first: false,
        sleeps: false,
        forgets: false,
    };
}

impl Fate {
    /// How often an action of this fate is performed.
    pub(crate) const fn times(self) -> usize {
        match self {
            Fate::Keep => 1,
            Fate::Drop => 0,
            Fate::Twice => 2,
        }
    }
}
