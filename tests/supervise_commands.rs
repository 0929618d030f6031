//! What `supervise` does at a command, and how a service that does not obey ends.

#![forbid(unsafe_code)]

mod kit;

use std::time::{Duration, Instant};

use kit::{Service, Supervisor, ours_only, wait_until};
use unix::{Exit, Signal};

const KILL: Exit = Exit::Killed { signal: Signal::KILL, core: false };

/// What a service does that no signal but KILL ends.
const STUBBORN: &str = "trap '' TERM INT; echo x >>started; while :; do sleep 100000 & wait; done";

mod commands {
    use super::*;

    fn probe() -> Supervisor {
        let supervisor = Supervisor::start(|web| {
            web.logs_signals().file("down-signal", "USR1\n").file("reload-signal", "USR2\n");
        });
        supervisor.wait_lines("started", 1);
        supervisor
    }

    #[test]
    fn each_letter_of_a_signal_sends_that_signal() {
        let supervisor = probe();
        let letters = [
            ("a", "ALRM"),
            ("b", "ABRT"),
            ("q", "QUIT"),
            ("h", "HUP"),
            ("t", "TERM"),
            ("i", "INT"),
            ("1", "USR1"),
            ("2", "USR2"),
            ("c", "CONT"),
            ("y", "WINCH"),
            ("r", "USR1"),
        ];
        for (i, (letter, signal)) in letters.iter().enumerate() {
            supervisor.command(letter);
            assert_eq!(supervisor.wait_lines("signals", i + 1).last().unwrap(), signal, "{letter}");
        }
        assert_eq!(supervisor.lines("started").len(), 1, "it lives");
    }

    #[test]
    fn reload_sends_the_reload_signal() {
        ours_only!("s6 2.11 has no l");
        let supervisor = probe();
        supervisor.command("l");
        assert_eq!(supervisor.wait_lines("signals", 1), ["USR2"]);
    }

    #[test]
    fn reload_signal_is_hup_unless_told_otherwise() {
        ours_only!("s6 2.11 has no l");
        let supervisor = probe();
        std::fs::remove_file(supervisor.path("reload-signal")).unwrap();
        supervisor.command("l");
        assert_eq!(supervisor.wait_lines("signals", 1), ["HUP"]);
    }

    #[test]
    fn down_signal_may_be_a_number() {
        let supervisor = probe();
        supervisor.file("down-signal", "12\n");
        supervisor.command("r");
        assert_eq!(supervisor.wait_lines("signals", 1), ["USR2"]);
    }

    #[test]
    fn down_sends_the_down_signal_and_continues_what_is_stopped() {
        let supervisor = probe();
        supervisor.command("d");
        let mut signals = supervisor.wait_lines("signals", 2);
        signals.sort_unstable();
        assert_eq!(signals, ["CONT", "USR1"]);
        assert!(supervisor.wait_record("not wanted up", |record| !record.wanted_up).is_up());
    }

    #[test]
    fn pause_stops_run_and_continue_continues_it() {
        let supervisor = probe();
        let pid = supervisor.wait_up();
        supervisor.command("p");
        supervisor.wait_record("paused", |record| record.paused);
        wait_until("run to stop", || supervisor.namespace().state(pid) == Some('T'));
        supervisor.command("c");
        supervisor.wait_record("not paused", |record| !record.paused);
        assert_eq!(supervisor.wait_lines("signals", 1), ["CONT"]);
    }

    #[test]
    fn capital_letters_reach_the_whole_process_group() {
        ours_only!("s6 2.11 has no P, C, K");
        let supervisor = Supervisor::start(|web| {
            web.run("sleep 100000 & echo $! >>child; wait");
        });
        let pid = supervisor.wait_up();
        let child = unix::Pid::new(supervisor.wait_lines("child", 1)[0].parse().unwrap()).unwrap();
        let namespace = supervisor.namespace();
        supervisor.command("P");
        wait_until("both to stop", || [pid, child].iter().all(|&pid| namespace.state(pid) == Some('T')));
        supervisor.wait_record("paused", |record| record.paused);
        supervisor.command("C");
        wait_until("both to go on", || [pid, child].iter().all(|&pid| namespace.state(pid) != Some('T')));
        supervisor.command("dK");
        namespace.wait_dead(pid);
        namespace.wait_dead(child);
    }

