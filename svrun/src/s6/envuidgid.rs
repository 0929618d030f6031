//! `s6-envuidgid`: the numbers of an account, as variables.

use std::ffi::OsString;
use std::process::ExitCode;

use cli::getopt::Grammar;

use super::ids::{VARIABLES, digits, list};
use super::{first, plan, run};
use crate::account;
use crate::apply::Refusal;
use crate::change::{Change, Plan};

const EXPORT: Grammar = Grammar {
    name: "s6-envuidgid",
    usage: "[ -i | -D defaultuid:defaultgid:defaultgidlist ] [ -u | -g | -B ] [ -n ] account prog...",
    letters: "ugBniD:",
    long: &[],
};

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
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
            // Either may be missing.
            Some((user, group)) => {
                (Some(user).filter(|u| !u.is_empty()), Some(group).filter(|g| !g.is_empty()))
            }
            None if wanted.user => (Some(account), None),
            None => (None, Some(account)),
        };
        let literal = |text: &str| if numbers { digits(text) } else { None };
        let missing =
            |name: &str| if insists { Err(Refusal::Unknown(name.to_owned().into())) } else { Ok(()) };
        if let Some(group) = group {
            match account::group(group)?.or_else(|| literal(group)) {
                Some(number) => self.group = number,
                None => missing(group)?,
            }
        }
        if let Some(user) = user {
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
