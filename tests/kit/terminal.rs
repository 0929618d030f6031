//! A terminal, by tmux(1): what a program shows there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Answer, run, wait_until};

/// A terminal with a program in it. Dropped, it goes with the program.
#[derive(Debug)]
pub struct Terminal {
    /// Where tmux has its socket.
    dir: PathBuf,
    /// What that is called: a server of its own for each, which may still be going when the next one comes.
    socket: String,
}

impl Terminal {
    /// Whether there can be one here.
    pub fn is_there() -> bool {
        Command::new("tmux").arg("-V").output().is_ok()
    }

    /// Starts a shell command in a terminal of this size; `dir` is a directory of the test.
    #[track_caller]
    pub fn start(dir: &Path, columns: u32, rows: u32, command: &str) -> Terminal {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let socket = format!("terminal-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let terminal = Terminal { dir: dir.to_owned(), socket };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        // It stays when the command ends, for its screen to be seen.
        let command = format!("{command}; echo \"exit $?\"; exec sleep 1000");
        terminal.tmux(&["new-session", "-d", "-x", &columns, "-y", &rows, &command]);
        terminal
    }

    #[track_caller]
    fn tmux(&self, args: &[&str]) -> Answer {
        let mut tmux = Command::new("tmux");
        tmux.args(["-L", &self.socket, "-u", "-f", "/dev/null"]).args(args);
        tmux.env("TMUX_TMPDIR", &self.dir).env_remove("TMUX").env("TERM", "xterm").env("LC_ALL", "C.UTF-8");
        let answer = run(&mut tmux);
        assert_eq!(answer.code, 0, "{args:?}: {}", answer.err);
        answer
    }

    /// What it shows, without colours and without blanks at the end.
    #[track_caller]
    pub fn text(&self) -> String {
        self.tmux(&["capture-pane", "-p"]).out.trim_end().to_owned()
    }

    /// What it shows, with the sequences that colour it.
    #[track_caller]
    pub fn coloured(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-e"]).out
    }

    /// Whether a program has another screen than the shell's, or has hidden the cursor.
    #[track_caller]
    pub fn is_taken(&self) -> bool {
        self.tmux(&["display-message", "-p", "#{alternate_on} #{cursor_flag}"]).out.trim() != "0 1"
    }

    /// Types keys, as tmux names them.
    #[track_caller]
    pub fn keys(&self, keys: &str) {
        self.tmux(&["send-keys", keys]);
    }

    /// Gives it another size.
    #[track_caller]
    pub fn resize(&self, columns: u32, rows: u32) {
        self.tmux(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    /// Waits until it shows what it should.
    #[track_caller]
    pub fn wait(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let mut text = String::new();
        wait_until(&format!("a terminal with {what}"), || {
            text = self.text();
            is_so(&text)
        });
        text
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let mut tmux = Command::new("tmux");
        let _ = tmux
            .args(["-L", &self.socket, "kill-server"])
            .env("TMUX_TMPDIR", &self.dir)
            .env_remove("TMUX")
            .output();
    }
}
