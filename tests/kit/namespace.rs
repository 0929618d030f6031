//! Namespaces for a tree: it cannot see, signal or outlive anything outside.

use std::fs::OpenOptions;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use unix::{Pid, Signal};

use super::{Answer, Running, is_root, text, wait_for, wait_until};

/// A running PID and mount namespace. Dropped, it dies with every process in it.
#[derive(Debug)]
pub struct Namespace {
    /// unshare(1), which dies with process 1 and takes it along when it is killed.
    outer: Child,
    log: PathBuf,
    /// Process 1 as the machine counts.
    first: u32,
}

impl Namespace {
    /// Starts `command` as process 1 of new namespaces; what it says goes to the file `log`.
    #[track_caller]
    pub fn start(command: &[&std::ffi::OsStr], log: &Path) -> Namespace {
        let file = OpenOptions::new().create(true).append(true).open(log).expect("a log can be made");
        let mut unshare = Command::new("unshare");
        unshare.args(["--pid", "--fork", "--mount-proc", "--kill-child"]);
        if !is_root() {
            unshare.args(["--user", "--map-root-user"]);
        }
        let path = std::env::var("PATH").unwrap_or_default();
        let outer = unshare
            .args(command)
            .env("PATH", format!("{}:{path}", super::our_programs().display()))
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a descriptor can be duplicated"))
            .stderr(file)
            .spawn()
            .expect("unshare(1) can be started");
        let children = format!("/proc/{0}/task/{0}/children", outer.id());
        let mut namespace = Namespace { outer, log: log.to_owned(), first: 0 };
        namespace.first = wait_for("process 1 of the namespace", || {
            assert!(namespace.try_exit().is_none(), "it ended at once: {}", text(log));
            text(&children).trim().parse().ok()
        });
        namespace
    }

    /// Runs a command inside, where every pid is one of the tree's.
    #[track_caller]
    pub fn inside(&self, command: &[&str]) -> Answer {
        self.start_inside(command).finish()
    }

    /// Starts a command inside.
    #[track_caller]
    pub fn start_inside(&self, command: &[&str]) -> Running {
        let mut nsenter = Command::new("nsenter");
        nsenter.args(["-t", &self.first.to_string(), "-p", "-m"]);
        if !is_root() {
            nsenter.args(["-U", "--preserve-credentials"]);
        }
        Running::start(nsenter.arg("--").args(command))
    }

    /// Sends a signal to a process inside.
    #[track_caller]
    pub fn kill(&self, pid: Pid, signal: &str) {
        let answer = self.inside(&["kill", "-s", signal, &pid.to_string()]);
        // A signal that ends process 1 ends kill(1) too.
        assert!(answer.code == 0 || answer.code == 128 + 9, "{}", answer.err);
    }

    /// The directory of process 1 in the machine's `/proc`.
    pub fn first(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}", self.first))
    }

    /// Stops process 1, which only somebody outside can: it collects nobody.
    pub fn freeze(&self) {
        self.signal_first(Signal::STOP);
        wait_until("process 1 to stop", || self.state(Pid::new(1).expect("1 is a pid")) == Some('T'));
    }

    /// Continues process 1.
    pub fn thaw(&self) {
        self.signal_first(Signal::CONT);
    }

    fn signal_first(&self, signal: Signal) {
        // A child of our own unshare(1), which cannot be collected before that ends.
        let first = Pid::new(self.first.into()).expect("it runs");
        sys::child::kill(first, signal).expect("it can be signalled");
    }

    /// The root of the tree's file system, with what is mounted only there.
    pub fn root(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root", self.first))
    }

    /// The letter that `/proc/PID/stat` gives for a process inside; `None` when there is no such process.
    pub fn state(&self, pid: Pid) -> Option<char> {
        let stat = text(self.root().join(format!("proc/{pid}/stat")));
        stat.rsplit_once(") ")?.1.chars().next()
    }

    /// Whether a process inside lives; a zombie does not.
    pub fn is_alive(&self, pid: Pid) -> bool {
        self.state(pid).is_some_and(|state| state != 'Z' && state != 'X')
    }

    /// Waits until a process inside is gone.
    #[track_caller]
    pub fn wait_dead(&self, pid: Pid) {
        wait_until(&format!("the end of process {pid}"), || !self.is_alive(pid));
    }

    /// Every process inside, with its command line.
    pub fn processes(&self) -> Vec<(Pid, String)> {
        let entries = std::fs::read_dir(self.root().join("proc")).into_iter().flatten().flatten();
        let pid = |name: &str| Pid::new(name.parse().ok()?);
        let pids = entries.filter_map(|entry| pid(entry.file_name().to_str()?));
        let command = |pid: Pid| text(self.root().join(format!("proc/{pid}/cmdline"))).replace('\0', " ");
        pids.map(|pid| (pid, command(pid).trim_end().to_owned())).collect()
    }

    /// What was said so far.
    pub fn log(&self) -> String {
        text(&self.log)
    }

    /// How process 1 ended, if it has: its exit code, or 128 + its signal.
    pub fn try_exit(&mut self) -> Option<i32> {
        let status = self.outer.try_wait().expect("a child can be waited for")?;
        status.code().or(status.signal().map(|signal| 128 + signal))
    }

    /// Waits until process 1 has ended.
    #[track_caller]
    pub fn wait_exit(&mut self) -> i32 {
        wait_for("process 1 to end", || self.try_exit())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = self.outer.kill();
        let _ = self.outer.wait();
        // Its processes die after it, and may still write: the scratch directory goes next.
        let first = PathBuf::from(format!("/proc/{}", self.first));
        while self.first != 0 && !text(first.join("cmdline")).is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        if std::thread::panicking() {
            eprintln!("what the tree said:\n{}", self.log());
        }
    }
}
