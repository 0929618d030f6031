//! The state directory, as the stages find it: empty but for the environment.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use cli::{Failure, Unable};
use sys::dir::{self, Links};
use sys::{file, process, tree};

use super::environment;
use super::layout::Layout;

/// For all to enter, for us to write.
const MODE: u32 = 0o755;

/// Programs that stop the container, where scripts of s6-overlay look for them.
const STOPPERS: [&str; 3] = ["halt", "poweroff", "reboot"];

/// Makes the state directory, without what an earlier start has left in it, and writes the environment there.
///
/// # Errors
/// It cannot be made, or written to.
pub(crate) fn prepare(layout: &Layout, variables: &[(OsString, OsString)]) -> Result<(), Failure> {
    let shown = layout.state().display().to_string();
    let cannot = || format!("prepare {shown} (SV_STATE_DIR names another place)");
    make(layout.state()).unable(cannot)?;
    refuse_other_container(layout)?;
    for stale in [layout.own(), layout.scan()] {
        tree::remove(&stale).unable(|| format!("remove {} of an earlier start", stale.display()))?;
        make(&stale).unable(cannot)?;
    }
    if let Some(results) = layout.exit_code().parent() {
        make(results).unable(cannot)?;
    }
    file::remove(&layout.exit_code()).unable(cannot)?;
    // Where scripts written for the second version look for the services.
    symlink("../service", layout.own().join("services")).unable(cannot)?;
    link_stoppers(&layout.own().join("basedir/bin")).unable(cannot)?;
    make(&layout.environment()).unable(cannot)?;
    environment::write(&layout.environment(), variables).unable(cannot)
}

fn make(path: &Path) -> io::Result<()> {
    match dir::make(path, MODE, Links::Trusted) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            path.parent().map_or(Err(error), make)?;
            make(path)
        }
        made => made.map(drop),
    }
}

/// Two containers with one state directory would end each other's services.
fn refuse_other_container(layout: &Layout) -> Result<(), Failure> {
    match scandir::is_scanned(&layout.scan()) {
        Ok(true) => Err(Failure::Refused(
            format!(
                "{} is in use by another container; SV_STATE_DIR names another place",
                layout.state().display()
            )
            .into(),
        )),
        _ => Ok(()),
    }
}

fn link_stoppers(bin: &Path) -> io::Result<()> {
    let Some(own) = process::executable() else { return Ok(()) };
    make(bin)?;
    STOPPERS.into_iter().try_for_each(|name| symlink(&own, bin.join(name)))
}
