//! Histories that are made up, for the checks to find what is wrong with them.

use std::time::Duration;

use crate::checker::{Case, Invariant, Violation};
use crate::fleet::{Member, fleet, index};
use crate::history::{Entry, Event, Holder, Quiet, Rest, State, Story, Word};
use crate::step::Step;
use crate::suite::Suite;

/// A history. Moments are seconds.
pub struct Made {
    pub members: Vec<Member>,
    history: Vec<Entry>,
}

impl Made {
    pub fn new() -> Made {
        Made { members: fleet(), history: Vec::new() }
    }

    pub fn service(&self, name: &str) -> usize {
        index(&self.members, name).expect("it is in the fleet")
    }

    pub fn add(&mut self, at: u64, event: Event) {
        self.history.push(Entry { at: Duration::from_secs(at), event });
    }

    pub fn step(&mut self, at: u64, step: &str) {
        self.add(at, Event::Step(Step::parse(step).expect("it is a step"), true));
    }

    pub fn story(&mut self, at: u64, name: &str, pid: i32, word: Word) {
        let service = self.service(name);
        self.add(at, Event::Story(Story { service, pid, word }));
    }

    pub fn notices(&mut self, at: u64, name: &str, letters: &str, state: State) {
        self.add(at, Event::Notices(self.service(name), letters.into(), Some(state)));
    }

    /// A quiet point at which all is well.
    pub fn well(&self) -> Quiet {
        let rest = |(service, member): (usize, &Member)| {
            let is_down = member.kind == crate::fleet::Kind::Down;
            let pid = 100 + service as i32;
            let state =
                State { pid: (!is_down).then_some(pid), finishing: false, wanted_up: !is_down, ready: true };
            Rest {
                settled: Some(Duration::from_secs(1)),
                instances: state.pid.into_iter().collect(),
                scripts: Vec::new(),
                supervisors: vec![Holder { pid: 200 + service as i32, descriptors: 8, anonymous: 30 }],
                state: Some(state),
                listens: true,
                started: true,
            }
        };
        Quiet {
            services: self.members.iter().enumerate().map(rest).collect(),
            scanner: Some(Holder { pid: 5, descriptors: 20, anonymous: 100 }),
            scanner_listens: true,
            zombies: Vec::new(),
        }
    }

    /// What a check finds in it.
    pub fn check(&self, check: impl Fn(&Case<'_>) -> Vec<Violation>) -> Vec<Invariant> {
        let case = Case { members: &self.members, suite: Suite::Ours, history: &self.history };
        check(&case).into_iter().map(|violation| violation.invariant).collect()
    }

    /// What a check finds when a quiet point that is well is changed like this.
    pub fn check_quiet(
        &self,
        check: impl Fn(&Case<'_>) -> Vec<Violation>,
        name: &str,
        change: impl Fn(&mut Rest),
    ) -> Vec<Invariant> {
        let mut quiet = self.well();
        change(&mut quiet.services[self.service(name)]);
        let mut history = self.history.clone();
        history.push(Entry { at: Duration::from_secs(1000), event: Event::Quiet(quiet) });
        Made { members: self.members.clone(), history }.check(check)
    }
}
