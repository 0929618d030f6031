//! A storm from its beginning to its end, and what is said of it.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use crate::checker::{Case, Violation, check, count};
use crate::fleet::fleet;
use crate::history::Entry;
use crate::observer::{Observer, Record};
use crate::order::Order;
use crate::plan::Plan;
use crate::player::Player;
use crate::quiet::{mend, quiet};
use crate::shrink::shrink;
use crate::stage::Stage;
use crate::step::Step;
use crate::suite::Suite;

/// What came of a storm.
#[derive(Debug)]
struct Outcome {
    /// The rounds that were played.
    played: Plan,
    history: Vec<Entry>,
    /// What the tree said.
    messages: String,
    violations: Vec<Violation>,
}

/// Plays what is asked. Ours must weather it; of others it is told what they did not.
pub fn weather(order: &Order) {
    let mut plan = order.plan.clone().unwrap_or_else(|| {
        println!("SEED={}", order.seed);
        // More than can be played in that time.
        let rounds = order.rounds.min(order.time.as_secs().min(1_000_000) as usize + 2);
        Plan::new(order.seed, rounds)
    });
    if order.plan.is_some() {
        println!("a plan of {} rounds", plan.rounds.len());
    }
    let begin = Instant::now();
    let enough = |round: usize| order.plan.is_none() && round > 0 && begin.elapsed() >= order.time;
    let outcome = play(order.suite, &plan, enough);
    println!("{}", summary(&outcome));
    if order.suite != Suite::Ours {
        let counts = count(&outcome.violations);
        for (invariant, count) in counts {
            println!("{:?} {invariant:?}: {count}", order.suite);
            let first = outcome.violations.iter().find(|violation| violation.invariant == invariant);
            first.into_iter().for_each(|violation| println!("  the first: {violation}"));
        }
        return;
    }
    if !outcome.violations.is_empty() {
        plan = outcome.played.clone();
        let history = keep("history", &format!("{:#?}", outcome.history));
        outcome.violations.iter().for_each(|violation| println!("{violation}"));
        let messages = keep("messages", &outcome.messages);
        println!("the history is in {}, what the tree said in {}", history.display(), messages.display());
        let smallest = smallest(order, &plan, &outcome.violations);
        let file = keep("plan", &smallest.to_string());
        panic!(
            "violated: {}\nSEED={} fails; what is left of its plan is in {} (CHAOS_PLAN plays it again):\n{smallest}",
            outcome.violations[0],
            plan.seed,
            file.display()
        );
    }
}

/// Plays a plan, until there is a violation, or it is over, or it is enough.
fn play(suite: Suite, plan: &Plan, enough: impl Fn(usize) -> bool) -> Outcome {
    let (stage, listeners) = Stage::start(suite, plan.first);
    let (record, services, story) = (Record::default(), stage.inside("store"), stage.story());
    let mut player = Player::new(stage, record.clone());
    let observer = Observer::start(player.eyes.clone(), services, story, listeners, record.clone());
    player.act(&Step::Start);
    quiet(&mut player);
    let mut played = Plan { rounds: Vec::new(), ..plan.clone() };
    let mut known = 0;
    for (index, round) in plan.rounds.iter().enumerate() {
        if enough(index) || !player.stage.lives() {
            break;
        }
        player.play(round);
        quiet(&mut player);
        played.rounds.push(round.clone());
        let found = violations(&player, &record).len();
        if found > known {
            if suite == Suite::Ours {
                break;
            }
            known = found;
            mend(&mut player);
        }
    }
    // What the observer sees last is in the record before it is looked at.
    drop(observer);
    let violations = violations(&player, &record);
    let messages = player.stage.namespace.log();
    Outcome { played, history: record.all(), messages, violations }
}

fn violations(player: &Player, record: &Record) -> Vec<Violation> {
    let history = record.all();
    check(&Case { members: &player.eyes.members, suite: player.eyes.suite, history: &history })
}

/// The smallest plan that violates one of the same invariants.
fn smallest(order: &Order, plan: &Plan, violations: &[Violation]) -> Plan {
    let begin = Instant::now();
    let wanted: Vec<_> = violations.iter().map(|violation| violation.invariant).collect();
    shrink(plan, |plan| {
        if begin.elapsed() > order.shrinking {
            return None;
        }
        // Twice: what the kernel does is not the same each time.
        Some((0..2).any(|_| {
            let outcome = play(order.suite, plan, |_| false);
            outcome.violations.iter().any(|violation| wanted.contains(&violation.invariant))
        }))
    })
}

fn summary(outcome: &Outcome) -> String {
    let steps: usize = outcome.played.rounds.iter().map(Vec::len).sum();
    let (rounds, entries) = (outcome.played.rounds.len(), outcome.history.len());
    format!(
        "{} services, {rounds} rounds, {steps} steps, {entries} entries, {} violations",
        fleet().len(),
        outcome.violations.len()
    )
}

/// Keeps something for whoever looks for the cause.
fn keep(what: &str, content: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = dir.join(format!("chaos-{}-{what}", std::process::id()));
    let written = std::fs::File::create(&path).and_then(|mut file| file.write_all(content.as_bytes()));
    written.expect("the target directory can be written to");
    path
}
