//! Containers of the examples, with podman and runc, where these are: svscan is their process 1.
//!
//! They are built from the static programs that `make static` leaves in `target/dist`.

mod kit;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use kit::{Podman, Scratch, needs_no_loader, ours_only, succeed, wait_until};

/// The static executable, as it goes into an image, may have so many bytes.
const MOST_BYTES: usize = 900_000;

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Ends the test, and says why, where there can be no container.
macro_rules! needs_podman {
    () => {
        ours_only!("these are our programs");
        if let Some(reason) = Podman::obstacle() {
            println!("skipped: {reason}");
            return;
        }
    };
}

/// The image of an example, built, and its container, running.
#[track_caller]
fn start(example: &str) -> Podman {
    let podman = Podman::build(example);
    podman.run(&[], &[]);
    podman
}

#[test]
fn graceful_container_stops_without_losing_anything() {
    needs_podman!();
    let container = start("graceful");
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

    container.tell("stop", &["-t", "60"]);
    assert_eq!(container.wait_exit(), 0);
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
    let container = start("key-process");
    assert_eq!(container.wait_exit(), 3);
    assert!(container.logs().contains("job: ended with exit code 3"), "{}", container.logs());
}

#[test]
fn every_line_of_a_container_is_printed_with_a_name_and_kept() {
    needs_podman!();
    let container = start("logs");
    for line in ["web | request 1\n", "worker | job 1\n", "other | plain has no logger of its own\n"] {
        container.says(line);
    }
    assert!(container.inside(&["svctl", "logs", "web"]).contains(" request 1\n"));
    assert!(container.inside(&["svctl", "logs", "svscan-log"]).contains(" plain has no logger of its own\n"));
    container.tell("stop", &["-t", "60"]);
    assert_eq!(container.wait_exit(), 0);
    assert!(container.logs().contains("web | the last line\n"), "{}", container.logs());
}

#[test]
fn tools_find_a_service_of_the_container_by_its_name() {
    needs_podman!();
    let container = start("ready");
    container.inside(&["svwait", "-U", "server"]);
    container.inside(&["svctl", "-wd", "-T", "20000", "-d", "client"]);
    container.tell("stop", &["-t", "60"]);
    assert_eq!(container.wait_exit(), 0);
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
    let container = Podman::build_in(scratch.path());
    container.run(&[], &[]);
    assert_eq!(container.wait_exit(), 5, "{}", container.logs());
    // The log may be behind the end of the container.
    for line in ["init script: one\n", "service: one\n", "command: one\n", "finish script\n"] {
        container.says(line);
    }
}
