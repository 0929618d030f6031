//! Never two at once; what each is given; and the scanner, of which there is one as well.

use crate::checker::{Case, Invariant, Violation};
use crate::history::{Event, Word};
use crate::step::Step;

pub fn check(case: &Case<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut killed = 0_usize;
    let mut gone = None;
    for entry in case.history {
        match &entry.event {
            Event::Story(story) if story.word == Word::Double => {
                let what = format!("{} was started while another one lived", story.pid);
                found.push(case.by(Invariant::OneInstance, story.service, entry.at, what));
            }
            Event::Twice(service, [one, two]) => {
                // The story tells of each pair once; /proc shows it as long as it is there.
                let what = format!("{one} and {two} live at one time");
                let violation = case.by(Invariant::OneInstance, *service, entry.at, what);
                if !found.iter().any(|known: &Violation| known.what == violation.what) {
                    found.push(violation);
                }
            }
            Event::Story(story) => {
                if let Word::Start(open) = &story.word {
                    let more = case.suite.descriptor(&case.members[story.service]);
                    let is_strange = |number: &&u32| **number > 2 && Some(**number) != more;
                    if let Some(number) = open.iter().find(is_strange) {
                        let what = format!("it was given descriptor {number}");
                        found.push(case.by(Invariant::NothingHandedOn, story.service, entry.at, what));
                    }
                }
            }
            Event::Step(Step::Scanner("KILL"), true) => killed += 1,
            // It can be seen once more, as a zombie.
            Event::ScannerGone(pid) if gone == Some(*pid) => {}
            Event::ScannerGone(pid) if killed > 0 => (killed, gone) = (killed - 1, Some(*pid)),
            Event::ScannerGone(pid) => found.push(Violation {
                invariant: Invariant::ScannerLives,
                at: entry.at,
                whom: "the scanner".into(),
                what: format!("{pid} has gone, and nobody killed it"),
            }),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::made::Made;

    #[test]
    fn two_instances_are_found_in_the_story_and_in_proc() {
        let mut made = Made::new();
        made.story(1, "plain-1", 7, Word::Start(vec![0, 1, 2]));
        assert_eq!(made.check(check), []);
        made.story(2, "plain-1", 8, Word::Double);
        made.add(3, Event::Twice(0, [7, 8]));
        made.add(4, Event::Twice(0, [7, 8]));
        assert_eq!(made.check(check), [Invariant::OneInstance, Invariant::OneInstance]);
    }

    #[test]
    fn descriptor_that_leaks_into_a_service_is_found() {
        let mut made = Made::new();
        made.story(1, "notify-1", 7, Word::Start(vec![0, 1, 2, 3]));
        assert_eq!(made.check(check), []);
        made.story(2, "plain-1", 8, Word::Start(vec![0, 1, 2, 3]));
        assert_eq!(made.check(check), [Invariant::NothingHandedOn]);
    }

    #[test]
    fn scanner_that_goes_by_itself_is_found() {
        let mut made = Made::new();
        made.step(1, "scanner KILL");
        made.add(2, Event::ScannerGone(5));
        assert_eq!(made.check(check), []);
        made.add(3, Event::ScannerGone(6));
        assert_eq!(made.check(check), [Invariant::ScannerLives]);
    }
}
