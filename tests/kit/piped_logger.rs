//! A logger that runs beside the test.

use std::io::{BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use unix::{Pid, Signal};

use super::{text, wait_until};

/// A logger with pipes to it and from it. Dropped, it is killed.
#[derive(Debug)]
pub struct PipedLogger {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl PipedLogger {
    /// Starts it in a directory.
    #[track_caller]
    pub fn start(program: &Path, args: &[&str], dir: &Path) -> PipedLogger {
        let mut command = Command::new(program);
        command.args(args).current_dir(dir).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("it is a pipe"));
        PipedLogger { child, stdin, stdout }
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        Pid::new(self.child.id().into()).expect("it is a child")
    }

    /// Writes to it, all at once if it is short.
    #[track_caller]
    pub fn write(&mut self, bytes: &[u8]) {
        self.stdin.as_mut().expect("it is open").write_all(bytes).expect("it reads");
    }

    /// Writes what it may not want to read any more.
    pub fn offer(&mut self, bytes: &[u8]) {
        let _ = self.stdin.as_mut().expect("it is open").write_all(bytes);
    }

    /// Its input ends.
    pub fn close(&mut self) {
        self.stdin = None;
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        sys::child::kill(self.pid(), signal).expect("it is a child");
    }

    /// Reads as many bytes of its output.
    #[track_caller]
    pub fn read(&mut self, count: usize) -> String {
        let mut bytes = vec![0; count];
        self.stdout.read_exact(&mut bytes).expect("it writes");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until it has ended: what it wrote since, and its exit code.
    #[track_caller]
    pub fn finish(&mut self) -> (String, Option<i32>) {
        let mut rest = Vec::new();
        let _ = self.stdout.read_to_end(&mut rest);
        wait_until("the logger to end", || self.child.try_wait().expect("it is a child").is_some());
        let code = self.child.wait().expect("it is a child").code();
        (String::from_utf8_lossy(&rest).into_owned(), code)
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("it is a child").is_none()
    }

    /// A number of its `/proc/PID/status`.
    pub fn status(&self, name: &str) -> u64 {
        let status = text(format!("/proc/{}/status", self.pid()));
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    }

    /// Waits until it sleeps, and has nothing to read.
    #[track_caller]
    pub fn wait_until_it_sleeps(&self) {
        let mut before = 0;
        let mut quiet = 0;
        wait_until("the logger to sleep", || {
            let now = self.status("voluntary_ctxt_switches");
            let stat = text(format!("/proc/{}/stat", self.pid()));
            let sleeps = stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S'));
            quiet = if sleeps && now == before { quiet + 1 } else { 0 };
            before = now;
            quiet > 20
        });
    }
}

impl Drop for PipedLogger {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
