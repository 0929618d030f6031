//! The end of a tree: in its order, by itself, and with the right exit code.

#![forbid(unsafe_code)]

mod kit;

use std::time::{Duration, Instant};

use kit::{Service, Suite, Tree, ours_only, suite, text, wait_until};
use unix::Signal;

/// Ends with a last line when it is told to.
const LAST_WORDS: &str = "trap 'echo last words; exit 0' TERM; echo first words\n\
                          echo x >>started; while :; do sleep 100000 >/dev/null & wait; done";

/// Ends by KILL only.
const STUBBORN: &str = "trap '' TERM; echo x >>started; while :; do sleep 100000 >/dev/null & wait; done";

/// The option for the most services to keep.
fn most() -> &'static str {
    match suite() {
        Suite::Ours => "-C",
        // 2.11 spells it so.
        Suite::S6 => "-c",
    }
}

fn stop(tree: &mut Tree) -> i32 {
    tree.signal(Signal::TERM);
    tree.wait_exit()
}

mod stop {
    use super::*;

    #[test]
    fn last_lines_of_a_producer_reach_its_logger() {
        let mut tree = Tree::start(|scan| {
            for i in 0..5 {
                let web = scan.service(&format!("web{i}"));
                web.run(LAST_WORDS);
                web.log().run("exec cat >>lines");
            }
        });
        for i in 0..5 {
            tree.service(&format!("web{i}")).wait_lines("started", 1);
            // s6 stops a logger that has not begun to read, and its pipe with it.
            if suite() == Suite::S6 {
                tree.service(&format!("web{i}/log")).wait_lines("lines", 1);
            }
        }
        assert_eq!(super::stop(&mut tree), 0);
        for i in 0..5 {
            assert_eq!(tree.service(&format!("web{i}/log")).lines("lines"), ["first words", "last words"]);
        }
    }

    #[test]
    fn what_the_last_finish_prints_reaches_the_logger() {
        ours_only!("s6 sends it to /dev/null");
        let mut tree = Tree::start(|scan| {
            let web = scan.service("web");
            web.run(LAST_WORDS).finish("echo finished");
            web.log().run("exec cat >>lines");
        });
        tree.service("web").wait_lines("started", 1);
        assert_eq!(super::stop(&mut tree), 0);
        assert_eq!(tree.service("web/log").lines("lines"), ["first words", "last words", "finished"]);
    }

    #[test]
    fn logger_that_does_not_end_by_itself_is_ended_by_quit() {
        let mut tree = Tree::start(|scan| {
            let web = scan.service("web");
            web.sleeps();
            web.log().sleeps();
        });
        tree.service("web").wait_up();
        tree.service("web/log").wait_up();
        tree.signal(Signal::QUIT);
        assert_eq!(tree.wait_exit(), 0);
    }

    #[test]
    fn tree_of_a_thousand_services_stops_with_every_finish_run() {
        let mut tree = Tree::start(|scan| {
            scan.options(&[most(), "2000"]);
            for i in 0..1000 {
                scan.service(&format!("s{i}")).sleeps().finish("echo x >>../../finished");
            }
        });
        let all: Vec<Service> = (0..1000).map(|i| tree.service(&format!("s{i}"))).collect();
        kit::wait_at_most(Duration::from_secs(120), "a thousand services", || {
            all.iter().all(|service| service.try_record().is_some_and(|record| record.is_up()))
        });
        tree.signal(Signal::TERM);
        let mut code = None;
        kit::wait_at_most(Duration::from_secs(120), "the end of a thousand", || {
            code = tree.try_exit();
            code.is_some()
        });
        assert_eq!(code, Some(0));
        assert_eq!(text(tree.scratch().join("finished")).lines().count(), 1000);
    }

    #[test]
    fn second_signal_does_not_start_the_stop_again() {
        let mut tree = Tree::start(|scan| {
            scan.hook("finish", "echo x >>finished; exit 0");
            scan.service("web").sleeps().finish("echo x >>begun; sleep 0.3; echo x >>../ended");
        });
        tree.service("web").wait_up();
        tree.signal(Signal::TERM);
        tree.service("web").wait_lines("begun", 1);
        tree.signal(Signal::TERM);
        assert_eq!(tree.wait_exit(), 0);
        assert_eq!(text(tree.dir().join("ended")), "x\n");
        assert_eq!(text(tree.dir().join("finished")), "x\n");
    }

