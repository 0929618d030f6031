//! Which services are meant.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cli::{Failure, Unable};
use servicedir::names;
use svwait::{SVDIR, denied};
use sys::file;

use crate::display::shown;
use crate::target::{self, Role, Target};
use cli::glob;

/// Where a scan directory is when nobody says: the first of these that has a live scanner.
const SCAN_DIRECTORIES: [&str; 3] = ["/service", "/run/service", "/etc/service"];

/// A service directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// What people call it: the operand, or its name in the scan directory.
    pub(crate) name: OsString,
    /// Where it is.
    pub(crate) dir: PathBuf,
}

/// What an operand that is a scan directory stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scans {
    /// Its services.
    Listed,
    /// Nothing: who wants all of them says so.
    Refused,
}

/// Looks services up.
#[derive(Debug)]
pub(crate) struct Finder {
    /// The scan directory in which names are looked up first; `None`: there is none.
    scan: Option<PathBuf>,
}

impl Finder {
    /// For the scan directory `given`, or the one of this machine.
    pub(crate) fn new(given: Option<OsString>) -> Finder {
        let svdir = || std::env::var_os(SVDIR).filter(|dir| !dir.is_empty());
        Finder { scan: given.or_else(svdir).map(PathBuf::from).or_else(usual) }
    }

    /// The scan directory.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn scan(&self) -> Result<&Path, Failure> {
        self.scan.as_deref().ok_or_else(|| {
            let places = SCAN_DIRECTORIES.join(", ");
            let text = format!(
                "no scan directory: {SVDIR} is not set, and there is none of {places}; -C DIR says where it is"
            );
            Failure::NoSupervisor(text.into())
        })
    }

    /// All services of the scan directory.
    pub(crate) fn all(&self) -> Result<Vec<Place>, Failure> {
        let scan = self.scan()?;
        list(scan).map_err(|cause| {
            let why = denied(&cause, &[scan]);
            Failure::system(format!("list {}{why}", scan.display()), cause)
        })
    }

    /// The services that an operand means: by a pattern, by its name in the scan directory, by its path.
    pub(crate) fn named(&self, operand: OsString, scans: Scans) -> Result<Vec<Place>, Failure> {
        if self.scan.is_some() && is_pattern(&operand) {
            return self.matching(&operand);
        }
        if let Some(place) = self.in_scan(&operand) {
            return Ok(vec![place]);
        }
        let target = Target::find(operand.clone()).map_err(|(dir, cause)| self.missing(&dir, cause))?;
        let dir = target.dir;
        match (target.role, scans) {
            (Role::Service, _) => {}
            (_, Scans::Listed) => {
                let places = list(&dir).unable(|| ("list", &dir))?;
                if target.role == Role::Scan || !places.is_empty() {
                    return Ok(places);
                }
            }
            (Role::Scan, Scans::Refused) => {
                let text = format!("{0} is a scan directory; name its services: -C {0} '*'", dir.display());
                return Err(Failure::Refused(text.into()));
            }
            (Role::Unknown, Scans::Refused) => {}
        }
        Ok(vec![Place { name: operand, dir }])
    }

    fn matching(&self, pattern: &OsStr) -> Result<Vec<Place>, Failure> {
        let mut places = self.all()?;
        places.retain(|place| glob::matches(pattern.as_bytes(), place.name.as_bytes()));
        if places.is_empty() {
            let scan = self.scan()?.display();
            let text = format!("no service in {scan} has a name like {}", shown(pattern));
            return Err(Failure::Refused(text.into()));
        }
        Ok(places)
    }

    fn in_scan(&self, operand: &OsStr) -> Option<Place> {
        let name = operand.as_bytes();
        let first = name.split(|&b| b == b'/').next()?;
        if !scandir::is_service_name(first) {
            return None;
        }
        let dir = self.scan.as_ref()?.join(operand);
        is_service(&dir).then(|| Place { name: operand.into(), dir })
    }

    fn missing(&self, dir: &Path, cause: io::Error) -> Failure {
        let why = denied(&cause, &[dir]);
        match &self.scan {
            Some(scan) if cause.kind() == io::ErrorKind::NotFound => {
                let what = format!("find {} here or in {}", shown(dir), scan.display());
                Failure::system(what, io::Error::new(cause.kind(), "no such service"))
            }
            _ => Failure::system(format!("look at {}{why}", shown(dir)), cause),
        }
    }
}

/// The first of the usual places that has a live scanner; else the first that exists.
fn usual() -> Option<PathBuf> {
    let exists = |dir: &&&str| file::look(Path::new(dir)).is_ok_and(|found| found.is_some());
    let there: Vec<_> = SCAN_DIRECTORIES.iter().filter(exists).map(Path::new).collect();
    let live = there.iter().find(|dir| is_scanned(dir));
    live.or(there.first()).map(|dir| dir.to_path_buf())
}

/// A scanner works on `dir`, as far as we may know.
pub(crate) fn is_scanned(dir: &Path) -> bool {
    match scandir::is_scanned(dir) {
        Ok(is_scanned) => is_scanned,
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    }
}

/// That nobody scans `dir`, and what to do.
pub(crate) fn not_scanned(dir: &Path) -> String {
    format!("no scanner runs on {0}; start one with: svscan {0}", shown(dir))
}

/// Not for what is clearly a path: the shell has had its look at that.
fn is_pattern(operand: &OsStr) -> bool {
    let bytes = operand.as_bytes();
    glob::is_pattern(bytes) && !bytes.starts_with(b"/") && !bytes.starts_with(b".")
}

/// Every service directory in `scan`, by name, each with its logger after it.
pub(crate) fn list(scan: &Path) -> io::Result<Vec<Place>> {
    let mut places = Vec::new();
    for name in sys::dir::list(scan)? {
        let dir = scan.join(&name);
        if !scandir::is_service_name(name.as_bytes()) || !is_service(&dir) {
            continue;
        }
        let log = Place { name: Path::new(&name).join(names::LOG).into(), dir: dir.join(names::LOG) };
        places.push(Place { name, dir });
        if is_service(&log.dir) {
            places.push(log);
        }
    }
    Ok(places)
}

fn is_service(dir: &Path) -> bool {
    // One that may not be looked into is somebody's service all the same: its line says so.
    match target::role(dir) {
        Ok(role) => role == Role::Service,
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    }
}
