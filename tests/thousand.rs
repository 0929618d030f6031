//! A tree of a thousand services: what concerns them all is done in one pass, each looked at a fixed number
//! of times, however many there are.
//!
//! The passes are counted by strace(1); how long they take is for `make bench`.

#![forbid(unsafe_code)]

mod kit;

use std::collections::HashMap;
use std::process::Command;

use kit::people::{WHY, command, svctl};
use kit::{Answer, Tree, ours_only, run, text};

const COUNT: usize = 1000;

/// A tree of as many services, all of them up.
fn tree() -> Tree {
    let tree = Tree::start(|scan| {
        for i in 0..COUNT {
            scan.service(&format!("web-{i}")).sleeps();
        }
    });
    for i in 0..COUNT {
        tree.service(&format!("web-{i}")).wait_up();
    }
    tree
}

/// The system calls of a program, a line each.
struct Trace(String);

impl Trace {
    fn calls(&self, names: &[&str]) -> Vec<&str> {
        let is_one = |line: &&str| names.iter().any(|name| line.contains(&format!(" {name}(")));
        self.0.lines().filter(is_one).collect()
    }

    /// How often each service's file of this name was opened, from the fewest times to the most.
    fn opened(&self, file: &str) -> (usize, usize) {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for call in self.calls(&["open", "openat"]) {
            if let Some(dir) = call.split('"').nth(1).and_then(|path| path.strip_suffix(file)) {
                *counts.entry(dir).or_default() += 1;
            }
        }
        assert_eq!(counts.len(), COUNT, "services with {file}");
        (*counts.values().min().unwrap(), *counts.values().max().unwrap())
    }

    /// It was one process, which has executed nothing.
    fn assert_alone(&self) {
        assert_eq!(self.calls(&["execve"]).len(), 1);
        assert!(self.calls(&["fork", "vfork", "clone", "clone3"]).is_empty());
    }
}

/// What `svctl` answers and what it does for that; no trace where there is no strace.
#[track_caller]
fn traced(tree: &Tree, args: &[&str]) -> (Answer, Option<Trace>) {
    let svctl = command(tree, args);
    if Command::new("strace").arg("-V").output().is_err() {
        println!("there is no strace: passes are not counted");
        return (run(&mut command(tree, args)), None);
    }
    let file = tree.scratch().join("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-s", "4096", "-o"]).arg(&file);
    strace.args(["-e", "trace=open,openat,write,execve,fork,vfork,clone,clone3"]);
    strace.arg(svctl.get_program()).args(svctl.get_args()).current_dir("/").env("SVDIR", tree.dir());
    (run(&mut strace), Some(Trace(text(&file))))
}

#[test]
fn thousand_services_are_shown_and_stopped_in_one_pass() {
    ours_only!(WHY);
    let tree = tree();

    let (answer, trace) = traced(&tree, &["status"]);
    assert_eq!((answer.code, answer.out.lines().count()), (0, 1 + COUNT), "{}", answer.err);
    if let Some(trace) = trace {
        trace.assert_alone();
        assert_eq!(trace.opened("/supervise/status"), (1, 1));
        assert_eq!(trace.opened("/supervise/control"), (1, 1));
        assert_eq!(trace.calls(&["write"]).len(), 1, "one answer");
    }

    let (answer, trace) = traced(&tree, &["down", "*", "--wait", "--timeout", "60000"]);
    assert_eq!((answer.code, answer.err.as_str()), (0, ""));
    let is_down = |line: &&str| line.contains(": down after ") && line.ends_with("(SIGTERM)");
    assert_eq!(answer.out.lines().filter(is_down).count(), COUNT, "{}", answer.out);
    if let Some(trace) = trace {
        trace.assert_alone();
        // To see that somebody is there, to wait for it, to tell it; what it was before, what it is when the
        // waiting begins, and when that ends.
        assert_eq!(trace.opened("/supervise/control"), (3, 3));
        assert_eq!(trace.opened("/supervise/status"), (3, 3));
        let writes = trace.calls(&["write"]);
        assert_eq!(writes.len(), 2 * COUNT, "a command and an answer each");
        assert!(
            writes[..COUNT].iter().all(|call| call.contains(", \"d\", 1)")),
            "all are told before one is waited for"
        );
    }
    let table = svctl(&tree, &["status"]).out;
    assert_eq!(table.lines().filter(|line| line.contains(" down ")).count(), COUNT);
}
