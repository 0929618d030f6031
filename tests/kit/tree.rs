//! A whole tree, with a scanner as process 1 of its namespace.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use unix::Signal;

use super::{Answer, Namespace, Scratch, Service, Suite, program, run, suite, wait_until};

/// A scan directory, before its scanner is started.
#[derive(Debug)]
pub struct Scan {
    dir: PathBuf,
    options: Vec<String>,
    shell: String,
}

impl Scan {
    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A service of it, made if it is missing. `web/log` is the logger of `web`.
    pub fn service(&self, name: &str) -> Service {
        Service::at(self.dir.join(name))
    }

    /// Gives the scanner these options.
    pub fn options(&mut self, options: &[&str]) {
        self.options.extend(options.iter().map(|&option| option.to_owned()));
    }

    /// Has a shell do this, in the namespace, before it becomes the scanner.
    pub fn before(&mut self, shell: &str) {
        self.shell.push_str(shell);
        self.shell.push('\n');
    }

    /// A script in the scanner's control directory.
    pub fn hook(&self, name: &str, script: &str) {
        Service::at(control_dir_of(&self.dir)).script(name, script);
    }
}

/// The name that the scanner gives its control directory, unless it finds one of the other name.
fn control_dir_of(dir: &Path) -> PathBuf {
    let (ours, theirs) = (dir.join(".svscan"), dir.join(".s6-svscan"));
    if suite() == Suite::S6 || (theirs.exists() && !ours.exists()) { theirs } else { ours }
}

/// A tree that runs.
#[derive(Debug)]
pub struct Tree {
    dir: PathBuf,
    namespace: Namespace,
    scratch: Scratch,
}

impl Tree {
    /// Starts a tree on the scan directory that `build` fills, and waits until it takes commands; with our
    /// scanner also until its first scan is made: what comes afterwards was not there at the start.
    #[track_caller]
    pub fn start(build: impl FnOnce(&mut Scan)) -> Tree {
        let mut told = None;
        let mut tree = Tree::launch(|scan| {
            build(scan);
            if suite() == Suite::Ours && !scan.options.iter().any(|option| option == "-d") {
                let file = scan.dir.with_file_name("scanner-is-ready");
                scan.before(&format!("exec 9>>'{}'", file.display()));
                scan.options(&["-d", "9"]);
                told = Some(file);
            }
        });
        wait_until("the scanner to take commands", || {
            let exit = tree.try_exit();
            assert_eq!(exit, None, "the scanner ended");
            let is_ready = |file| std::fs::read(file).is_ok_and(|text| text == b"\n");
            tree.is_listening() && told.as_ref().is_none_or(is_ready)
        });
        tree
    }

    /// Starts a tree and waits for nothing.
    #[track_caller]
    pub fn launch(build: impl FnOnce(&mut Scan)) -> Tree {
        Tree::launch_program(&program("svscan"), build)
    }

    /// The same with this program, whatever suite is tested.
    #[track_caller]
    pub fn launch_program(svscan: &Path, build: impl FnOnce(&mut Scan)) -> Tree {
        let scratch = Scratch::new();
        let dir = scratch.path().join("scan");
        std::fs::create_dir(&dir).expect("a scan directory can be made");
        let mut scan = Scan { dir: dir.clone(), options: Vec::new(), shell: String::new() };
        build(&mut scan);
        let shell = format!("{}\nexec \"$@\"", scan.shell);
        let mut command: Vec<&OsStr> = vec!["sh".as_ref(), "-c".as_ref(), shell.as_ref(), "sh".as_ref()];
        command.push(svscan.as_ref());
        command.extend(scan.options.iter().map(OsStr::new));
        command.push(dir.as_ref());
        let namespace = Namespace::start(&command, &scratch.path().join("messages"));
        Tree { dir, namespace, scratch }
    }

    /// Where its scan directory is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The directory of this test, above the scan directory.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// A service of it. `web/log` is the logger of `web`.
    pub fn service(&self, name: &str) -> Service {
        Service::at(self.dir.join(name))
    }

    /// The scanner's control directory.
    pub fn control_dir(&self) -> PathBuf {
        control_dir_of(&self.dir)
    }

    /// Whether the scanner takes commands.
    pub fn is_listening(&self) -> bool {
        sys::fifo::open_to_write(&self.control_dir().join("control")).is_ok()
    }

    /// Sends command bytes to the scanner.
    #[track_caller]
    pub fn command(&self, bytes: &str) {
        sys::fifo::send(&self.control_dir().join("control"), bytes.as_bytes()).expect("the scanner listens");
    }

    /// Sends the scanner a signal.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        let first = unix::Pid::new(1).expect("1 is a pid");
        self.namespace.kill(first, signal.name().expect("it has a name"));
    }

    /// The suite's tool for commands to services, in the scan directory.
    #[track_caller]
    pub fn ctl(&self, args: &[&str]) -> Answer {
        run(Command::new(program("svctl")).args(args).current_dir(&self.dir))
    }

    /// Where it runs.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The supervisor of a service, whatever it was called with before the name.
    pub fn supervisor_of(&self, name: &str) -> Option<unix::Pid> {
        let is_it = |command: &str| {
            let mut words = command.split(' ');
            words.next().is_some_and(|program| program.ends_with("supervise"))
                && words.next_back() == Some(name)
        };
        self.namespace.processes().into_iter().find(|(_, command)| is_it(command)).map(|(pid, _)| pid)
    }

    /// Waits until the scanner has ended: its exit code, or 128 + its signal.
    #[track_caller]
    pub fn wait_exit(&mut self) -> i32 {
        self.namespace.wait_exit()
    }

    /// How the scanner ended, if it has.
    pub fn try_exit(&mut self) -> Option<i32> {
        self.namespace.try_exit()
    }

    /// What it and its services said.
    pub fn messages(&self) -> String {
        self.namespace.log()
    }
}