    #[test]
    fn once_starts_a_service_that_is_not_started_again() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().file("down", "");
        });
        notices.expect("s");
        supervisor.command("o");
        notices.expect("u");
        assert!(!supervisor.record().wanted_up);
        supervisor.command("t");
        notices.expect("dD");
        supervisor.command("x");
        notices.expect("x");
    }

    #[test]
    fn no_restart_leaves_run_alone_until_it_dies() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.logs_signals();
        });
        supervisor.wait_lines("started", 1);
        supervisor.command("O");
        supervisor.wait_record("not wanted up", |record| !record.wanted_up);
        assert!(supervisor.record().is_up());
        assert!(supervisor.lines("signals").is_empty());
        supervisor.command("k");
        notices.expect("sudD");
        supervisor.command("x");
        notices.expect("x");
        assert!(!supervisor.path("down").exists());
    }

    #[test]
    fn capital_up_and_down_keep_the_down_file() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps();
        });
        notices.expect("su");
        supervisor.command("D");
        notices.expect("dD");
        assert!(supervisor.path("down").exists());
        supervisor.command("U");
        notices.expect("u");
        assert!(!supervisor.path("down").exists());
        supervisor.command("Q");
        wait_until("the down file", || supervisor.path("down").exists());
        assert!(supervisor.wait_record("not wanted up", |record| !record.wanted_up).is_up());
    }

    #[test]
    fn exit_waits_for_run_to_end() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.logs_signals().finish("echo x >>finished");
        });
        supervisor.wait_lines("started", 1);
        supervisor.command("x");
        // A command that leaves a trace shows that the one before it was read.
        supervisor.command("1");
        supervisor.wait_lines("signals", 1);
        assert!(supervisor.is_running());
        supervisor.command("k");
        notices.expect("sudDx");
        assert_eq!(supervisor.wait_exit(), 0);
        assert_eq!(supervisor.lines("finished").len(), 1);
        assert_eq!(supervisor.lines("started").len(), 1, "it was not started again");
    }

    #[test]
    fn exit_of_a_service_that_is_down_is_at_once() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().file("down", "");
        });
        supervisor.wait_supervised();
        supervisor.command("x");
        notices.expect("sx");
        assert_eq!(supervisor.wait_exit(), 0);
    }

    #[test]
    fn bytes_that_mean_nothing_do_nothing() {
        let supervisor = probe();
        let nothing: String = ('\u{1}'..='\u{7f}').filter(|c| !c.is_ascii_alphanumeric()).collect();
        supervisor.command(&nothing);
        supervisor.command("wZ03456789");
        supervisor.command("h");
        assert_eq!(supervisor.wait_lines("signals", 1), ["HUP"]);
        assert!(supervisor.record().wanted_up && supervisor.is_running());
    }

    #[test]
    fn signal_letters_for_a_service_that_is_down_do_nothing() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().file("down", "");
        });
        notices.expect("s");
        supervisor.command("abqhkti12pcyr");
        supervisor.command("x");
        notices.expect("x");
        assert_eq!(supervisor.wait_exit(), 0);
    }
}

mod kill {
    use super::*;

    #[test]
    fn service_that_does_not_end_in_time_is_killed() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run(STUBBORN).file("timeout-kill", "150\n");
        });
        supervisor.wait_lines("started", 1);
        let start = Instant::now();
        supervisor.command("d");
        notices.expect("sudD");
        assert!(start.elapsed() >= Duration::from_millis(150));
        assert_eq!(supervisor.deaths()[0].exit, KILL);
    }

    #[test]
    fn service_is_never_killed_without_a_time_limit() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("trap '' TERM; while :; do echo >>turns; sleep 0.02; done");
        });
        supervisor.wait_lines("turns", 1);
        supervisor.command("d");
        notices.expect("su");
        supervisor.wait_record("the command", |record| !record.wanted_up);
        let turns = supervisor.lines("turns").len();
        supervisor.wait_lines("turns", turns + 10);
        assert_eq!(notices.heard(), "");
        supervisor.command("k");
        notices.expect("dD");
    }

    /// A service with a child in its process group, told down and killed: whether the child still lives.
    fn child_survives(build: impl FnOnce(&Service)) -> bool {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("trap '' TERM; sleep 100000 & echo $! >>child; wait; while :; do wait; done")
                .file("timeout-kill", "100\n");
            build(web);
        });
        let child = unix::Pid::new(supervisor.wait_lines("child", 1)[0].parse().unwrap()).unwrap();
        supervisor.command("d");
        notices.expect("sudD");
        if supervisor.path("flag-timeout-killpg").exists() {
            supervisor.namespace().wait_dead(child);
        }
        supervisor.namespace().is_alive(child)
    }

    #[test]
    fn children_of_a_service_survive_its_being_killed() {
        assert!(child_survives(|_| ()));
    }

    #[test]
    fn whole_process_group_is_killed_when_the_flag_says_so() {
        ours_only!("s6 2.11 has no flag-timeout-killpg");
        assert!(!child_survives(|web| {
            web.file("flag-timeout-killpg", "");
        }));
    }
}
