//! The environment of this process, which whoever it starts inherits.

use std::ffi::OsString;

use crate::process::c_string;

/// Gives this process exactly these variables. For programs of one thread. A name or a value that no environment can
/// hold, or that there is no memory for, is left out.
pub fn replace(variables: &[(OsString, OsString)]) {
    let old: Vec<OsString> = std::env::vars_os().map(|(name, _)| name).collect();
    for name in old.iter().filter(|old| variables.iter().all(|(name, _)| name != *old)) {
        if let Some(name) = c_string(name) {
            // SAFETY: `name` ends with a zero byte. No program of ours has a second thread that could read the
            // environment meanwhile.
            unsafe { libc::unsetenv(name.as_ptr()) };
        }
    }
    for (name, value) in variables {
        if let (Some(name), Some(value)) = (c_string(name), c_string(value)) {
            // SAFETY: both end with a zero byte, and are copied; the rest as above. A name that is empty or has a
            // `=` in it is refused (setenv(3)).
            unsafe { libc::setenv(name.as_ptr(), value.as_ptr(), 1) };
        }
    }
}
