//! `s6-setuidgid`, `s6-envuidgid`, `s6-applyuidgid`.

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

const EXPORT: Grammar = Grammar {
    name: "s6-envuidgid",
    usage: "[ -i | -D defaultuid:defaultgid:defaultgidlist ] [ -u | -g | -B ] [ -n ] account prog...",
    letters: "ugBniD:",
    long: &[],
};

const APPLY: Grammar = Grammar {
    name: "s6-applyuidgid",
    usage: "[ -z ] [ -u uid ] [ -g gid ] [ -G gidlist ] [ -U ] prog...",
    letters: "zUu:g:G:",
    long: &[],
};

/// What goes from one of these programs to another.
const VARIABLES: [&str; 3] = ["UID", "GID", "GIDLIST"];

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

fn digits(text: &str) -> Option<u32> {
    Some(text).filter(|text| !text.is_empty()).and_then(plain)
}

/// Numbers with commas between them, and perhaps one after them.
fn list(text: &str) -> Option<Vec<u32>> {
    let text = text.strip_suffix(',').unwrap_or(text);
    if text.is_empty() { Some(Vec::new()) } else { text.split(',').map(digits).collect() }
}

pub(super) fn envuidgid(args: Vec<OsString>) -> ExitCode {
    run(export(args))
}

/// Which variables are set.
#[derive(Clone, Copy)]
struct Wanted {
    user: bool,
    group: bool,
    groups: bool,
}

/// What the variables become.
#[derive(Default)]
struct Values {
    user: u32,
    group: u32,
    groups: Vec<u32>,
}

fn export(args: Vec<OsString>) -> Result<Plan, Refusal> {
    let mut line = EXPORT.parse(args)?;
    let mut wanted = Wanted { user: true, group: true, groups: true };
    let (mut numbers_too, mut default) = (false, None);
    for (letter, value) in &line.options {
        match letter {
            'u' => wanted = Wanted { user: true, group: false, groups: false },
            'g' => wanted = Wanted { user: false, group: true, groups: false },
            'B' => wanted = Wanted { user: true, group: true, groups: false },
            'n' => (wanted.groups, numbers_too) = (false, true),
            'i' => default = None,
            _ => default = Some(value.to_str().and_then(defaults).ok_or_else(|| EXPORT.misuse())?),
        }
    }
    let account = first(&EXPORT, &mut line.operands)?.display().to_string();
    let insists = default.is_none();
    let mut values = default.unwrap_or_default();
    values.find(&account, wanted, numbers_too, insists)?;
    let all = [
        (wanted.user, values.user.to_string()),
        (wanted.group, values.group.to_string()),
        (wanted.groups, account::list(&values.groups)),
    ];
    let named = VARIABLES.into_iter().zip(all).filter(|(_, (is_wanted, _))| *is_wanted);
    let changes = named.map(|(name, (_, value))| Change::Set(name.into(), value.into()));
    plan(&EXPORT, changes.collect(), line.operands)
}

impl Values {
    /// Looks an account up, in the manner that was asked for; what is not found stays as it is, or is refused.
    fn find(&mut self, account: &str, wanted: Wanted, numbers: bool, insists: bool) -> Result<(), Refusal> {
        let is_both = wanted.user && wanted.group && !wanted.groups;
        let (user, group) = match account.split_once(':').filter(|_| is_both) {
            Some((user, group)) => (user, group),
            None if wanted.user => (account, ""),
            None => ("", account),
        };
        let literal = |text: &str| if numbers { digits(text) } else { None };
        let missing = |name: &str| if insists { Err(Refusal::Unknown(name.into())) } else { Ok(()) };
        if !group.is_empty() {
            match account::group(group)?.or_else(|| literal(group)) {
                Some(number) => self.group = number,
                None => missing(group)?,
            }
        }
        if user.is_empty() && (group.is_empty() || is_both) && !wanted.groups {
            return Ok(());
        }
        if wanted.user {
            match (account::account(user)?, literal(user)) {
                (Some(found), _) if wanted.groups => {
                    (self.user, self.group) = (found.user, found.group);
                    self.groups = account::member_groups(user)?;
                }
                (Some(found), _) => self.user = found.user,
                (None, Some(number)) => self.user = number,
                (None, None) => missing(user)?,
            }
        }
        Ok(())
    }
}

/// `uid:gid:gidlist`, each of which may be missing.
fn defaults(text: &str) -> Option<Values> {
    let number = |text: &str| if text.is_empty() { Some(0) } else { digits(text) };
    let mut parts = text.splitn(3, ':');
    let first = parts.next().filter(|_| !text.is_empty())?;
    Some(Values {
        user: number(first)?,
        group: number(parts.next().unwrap_or_default())?,
        groups: list(parts.next().unwrap_or_default())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_may_lack_their_ends() {
        let shown =
            |text| defaults(text).map(|v| format!("{} {} {}", v.user, v.group, account::list(&v.groups)));
        for (text, expected) in [
            ("3:4:5,6", Some("3 4 5,6")),
            ("7", Some("7 0 ")),
            (":", Some("0 0 ")),
            ("7:8", Some("7 8 ")),
            (":8", Some("0 8 ")),
            ("", None),
            ("x", None),
            ("7:8:x", None),
        ] {
            assert_eq!(shown(text).as_deref(), expected, "{text}");
        }
    }
}
