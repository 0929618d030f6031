//! Users and groups, as /etc/passwd and /etc/group have them (passwd(5), group(5)). No other source is asked: the
//! C library's functions would cost a static executable ten times as much.

use std::io;
use std::path::PathBuf;

const USERS: &str = "/etc/passwd";
const GROUPS: &str = "/etc/group";

/// The number of the group of this name; `None`: there is none.
///
/// # Errors
/// What open(2) and read(2) say.
pub fn group_number(name: &str) -> io::Result<Option<u32>> {
    find(GROUPS, |fields| (fields.first() == Some(&name)).then(|| number(fields, 2))?)
}

/// The name of the group with this number; its number where it has none.
pub fn group_name(wanted: u32) -> String {
    let name = |fields: &[&str]| (number(fields, 2) == Some(wanted)).then(|| fields[0].to_owned());
    find(GROUPS, name).ok().flatten().unwrap_or_else(|| wanted.to_string())
}

/// The name of the user with this number; `None`: nobody has it.
pub fn user_name(wanted: u32) -> Option<String> {
    find(USERS, |fields| (number(fields, 2) == Some(wanted)).then(|| fields[0].to_owned())).ok().flatten()
}

/// A user as people know him, for a message: `web (uid 1000)`, or `uid 1000` where he has no name.
pub fn described(user: u32) -> String {
    match user_name(user) {
        Some(name) => format!("{name} (uid {user})"),
        None => format!("uid {user}"),
    }
}

/// The group that a user belongs to first of all; `None`: nobody has this number.
///
/// # Errors
/// What open(2) and read(2) say.
pub fn primary_group(user: u32) -> io::Result<Option<u32>> {
    find(USERS, |fields| (number(fields, 2) == Some(user)).then(|| number(fields, 3))?)
}

/// The numbers of the user of this name and of his primary group; `None`: there is none.
///
/// # Errors
/// What open(2) and read(2) say.
pub fn user_numbers(name: &str) -> io::Result<Option<(u32, u32)>> {
    find(USERS, |fields| {
        let is_it = fields.first() == Some(&name);
        is_it.then(|| Some((number(fields, 2)?, number(fields, 3)?)))?
    })
}

/// A line of passwd(5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name of the user.
    pub name: String,
    /// His number.
    pub user: u32,
    /// The number of his primary group.
    pub group: u32,
    /// His home directory.
    pub home: PathBuf,
}

/// The account of this name; `None`: there is none, or no list of users at all.
///
/// # Errors
/// What open(2) and read(2) say.
pub fn account(name: &str) -> io::Result<Option<Account>> {
    pick_account(|account| account.name == name)
}

/// The first account with this number; `None` as for `account`.
///
/// # Errors
/// What open(2) and read(2) say.
pub fn account_of(user: u32) -> io::Result<Option<Account>> {
    pick_account(|account| account.user == user)
}

fn pick_account(is_it: impl Fn(&Account) -> bool) -> io::Result<Option<Account>> {
    let read = |fields: &[&str]| {
        let (user, group) = (number(fields, 2)?, number(fields, 3)?);
        let home = fields.get(5).copied().unwrap_or_default().into();
        Some(Account { name: fields[0].to_owned(), user, group, home })
    };
    or_nothing(find(USERS, |fields| read(fields).filter(|account| is_it(account))))
}

/// The numbers of the groups that list this user as a member, in the order of the file.
///
/// # Errors
/// What open(2) and read(2) say.
pub fn groups_with(name: &str) -> io::Result<Vec<u32>> {
    let groups = std::cell::RefCell::new(Vec::new());
    let collect = |fields: &[&str]| {
        let is_member = fields.get(3).is_some_and(|members| members.split(',').any(|member| member == name));
        groups.borrow_mut().extend(number(fields, 2).filter(|_| is_member));
        None::<()>
    };
    or_nothing(find(GROUPS, collect))?;
    Ok(groups.into_inner())
}

/// A list that does not exist has nobody in it.
fn or_nothing<T>(found: io::Result<Option<T>>) -> io::Result<Option<T>> {
    match found {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found,
    }
}

/// What `pick` makes of the first line of which it makes anything.
fn find<T>(path: &str, pick: impl Fn(&[&str]) -> Option<T>) -> io::Result<Option<T>> {
    let mut found = None;
    each_line(path, &mut |fields| {
        found = pick(fields);
        found.is_none()
    })?;
    Ok(found)
}

/// Shows the fields of each line, until that says no. Once for all callers: the code is larger than theirs.
fn each_line(path: &str, goes_on: &mut dyn FnMut(&[&str]) -> bool) -> io::Result<()> {
    let bytes = std::fs::read(path)?;
    let text = String::from_utf8_lossy(&bytes);
    for line in text.lines() {
        if !goes_on(&line.split(':').collect::<Vec<_>>()) {
            break;
        }
    }
    Ok(())
}

fn number(fields: &[&str], at: usize) -> Option<u32> {
    fields.get(at)?.parse().ok()
}

/// This process may do everything.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The user that this process runs as.
pub fn own() -> u32 {
    rustix::process::getuid().as_raw()
}

/// The effective user.
pub fn effective() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// A link of this user's leads where we would go ourselves: it is root, or we are.
pub fn is_trusted(user: u32) -> bool {
    user == 0 || user == effective()
}

/// The effective group.
pub fn own_group() -> u32 {
    rustix::process::getegid().as_raw()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_who_everybody_thinks_it_is() {
        assert_eq!(user_numbers("root").unwrap(), Some((0, 0)));
        assert_eq!(primary_group(0).unwrap(), Some(0));
        assert_eq!((group_number("root").unwrap(), group_name(0).as_str()), (Some(0), "root"));
        assert_eq!(user_numbers("no such user").unwrap(), None);
        let root = account("root").unwrap().unwrap();
        assert_eq!((root.user, root.group, root.home.as_path()), (0, 0, std::path::Path::new("/root")));
        assert_eq!(account_of(0).unwrap(), Some(root));
        assert_eq!((account("no such user").unwrap(), groups_with("no such user").unwrap()), (None, vec![]));
        assert_eq!(group_name(4_000_000_000), "4000000000");
        assert_eq!(
            (described(0), described(4_000_000_000)),
            ("root (uid 0)".into(), "uid 4000000000".into())
        );
    }
}
