//! The environment of the container as a directory: a file a variable, its value byte for byte.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use sys::file;

/// For everybody who may enter the directory.
const MODE: u32 = 0o644;

/// Writes variables into an empty directory. A name that no file can have is left out.
///
/// # Errors
/// What the system says of the first file that could not be written.
pub(crate) fn write(dir: &Path, variables: &[(OsString, OsString)]) -> io::Result<()> {
    let is_file_name =
        |name: &OsStr| !name.is_empty() && !name.as_bytes().contains(&b'/') && name != "." && name != "..";
    for (name, value) in variables.iter().filter(|(name, _)| is_file_name(name)) {
        let file = file::create(&dir.join(name), MODE)?;
        file::write_all(&file, value.as_bytes())?;
    }
    Ok(())
}

/// Reads them.
///
/// # Errors
/// The directory cannot be read. A file that cannot be read, or holds a zero byte, is left out.
pub(crate) fn read(dir: &Path) -> io::Result<Vec<(OsString, OsString)>> {
    let mut variables = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let name = entry?.file_name();
        let is_name = !name.as_bytes().starts_with(b".") && !name.as_bytes().contains(&b'=');
        if let Ok(value) = std::fs::read(dir.join(&name))
            && is_name
            && !value.contains(&0)
        {
            variables.push((name, OsString::from_vec(value)));
        }
    }
    Ok(variables)
}

/// Gives this process, and so whoever it starts, the environment that the directory holds.
///
/// # Errors
/// As `read`.
pub(crate) fn adopt(dir: &Path) -> io::Result<()> {
    sys::environment::replace(&read(dir)?);
    Ok(())
}
