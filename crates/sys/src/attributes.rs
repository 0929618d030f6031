//! Owners and modes of files in a subtree.
//!
//! Every directory is opened without following a link and everything in it is reached through that: whoever owns a
//! part of the subtree cannot lead the walk out of it. What already is as it should be is not touched.

use std::ffi::{CStr, OsStr};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Gid, Mode, OFlags, Stat, Uid};
use rustix::io::Errno;

use crate::dir::Dir;

/// What files shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// User and group.
    pub owner: (u32, u32),
    /// The mode of what is no directory.
    pub file_mode: u32,
    /// The mode of directories.
    pub dir_mode: u32,
    /// Also what has a name with a leading dot.
    pub with_hidden: bool,
}

/// Puts what is at `path` in order, and if `recurses` everything below. `failed` is told what could not be.
pub fn put_in_order(path: &Path, recurses: bool, wanted: &Wanted, failed: &mut dyn FnMut(&Path, io::Error)) {
    let Some(name) = path.file_name().map(|name| [name.as_bytes(), b"\0"].concat()) else { return };
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    // The part of the path that the administrator has written may have links in it.
    let parent = rustix::fs::openat(CWD, parent, flags, Mode::empty());
    let entry = CStr::from_bytes_with_nul(&name).unwrap_or_default();
    match parent {
        Ok(parent) => walk(&parent, entry, path, recurses, wanted, failed),
        Err(error) => failed(path, error.into()),
    }
}

fn walk(
    parent: &OwnedFd,
    name: &CStr,
    path: &Path,
    recurses: bool,
    wanted: &Wanted,
    failed: &mut dyn FnMut(&Path, io::Error),
) {
    // A descriptor of the thing itself: what is asked and done afterwards is about it, whatever its name becomes.
    let opened =
        rustix::fs::openat(parent, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
            .and_then(|file| rustix::fs::fstat(&file).map(|stat| (file, stat)));
    let (file, stat) = match opened {
        Ok(opened) => opened,
        // It has just gone.
        Err(Errno::NOENT) if recurses => return,
        Err(error) => return failed(path, error.into()),
    };
    let kind = FileType::from_raw_mode(stat.st_mode);
    if kind == FileType::Symlink {
        return;
    }
    if let Err(error) = change(&file, &stat, kind, wanted) {
        failed(path, error);
    }
    if recurses && kind == FileType::Directory {
        each(&file, path, wanted, failed);
    }
}

fn each(dir: &OwnedFd, path: &Path, wanted: &Wanted, failed: &mut dyn FnMut(&Path, io::Error)) {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(dir, c".", flags, Mode::empty());
    let mut names = Vec::new();
    let listed =
        opened.map_err(io::Error::from).and_then(|fd| Dir(fd).each(|name| names.push(name.to_owned())));
    if let Err(error) = listed {
        return failed(path, error);
    }
    for name in names.iter().filter(|name| wanted.with_hidden || !name.to_bytes().starts_with(b".")) {
        walk(dir, name, &path.join(OsStr::from_bytes(name.to_bytes())), true, wanted, failed);
    }
}

/// Changes what is not as it should be. The owner first: chown(2) clears bits of the mode.
fn change(file: &OwnedFd, stat: &Stat, kind: FileType, wanted: &Wanted) -> io::Result<()> {
    let mode = if kind == FileType::Directory { wanted.dir_mode } else { wanted.file_mode };
    let has_owner = (stat.st_uid, stat.st_gid) == wanted.owner;
    if !has_owner {
        let (user, group) = (Uid::from_raw(wanted.owner.0), Gid::from_raw(wanted.owner.1));
        rustix::fs::chownat(file, c"", Some(user), Some(group), AtFlags::EMPTY_PATH)?;
    }
    if !has_owner || stat.st_mode & 0o7777 != mode {
        set_mode(file, mode)?;
    }
    Ok(())
}

/// A descriptor that is only a place cannot be given to fchmod(2): its name in /proc can, and is no link to follow.
fn set_mode(file: &OwnedFd, mode: u32) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(rustix::fs::chmodat(CWD, path, Mode::from_raw_mode(mode), AtFlags::empty())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    #[test]
    fn subtree_is_put_in_order_and_no_link_is_followed() {
        let root = std::env::temp_dir().join(format!("sys-attributes-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("tree/sub")).unwrap();
        for file in ["outside", "tree/file", "tree/sub/deep", "tree/.hidden"] {
            fs::write(root.join(file), "").unwrap();
            fs::set_permissions(root.join(file), fs::Permissions::from_mode(0o644)).unwrap();
        }
        symlink(root.join("outside"), root.join("tree/link")).unwrap();
        symlink(&root, root.join("tree/sub/up")).unwrap();
        let own = fs::metadata(&root).unwrap();
        let wanted =
            Wanted { owner: (own.uid(), own.gid()), file_mode: 0o600, dir_mode: 0o750, with_hidden: false };
        put_in_order(&root.join("tree"), true, &wanted, &mut |path, error| {
            panic!("{}: {error}", path.display())
        });
        let mode = |path: &str| fs::symlink_metadata(root.join(path)).unwrap().mode() & 0o7777;
        assert_eq!([mode("tree"), mode("tree/sub")], [0o750, 0o750]);
        assert_eq!([mode("tree/file"), mode("tree/sub/deep")], [0o600, 0o600]);
        assert_eq!([mode("tree/.hidden"), mode("outside")], [0o644, 0o644]);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn what_is_in_order_is_not_touched() {
        let path = std::env::temp_dir().join(format!("sys-attributes-same-{}", std::process::id()));
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let before = fs::metadata(&path).unwrap();
        let wanted = Wanted {
            owner: (before.uid(), before.gid()),
            file_mode: 0o640,
            dir_mode: 0o750,
            with_hidden: true,
        };
        put_in_order(&path, false, &wanted, &mut |_, error| panic!("{error}"));
        let after = fs::metadata(&path).unwrap();
        assert_eq!((before.ctime(), before.ctime_nsec()), (after.ctime(), after.ctime_nsec()));
        fs::remove_file(path).unwrap();
    }
}
