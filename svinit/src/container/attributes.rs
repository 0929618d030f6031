//! `fix-attrs.d`: owners and modes of files, put in order where they are not.
//!
//! The walk goes down through open directories and never follows a link, so that nobody can lead it out of its subtree.
//! Only what is wrong is touched.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use stages::{Account, Attributes, BadLine};
use sys::attributes::Wanted;
use sys::{attributes, users};

use super::layout::Layout;
use super::say;
use super::scripts::files_in;

/// Puts everything in order; gives how many lines or files could not be.
pub(crate) fn fix(layout: &Layout, with_hidden: bool) -> usize {
    files_in(&layout.attributes()).iter().map(|file| fix_file(file, with_hidden)).sum()
}

/// The same for one file of lines.
pub(crate) fn fix_file(file: &Path, with_hidden: bool) -> usize {
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) => {
            say::warn(format_args!("unable to read {}: {}", file.display(), cli::reason(&error)));
            return 1;
        }
    };
    let mut failed = 0;
    for (number, line) in (1..).zip(text.split(|&byte| byte == b'\n')) {
        let place = || format!("{} line {number}", file.display());
        match Attributes::parse(line) {
            Ok(None) => {}
            Ok(Some(wanted)) => failed += apply(&wanted, with_hidden, &place()),
            Err(bad) => {
                say::warn(format_args!("{}: {}; it is ignored", place(), wrong(bad)));
                failed += 1;
            }
        }
    }
    failed
}

fn wrong(bad: BadLine) -> &'static str {
    match bad {
        BadLine::Words => {
            "it wants five words: path, true or false, account, mode of files, mode of directories"
        }
        BadLine::Path => "the path must begin with /",
        BadLine::Recurse => "the second word must be true or false",
        BadLine::Account => "the account must be user, user:group or user,number:number",
        BadLine::Mode => "a mode must be an octal number up to 7777",
    }
}

fn apply(attributes: &Attributes, with_hidden: bool, place: &str) -> usize {
    let Some(owner) = numbers(&attributes.account) else {
        let user = String::from_utf8_lossy(&attributes.account.user);
        say::warn(format_args!("{place}: no such user or group: {user}; it is ignored"));
        return 1;
    };
    let wanted =
        Wanted { owner, file_mode: attributes.file_mode, dir_mode: attributes.dir_mode, with_hidden };
    let mut failed = 0;
    for path in expand(&attributes.path) {
        attributes::put_in_order(&path, attributes.recurses, &wanted, &mut |path, error| {
            // Nobody can: a container with a read-only root is meant so.
            if error.kind() == io::ErrorKind::ReadOnlyFilesystem {
                return;
            }
            failed += 1;
            say::warn(format_args!("{place}: unable to change {}: {}", path.display(), cli::reason(&error)));
        });
    }
    failed
}

/// The numbers of an account: of each half by its name, else the one that it gives for the case that there is none.
fn numbers(account: &Account) -> Option<(u32, u32)> {
    let spare = account.fallback;
    let user = user(&account.user).or(spare);
    let (user, primary) = user?;
    match &account.group {
        Some(name) => Some((user, group(name).or(spare.map(|(_, group)| group))?)),
        None => Some((user, primary)),
    }
}

/// A user's number and that of his group.
fn user(name: &[u8]) -> Option<(u32, u32)> {
    let name = std::str::from_utf8(name).ok()?;
    match name.parse() {
        Ok(number) => Some((number, users::primary_group(number).ok().flatten().unwrap_or(number))),
        Err(_) => users::user_numbers(name).ok().flatten(),
    }
}

fn group(name: &[u8]) -> Option<u32> {
    let name = std::str::from_utf8(name).ok()?;
    name.parse().ok().or_else(|| users::group_number(name).ok().flatten())
}

/// The paths that a pattern means; without `*`, `?` and `[`, the path itself.
fn expand(pattern: &[u8]) -> Vec<PathBuf> {
    let path = PathBuf::from(OsStr::from_bytes(pattern));
    let is_pattern = |part: &OsStr| part.as_bytes().iter().any(|byte| b"*?[".contains(byte));
    let mut found = vec![PathBuf::from("/")];
    for part in path.iter().skip(1) {
        found = found
            .into_iter()
            .flat_map(|dir| if is_pattern(part) { matching(&dir, part) } else { vec![dir.join(part)] })
            .collect();
    }
    found
}

fn matching(dir: &Path, pattern: &OsStr) -> Vec<PathBuf> {
    let names = sys::dir::list(dir).unwrap_or_default().into_iter();
    let is_meant = |name: &OsStr| {
        let hidden = name.as_bytes().starts_with(b".") && !pattern.as_bytes().starts_with(b".");
        !hidden && cli::glob::matches(pattern.as_bytes(), name.as_bytes())
    };
    names.filter(|name| is_meant(name)).map(|name| dir.join(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_half_of_an_account_has_its_own_way_out() {
        let account = |line: &str| {
            let line = format!("/x true {line} 0600 0700");
            numbers(&Attributes::parse(line.as_bytes()).unwrap().unwrap().account)
        };
        assert_eq!(account("root"), Some((0, 0)));
        assert_eq!(account("root:unexisting,3:4"), Some((0, 4)));
        assert_eq!(account("unexisting:root,3:4"), Some((3, 0)));
        assert_eq!(account("unexisting,3:4"), Some((3, 4)));
        assert_eq!(account("11111:11111,3:4"), Some((11111, 11111)));
        assert_eq!(account("unexisting"), None);
    }

    #[test]
    fn pattern_means_what_is_there() {
        let root = std::env::temp_dir().join(format!("svinit-expand-{}", std::process::id()));
        for dir in ["a1/x", "a2/x", "b/x", ".a3/x"] {
            std::fs::create_dir_all(root.join(dir)).unwrap();
        }
        let pattern = root.join("a*/x");
        assert_eq!(expand(pattern.as_os_str().as_bytes()), [root.join("a1/x"), root.join("a2/x")]);
        let plain = root.join("nothing");
        assert_eq!(expand(plain.as_os_str().as_bytes()), [plain]);
        std::fs::remove_dir_all(root).unwrap();
    }
}
