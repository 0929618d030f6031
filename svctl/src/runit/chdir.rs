//! `runsvchdir`: which directory of services is the current one.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::ExitCode;

use sys::{file, process};

use crate::classic;

/// Where the links and the directories are.
const PLACE: &str = "/etc/runit/runsvdir";

/// Makes a directory the current one.
pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    cli::name_program("runsvchdir");
    let Some(dir) = args.get(1) else {
        let _ = io::stderr().write_all(b"usage: runsvchdir dir\n\n");
        return ExitCode::from(1);
    };
    let said = |what| format!("runsvchdir: {}: {what}current.\n", classic::printable(dir));
    let changed = change(Path::new(dir)).and_then(|changed| {
        unable("unable to write", cli::answer(said(if changed { "now " } else { "" }).as_bytes()))
    });
    match changed {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            cli::say(format_args!("fatal: {what}"));
            ExitCode::from(111)
        }
    }
}

/// `false`: it is that already.
fn change(dir: &Path) -> Result<bool, String> {
    let shown = classic::printable(dir.as_os_str());
    if dir.as_os_str().as_bytes().starts_with(b".") {
        return Err(format!("{shown}: must not start with a dot."));
    }
    unable(&format!("unable to chdir: {PLACE}"), process::enter(Path::new(PLACE)))?;
    unable(&shown, classic::enter(dir))?;
    let current = Path::new("current");
    let Some(old) = unable("unable to read: current", file::link_target(current))? else {
        return Err("unable to stat: current: file does not exist".into());
    };
    if old == dir {
        return Ok(false);
    }
    unable("unable to set: previous", point("previous", &old))?;
    unable("unable to set: current", point("current", dir)).map(|()| true)
}

/// Makes a link, or makes one point elsewhere, in one step.
fn point(link: &str, target: &Path) -> io::Result<()> {
    let new = format!("{link}.new");
    file::remove(new.as_ref())?;
    symlink(target, &new)?;
    file::rename(new.as_ref(), link.as_ref())
}

fn unable<T>(what: &str, result: io::Result<T>) -> Result<T, String> {
    result.map_err(|error| format!("{what}: {}", classic::reason(&error)))
}
