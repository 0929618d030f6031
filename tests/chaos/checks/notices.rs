//! Notices come in an order that can be, and whoever hears one finds it true in the record, or something newer.

use std::time::Duration;

use crate::checker::{Case, Invariant, Violation};
use crate::fleet::index;
use crate::history::{Event, State};
use crate::step::Step;

/// The observer hears a notice so much later than it was sent.
const HEARD: Duration = Duration::from_millis(150);

/// What can come after a letter; empty: anything. A supervisor that begins may have taken over whatever there is.
fn after(letter: char) -> &'static str {
    match letter {
        'u' => "Ud",
        'U' => "d",
        'd' => "DO",
        'O' => "D",
        'D' => "uxO",
        'x' => "s",
        _ => "",
    }
}

/// Whether a record can be what a listener finds that has just heard this letter, and no other.
fn agrees(letter: char, state: State) -> bool {
    match letter {
        'u' | 'U' => state.is_up(),
        'd' => state.finishing || state.pid.is_none(),
        'D' | 'O' => state.pid.is_none() || state.finishing,
        _ => true,
    }
}

pub fn check(case: &Case<'_>) -> Vec<Violation> {
    (0..case.members.len()).flat_map(|service| check_one(case, service)).collect()
}

fn check_one(case: &Case<'_>, service: usize) -> Vec<Violation> {
    let mut ear = Ear::default();
    let mut wrong = Vec::new();
    for entry in case.history {
        match &entry.event {
            Event::Step(step, _) if troubles(case, service, step) => {
                ear = Ear { troubled: Some(entry.at), ..Ear::default() };
            }
            Event::Notices(whose, letters, state) if *whose == service => {
                wrong.extend(ear.hear(entry.at, letters, *state));
            }
            // What a restless one owes may be on its way.
            Event::Quiet(_) => {
                let old = ear.owed.take_if(|(at, ..)| *at + HEARD < entry.at);
                wrong.extend(old.map(|(at, letter, state)| (at, format!("after {letter} stays {state:?}"))));
            }
            _ => {}
        }
    }
    wrong.into_iter().map(|(at, what)| case.by(Invariant::NoticeTrue, service, at, what)).collect()
}

/// What was heard of one service.
#[derive(Default)]
struct Ear {
    last: Option<char>,
    /// What the record said after the last letters, if that did not agree: the next letter must explain it.
    owed: Option<(Duration, char, State)>,
    troubled: Option<Duration>,
}

impl Ear {
    /// Takes letters that came together, with the record as it was after them; gives what is wrong.
    fn hear(&mut self, at: Duration, letters: &str, state: Option<State>) -> Vec<(Duration, String)> {
        let mut wrong = Vec::new();
        if self.troubled.is_some_and(|troubled| at < troubled + HEARD) {
            self.last = None;
            return wrong;
        }
        for letter in letters.chars() {
            let cannot = |last: &char| !after(*last).is_empty() && !after(*last).contains(letter);
            wrong.extend(self.last.filter(cannot).map(|last| (at, format!("{letter} came after {last}"))));
            self.last = Some(letter);
        }
        let unexplained =
            |&(_, _, state): &(Duration, char, State)| !letters.chars().any(|letter| agrees(letter, state));
        let lied = self.owed.take().filter(unexplained);
        wrong.extend(
            lied.map(|(at, letter, state)| (at, format!("after {letter} the record said {state:?}"))),
        );
        let owed = self.last.zip(state).filter(|&(last, state)| !agrees(last, state));
        self.owed = owed.map(|(last, state)| (at, last, state));
        wrong
    }
}

/// What can keep a supervisor from writing a record or from sending a notice.
fn troubles(case: &Case<'_>, service: usize, step: &Step) -> bool {
    let is_its = || step.service().and_then(|name| index(case.members, name)) == Some(service);
    match step {
        Step::Supervisor(_, "KILL") | Step::Descriptors(_) | Step::DescriptorsFree(_) | Step::Deaf(_) => {
            is_its()
        }
        Step::Fill | Step::Free => case.members[service].small,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::made::Made;

    const NONE: [Invariant; 0] = [];
    const UP: State = State { pid: Some(7), finishing: false, wanted_up: true, ready: false };
    const DOWN: State = State { pid: None, ..UP };

    #[test]
    fn letters_in_an_order_that_cannot_be_are_found() {
        let mut made = Made::new();
        made.notices(1, "plain-1", "sudDu", UP);
        assert_eq!(made.check(check), NONE);
        made.notices(2, "plain-1", "u", UP);
        assert_eq!(made.check(check), [Invariant::NoticeTrue]);
    }

    #[test]
    fn supervisor_that_was_killed_may_have_kept_a_letter_to_itself() {
        let mut made = Made::new();
        made.notices(1, "plain-1", "su", UP);
        made.step(2, "supervisor plain-1 KILL");
        made.notices(3, "plain-1", "su", UP);
        assert_eq!(made.check(check), NONE);
    }

    #[test]
    fn record_that_is_older_than_its_notice_is_found() {
        let mut made = Made::new();
        made.notices(1, "plain-1", "su", DOWN);
        made.notices(2, "plain-1", "U", UP);
        assert_eq!(made.check(check), [Invariant::NoticeTrue]);
    }

    #[test]
    fn record_that_is_newer_than_its_notice_is_none() {
        let mut made = Made::new();
        made.notices(1, "plain-1", "su", DOWN);
        made.notices(2, "plain-1", "dD", DOWN);
        assert_eq!(made.check(check), NONE);
    }

    #[test]
    fn record_that_changes_without_a_notice_is_found_at_rest() {
        let mut made = Made::new();
        made.notices(1, "plain-1", "su", DOWN);
        made.add(2, Event::Quiet(made.well()));
        assert_eq!(made.check(check), [Invariant::NoticeTrue]);
    }
}
