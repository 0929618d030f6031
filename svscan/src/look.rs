//! A look at a directory that has appeared: can it be started?

use std::fmt;
use std::io;
use std::path::Path;

use cli::reason;
use roster::{Candidate, Identity, Look, Roster, Slot};
use sys::file::{self, Kind};
use sys::problem::Problem;

use crate::hush::Hush;
use crate::scanner::path;
use crate::watches::Watches;
use crate::words::Shown;

/// Watches a candidate and looks at it: in this order, so that no change is missed. What is complete at
/// once by its nature, a link, needs no watch.
pub(crate) fn look(roster: &Roster, candidate: Candidate, watches: &mut Watches, hush: &mut Hush) -> Look {
    let name = roster.candidate(candidate);
    let directory = path(name);
    let first = look_once(directory);
    if matches!(first, Look::Nothing | Look::Complete { link: true, .. }) {
        return first;
    }
    if let Err(error) = watch(candidate, directory, watches) {
        let reason = reason(&error);
        hush.warn(
            format!("watch a candidate {reason}"),
            format_args!("unable to watch {}: {reason}; looking at it every 5 s", Shown(name)),
        );
        return look_once(directory);
    }
    match look_once(directory) {
        Look::Incomplete { .. } => Look::Incomplete { watched: true },
        other => other,
    }
}

fn watch(candidate: Candidate, directory: &Path, watches: &mut Watches) -> io::Result<()> {
    // There may be no directory: a link that points to nothing is not watched, and not an error.
    for watched in [directory, &directory.join("log")] {
        if file::look(watched)?.is_some_and(|info| info.kind == Kind::Directory) {
            match watches.add(candidate, watched) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
                other => other?,
            }
        }
    }
    Ok(())
}

fn look_once(directory: &Path) -> Look {
    let Ok(Some(itself)) = file::look_no_follow(directory) else { return Look::Nothing };
    let link = itself.kind == Kind::Link;
    match (directory_at(directory), link) {
        (Some(service), _) if lack_in(directory).is_none() => {
            Look::Complete { service, log: directory_at(&directory.join("log")), link }
        }
        // A directory that has to be completed, or a link to one that may yet be made.
        (Some(_), _) => Look::Incomplete { watched: false },
        (None, true) if matches!(file::look(directory), Ok(None)) => Look::Incomplete { watched: false },
        (None, _) => Look::Nothing,
    }
}

/// The directory of a service is still the one that has its name.
pub(crate) fn is_there(roster: &Roster, slot: Slot) -> bool {
    directory_at(path(roster.name(slot))) == roster.identity(slot)
}

fn directory_at(path: &Path) -> Option<Identity> {
    let info = file::look(path).ok()??;
    (info.kind == Kind::Directory).then_some(info.identity)
}

/// What a directory lacks to be started.
#[derive(Debug)]
pub(crate) enum Lack {
    /// The directory itself.
    Target,
    /// This file is not there.
    Missing(&'static str),
    /// This file cannot be executed.
    Unfit(&'static str, Problem),
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lack::Target => f.write_str("a link that points to nothing"),
            Lack::Missing(file) => write!(f, "there is no {file}"),
            Lack::Unfit(file, problem) => write!(f, "{file} is {problem}"),
        }
    }
}

/// What the candidate of this name lacks, for people.
pub(crate) fn lack(name: &[u8]) -> Option<Lack> {
    let directory = path(name);
    match directory_at(directory) {
        Some(_) => lack_in(directory),
        None => Some(Lack::Target),
    }
}

fn lack_in(directory: &Path) -> Option<Lack> {
    let log = directory_at(&directory.join("log")).map(|_| "log/run");
    ["run"].into_iter().chain(log).find_map(|file| lack_of(directory, file))
}

/// Why `file` cannot be executed as a service.
fn lack_of(directory: &Path, file: &'static str) -> Option<Lack> {
    let path = directory.join(file);
    let unfit = |problem| Some(Lack::Unfit(file, problem));
    match file::look(&path) {
        Ok(None) => match file::link_target(&path) {
            Ok(Some(target)) => unfit(Problem::Dangling(target)),
            _ => Some(Lack::Missing(file)),
        },
        Ok(Some(info)) if info.kind != Kind::File => unfit(Problem::NotAFile),
        Ok(Some(info)) if !file::is_executable(&path) => unfit(Problem::Mode(info.mode)),
        Ok(Some(_)) if file::is_being_written(&path) => unfit(Problem::BeingWritten),
        Ok(Some(_)) => None,
        Err(error) => unfit(sys::problem::diagnose(&path, &error)),
    }
}
