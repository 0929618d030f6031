//! Clocks that are far off, and a machine that slept.
//!
//! The time of day cannot be changed for one tree alone: that it decides nothing is shown of the machine (`clocks` in
//! `lifecycle`); the machine of a scanner is not even told it. The other clock, by which every delay is measured, has a
//! namespace.

#![forbid(unsafe_code)]

mod kit;

use std::process::Command;
use std::time::{Duration, Instant};

use kit::{Listener, Supervisor, Tree, our_program, ours_only, run, wait_until};
use unix::{Signal, Stamp};

mod monotonic {
    use super::*;

    /// A supervisor whose clock shows the time since the start of the machine and so many seconds.
    fn supervisor(offset: i64) -> Option<(Supervisor, Listener)> {
        let possible = Command::new("unshare").args(["--time", "--fork", "true"]).status();
        if !possible.is_ok_and(|status| status.success()) {
            println!("not tested: it needs a time namespace, and root");
            return None;
        }
        let unshare = format!("unshare --time --fork --kill-child --monotonic={offset} --boottime={offset}");
        let mut notices = None;
        let supervisor = Supervisor::start_by(&format!("exec {unshare} \"$@\""), |web| {
            web.run("trap '' TERM; echo $$ >>started; while :; do sleep 1000; done")
                .finish("echo x >>finished")
                .file("restart-delay", "300\n")
                .file("timeout-kill", "200\n");
            notices = Some(web.listen());
        });
        supervisor.wait_lines("started", 1);
        Some((supervisor, notices?))
    }

    fn plays(offset: i64) {
        ours_only!("it has neither of these delays");
        let Some((supervisor, notices)) = supervisor(offset) else { return };
        notices.expect("su");
        // At its end by itself, and by a time-out.
        supervisor.command("k");
        notices.expect("dDu");
        supervisor.wait_lines("started", 2);
        supervisor.command("d");
        notices.expect("dD");
        assert!(
            supervisor.messages().contains("still alive after timeout-kill"),
            "{}",
            supervisor.messages()
        );
        assert_eq!(supervisor.lines("finished").len(), 2);
    }

    #[test]
    fn machine_that_has_just_begun_is_served() {
        let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
        let seconds: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
        // The namespace refuses less than nothing.
        plays(1 - seconds as i64);
    }

    #[test]
    fn machine_that_has_run_for_a_hundred_years_is_served() {
        plays(100 * 366 * 86_400);
    }
}

mod asleep {
    use super::*;

    /// Stops every process of the tree, for longer than any deadline of the test, and lets them go on.
    fn sleep(tree: &Tree) {
        let stop = |signal: &str| {
            let all = tree.namespace().processes();
            // The first, which no signal of its own namespace stops, is stopped from outside.
            all.iter().filter(|(pid, _)| pid.get() != 1).for_each(|(pid, _)| {
                let _ = tree.namespace().inside(&["kill", "-s", signal, &pid.to_string()]);
            });
            let first = tree.namespace().first().file_name().unwrap().to_str().unwrap().parse().unwrap();
            let signal = if signal == "STOP" { Signal::STOP } else { Signal::CONT };
            sys::child::kill(unix::Pid::new(first).unwrap(), signal).unwrap();
        };
        stop("STOP");
        let until = Instant::now() + Duration::from_millis(1500);
        // What happens to it meanwhile.
        tree.service("late").sleeps();
        tree.service("web").command("r");
        wait_until("the end of the night", || Instant::now() >= until);
        stop("CONT");
    }

    #[test]
    fn tree_that_slept_does_what_was_due_and_what_it_was_told() {
        let mut notices = None;
        let mut tree = Tree::start(|scan| {
            scan.service("web").run("echo $$ >>started; exec sleep 100000");
            scan.service("fails").run("echo $$ >>started; exit 1").file("restart-delay", "300\n");
            let stubborn = scan.service("stubborn");
            stubborn.run("trap '' TERM; echo $$ >>started; while :; do sleep 1000; done");
            stubborn.file("timeout-kill", "700\n");
            notices = Some(stubborn.listen());
            if kit::suite() == kit::Suite::S6 {
                scan.options(&["-t", "500"]);
            }
        });
        tree.service("web").wait_lines("started", 1);
        tree.service("stubborn").wait_lines("started", 1);
        let stubborn = notices.unwrap();
        stubborn.expect("su");
        tree.service("stubborn").command("d");
        sleep(&tree);
        tree.service("web").wait_lines("started", 2);
        stubborn.expect("dD");
        tree.service("late").wait_up();
        let lives = tree.service("fails").lines("started").len();
        tree.service("fails").wait_lines("started", lives + 2);
        tree.signal(Signal::TERM);
        assert_eq!(tree.wait_exit(), 0);
    }
}

mod shown {
    use super::*;

    /// A service with a record that was written at another time.
    fn with_record_of(seconds_from_now: i64) -> Supervisor {
        let supervisor = Supervisor::start(|web| {
            web.sleeps();
        });
        supervisor.wait_up();
        let now =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
        let then = Stamp::from_unix(now + seconds_from_now, 0);
        let record = status::Record { since: then, ready_since: then, ..supervisor.record() };
        std::fs::write(supervisor.path("supervise/status"), record.encode()).unwrap();
        supervisor
    }

    #[test]
    fn record_of_a_year_ahead_or_of_long_ago_is_shown_by_every_tool() {
        ours_only!("its tools are its own");
        for seconds in [366 * 86_400, -366 * 86_400, i64::from(i32::MIN) * 100, i64::MAX / 4] {
            let supervisor = with_record_of(seconds);
            for args in [&["status"][..], &["status", "--json"], &["why"], &["tree"], &["events"]] {
                let answer = run(Command::new(our_program("svctl")).args(args).arg(supervisor.dir()));
                assert!([0, 1, 3].contains(&answer.code), "{seconds} {args:?}: {answer:?}");
                assert!(!answer.err.contains("mistake") && !answer.err.contains("panick"), "{answer:?}");
            }
            for (program, args) in [("svstat", &[][..]), ("sv", &["status"])] {
                let answer = run(Command::new(our_program(program)).args(args).arg(supervisor.dir()));
                assert_eq!(answer.code, 0, "{seconds} {program}: {answer:?}");
            }
            // And the next change is of today.
            let pid = supervisor.record().pid;
            supervisor.command("k");
            let record = supervisor.wait_record("another life", |record| record.is_up() && record.pid != pid);
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
            assert!(record.since.to_unix().0.abs_diff(now as i64) < 60);
        }
    }
}
