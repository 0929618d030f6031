//! Containers by podman and runc, with a storage of their own, and nothing of that afterwards.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{Scratch, is_root, wait_until};

/// Seconds that any call of podman may take.
const LIMIT: &str = "300";
const NAME: &str = "under-test";
/// What runs here needs no more.
const LIMITS: [&str; 6] =
    ["--network", "none", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];

/// A storage with one image in it, and at most one container.
#[derive(Debug)]
pub struct Podman(Scratch);

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

impl Podman {
    /// Why there can be no container here.
    pub fn obstacle() -> Option<String> {
        let on_path = |name: &&str| Command::new(name).arg("--version").output().is_ok();
        if let Some(missing) = ["podman", "runc"].into_iter().find(|name| !on_path(name)) {
            return Some(format!("{missing} is not installed"));
        }
        if !is_root() {
            return Some("it needs root".into());
        }
        let programs = [top().join("target/dist/svbox"), "/bin/busybox".into()];
        let is_static = |path: &PathBuf| std::fs::read(path).is_ok_and(|bytes| needs_no_loader(&bytes));
        let missing = programs.into_iter().find(|path| !is_static(path))?;
        Some(format!("there is no static {}", missing.display()))
    }

    /// Builds the image of an example.
    #[track_caller]
    pub fn build(example: &str) -> Podman {
        Podman::build_with(&top().join("examples/build-image"), example)
    }

    /// Builds an image with a script that takes what `examples/build-image` does.
    #[track_caller]
    pub fn build_with(script: &Path, example: &str) -> Podman {
        let podman = Podman(Scratch::new());
        let mut build = Command::new("timeout");
        build.arg(LIMIT).arg(script).args([example, "image"]).arg(top().join("target/dist"));
        succeed(build.env("PODMAN", podman.words().join(" ")));
        podman
    }

    /// Builds the image that a directory with a Containerfile describes.
    #[track_caller]
    pub fn build_in(context: &Path) -> Podman {
        let podman = Podman(Scratch::new());
        let file = context.join("Containerfile").display().to_string();
        let options = ["build", "--isolation", "chroot", "--layers=false", "-q", "-t", "image", "-f"];
        podman.call(&[&options[..], &[file.as_str(), &context.display().to_string()]].concat());
        podman
    }

    fn words(&self) -> Vec<String> {
        let place = |name: &str| self.0.path().join(name).display().to_string();
        let mut words = vec!["podman".to_owned(), "--root".into(), place("root"), "--runroot".into()];
        words.push(place("run"));
        let machine = "--storage-driver vfs --cgroup-manager cgroupfs --events-backend file --runtime runc";
        words.extend(machine.split(' ').map(str::to_owned));
        words
    }

    /// Runs the container in the background, with options of podman's and arguments of its own.
    #[track_caller]
    pub fn run(&self, options: &[&str], args: &[&str]) {
        let _ = self.try_call(&["rm", "-f", "-t", "0", NAME]);
        self.call(&[&["run", "-d", "--name", NAME], &LIMITS[..], options, &["image"], args].concat());
    }

    /// The same command line for a shell, in the foreground.
    pub fn line(&self, options: &str, args: &str) -> String {
        format!("{} run --name {NAME} {} {options} image {args}", self.words().join(" "), LIMITS.join(" "))
    }

    /// What podman prints, on either way.
    #[track_caller]
    pub fn call(&self, args: &[&str]) -> String {
        succeed(Command::new("timeout").arg(LIMIT).args(self.words()).args(args))
    }

    fn try_call(&self, args: &[&str]) -> std::io::Result<Output> {
        Command::new("timeout").arg(LIMIT).args(self.words()).args(args).output()
    }

    /// Runs a command in the container.
    #[track_caller]
    pub fn inside(&self, args: &[&str]) -> String {
        self.call(&[&["exec", NAME], args].concat())
    }

    /// A command about the container: `stop`, `restart`.
    #[track_caller]
    pub fn tell(&self, command: &str, options: &[&str]) {
        self.call(&[&[command], options, &[NAME]].concat());
    }

    /// What it has said.
    #[track_caller]
    pub fn logs(&self) -> String {
        self.call(&["logs", NAME])
    }

    /// Waits until it has said this.
    #[track_caller]
    pub fn says(&self, line: &str) {
        wait_until(&format!("the log says {line:?}: {}", self.logs()), || self.logs().contains(line));
    }

    /// Waits until the container has ended: its exit code, as `podman inspect` gives it.
    #[track_caller]
    pub fn wait_exit(&self) -> i32 {
        // wait(1) of podman takes a container for ended that it is about to start again.
        wait_until("the container to end", || {
            self.call(&["wait", NAME]);
            self.call(&["inspect", "--format", "{{.State.Running}}", NAME]).trim() == "false"
        });
        self.exit_code()
    }

    /// Its exit code, as `podman inspect` gives it.
    #[track_caller]
    pub fn exit_code(&self) -> i32 {
        let code = self.call(&["inspect", "--format", "{{.State.ExitCode}}", NAME]);
        code.trim().parse().unwrap_or_else(|_| panic!("no exit code: {code}"))
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        let _ = self.try_call(&["rm", "-f", "-t", "0", "--all"]);
    }
}

/// Runs a command that must not fail: what it printed, on either way.
#[track_caller]
pub fn succeed(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("timeout(1) is in the base system");
    let text = [stdout, stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(status.success(), "{command:?}: {status}: {text}");
    text
}

/// Whether a 64-bit ELF file has no program header PT_INTERP: the image holds no dynamic loader.
pub fn needs_no_loader(elf: &[u8]) -> bool {
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
