//! One supervisor, without a scanner.

use std::ffi::OsStr;
use std::ops::Deref;
use std::path::Path;

use unix::{Pid, Signal};

use super::{Listener, Namespace, Scratch, Service, program, text, wait_for};

/// A supervisor under test, and the service it is for: everything of `Service` can be asked of it.
#[derive(Debug)]
pub struct Supervisor {
    service: Service,
    namespace: Namespace,
    scratch: Scratch,
}

impl Supervisor {
    /// Starts one on the service `web` that `build` describes.
    #[track_caller]
    pub fn start(build: impl FnOnce(&Service)) -> Supervisor {
        Supervisor::start_by("exec \"$@\"", build)
    }

    /// The same, with a listener that hears its first notice.
    #[track_caller]
    pub fn start_and_listen(build: impl FnOnce(&Service)) -> (Supervisor, Listener) {
        let mut listener = None;
        let supervisor = Supervisor::start(|service| {
            build(service);
            listener = Some(service.listen());
        });
        (supervisor, listener.expect("it listens"))
    }

    /// The same, by a shell command that ends with `exec "$@"`.
    #[track_caller]
    pub fn start_by(shell: &str, build: impl FnOnce(&Service)) -> Supervisor {
        Supervisor::launch(&program("supervise"), shell, build)
    }

    /// The same with this program, whatever suite is tested.
    #[track_caller]
    pub fn start_program(supervise: &Path, build: impl FnOnce(&Service)) -> Supervisor {
        Supervisor::launch(supervise, "exec \"$@\"", build)
    }

    #[track_caller]
    fn launch(supervise: &Path, shell: &str, build: impl FnOnce(&Service)) -> Supervisor {
        let scratch = Scratch::new();
        let service = Service::at(scratch.path().join("web"));
        build(&service);
        let namespace = start(supervise, scratch.path(), shell);
        Supervisor { service, namespace, scratch }
    }

    /// Starts another supervisor of the same service in the same namespace. It is not the one that `pid`,
    /// `signal` and `wait_exit` are about.
    #[track_caller]
    pub fn start_beside(&self) {
        let script = "cd \"$0\" && { \"$@\" >>messages 2>&1 </dev/null & }";
        let (dir, supervise) = (self.scratch.path(), program("supervise"));
        let (dir, supervise) = (dir.to_str().expect("UTF-8"), supervise.to_str().expect("UTF-8"));
        let answer = self.namespace.inside(&["sh", "-c", script, dir, supervise, "web"]);
        assert_eq!(answer.code, 0, "{}", answer.err);
    }

    /// The pid of the supervisor itself.
    #[track_caller]
    pub fn pid(&self) -> Pid {
        let path = self.scratch.path().join("pid");
        wait_for("the supervisor's pid", || Pid::new(text(&path).parse().ok()?))
    }

    /// Sends the supervisor itself a signal.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        self.namespace.kill(self.pid(), signal.name().expect("it has a name"));
    }

    /// Waits until the supervisor has ended: its exit code, or 128 + its signal.
    #[track_caller]
    pub fn wait_exit(&self) -> i32 {
        let path = self.scratch.path().join("exit");
        wait_for("the supervisor to exit", || text(&path).parse().ok())
    }

    /// Whether the supervisor still lives.
    pub fn is_running(&self) -> bool {
        !self.scratch.path().join("exit").exists()
    }

    /// Ends it and everything in its namespace, and starts another on the same service directory.
    #[track_caller]
    pub fn start_again(&mut self) {
        for name in ["pid", "exit"] {
            let _ = std::fs::remove_file(self.scratch.path().join(name));
        }
        self.namespace = start(&program("supervise"), self.scratch.path(), "exec \"$@\"");
    }

    /// Where it runs.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The directory of this test, above the service's.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// What it and its service said.
    pub fn messages(&self) -> String {
        self.namespace.log()
    }
}

fn start(supervise: &Path, scratch: &Path, shell: &str) -> Namespace {
    let script = format!("cd \"$0\" && {shell}");
    let command: [&OsStr; 8] = [
        env!("CARGO_BIN_EXE_first-process").as_ref(),
        scratch.as_ref(),
        "sh".as_ref(),
        "-c".as_ref(),
        script.as_ref(),
        scratch.as_ref(),
        supervise.as_ref(),
        "web".as_ref(),
    ];
    Namespace::start(&command, &scratch.join("messages"))
}

impl Deref for Supervisor {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}
