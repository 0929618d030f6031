//! `svctl check`: finds faults in service directories and scan directories without running anything.

mod finding;
mod logger;
mod near;
mod place;
mod programs;
mod scan;
mod secrets;
mod service;
mod settings;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use cli::options::{Opt, Program, Word};
use cli::{Failure, Unable, answer};
use servicedir::names;
use svwait::denied;
use sys::file;

use crate::target::{self, Role};
use finding::{Findings, Severity};

/// The verb as its users see it.
pub(crate) const PROGRAM: Program = Program {
    name: "svctl check",
    about: "finds faults in service directories and scan directories without running anything",
    usage: &["[ --json ] dir..."],
    options: &[Opt::long("json", None, "the findings as JSON")],
};

/// Exit 1: there are errors.
pub(crate) fn run(args: Vec<OsString>) -> Result<(), Failure> {
    let Some(words) = PROGRAM.parse(args)? else { return Ok(()) };
    let (mut json, mut dirs) = (false, Vec::new());
    for word in words {
        match word {
            Word::Operand(dir) => dirs.push(svwait::locate(dir)),
            Word::Option(..) => json = true,
        }
    }
    if dirs.is_empty() {
        return Err(PROGRAM.usage());
    }
    let mut findings = Findings::default();
    for dir in &dirs {
        look(&mut findings, dir)?;
    }
    let shown = if json { findings.json() } else { findings.text() };
    answer(shown.as_bytes()).unable(|| "write to standard output")?;
    if findings.count(Severity::Error) > 0 { Err(Failure::Silent(1)) } else { Ok(()) }
}

fn look(findings: &mut Findings, dir: &Path) -> Result<(), Failure> {
    let role = target::role(dir).map_err(|cause| {
        let why = denied(&cause, &[dir]);
        Failure::system(format!("look at {}{why}", dir.display()), cause)
    })?;
    match role {
        Role::Service => service::check(findings, dir),
        Role::Scan => scan::check(findings, dir),
        // A scan directory that no scanner has seen yet, or a service that lacks its run.
        Role::Unknown if holds_services(dir) => scan::check(findings, dir),
        Role::Unknown => service::check(findings, dir),
    }
    Ok(())
}

/// One of its subdirectories is a service.
fn holds_services(dir: &Path) -> bool {
    let own = [names::LOG, names::EVENT, names::SUPERVISE];
    entries(dir).iter().any(|path| {
        let is_own = path.file_name().is_some_and(|name| own.iter().any(|own| name == *own));
        !is_own && file::look_no_follow(&path.join(names::RUN)).is_ok_and(|found| found.is_some())
    })
}

/// What a directory holds, by name; nothing where it cannot be listed.
fn entries(dir: &Path) -> Vec<PathBuf> {
    let names = sys::dir::list(dir).unwrap_or_default();
    names.into_iter().map(|name| dir.join(name)).collect()
}
