//! Containers of the examples, with podman and runc, where these are: svscan is their process 1.
//!
//! They are built from the static programs that `make static` leaves in `target/dist`.

mod kit;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kit::{Scratch, is_root, ours_only, wait_until};

/// Podman with a storage of its own, a running container in it, and nothing of that afterwards.
struct Container(Scratch);

const NAME: &str = "under-test";
/// Seconds that any call of podman may take.
const LIMIT: &str = "300";
/// The static executable, as it goes into an image, may have so many bytes.
const MOST_BYTES: usize = 900_000;

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
        container.run("example");
        container
    }

    /// Builds the image that a directory of the test describes and runs it.
    #[track_caller]
    fn start_in(context: &Path) -> Container {
        let container = Container(Scratch::new());
        let build = ["build", "--isolation", "chroot", "--layers=false", "-q", "-t", "made", "-f"];
        let file = context.join("Containerfile").display().to_string();
        container.call(&[&build[..], &[file.as_str(), context.to_str().unwrap()]].concat());
        container.run("made");
        container
    }

    #[track_caller]
    fn run(&self, image: &str) {
        let limits = ["--network", "none", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];
        self.call(&[&["run", "-d", "--name", NAME], &limits[..], &[image]].concat());
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

/// Makes the layer and gives its bytes.
#[track_caller]
fn layer(tar: &Path, umask: &str) -> Vec<u8> {
    let script = format!("umask {umask}; exec \"$0\" \"$1\" \"$2\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).arg(top().join(".ci/layer")).arg(top().join("target/dist")).arg(tar);
    succeed(&mut command);
    std::fs::read(tar).unwrap()
}

#[test]
fn layer_is_the_same_every_time_and_leaves_the_directories_of_an_image_alone() {
    ours_only!("these are our programs");
    if !top().join("target/dist/svbox").exists() {
        println!("skipped: make static has not been run");
        return;
    }
    let scratch = Scratch::new();
    let tar = scratch.path().join("sv.tar");
    let first = layer(&tar, "022");
    // The clock goes on between the two: every file of the second one is newer.
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    std::fs::File::open(&tar).unwrap().set_modified(old).unwrap();
    assert!(first == layer(&scratch.path().join("again.tar"), "077"), "the layer is not the same twice");

    let list =
        succeed(Command::new("tar").arg("-tvf").arg(&tar).args(["--numeric-owner", "--utc", "--full-time"]));
    let names: Vec<&str> =
        list.lines().filter_map(|line| line.split(' ').filter(|word| !word.is_empty()).nth(5)).collect();
    for name in [
        "init",
        "usr/bin/svbox",
        "usr/bin/svinit",
        "usr/bin/s6-svc",
        "usr/bin/with-contenv",
        "command/with-contenv",
    ] {
        assert!(names.contains(&name), "{name}: {list}");
    }
    assert!(!names.iter().any(|name| name.starts_with("bin/") || *name == "./"), "{list}");
    for line in list.lines() {
        assert!(line.contains(" 0/0 ") && line.contains(" 1970-01-01 00:00:00 "), "{line}");
        assert!(["drwxr-xr-x", "-rwxr-xr-x", "lrwxrwxrwx"].contains(&&line[..10]), "{line}");
    }
    assert_eq!(list.lines().filter(|line| line.starts_with('-')).count(), 1, "one file: {list}");
}

#[test]
fn executable_is_not_larger_than_900_kilobytes() {
    ours_only!("these are our programs");
    let path = top().join("target/dist/svbox");
    match std::fs::read(&path) {
        Ok(bytes) if needs_no_loader(&bytes) => {
            assert!(bytes.len() <= MOST_BYTES, "svbox has {} bytes, {MOST_BYTES} are allowed", bytes.len());
        }
        _ => println!("skipped: there is no static {}", path.display()),
    }
}

#[test]
fn layer_makes_a_container_with_stages_from_scratch() {
    needs_podman!();
    let scratch = Scratch::new();
    let write = |name: &str, text: &str| {
        let path = scratch.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    layer(&scratch.path().join("sv.tar"), "022");
    std::fs::copy("/bin/busybox", scratch.path().join("busybox")).unwrap();
    write("etc/cont-init.d/10-first", "#!/command/with-contenv sh\necho \"init script: $WORD\"\n");
    write(
        "etc/services.d/web/run",
        "#!/usr/bin/with-contenv sh\necho \"service: $WORD\"\nexec busybox sleep 1000\n",
    );
    write("etc/cont-finish.d/10-last", "#!/bin/sh\necho finish script\n");
    write(
        "Containerfile",
        "FROM scratch\nADD sv.tar /\nCOPY busybox /bin/busybox\nCOPY busybox /bin/sh\nCOPY etc /etc\nENV WORD=one S6_CMD_WAIT_FOR_SERVICES=1\n\
         ENTRYPOINT [\"/init\"]\n\
         CMD [\"sh\", \"-c\", \"s6-svwait -u -t 20000 /run/service/web && echo command: $WORD; exit 5\"]\n",
    );
    let container = Container::start_in(scratch.path());
    assert_eq!(container.wait_exit(), "5", "{}", container.logs());
    // The log may be behind the end of the container.
    for line in ["init script: one\n", "service: one\n", "command: one\n", "finish script\n"] {
        container.says(line);
    }
}
