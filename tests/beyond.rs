//! One supervisor and its service: what s6 2.11 does not have.

#![forbid(unsafe_code)]

mod kit;

use std::time::SystemTime;

use kit::{Listener, Service, Supervisor, ours_only};
use status::Reason;
use unix::{Exit, Signal};

/// Appends to `starts` when it was started, in nanoseconds.
const STAMPED: &str = "date +%s%N >>starts";

/// Milliseconds between one start and the next, as the starts themselves see it: under load one may be late,
/// so that a single gap proves nothing about the least there must be. `least` proves that.
fn gaps(supervisor: &Supervisor, starts: usize) -> Vec<u128> {
    let lines = supervisor.wait_lines("starts", starts);
    let times: Vec<u128> = lines.iter().map(|line| line.parse().unwrap()).collect();
    times.windows(2).map(|pair| pair[1].saturating_sub(pair[0]) / 1_000_000).collect()
}

/// Asserts that so many starts took at least so long since `begin`, which lies before the first.
#[track_caller]
fn least(supervisor: &Supervisor, starts: usize, begin: SystemTime, milliseconds: u128) {
    let line = supervisor.wait_lines("starts", starts)[starts - 1].clone();
    let begin = begin.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
    let took = (line.parse::<u128>().unwrap() - begin) / 1_000_000;
    assert!(took >= milliseconds, "{took} ms for {starts} starts");
}

fn failure(service: &Service) -> Option<Reason> {
    status::Detail::decode(&kit::text(service.path("supervise/detail"))).failed
}

mod crash {
    use super::*;

    fn start(run: &str) -> (Supervisor, Listener) {
        Supervisor::start_and_listen(|web| {
            web.run(run).script("crash", "echo crash \"$@\" >>order").finish("echo finish \"$@\" >>order");
        })
    }

    #[test]
    fn crash_runs_before_finish_with_the_same_arguments() {
        ours_only!("s6 has no crash");
        let (supervisor, notices) = start("echo $$ >>pids; exit 3");
        let lines = supervisor.wait_lines("order", 2);
        let pid = &supervisor.lines("pids")[0];
        assert_eq!(lines[..2], [format!("crash 3 0 web {pid}"), format!("finish 3 0 web {pid}")]);
        notices.expect("sudDu");
    }

    #[test]
    fn crash_runs_when_a_signal_that_nobody_sent_by_command_kills_run() {
        ours_only!("s6 has no crash");
        let (supervisor, _notices) = start("exec sleep 100000");
        supervisor.namespace().kill(supervisor.wait_up(), "SEGV");
        let lines = supervisor.wait_lines("order", 2);
        assert!(lines[0].starts_with("crash 256 11 web "), "{lines:?}");
    }

    #[test]
    fn crash_does_not_run_when_run_exits_zero() {
        ours_only!("s6 has no crash");
        let (supervisor, notices) = start("exit 0");
        notices.expect("sudDu");
        assert!(supervisor.lines("order")[0].starts_with("finish 0 0 web "));
    }

    #[test]
    fn crash_does_not_run_when_the_death_was_asked_for() {
        ours_only!("s6 has no crash");
        for command in ["d", "r", "t", "k"] {
            let (supervisor, notices) = start("exec sleep 100000");
            notices.expect("su");
            supervisor.command(command);
            notices.expect("dD");
            assert!(supervisor.lines("order")[0].starts_with("finish 256 "), "{command}");
        }
        let (supervisor, notices) = start("exec sleep 100000");
        notices.expect("su");
        supervisor.signal(Signal::TERM);
        notices.expect("dDx");
        assert!(supervisor.lines("order")[0].starts_with("finish 256 15 web "));
    }

