//! `s6-setuidgid`, `s6-applyuidgid`: another user.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use cli::Failure;
use cli::getopt::Grammar;

use super::{first, plan, run};
use crate::account::{self, Identity, Who};
use crate::apply::Refusal;
use crate::change::{Change, Plan};
use crate::numbers::plain;

const SET: Grammar = Grammar { name: "s6-setuidgid", usage: "username prog...", letters: "", long: &[] };

const APPLY: Grammar = Grammar {
    name: "s6-applyuidgid",
    usage: "[ -z ] [ -u uid ] [ -g gid ] [ -G gidlist ] [ -U ] prog...",
    letters: "zUu:g:G:",
    long: &[],
};

/// What goes from one of these programs to another.
pub(super) const VARIABLES: [&str; 3] = ["UID", "GID", "GIDLIST"];

pub(super) fn setuidgid(args: Vec<OsString>) -> ExitCode {
    run(set(args))
}

fn set(args: Vec<OsString>) -> Result<Plan, Refusal> {
    let mut words = SET.parse(args)?.operands;
    let account = first(&SET, &mut words)?;
    if account.is_empty() {
        return plan(&SET, Vec::new(), words);
    }
    let account = account.display().to_string();
    let changes = match account.split_once(':') {
        Some((user, group)) => {
            let number = |text| digits(text).ok_or_else(|| SET.misuse());
            become_numbers(Some(number(user)?), Some(number(group)?), Some(Vec::new()))
        }
        None => {
            let Identity { user, group, groups, .. } = account::look_up(&Who::Member(account))?;
            [become_numbers(user, group, groups), unset()].into_iter().flatten().collect()
        }
    };
    plan(&SET, changes, words)
}

/// Becomes these. 0 says nothing: only root can become root, and is it already.
fn become_numbers(user: Option<u32>, group: Option<u32>, groups: Option<Vec<u32>>) -> Vec<Change> {
    let (user, group) = (user.filter(|&user| user != 0), group.filter(|&group| group != 0));
    let groups = groups.map(|mut groups| {
        let group = group.unwrap_or_else(sys::users::own_group);
        groups.retain(|&other| other != group);
        groups.insert(0, group);
        groups
    });
    let who = Who::Numbers(Identity { user, group, groups, ..Identity::default() });
    vec![Change::LookUp(who), Change::Become]
}

fn unset() -> Vec<Change> {
    VARIABLES.map(|name| Change::Unset(name.into())).into()
}

pub(super) fn applyuidgid(args: Vec<OsString>) -> ExitCode {
    run(apply(args))
}

fn apply(args: Vec<OsString>) -> Result<Plan, Refusal> {
    let line = APPLY.parse(args)?;
    let (mut user, mut group, mut groups, mut changes) = (None, None, None, Vec::new());
    let number = |value: &OsStr| value.to_str().and_then(digits).ok_or_else(|| APPLY.misuse());
    for (letter, value) in &line.options {
        match letter {
            'u' => user = Some(number(value)?),
            'g' => group = Some(number(value)?),
            'G' => groups = Some(value.to_str().and_then(list).ok_or_else(|| APPLY.misuse())?),
            'U' => {
                user = Some(variable(VARIABLES[0], digits)?);
                group = Some(variable(VARIABLES[1], digits)?);
                groups = Some(variable(VARIABLES[2], list)?);
            }
            _ => changes = unset(),
        }
    }
    changes.extend(become_numbers(user, group, groups));
    plan(&APPLY, changes, line.operands)
}

/// What one of the variables says.
fn variable<T>(name: &str, parse: fn(&str) -> Option<T>) -> Result<T, Failure> {
    let Some(value) = std::env::var_os(name) else {
        return Err(Failure::Refused(format!("{name} is not set").into()));
    };
    let parsed = value.to_str().and_then(parse);
    parsed.ok_or_else(|| Failure::Refused(format!("{name} is not valid: {}", value.display()).into()))
}

pub(super) fn digits(text: &str) -> Option<u32> {
    Some(text).filter(|text| !text.is_empty()).and_then(plain)
}

/// Numbers with commas between them, and perhaps one after them.
pub(super) fn list(text: &str) -> Option<Vec<u32>> {
    let text = text.strip_suffix(',').unwrap_or(text);
    if text.is_empty() { Some(Vec::new()) } else { text.split(',').map(digits).collect() }
}
