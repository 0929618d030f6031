//! Which directory people mean, and why it cannot be used.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cli::Failure;

use sys::{file, users};

/// The variable that says where services are.
pub const SVDIR: &str = "SVDIR";

/// The directory that an operand names: a name without a slash that does not exist here is one in
/// `$SVDIR`, if it exists there.
pub fn locate(operand: OsString) -> PathBuf {
    let here = PathBuf::from(operand);
    if is_path(here.as_os_str()) || file::look(&here).is_ok_and(|found| found.is_some()) {
        return here;
    }
    match std::env::var_os(SVDIR).filter(|dir| !dir.is_empty()) {
        Some(dir) => {
            let there = Path::new(&dir).join(&here);
            if file::look(&there).is_ok_and(|found| found.is_some()) { there } else { here }
        }
        None => here,
    }
}

fn is_path(operand: &OsStr) -> bool {
    operand.as_bytes().contains(&b'/')
}

/// Whose the thing is that refused us, for a message: ` (web/supervise is owned by root (uid 0), mode 0700)`,
/// with its group where that may do something. The first of `paths` that can be looked at counts. Nothing if none can, or `cause` is no refusal.
pub fn denied(cause: &io::Error, paths: &[&Path]) -> String {
    if cause.kind() != io::ErrorKind::PermissionDenied {
        return String::new();
    }
    for path in paths {
        if let Ok(Some(info)) = file::look(path) {
            let (owner, mode) = (users::described(info.owner.0), info.mode);
            let group = match mode & 0o070 {
                0 => String::new(),
                _ => format!(", group {}", users::group_name(info.owner.1)),
            };
            return format!(" ({} is owned by {owner}{group}, mode {mode:04o})", path.display());
        }
    }
    String::new()
}

/// That it was not possible to do `what`, and, where it was forbidden, by what: as `denied`.
pub fn refused(what: impl Into<String>, cause: io::Error, paths: &[&Path]) -> Failure {
    let what = what.into() + &denied(&cause, paths);
    Failure::system(what, cause)
}
