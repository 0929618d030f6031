//! What is asked of a run, by its environment.

use std::time::Duration;

use crate::kit::{seeds, text};
use crate::plan::Plan;
use crate::suite::Suite;

/// How long the short form takes, which is a test as any other.
const SHORT: Duration = Duration::from_secs(20);

/// What shall be played.
#[derive(Clone, Debug)]
pub struct Order {
    pub suite: Suite,
    pub seed: u64,
    pub time: Duration,
    /// No more rounds than these, which are the same for each suite.
    pub rounds: usize,
    /// This plan, and nothing else.
    pub plan: Option<Plan>,
    /// How long a shrinker may try.
    pub shrinking: Duration,
}

impl Order {
    /// From the environment; `None`: another suite, and nobody has said for how long.
    pub fn asked() -> Option<Order> {
        let suite = Suite::asked();
        let number = |name: &str| -> Option<u64> { std::env::var(name).ok()?.parse().ok() };
        let file = std::env::var_os("CHAOS_PLAN").filter(|file| !file.is_empty());
        let plan = file.map(|file| Plan::parse(&text(&file)).expect("CHAOS_PLAN is a plan"));
        let (seconds, rounds) = (number("CHAOS_SECONDS"), number("CHAOS_ROUNDS"));
        if suite != Suite::Ours && seconds.or(rounds).is_none() && plan.is_none() {
            return None;
        }
        Some(Order {
            suite,
            seed: seeds(1).start,
            time: seconds.map_or(if rounds.is_some() { Duration::MAX } else { SHORT }, Duration::from_secs),
            rounds: rounds.map_or(usize::MAX, |rounds: u64| rounds as usize),
            plan,
            shrinking: Duration::from_secs(number("CHAOS_SHRINK").unwrap_or(600)),
        })
    }
}
