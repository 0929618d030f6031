//! Each goal against each story that a service can tell.

use super::*;
use unix::{Exit, Pid, Stamp};

const UP: u8 = 1;
const READY: u8 = 2;
const FINISHING: u8 = 4;

fn record(flags: u8) -> Record {
    let stamp = Stamp::from_unix(0, 0);
    Record {
        since: stamp,
        ready_since: stamp,
        pid: if flags & (UP | FINISHING) != 0 { Pid::new(7) } else { None },
        last_exit: Exit::Code(0),
        paused: false,
        finishing: flags & FINISHING != 0,
        wanted_up: true,
        ready: flags & READY != 0,
    }
}

/// The verdict after the record and the notices, a letter each.
fn story(goal: char, flags: u8, letters: &str) -> Option<Verdict> {
    let mut watcher = Watcher::new(Goal::from_letter(goal).unwrap(), Some(&record(flags)));
    letters.bytes().for_each(|letter| watcher.hear(Notice::from_letter(letter).unwrap()));
    watcher.verdict()
}

#[test]
fn each_goal_is_reached_at_its_letter_and_no_sooner() {
    let reached = Some(Verdict::Reached);
    for (goal, flags, before, last) in [
        ('u', 0, "", "u"),
        ('U', 0, "u", "U"),
        ('U', UP, "", "U"),
        ('d', UP, "U", "d"),
        ('D', UP | READY, "d", "D"),
        ('D', FINISHING, "", "D"),
        ('r', UP, "d", "u"),
        ('r', UP, "dD", "u"),
        ('r', 0, "", "u"),
        ('R', UP | READY, "dDu", "U"),
        ('R', FINISHING, "Du", "U"),
    ] {
        assert_eq!(story(goal, flags, before), None, "{goal} {flags} {before}");
        assert_eq!(story(goal, flags, &format!("{before}{last}")), reached, "{goal} {flags} {before}{last}");
    }
}

#[test]
fn record_alone_can_be_enough() {
    for (goal, flags) in
        [('u', UP), ('u', UP | READY), ('U', UP | READY), ('d', 0), ('d', FINISHING), ('D', 0), ('D', READY)]
    {
        assert_eq!(story(goal, flags, ""), Some(Verdict::Reached), "{goal} {flags}");
    }
}

#[test]
fn what_was_reached_can_be_left_again() {
    assert_eq!(story('u', UP, "d"), None);
    assert_eq!(story('U', UP | READY, "dDu"), None);
    assert_eq!(story('d', FINISHING, "Du"), None);
}

#[test]
fn failure_counts_only_where_the_service_should_come_up() {
    for goal in ['u', 'U', 'r', 'R'] {
        assert_eq!(story(goal, 0, "OD"), Some(Verdict::Failed), "{goal}");
        assert_eq!(story(goal, 0, "ODuU"), Some(Verdict::Failed), "{goal}: final");
    }
    assert_eq!(story('D', UP, "dO"), None);
    assert_eq!(story('D', UP, "dOD"), Some(Verdict::Reached));
}

#[test]
fn supervisor_that_exits_leaves_the_last_state_as_it_was() {
    assert_eq!(story('u', 0, "x"), Some(Verdict::Lost));
    assert_eq!(story('U', UP, "dDx"), Some(Verdict::Lost));
    assert_eq!(story('D', UP, "dDx"), Some(Verdict::Reached));
    assert_eq!(story('d', UP, "x"), Some(Verdict::Lost), "it left the service alone");
    assert_eq!(story('D', FINISHING, "x"), Some(Verdict::Lost), "it left a script alone");
    assert_eq!(story('u', UP, "x"), Some(Verdict::Reached));
}

#[test]
fn unsupervised_service_is_down_and_will_not_come_up() {
    let verdict = |goal| Watcher::unsupervised(goal).verdict();
    assert_eq!(verdict(Goal::Down), Some(Verdict::Reached));
    assert_eq!(verdict(Goal::Startable), Some(Verdict::Reached));
    assert_eq!(verdict(Goal::Up), Some(Verdict::Lost));
    assert_eq!(verdict(Goal::RestartedReady), Some(Verdict::Lost));
}

#[test]
fn record_of_a_new_supervisor_replaces_what_was_heard() {
    let mut watcher = Watcher::new(Goal::Ready, Some(&record(UP)));
    watcher.see(Some(&record(UP | READY)));
    assert_eq!(watcher.verdict(), Some(Verdict::Reached));
    watcher.see(None);
    assert_eq!(watcher.verdict(), None);
}

#[test]
fn all_waits_for_the_others_when_one_fails_and_not_when_one_is_lost() {
    let (r, f, l) = (Some(Verdict::Reached), Some(Verdict::Failed), Some(Verdict::Lost));
    let all = |verdicts: &[Option<Verdict>]| outcome(verdicts.iter().copied(), Quantity::All);
    assert_eq!(all(&[]), Some(Outcome::Reached));
    assert_eq!(all(&[r, None]), None);
    assert_eq!(all(&[f, None]), None);
    assert_eq!(all(&[f, r, f]), Some(Outcome::Failed(2)));
    assert_eq!(all(&[l, None]), Some(Outcome::Lost));
    assert_eq!(all(&[r, r]), Some(Outcome::Reached));
}

#[test]
fn any_is_content_with_one_and_gives_up_with_the_last() {
    let (r, f, l) = (Some(Verdict::Reached), Some(Verdict::Failed), Some(Verdict::Lost));
    let any = |verdicts: &[Option<Verdict>]| outcome(verdicts.iter().copied(), Quantity::Any);
    assert_eq!(any(&[f, l, r, None]), Some(Outcome::Reached));
    assert_eq!(any(&[f, l, None]), None);
    assert_eq!(any(&[f, f]), Some(Outcome::Failed(2)));
    assert_eq!(any(&[f, l]), Some(Outcome::Lost));
}
