//! `s6-mkfifodir`, `s6-cleanfifodir`, `s6-ftrig-notify`: fifodirs made, cleaned and written to.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

use cli::Failure;
use cli::getopt::Grammar;
use sys::dir::{self, Links};
use sys::guard::Held;
use sys::{process, users};

use crate::refused;

/// Mode of a fifodir in which everybody may subscribe: sticky.
const PUBLIC: u32 = 0o1733;

const MAKE: Grammar =
    Grammar { name: "s6-mkfifodir", usage: "[ -f ] [ -g gid ] fifodir", letters: "fg:", long: &[] };

pub(super) fn make(args: Vec<OsString>) -> ExitCode {
    cli::end(run_make(args))
}

fn run_make(args: Vec<OsString>) -> Result<(), Failure> {
    let line = MAKE.parse(args)?;
    let [fifodir, ..] = &line.operands[..] else { return Err(MAKE.misuse()) };
    let (mut group, mut force) = (None, false);
    for (letter, value) in &line.options {
        match letter {
            'g' => group = Some(MAKE.number(value)?),
            _ => force = true,
        }
    }
    let path = Path::new(fifodir);
    make_fifodir(path, group, force)
        .map_err(|cause| refused(format!("make a fifodir of {}", path.display()), cause, &[path]))
}

/// Makes a fifodir in which a group, or everybody, may subscribe. One that is there already is left as it is
/// without `force`.
///
/// # Errors
/// What the system says; `PermissionDenied`: it belongs to somebody else; `AlreadyExists`: no directory.
pub fn make_fifodir(path: &Path, group: Option<u32>, force: bool) -> io::Result<()> {
    let umask = process::set_umask(0);
    let made = dir::make(path, 0o700, Links::Trusted);
    process::set_umask(umask);
    let is_new = made?;
    let fifodir = Held::directory(path)?;
    if fifodir.info.owner.0 != users::own() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"));
    }
    if !is_new && !force {
        return Ok(());
    }
    match group {
        Some(group) => fifodir.give_to_group(group, fifodir::MODE),
        None => fifodir.set_mode(PUBLIC),
    }
}

pub(super) fn clean(mut args: Vec<OsString>) -> ExitCode {
    cli::name_program("s6-cleanfifodir");
    cli::end(match args.drain(1..).next() {
        Some(dir) => fifodir::sweep(Path::new(&dir))
            .map_err(|cause| refused(format!("clean up {}", dir.display()), cause, &[Path::new(&dir)])),
        None => Err(Failure::Usage("usage: s6-cleanfifodir fifodir".into())),
    })
}

pub(super) fn notify(args: Vec<OsString>) -> ExitCode {
    cli::name_program("s6-ftrig-notify");
    cli::end(match &args[..] {
        [_, dir, letters, ..] => fifodir::publish(Path::new(dir), letters.as_bytes())
            .map_err(|cause| refused(format!("notify {}", dir.display()), cause, &[Path::new(dir)])),
        _ => Err(Failure::Usage("usage: s6-ftrig-notify fifodir message".into())),
    })
}
