//! A machine that does something else is found out: for each law a hand that drops, doubles or withholds, and the law
//! that it breaks.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use std::collections::BTreeSet;

use control::{Command, ScanCommand};
use lifecycle::{Action, Event, Script};
use roster::Action as ScannerAction;
use simulation::{Fate, Law, Meddle, Schedule, play_with, shrink, tell};
use status::Notice;
use unix::{Exit, Signal};

/// Schedules that are tried until one breaks the law.
const SCHEDULES: u64 = 30_000;

fn fate(is_it: bool, fate: Fate) -> Fate {
    if is_it { fate } else { Fate::Keep }
}

const NOT: Meddle = Meddle::NOT;

/// What is done, and the law that is broken by it.
const MUTATIONS: &[(&str, Law, Meddle)] = &[
    (
        "run is started twice",
        Law::OneInstance,
        Meddle { action: |a| fate(*a == Action::SpawnRun, Fate::Twice), ..NOT },
    ),
    (
        "a supervisor is started twice",
        Law::OneSupervisor,
        Meddle { scanner_action: |a| fate(matches!(a, ScannerAction::Start(_)), Fate::Twice), ..NOT },
    ),
    (
        "a death of a check is not heard of",
        Law::OwnChildren,
        Meddle { hears: |e| Some(e).filter(|e| !matches!(e, Event::Exited(_, Exit::Code(1)))), ..NOT },
    ),
    ("deadlines come and go", Law::ComesUp, Meddle { sleeps: true, ..NOT }),
    (
        "what waits for its delay starts when it is told to go down",
        Law::Delay,
        Meddle {
            hears: |e| Some(if e == Event::Command(Command::Down) { Event::RunChanged } else { e }),
            ..NOT
        },
    ),
    (
        "what has failed starts when it is told to go down",
        Law::FailedStays,
        Meddle {
            hears: |e| {
                let down = e == Event::Command(Command::Down);
                Some(if down { Event::Command(Command::Once) } else { e })
            },
            ..NOT
        },
    ),
    (
        "loggers are stopped with their producers",
        Law::LoggersLast,
        Meddle {
            scanner_hears: |e| match e {
                roster::Event::Command(ScanCommand::Terminate) => {
                    Some(roster::Event::Command(ScanCommand::Quit))
                }
                other => Some(other),
            },
            ..NOT
        },
    ),
    (
        "a logger does not read to the end",
        Law::NoLineLost,
        Meddle { hears: |e| Some(if e == Event::Hangup { Event::Terminate } else { e }), ..NOT },
    ),
    ("nothing is left to a successor", Law::TakeOver, Meddle { forgets: true, ..NOT }),
    (
        "KILL is not sent",
        Law::GoesDown,
        Meddle { action: |a| fate(matches!(a, Action::Kill(_, Signal::KILL)), Fate::Drop), ..NOT },
    ),
    (
        "TERM is not sent",
        Law::GoesDown,
        Meddle { action: |a| fate(matches!(a, Action::Kill(_, Signal::TERM)), Fate::Drop), ..NOT },
    ),
    (
        "it does not exit",
        Law::Leaves,
        Meddle { action: |a| fate(matches!(a, Action::Exit(_)), Fate::Drop), ..NOT },
    ),
    (
        "finish is forgotten",
        Law::OneFinish,
        Meddle { action: |a| fate(matches!(a, Action::SpawnScript(Script::Finish, _)), Fate::Drop), ..NOT },
    ),
    (
        "finish comes twice",
        Law::OneFinish,
        Meddle { action: |a| fate(matches!(a, Action::SpawnScript(Script::Finish, _)), Fate::Twice), ..NOT },
    ),
    (
        "a death is not remembered",
        Law::OneFinish,
        Meddle { action: |a| fate(matches!(a, Action::Remember(..)), Fate::Drop), ..NOT },
    ),
    (
        "a record is not written",
        Law::Record,
        Meddle { action: |a| fate(matches!(a, Action::Publish([])), Fate::Drop), ..NOT },
    ),
    ("notices come before the record", Law::Notices, Meddle { notices_first: true, ..NOT }),
    (
        "notices come twice",
        Law::Notices,
        Meddle { action: |a| fate(matches!(a, Action::Publish([Notice::Up])), Fate::Twice), ..NOT },
    ),
    (
        "a down that is not made",
        Law::Wanted,
        Meddle { action: |a| fate(*a == Action::MakeDown, Fate::Drop), ..NOT },
    ),
    (
        "a directory that appears is not looked at",
        Law::Everybody,
        Meddle {
            scanner_action: |a| {
                fate(matches!(a, ScannerAction::Start(_) | ScannerAction::Look(_)), Fate::Drop)
            },
            ..NOT
        },
    ),
    (
        "a stop whose TERM goes astray",
        Law::TreeEmpties,
        Meddle { scanner_action: |a| fate(matches!(a, ScannerAction::Signal(..)), Fate::Drop), ..NOT },
    ),
    (
        "pipes are not closed",
        Law::TreeEmpties,
        Meddle { scanner_action: |a| fate(matches!(a, ScannerAction::ClosePipe(_)), Fate::Drop), ..NOT },
    ),
    (
        "the end of an essential service is not read",
        Law::Essential,
        Meddle { scanner_action: |a| fate(matches!(a, ScannerAction::ReadEnd(_)), Fate::Drop), ..NOT },
    ),
    (
        "something is done after the exit",
        Law::Sense,
        Meddle { action: |a| fate(matches!(a, Action::Exit(_)), Fate::Twice), ..NOT },
    ),
    (
        "a deadline is not heard of",
        Law::Rest,
        Meddle { scanner_hears: |e| Some(e).filter(|e| !matches!(e, roster::Event::Timeout)), ..NOT },
    ),
];

#[test]
fn every_mutation_breaks_its_law() {
    for &(what, law, meddle) in MUTATIONS {
        let breaks = |schedule: &Schedule| play_with(schedule, meddle).is_err_and(|broken| broken.law == law);
        let found = (0..SCHEDULES).map(Schedule::from_seed).position(|schedule| breaks(&schedule));
        let seed = found.unwrap_or_else(|| panic!("{what}: {law:?} holds")) as u64;
        let short = shrink(&Schedule::from_seed(seed), law, meddle);
        println!(
            "{what}: seed {seed}, {} moves: {}",
            short.moves.len(),
            tell(&short, meddle).lines().last().unwrap()
        );
        assert!(short.moves.len() <= 8, "{short:?}");
    }
}

#[test]
fn every_law_has_a_mutation() {
    let broken: BTreeSet<Law> = MUTATIONS.iter().map(|&(_, law, _)| law).collect();
    assert!(Law::ALL.iter().all(|law| broken.contains(law)), "{broken:?}");
}
