//! Stops that something stands in the way of.

#![forbid(unsafe_code)]

mod kit;

use kit::{Tree, either, ours_only, wait_until};
use unix::Signal;

/// Writes a line, and lives on whatever becomes of its input.
const DEAF: &str = "echo x >>started; exec sleep 100000";

/// Reads as a logger ought to.
const LOGGER: &str = "exec cat >>lines";

/// Told to end, it has more to say than a pipe holds.
const TALKATIVE: &str = "trap 'yes last words | head -c 200000; echo x >>done; exit 0' TERM PIPE\n\
                         echo x >>started; while :; do sleep 100000 >/dev/null & wait; done";

#[test]
fn quit_ends_a_logger_that_was_to_end_with_its_input() {
    let mut tree = Tree::start(|scan| {
        let web = scan.service("web");
        web.sleeps();
        web.log().run(DEAF);
    });
    let log = tree.service("web/log");
    log.wait_lines("started", 1);
    let pid = tree.service("web").wait_up();
    tree.signal(Signal::TERM);
    tree.namespace().wait_dead(pid);
    let supervisor = || {
        let all = tree.namespace().processes();
        all.into_iter().any(|(_, command)| command.ends_with("supervise web"))
    };
    wait_until("the end of the producer's supervisor", || !supervisor());
    tree.signal(Signal::QUIT);
    assert_eq!(tree.wait_exit(), 0);
}

#[test]
fn quit_ends_the_logger_of_a_service_that_has_gone() {
    ours_only!("a prune is enough");
    let mut tree = Tree::start(|scan| {
        let web = scan.service("web");
        web.sleeps();
        web.log().run(DEAF);
    });
    tree.service("web/log").wait_lines("started", 1);
    let pid = tree.service("web").wait_up();
    std::fs::rename(tree.dir().join("web"), tree.scratch().join("away")).unwrap();
    tree.signal(Signal::HUP);
    tree.namespace().wait_dead(pid);
    let is_alone = || {
        let all = tree.namespace().processes();
        !all.into_iter().any(|(_, command)| command.ends_with("supervise web"))
    };
    wait_until("the end of the producer's supervisor", is_alone);
    tree.signal(Signal::QUIT);
    assert_eq!(tree.wait_exit(), 0);
}

#[test]
fn quit_ends_the_logger_of_everything() {
    ours_only!("its name");
    let mut tree = Tree::start(|scan| {
        scan.service("svscan-log").run(DEAF);
        scan.service("web").sleeps();
    });
    tree.service("svscan-log").wait_lines("started", 1);
    let pid = tree.service("web").wait_up();
    tree.signal(Signal::TERM);
    tree.namespace().wait_dead(pid);
    tree.signal(Signal::QUIT);
    assert_eq!(tree.wait_exit(), 0);
}

#[test]
fn quit_does_not_wait_for_words_that_nobody_reads() {
    ours_only!("it waits for ever");
    let mut tree = Tree::start(|scan| {
        let web = scan.service("web");
        web.run(TALKATIVE);
        web.log().run(LOGGER);
    });
    tree.service("web").wait_lines("started", 1);
    tree.service("web/log").wait_up();
    tree.signal(Signal::QUIT);
    assert_eq!(tree.wait_exit(), 0);
}

#[test]
fn stop_does_not_wait_for_words_to_a_logger_that_is_down() {
    ours_only!("it waits for ever");
    let mut tree = Tree::start(|scan| {
        let web = scan.service("web");
        web.run(TALKATIVE);
        web.log().run(LOGGER);
    });
    let log = tree.service("web/log");
    tree.service("web").wait_lines("started", 1);
    log.wait_up();
    log.command("d");
    log.wait_record("down", |record| record.pid.is_none() && !record.wanted_up);
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
}

#[test]
fn last_words_to_a_logger_that_lives_are_not_lost() {
    let mut tree = Tree::start(|scan| {
        let web = scan.service("web");
        web.run(TALKATIVE);
        web.log().run(LOGGER);
    });
    tree.service("web").wait_lines("started", 1);
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), either(0, 0));
    assert_eq!(std::fs::read(tree.dir().join("web/log/lines")).unwrap().len(), 200_000);
}

#[test]
fn stop_timeout_holds_where_proc_is_that_of_other_processes() {
    ours_only!("no such option");
    let mut tree = Tree::start(|scan| {
        scan.options(&["--stop-timeout", "100"]);
        // What is beneath the mount is the /proc of whoever made this namespace.
        scan.before("umount /proc");
        scan.service("web").run("trap '' TERM; echo x >>started; while :; do sleep 100000; done");
    });
    tree.service("web").wait_lines("started", 1);
    tree.command("t");
    assert_eq!(tree.wait_exit(), 0);
}
