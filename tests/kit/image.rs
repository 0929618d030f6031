//! A container with stages, without an image: `/etc`, `/run` and `/var/log` are a test's own, in namespaces of its own.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::{Namespace, Scratch, text, wait_until};

/// What the host has in `/etc` that programs want to find there.
const KEPT: [&str; 4] = ["passwd", "group", "nsswitch.conf", "ld.so.cache"];

/// What an image would hold, before its container is started.
#[derive(Debug)]
pub struct Image {
    scratch: Scratch,
    variables: Vec<(OsString, OsString)>,
    shell: String,
    /// What stands before the program: `setpriv …`.
    wrapper: Vec<String>,
    name: String,
}

impl Image {
    /// An empty one.
    pub fn new() -> Image {
        let scratch = Scratch::new();
        // Whoever the container runs as writes there.
        std::fs::set_permissions(scratch.path(), PermissionsExt::from_mode(0o777)).unwrap();
        std::fs::create_dir(scratch.path().join("etc")).unwrap();
        for name in KEPT {
            let _ = std::fs::copy(Path::new("/etc").join(name), scratch.path().join("etc").join(name));
        }
        let image = Image {
            scratch,
            variables: Vec::new(),
            shell: String::new(),
            wrapper: Vec::new(),
            name: "init".into(),
        };
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", all_names().display());
        let place = image.scratch.path().display().to_string();
        // Where scripts leave what a test looks at.
        image.variable("PATH", path).variable("T", place)
    }

    /// Called by another name than `init`, with these first arguments: `svinit --stages`; or another program's path.
    pub fn called(mut self, name: &str) -> Image {
        self.name = name.into();
        self
    }

    /// Sets a variable of the container.
    pub fn variable(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Image {
        self.variables.push((name.as_ref().into(), value.as_ref().into()));
        self
    }

    /// Makes a file below `/etc`, with its directories.
    pub fn file(self, path: &str, content: &str, mode: u32) -> Image {
        let path = self.etc().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        self
    }

    /// Makes a script of the shell below `/etc`.
    pub fn script(self, path: &str, script: &str) -> Image {
        self.file(path, &format!("#!/bin/sh\n{script}\n"), 0o755)
    }

    /// Has a shell do this, in the namespace, as root, before the container starts.
    pub fn before(mut self, shell: &str) -> Image {
        self.shell.push_str(shell);
        self.shell.push('\n');
        self
    }

    /// Has this command line start the container.
    pub fn wrapped(mut self, wrapper: &[&str]) -> Image {
        self.wrapper = wrapper.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// What is `/etc` in the container.
    pub fn etc(&self) -> PathBuf {
        self.scratch.path().join("etc")
    }

    /// The directory of the test: `$T` in the container.
    pub fn place(&self) -> &Path {
        self.scratch.path()
    }

    /// Starts the container with a command.
    #[track_caller]
    pub fn start(self, command: &[&str]) -> Inside {
        let etc = self.etc();
        let shell = format!(
            "set -e\nmount --make-rprivate /\nmount --bind '{}' /etc\nmount -t tmpfs -o mode=755 tmpfs /run\n\
             mount -t tmpfs -o mode=755 tmpfs /var/log\nmount -t tmpfs -o mode=1777 tmpfs /dev/shm\ncd /\n{}\nexec \"$@\"",
            etc.display(),
            self.shell
        );
        let mut words: Vec<OsString> = ["sh", "-c", &shell, "sh"].map(OsString::from).into();
        words.extend(self.wrapper.iter().map(OsString::from));
        words.extend(["env", "-i"].map(OsString::from));
        for (name, value) in &self.variables {
            words.push(OsStr::from_bytes(&[name.as_bytes(), b"=", value.as_bytes()].concat()).to_owned());
        }
        let mut name = self.name.split(' ');
        // An absolute path stays what it is.
        words.push(all_names().join(name.next().unwrap()).into_os_string());
        words.extend(name.map(OsString::from));
        words.extend(command.iter().map(OsString::from));
        let words: Vec<&OsStr> = words.iter().map(OsString::as_os_str).collect();
        let namespace = Namespace::start(&words, &self.scratch.path().join("messages"));
        Inside { namespace, scratch: self.scratch }
    }
}

/// A container that runs.
#[derive(Debug)]
pub struct Inside {
    namespace: Namespace,
    scratch: Scratch,
}

impl Inside {
    /// The directory of the test.
    pub fn place(&self) -> &Path {
        self.scratch.path()
    }

    /// Where it runs.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// What it said.
    pub fn log(&self) -> String {
        self.namespace.log()
    }

    /// The text of a file that its scripts have left.
    pub fn left(&self, name: &str) -> String {
        text(self.scratch.path().join(name))
    }

    /// The lines of the file `trace`.
    pub fn trace(&self) -> Vec<String> {
        self.left("trace").lines().map(str::to_owned).collect()
    }

    /// Waits until a line stands in the file `trace`.
    #[track_caller]
    pub fn wait_trace(&self, line: &str) {
        wait_until(&format!("the line {line:?}; there are {:?}; {}", self.trace(), self.log()), || {
            self.trace().iter().any(|known| known == line)
        });
    }

    /// Sends process 1 a signal.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        self.namespace.kill(unix::Pid::new(1).unwrap(), name);
    }

    /// Waits until it has ended: its exit code.
    #[track_caller]
    pub fn wait_exit(&mut self) -> i32 {
        self.namespace.wait_exit()
    }

    /// How it has ended, if it has.
    pub fn try_exit(&mut self) -> Option<i32> {
        self.namespace.try_exit()
    }

    /// Its processes, but for the shells of `nsenter` and the like: their command lines.
    pub fn commands(&self) -> Vec<String> {
        self.namespace.processes().into_iter().map(|(_, command)| command).collect()
    }
}

/// A directory with every name that our executable answers to; for the inside of a container only.
pub fn all_names() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let executable = std::env::var_os("SUITE_BIN").map_or_else(
            || env!("CARGO_BIN_EXE_suite-under-test").into(),
            |dir| Path::new(&dir).join("svbox"),
        );
        let dir = Path::new(env!("CARGO_BIN_EXE_suite-under-test")).with_file_name("suite-all");
        std::fs::create_dir_all(&dir).expect("links can be made beside the executable");
        for (name, _) in svbox::names() {
            // Another test process may be making the same links.
            match symlink(&executable, dir.join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => panic!("{name}: {error}"),
                _ => {}
            }
        }
        dir
    })
}
