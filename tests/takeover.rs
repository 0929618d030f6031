//! A supervisor is killed with SIGKILL, and its successor takes its service over.

#![forbid(unsafe_code)]

mod kit;

use std::path::Path;

use kit::{Service, Supervisor, Tree, ours_only, wait_until};
use unix::{Exit, Pid, Signal};

const WHY: &str = "s6 starts the service a second time";

/// Kills the supervisor of a service, and waits for the next one.
#[track_caller]
fn kill(tree: &Tree, name: &str) {
    let first = kit::wait_for("a supervisor", || tree.supervisor_of(name));
    tree.namespace().kill(first, "KILL");
    wait_until("another supervisor", || {
        tree.supervisor_of(name).is_some_and(|next| next != first) && tree.service(name).is_supervised()
    });
}

mod tree {
    use super::*;

    #[test]
    fn service_lives_on_and_is_the_same() {
        ours_only!(WHY);
        let tree = Tree::start(|scan| {
            scan.service("web").run("echo $$ >>runs; exec sleep 100000");
        });
        let web = tree.service("web");
        let pid = web.wait_up();
        let listener = web.listen();
        let before = web.record();
        // Its start may still be told.
        kill(&tree, "web");
        assert_eq!(listener.until('s').trim_start_matches('u'), "s");
        for _ in 0..2 {
            kill(&tree, "web");
            listener.expect("s");
        }
        assert_eq!(web.record(), before);
        assert!(tree.namespace().is_alive(pid));
        assert_eq!(web.lines("runs").len(), 1);
        assert_eq!(listener.heard(), "");
        web.command("d");
        listener.expect("dD");
        assert_eq!(web.record().last_exit.signal(), Some(Signal::TERM));
    }

    #[test]
    fn its_death_is_told_as_if_nothing_had_been() {
        ours_only!(WHY);
        let tree = Tree::start(|scan| {
            let web = scan.service("web");
            web.file("restart-delay", "0\n")
                .run("trap 'exit 7' USR1; echo >>up; while :; do sleep 0.01; done");
            web.finish("echo \"$@\" >>finishes").script("crash", "echo \"$@\" >>crashes");
        });
        let web = tree.service("web");
        let pid = web.wait_up();
        web.wait_lines("up", 1);
        let listener = web.listen();
        kill(&tree, "web");
        listener.expect("s");
        tree.namespace().kill(pid, "USR1");
        listener.expect("dDu");
        assert_eq!(web.lines("finishes"), [format!("7 0 web {pid}")]);
        assert_eq!(web.lines("crashes"), [format!("7 0 web {pid}")]);
        assert_eq!(web.deaths().last().map(|death| death.exit), Some(Exit::Code(7)));
    }

    #[test]
    fn death_while_nobody_supervised_is_found_with_its_exit() {
        ours_only!(WHY);
        let tree = Tree::start(|scan| {
            scan.service("web").sleeps().finish("echo \"$@\" >>finishes");
        });
        let web = tree.service("web");
        let pid = web.wait_up();
        let supervisor = tree.supervisor_of("web").expect("it lives");
        // The scanner finds both of them dead at once, in whatever order.
        tree.signal(Signal::STOP);
        tree.namespace().kill(supervisor, "KILL");
        tree.namespace().kill(pid, "SEGV");
        tree.signal(Signal::CONT);
        web.wait_lines("finishes", 1);
        assert_eq!(web.lines("finishes"), [format!("256 11 web {pid}")]);
        web.wait_record("another life", |record| record.is_up() && record.pid != Some(pid));
    }

    #[test]
    fn what_is_down_stays_down_and_what_was_paused_is_paused() {
        ours_only!(WHY);
        let tree = Tree::start(|scan| {
            scan.service("down").sleeps();
            scan.service("paused").sleeps();
        });
        let (down, paused) = (tree.service("down"), tree.service("paused"));
        down.wait_up();
        paused.wait_up();
        down.command("d");
        down.wait_down();
        paused.command("p");
        paused.wait_record("paused", |record| record.paused);
        let before = (down.record(), paused.record());
        kill(&tree, "down");
        kill(&tree, "paused");
        assert_eq!((down.record(), paused.record()), before);
        paused.command("c");
        paused.wait_record("continued", |record| !record.paused);
        down.command("u");
        down.wait_up();
    }