    #[test]
    fn crash_that_exits_125_makes_the_service_fail() {
        ours_only!("s6 has no crash");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 1").script("crash", "exit 125").finish("echo x >>finished");
        });
        notices.expect("sudOD");
        assert_eq!(supervisor.lines("finished").len(), 1, "finish clears up all the same");
        assert_eq!(failure(&supervisor), Some(Reason::Crash));
    }

    #[test]
    fn crash_that_takes_too_long_is_killed() {
        ours_only!("s6 has no crash");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 1")
                .script("crash", "echo x >>began; exec sleep 100000")
                .file("timeout-crash", "100\n")
                .finish("echo x >>finished");
        });
        notices.expect("sudD");
        assert_eq!(supervisor.lines("began").len(), 1);
        assert_eq!(supervisor.lines("finished").len(), 1);
    }

    #[test]
    fn crash_tells_of_a_run_that_cannot_be_executed() {
        ours_only!("s6 has no crash");
        let (supervisor, _notices) = Supervisor::start_and_listen(|web| {
            web.file("run", "#!/bin/sh\n").script("crash", "echo \"$1\" \"$2\" >>codes");
        });
        assert_eq!(supervisor.wait_lines("codes", 1)[0], "126 0");
        let (supervisor, _notices) = Supervisor::start_and_listen(|web| {
            web.script("crash", "echo \"$1\" \"$2\" >>codes");
        });
        assert_eq!(supervisor.wait_lines("codes", 1)[0], "127 0");
    }
}

mod check {
    use super::*;

    #[test]
    fn service_is_ready_when_its_check_says_so() {
        ours_only!("s6 has no check");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().script("check", "echo x >>checks; [ -e serves ]").file("timeout-check", "30\n");
        });
        notices.expect("su");
        supervisor.wait_lines("checks", 3);
        assert!(!supervisor.record().ready);
        supervisor.file("serves", "");
        notices.expect("U");
        assert!(supervisor.record().ready && supervisor.record().is_up());
        supervisor.command("r");
        notices.expect("dDuU");
    }

    #[test]
    fn check_that_never_ends_disturbs_nobody() {
        ours_only!("s6 has no check");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().script("check", "echo $$ >>checks; exec sleep 100000").file("timeout-check", "50\n");
        });
        notices.expect("su");
        let pids = supervisor.wait_lines("checks", 1);
        supervisor.command("p");
        supervisor.wait_record("paused", |record| record.paused);
        supervisor.command("c");
        supervisor.wait_record("not paused", |record| !record.paused);
        supervisor.command("dx");
        notices.expect("dDx");
        assert_eq!(supervisor.wait_exit(), 0);
        for pid in pids {
            supervisor.namespace().wait_dead(unix::Pid::new(pid.parse().unwrap()).unwrap());
        }
    }

    #[test]
    fn check_counts_only_without_notification_fd() {
        ours_only!("s6 has no check");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("while [ ! -e go ]; do sleep 0.01; done; echo >&3; exec sleep 100000")
                .script("check", "echo x >>checks")
                .file("timeout-check", "10\n")
                .file("notification-fd", "3\n");
        });
        notices.expect("su");
        supervisor.file("go", "");
        notices.expect("U");
        assert!(supervisor.lines("checks").is_empty());
    }
}

mod delay {
    use super::*;

    #[test]
    fn service_that_dies_at_once_waits_a_second() {
        let begin = SystemTime::now();
        let (supervisor, _notices) = Supervisor::start_and_listen(|web| {
            web.run(STAMPED);
        });
        least(&supervisor, 3, begin, 1_990);
    }

    #[test]
    fn service_that_was_up_for_the_delay_starts_again_at_once() {
        ours_only!("s6 waits a second whenever the service was not ready");
        let supervisor = Supervisor::start(|web| {
            web.run("sleep 0.7; date +%s%N >>ends").script("finish", STAMPED).file("restart-delay", "500\n");
        });
        // From one finish to the next: the life, and no delay.
        let gaps = gaps(&supervisor, 4);
        assert!(gaps.iter().any(|&gap| gap < 1_000), "{gaps:?}");
    }

    #[test]
    fn restart_delay_is_counted_from_the_last_start() {
        ours_only!("s6 has no restart-delay");
        let begin = SystemTime::now();
        let supervisor = Supervisor::start(|web| {
            web.run(&format!("{STAMPED}; sleep 0.2")).file("restart-delay", "400\n");
        });
        least(&supervisor, 4, begin, 1_195);
        let gaps = gaps(&supervisor, 4);
        assert!(gaps.iter().any(|&gap| gap < 590), "{gaps:?}");
    }

