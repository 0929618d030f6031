//! No descriptor is left: in this process (EMFILE), or on the machine (ENFILE).

#![forbid(unsafe_code)]

mod kit;

use kit::{Injection, Supervisor, Tree, ours_only, wait_until};
use unix::{Pid, Signal};

/// Nothing can be opened on this machine.
const NO_FILES: [&str; 1] = ["openat,open,pipe2,inotify_init1:error=ENFILE"];

fn starve(supervisor: &Supervisor) -> Injection {
    Injection::start(supervisor.namespace(), supervisor.pid(), &NO_FILES, &[])
}

fn first() -> Pid {
    Pid::new(1).unwrap()
}

#[test]
fn service_is_restarted_while_nothing_can_be_opened_and_all_is_told_afterwards() {
    ours_only!("s6's notices are lost, and its record stays");
    if !Injection::is_possible() {
        return;
    }
    let (supervisor, notices) = Supervisor::start_and_listen(|web| {
        web.run("echo $$ >>started; exec sleep 100000")
            .finish("echo x >>finished")
            .file("restart-delay", "1\n");
    });
    let pid = supervisor.wait_up();
    notices.expect("su");
    let starved = starve(&supervisor);
    supervisor.namespace().kill(pid, "KILL");
    supervisor.wait_lines("started", 2);
    assert_eq!(supervisor.lines("finished").len(), 1);
    drop(starved);
    notices.expect("dDu");
    supervisor.wait_record("the truth", |record| {
        record.pid.is_some_and(|new| new != pid && supervisor.namespace().is_alive(new))
    });
    let messages = supervisor.messages();
    assert_eq!(messages.matches("unable to send notices").count(), 1, "{messages}");
    assert_eq!(messages.matches("unable to write supervise/status").count(), 1, "{messages}");
}

#[test]
fn commands_are_obeyed_while_nothing_can_be_opened() {
    ours_only!("s6 cannot start it again");
    if !Injection::is_possible() {
        return;
    }
    let supervisor = Supervisor::start(|web| {
        web.logs_signals();
    });
    supervisor.wait_lines("started", 1);
    let starved = starve(&supervisor);
    supervisor.command("1");
    assert_eq!(supervisor.wait_lines("signals", 1), ["USR1"]);
    supervisor.command("k");
    supervisor.wait_lines("started", 2);
    drop(starved);
}

#[test]
fn many_notices_that_cannot_be_sent_are_bounded_and_the_last_are_told() {
    ours_only!("s6's notices are lost");
    if !Injection::is_possible() {
        return;
    }
    let (supervisor, notices) = Supervisor::start_and_listen(|web| {
        web.run("echo $$ >>started; exec sleep 100000").file("restart-delay", "1\n");
    });
    supervisor.wait_lines("started", 1);
    notices.expect("su");
    let starved = starve(&supervisor);
    for lives in 2..9 {
        supervisor.command("k");
        supervisor.wait_lines("started", lives);
    }
    drop(starved);
    wait_until("the last notices", || !notices.heard().is_empty());
    let heard = notices.heard();
    assert_eq!(heard.len(), 16, "{heard}");
    assert!(heard.ends_with("dDu"), "{heard}");
}

#[test]
fn scanner_starts_and_collects_while_nothing_can_be_opened() {
    ours_only!("s6 is no subreaper");
    if !Injection::is_possible() {
        return;
    }
    let mut tree = Tree::start(|scan| {
        scan.service("web").sleeps();
        let logged = scan.service("logged");
        logged.run("echo line; exec sleep 100000");
        logged.log().run("exec cat >>lines");
    });
    let pid = tree.service("web").wait_up();
    tree.service("logged").log().wait_lines("lines", 1);
    let starved = Injection::start(tree.namespace(), first(), &NO_FILES, &[]);
    let late = tree.service("late").sleeps().clone();
    // Whatever it says of that: it goes on.
    tree.signal(Signal::HUP);
    wait_until("a word about it", || tree.messages().contains("unable to"));
    tree.namespace().inside(&["sh", "-c", "(sleep 0 &)"]);
    wait_until("no zombie", || {
        let all = tree.namespace().processes();
        all.iter().all(|(pid, _)| tree.namespace().state(*pid) != Some('Z'))
    });
    assert!(tree.namespace().is_alive(pid));
    assert_eq!(tree.try_exit(), None);
    drop(starved);
    late.wait_up();
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
}

#[test]
fn tree_is_stopped_while_its_scanner_can_open_nothing() {
    if !Injection::is_possible() {
        return;
    }
    let mut tree = Tree::start(|scan| {
        let web = scan.service("web");
        web.run("echo line; exec sleep 100000");
        web.log().run("exec cat >>lines");
    });
    tree.service("web").log().wait_lines("lines", 1);
    let _starved = Injection::start(tree.namespace(), first(), &NO_FILES, &[]);
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
}
