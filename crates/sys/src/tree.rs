//! Whole directories: copied and removed.

use std::ffi::{CStr, CString, OsStr};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, Gid, Mode, OFlags, Uid};

use crate::dir::Dir;
use crate::file::{self, Info, Kind};
use crate::{guard, process};

/// Bits by which a program gets the rights of its owner or its group.
const SET_ID: u32 = 0o6000;

/// Copies a directory with everything in it: files, directories, links, FIFOs, with their modes, and with
/// their owners where that is allowed. `to` must not exist. What comes to stand in the place of another thing
/// meanwhile is not followed, and nobody else reaches into the copy before it is whole.
///
/// # Errors
/// What the system says of the first thing that could not be copied; `Unsupported`: a device or a socket.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let umask = process::set_umask(0);
    let copied = copy_top(from, to);
    process::set_umask(umask);
    copied
}

fn copy_top(from: &Path, to: &Path) -> io::Result<()> {
    let (above, name) = place(to)?;
    copy_directory(&Dir::open(from)?, &above, name)
}

/// The directory that a path's last name is in, and that name.
fn place(path: &Path) -> io::Result<(Dir, &OsStr)> {
    let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or(io::ErrorKind::AlreadyExists)?;
    Ok((Dir::open(above)?, name))
}

fn copy_directory(from: &Dir, above: &Dir, name: &OsStr) -> io::Result<()> {
    let to = above.make_new(name, 0o700)?;
    let mut result = Ok(());
    from.each(|name| {
        if result.is_ok() {
            result = copy_one(from, &to, name);
        }
    })?;
    result?;
    keep_owner(to.as_fd(), &rustix::fs::fstat(from.as_fd())?.into())
}

fn copy_one(from: &Dir, to: &Dir, name: &CStr) -> io::Result<()> {
    let info = Info::from(rustix::fs::statat(from.as_fd(), name, AtFlags::SYMLINK_NOFOLLOW)?);
    match info.kind {
        Kind::File => copy_file(open(from, name, OFlags::empty())?, to, name),
        Kind::Directory => {
            let from = Dir::from(open(from, name, OFlags::DIRECTORY)?);
            copy_directory(&from, to, OsStr::from_bytes(name.to_bytes()))
        }
        Kind::Link => {
            let target: CString = rustix::fs::readlinkat(from.as_fd(), name, Vec::new())?;
            rustix::fs::symlinkat(target, to.as_fd(), name)?;
            give(to, name, &info);
            Ok(())
        }
        Kind::Fifo => {
            to.make_fifo(name, info.mode & !SET_ID)?;
            give(to, name, &info);
            Ok(())
        }
        Kind::Other => Err(io::ErrorKind::Unsupported.into()),
    }
}

fn open(dir: &Dir, name: &CStr, flags: OFlags) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | guard::FLAGS | flags;
    rustix::fs::openat(dir.as_fd(), name, flags, Mode::empty()).map_err(guard::explain)
}

fn copy_file(from: OwnedFd, to: &Dir, name: &CStr) -> io::Result<()> {
    let info = Info::from(rustix::fs::fstat(&from)?);
    if info.kind != Kind::File {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | guard::FLAGS;
    let to = rustix::fs::openat(to.as_fd(), name, flags, Mode::RUSR | Mode::WUSR)?;
    let mut content = Vec::new();
    std::fs::File::from(from).read_to_end(&mut content)?;
    file::write_all(&to, &content)?;
    keep_owner(to, &info)
}

/// Only root may give things away. What cannot be given to its owner must not have our rights for those who may
/// execute it.
fn keep_owner(copy: impl std::os::fd::AsFd, info: &Info) -> io::Result<()> {
    let (user, group) = (Uid::from_raw(info.owner.0), Gid::from_raw(info.owner.1));
    let given = rustix::fs::fchown(&copy, Some(user), Some(group)).is_ok();
    let mode = if given { info.mode } else { info.mode & !SET_ID };
    Ok(rustix::fs::fchmod(copy, Mode::from_raw_mode(mode))?)
}

fn give(dir: &Dir, name: &CStr, info: &Info) {
    let (user, group) = (Uid::from_raw(info.owner.0), Gid::from_raw(info.owner.1));
    let _ = rustix::fs::chownat(dir.as_fd(), name, Some(user), Some(group), AtFlags::SYMLINK_NOFOLLOW);
}

/// Removes a directory with everything in it, or a file. Links in it are removed, not followed. Nothing there is
/// all right.
///
/// # Errors
/// What unlink(2) and rmdir(2) say.
pub fn remove(path: &Path) -> io::Result<()> {
    match file::look_no_follow(path)? {
        None => Ok(()),
        Some(info) if info.kind == Kind::Directory => {
            let (above, name) = place(path)?;
            remove_directory(&above, name)
        }
        Some(_) => file::remove(path).map(drop),
    }
}

fn remove_directory(above: &Dir, name: &OsStr) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | guard::FLAGS;
    let fd = rustix::fs::openat(above.as_fd(), name, flags, Mode::empty()).map_err(guard::explain)?;
    let dir = Dir::from(fd);
    let mut result = Ok(());
    dir.each(|name| {
        if result.is_ok() {
            result = remove_one(&dir, name);
        }
    })?;
    result?;
    Ok(rustix::fs::unlinkat(above.as_fd(), name, AtFlags::REMOVEDIR)?)
}

fn remove_one(dir: &Dir, name: &CStr) -> io::Result<()> {
    match dir.remove(name) {
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
            remove_directory(dir, OsStr::from_bytes(name.to_bytes()))
        }
        // Somebody else has removed it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn copy_has_the_modes_and_the_links_of_the_original() {
        let root = std::env::temp_dir().join(format!("sys-tree-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(root.join("a/data")).unwrap();
        std::fs::write(root.join("a/run"), "x").unwrap();
        std::fs::set_permissions(root.join("a/run"), std::fs::Permissions::from_mode(0o751)).unwrap();
        std::os::unix::fs::symlink("nowhere", root.join("a/event")).unwrap();
        copy(&root.join("a"), &root.join("b")).unwrap();
        assert_eq!(file::look(&root.join("b/run")).unwrap().unwrap().mode, 0o751);
        assert_eq!(std::fs::read_link(root.join("b/event")).unwrap(), Path::new("nowhere"));
        assert!(root.join("b/data").is_dir());
        assert!(copy(&root.join("a"), &root.join("b")).is_err());
        remove(&root).unwrap();
        assert!(!root.exists());
        remove(&root).unwrap();
    }
}
