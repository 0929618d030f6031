//! What people call the time decides nothing: it may stand still, or jump by a year either way.

mod common;

use std::time::Duration;

use common::*;
use lifecycle::*;
use unix::{Now, Stamp};

const YEAR: i64 = 366 * 86_400;
const TODAY: i64 = 1_700_000_000;

/// What a clock shows at the step of this number.
type Clock = fn(i64) -> i64;

const CLOCKS: [Clock; 6] = [
    |step| TODAY + step,
    |_| TODAY,
    |step| TODAY + if step % 100 > 50 { YEAR } else { 0 },
    |step| TODAY - if step % 100 > 50 { YEAR } else { 0 },
    |step| TODAY - step * YEAR / 7,
    |step| i64::from(i32::MIN) - step,
];

/// The actions, but for the moment of a death.
fn decided(actions: Vec<Action>) -> Vec<Action> {
    let nowhen = |action| match action {
        Action::Remember(_, exit) => Action::Remember(Stamp::from_unix(0, 0), exit),
        action => action,
    };
    actions.into_iter().map(nowhen).collect()
}

#[test]
fn time_of_day_decides_nothing() {
    for seed in 0..500_u64 {
        let events = EVENTS();
        let settings =
            Settings { restart_limit: Some(RestartLimit { count: 3, within: SECONDS }), ..SETTINGS };
        let begin = |clock: Clock| Service::new(now(clock, 0, 0), true, seed % 2 == 0);
        let mut services = CLOCKS.map(begin);
        let (mut random, mut monotonic) = (seed, 0);
        for step in 1..200 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let event = events[(random >> 33) as usize % events.len()].1;
            // It stands still as often as it does not.
            monotonic += (random >> 20) % 2 * 700;
            let mut all = CLOCKS.iter().zip(&mut services).map(|(&clock, service)| {
                let (next, actions) = service.clone().step(event, now(clock, step, monotonic), &settings);
                *service = next;
                (
                    service.phase(),
                    service.deadline(),
                    service.leaving(),
                    service.wanted_up(),
                    decided(actions),
                )
            });
            let first = all.next().unwrap();
            for other in all {
                assert_eq!(other, first, "seed {seed}, step {step}, {event:?}");
            }
        }
    }
}

const SECONDS: Duration = Duration::from_secs(60);

fn now(clock: Clock, step: i64, monotonic: u64) -> Now {
    Now { wall: Stamp::from_unix(clock(step), 0), monotonic: Duration::from_millis(monotonic) }
}
