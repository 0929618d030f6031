//! Where a storm is played: the directories of the fleet, in namespaces of their own.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use crate::fleet::{Kind, Member, fleet};
use crate::kit::{Listener, Namespace, Running, Scratch, Service, wait_until};
use crate::look::Eyes;
use crate::plan::First;
use crate::processes::Processes;
use crate::suite::Suite;

/// A tree on its stage. Dropped, everything goes.
#[derive(Debug)]
pub struct Stage {
    pub suite: Suite,
    pub members: Vec<Member>,
    pub namespace: Namespace,
    pub processes: Processes,
    hand: BufReader<UnixStream>,
    _hand: Option<Running>,
    scratch: Scratch,
}

impl Stage {
    /// Writes the fleet, starts to listen to it, then starts it.
    #[track_caller]
    pub fn start(suite: Suite, first: First) -> (Stage, Vec<Listener>) {
        // What the tree inherits is not to be taken for what leaks out of it.
        sys::process::close_range_at_exec(3, u32::MAX);
        let (scratch, members) = (Scratch::new(), fleet());
        std::fs::write(scratch.path().join("story"), "").expect("the story can be begun");
        for dir in ["scan", "small"] {
            std::fs::create_dir(scratch.path().join(dir)).expect("a directory can be made");
        }
        members.iter().for_each(|member| write(suite, scratch.path(), member));
        let listeners = if suite.notifies() {
            members.iter().map(|member| service(scratch.path(), member).listen()).collect()
        } else {
            Vec::new()
        };
        let processes = Processes::new();
        let (namespace, hand) = launch(suite, first, scratch.path(), &members, &processes);
        let socket = scratch.path().join("hand");
        let mut stream = None;
        wait_until("the hand", || {
            stream = UnixStream::connect(&socket).ok();
            stream.is_some()
        });
        let hand_stream = BufReader::new(stream.expect("it is there"));
        let stage = Stage { suite, members, namespace, processes, hand: hand_stream, _hand: hand, scratch };
        (stage, listeners)
    }

    /// What the observer looks with.
    pub fn eyes(&self) -> Eyes {
        Eyes { proc: self.namespace.root().join("proc"), suite: self.suite, members: self.members.clone() }
    }

    /// Tells the hand a line; whether it was done.
    pub fn hand(&mut self, line: &str) -> bool {
        let mut answer = String::new();
        let told = writeln!(self.hand.get_mut(), "{line}").and_then(|()| self.hand.read_line(&mut answer));
        told.expect("the hand lives");
        assert!(!answer.is_empty() || !self.lives(), "the hand has gone");
        answer == "done\n"
    }

    /// Process 1 lives.
    pub fn lives(&mut self) -> bool {
        self.namespace.try_exit().is_none()
    }

    /// A path of the scratch directory, as it is inside: with what is mounted there.
    pub fn inside(&self, path: &str) -> PathBuf {
        let scratch = self.scratch.path().strip_prefix("/").expect("it is absolute");
        self.namespace.root().join(scratch).join(path)
    }

    /// A service directory, as it is inside.
    pub fn service(&self, name: &str) -> PathBuf {
        self.inside("store").join(name)
    }

    /// The story as services write it.
    pub fn story(&self) -> PathBuf {
        self.scratch.path().join("story")
    }

    /// The scan directory.
    pub fn scan(&self) -> PathBuf {
        self.scratch.path().join("scan")
    }
}

fn service(scratch: &Path, member: &Member) -> Service {
    Service::at(scratch.join("store").join(&member.name))
}

/// A service directory with its link in the scan directory. Links are relative: it is looked at from outside, too.
fn write(suite: Suite, scratch: &Path, member: &Member) {
    let service = service(scratch, member);
    let program = env!("CARGO_BIN_EXE_storm-service");
    let link = |to: &str, name: &str| symlink(to, service.path(name)).expect("a link can be made");
    link(program, "run");
    if member.kind.has_finish() {
        link(program, "finish");
    }
    if member.kind == Kind::Crash {
        link(program, "crash");
    }
    if member.kind.is_ready_by() == Some("check") {
        link(program, "check");
    }
    for (name, content) in member.kind.settings().iter().filter(|(name, _)| suite.takes(name)) {
        service.file(name, content);
    }
    service.file("behaviour", member.kind.behaviour());
    if member.kind == Kind::Logger {
        link("../../../story", "story");
    } else {
        link("../../story", "story");
        put(&scratch.join("scan"), &member.name);
    }
}

/// Links a service into the scan directory; there at once.
pub fn put(scan: &Path, name: &str) {
    let new = scan.join(format!(".{name}.new"));
    let _ = std::fs::remove_file(&new);
    symlink(format!("../store/{name}"), &new).expect("a link can be made");
    std::fs::rename(&new, scan.join(name)).expect("a link can be renamed");
}

fn launch(
    suite: Suite,
    first: First,
    scratch: &Path,
    members: &[Member],
    processes: &Processes,
) -> (Namespace, Option<Running>) {
    // By mounts, and not by links: not everybody can begin again behind a link.
    let bind = |member: &&Member| {
        let (small, own) = (format!("small/{}", member.name), format!("store/{}/supervise", member.name));
        format!("mkdir -m 700 {small} {own}\nmount --bind {small} {own}\n")
    };
    let binds: String = members.iter().filter(|member| member.small).map(|member| bind(&member)).collect();
    let shell = format!(
        "set -e\ncd '{}'\nmount -t tmpfs -o size=512k tmpfs small\n{binds}{}\ncd /\nexec \"$@\"",
        scratch.display(),
        processes.enter()
    );
    let socket = scratch.join("hand");
    let hand = env!("CARGO_BIN_EXE_storm-hand");
    let scanner = suite.scanner(&scratch.join("scan"));
    let mut words: Vec<&OsStr> = ["sh", "-c", &shell, "sh"].map(OsStr::new).into();
    if first == First::Hand {
        words.extend([OsStr::new(hand), socket.as_os_str()]);
    }
    words.extend(scanner.iter().map(OsString::as_os_str));
    let namespace = Namespace::start(&words, &scratch.join("messages"));
    let beside = || namespace.start_inside(&[hand, socket.to_str().expect("UTF-8")]);
    let hand = (first == First::Scanner).then(beside);
    (namespace, hand)
}
