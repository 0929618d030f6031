//! The shrinker: delta debugging of a plan. It leaves out ever smaller parts, as long as the rest still fails.

use crate::plan::{Plan, Round};
use crate::step::Step;

/// A step with its round and its moment.
type Atom = (usize, usize, Step);

/// The smallest plan that `fails` and that can be found by leaving steps out, before `fails` says that it has tried enough
/// (`None`).
pub fn shrink(plan: &Plan, mut fails: impl FnMut(&Plan) -> Option<bool>) -> Plan {
    let mut atoms = atoms(plan);
    let mut parts = 2;
    while !atoms.is_empty() {
        let size = atoms.len().div_ceil(parts);
        let mut smaller = None;
        for begin in (0..atoms.len()).step_by(size) {
            let end = (begin + size).min(atoms.len());
            let rest = [&atoms[..begin], &atoms[end..]].concat();
            match fails(&assemble(plan, &rest)) {
                Some(true) => smaller = Some(rest),
                Some(false) => continue,
                None => return assemble(plan, &atoms),
            }
            break;
        }
        match smaller {
            Some(rest) => (atoms, parts) = (rest, (parts - 1).max(2)),
            None if size == 1 => break,
            None => parts = (parts * 2).min(atoms.len()),
        }
    }
    assemble(plan, &atoms)
}

fn atoms(plan: &Plan) -> Vec<Atom> {
    let with_round = |(index, round): (usize, &Round)| {
        round.iter().map(|(at, step)| (index, *at, step.clone())).collect::<Vec<_>>()
    };
    plan.rounds.iter().enumerate().flat_map(with_round).collect()
}

/// Rounds that have nothing left go, with their quiet points.
fn assemble(plan: &Plan, atoms: &[Atom]) -> Plan {
    let mut rounds: Vec<(usize, Round)> = Vec::new();
    for (index, at, step) in atoms {
        match rounds.last_mut().filter(|(last, _)| last == index) {
            Some((_, round)) => round.push((*at, step.clone())),
            None => rounds.push((*index, vec![(*at, step.clone())])),
        }
    }
    let mut rounds: Vec<Round> = rounds.into_iter().map(|(_, round)| round).collect();
    if rounds.is_empty() {
        rounds.push(Vec::new());
    }
    Plan { rounds, ..plan.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::First;

    /// So many rounds of so many steps, no two of them the same.
    fn plan(rounds: usize, steps: usize) -> Plan {
        let step = |round: usize, at: usize| Step::Command("plain-1".into(), format!("{round}.{at}"));
        let round = |round| (0..steps).map(|at| (at, step(round, at))).collect();
        Plan { seed: 1, first: First::Hand, rounds: (0..rounds).map(round).collect() }
    }

    fn texts(plan: &Plan) -> Vec<String> {
        atoms(plan).iter().map(|(_, _, step)| step.to_string()).collect()
    }

    #[test]
    fn plan_shrinks_to_the_steps_that_matter() {
        let plan = plan(4, 70);
        let all = texts(&plan);
        let guilty = [all[3].clone(), all[all.len() / 2].clone(), all[all.len() - 2].clone()];
        let mut tries = 0;
        let smallest = shrink(&plan, |plan| {
            tries += 1;
            let left = texts(plan);
            Some(guilty.iter().all(|step| left.contains(step)))
        });
        assert_eq!(texts(&smallest), guilty);
        assert!(tries < 300, "{tries}");
    }

    #[test]
    fn failure_that_needs_no_step_shrinks_to_an_empty_plan() {
        let smallest = shrink(&plan(4, 70), |_| Some(true));
        assert_eq!(smallest.rounds, [Vec::new()]);
    }

    #[test]
    fn failure_that_does_not_come_again_leaves_the_plan_as_it_is() {
        let plan = plan(2, 70);
        assert_eq!(shrink(&plan, |_| Some(false)), plan);
    }

    #[test]
    fn shrinking_stops_when_it_has_tried_enough() {
        let plan = plan(2, 70);
        let mut left = 3;
        let smaller = shrink(&plan, |_| {
            left -= 1;
            (left >= 0).then_some(true)
        });
        assert!(texts(&smaller).len() < texts(&plan).len() && !texts(&smaller).is_empty());
    }
}
