//! Secrets in files: where `NAME_FILE` names a file, `NAME` becomes what is in it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use cli::{Failure, Unable};

use crate::environment::Environment;

const SUFFIX: &[u8] = b"_FILE";

/// Replaces each `NAME_FILE` by `NAME`, without the newlines at the end of the file; only these names, if there are
/// any.
///
/// # Errors
/// A file cannot be read, has a zero byte in it, or the name has a value already.
pub(crate) fn read(names: &[String], environment: &mut Environment) -> Result<(), Failure> {
    for (name, path) in wanted(names, environment) {
        let shown = name.display();
        if environment.variables().any(|(other, _)| other == name) {
            let text = format!("{shown} and {shown}_FILE are both set");
            return Err(Failure::Refused(text.into()));
        }
        let mut value =
            std::fs::read(Path::new(&path)).unable(|| format!("read {}, for {shown}", path.display()))?;
        while value.last() == Some(&b'\n') {
            value.pop();
        }
        if value.contains(&0) {
            return Err(Failure::Refused(format!("{}: a zero byte in it", path.display()).into()));
        }
        let file = [name.as_bytes(), SUFFIX].concat();
        environment.unset(OsStr::from_bytes(&file));
        environment.set(&name, OsStr::from_bytes(&value));
    }
    Ok(())
}

/// The names that have a file, with it.
fn wanted(names: &[String], environment: &Environment) -> Vec<(OsString, OsString)> {
    let secret = |(variable, path): (&OsStr, &OsStr)| {
        let name = variable.as_bytes().strip_suffix(SUFFIX).filter(|name| !name.is_empty())?;
        let is_wanted = names.is_empty() || names.iter().any(|wanted| wanted.as_bytes() == name);
        is_wanted.then(|| (OsStr::from_bytes(name).to_owned(), path.to_owned()))
    };
    environment.variables().filter_map(secret).collect()
}
