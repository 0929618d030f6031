//! The services that operands name.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use cli::Failure;

use crate::status::find;
pub(crate) use crate::status::find::Place;

/// The services that operands name; none: all that can be found.
pub(crate) fn services(operands: Vec<OsString>) -> Result<Vec<Place>, Failure> {
    let found = find::services(operands)?;
    match found.failed {
        Some(code) if found.services.is_empty() => Err(Failure::Silent(code)),
        _ => Ok(found.services),
    }
}

/// The scan directory when nobody says.
pub(crate) fn scan_directory() -> Result<PathBuf, Failure> {
    find::scan_directory()
}

/// Every service of a scan directory, by name, and its logger.
pub(crate) fn all(scan: &Path) -> io::Result<Vec<Place>> {
    find::list(scan)
}
