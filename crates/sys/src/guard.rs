//! Guards against what another user has planted at a path: a link, a FIFO, a device, one more name of a file that is
//! not his.
//!
//! What is opened here is looked at after it was opened, and what is changed is changed through the descriptor: so
//! nobody can put something else there in between. Source: open(2), path_resolution(7), chmod(2), symlink(7).

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Gid, Mode, OFlags, Uid};
use rustix::io::Errno;

use crate::file::{Info, Kind};
use crate::users;

/// How every file of ours is opened: no link is followed, no FIFO and no terminal makes us wait.
pub(crate) const FLAGS: OFlags =
    OFlags::CLOEXEC.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// Opens a file of ours, which must be a regular one if it exists; `FLAGS` are added. Nothing is emptied: what was
/// opened has not been looked at yet.
///
/// # Errors
/// What open(2) says; `InvalidInput`: it is a link, or something else that is no regular file.
pub(crate) fn open(path: &Path, flags: OFlags, mode: u32) -> io::Result<(OwnedFd, Names)> {
    open_at(CWD, path, flags, mode)
}

/// The same for a name in an open directory.
pub(crate) fn open_at(dir: impl AsFd, path: &Path, flags: OFlags, mode: u32) -> io::Result<(OwnedFd, Names)> {
    let file = match rustix::fs::openat(dir, path, flags | FLAGS, Mode::from_raw_mode(mode)) {
        // A FIFO that nobody reads, or a socket.
        Err(Errno::NXIO | Errno::ISDIR) => return Err(not_regular()),
        file => file.map_err(explain)?,
    };
    let stat = rustix::fs::fstat(&file)?;
    if Info::from(stat).kind != Kind::File {
        return Err(not_regular());
    }
    let names = if stat.st_nlink > 1 { Names::More } else { Names::One };
    Ok((file, names))
}

/// How many names a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// Ours only.
    One,
    /// Others, too: what is written to it may be written to somebody else's file.
    More,
}

/// Opens a regular file to read it.
///
/// # Errors
/// What open(2) says; `InvalidInput`: it is a link, or something else that is no regular file.
pub fn open_to_read(path: &Path) -> io::Result<std::fs::File> {
    Ok(open(path, OFlags::RDONLY, 0)?.0.into())
}

/// Opens a file of which every byte that it has may be written over or lost.
pub(crate) fn open_to_change(path: &Path, flags: OFlags, mode: u32) -> io::Result<OwnedFd> {
    only_ours(open(path, flags, mode)?)
}

/// A file that has no other name.
pub(crate) fn only_ours(opened: (OwnedFd, Names)) -> io::Result<OwnedFd> {
    match opened {
        (file, Names::One) => Ok(file),
        _ => Err(invalid("it has another name, by which it may be another file")),
    }
}

/// Gives an open file, or a directory, to a user and to a group; `None`: it keeps its own.
///
/// # Errors
/// What fchown(2) says; `InvalidInput`: it is a file with another name, by which it may be somebody else's.
pub fn give_open(file: impl AsFd, user: Option<u32>, group: Option<u32>) -> io::Result<()> {
    let stat = rustix::fs::fstat(&file)?;
    if Info::from(stat).kind == Kind::File && stat.st_nlink > 1 {
        return Err(invalid("it has another name, by which it may be another file"));
    }
    Ok(rustix::fs::fchown(file, user.map(Uid::from_raw), group.map(Gid::from_raw))?)
}

/// What open(2) says of a link that it should not follow (ELOOP), in plain words.
pub(crate) fn explain(error: Errno) -> io::Error {
    match error {
        Errno::LOOP => invalid("it is a link, which is not followed"),
        error => error.into(),
    }
}

fn not_regular() -> io::Error {
    invalid("not a regular file")
}

