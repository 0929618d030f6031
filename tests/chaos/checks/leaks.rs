//! At quiet points supervisors and the scanner hold what they held at the first one.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::checker::{Case, Invariant, Violation};
use crate::fleet::Kind;
use crate::history::{Event, Holder, Rest};

/// What a supervisor has that has taken a service over: the handle of that process, and what the scanner says of deaths.
const TAKEN_OVER: usize = 2;
/// The same for a scanner, beside one for each supervisor: where their deaths are told, and the ring of deaths.
const ADOPTED: usize = 2;

/// What anonymous memory may grow by, in KiB, from the first time that a process is seen at rest.
const GROWTH: u64 = 128;

pub fn check(case: &Case<'_>) -> Vec<Violation> {
    let mut watch = Watch::default();
    let mut found = Vec::new();
    for entry in case.history {
        let Event::Quiet(quiet) = &entry.event else { continue };
        for (service, rest) in quiet.services.iter().enumerate() {
            let kind = case.members[service].kind;
            // They are never at rest.
            if !matches!(kind, Kind::Looping | Kind::Failing) {
                found.extend(watch.supervisor(case, service, rest, entry.at));
            }
        }
        if let Some(holder) = quiet.scanner {
            let more = case.members.len() + ADOPTED;
            let found_there = watch.holder(holder, "the scanner", 0, more);
            found.extend(found_there.map(|what| Violation {
                invariant: Invariant::NoLeak,
                at: entry.at,
                whom: "the scanner".into(),
                what,
            }));
        }
    }
    found
}

/// What was seen first.
#[derive(Default)]
struct Watch {
    /// Descriptors, by whom they belong to and what state that is in.
    descriptors: BTreeMap<(String, usize), usize>,
    memory: BTreeMap<i32, u64>,
}

impl Watch {
    fn supervisor(
        &mut self,
        case: &Case<'_>,
        service: usize,
        rest: &Rest,
        at: Duration,
    ) -> Option<Violation> {
        let [holder] = rest.supervisors[..] else { return None };
        let kind = format!("{:?}", case.members[service].kind);
        let what = self.holder(holder, &kind, rest.instances.len(), TAKEN_OVER)?;
        Some(case.by(Invariant::NoLeak, service, at, what))
    }

    fn holder(&mut self, holder: Holder, whose: &str, state: usize, more: usize) -> Option<String> {
        let Holder { pid, descriptors, anonymous } = holder;
        let first = *self.descriptors.entry((whose.to_owned(), state)).or_insert(descriptors);
        let memory = *self.memory.entry(pid).or_insert(anonymous);
        if descriptors > first + more {
            return Some(format!("{pid} has {descriptors} descriptors, where {first} were enough"));
        }
        (anonymous > memory + GROWTH)
            .then(|| format!("{pid} has {anonymous} KiB of memory, where {memory} were enough"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::made::Made;
    use crate::history::Quiet;

    /// What is found when the second of two quiet points is changed like this.
    fn found(change: impl Fn(&mut Quiet)) -> Vec<Invariant> {
        let mut made = Made::new();
        made.add(1, Event::Quiet(made.well()));
        let mut second = made.well();
        change(&mut second);
        made.add(2, Event::Quiet(second));
        made.check(check)
    }

    #[test]
    fn descriptors_and_memory_that_grow_are_found() {
        assert_eq!(found(|_| {}), []);
        assert_eq!(found(|quiet| quiet.services[0].supervisors[0].descriptors += 3), [Invariant::NoLeak]);
        assert_eq!(found(|quiet| quiet.services[0].supervisors[0].anonymous += 200), [Invariant::NoLeak]);
        let of_scanner = |quiet: &mut Quiet| quiet.scanner.as_mut().expect("it lives").anonymous += 200;
        assert_eq!(found(of_scanner), [Invariant::NoLeak]);
        let of_scanner = |quiet: &mut Quiet| quiet.scanner.as_mut().expect("it lives").descriptors += 60;
        assert_eq!(found(of_scanner), [Invariant::NoLeak]);
    }
}
