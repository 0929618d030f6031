//! Which services are meant.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use cli::{Failure, Unable};
use servicedir::names;
use svwait::{SVDIR, denied};
use sys::dir::Dir;
use sys::file;

use crate::target::{self, Role, Target};

/// Where a scan directory is when nobody says: the first of these that exists.
const SCAN_DIRECTORIES: [&str; 3] = ["/service", "/run/service", "/etc/service"];

/// A service directory.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// What people call it: the operand, or its name in the scan directory.
    pub(crate) name: OsString,
    /// Where it is.
    pub(crate) dir: PathBuf,
}

/// What was found.
pub(crate) struct Found {
    /// In the order of the operands; within a scan directory, by name.
    pub(crate) services: Vec<Place>,
    /// The code of the first operand that could not be looked at. It has been reported.
    pub(crate) failed: Option<u8>,
}

/// The services that the operands name: service directories, and all that a scan directory holds.
pub(crate) fn services(operands: Vec<OsString>) -> Result<Found, Failure> {
    let mut found = Found { services: Vec::new(), failed: None };
    if operands.is_empty() {
        let scan = scan_directory()?;
        found.services = list(&scan).unable(|| format!("list {}", scan.display()))?;
        return Ok(found);
    }
    for operand in operands {
        match named(operand) {
            Ok(places) => found.services.extend(places),
            Err(failure) => {
                let _ = failure.report();
                found.failed.get_or_insert(failure.code());
            }
        }
    }
    Ok(found)
}

pub(crate) fn scan_directory() -> Result<PathBuf, Failure> {
    if let Some(dir) = std::env::var_os(SVDIR).filter(|dir| !dir.is_empty()) {
        return Ok(PathBuf::from(dir));
    }
    let exists = |dir: &&&str| file::look(Path::new(dir)).is_ok_and(|found| found.is_some());
    SCAN_DIRECTORIES.iter().find(exists).map(PathBuf::from).ok_or_else(|| {
        let places = SCAN_DIRECTORIES.join(", ");
        Failure::NoSupervisor(format!("no scan directory: {SVDIR} is not set, and there is none of {places}"))
    })
}

fn named(operand: OsString) -> Result<Vec<Place>, Failure> {
    let target = Target::find(operand.clone()).map_err(|(dir, cause)| {
        let why = denied(&cause, &[&dir]);
        Failure::System { what: format!("look at {}{why}", dir.display()), cause }
    })?;
    let dir = target.dir;
    if target.role != Role::Service {
        let places = list(&dir).unable(|| format!("list {}", dir.display()))?;
        if target.role == Role::Scan || !places.is_empty() {
            return Ok(places);
        }
    }
    Ok(vec![Place { name: operand, dir }])
}

/// Every service directory in `scan`, and its logger's.
pub(crate) fn list(scan: &Path) -> io::Result<Vec<Place>> {
    let mut places = Vec::new();
    Dir::open(scan)?.each(|name| {
        let name = name.to_bytes();
        let dir = scan.join(OsStr::from_bytes(name));
        if !scandir::is_service_name(name) || !is_service(&dir) {
            return;
        }
        let log = dir.join(names::LOG);
        if is_service(&log) {
            let name = [name, b"/", names::LOG.as_bytes()].concat();
            places.push(Place { name: OsString::from_vec(name), dir: log });
        }
        places.push(Place { name: OsStr::from_bytes(name).into(), dir });
    })?;
    places.sort_unstable();
    Ok(places)
}

fn is_service(dir: &Path) -> bool {
    // One that may not be looked into is somebody's service all the same: its line says so.
    match target::role(dir) {
        Ok(role) => role == Role::Service,
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    }
}
