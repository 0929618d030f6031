//! The environment of this process, which whoever it starts inherits.

use std::ffi::{OsStr, OsString};

/// Gives this process exactly these variables. For programs of one thread. A name or a value that no environment can
/// hold is left out.
pub fn replace(variables: &[(OsString, OsString)]) {
    let old: Vec<OsString> = std::env::vars_os().map(|(name, _)| name).collect();
    for name in old.iter().filter(|old| variables.iter().all(|(name, _)| name != *old)) {
        // SAFETY: no program of ours has a second thread that could read the environment meanwhile.
        unsafe { std::env::remove_var(name) };
    }
    for (name, value) in variables.iter().filter(|(name, value)| can_be(name, value)) {
        // SAFETY: as above.
        unsafe { std::env::set_var(name, value) };
    }
}

fn can_be(name: &OsStr, value: &OsStr) -> bool {
    let (name, value) = (name.as_encoded_bytes(), value.as_encoded_bytes());
    !name.is_empty() && !name.contains(&b'=') && !name.contains(&0) && !value.contains(&0)
}