    #[test]
    fn restart_delay_doubles_up_to_its_maximum() {
        ours_only!("s6 has no restart-delay");
        let begin = SystemTime::now();
        let supervisor = Supervisor::start(|web| {
            web.run(STAMPED).file("restart-delay", "300 1200\n");
        });
        least(&supervisor, 5, begin, 300 + 600 + 1_200 + 1_200 - 5);
        let gaps = gaps(&supervisor, 5);
        assert!(gaps[2..].iter().any(|&gap| gap < 2_350), "{gaps:?}");
    }

    #[test]
    fn longer_life_resets_the_delay() {
        ours_only!("s6 has no restart-delay");
        let begin = SystemTime::now();
        let supervisor = Supervisor::start(|web| {
            // Starts 1, 2, 3 are short, the 4th long, then short ones.
            web.run(&format!("{STAMPED}; [ $(wc -l <starts) != 4 ] || sleep 0.5"))
                .file("restart-delay", "300 4800\n");
        });
        least(&supervisor, 6, begin, 300 + 600 + 1_200 + 500 + 300 - 5);
        let gaps = gaps(&supervisor, 6);
        assert!(gaps[4] < 4_500, "{gaps:?}");
    }

    #[test]
    fn up_command_does_not_wait_for_the_delay() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 0").file("restart-delay", "60000\n");
        });
        notices.expect("sudD");
        supervisor.command("u");
        notices.expect("u");
    }

    #[test]
    fn down_command_during_the_delay_is_final() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 0").file("restart-delay", "60000\n");
        });
        notices.expect("sudD");
        supervisor.command("dx");
        notices.expect("x");
        assert!(!supervisor.record().wanted_up);
    }
}

mod limit {
    use super::*;

    #[test]
    fn service_fails_at_its_last_allowed_crash() {
        ours_only!("s6 has no max-restarts");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 1").file("restart-delay", "10\n").file("max-restarts", "3 60\n");
        });
        notices.expect("sudDudDudOD");
        let record = supervisor.record();
        assert!(!record.wanted_up && record.pid.is_none(), "{record:?}");
        assert_eq!(failure(&supervisor), Some(Reason::MaxRestarts));
        supervisor.command("u");
        notices.expect("u");
        assert_eq!(failure(&supervisor), None, "whoever says up gives it another chance");
    }

    #[test]
    fn clean_exits_and_commands_are_no_crashes() {
        ours_only!("s6 has no max-restarts");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("[ $(wc -l <starts) -lt 4 ] || exec sleep 100000\necho x >>starts; exit 0")
                .file("starts", "")
                .file("restart-delay", "10\n")
                .file("max-restarts", "2 60\n");
        });
        notices.expect("sudDudDudDudDu");
        supervisor.wait_lines("starts", 4);
        for _ in 0..3 {
            supervisor.wait_up();
            supervisor.command("k");
            notices.expect("dDu");
        }
    }

    #[test]
    fn failed_service_does_not_end_its_supervisor() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 1").finish("exit 125");
        });
        notices.expect("sudOD");
        assert!(supervisor.is_supervised() && supervisor.is_running());
    }
}

mod namespace {
    use super::*;

    #[test]
    fn run_is_process_1_of_its_own_namespace_when_the_flag_says_so() {
        ours_only!("s6 2.11 has no flag-newpidns");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("echo $$ >>pid; exec sleep 100000").file("flag-newpidns", "");
        });
        notices.expect("su");
        assert_eq!(supervisor.wait_lines("pid", 1), ["1"]);
        let pid = supervisor.record().pid.unwrap();
        assert!(pid.get() > 1 && supervisor.namespace().is_alive(pid));
        supervisor.command("k");
        notices.expect("dD");
        assert_eq!(supervisor.deaths()[0].exit, Exit::Killed { signal: Signal::KILL, core: false });
    }
}
