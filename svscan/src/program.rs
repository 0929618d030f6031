//! Which executable supervises.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cli::Failure;
use sys::{file, process};

/// An executable, and the name it is called by.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) path: CString,
    pub(crate) name: CString,
}

/// Finds `name`: beside our own executable, our own executable itself if it is all programs in one, or
/// on PATH.
pub(crate) fn find(name: &str, multi_call: bool) -> Result<Program, Failure> {
    let own = process::executable();
    let beside = own.as_deref().and_then(Path::parent).map(|folder| folder.join(name));
    let itself = own.clone().filter(|_| multi_call);
    let found = beside.filter(|path| file::is_executable(path)).or(itself).or_else(|| on_path(name));
    let path = found.and_then(process::c_string);
    match (path, CString::new(name)) {
        (Some(path), Ok(name)) => Ok(Program { path, name }),
        _ => Err(Failure::Missing(format!("{name}: neither beside svscan nor on PATH").into())),
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    path.as_bytes()
        .split(|&byte| byte == b':')
        .filter(|folder| folder.starts_with(b"/"))
        .map(|folder| Path::new(std::ffi::OsStr::from_bytes(folder)).join(name))
        .find(|path| file::is_executable(path))
}