    #[test]
    fn readiness_that_was_not_told_yet_is_heard_by_the_successor() {
        ours_only!(WHY);
        let tree = Tree::start(|scan| {
            let web = scan.service("web");
            web.file("notification-fd", "3\n");
            web.run("echo >>up; until [ -e go ]; do sleep 0.01; done; echo >&3; exec sleep 100000");
        });
        let web = tree.service("web");
        web.wait_up();
        let listener = web.listen();
        kill(&tree, "web");
        listener.expect("s");
        assert!(!web.record().ready);
        web.file("go", "");
        listener.expect("U");
        let ready = web.record();
        kill(&tree, "web");
        assert_eq!(web.record(), ready);
    }

    #[test]
    fn check_is_run_on_by_the_successor() {
        ours_only!(WHY);
        let tree = Tree::start(|scan| {
            let web = scan.service("web");
            web.file("timeout-check", "60000\n").sleeps();
            web.script("check", "echo >>checks; until [ -e go ]; do sleep 0.01; done");
        });
        let web = tree.service("web");
        web.wait_up();
        web.wait_lines("checks", 1);
        let listener = web.listen();
        kill(&tree, "web");
        web.wait_lines("checks", 2);
        web.file("go", "");
        listener.expect("sU");
    }

    #[test]
    fn finish_that_runs_is_waited_for_and_not_run_again() {
        ours_only!(WHY);
        let tree = Tree::start(|scan| {
            let web = scan.service("web");
            web.file("timeout-finish", "0\n").run("exit 1");
            web.finish("echo >>finishes; until [ -e go ]; do sleep 0.01; done; exit 125");
        });
        let web = tree.service("web");
        web.wait_lines("finishes", 1);
        kill(&tree, "web");
        assert!(web.record().finishing);
        web.file("go", "");
        web.wait_down();
        assert_eq!(web.lines("finishes").len(), 1);
        assert!(kit::text(web.path("supervise/detail")).contains("failed finish"), "its exit code was heard");
    }

    #[test]
    fn time_to_be_killed_at_is_kept() {
        ours_only!(WHY);
        let tree = Tree::start(|scan| {
            let web = scan.service("web");
            web.file("timeout-kill", "5000\n").run("trap '' TERM; echo >>up; while :; do sleep 1; done");
        });
        let web = tree.service("web");
        web.wait_lines("up", 1);
        web.command("d");
        web.wait_record("wanted down", |record| !record.wanted_up);
        kill(&tree, "web");
        assert!(web.record().is_up());
        web.wait_down();
        assert_eq!(web.record().last_exit.signal(), Some(Signal::KILL));
    }

    #[test]
    fn stop_reaches_the_service_of_a_supervisor_that_is_killed_in_it() {
        ours_only!(WHY);
        let mut tree = Tree::start(|scan| {
            let web = scan.service("web");
            web.run(
                "trap 'echo >>told; until [ -e go ]; do sleep 0.01; done; echo >>ended; exit' TERM\n\
                     echo >>up; while :; do sleep 0.01; done",
            );
        });
        let web = tree.service("web");
        web.wait_lines("up", 1);
        tree.signal(Signal::TERM);
        web.wait_lines("told", 1);
        kill(&tree, "web");
        web.file("go", "");
        assert_eq!(tree.wait_exit(), 0);
        assert_eq!(web.lines("ended").len(), 1);
    }

    #[test]
    fn hundreds_of_deaths_of_one_supervisor_lose_nothing() {
        ours_only!(WHY);
        let names: Vec<String> = (0..40).map(|number| format!("web{number}")).collect();
        let tree = Tree::start(|scan| {
            for name in &names {
                scan.service(name).run("echo $$ >>runs; exec sleep 100000");
            }
        });
        let pids: Vec<Pid> = names.iter().map(|name| tree.service(name).wait_up()).collect();
        for _ in 0..5 {
            let killed: Vec<Pid> = names.iter().filter_map(|name| tree.supervisor_of(name)).collect();
            killed.iter().for_each(|pid| tree.namespace().kill(*pid, "KILL"));
            wait_until("all to be supervised", || {
                let now = tree.namespace().processes();
                let others = |pid: &Pid| !now.iter().any(|(other, _)| other == pid);
                killed.iter().all(others) && names.iter().all(|name| tree.service(name).is_supervised())
            });
        }
        for (name, pid) in names.iter().zip(pids) {
            let service = tree.service(name);
            wait_until("the same record", || service.record().pid == Some(pid));
            assert_eq!(service.lines("runs").len(), 1, "{name}");
        }
    }
}

