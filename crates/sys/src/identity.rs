//! Who this process is: its user, its group, its supplementary groups. For programs of one thread: the system
//! calls change only the one that makes them.

use std::io;

use rustix::process::{Gid, Uid, getegid, geteuid, getgid, getgroups, getuid};

/// Becomes this user for good: real, effective and saved, where it may; else as setuid(2) says.
///
/// # Errors
/// EPERM, and EAGAIN for a user with too many processes.
pub fn set_user(user: u32) -> io::Result<()> {
    Ok(rustix::thread::set_thread_uid(Uid::from_raw(user))?)
}

/// Makes this the group, as setgid(2) does.
///
/// # Errors
/// EPERM.
pub fn set_group(group: u32) -> io::Result<()> {
    Ok(rustix::thread::set_thread_gid(Gid::from_raw(group))?)
}

/// Makes these the supplementary groups, and no others.
///
/// # Errors
/// EPERM; EINVAL: more than the system allows.
pub fn set_groups(groups: &[u32]) -> io::Result<()> {
    let groups: Vec<Gid> = groups.iter().copied().map(Gid::from_raw).collect();
    Ok(rustix::thread::set_thread_groups(&groups)?)
}

/// The supplementary groups.
///
/// # Errors
/// None that the kernel documents.
pub fn groups() -> io::Result<Vec<u32>> {
    Ok(getgroups()?.into_iter().map(Gid::as_raw).collect())
}

/// This is the user, real and effective.
pub fn is_user(user: u32) -> bool {
    getuid().as_raw() == user && geteuid().as_raw() == user
}

/// This is the group, real and effective.
pub fn is_group(group: u32) -> bool {
    getgid().as_raw() == group && getegid().as_raw() == group
}
