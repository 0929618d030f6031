//! The verbs of `svctl` that tell services something, and what people may write after them.

#![forbid(unsafe_code)]

mod kit;

use kit::people::{WHY, does, svctl, tree};
use kit::{Tree, ours_only, wait_until};

mod verbs {
    use super::*;

    #[test]
    fn verb_says_what_has_happened() {
        ours_only!(WHY);
        let tree = tree();
        let web = tree.service("web");
        let said = does(&tree, &["restart", "db", "--wait=ready"]);
        assert!(said.starts_with("db: up again, ready after "), "{said}");
        let said = does(&tree, &["down", "web", "--wait", "--timeout", "20000"]);
        assert!(said.starts_with("web: down after ") && said.ends_with("(SIGTERM)\n"), "{said}");
        assert!(web.record().pid.is_none());
        assert_eq!(does(&tree, &["down", "web", "--wait"]), "web: down already\n");
        let said = does(&tree, &["up", "web", "--wait=ready"]);
        assert!(said.starts_with("web: up after "), "it has no way to be ready: {said}");
        assert_eq!(does(&tree, &["up", "web"]), "web: up already\n");
        assert_eq!(does(&tree, &["restart", "web"]), "web: told to restart\n");
    }

    #[test]
    fn restart_brings_up_what_is_down_and_what_is_paused() {
        ours_only!(WHY);
        let tree = tree();
        does(&tree, &["down", "web", "--wait"]);
        does(&tree, &["restart", "web", "--wait"]);
        let before = tree.service("web").wait_up();
        does(&tree, &["pause", "web"]);
        tree.service("web").wait_record("paused", |record| record.paused);
        does(&tree, &["restart", "web", "--wait", "--timeout", "20000"]);
        assert_ne!(tree.service("web").wait_up(), before);
    }

    #[test]
    fn pattern_without_a_slash_leaves_loggers_alone() {
        ours_only!(WHY);
        let tree = tree();
        let logger = tree.service("web/log").wait_up();
        let said = does(&tree, &["down", "*", "web", "--wait"]);
        assert_eq!(said.lines().count(), 2, "each service once: {said}");
        assert_eq!(tree.service("web/log").wait_up(), logger);
        does(&tree, &["down", "*/log", "--wait"]);
        assert!(tree.service("web/log").record().pid.is_none());
    }

    #[test]
    fn signal_goes_by_name() {
        ours_only!(WHY);
        let tree = Tree::start(|scan| {
            scan.service("web").logs_signals();
        });
        let web = tree.service("web");
        web.wait_lines("started", 1);
        assert_eq!(does(&tree, &["kill", "usr1", "web"]), "web: sent SIGUSR1\n");
        assert_eq!(web.wait_lines("signals", 1), ["USR1"]);
        does(&tree, &["reload", "web"]);
        assert_eq!(web.wait_lines("signals", 2)[1], "HUP");
        assert_eq!(svctl(&tree, &["kill", "SEGV", "web"]).code, 100);
        assert_eq!(svctl(&tree, &["kill", "web"]).code, 100);
    }

    #[test]
    fn disabled_service_stays_down_with_the_tree() {
        ours_only!(WHY);
        let tree = tree();
        let down = tree.service("web").path("down");
        does(&tree, &["disable", "web", "--wait"]);
        assert!(down.exists());
        does(&tree, &["enable", "web", "--wait"]);
        wait_until("no file down", || !down.exists());
        does(&tree, &["once", "db"]);
        tree.service("db").wait_record("once", |record| !record.wanted_up);
    }

    #[test]
    fn service_that_fails_is_told_of_and_counted() {
        ours_only!(WHY);
        let tree = Tree::start(|scan| {
            scan.service("bad")
                .run("exit 1")
                .finish("exit 125")
                .file("down", "")
                .file("notification-fd", "3");
        });
        tree.service("bad").wait_supervised();
        let answer = svctl(&tree, &["up", "bad", "--wait=ready"]);
        assert_eq!((answer.code, answer.out.as_str()), (1, ""));
        assert_eq!(answer.err, "svctl: bad: the service has failed (finish)\n");
    }

    #[test]
    fn waiting_ends_in_time_and_names_who_is_late() {
        ours_only!(WHY);
        let tree = Tree::start(|scan| {
            scan.service("web").run("trap '' TERM; echo >>started; while :; do sleep 0.05; done");
        });
        tree.service("web").wait_lines("started", 1);
        // It runs before its record says so, which is what the waiting begins with.
        tree.service("web").wait_up();
        let answer = svctl(&tree, &["down", "web", "--wait", "--timeout", "100"]);
        assert_eq!(answer.code, 99);
        assert_eq!(answer.err, "svctl: timed out while waiting for web\n");
        let answer = svctl(&tree, &["stop", "--wait", "--timeout", "100"]);
        assert_eq!(answer.code, 99);
        assert!(answer.err.ends_with("still alive: web\n"), "{}", answer.err);
    }

    #[test]
    fn supervisor_exits_when_it_is_told_to() {
        ours_only!(WHY);
        let tree = tree();
        let said = does(&tree, &["exit", "web", "--wait", "--timeout", "20000"]);
        assert!(said.starts_with("web: down, its supervisor gone after "), "{said}");
    }

    #[test]
    fn tree_is_rescanned_and_stopped() {
        ours_only!(WHY);
        let mut tree = Tree::start(|scan| {
            scan.options(&["--no-watch"]);
        });
        tree.service("web").sleeps();
        does(&tree, &["rescan"]);
        tree.service("web").wait_up();
        let said = does(&tree, &["stop", "--wait", "--timeout", "20000"]);
        assert!(said.contains(": stopped after "), "{said}");
        assert_eq!(tree.wait_exit(), 0);
    }
}

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
    // It runs before its record says so, which is what the waiting begins with.
    tree.service("db").wait_up();
    let answer = svctl(&tree, &["down", "db", "--timeout", "100"]);
    assert_eq!((answer.code, answer.err.as_str()), (99, "svctl: timed out while waiting for db\n"));
    tree.service("db").command("k");
    let said = does(&tree, &["stop", "--timeout", "20000"]);
    assert!(said.contains(": stopped after "), "{said}");
    assert_eq!(tree.wait_exit(), 0);
}
