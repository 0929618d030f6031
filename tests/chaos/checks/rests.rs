//! At a quiet point everything is as it ought to be, in time, and what the record says is so.

use crate::checker::{Case, Invariant, Violation};
use crate::expect::{Beliefs, Want, Wrong, judge};
use crate::history::{Event, Quiet};
use crate::quiet::bound;

pub fn check(case: &Case<'_>) -> Vec<Violation> {
    let mut beliefs = Beliefs::new(case.members, case.suite);
    let mut found = Vec::new();
    for entry in case.history {
        if let Event::Quiet(quiet) = &entry.event {
            for (service, rest) in quiet.services.iter().enumerate() {
                let (member, want) = (&case.members[service], beliefs.want(service));
                let in_time = rest.settled.is_some_and(|time| time <= bound(member, want, case.suite));
                let wrong = match judge(rest, want, member, case.suite) {
                    Err(wrong) => Some((of(wrong), format!("{wrong:?}, wanted {want:?}: {rest:?}"))),
                    Ok(()) if !in_time => {
                        let late =
                            if want == Want::Down { Invariant::DownInTime } else { Invariant::UpInTime };
                        Some((late, format!("too late: {:?}", rest.settled)))
                    }
                    Ok(()) => None,
                };
                found.extend(wrong.map(|(invariant, what)| case.by(invariant, service, entry.at, what)));
            }
            found.extend(of_all(quiet).map(|(invariant, what)| Violation {
                invariant,
                at: entry.at,
                whom: "the tree".into(),
                what,
            }));
        }
        beliefs.take(entry);
    }
    found
}

fn of(wrong: Wrong) -> Invariant {
    match wrong {
        Wrong::Unsupervised | Wrong::TwoSupervisors | Wrong::Deaf => Invariant::Supervised,
        Wrong::Double => Invariant::OneInstance,
        Wrong::Lost => Invariant::UpInTime,
        Wrong::Stuck => Invariant::DownInTime,
        Wrong::Lie(_) => Invariant::RecordTrue,
    }
}

fn of_all(quiet: &Quiet) -> impl Iterator<Item = (Invariant, String)> {
    let dead = quiet.zombies.iter().map(|dead| (Invariant::NoZombie, format!("nobody collects {dead:?}")));
    let deaf = (!quiet.scanner_listens).then(|| (Invariant::Supervised, "the scanner is deaf".to_owned()));
    dead.chain(deaf)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::checks::made::Made;
    use crate::history::{Holder, State};

    const NONE: [Invariant; 0] = [];

    #[test]
    fn quiet_point_at_which_all_is_well_passes() {
        assert_eq!(Made::new().check_quiet(check, "plain-1", |_| {}), NONE);
    }

    #[test]
    fn service_that_is_lost_or_late_is_found() {
        let made = Made::new();
        let lost = made.check_quiet(check, "plain-1", |rest| rest.instances.clear());
        assert_eq!(lost, [Invariant::UpInTime]);
        let late = made.check_quiet(check, "plain-1", |rest| rest.settled = Some(Duration::from_secs(60)));
        assert_eq!(late, [Invariant::UpInTime]);
        let stands = made.check_quiet(check, "looping-1", |rest| rest.started = false);
        assert_eq!(stands, [Invariant::UpInTime]);
    }

    #[test]
    fn service_that_does_not_go_down_is_found() {
        let mut made = Made::new();
        made.step(1, "command plain-1 d");
        assert_eq!(made.check_quiet(check, "plain-1", |_| {}), [Invariant::DownInTime]);
        let went = made.check_quiet(check, "plain-1", |rest| {
            rest.instances.clear();
            rest.state = Some(State { pid: None, finishing: false, wanted_up: false, ready: true });
        });
        assert_eq!(went, NONE);
    }

    #[test]
    fn command_that_a_killed_supervisor_may_not_have_read_binds_nobody() {
        let mut made = Made::new();
        made.step(1, "command plain-1 d");
        made.step(1, "supervisor plain-1 KILL");
        assert_eq!(made.check_quiet(check, "plain-1", |_| {}), NONE);
        let mut made = Made::new();
        made.step(1, "command plain-1 d");
        made.step(3, "supervisor plain-1 KILL");
        assert_eq!(made.check_quiet(check, "plain-1", |_| {}), [Invariant::DownInTime]);
    }

    #[test]
    fn record_that_lies_is_found() {
        let lies: [fn(&mut State); 4] = [
            |state| state.pid = Some(9999),
            |state| state.wanted_up = false,
            |state| state.finishing = true,
            |state| state.ready = false,
        ];
        for lie in lies {
            let found = Made::new()
                .check_quiet(check, "notify-1", |rest| lie(rest.state.as_mut().expect("it has one")));
            assert_eq!(found, [Invariant::RecordTrue]);
        }
    }

    #[test]
    fn service_without_one_supervisor_that_listens_is_found() {
        let made = Made::new();
        let gone = made.check_quiet(check, "plain-1", |rest| rest.supervisors.clear());
        let two = made.check_quiet(check, "plain-1", |rest| rest.supervisors.push(Holder::default()));
        let deaf = made.check_quiet(check, "plain-1", |rest| rest.listens = false);
        assert_eq!([gone, two, deaf], [(); 3].map(|()| vec![Invariant::Supervised]));
    }

    #[test]
    fn two_instances_at_rest_are_found() {
        let found = Made::new().check_quiet(check, "plain-1", |rest| rest.instances.push(7));
        assert_eq!(found, [Invariant::OneInstance]);
    }

    #[test]
    fn zombies_and_a_deaf_scanner_are_found() {
        let mut made = Made::new();
        let mut quiet = made.well();
        quiet.zombies.push((9, "run".into()));
        quiet.scanner_listens = false;
        made.add(5, Event::Quiet(quiet));
        assert_eq!(made.check(check), [Invariant::NoZombie, Invariant::Supervised]);
    }
}
