//! What people may write after a verb of `svctl`: signals in every spelling, a time limit alone.

#![forbid(unsafe_code)]

mod kit;

use kit::people::{WHY, does, svctl, tree};
use kit::{Tree, ours_only};

#[test]
fn signal_is_written_as_for_kill() {
    ours_only!(WHY);
    let tree = Tree::start(|scan| {
        scan.service("web").logs_signals();
    });
    let web = tree.service("web");
    web.wait_lines("started", 1);
    let scan = tree.dir().to_str().unwrap();
    for (count, line, name) in [
        (1, &["kill", "HUP", "web"][..], "HUP"),
        (2, &["kill", "-USR1", "web"], "USR1"),
        (3, &["kill", "-1", "web"], "HUP"),
        (4, &["kill", "-s", "sigusr2", "web"], "USR2"),
        (5, &["kill", "-C", scan, "-CONT", "web"], "CONT"),
        (6, &["kill", "web", "-s28"], "WINCH"),
    ] {
        assert_eq!(does(&tree, line), format!("web: sent SIG{name}\n"), "{line:?}");
        assert_eq!(web.wait_lines("signals", count)[count - 1], name, "{line:?}");
    }
}

#[test]
fn signal_that_cannot_be_sent_is_refused_with_those_that_can() {
    ours_only!(WHY);
    let tree = tree();
    for (line, message) in [
        (
            &["kill", "-HPU", "web"][..],
            "no such signal: HPU; there are ALRM ABRT QUIT HUP KILL TERM INT USR1 USR2 STOP CONT WINCH",
        ),
        (&["kill", "0", "web"], "no such signal: 0; there are "),
        (&["kill", "web", "HUP"], "the signal comes first, and web is none"),
        (&["kill", "SEGV", "web"], "a supervisor sends no SIGSEGV; use kill(1) with the pid of the service"),
        (&["kill", "-HUP", "-TERM", "web"], "more than one signal"),
    ] {
        let answer = svctl(&tree, line);
        assert_eq!((answer.code, answer.out.as_str()), (100, ""), "{line:?}");
        let start = format!("svctl kill: {message}");
        assert!(answer.err.starts_with(&start) && answer.err.contains("; usage: svctl kill "), "{answer:?}");
        assert_eq!(answer.err.lines().count(), 1, "{answer:?}");
    }
    assert!(tree.service("web").record().is_up());
}

#[test]
fn time_limit_alone_is_waited_for() {
    ours_only!(WHY);
    let mut tree = tree();
    let said = does(&tree, &["down", "web", "--timeout", "20000"]);
    assert!(said.starts_with("web: down after "), "{said}");
    let said = does(&tree, &["restart", "--timeout=20000", "web"]);
    assert!(said.starts_with("web: up again after "), "{said}");
    tree.service("db").run("trap '' TERM; echo >>started; while :; do sleep 0.05; done");
    does(&tree, &["restart", "db"]);
    tree.service("db").wait_lines("started", 1);
    let answer = svctl(&tree, &["down", "db", "--timeout", "100"]);
    assert_eq!((answer.code, answer.err.as_str()), (99, "svctl: timed out while waiting for db\n"));
    tree.service("db").command("k");
    let said = does(&tree, &["stop", "--timeout", "20000"]);
    assert!(said.contains(": stopped after "), "{said}");
    assert_eq!(tree.wait_exit(), 0);
}
