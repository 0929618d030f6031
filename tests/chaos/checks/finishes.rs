//! `finish` runs exactly once for each death of `run`, unless its supervisor was killed in it.
//!
//! A life is closed by the next one, or by a quiet point at which nobody lives. What can excuse that there is no `finish`,
//! or a second one, must have happened from when `run` was last seen alive: its supervisor was killed, or the script was
//! killed before it could say a word. That nobody could start a process is no excuse: it can be started later.

use std::time::Duration;

use crate::checker::{Case, Invariant, Violation};
use crate::fleet::{Kind, index};
use crate::history::{Entry, Event, Word};
use crate::step::Step;

/// A life of `run`.
#[derive(Debug)]
struct Life {
    pid: i32,
    began: Duration,
    /// It surely lived then.
    seen: Duration,
    /// It surely had ended then.
    closed: Option<Duration>,
    finishes: usize,
}

/// What happened to one service.
#[derive(Debug, Default)]
struct Past {
    lives: Vec<Life>,
    /// When its supervisor was killed, or a script of its.
    kills: Vec<Duration>,
}

pub fn check(case: &Case<'_>) -> Vec<Violation> {
    let has_finish = |service: &usize| case.members[*service].kind.has_finish();
    (0..case.members.len()).filter(has_finish).flat_map(|service| check_one(case, service)).collect()
}

fn check_one(case: &Case<'_>, service: usize) -> Vec<Violation> {
    let mut past = Past::default();
    case.history.iter().for_each(|entry| past.take(case, service, entry));
    let mut found = Vec::new();
    for life in &past.lives {
        let is_wrong = life.finishes > 1 || (life.closed.is_some() && life.finishes == 0);
        if is_wrong && !past.is_excused(life) {
            let what = format!("{} times for {} that began at {:?}", life.finishes, life.pid, life.began);
            found.push(case.by(Invariant::FinishOnce, service, life.seen, what));
        }
    }
    found
}

impl Past {
    fn take(&mut self, case: &Case<'_>, service: usize, entry: &Entry) {
        match &entry.event {
            Event::Story(story) if story.service == service => self.tell(&story.word, story.pid, entry.at),
            Event::Gone(whose, pid, seen) if *whose == service => {
                if let Some(life) = self.lives.iter_mut().rev().find(|life| life.pid == *pid) {
                    life.seen = life.seen.max(*seen);
                }
            }
            Event::Quiet(quiet) => {
                let rest = &quiet.services[service];
                let is_down = rest.state.is_some_and(|state| state.pid.is_none());
                // Such a one may have died just now.
                let restless = matches!(case.members[service].kind, Kind::Looping | Kind::Failing);
                if !restless && is_down && rest.instances.is_empty() && rest.scripts.is_empty() {
                    self.close(entry.at);
                }
            }
            Event::Step(step, true) => self.step(case, service, step, entry.at),
            _ => {}
        }
    }

    fn tell(&mut self, word: &Word, pid: i32, at: Duration) {
        match word {
            Word::Start(_) | Word::Double => {
                self.close(at);
                self.lives.push(Life { pid, began: at, seen: at, closed: None, finishes: 0 });
            }
            Word::End => {
                if let Some(life) = self.lives.iter_mut().rev().find(|life| life.pid == pid) {
                    life.seen = at;
                }
            }
            Word::Finish(group, _) => {
                // A run that was killed before it said a word has a finish of its own, which is nobody's here.
                let is_its = |life: &&mut Life| group.is_none_or(|group| group == life.pid);
                if let Some(life) = self.lives.iter_mut().rev().find(is_its) {
                    let is_unknown = group.is_none() && life.closed.is_none() && life.finishes > 0;
                    life.finishes += usize::from(!is_unknown);
                }
            }
            Word::Finished | Word::Crash | Word::Crashed => {}
        }
    }

    fn close(&mut self, at: Duration) {
        if let Some(life) = self.lives.last_mut() {
            life.closed.get_or_insert(at);
        }
    }

