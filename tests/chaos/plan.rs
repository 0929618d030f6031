//! A plan: what happens when, as a function of the seed and of nothing else. The same seed gives the same plan; what the
//! kernel makes of it, whom it lets run first, is not played again.
//!
//! ```text
//! seed 42
//! first hand
//! 120 supervisor plain-1 KILL
//! 260 command plain-1 d
//! quiet
//! ```
//!
//! Numbers are milliseconds since the last quiet point.

use std::fmt::{self, Display};

use crate::fleet::{Kind, Member, fleet};
use crate::kit::Random;
use crate::step::Step;

/// The length of a round, in milliseconds.
const ROUND: usize = 4000;

/// Who is process 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// The scanner, which then cannot be killed.
    Scanner,
    /// The hand of the storm.
    Hand,
}

/// What happens between two quiet points: milliseconds since the first, and a step.
pub type Round = Vec<(usize, Step)>;

/// A whole storm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub seed: u64,
    pub first: First,
    pub rounds: Vec<Round>,
}

impl Plan {
    /// The plan of a seed. One with more rounds begins as one with fewer.
    pub fn new(seed: u64, rounds: usize) -> Plan {
        let first = if Random::new(seed).once_in(2) { First::Scanner } else { First::Hand };
        let rounds = (0..rounds).map(|index| round(seed, index, first)).collect();
        Plan { seed, first, rounds }
    }

    /// From what `Display` wrote.
    pub fn parse(text: &str) -> Option<Plan> {
        let mut plan = Plan { seed: 0, first: First::Hand, rounds: vec![Vec::new()] };
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines {
            match line.split_once(' ') {
                Some(("seed", seed)) => plan.seed = seed.parse().ok()?,
                Some(("first", "scanner")) => plan.first = First::Scanner,
                Some(("first", "hand")) => plan.first = First::Hand,
                None if line == "quiet" => plan.rounds.push(Vec::new()),
                Some((at, step)) => {
                    plan.rounds.last_mut()?.push((at.parse().ok()?, Step::parse(step)?));
                }
                None => return None,
            }
        }
        // A quiet point ends a round.
        plan.rounds.pop_if(|round| round.is_empty());
        Some(plan)
    }
}

impl Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = if self.first == First::Scanner { "scanner" } else { "hand" };
        writeln!(f, "seed {}\nfirst {first}", self.seed)?;
        for round in &self.rounds {
            for (at, step) in round {
                writeln!(f, "{at} {step}")?;
            }
            writeln!(f, "quiet")?;
        }
        Ok(())
    }
}

fn round(seed: u64, index: usize, first: First) -> Round {
    let mut random = Random::new(seed.wrapping_mul(1_000_003).wrapping_add(index as u64 + 1));
    random.below(1);
    let members = fleet();
    let mut round = Vec::new();
    for _ in 0..40 + random.below(60) {
        let at = random.below(ROUND);
        draw(&mut random, &members, first, at, &mut round);
    }
    // Stable: what was drawn first stays first in its millisecond.
    round.sort_by_key(|(at, _)| *at);
    round
}

/// One thing that happens, with what ends it.
fn draw(random: &mut Random, members: &[Member], first: First, at: usize, round: &mut Round) {
    let member = &members[random.below(members.len())];
    let name = || member.name.clone();
    let later = at + 50 + random.below(1500);
    let mut both = |begin: Step, end: Step| round.extend([(at, begin), (later, end)]);
    match random.below(100) {
        0..34 => {
            let bytes = random.pick(&["u", "u", "u", "d", "d", "r", "t", "k", "o", "p", "c", "h", "dx", "x"]);
            round.push((at, Step::Command(name(), bytes.to_owned())));
        }
        34..52 => {
            let signal = random.pick(&["KILL", "KILL", "TERM", "USR1", "USR2"]);
            round.push((at, Step::Run(name(), signal)));
        }
        52..56 => round.push((at, Step::Script(name(), "KILL"))),
        56..70 => round.push((at, Step::Supervisor(name(), "KILL"))),
        70..72 if first == First::Hand => both(Step::Scanner("KILL"), Step::Start),
        72..75 => both(Step::Supervisor(name(), "STOP"), Step::Supervisor(name(), "CONT")),
        75 => both(Step::Scanner("STOP"), Step::Scanner("CONT")),
        76..81 if member.kind != Kind::Logger => both(Step::Unlink(name()), Step::Link(name())),
        81..84 if member.kind != Kind::Logger => round.push((at, Step::Relink(name()))),
        84..86 => both(Step::Fill, Step::Free),
        86..89 => both(Step::Descriptors(name()), Step::DescriptorsFree(name())),
        89 => both(Step::Processes, Step::ProcessesFree),
        90..92 => round.push((at, Step::FifoRubbish(name()))),
        92 => round.push((at, Step::FifoRemove(name()))),
        93 => round.push((at, Step::FifoReplace(name()))),
        94..96 => round.push((at, Step::Deaf(name()))),
        96..98 => round.push((at, Step::Scan(random.pick(&["a", "z", "n", "an"]).to_owned()))),
        _ => round.push((at, Step::Supervisor(name(), "TERM"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_gives_the_same_plan() {
        assert_eq!(Plan::new(7, 5), Plan::new(7, 5));
        assert_ne!(Plan::new(7, 5).rounds, Plan::new(8, 5).rounds);
        assert_eq!(Plan::new(7, 9).rounds[..5], Plan::new(7, 5).rounds[..]);
    }

    #[test]
    fn plan_is_read_as_it_is_printed() {
        for seed in 0..20 {
            let plan = Plan::new(seed, 20);
            assert_eq!(Plan::parse(&plan.to_string()), Some(plan));
        }
        assert_eq!(Plan::parse("seed 1\n12 dance plain-1\n"), None);
    }

    #[test]
    fn every_kind_of_step_comes() {
        let text: String = (0..4).map(|seed| Plan::new(seed, 100).to_string()).collect();
        for word in ["scanner KILL", "fifo-remove", "fifo-replace", "processes-free", "unlink", "deaf"] {
            assert!(text.contains(word), "{word}");
        }
    }

    #[test]
    fn scanner_that_is_process_1_is_not_killed() {
        let plans = (0..20).map(|seed| Plan::new(seed, 50)).filter(|plan| plan.first == First::Scanner);
        assert!(plans.into_iter().all(|plan| !plan.to_string().contains("scanner KILL")));
    }
}
