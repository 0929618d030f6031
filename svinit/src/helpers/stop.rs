//! `halt`, `poweroff` and `reboot`: they stop the container.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cli::{Failure, Unable};
use sys::fifo;

use super::state_dir;
use crate::container::CONTROL;

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    let path = args.first().map(PathBuf::from).unwrap_or_default();
    cli::name_program(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
    match stop(&path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn stop(own: &Path) -> Result<(), Failure> {
    let state = above(own).filter(|_| env::var_os("SV_STATE_DIR").is_none()).unwrap_or_else(state_dir);
    let control = state.join(CONTROL);
    match fifo::send(&control, b"t") {
        Err(error) if fifo::is_nobody(&error) || error.kind() == std::io::ErrorKind::NotFound => {
            Err(Failure::NoSupervisor(format!("no container has its state in {}", state.display()).into()))
        }
        sent => sent.unable(|| format!("write to {}", control.display())),
    }
}

/// The state directory in which this program is called: `STATE/s6/basedir/bin/halt`.
fn above(own: &Path) -> Option<PathBuf> {
    let bin = own.parent().filter(|bin| bin.ends_with("s6/basedir/bin"))?;
    bin.ancestors().nth(3).map(Path::to_owned)
}
