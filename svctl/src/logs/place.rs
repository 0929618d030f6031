//! Where the logger of a service writes.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use logdir::{CURRENT, PREVIOUS};
use servicedir::names;
use svwait::denied;
use sys::file::{self, Kind};

/// The services that log what no other logger gets: see svscan(8).
const CATCH_ALL: [&str; 2] = ["svscan-log", "s6-svscan-log"];
/// Where loggers write when nobody says otherwise, below their service directory.
const USUAL: [&str; 3] = ["", "main", "data"];
/// The most of a logger's `run` that is looked at.
const LONGEST: usize = 4096;

/// The log directory of a service, or of a logger; `None`: it has none that can be found.
pub(crate) fn of(service: &Path) -> Option<PathBuf> {
    let log = service.join(names::LOG);
    if is(&log, Kind::Directory) && is_there(&log.join(names::RUN)) {
        return below(&log);
    }
    let is_named = |other: &str| service.file_name().is_some_and(|name| name == other);
    let is_logger = is_named(names::LOG) || CATCH_ALL.into_iter().any(is_named);
    if is_logger { below(service) } else { None }
}

/// The name of the catch-all of the scan directory that `service` stands in.
pub(crate) fn catch_all(service: &Path) -> Option<&'static str> {
    let scan = service.parent()?;
    CATCH_ALL.into_iter().find(|name| is(&scan.join(name), Kind::Directory))
}

/// The log directory that the logger in `logger` writes to.
fn below(logger: &Path) -> Option<PathBuf> {
    USUAL.iter().map(|name| logger.join(name)).find(|dir| holds_log(dir)).or_else(|| named_by_run(logger))
}

/// The last word of its `run` that names one.
fn named_by_run(logger: &Path) -> Option<PathBuf> {
    let mut buffer = [0; LONGEST];
    let run = file::read_into(&logger.join(names::RUN), &mut buffer).ok()??;
    let lines = run.rsplit(|&b| b == b'\n').filter(|line| !line.trim_ascii_start().starts_with(b"#"));
    for line in lines {
        if let Some(found) = line.rsplit(u8::is_ascii_whitespace).find_map(|word| directory(logger, word)) {
            return Some(found);
        }
    }
    None
}

fn directory(logger: &Path, word: &[u8]) -> Option<PathBuf> {
    let name = word.trim_ascii().strip_prefix(b">>").or(word.strip_prefix(b">")).unwrap_or(word);
    let name: Vec<u8> = name.iter().copied().filter(|b| !b"\"';".contains(b)).collect();
    if name.is_empty() {
        return None;
    }
    let path = logger.join(OsStr::from_bytes(&name));
    if path.file_name().is_some_and(|name| name == CURRENT) && is(&path, Kind::File) {
        return path.parent().map(Path::to_owned);
    }
    holds_log(&path).then_some(path)
}

/// Between two steps of a rotation there is no `current`.
fn holds_log(dir: &Path) -> bool {
    [CURRENT, PREVIOUS].iter().any(|name| is(&dir.join(name), Kind::File))
}

/// That the log of the logger in `logger` may not be looked at, and why.
pub(crate) fn refused(logger: &Path) -> Option<String> {
    USUAL.iter().map(|name| logger.join(name)).find_map(|dir| {
        let cause =
            file::look(&dir.join(CURRENT)).err().filter(|e| e.kind() == ErrorKind::PermissionDenied)?;
        let why = denied(&cause, &[&dir, logger]);
        Some(format!("unable to look into {}{why}: {}", dir.display(), cli::reason(&cause)))
    })
}

/// The failure to read a log, with whose it is where that was forbidden.
pub(crate) fn explained(dir: &Path, cause: io::Error) -> io::Error {
    let why = denied(&cause, &[&dir.join(CURRENT), dir]);
    if why.is_empty() { cause } else { io::Error::new(cause.kind(), cli::reason(&cause) + &why) }
}

fn is(path: &Path, kind: Kind) -> bool {
    file::look(path).is_ok_and(|info| info.is_some_and(|info| info.kind == kind))
}

fn is_there(path: &Path) -> bool {
    file::look_no_follow(path).is_ok_and(|found| found.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_directory_is_found_in_its_usual_places_and_by_run() {
        let root = std::env::temp_dir().join(format!("svctl-logs-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        let log = root.join("web/log");
        std::fs::create_dir_all(&log).unwrap();
        std::fs::create_dir_all(root.join("far")).unwrap();
        std::fs::write(root.join("far/current"), "").unwrap();
        let far = root.join("far");
        for run in [
            format!("#!/bin/sh\n# x y\nexec svlogd -tt \"{}\"\n", far.display()),
            "#!/bin/sh\nexec cat >>../../far/current\n".into(),
            format!("#!/bin/sh\nexec s6-log n20 s1000 T {} 2>&1\n", far.display()),
        ] {
            std::fs::write(log.join("run"), &run).unwrap();
            let found = of(&root.join("web")).unwrap_or_else(|| panic!("{run}"));
            assert_eq!(found.canonicalize().unwrap(), far.canonicalize().unwrap(), "{run}");
        }
        std::fs::create_dir(log.join("main")).unwrap();
        std::fs::write(log.join("main/current"), "").unwrap();
        assert_eq!(of(&root.join("web")), Some(log.join("main")));
        assert_eq!(of(&log), Some(log.join("main")));
        assert_eq!(of(&root), None);
        std::fs::rename(&log, root.join("svscan-log")).unwrap();
        assert_eq!(of(&root.join("svscan-log")), Some(root.join("svscan-log/main")));
        assert_eq!(catch_all(&root.join("web")), Some("svscan-log"));
        std::fs::remove_dir_all(root).unwrap();
    }
}
