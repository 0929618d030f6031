//! A scan directory, and every service in it.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use scandir::{OURS, S6};
use sys::file::{self, Kind};
use unix::Signal;

use super::finding::Findings;
use super::{entries, near, place, programs, service};

/// Signals that an executable in the control directory can replace.
const HOOKS: [&str; 9] =
    ["SIGHUP", "SIGINT", "SIGTERM", "SIGQUIT", "SIGABRT", "SIGUSR1", "SIGUSR2", "SIGPWR", "SIGWINCH"];

/// Looks at it.
pub(crate) fn check(findings: &mut Findings, dir: &Path) {
    let names = scandir::names_in(dir).unwrap_or(OURS);
    place::check(findings, dir, names.directory);
    let control = dir.join(names.directory);
    if names == OURS && is_directory(&dir.join(S6.directory)) {
        findings.warning(&dir.join(S6.directory), "it is not used, since there is a .svscan");
    }
    if is_directory(&control) {
        check_hooks(findings, &control);
    }
    for path in entries(dir) {
        let is_service = path.file_name().is_some_and(|name| scandir::is_service_name(name.as_bytes()));
        match file::look(&path) {
            _ if !is_service => {}
            Ok(Some(info)) if info.kind == Kind::Directory => service::check(findings, &path),
            Ok(None) => findings.error(&path, "a link that points to nothing"),
            Ok(Some(_)) | Err(_) => {}
        }
    }
}

fn check_hooks(findings: &mut Findings, control: &Path) {
    for path in entries(control) {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let is_signal = name.starts_with("SIG");
        if matches!(name, "finish" | "crash") || HOOKS.contains(&name) {
            programs::check(findings, &path);
        } else if let (true, Some(near)) = (is_signal, nearest_hook(name)) {
            findings.warning(&path, format_args!("it means nothing; did you mean {near}?"));
        } else if is_signal {
            let why =
                if Signal::parse(name).is_some() { "the scanner does not take it" } else { "no such signal" };
            findings.warning(&path, format_args!("it means nothing: {why}"));
        }
    }
}

/// What was meant by a name that is no signal's.
fn nearest_hook(name: &str) -> Option<&'static str> {
    if Signal::parse(name).is_some() {
        return None;
    }
    near::nearest(name, HOOKS.iter().copied())
}

fn is_directory(path: &Path) -> bool {
    file::look(path).is_ok_and(|info| info.is_some_and(|info| info.kind == Kind::Directory))
}
