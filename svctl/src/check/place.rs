//! Directories that have to be made or written to: can they be?

use std::io;
use std::path::{Path, PathBuf};

use cli::reason;
use sys::file::{self, Kind};

use super::finding::Findings;

/// As many links as the kernel follows (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// Looks at a directory of ours, which is made when it is missing, also where a link points.
pub(crate) fn check(findings: &mut Findings, dir: &Path, name: &str) {
    let path = dir.join(name);
    match file::look(&path) {
        Ok(Some(info)) if info.kind == Kind::Directory => {
            if let Err(error) = file::may_write(&path) {
                refuse(findings, &path, "it must be writable", &error);
            }
        }
        Ok(Some(_)) => findings.error(&path, "it must be a directory"),
        Ok(None) => check_missing(findings, dir, &path, name),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
        Err(error) => findings.error(&path, reason(&error)),
    }
}

fn check_missing(findings: &mut Findings, dir: &Path, path: &Path, name: &str) {
    let Some(target) = end_of_links(path) else {
        return findings.error(path, "links in a circle");
    };
    if target == path {
        if let Err(error) = file::may_write(dir) {
            let what = format!("{name} cannot be made: let it be a link to a writable place");
            refuse(findings, dir, &what, &error);
        }
        return;
    }
    let what = format!("a link to {}, which does not exist and cannot be made", target.display());
    match nearest_above(&target) {
        Some((above, Kind::Directory)) => {
            if let Err(error) = file::may_write(&above) {
                refuse(findings, path, &what, &error);
            }
        }
        Some((above, _)) => {
            findings.error(path, format_args!("{what}: {} is not a directory", above.display()));
        }
        None => findings.error(path, what),
    }
}

/// What a permission forbids to us may be allowed to whoever supervises; no file system allows anything
/// to anybody when it is read-only.
fn refuse(findings: &mut Findings, path: &Path, what: &str, error: &io::Error) {
    let text = format!("{what}: {}", reason(error));
    if error.kind() == io::ErrorKind::PermissionDenied {
        findings.warning(path, text);
    } else {
        findings.error(path, text);
    }
}

/// Where a chain of links ends; `None`: nowhere.
fn end_of_links(path: &Path) -> Option<PathBuf> {
    let mut end = path.to_owned();
    for _ in 0..MOST_LINKS {
        match file::link_target(&end) {
            Ok(Some(target)) => end = end.parent()?.join(target),
            _ => return Some(end),
        }
    }
    None
}

/// What exists of the places above.
fn nearest_above(path: &Path) -> Option<(PathBuf, Kind)> {
    path.ancestors().skip(1).find_map(|above| {
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        let info = file::look(above).ok()??;
        Some((above.to_owned(), info.kind))
    })
}
