//! Whole directories: copied and removed.

use std::io;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Gid, Uid};

use crate::file::{self, Info, Kind};
use crate::{dir, fifo, process};

/// Copies a directory with everything in it: files, directories, links, FIFOs, with their modes, and with
/// their owners where that is allowed. `to` must not exist.
///
/// # Errors
/// What the system says of the first thing that could not be copied; `Unsupported`: a device or a socket.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let umask = process::set_umask(0);
    let copied = copy_one(from, to);
    process::set_umask(umask);
    copied
}

fn copy_one(from: &Path, to: &Path) -> io::Result<()> {
    let info = file::look_no_follow(from)?.ok_or(io::ErrorKind::NotFound)?;
    match info.kind {
        Kind::File => file::write_all(file::open_emptied(to, 0o600)?, &std::fs::read(from)?)?,
        Kind::Directory => {
            if !dir::make(to, 0o700)? {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            for entry in std::fs::read_dir(from)? {
                let name = entry?.file_name();
                copy_one(&from.join(&name), &to.join(&name))?;
            }
        }
        Kind::Link => std::os::unix::fs::symlink(std::fs::read_link(from)?, to)?,
        Kind::Fifo => fifo::make(to, info.mode)?,
        Kind::Other => return Err(io::ErrorKind::Unsupported.into()),
    }
    keep_owner(to, &info)
}

fn keep_owner(path: &Path, info: &Info) -> io::Result<()> {
    let (user, group) = (Uid::from_raw(info.owner.0), Gid::from_raw(info.owner.1));
    // Only root may give things away.
    let _ = rustix::fs::chownat(CWD, path, Some(user), Some(group), AtFlags::SYMLINK_NOFOLLOW);
    if info.kind == Kind::Link { Ok(()) } else { file::set_mode(path, info.mode) }
}

/// Removes a directory with everything in it, or a file. Links in it are removed, not followed. Nothing there is
/// all right.
///
/// # Errors
/// What unlink(2) and rmdir(2) say.
pub fn remove(path: &Path) -> io::Result<()> {
    match file::look_no_follow(path)? {
        None => Ok(()),
        Some(info) if info.kind == Kind::Directory => std::fs::remove_dir_all(path),
        Some(_) => file::remove(path).map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_has_the_modes_and_the_links_of_the_original() {
        let root = std::env::temp_dir().join(format!("sys-tree-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(root.join("a/data")).unwrap();
        std::fs::write(root.join("a/run"), "x").unwrap();
        file::set_mode(&root.join("a/run"), 0o751).unwrap();
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
