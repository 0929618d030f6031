//! Who is meant by a word, and becoming that one.

use std::io;
use std::path::PathBuf;

use cli::{Failure, Unable};
use sys::users::Account;
use sys::{identity, users};

use crate::apply::Refusal;
use crate::numbers::plain;

/// Who is meant, in the words of each suite.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    /// `svrun`: `USER[:GROUP]`, names or numbers, and supplementary groups other than the user's own.
    Ours(String, Option<Vec<String>>),
    /// `chpst`: `[:]USER[:GROUP...]`, after a colon all of them numbers.
    Listed(String),
    /// `setuidgid`: an account, with its primary group alone.
    Plain(String),
    /// `s6-setuidgid`: an account, with all its groups.
    Member(String),
    /// Numbers.
    Numbers(Identity),
}

/// Numbers to become; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity {
    pub(crate) user: Option<u32>,
    pub(crate) group: Option<u32>,
    pub(crate) groups: Option<Vec<u32>>,
    pub(crate) name: String,
    pub(crate) home: PathBuf,
    /// What is so already is not asked for again, which needs a privilege.
    pub(crate) only_what_differs: bool,
}

/// Finds out who is meant.
///
/// # Errors
/// Nobody is, or the list of users cannot be read.
pub(crate) fn look_up(who: &Who) -> Result<Identity, Refusal> {
    match who {
        Who::Ours(text, groups) => ours(text, groups.as_deref()),
        Who::Listed(text) => match text.strip_prefix(':') {
            Some(numbers) => listed_numbers(numbers),
            None => listed_names(text),
        },
        Who::Plain(name) => {
            let account = required(name)?;
            Ok(identity(account.user, vec![account.group]))
        }
        Who::Member(name) => {
            let account = required(name)?;
            let groups = member_groups(name)?;
            Ok(Identity { group: Some(account.group), ..identity(account.user, groups) })
        }
        Who::Numbers(identity) => Ok(identity.clone()),
    }
}

/// The groups that list a user, as /etc/group has them.
pub(crate) fn member_groups(name: &str) -> Result<Vec<u32>, Failure> {
    users::groups_with(name).unable(|| format!("look up the groups of {name}"))
}

/// The account of this name.
pub(crate) fn account(name: &str) -> Result<Option<Account>, Failure> {
    users::account(name).unable(|| format!("look up {name}"))
}

/// The number of the group of this name.
pub(crate) fn group(name: &str) -> Result<Option<u32>, Failure> {
    match users::group_number(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        number => number.unable(|| format!("look up the group {name}")),
    }
}

/// Numbers with commas between them.
pub(crate) fn list(groups: &[u32]) -> String {
    groups.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

fn required(name: &str) -> Result<Account, Refusal> {
    account(name)?.ok_or_else(|| Refusal::Unknown(name.to_owned().into()))
}

/// A user whose group is the first of these.
fn identity(user: u32, groups: Vec<u32>) -> Identity {
    Identity { user: Some(user), group: groups.first().copied(), groups: Some(groups), ..Identity::default() }
}

fn ours(text: &str, groups: Option<&[String]>) -> Result<Identity, Refusal> {
    let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
    let found = match (account(user)?, plain(user)) {
        (Some(account), _) => Some(account),
        (None, Some(number)) => users::account_of(number).unable(|| format!("look up {user}"))?,
        (None, None) => return Err(Refusal::Unknown(user.to_owned().into())),
    };
    // Who is in no list has a group of his own number, which nobody else has: not 0.
    let number = plain(user).unwrap_or_default();
    let account = found.clone().unwrap_or_else(|| Account {
        name: user.into(),
        user: number,
        group: number,
        home: "/".into(),
    });
    let primary = group.map_or(Ok(account.group), group_or_number)?;
    let mut all = match groups {
        Some(names) => names.iter().map(|name| group_or_number(name)).collect::<Result<Vec<_>, _>>()?,
        None if found.is_some() => member_groups(&account.name)?,
        None => Vec::new(),
    };
    all.retain(|&group| group != primary);
    all.insert(0, primary);
    Ok(Identity {
        name: account.name,
        home: account.home,
        only_what_differs: true,
        ..identity(account.user, all)
    })
}

fn group_or_number(name: &str) -> Result<u32, Refusal> {
    group(name)?.or_else(|| plain(name)).ok_or_else(|| Refusal::Unknown(name.to_owned().into()))
}

fn listed_numbers(text: &str) -> Result<Identity, Refusal> {
    // An empty number is 0, as it is for chpst.
    let number = |part: &str| if part.is_empty() { Some(0) } else { plain(part) };
    let numbers: Option<Vec<u32>> = text.split(':').map(number).collect();
    match numbers.as_deref() {
        Some([user, groups @ ..]) if !groups.is_empty() => Ok(identity(*user, groups.to_vec())),
        _ => Err(Refusal::Unknown(format!(":{text}").into())),
    }
}

fn listed_names(text: &str) -> Result<Identity, Refusal> {
    let mut parts = text.split(':');
    let account = required(parts.next().unwrap_or_default())?;
    let groups = parts.map(|name| group(name)?.ok_or_else(|| Refusal::Unknown(text.to_owned().into())));
    let groups = groups.collect::<Result<Vec<_>, Refusal>>()?;
    Ok(identity(account.user, if groups.is_empty() { vec![account.group] } else { groups }))
}

/// Becomes this one: groups, then the group, then the user, who may change nothing any more.
///
/// # Errors
/// The system refuses one of them.
pub(crate) fn become_who(who: &Identity) -> Result<(), Failure> {
    let differs = |is_so: bool| !(who.only_what_differs && is_so);
    if let Some(groups) = who.groups.as_ref().filter(|groups| differs(are_own(groups))) {
        identity::set_groups(groups).unable(|| format!("set the groups {}", list(groups)))?;
    }
    if let Some(group) = who.group.filter(|&group| differs(identity::is_group(group))) {
        identity::set_group(group).unable(|| format!("set the group {group}"))?;
    }
    if let Some(user) = who.user.filter(|&user| differs(identity::is_user(user))) {
        identity::set_user(user).unable(|| format!("become the user {user}"))?;
    }
    Ok(())
}

/// These groups are the own ones; the primary group may be missing there, as it is after login in a container.
fn are_own(groups: &[u32]) -> bool {
    let Ok(own) = identity::groups() else { return false };
    let is_primary = |group: &u32| groups.first() == Some(group) && identity::is_group(*group);
    let covered = groups.iter().all(|group| own.contains(group) || is_primary(group));
    covered && own.iter().all(|group| groups.contains(group))
}
