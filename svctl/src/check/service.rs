//! One service directory.

use std::path::Path;

use servicedir::names;
use sys::file::{self, Kind};

use super::finding::Findings;
use super::near::{self, Odd};
use super::{entries, place, programs, secrets, settings};

/// Looks at a service, and at its logger.
pub(crate) fn check(findings: &mut Findings, dir: &Path) {
    check_one(findings, dir);
    let log = dir.join(names::LOG);
    match file::look(&log) {
        Ok(Some(info)) if info.kind == Kind::Directory => check_logger(findings, &log),
        Ok(Some(_)) => findings.error(&log, "the logger must be a service directory; it counts as absent"),
        Ok(None) if is_there(&log) => findings.error(&log, "a link that points to nothing"),
        Ok(None) | Err(_) => {}
    }
}

fn check_logger(findings: &mut Findings, log: &Path) {
    check_one(findings, log);
    let nested = log.join(names::LOG);
    // A logger may well write into a directory of this name.
    if is_there(&nested.join(names::RUN)) {
        findings.error(&nested, "a logger has no logger of its own: it will not be started");
    }
}

fn check_one(findings: &mut Findings, dir: &Path) {
    let run = dir.join(names::RUN);
    if is_there(&run) {
        programs::check(findings, &run);
    } else {
        findings.error(dir, "there is no run");
    }
    for name in [names::FINISH, names::CRASH, names::CHECK] {
        let path = dir.join(name);
        if is_there(&path) {
            programs::check(findings, &path);
        }
    }
    settings::check(findings, dir);
    check_names(findings, dir);
    secrets::check(findings, dir);
    place::check(findings, dir, names::SUPERVISE);
    place::check(findings, dir, names::EVENT);
    check_supervise(findings, dir);
    if file::look(dir).is_ok_and(|info| info.is_some_and(|info| info.mode & 0o1002 == 0o002)) {
        findings.warning(dir, "anybody may write to it, and so decide what runs");
    }
}

fn check_names(findings: &mut Findings, dir: &Path) {
    for path in entries(dir) {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        match near::odd(name) {
            Some(Odd::Near(near)) if !is_there(&dir.join(near)) => {
                findings.warning(&path, format_args!("it means nothing; did you mean {near}?"));
            }
            Some(Odd::NoSetting) => findings.warning(&path, "there is no setting of this name"),
            Some(Odd::Near(_)) | None => {}
        }
    }
}

/// What a supervisor left there, or somebody copied.
fn check_supervise(findings: &mut Findings, dir: &Path) {
    let control = dir.join(names::CONTROL);
    match file::look(&control) {
        Ok(Some(info)) if info.kind != Kind::Fifo => findings.error(&control, "it must be a FIFO: remove it"),
        _ => {}
    }
}

fn is_there(path: &Path) -> bool {
    file::look_no_follow(path).is_ok_and(|found| found.is_some())
}
