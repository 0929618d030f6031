//! Ends that come at a bad moment: of a supervisor, of a script, of the last `finish`.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use kit::{Scan, Service, Supervisor, Tree, ours_only, text, wait_for, wait_until};
use unix::{Pid, Signal};

/// Has what the supervisor is told wait for it, all at once.
fn hold<T>(supervisor: &Supervisor, meanwhile: impl FnOnce() -> T) -> T {
    let (namespace, pid) = (supervisor.namespace(), supervisor.pid());
    namespace.kill(pid, "STOP");
    wait_until("the supervisor to stop", || namespace.state(pid) == Some('T'));
    let result = meanwhile();
    namespace.kill(pid, "CONT");
    result
}

fn pid(line: &str) -> Pid {
    Pid::new(line.parse().unwrap()).unwrap()
}

mod leaving {
    use super::*;

    /// Dies by itself, with exit code 1, of the command `1`; leaves a line of each script in `order`.
    fn dies_of_usr1(web: &Service) {
        web.run("trap 'exit 1' USR1; echo x >>started; while :; do sleep 100000 & wait; done")
            .script("crash", "echo crash >>order")
            .finish("echo finish >>order");
    }

    #[test]
    fn crash_of_a_plain_service_that_is_to_leave_is_a_crash() {
        ours_only!("s6 has no crash");
        let supervisor = Supervisor::start(dies_of_usr1);
        supervisor.wait_lines("started", 1);
        supervisor.command("x1");
        assert_eq!(supervisor.wait_exit(), 0);
        assert_eq!(supervisor.lines("order"), ["crash", "finish"]);
    }

    #[test]
    fn end_of_a_logger_that_is_to_leave_is_no_crash() {
        ours_only!("s6 has no crash");
        let tree = Tree::start(|scan| {
            scan.service("x").sleeps();
            dies_of_usr1(&scan.service("x/log"));
        });
        let log = tree.service("x/log");
        log.wait_lines("started", 1);
        log.command("x1");
        log.wait_lines("started", 2);
        assert_eq!(log.lines("order"), ["finish"]);
    }

    #[test]
    fn plain_service_named_log_is_no_logger() {
        ours_only!("s6 has no crash");
        let tree = Tree::start(|scan| dies_of_usr1(&scan.service("log")));
        let log = tree.service("log");
        log.wait_lines("started", 1);
        log.command("x1");
        log.wait_lines("started", 2);
        assert_eq!(log.lines("order"), ["crash", "finish"]);
    }

    #[test]
    fn life_that_was_asked_for_once_after_a_failure_does_not_end_as_a_failure() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 0").finish("exit 125");
        });
        notices.expect("sudOD");
        std::fs::remove_file(supervisor.path("finish")).unwrap();
        supervisor.command("o");
        notices.expect("udD");
    }

    #[test]
    fn start_that_was_asked_for_once_after_a_failure_and_fails_is_not_that_failure() {
        ours_only!("s6 tries again");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 0").finish("exit 125");
        });
        notices.expect("sudOD");
        std::fs::remove_file(supervisor.path("run")).unwrap();
        supervisor.command("o");
        wait_until("a word about it", || supervisor.messages().contains("giving up"));
        supervisor.command("x");
        notices.expect("x");
    }

    #[test]
    fn message_about_the_last_attempt_promises_no_other() {
        ours_only!("s6 has no essential");
        let supervisor = Supervisor::start(|web| {
            web.file("essential", "");
        });
        assert_eq!(supervisor.wait_exit(), i32::from(control::ESSENTIAL_ENDED));
        let messages = supervisor.messages();
        assert!(messages.contains("unable to spawn ./run") && !messages.contains("again"), "{messages}");
    }
}

mod scripts {
    use super::*;

