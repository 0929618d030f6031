//! Users and groups, by the system's data base.

use std::io;

use nix::unistd::{Gid, Group, Uid, User};

/// The number of the group of this name; `None`: there is none.
///
/// # Errors
/// What getgrnam(3) says.
pub fn group_number(name: &str) -> io::Result<Option<u32>> {
    Ok(Group::from_name(name)?.map(|group| group.gid.as_raw()))
}

/// The name of the group with this number; its number where it has none.
pub fn group_name(number: u32) -> String {
    match Group::from_gid(Gid::from_raw(number)) {
        Ok(Some(group)) => group.name,
        Ok(None) | Err(_) => number.to_string(),
    }
}

/// The group that a user belongs to first of all; `None`: nobody has this number.
///
/// # Errors
/// What getpwuid(3) says.
pub fn primary_group(user: u32) -> io::Result<Option<u32>> {
    Ok(User::from_uid(Uid::from_raw(user))?.map(|user| user.gid.as_raw()))
}

/// The numbers of the user of this name and of his primary group; `None`: there is none.
///
/// # Errors
/// What getpwnam(3) says.
pub fn user_numbers(name: &str) -> io::Result<Option<(u32, u32)>> {
    Ok(User::from_name(name)?.map(|user| (user.uid.as_raw(), user.gid.as_raw())))
}

/// This process may do everything.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The user that this process runs as.
pub fn own() -> u32 {
    rustix::process::getuid().as_raw()
}

/// The effective group.
pub fn own_group() -> u32 {
    rustix::process::getegid().as_raw()
}
