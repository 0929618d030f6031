//! Whose a log directory and its files are, and who may read them.

use std::ffi::OsStr;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;

use cli::{Failure, Unable};
use sys::dir::Dir;
use sys::{file, guard, users};

/// Rights, with the numbers of those who have them. `None`: what the system gives.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rights {
    owner: Option<u32>,
    group: Option<u32>,
    /// The mode of files.
    pub(crate) mode: Option<u32>,
    dir_mode: Option<u32>,
}

impl Rights {
    /// Looks up who is meant.
    ///
    /// # Errors
    /// There is nobody of that name, or it cannot be looked up.
    pub(crate) fn find(wanted: &logscript::Rights) -> Result<Rights, Failure> {
        let user = |name: &str| Ok(users::user_numbers(name)?.map(|(user, _)| user));
        Ok(Rights {
            owner: number(wanted.owner.as_deref(), "user", user)?,
            group: number(wanted.group.as_deref(), "group", users::group_number)?,
            mode: wanted.mode,
            dir_mode: wanted.dir_mode,
        })
    }

    /// Gives a log directory to those who have rights on it.
    ///
    /// # Errors
    /// What chown(2) and chmod(2) say.
    pub(crate) fn give_dir(&self, dir: &Dir) -> io::Result<()> {
        self.give(dir)?;
        self.dir_mode.map_or(Ok(()), |mode| file::set_open_mode(dir, mode))
    }

    /// Gives them a file; its mode is set by whoever made it.
    ///
    /// # Errors
    /// What chown(2) says.
    pub(crate) fn give(&self, file: impl AsFd) -> io::Result<()> {
        if self.owner.is_none() && self.group.is_none() {
            return Ok(());
        }
        guard::give_open(file, self.owner, self.group)
    }
}

/// The number of a name, which may be the number itself.
fn number(
    name: Option<&[u8]>,
    what: &str,
    find: impl Fn(&str) -> io::Result<Option<u32>>,
) -> Result<Option<u32>, Failure> {
    let Some(name) = name else { return Ok(None) };
    let shown = OsStr::from_bytes(name).display();
    let text = std::str::from_utf8(name).unwrap_or_default();
    if let Ok(number) = text.parse() {
        return Ok(Some(number));
    }
    match find(text).unable(|| format!("look up the {what} {shown}"))? {
        Some(number) => Ok(Some(number)),
        None => Err(Failure::Refused(format!("there is no {what} {shown}").into())),
    }
}