    fn step(&mut self, case: &Case<'_>, service: usize, step: &Step, at: Duration) {
        let name = step.service();
        let is_its = name.is_some_and(|name| index(case.members, name) == Some(service));
        let shares = || {
            let of = |name: &str| case.suite.supervised_with(name).to_owned();
            name.map(of) == Some(of(&case.members[service].name))
        };
        match step {
            Step::Supervisor(_, "KILL") if shares() => self.kills.push(at),
            Step::Script(_, "KILL") if is_its => self.kills.push(at),
            _ => {}
        }
    }

    fn is_excused(&self, life: &Life) -> bool {
        let (from, to) = (life.seen, life.closed.unwrap_or(Duration::MAX));
        self.kills.iter().any(|at| (from..=to).contains(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::made::Made;
    use crate::history::State;

    const NONE: [Invariant; 0] = [];

    fn life(made: &mut Made, at: u64, pid: i32) {
        made.story(at, "finish-1", pid, Word::Start(vec![0, 1, 2]));
    }

    fn finish(made: &mut Made, at: u64, group: i32) {
        made.story(at, "finish-1", 50, Word::Finish(Some(group), false));
    }

    #[test]
    fn finish_that_is_missing_is_found() {
        let mut made = Made::new();
        life(&mut made, 1, 7);
        finish(&mut made, 2, 7);
        life(&mut made, 3, 8);
        assert_eq!(made.check(check), NONE);
        life(&mut made, 5, 9);
        assert_eq!(made.check(check), [Invariant::FinishOnce]);
    }

    #[test]
    fn finish_that_runs_twice_is_found() {
        let mut made = Made::new();
        life(&mut made, 1, 7);
        finish(&mut made, 2, 7);
        finish(&mut made, 3, 7);
        assert_eq!(made.check(check), [Invariant::FinishOnce]);
    }

    #[test]
    fn death_of_the_supervisor_excuses_only_what_comes_after_the_end_of_run() {
        let mut made = Made::new();
        life(&mut made, 1, 7);
        made.step(2, "supervisor finish-1 KILL");
        made.story(4, "finish-1", 7, Word::End);
        life(&mut made, 6, 8);
        assert_eq!(made.check(check), [Invariant::FinishOnce]);
        let mut made = Made::new();
        life(&mut made, 1, 7);
        made.story(4, "finish-1", 7, Word::End);
        made.step(5, "supervisor finish-1 KILL");
        life(&mut made, 6, 8);
        assert_eq!(made.check(check), NONE);
    }

    #[test]
    fn run_that_is_seen_to_live_is_not_excused_by_what_was_before() {
        let mut made = Made::new();
        life(&mut made, 1, 7);
        made.step(2, "supervisor finish-1 KILL");
        let service = made.service("finish-1");
        made.add(5, Event::Gone(service, 7, Duration::from_secs(4)));
        life(&mut made, 6, 8);
        assert_eq!(made.check(check), [Invariant::FinishOnce]);
    }

    #[test]
    fn service_that_is_down_at_rest_without_a_finish_is_found() {
        let mut made = Made::new();
        life(&mut made, 1, 7);
        let gone = made.check_quiet(check, "finish-1", |rest| {
            rest.instances.clear();
            rest.state = rest.state.map(|state| State { pid: None, ..state });
        });
        assert_eq!(gone, [Invariant::FinishOnce]);
        assert_eq!(made.check_quiet(check, "finish-1", |_| {}), NONE);
    }

    #[test]
    fn want_of_processes_is_no_excuse() {
        let mut made = Made::new();
        life(&mut made, 1, 7);
        made.step(2, "processes");
        made.story(3, "finish-1", 7, Word::End);
        made.step(4, "processes-free");
        life(&mut made, 6, 8);
        assert_eq!(made.check(check), [Invariant::FinishOnce]);
    }
}