    #[test]
    fn run_made_executable_while_crash_runs_starts_right_after() {
        ours_only!("s6 has no crash");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.file("run", "#!/bin/sh\nexec sleep 100000\n")
                .file("restart-delay", "600000\n")
                .file("timeout-crash", "0\n")
                .script("crash", "echo x >>crashing; while [ ! -e go ]; do sleep 0.01; done");
        });
        notices.expect("sd");
        supervisor.wait_lines("crashing", 1);
        std::fs::set_permissions(supervisor.path("run"), std::fs::Permissions::from_mode(0o755)).unwrap();
        supervisor.file("go", "");
        notices.expect("Du");
    }

    /// A service with a check that lives as long as it is let.
    fn checked() -> (Supervisor, Pid) {
        let supervisor = Supervisor::start(|web| {
            web.run("echo $$ >>started; exec sleep 100000")
                .script("check", "echo $$ >>checks; exec sleep 100000")
                .file("timeout-check", "600000\n");
        });
        let check = pid(&supervisor.wait_lines("checks", 1)[0]);
        supervisor.wait_lines("started", 1);
        (supervisor, check)
    }

    #[test]
    fn check_does_not_outlive_a_supervisor_that_leaves_at_once() {
        ours_only!("s6 has no check");
        for signal in [Signal::INT, Signal::QUIT] {
            let (supervisor, check) = checked();
            supervisor.signal(signal);
            assert_eq!(supervisor.wait_exit(), 0);
            supervisor.namespace().wait_dead(check);
        }
    }

    #[test]
    fn run_and_check_that_die_together_are_nothing_to_speak_of() {
        ours_only!("s6 has no check");
        for _ in 0..3 {
            let (supervisor, check) = checked();
            let notices = supervisor.listen();
            let run = supervisor.wait_up();
            hold(&supervisor, || {
                for pid in [check, run] {
                    supervisor.namespace().kill(pid, "KILL");
                    supervisor.namespace().wait_dead(pid);
                }
            });
            notices.expect("dDu");
            assert_eq!(supervisor.messages(), "");
        }
    }

    #[test]
    fn check_that_cannot_be_executed_is_reported_once() {
        ours_only!("s6 has no check");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().file("check", "#!/bin/sh\n").file("timeout-check", "10\n");
        });
        let said = |supervisor: &Supervisor| supervisor.messages().matches("mode 0644").count();
        wait_until("a word about it", || said(&supervisor) > 0);
        // Time for a few more attempts.
        std::thread::sleep(Duration::from_millis(200));
        std::fs::set_permissions(supervisor.path("check"), std::fs::Permissions::from_mode(0o755)).unwrap();
        notices.expect("suU");
        assert_eq!(said(&supervisor), 1, "{}", supervisor.messages());
    }

    #[test]
    fn readiness_after_many_bytes_just_before_the_death_counts() {
        ours_only!("s6 waits for the rest of the line");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run(
                "while [ ! -e go ]; do sleep 0.01; done\n\
                 head -c 300 /dev/zero >&3; echo >&3",
            )
            .file("notification-fd", "3\n");
        });
        notices.expect("su");
        let run = supervisor.wait_up();
        hold(&supervisor, || {
            supervisor.file("go", "");
            supervisor.namespace().wait_dead(run);
        });
        notices.expect("UdD");
    }
}

mod finish {
    use super::*;

    /// A tree whose scanner is not process 1, and so can be killed by signals, and its pid. `finish` exits 42.
    fn beside_process_1(build: impl FnOnce(&mut Scan)) -> (Tree, Pid) {
        let tree = Tree::start(|scan| {
            build(scan);
            let first = env!("CARGO_BIN_EXE_first-process");
            scan.before(&format!("set -- {first} '{}/..' \"$@\"", scan.dir().display()));
            scan.hook("finish", "exit 42");
        });
        let scanner =
            wait_for("the scanner's pid", || Pid::new(text(tree.scratch().join("pid")).parse().ok()?));
        (tree, scanner)
    }

    /// How the scanner, or what it became, has ended.
    fn exit(tree: &Tree) -> i32 {
        wait_for("the scanner to end", || text(tree.scratch().join("exit")).parse().ok())
    }

    #[test]
    fn finish_is_executed_though_nobody_reads_the_messages() {
        ours_only!("what s6 does then is not asked");
        let (tree, scanner) = beside_process_1(|scan| {
            let deaf = "pipe(my $r, my $w); open STDERR, q(>&), $w; close $r; close $w; exec @ARGV";
            scan.before(&format!("set -- perl -e '{deaf}' \"$@\""));
        });
        // It would say that there is no such command.
        tree.command("?");
        tree.namespace().kill(scanner, "TERM");
        assert_eq!(exit(&tree), 42);
    }

    #[test]
    fn finish_is_executed_though_signals_wait_that_nobody_reads() {
        ours_only!("what s6 does then is not asked");
        for signal in ["PIPE", "40", "64", "VTALRM"] {
            let (tree, scanner) = beside_process_1(|scan| {
                scan.service("web").sleeps();
            });
            tree.namespace().kill(scanner, signal);
            tree.namespace().kill(scanner, "TERM");
            assert_eq!(exit(&tree), 42, "{signal}");
        }
    }

    #[test]
    fn finish_is_executed_after_a_stop_with_many_orders_to_stop() {
        ours_only!("INT kills s6 2.11 while it stops");
        let (tree, scanner) = beside_process_1(|scan| {
            let web = scan.service("web");
            // The last word on the stop is the service's.
            web.run("echo $$ >>started; exec sleep 100000")
                .finish("i=0; while [ $i -lt 200 ]; do kill -INT $(cat ../../pid); i=$((i+1)); done");
        });
        tree.service("web").wait_lines("started", 1);
        tree.namespace().kill(scanner, "TERM");
        assert_eq!(exit(&tree), 42);
    }
}
