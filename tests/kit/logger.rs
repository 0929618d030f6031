//! A logger that a test writes to, alone.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use unix::{Pid, Signal};

use super::{our_program, text, wait_for};

/// A running `svlog`, in a directory. Dropped, it is killed. Only this process signals it, and before it is waited for.
#[derive(Debug)]
pub struct Logger {
    child: Child,
    input: Option<ChildStdin>,
    messages: PathBuf,
}

impl Logger {
    /// Starts it in `home` with these words.
    #[track_caller]
    pub fn start(home: &Path, words: &[&str]) -> Logger {
        Logger::start_as(home, &[], words)
    }

    /// The same by way of another program, which becomes the logger.
    #[track_caller]
    pub fn start_as(home: &Path, by: &[&str], words: &[&str]) -> Logger {
        Logger::launch(home, by, words, Stdio::piped())
    }

    /// The same; its standard input is this.
    #[track_caller]
    pub fn launch(home: &Path, by: &[&str], words: &[&str], input: Stdio) -> Logger {
        let messages = home.join("messages");
        let error = File::options().create(true).append(true).open(&messages).expect("a file can be made");
        let svlog = our_program("svlog");
        let all: Vec<&OsStr> =
            by.iter().map(OsStr::new).chain([svlog.as_ref()]).chain(words.iter().map(OsStr::new)).collect();
        let mut command = Command::new(all[0]);
        command.args(&all[1..]).current_dir(home).stdin(input).stdout(Stdio::piped()).stderr(error);
        let mut child = command.spawn().expect("the logger can be started");
        let input = child.stdin.take();
        Logger { child, input, messages }
    }

    /// Writes to it; waits when it does not read.
    #[track_caller]
    pub fn write(&mut self, bytes: &[u8]) {
        self.input.as_mut().expect("it is open").write_all(bytes).expect("the logger reads");
    }

    /// Its standard input, for somebody else to write to.
    #[track_caller]
    pub fn take_input(&mut self) -> ChildStdin {
        self.input.take().expect("it is open")
    }

    /// Its standard output.
    #[track_caller]
    pub fn take_output(&mut self) -> ChildStdout {
        self.child.stdout.take().expect("it is open")
    }

    /// Nothing more comes.
    pub fn close(&mut self) {
        self.input = None;
    }

    pub fn pid(&self) -> Pid {
        Pid::new(i64::from(self.child.id())).expect("it lives")
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        sys::child::kill(self.pid(), signal).expect("it was not waited for");
    }

    /// Kills it and waits until it is dead.
    pub fn kill(mut self) {
        self.child.kill().expect("it was not waited for");
        self.child.wait().expect("a child can be waited for");
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_some()
    }

    /// Waits until it has ended: its exit code, or 128 + its signal.
    #[track_caller]
    pub fn wait(&mut self) -> i32 {
        let ended = || self.child.try_wait().expect("a child can be waited for");
        let status = wait_for("the end of the logger", ended);
        status.code().or(status.signal().map(|signal| 128 + signal)).expect("it has ended")
    }

    /// Closes its input, and waits until it has ended well.
    #[track_caller]
    pub fn finish(&mut self) {
        self.close();
        let code = self.wait();
        assert_eq!(code, 0, "{}", self.messages());
    }

    /// What it and others in its directory have said.
    pub fn messages(&self) -> String {
        text(&self.messages)
    }
}

impl Drop for Logger {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
