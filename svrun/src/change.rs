//! What can be changed, and in which order `svrun` changes it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use sys::lock::{Kind, Patience, Share};
use sys::priority::IoClass;

use crate::account::Who;
use crate::folder::Folder;
use crate::landlock::Fence;
use crate::limit::LimitChange;
use crate::redirect::Redirect;

/// A command, and the changes that are made before it is executed, in their order.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) changes: Vec<Change>,
    /// The program and its arguments.
    pub(crate) words: Vec<OsString>,
    /// What the program is told to be called, if that is not its first word.
    pub(crate) argv0: Option<OsString>,
    pub(crate) search: Search,
}

/// Whose PATH is searched for the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// The one that the program gets.
    New,
    /// The one that we got, as other suites do.
    Old,
}

/// One change of the process state.
#[derive(Debug)]
pub(crate) enum Change {
    Umask(u32),
    /// Nothing stays of the environment but these.
    ClearEnvironment(Vec<OsString>),
    /// Finds out who is meant, for `Home`, `Export` and `Become`.
    LookUp(Who),
    /// HOME, USER and LOGNAME of who was looked up.
    Home,
    /// UID and GID, and GIDLIST if that is `Groups::Export`, of somebody else.
    Export(Who, Groups),
    Folder(Folder),
    File(PathBuf),
    Set(OsString, OsString),
    Unset(OsString),
    /// The files that variables name; only those of these names, if there are any.
    Secrets(Vec<String>),
    Session(Insist),
    Group(Insist),
    /// The process group gets the terminal, which is this descriptor or /dev/tty.
    Foreground(Option<i32>, Grab, Insist),
    Lock(LockFile),
    Nice(i32),
    Io(IoClass, u8),
    OomScore(i32),
    Processors(Vec<usize>),
    Redirect(Redirect),
    Limit(LimitChange),
    Root(PathBuf),
    Directory(PathBuf),
    Bounding(u64),
    KeepCapabilities,
    /// Becomes who was looked up.
    Become,
    Ambient(u64),
    NoNewPrivileges,
    Landlock(Fence),
    /// From this number to that; `Missing::Refused`: each must be open.
    Close(u32, u32, Missing),
}

/// Whether the list of groups is exported, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Groups {
    Export,
    Leave,
}

/// What happens when a change is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Insist {
    /// That is the end.
    Yes,
    /// It is said, and the program executed.
    Warn,
    /// Nothing.
    No,
}

/// How the terminal is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grab {
    /// The terminal stops a process group in the background that asks for it.
    Ask,
    /// It does not.
    Force,
}

/// What becomes of a descriptor that is to be closed and is not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Fine,
    Refused,
}

/// A file that is locked.
#[derive(Debug)]
pub(crate) struct LockFile {
    pub(crate) path: PathBuf,
    pub(crate) kind: Kind,
    pub(crate) share: Share,
    pub(crate) patience: Patience,
    /// The mode of a file that is made, less the umask.
    pub(crate) mode: u32,
    /// The number that its descriptor must have.
    pub(crate) number: Option<i32>,
}

impl LockFile {
    /// The lock of `svrun --lock`: of the open file, so that it lasts as long as anybody who has inherited it.
    pub(crate) fn new(path: PathBuf, patience: Patience) -> LockFile {
        LockFile { path, kind: Kind::File, share: Share::Alone, patience, mode: 0o666, number: None }
    }

    /// Waits no longer than this.
    pub(crate) fn within(self, limit: Duration) -> LockFile {
        LockFile { patience: Patience::Limit(limit), ..self }
    }
}

impl Change {
    /// Its place in the order of `svrun`. Changes of the same rank stay in the order of the command line. What is
    /// read or opened is what the caller sees, with his rights; what needs privileges comes before they go.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Change::Umask(_) => 0,
            Change::ClearEnvironment(_) => 1,
            Change::LookUp(_) => 2,
            Change::Home => 3,
            Change::Export(..) | Change::Folder(_) | Change::File(_) | Change::Set(..) | Change::Unset(_) => {
                4
            }
            Change::Secrets(_) => 5,
            Change::Session(_) | Change::Group(_) | Change::Foreground(..) => 6,
            Change::Lock(_) => 7,
            Change::Nice(_) | Change::Io(..) | Change::OomScore(_) | Change::Processors(_) => 8,
            Change::Redirect(_) => 9,
            Change::Limit(_) => 10,
            Change::Root(_) => 11,
            Change::Directory(_) => 12,
            Change::Bounding(_) => 13,
            Change::KeepCapabilities => 14,
            Change::Become => 15,
            Change::Ambient(_) => 16,
            Change::NoNewPrivileges => 17,
            Change::Landlock(_) => 18,
            Change::Close(..) => 19,
        }
    }
}