    #[test]
    fn who_keeps_the_stop_waiting_is_named_after_five_seconds() {
        ours_only!("s6 waits in silence");
        let mut tree = Tree::start(|scan| {
            scan.service("stubborn").run(STUBBORN);
            scan.service("quick").sleeps();
        });
        tree.service("stubborn").wait_lines("started", 1);
        let start = Instant::now();
        tree.signal(Signal::TERM);
        wait_until("its name", || tree.messages().contains("stubborn"));
        assert!(start.elapsed() >= Duration::from_millis(4_900), "{:?}", start.elapsed());
        assert!(!tree.messages().contains("quick"), "{}", tree.messages());
        tree.service("stubborn").command("k");
        assert_eq!(tree.wait_exit(), 0);
    }

    #[test]
    fn what_is_left_after_the_stop_timeout_is_killed() {
        ours_only!("s6 has no --stop-timeout");
        let mut tree = Tree::start(|scan| {
            scan.options(&["--stop-timeout", "300"]);
            scan.service("stubborn").run(STUBBORN);
            let web = scan.service("web");
            web.run(STUBBORN);
            web.log().run("exec cat >>lines");
        });
        tree.service("stubborn").wait_lines("started", 1);
        tree.service("web").wait_lines("started", 1);
        let start = Instant::now();
        assert_eq!(super::stop(&mut tree), 0);
        assert!(start.elapsed() >= Duration::from_millis(300));
    }
}

mod essential {
    use super::*;

    /// How the tree ends whose service `key` has this `essential` file, this `run`, and dies of this signal.
    fn exit_code(content: &str, script: &str, signal: &str) -> i32 {
        let mut tree = Tree::start(|scan| {
            scan.hook("finish", "echo \"$@\" >code; exit \"$1\"");
            scan.service("key").run(script).file("essential", content).finish("echo x >>../finished");
            scan.service("other").sleeps().finish("echo x >>../finished");
        });
        if !signal.is_empty() {
            tree.namespace().kill(tree.service("key").wait_up(), signal);
        }
        let code = tree.wait_exit();
        assert_eq!(text(tree.dir().join("code")), format!("{code}\n"));
        assert!(text(tree.dir().join("finished")).lines().count() >= 1);
        code
    }

    const WHEN_OTHER_IS_UP: &str = "while [ ! -p ../other/supervise/control ]; do sleep 0.01; done; ";

    #[test]
    fn crash_of_an_essential_service_ends_the_tree_with_its_exit_code() {
        ours_only!("s6 has no essential");
        for content in ["", "on-failure\n", "always\n"] {
            assert_eq!(exit_code(content, &format!("{WHEN_OTHER_IS_UP}exit 3"), ""), 3, "{content}");
        }
    }

    #[test]
    fn signal_that_kills_an_essential_service_counts_from_128() {
        ours_only!("s6 has no essential");
        assert_eq!(exit_code("", "exec sleep 100000", "SEGV"), 139);
    }

    #[test]
    fn clean_exit_ends_the_tree_when_the_service_is_always_essential() {
        ours_only!("s6 has no essential");
        assert_eq!(exit_code("always\n", &format!("{WHEN_OTHER_IS_UP}exit 0"), ""), 0);
    }

    #[test]
    fn clean_exit_ends_nothing_when_only_failures_count() {
        ours_only!("s6 has no essential");
        let mut tree = Tree::start(|scan| {
            scan.service("key")
                .run("echo x >>runs; exit 0")
                .file("essential", "on-failure\n")
                .file("restart-delay", "1\n");
        });
        tree.service("key").wait_lines("runs", 3);
        assert!(tree.is_listening());
        assert_eq!(super::stop(&mut tree), 0);
    }

    #[test]
    fn commands_to_an_essential_service_end_nothing() {
        ours_only!("s6 has no essential");
        let tree = Tree::start(|scan| {
            scan.service("key").sleeps().file("essential", "always\n");
        });
        let key = tree.service("key");
        key.wait_up();
        for command in ["r", "k", "d"] {
            key.command(command);
            key.wait_down();
            key.command("u");
            key.wait_up();
        }
        assert!(tree.is_listening());
    }
}
