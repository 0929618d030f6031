//! Names that mean nothing and look as if they should.

use servicedir::{forms::FORMS, names};

/// What else can stand in a service directory: programs, directories of ours, and the user's own.
const OTHERS: [&str; 9] = [
    names::RUN,
    names::FINISH,
    names::CRASH,
    names::CHECK,
    names::LOG,
    names::SUPERVISE,
    names::EVENT,
    "data",
    "env",
];

/// Names of other suites, and of compilers of service sets: nothing to us, and no mistakes.
const FOREIGN: [&str; 9] = [
    "instance",
    "instances",
    "template",
    "nosetsid",
    "type",
    "producer-for",
    "consumer-for",
    "control",
    "conf",
];

/// How settings begin or end, but hardly anything else.
const MARKS: [&str; 8] =
    ["timeout-", "flag-", "max-", "restart-", "notification-", "-signal", "-fd", "-delay"];

/// What is wrong with a name; `None`: it means something, or is the user's own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Odd {
    /// It is nearly this one.
    Near(&'static str),
    /// It looks like a setting, and is none.
    NoSetting,
}

/// Looks at a name in a service directory.
pub(crate) fn odd(name: &str) -> Option<Odd> {
    let known = || FORMS.iter().map(|(name, _)| *name).chain(OTHERS);
    if name.starts_with('.') || known().any(|known| known == name) || FOREIGN.contains(&name) {
        return None;
    }
    if let Some(near) = nearest(name, known()) {
        return Some(Odd::Near(near));
    }
    MARKS.iter().any(|mark| name.starts_with(mark) || name.ends_with(mark)).then_some(Odd::NoSetting)
}

/// The one of `known` that was probably meant.
pub(crate) fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let spelled = plain(name.strip_suffix(".sh").unwrap_or(name));
    let (distance, near) = known.map(|known| (distance(&spelled, &plain(known)), known)).min()?;
    // Of a short name every other one is near.
    let most = match near.len() {
        0..=3 => 0,
        4..=6 => 1,
        _ => 2,
    };
    (distance <= most).then_some(near)
}

/// Spelled as settings are: small, with dashes.
fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.', ' '], "-")
}

/// Letters to insert, remove, replace or swap to get from one to the other.
fn distance(from: &str, to: &str) -> usize {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for i in 1..=from.len() {
        let mut next = vec![i; to.len() + 1];
        for j in 1..=to.len() {
            let cost = usize::from(from[i - 1] != to[j - 1]);
            next[j] = (row[j] + 1).min(next[j - 1] + 1).min(row[j - 1] + cost);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                next[j] = next[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut row, next);
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelled_name_finds_what_was_meant() {
        for (name, meant) in [
            ("timeout_kill", "timeout-kill"),
            ("notifcation-fd", "notification-fd"),
            ("Run", "run"),
            ("run.sh", "run"),
            ("finsih", "finish"),
            ("max-restart", "max-restarts"),
            ("essental", "essential"),
        ] {
            assert_eq!(odd(name), Some(Odd::Near(meant)), "{name}");
        }
        assert_eq!(odd("timeout-start-of-all"), Some(Odd::NoSetting));
    }

    #[test]
    fn names_of_ours_of_others_and_of_the_user_are_none_of_our_business() {
        for name in
            ["run", "down", "data", "type", "server.py", "config.toml", ".git", "README.md", "main", "web"]
        {
            assert_eq!(odd(name), None, "{name}");
        }
    }
}
