//! What every test needs: a suite, real trees in namespaces of their own, and waiting with a deadline.
//!
//! Nothing here signals a process of the machine: a tree runs in its own PID namespace, its processes
//! are signalled from inside it, and when the test ends the namespace goes with everything in it.
//! `SUITE=s6` plays the tests to Debian's s6. `SUITE_BIN=DIR` takes our programs from DIR.

#![allow(dead_code, unused_imports, unused_macros, reason = "no test file needs all of it")]

pub mod alike;
mod cgroup;
mod filter;
mod image;
mod init;
mod injection;
mod lineage;
mod listener;
mod logdir;
mod logged;
mod logger;
mod namespace;
mod pair;
pub mod people;
mod piped_logger;
mod podman;
mod random;
mod scratch;
mod service;
mod supervisor;
mod terminal;
mod tree;
pub mod victim;

use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

pub use cgroup::Cgroup;
pub use filter::{Filtered, filter, filter_in_writes};
pub use image::{Image, Inside, all_names};
pub use init::{as_first, first, original};
pub use injection::Injection;
pub use lineage::Lineage;
pub use listener::Listener;
pub use logdir::{archives, listing, logged, without_stamps};
pub use logged::{Logged, line, lines, numbers};
pub use logger::Logger;
pub use namespace::Namespace;
pub use pair::{Pair, their_program};
pub use piped_logger::PipedLogger;
pub use podman::{Podman, needs_no_loader, succeed};
pub use random::{Random, seeds};
pub use scratch::Scratch;
pub use service::Service;
pub use supervisor::Supervisor;
pub use terminal::Terminal;
pub use tree::{Scan, Tree};

/// How long anything may take that should take no time: a machine under load is slow, not wrong.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Whose programs are tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    Ours,
    S6,
}

/// The suite that `SUITE` asks for.
pub fn suite() -> Suite {
    match std::env::var("SUITE").as_deref() {
        Ok("s6") => Suite::S6,
        Ok("" | "ours") | Err(_) => Suite::Ours,
        Ok(other) => panic!("SUITE={other}: neither ours nor s6"),
    }
}

/// What is expected of the suite that is tested.
pub fn either<T>(ours: T, s6: T) -> T {
    match suite() {
        Suite::Ours => ours,
        Suite::S6 => s6,
    }
}

/// Ends the test at once when it is played to s6, and says why it does not hold there.
macro_rules! ours_only {
    ($reason:expr) => {
        if $crate::kit::suite() == $crate::kit::Suite::S6 {
            println!("not for s6: {}", $reason);
            return;
        }
    };
}
pub(crate) use ours_only;

/// The path of one of our programs, or of its counterpart in the suite that is tested.
pub fn program(name: &str) -> PathBuf {
    match (suite(), name) {
        (Suite::Ours, _) => our_program(name),
        (Suite::S6, "svctl") => PathBuf::from("/usr/bin/s6-svc"),
        (Suite::S6, _) => PathBuf::from(format!("/usr/bin/s6-{name}")),
    }
}

/// Our own programs.
const PROGRAMS: [&str; 8] = ["svscan", "supervise", "svctl", "svwait", "svlog", "svinit", "svrun", "svbox"];

/// Names of other suites' that they answer to.
const NAMES: [&str; 8] = ["sv", "runsv", "runsvdir", "runsvchdir", "svc", "svok", "svstat", "svup"];

/// The path of one of our programs, whatever is tested.
pub fn our_program(name: &str) -> PathBuf {
    our_programs().join(name)
}

/// Where our programs are: links to the executable under test.
pub fn our_programs() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        if let Some(dir) = std::env::var_os("SUITE_BIN") {
            return std::fs::canonicalize(dir).expect("SUITE_BIN is a directory");
        }
        let executable = Path::new(env!("CARGO_BIN_EXE_suite-under-test"));
        let dir = executable.with_file_name("suite-links");
        std::fs::create_dir_all(&dir).expect("links can be made beside the executable");
        for name in PROGRAMS.iter().chain(&NAMES) {
            // Another test process may be making the same links.
            let temporary = dir.join(format!(".{name}-{}", std::process::id()));
            let _ = std::fs::remove_file(&temporary);
            symlink(executable, &temporary).expect("links can be made beside the executable");
            std::fs::rename(&temporary, dir.join(name)).expect("links can be made beside the executable");
        }
        dir
    })
}

/// The path of the program that answers to this name of another suite. Not where our own programs are: that
/// directory stands first on PATH, also for those who look for the other suite.
pub fn our_name(name: &str) -> PathBuf {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    let dir = DIR.get_or_init(|| {
        let executable = Path::new(env!("CARGO_BIN_EXE_suite-under-test"));
        let dir = executable.with_file_name("suite-names");
        std::fs::create_dir_all(&dir).expect("links can be made beside the executable");
        for (name, _) in svbox::names().filter(|(name, _)| !PROGRAMS.contains(name)) {
            // Another test process may be making the same links.
            match symlink(executable, dir.join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => panic!("{name}: {error}"),
                _ => {}
            }
        }
        dir
    });
    dir.join(name)
}

/// Waits until `condition` holds; panics with `what` when that takes longer than `PATIENCE`.
#[track_caller]
pub fn wait_until(what: &str, condition: impl FnMut() -> bool) {
    wait_at_most(PATIENCE, what, condition);
}

/// Waits until `condition` holds; panics with `what` when that takes longer than `limit`.
#[track_caller]
pub fn wait_at_most(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        // Looked at once more after the time is up: this process may have been the slow one.
        if start.elapsed() > limit && !condition() {
            panic!("waited {limit:?} in vain: {what}");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until `find` finds something.
#[track_caller]
pub fn wait_for<T>(what: &str, mut find: impl FnMut() -> Option<T>) -> T {
    let mut found = None;
    wait_until(what, || {
        found = find();
        found.is_some()
    });
    found.expect("it was found")
}

/// What a program answered.
#[derive(Debug)]
pub struct Answer {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs a program that ends by itself, and kills it and panics when it does not.
#[track_caller]
pub fn run(command: &mut Command) -> Answer {
    Running::start(command).finish()
}

/// A program that runs beside the test. Dropped, it is killed.
#[derive(Debug)]
pub struct Running {
    shown: String,
    child: Option<Child>,
}

impl Running {
    /// Starts it.
    #[track_caller]
    pub fn start(command: &mut Command) -> Running {
        let shown = format!("{command:?}");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap_or_else(|error| panic!("{shown}: {error}"));
        Running { shown, child: Some(child) }
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        let child = self.child.as_mut().expect("it was started");
        child.try_wait().expect("a child can be waited for").is_some()
    }

    /// Waits until it has ended.
    #[track_caller]
    pub fn finish(mut self) -> Answer {
        let what = format!("{} to end", self.shown);
        wait_until(&what, || self.has_ended());
        let child = self.child.take().expect("it was started");
        let output = child.wait_with_output().expect("a child can be waited for");
        Answer {
            code: output
                .status
                .code()
                .or(output.status.signal().map(|signal| 128 + signal))
                .expect("it ended"),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The text of a file; empty if there is none.
pub fn text(path: impl AsRef<Path>) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

/// Whether this is root, who needs no user namespace.
pub fn is_root() -> bool {
    text("/proc/self/status").lines().any(|line| line.starts_with("Uid:\t0\t0\t"))
}
