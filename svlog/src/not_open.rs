//! A log directory that cannot be opened, in whose words it is told.

use std::io;
use std::path::PathBuf;

use cli::Failure;
use logdir::{CURRENT, LOCK};

/// What was tried with a log directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// To make it.
    Make,
    /// To open it.
    Open,
    /// To lock it.
    Lock,
    /// To put in order what another logger left.
    Recover,
    /// To give it to those who have rights on it.
    Give,
    /// To give them `current`.
    GiveCurrent,
    /// To open `current`.
    Append,
    /// To bring its name to disk.
    Sync,
}

/// Why a log directory cannot be written to.
#[derive(Debug)]
pub(crate) struct NotOpen {
    pub(crate) step: Step,
    /// The directory, as it was given.
    pub(crate) path: PathBuf,
    /// `WouldBlock` of a lock: another logger has it.
    pub(crate) cause: io::Error,
}

impl From<NotOpen> for Failure {
    fn from(failed: NotOpen) -> Failure {
        let NotOpen { step, path, cause } = failed;
        let what = match step {
            Step::Make => format!("make {}", path.display()),
            Step::Open => format!("open {}", path.display()),
            Step::Recover => format!("put {} in order", path.display()),
            Step::Give => format!("set owner and mode of {}", path.display()),
            Step::GiveCurrent => format!("set the owner of {}", path.join(CURRENT).display()),
            Step::Sync => format!("bring {} to disk", path.display()),
            Step::Append => format!("open {}", path.join(CURRENT).display()),
            Step::Lock if cause.kind() == io::ErrorKind::WouldBlock => {
                let lock = path.join(LOCK);
                cli::say(format_args!("unable to lock {}: another logger writes there", lock.display()));
                return Failure::Silent(111);
            }
            Step::Lock => format!("lock {}", path.join(LOCK).display()),
        };
        Failure::system(what, cause)
    }
}

/// Why, in the words of daemontools and runit.
pub(crate) fn classic_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "file does not exist".into(),
        io::ErrorKind::PermissionDenied if error.raw_os_error() == Some(1) => "permission denied".into(),
        io::ErrorKind::PermissionDenied => "access denied".into(),
        // Where a directory was to be made.
        io::ErrorKind::AlreadyExists => "not a directory".into(),
        io::ErrorKind::NotADirectory => "not a directory".into(),
        io::ErrorKind::IsADirectory => "is a directory".into(),
        io::ErrorKind::WouldBlock => "temporary failure".into(),
        _ => cli::reason(error),
    }
}
