//! Containers of the examples, with podman and runc, where these are: svscan is their process 1.
//!
//! They are built from the static programs that `make static` leaves in `target/dist`.

mod kit;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kit::{Scratch, is_root, ours_only, wait_until};

/// Podman with a storage of its own, a running container in it, and nothing of that afterwards.
struct Container(Scratch);

const NAME: &str = "under-test";
/// Seconds that any call of podman may take.
const LIMIT: &str = "300";

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Why there can be no container here.
fn obstacle() -> Option<String> {
    let on_path = |name: &str| Command::new(name).arg("--version").output().is_ok();
    let is_static = |path: &Path| std::fs::read(path).is_ok_and(|bytes| needs_no_loader(&bytes));
    if let Some(missing) = ["podman", "runc"].into_iter().find(|name| !on_path(name)) {
        return Some(format!("{missing} is not installed"));
    }
    if !is_root() {
        return Some("it needs root".into());
    }
    for path in [top().join("target/dist/svbox"), "/bin/busybox".into()] {
        if !is_static(&path) {
            return Some(format!("there is no static {}", path.display()));
        }
    }
    None
}

/// Whether a 64-bit ELF file has no program header PT_INTERP: the image holds no dynamic loader.
fn needs_no_loader(elf: &[u8]) -> bool {
    const PT_INTERP: u64 = 3;
    let number = |at: usize, size: usize| {
        elf.get(at..at + size)
            .map(|bytes| bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
    };
    let (Some(offset), Some(size), Some(count)) = (number(32, 8), number(54, 2), number(56, 2)) else {
        return false;
    };
    (0..count).all(|n| number((offset + n * size) as usize, 4).is_some_and(|kind| kind != PT_INTERP))
}

/// Ends the test, and says why, where there can be no container.
macro_rules! needs_podman {
    () => {
        ours_only!("these are our programs");
        if let Some(reason) = obstacle() {
            println!("skipped: {reason}");
            return;
        }
    };
}

impl Container {
    /// Builds the image of an example and runs it.
    #[track_caller]
    fn start(example: &str) -> Container {
        let container = Container(Scratch::new());
        let mut build = Command::new("timeout");
        build.arg(LIMIT).arg(top().join("examples/build-image")).args([example, "example"]);
        succeed(build.arg(top().join("target/dist")).env("PODMAN", container.podman().join(" ")));
        let limits = ["--network", "none", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];
        container.call(&[&["run", "-d", "--name", NAME], &limits[..], &["example"]].concat());
        container
    }

    fn podman(&self) -> Vec<String> {
        let place = |name: &str| self.0.path().join(name).display().to_string();
        let mut words = vec!["podman".to_owned(), "--root".into(), place("root"), "--runroot".into()];
        words.push(place("run"));
        let machine = "--storage-driver vfs --cgroup-manager cgroupfs --events-backend file --runtime runc";
        words.extend(machine.split(' ').map(str::to_owned));
        words
    }

    /// What podman prints, on either way.
    #[track_caller]
    fn call(&self, args: &[&str]) -> String {
        succeed(Command::new("timeout").arg(LIMIT).args(self.podman()).args(args))
    }

    /// Runs a command in the container.
    #[track_caller]
    fn inside(&self, args: &[&str]) -> String {
        self.call(&[&["exec", NAME], args].concat())
    }

    #[track_caller]
    fn logs(&self) -> String {
        self.call(&["logs", NAME])
    }

    #[track_caller]
    fn says(&self, line: &str) {
        wait_until(&format!("the log says {line:?}"), || self.logs().contains(line));
    }

    /// Waits until the container has ended: its exit code.
    #[track_caller]
    fn wait_exit(&self) -> String {
        self.call(&["wait", NAME]).trim().to_owned()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let remove = ["rm", "-f", "-t", "0", "--all"];
        let _ = Command::new("timeout").arg(LIMIT).args(self.podman()).args(remove).output();
    }
}

#[track_caller]
fn succeed(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("timeout(1) is in the base system");
    let text = [stdout, stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(status.success(), "{command:?}: {status}: {text}");
    text
}

#[test]
fn graceful_container_stops_without_losing_anything() {
    needs_podman!();
    let container = Container::start("graceful");
    for name in ["web", "worker", "slow"] {
        container.says(&format!("{name}: started\n"));
    }
    assert_eq!(container.inside(&["cat", "/proc/1/comm"]), "svscan\n");

    // What is left to process 1 is reaped.
    container.inside(&["sh", "-c", "for n in 1 2 3 4 5 6 7 8 9; do (sleep 0 &); done"]);
    wait_until("no zombie and no orphan", || {
        let processes = container.inside(&["ps", "-o", "stat,args"]);
        !processes.lines().any(|line| line.starts_with('Z') || line.contains("sleep 0"))
    });

    container.call(&["stop", "-t", "60", NAME]);
    assert_eq!(container.wait_exit(), "0");
    let logs = container.logs();
    let lines =
        ["slow: saving\n", "slow: saved\n", "slow: finished with exit code 0\n", "all services are down\n"];
    let mut rest = logs.as_str();
    for line in lines {
        rest = rest.split_once(line).unwrap_or_else(|| panic!("no {line:?} where it should be: {logs}")).1;
    }
}

#[test]
fn container_ends_with_the_exit_code_of_its_key_process() {
    needs_podman!();
    let container = Container::start("key-process");
    assert_eq!(container.wait_exit(), "3");
    assert!(container.logs().contains("job: ended with exit code 3"), "{}", container.logs());
}

#[test]
fn every_line_of_a_container_is_printed_with_a_name_and_kept() {
    needs_podman!();
    let container = Container::start("logs");
    for line in ["web | request 1\n", "worker | job 1\n", "other | plain has no logger of its own\n"] {
        container.says(line);
    }
    assert!(container.inside(&["svctl", "logs", "web"]).contains(" request 1\n"));
    assert!(container.inside(&["svctl", "logs", "svscan-log"]).contains(" plain has no logger of its own\n"));
    container.call(&["stop", "-t", "60", NAME]);
    assert_eq!(container.wait_exit(), "0");
    assert!(container.logs().contains("web | the last line\n"), "{}", container.logs());
}

#[test]
fn tools_find_a_service_of_the_container_by_its_name() {
    needs_podman!();
    let container = Container::start("ready");
    container.inside(&["svwait", "-U", "server"]);
    container.inside(&["svctl", "-wd", "-T", "20000", "-d", "client"]);
    container.call(&["stop", "-t", "60", NAME]);
    assert_eq!(container.wait_exit(), "0");
}
