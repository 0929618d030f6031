//! Users and groups, as /etc/passwd and /etc/group have them (passwd(5), group(5)). No other source is asked: the
//! C library's functions would cost a static executable ten times as much.

use std::io;

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

/// What `pick` makes of the first line of which it makes anything.
fn find<T>(path: &str, pick: impl Fn(&[&str]) -> Option<T>) -> io::Result<Option<T>> {
    let bytes = std::fs::read(path)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().find_map(|line| pick(&line.split(':').collect::<Vec<_>>())))
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
        assert_eq!(group_name(4_000_000_000), "4000000000");
        assert_eq!(
            (described(0), described(4_000_000_000)),
            ("root (uid 0)".into(), "uid 4000000000".into())
        );
    }
}
