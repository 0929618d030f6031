//! The state directory, as the stages find it: empty but for the environment.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use cli::{Failure, Unable};
use stages::Settings;
use sys::dir::{self, Links};
use sys::file::{self, Kind};
use sys::{process, tree, users};

use super::environment::{Environment, Variables};
use super::layout::{Layout, Style};
use super::say;

/// Where the state is, if nobody says otherwise and it can be there.
pub(crate) const STATE: &str = "/run";
/// Where it can be if not: every container has the first as a tmpfs for all.
const SPARES: [&str; 2] = ["/dev/shm", "/tmp"];

/// For all to enter, for us to write.
const MODE: u32 = 0o755;

/// Programs that stop the container, where scripts of s6-overlay look for them.
const STOPPERS: [&str; 3] = ["halt", "poweroff", "reboot"];

/// Finds the place for the state: the one that was asked for, `/run`, or one that any user has.
///
/// # Errors
/// There is none: what can be done about that.
pub(crate) fn find_state(settings: &Settings) -> Result<PathBuf, Failure> {
    if let Some(state) = &settings.state_dir {
        return Ok(std::ffi::OsStr::from_bytes(state).into());
    }
    let state = PathBuf::from(STATE);
    let Err(error) = can_be_state(&state) else { return Ok(state) };
    let reason = cli::reason(&error);
    let Some(spare) = spare_states().find(|spare| is_ours(spare, true)) else {
        let user = users::own();
        return Err(Failure::Refused(
            format!(
                "unable to write to {STATE}: {reason}; mount a tmpfs there that user {user} may write to, \
                 or name another place by SV_STATE_DIR"
            )
            .into(),
        ));
    };
    say::warn(format_args!("unable to write to {STATE}: {reason}; the state is in {}", spare.display()));
    Ok(spare)
}

/// Where a container of this user may have its state if `/run` is not for him.
pub(crate) fn spare_states() -> impl Iterator<Item = PathBuf> {
    let name = format!("svinit-{}", users::own());
    SPARES.into_iter().map(move |place| Path::new(place).join(&name))
}

/// What is ours in it can be made there, or removed and made again.
fn can_be_state(state: &Path) -> io::Result<()> {
    make(state)?;
    file::may_write(state)?;
    let own = state.join("s6");
    if file::exists(&own)? { file::may_write(&own) } else { Ok(()) }
}

/// A directory of this user's that nobody else can write to; `makes`: if it can be made.
pub(crate) fn is_ours(path: &Path, makes: bool) -> bool {
    if makes {
        let _ = dir::make(path, MODE, Links::Trusted);
    }
    matches!(file::look_no_follow(path), Ok(Some(info)) if info.kind == Kind::Directory
        && info.owner.0 == users::own() && info.mode & 0o022 == 0)
        && file::may_write(path).is_ok()
}

/// Makes the state directory, without what an earlier start has left in it, and writes the environment there.
///
/// # Errors
/// It cannot be made, or written to.
pub(crate) fn prepare(layout: &Layout, mut variables: Variables) -> Result<Environment, Failure> {
    let shown = layout.state().display().to_string();
    let cannot = || format!("prepare {shown} (SV_STATE_DIR names another place)");
    make(layout.state()).unable(cannot)?;
    refuse_other_container(layout)?;
    for stale in [layout.own(), layout.own_scan()] {
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
    if layout.state() == Path::new(STATE) {
        link_var_run(layout);
    }
    make(&layout.environment()).unable(cannot)?;
    let baseimage =
        if layout.style() == Style::Baseimage { Environment::begin_baseimage(&mut variables) } else { None };
    let environment = Environment::begin(layout.environment(), &variables).unable(cannot)?;
    Ok(baseimage.unwrap_or(environment))
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
    match scandir::is_scanned(&layout.own_scan()) {
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

/// Scripts for the second version name `/var/run/s6`, which is not everywhere the same as `/run/s6`. Where it cannot be
/// made so, those scripts say it themselves.
fn link_var_run(layout: &Layout) {
    let var_run = Path::new("/var/run");
    let Ok(there) = file::look(var_run) else { return };
    match (there, file::look(layout.state())) {
        (None, _) => drop(symlink(STATE, var_run)),
        (Some(there), Ok(Some(state))) if there.identity != state.identity => {
            let link = var_run.join("s6");
            // A link of an earlier start may lead elsewhere; a directory is somebody else's.
            if matches!(file::look_no_follow(&link), Ok(Some(info)) if info.kind == Kind::Link) {
                let _ = file::remove(&link);
            }
            let _ = symlink(layout.own(), link);
        }
        _ => {}
    }
}
