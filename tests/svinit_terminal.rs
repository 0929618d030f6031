//! Inits on a terminal: what is typed there reaches the command, and a shell has job control.

#![forbid(unsafe_code)]

mod kit;

use std::path::{Path, PathBuf};

use kit::{Scratch, Terminal, is_root, original, our_name, our_program, ours_only};

const WHY: &str = "s6 has no such program";
/// A PID namespace whose first process leads a session that owns the terminal, as in a container with one.
const FIRST: &str = "unshare --pid --fork --mount-proc --kill-child setsid --ctty";

/// Ends the test where there is no terminal to be had.
macro_rules! needs_terminal {
    () => {
        ours_only!(WHY);
        if !Terminal::is_there() || !is_root() {
            eprintln!("skipped: it needs tmux, and root to take its terminal");
            return;
        }
    };
}

/// Every init of this name: the original if it is here, and ours.
fn both(name: &str) -> Vec<PathBuf> {
    if name == "svinit" {
        return vec![our_program(name)];
    }
    [original(name), Some(our_name(name))].into_iter().flatten().collect()
}

struct Shell(Terminal, #[allow(dead_code, reason = "it goes with the terminal")] Scratch);

impl Shell {
    fn start(command: &str) -> Shell {
        let scratch = Scratch::new();
        let terminal = Terminal::start(scratch.path(), 100, 40, command);
        let shell = Shell(terminal, scratch);
        shell.0.wait("a prompt", |text| text.ends_with('#'));
        shell.runs("echo begun$((1+1))", "begun2", 1);
        shell
    }

    /// Types a line and waits until its result stands there so often.
    #[track_caller]
    fn runs(&self, line: &str, result: &str, times: usize) {
        self.0.keys(&format!("{line}\n"));
        self.shows(result, times);
    }

    #[track_caller]
    fn shows(&self, result: &str, times: usize) {
        let is_there =
            |text: &str| text.lines().filter(|line| line.trim_end().ends_with(result)).count() >= times;
        self.0.wait(&format!("{result:?}, {times} times"), is_there);
    }

    /// `cat` runs: it is stopped, goes on and is interrupted; the shell has seen all that.
    #[track_caller]
    fn stops_and_interrupts(&self) {
        // What is typed stands there twice: the terminal's echo and what cat says.
        self.runs("first", "first", 2);
        self.0.keys("C-z");
        // Who types ahead types to whoever reads first.
        self.0.wait("a stopped job and a prompt", |text| text.contains("Stopped") && text.ends_with('#'));
        self.0.keys("fg\n");
        self.0.wait("a job in the foreground", |text| {
            text.lines().last().is_some_and(|line| line.ends_with("cat"))
        });
        self.runs("second", "second", 2);
        self.0.keys("C-c");
        self.0.wait("a prompt after ^C", |text| text.ends_with('#'));
        self.runs("echo code $(($?+1000))", "code 1130", 1);
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn shell_behind_an_init_that_is_process_1_has_job_control() {
    needs_terminal!();
    for name in ["dumb-init", "tini", "svinit", "catatonit"] {
        // Debian's catatonit leaves ^Z blocked in its command.
        for init in both(name).into_iter().filter(|init| !init.ends_with("bin/catatonit")) {
            let shell = Shell::start(&format!("{FIRST} {} -- sh -i", shown(&init)));
            assert!(
                !shell.0.text().contains("job control turned off"),
                "{}: {}",
                shown(&init),
                shell.0.text()
            );
            shell.0.keys("cat\n");
            shell.stops_and_interrupts();
        }
    }
}

#[test]
fn losing_the_terminal_does_not_hang_the_command_up_but_a_hangup_does() {
    needs_terminal!();
    for init in ["dumb-init", "svinit"].into_iter().flat_map(both) {
        let shell = Shell::start(&format!("{FIRST} {} -- sh -i", shown(&init)));
        shell.0.keys("trap 'echo hung-up' HUP\n");
        // The shell does what is to be done about a signal when it has read a line.
        shell.0.keys("kill -HUP 1; sleep 0.1\n");
        shell.shows("hung-up", 1);
    }
}

#[test]
fn init_below_a_shell_is_stopped_together_with_its_command() {
    needs_terminal!();
    for init in ["dumb-init", "svinit"].into_iter().flat_map(both) {
        let shell = Shell::start(&format!("{FIRST} sh -i"));
        shell.0.keys(&format!("{} -- cat\n", shown(&init)));
        shell.stops_and_interrupts();
    }
}