mod alone {
    use super::*;

    fn start(build: impl FnOnce(&Service)) -> (Supervisor, Pid) {
        let supervisor = Supervisor::start(build);
        let pid = supervisor.wait_up();
        (supervisor, pid)
    }

    #[test]
    fn supervisor_that_nobody_starts_again_leaves_its_service_to_the_next() {
        ours_only!(WHY);
        let (supervisor, pid) = start(|web| {
            web.sleeps();
        });
        supervisor.signal(Signal::KILL);
        supervisor.wait_exit();
        assert!(supervisor.namespace().is_alive(pid));
        supervisor.start_beside();
        supervisor.wait_supervised();
        assert_eq!(supervisor.wait_up(), pid);
        supervisor.command("d");
        assert_eq!(supervisor.wait_down().last_exit.signal(), Some(Signal::TERM));
    }

    #[test]
    fn service_that_was_left_alone_is_taken_over() {
        ours_only!("s6 starts another one");
        let (supervisor, pid) = start(|web| {
            web.sleeps();
        });
        supervisor.signal(Signal::QUIT);
        assert_eq!(supervisor.wait_exit(), 0);
        supervisor.start_beside();
        supervisor.wait_supervised();
        assert_eq!(supervisor.wait_up(), pid);
    }

    #[test]
    fn supervisor_that_exits_in_order_leaves_nothing() {
        ours_only!("s6 keeps nothing there");
        let (supervisor, pid) = start(|web| {
            web.sleeps();
        });
        assert!(leaves(supervisor.dir()));
        supervisor.signal(Signal::TERM);
        supervisor.wait_exit();
        assert!(!leaves(supervisor.dir()));
        supervisor.start_beside();
        supervisor.wait_supervised();
        let next = supervisor.wait_record("another life", |record| record.is_up()).pid;
        assert_ne!(next, Some(pid));
    }

    #[test]
    fn what_another_boot_has_left_is_nothing() {
        ours_only!("s6 keeps nothing there");
        let (supervisor, pid) = start(|web| {
            web.sleeps().run("echo >>runs; exec sleep 100000");
        });
        supervisor.signal(Signal::KILL);
        supervisor.wait_exit();
        let path = supervisor.path("supervise/lock");
        let mut left = std::fs::read(&path).expect("it is there");
        left[10] ^= 1;
        std::fs::write(&path, left).expect("it can be written");
        supervisor.start_beside();
        supervisor.wait_lines("runs", 2);
        assert_ne!(supervisor.wait_record("another life", |r| r.pid != Some(pid)).pid, Some(pid));
    }

    #[test]
    fn pid_that_somebody_else_has_now_is_not_taken_over() {
        ours_only!("s6 keeps nothing there");
        let (supervisor, pid) = start(|web| {
            web.run("echo >>runs; exec sleep 100000").finish("echo \"$@\" >>finishes");
        });
        supervisor.signal(Signal::KILL);
        supervisor.wait_exit();
        // The time at which the process lived: long before it began.
        let path = supervisor.path("supervise/lock");
        let mut left = std::fs::read(&path).expect("it is there");
        let at =
            left.windows(8).position(|window| window == i64::from(pid.get()).to_be_bytes()).expect("its pid");
        left[at + 8..at + 16].copy_from_slice(&1_u64.to_be_bytes());
        std::fs::write(&path, left).expect("it can be written");
        supervisor.start_beside();
        supervisor.wait_lines("runs", 2);
        supervisor.wait_lines("finishes", 1);
        assert!(supervisor.namespace().is_alive(pid), "nobody has touched it");
    }

    /// A successor finds something there.
    fn leaves(dir: &Path) -> bool {
        std::fs::read(dir.join("supervise/lock")).is_ok_and(|left| left.starts_with(b"svlife"))
    }
}
