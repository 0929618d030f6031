//! The services that the operands of a verb name.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use cli::options::Opt;
use cli::{Failure, Unable};

use crate::find::{self, Finder, Scans};

pub(crate) use crate::find::Place;

/// The option that says where services are.
pub(crate) const SCAN: Opt = Opt::value('C', "dir", "the scan directory");

/// The services that operands name, each once; one that cannot be found is reported.
///
/// # Errors
/// None was found.
pub(crate) fn services(scan: Option<OsString>, operands: Vec<OsString>) -> Result<Vec<Place>, Failure> {
    let finder = Finder::new(scan);
    let mut places: Vec<Place> = Vec::new();
    let mut failed = None;
    for operand in operands {
        match finder.named(operand, Scans::Listed) {
            Ok(found) => places.extend(found),
            Err(failure) => {
                let _ = failure.report();
                failed.get_or_insert(failure.code());
            }
        }
    }
    match failed {
        Some(code) if places.is_empty() => Err(Failure::Silent(code.into())),
        _ => Ok(places),
    }
}

/// The scan directory.
pub(crate) fn scan_directory(given: Option<OsString>) -> Result<PathBuf, Failure> {
    Finder::new(given).scan().map(Path::to_owned)
}

/// Every service of a scan directory, by name, and its logger.
pub(crate) fn all(scan: &Path) -> io::Result<Vec<Place>> {
    find::list(scan)
}

/// The same, for a verb that cannot do without.
pub(crate) fn all_or_fail(scan: &Path) -> Result<Vec<Place>, Failure> {
    all(scan).unable(|| ("list", scan))
}
