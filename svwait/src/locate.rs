//! Which directory people mean, and why it cannot be used.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sys::file;

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

/// Whose the thing is that refused us, for a message: ` (web/supervise belongs to uid 0, mode 0700)`. The
/// first of `paths` that can be looked at counts. Nothing if none can, or `cause` is no refusal.
pub fn denied(cause: &io::Error, paths: &[&Path]) -> String {
    if cause.kind() != io::ErrorKind::PermissionDenied {
        return String::new();
    }
    for path in paths {
        if let Ok(Some(info)) = file::look(path) {
            let (uid, mode) = (info.owner.0, info.mode);
            return format!(" ({} belongs to uid {uid}, mode {mode:04o})", path.display());
        }
    }
    String::new()
}
