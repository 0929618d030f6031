//! Process 1 of a namespace that holds one supervisor: `first-process DIR PROGRAM ARGUMENT…`.
//!
//! Starts PROGRAM and collects every child. PROGRAM's pid is written to `DIR/pid`, how it ended to
//! `DIR/exit`; the namespace outlives it, so that a test can look at what it left behind.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

fn main() {
    let args: Vec<_> = std::env::args_os().collect();
    let dir = PathBuf::from(&args[1]);
    #[expect(clippy::zombie_processes, reason = "collected with all the others, below")]
    let child = Command::new(&args[2]).args(&args[3..]).spawn().expect("the program can be started");
    tell(&dir.join("pid"), &child.id().to_string());
    loop {
        while let Ok(Some((pid, exit))) = sys::child::reap() {
            if pid.get() as u32 == child.id() {
                tell(&dir.join("exit"), &exit.code().to_string());
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whoever reads the file reads all of it.
fn tell(path: &Path, text: &str) {
    let temporary = path.with_extension("new");
    std::fs::write(&temporary, text).expect("the scratch directory can be written to");
    std::fs::rename(&temporary, path).expect("the scratch directory can be written to");
}