fn invalid(text: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

/// Something that stays the same thing, whatever comes to stand at its path.
#[derive(Debug)]
pub struct Held {
    place: OwnedFd,
    /// What it is.
    pub info: Info,
}

impl Held {
    /// The directory at `path`. A link is followed where nobody is led astray: it is root's or our own, or it leads
    /// to what belongs to the same user as the link.
    ///
    /// # Errors
    /// What open(2) says; `PermissionDenied`: a link that another user has made to what is not his.
    pub fn directory(path: &Path) -> io::Result<Held> {
        let held = Held::at(CWD, path, OFlags::NOFOLLOW)?;
        if held.info.kind != Kind::Link {
            return held.if_directory();
        }
        let maker = held.info.owner.0;
        // What a link says cannot change: that of the one that is held counts.
        let target = rustix::fs::readlinkat(&held.place, c"", Vec::new())?;
        let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let above = Held::at(CWD, above, OFlags::DIRECTORY)?;
        let end = Held::at(&above.place, Path::new(bytes(&target)), OFlags::empty())?.if_directory()?;
        if users::is_trusted(maker) || maker == end.info.owner.0 {
            return Ok(end);
        }
        let text = format!("it is a link of {} to what is not his", users::described(maker));
        Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
    }

    /// The directory at `path`, which we have just made: it is no link, and ours.
    pub(crate) fn new_directory(path: &Path) -> io::Result<Held> {
        let held = Held::at(CWD, path, OFlags::NOFOLLOW)?.if_directory()?;
        match held.info.owner.0 == users::effective() {
            true => Ok(held),
            false => {
                Err(io::Error::new(io::ErrorKind::PermissionDenied, "another one has come in its place"))
            }
        }
    }

    /// What is in this directory by this name, which is no link.
    ///
    /// # Errors
    /// What open(2) says; `InvalidInput`: it is of another kind.
    pub fn entry(&self, name: &str, kind: Kind) -> io::Result<Held> {
        let held = Held::at(&self.place, Path::new(name), OFlags::NOFOLLOW)?;
        match held.info.kind {
            found if found == kind => Ok(held),
            Kind::Link => Err(explain(Errno::LOOP)),
            _ => Err(invalid("it is not what it should be")),
        }
    }

    fn at(dir: impl AsFd, path: &Path, flags: OFlags) -> io::Result<Held> {
        let flags = OFlags::PATH | OFlags::CLOEXEC | flags;
        let place = rustix::fs::openat(dir, path, flags, Mode::empty())?;
        let info = rustix::fs::fstat(&place)?.into();
        Ok(Held { place, info })
    }

    fn if_directory(self) -> io::Result<Held> {
        match self.info.kind {
            Kind::Directory => Ok(self),
            _ => Err(Errno::NOTDIR.into()),
        }
    }

    /// Makes it the current directory.
    ///
    /// # Errors
    /// What fchdir(2) says.
    pub fn enter(&self) -> io::Result<()> {
        Ok(rustix::process::fchdir(&self.place)?)
    }

    /// Gives it to a group and then sets its mode, in which chown(2) clears bits.
    ///
    /// # Errors
    /// What chown(2) and chmod(2) say.
    pub fn give_to_group(&self, group: u32, mode: u32) -> io::Result<()> {
        self.give(None, Some(Gid::from_raw(group)))?;
        self.set_mode(mode)
    }

    /// Gives it to a user and his group.
    ///
    /// # Errors
    /// What chown(2) says.
    pub fn give_to_user(&self, (user, group): (u32, u32)) -> io::Result<()> {
        self.give(Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))
    }

    fn give(&self, user: Option<Uid>, group: Option<Gid>) -> io::Result<()> {
        Ok(rustix::fs::chownat(&self.place, c"", user, group, AtFlags::EMPTY_PATH)?)
    }

    /// Sets its mode.
    ///
    /// # Errors
    /// What chmod(2) says.
    pub fn set_mode(&self, mode: u32) -> io::Result<()> {
        let mode = Mode::from_raw_mode(mode);
        // fchmod(2) takes no such descriptor, and fchmodat2(2) needs Linux 6.6.
        let path = format!("/proc/self/fd/{}", self.place.as_raw_fd());
        match rustix::fs::chmodat(CWD, path, mode, AtFlags::empty()) {
            Err(Errno::NOENT | Errno::NOTDIR) if self.info.kind == Kind::Directory => {
                // There is no /proc yet.
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
                let itself = rustix::fs::openat(&self.place, c".", flags, Mode::empty())?;
                Ok(rustix::fs::fchmod(itself, mode)?)
            }
            changed => Ok(changed?),
        }
    }
}

fn bytes(text: &std::ffi::CStr) -> &std::ffi::OsStr {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(text.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::PathBuf;

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("sys-guard-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir(&dir).unwrap();
        dir
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn mode_is_that_of_what_is_held_and_of_nothing_else() {
        let dir = scratch("held");
        for name in ["mine", "other"] {
            std::fs::create_dir(dir.join(name)).unwrap();
            std::fs::set_permissions(dir.join(name), std::fs::Permissions::from_mode(0o750)).unwrap();
        }
        let held = Held::directory(&dir.join("mine")).unwrap();
        std::fs::rename(dir.join("mine"), dir.join("gone")).unwrap();
        symlink("other", dir.join("mine")).unwrap();
        held.give_to_group(users::own_group(), 0o3730).unwrap();
        assert_eq!((mode(&dir.join("gone")), mode(&dir.join("other"))), (0o3730, 0o750));
        // One's own link is followed.
        Held::directory(&dir.join("mine")).unwrap().set_mode(0o711).unwrap();
        assert_eq!(mode(&dir.join("other")), 0o711);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn fifo_that_is_there_already_is_not_ours() {
        let dir = scratch("fifo");
        crate::fifo::make(&dir.join("fifo"), 0o600).unwrap();
        symlink("nothing", dir.join("link")).unwrap();
        for name in ["fifo", "link"] {
            let error = crate::fifo::create(&dir.join(name), 0o600).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists, "{name}");
        }
        assert!(crate::fifo::create(&dir.join("new"), 0o600).is_ok());
        assert!(!dir.join("nothing").exists());
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn only_a_regular_file_with_one_name_is_changed() {
        let dir = scratch("change");
        let path = dir.join("file");
        std::fs::write(&path, "text").unwrap();
        assert!(open_to_change(&path, OFlags::WRONLY, 0).is_ok());
        symlink(&path, dir.join("link")).unwrap();
        crate::fifo::make(&dir.join("fifo"), 0o600).unwrap();
        std::fs::create_dir(dir.join("dir")).unwrap();
        for name in ["link", "fifo", "dir"] {
            let error = open_to_change(&dir.join(name), OFlags::WRONLY, 0).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{name}: {error}");
        }
        assert!(open_to_read(&dir.join("fifo")).is_err());
        std::fs::hard_link(&path, dir.join("second")).unwrap();
        assert!(open_to_change(&path, OFlags::WRONLY, 0).is_err());
        assert!(open_to_read(&path).is_ok());
        std::fs::remove_dir_all(dir).unwrap();
    }
}
