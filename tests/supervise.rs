//! One supervisor and its service: what holds for ours and for s6 2.11.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::{MetadataExt, symlink};
use std::process::Command;
use std::time::{Duration, Instant};

use kit::{Service, Suite, Supervisor, ours_only, run, suite, text, wait_until};
use unix::{Exit, Signal};

const TERM: Exit = Exit::Killed { signal: Signal::TERM, core: false };
const KILL: Exit = Exit::Killed { signal: Signal::KILL, core: false };

/// What a service does that says when it is ready, at once, on descriptor 3.
const READY: &str = "echo >&3; exec sleep 100000";

/// What a service does that no signal but KILL ends.
const STUBBORN: &str = "trap '' TERM INT; echo x >>started; while :; do sleep 100000 & wait; done";

mod start {
    use super::*;

    #[test]
    fn run_is_given_the_name_of_its_service() {
        let supervisor = Supervisor::start(|web| {
            web.run("echo \"$#\" \"$@\" >>arguments; exec sleep 100000");
        });
        assert_eq!(supervisor.wait_lines("arguments", 1), ["1 web"]);
    }

    #[test]
    fn run_starts_in_its_directory_and_in_a_session_of_its_own() {
        let supervisor = Supervisor::start(|web| {
            web.run(
                "read pid name state parent group session rest </proc/$$/stat\n\
                     echo $$ $group $session >>ids; pwd -P >>directory; exec sleep 100000",
            );
        });
        let pid = supervisor.wait_up();
        assert_eq!(supervisor.wait_lines("ids", 1), [format!("{pid} {pid} {pid}")]);
        let directory = std::fs::canonicalize(supervisor.dir()).unwrap();
        assert_eq!(supervisor.wait_lines("directory", 1), [directory.to_str().unwrap()]);
    }

    #[test]
    fn run_starts_with_no_signal_blocked_or_ignored() {
        let supervisor = Supervisor::start(|web| {
            web.run("grep -E '^Sig(Blk|Ign)' /proc/self/status >>masks; exec sleep 100000");
        });
        for line in supervisor.wait_lines("masks", 2) {
            let mask = u64::from_str_radix(line.split_once('\t').unwrap().1, 16).unwrap();
            // 32 and 33 are the C library's own; whoever ran the tests may have ignored them.
            assert_eq!(mask & !(3 << 31), 0, "{line}");
        }
    }

    #[test]
    fn run_inherits_no_descriptor_of_the_supervisor() {
        let supervisor = Supervisor::start_by("ls /proc/self/fd | wc -l >>web/count; exec \"$@\"", |web| {
            web.run("ls /proc/self/fd | wc -l >>count; exec sleep 100000");
        });
        // Whoever runs the tests may have left some open.
        let counts = supervisor.wait_lines("count", 2);
        let counts: Vec<u32> = counts.iter().map(|count| count.parse().unwrap()).collect();
        assert!(counts[1] <= counts[0], "{counts:?}");
    }

    #[test]
    fn run_and_finish_may_be_links_to_programs() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            symlink("/bin/true", web.path("run")).unwrap();
            symlink("/bin/true", web.path("finish")).unwrap();
        });
        notices.expect("sudDu");
        assert_eq!(supervisor.deaths()[0].exit, Exit::Code(0));
    }

    #[test]
    fn service_with_a_down_file_waits_for_the_up_command() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().file("down", "");
        });
        notices.expect("s");
        assert!(supervisor.record().pid.is_none());
        supervisor.command("u");
        notices.expect("u");
        assert!(supervisor.path("down").exists(), "u leaves the file");
    }

    #[test]
    fn second_supervisor_of_a_directory_exits_100() {
        let supervisor = Supervisor::start(|web| {
            web.sleeps();
        });
        let pid = supervisor.wait_up();
        let second =
            run(Command::new(kit::program("supervise")).arg("web").current_dir(supervisor.scratch()));
        assert_eq!(second.code, 100);
        assert!(second.err.contains("already running"), "{}", second.err);
        assert_eq!(supervisor.record().pid, Some(pid));
    }

    #[test]
    fn directories_of_a_supervisor_are_private_or_for_its_group() {
        let supervisor = Supervisor::start(|web| {
            web.sleeps();
        });
        supervisor.wait_up();
        let mode = |name: &str| std::fs::metadata(supervisor.path(name)).unwrap().mode() & 0o7777;
        assert_eq!(mode("supervise"), 0o700);
        assert_eq!(mode("event"), 0o3730);
        assert_eq!(mode("supervise/control"), 0o600);
    }

    #[test]
    fn links_that_lead_to_nothing_are_given_a_directory_there() {
        let (supervisor, scratch) = with_links("../state/web-supervise", "../state/web-event");
        assert!(scratch.join("state/web-supervise/status").exists());
        assert_eq!(std::fs::metadata(scratch.join("state/web-event")).unwrap().mode() & 0o7777, 0o3730);
        drop(supervisor);
    }

    #[test]
    fn links_that_lead_deep_into_nothing_are_given_the_parents_too() {
        ours_only!("s6 makes the last directory only");
        let (supervisor, scratch) = with_links("../state/a/b/supervise", "../state/c/d/event");
        assert!(scratch.join("state/a/b/supervise/status").exists());
        assert!(scratch.join("state/c/d/event").exists());
        drop(supervisor);
    }

    fn with_links(supervise: &str, event: &str) -> (Supervisor, std::path::PathBuf) {
        let supervisor = Supervisor::start(|web| {
            std::fs::create_dir(web.path("../state")).unwrap();
            symlink(supervise, web.path("supervise")).unwrap();
            symlink(event, web.path("event")).unwrap();
            web.sleeps();
        });
        supervisor.wait_up();
        let notices = supervisor.listen();
        supervisor.command("d");
        notices.until('D');
        let scratch = supervisor.scratch().to_owned();
        (supervisor, scratch)
    }

    #[test]
    fn directory_that_does_not_exist_is_refused_with_its_name() {
        let answer = run(Command::new(kit::program("supervise")).arg("/no/such/service"));
        assert_eq!(answer.code, 111);
        assert!(answer.err.contains("/no/such/service"), "{}", answer.err);
        assert_eq!(answer.err.matches('\n').count(), 1, "{}", answer.err);
    }

    #[test]
    fn supervisor_without_a_directory_shows_its_usage() {
        let answer = run(&mut Command::new(kit::program("supervise")));
        assert_eq!(answer.code, 100);
        assert!(answer.err.contains("usage"), "{}", answer.err);
    }
}

mod finish {
    use super::*;

    /// The arguments that `finish` is given after `run` did this; the supervisor is told `command` once it is up.
    fn arguments(script: &str, command: &str) -> (Supervisor, Vec<String>) {
        let supervisor = Supervisor::start(|web| {
            web.run(script).finish("echo \"$@\" >>arguments");
        });
        if !command.is_empty() {
            supervisor.wait_up();
            supervisor.command(command);
        }
        let line = supervisor.wait_lines("arguments", 1).remove(0);
        (supervisor, line.split(' ').map(str::to_owned).collect())
    }

    #[test]
    fn finish_is_given_the_exit_code_of_run() {
        let (_supervisor, arguments) = arguments("exit 3", "");
        assert_eq!(arguments[..3], ["3", "0", "web"]);
    }

    #[test]
    fn finish_is_given_the_signal_that_killed_run() {
        let (_supervisor, arguments) = arguments("exec sleep 100000", "k");
        assert_eq!(arguments[..3], ["256", "9", "web"]);
    }

    #[test]
    fn finish_is_given_the_process_group_of_run() {
        ours_only!("s6 2.11 gives three arguments, 2.15 four");
        let (supervisor, arguments) = arguments("echo $$ >>pids; exit 3", "");
        assert_eq!(arguments.len(), 4);
        assert_eq!(arguments[3], supervisor.lines("pids")[0]);
    }

    #[test]
    fn finish_that_takes_too_long_is_killed() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 0").finish("echo x >>began; sleep 100000").file("timeout-finish", "100\n");
        });
        notices.expect("sudDu");
        assert!(!supervisor.lines("began").is_empty());
    }

    #[test]
    fn finish_may_take_for_ever_when_its_time_limit_is_zero() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 0")
                .finish("while [ ! -e enough ]; do echo >>turns; sleep 0.01; done")
                .file("timeout-finish", "0\n");
        });
        notices.expect("sud");
        // Longer than nothing, which is what a limit of zero must not mean.
        supervisor.wait_lines("turns", 10);
        assert_eq!(notices.heard(), "");
        supervisor.file("enough", "");
        notices.expect("D");
    }

    #[test]
    fn finish_that_exits_125_makes_the_service_fail() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 1").finish("exit 125");
        });
        notices.expect("sudOD");
        let record = supervisor.record();
        assert!(!record.wanted_up && record.ready && record.pid.is_none(), "{record:?}");
        supervisor.command("u");
        notices.expect("udOD");
    }

    #[test]
    fn service_that_has_failed_may_run_once_and_end_without_failing() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("[ -e again ] || exit 99; exec sleep 100000").finish("[ $1 != 99 ] || exit 125");
        });
        notices.expect("sudOD");
        supervisor.file("again", "");
        supervisor.command("o");
        notices.expect("u");
        supervisor.command("dx");
        notices.expect("dDx");
    }

    #[test]
    fn finish_that_cannot_be_executed_counts_as_none() {
        let (_supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 1").file("finish", "#!/bin/sh\n");
        });
        notices.expect("sudDu");
    }

    #[test]
    fn last_finish_prints_where_the_service_does() {
        ours_only!("s6 sends it to /dev/null");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().finish("echo the last word");
        });
        notices.expect("su");
        supervisor.signal(Signal::TERM);
        notices.expect("dDx");
        assert_eq!(supervisor.wait_exit(), 0);
        assert!(supervisor.messages().contains("the last word\n"));
    }

    #[test]
    fn commands_that_come_while_finish_runs_are_obeyed_after_it() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().finish("echo x >>began; while [ ! -e enough ]; do sleep 0.01; done");
        });
        notices.expect("su");
        supervisor.command("d");
        supervisor.wait_lines("began", 1);
        let record = supervisor.wait_record("finishing", |record| record.finishing);
        assert!(!record.wanted_up && !record.ready && record.pid.is_some(), "{record:?}");
        supervisor.command("u");
        supervisor.wait_record("wanted up", |record| record.wanted_up);
        supervisor.file("enough", "");
        notices.expect("dDu");
    }
}

mod notices {
    use super::*;

    #[test]
    fn service_that_is_restarted_goes_through_down() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps();
        });
        notices.expect("su");
        supervisor.command("r");
        notices.expect("dDu");
        supervisor.command("dx");
        notices.expect("dDx");
        assert_eq!(supervisor.wait_exit(), 0);
    }

    #[test]
    fn service_that_says_so_is_ready() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run(READY).file("notification-fd", "3\n");
        });
        notices.expect("suU");
        let record = supervisor.record();
        assert!(record.ready && record.wanted_up && record.is_up() && !record.paused, "{record:?}");
        assert!(record.ready_since >= record.since);
        supervisor.command("r");
        notices.expect("dDuU");
        supervisor.command("dx");
        notices.expect("dDx");
    }

    #[test]
    fn service_is_ready_at_its_newline_and_not_before() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("while [ ! -e go ]; do sleep 0.01; done; echo ready >&3; exec sleep 100000")
                .file("notification-fd", "3\n");
        });
        notices.expect("su");
        assert!(!supervisor.record().ready);
        supervisor.file("go", "");
        notices.expect("U");
        assert!(supervisor.record().ready);
    }

    #[test]
    fn service_that_closes_its_notification_descriptor_is_never_ready() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exec 3>&-; echo x >>closed; exec sleep 100000").file("notification-fd", "3\n");
        });
        supervisor.wait_lines("closed", 1);
        supervisor.command("dx");
        notices.expect("sudDx");
    }

    #[test]
    fn newline_of_a_service_that_dies_at_once_is_not_lost() {
        let (_supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("echo >&3; exit 0").file("notification-fd", "3\n").file("max-restarts", "1 1\n");
        });
        notices.expect("suUdDuUdD");
    }

    #[test]
    fn notification_without_a_newline_does_not_hold_the_supervisor_up() {
        ours_only!("s6 waits for the rest of the line and hears nothing else");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run(
                "printf starting >&3; echo x >>written; while [ ! -e go ]; do sleep 0.01; done; echo >&3\n\
                     exec sleep 100000",
            )
            .file("notification-fd", "3\n");
        });
        supervisor.wait_lines("written", 1);
        notices.expect("su");
        supervisor.command("p");
        supervisor.wait_record("paused", |record| record.paused);
        supervisor.command("c");
        supervisor.file("go", "");
        notices.expect("U");
        supervisor.command("dx");
        notices.expect("dDx");
    }

    #[test]
    fn flood_on_the_notification_descriptor_does_not_hold_the_supervisor_up() {
        ours_only!("s6 reads without end");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exec cat /dev/zero >&3").file("notification-fd", "3\n");
        });
        notices.expect("su");
        supervisor.command("dx");
        notices.expect("dDx");
    }

    #[test]
    fn every_notice_is_true_in_the_record_by_the_time_it_is_heard() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().finish("sleep 0.05");
        });
        notices.expect("s");
        for _ in 0..10 {
            notices.expect("u");
            assert!(supervisor.record().is_up());
            supervisor.command("d");
            notices.expect("d");
            assert!(!supervisor.record().is_up());
            notices.expect("D");
            let record = supervisor.record();
            assert!(record.pid.is_none() && record.ready, "{record:?}");
            supervisor.command("u");
        }
    }

    #[test]
    fn all_who_listen_hear_and_who_has_gone_is_cleared_away() {
        let (supervisor, first) = Supervisor::start_and_listen(|web| {
            web.sleeps();
        });
        let second = supervisor.listen();
        // A FIFO that nobody reads, left behind by a listener that was killed.
        let gone = supervisor.path("event/ftrig1:@4000000000000000000000ff:000000");
        sys::fifo::make(&gone, 0o622).unwrap();
        first.expect("su");
        supervisor.command("dx");
        first.expect("dDx");
        wait_until("the second's notices", || second.heard().ends_with("dDx"));
        assert!(!gone.exists());
    }

    #[test]
    fn listener_that_never_reads_holds_nobody_up() {
        let (supervisor, deaf) = Supervisor::start_and_listen(|web| {
            web.run("exit 0").file("restart-delay", "1\n").file("notification-fd", "3\n");
        });
        let path = std::fs::read_dir(supervisor.path("event")).unwrap().next().unwrap().unwrap().path();
        let full = sys::fifo::open_to_write(&path).unwrap();
        while let Ok(()) = sys::file::write_all(&full, &[b'z'; 512]) {}
        let notices = supervisor.listen();
        notices.until('u');
        notices.until('D');
        supervisor.command("dx");
        assert!(notices.until('x').ends_with('x'));
        drop(deaf);
    }
}

mod records {
    use super::*;

    #[test]
    fn record_before_the_first_start_is_these_bytes() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().file("down", "");
        });
        notices.expect("s");
        let bytes = std::fs::read(supervisor.path("supervise/status")).unwrap();
        assert_eq!(bytes.len(), 35);
        assert_eq!(bytes[..12], bytes[12..24], "both stamps are of the start");
        assert_eq!(bytes[..4], [0x40, 0, 0, 0], "a TAI64 label of our century");
        assert_eq!(bytes[24..34], [0; 10], "no pid, no exit");
        match suite() {
            Suite::Ours => assert_eq!(bytes[34] & 7, 1, "paused: nothing was done yet"),
            Suite::S6 => assert_eq!(bytes[34], 8, "ready to be started"),
        }
    }

    #[test]
    fn record_of_a_service_that_will_be_started_says_wanted_up() {
        let supervisor = Supervisor::start(|web| {
            web.file("run", "");
        });
        let record = supervisor.wait_record("wanted up", |record| record.wanted_up);
        assert!(record.pid.is_none() && !record.finishing, "{record:?}");
    }

    #[test]
    fn record_tells_how_the_last_run_ended() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps();
        });
        notices.expect("su");
        let up = supervisor.record();
        assert_eq!(up.last_exit, Exit::Code(0));
        supervisor.command("k");
        notices.expect("dDu");
        let again = supervisor.record();
        assert_eq!(again.last_exit, KILL);
        assert!(again.since > up.since);
        assert!(!again.ready);
        supervisor.command("d");
        notices.expect("dD");
        let down = supervisor.record();
        assert_eq!((down.last_exit, down.pid, down.wanted_up), (TERM, None, false));
        assert!(down.ready && !down.finishing && down.ready_since >= down.since, "{down:?}");
    }

    #[test]
    fn record_stays_when_the_supervisor_has_gone() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 7").finish("exit 125");
        });
        notices.expect("sudOD");
        supervisor.command("x");
        notices.expect("x");
        assert_eq!(supervisor.wait_exit(), 0);
        assert_eq!(supervisor.record().last_exit, Exit::Code(7));
        assert!(!supervisor.is_supervised());
    }

    #[test]
    fn deaths_are_remembered_in_order() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("echo x >>starts; exec sleep 100000");
        });
        notices.expect("su");
        for (command, letters) in [("t", "dDu"), ("k", "dDu"), ("1", "dDu")] {
            supervisor.command(command);
            notices.expect(letters);
        }
        let deaths = supervisor.deaths();
        let signals: Vec<_> = deaths.iter().map(|death| death.exit.signal()).collect();
        assert_eq!(signals, [Some(Signal::TERM), Some(Signal::KILL), Some(Signal::USR1)]);
        assert!(deaths.is_sorted_by(|a, b| a.at < b.at));
        let bytes = std::fs::read(supervisor.path("supervise/death_tally")).unwrap();
        assert_eq!(bytes.len(), 3 * 14);
        assert_eq!(bytes[12..14], [143, 15]);
    }

    #[test]
    fn exit_code_is_remembered_without_a_signal() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 9");
        });
        notices.expect("sudD");
        let bytes = std::fs::read(supervisor.path("supervise/death_tally")).unwrap();
        assert_eq!(bytes[12..14], [9, 0]);
    }

    #[test]
    fn only_so_many_deaths_are_remembered() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().file("max-death-tally", "2\n");
        });
        notices.expect("su");
        for command in ["t", "k", "1"] {
            supervisor.command(command);
            notices.expect("dDu");
        }
        let signals: Vec<_> = supervisor.deaths().iter().map(|death| death.exit.signal()).collect();
        assert_eq!(signals, [Some(Signal::KILL), Some(Signal::USR1)]);
    }

    #[test]
    fn deaths_are_forgotten_when_a_supervisor_starts() {
        let (mut supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps();
        });
        notices.expect("su");
        supervisor.command("dx");
        notices.expect("dDx");
        supervisor.wait_exit();
        assert_eq!(supervisor.deaths().len(), 1);
        supervisor.start_again();
        notices.expect("su");
        assert_eq!(supervisor.deaths().len(), 0);
    }
}

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

mod signals {
    use super::*;

    #[test]
    fn term_brings_the_service_down_and_ends_the_supervisor() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().finish("echo x >>finished");
        });
        notices.expect("su");
        supervisor.signal(Signal::TERM);
        notices.expect("dDx");
        assert_eq!(supervisor.wait_exit(), 0);
        assert_eq!(supervisor.lines("finished").len(), 1);
    }

    #[test]
    fn hup_ends_the_supervisor_once_the_service_has_ended() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.logs_signals();
        });
        supervisor.wait_lines("started", 1);
        supervisor.signal(Signal::HUP);
        supervisor.command("1");
        assert_eq!(supervisor.wait_lines("signals", 1), ["USR1"]);
        supervisor.command("k");
        notices.expect("sudDx");
        assert_eq!(supervisor.wait_exit(), 0);
    }

    #[test]
    fn quit_ends_the_supervisor_and_leaves_the_service_alone() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps();
        });
        let pid = supervisor.wait_up();
        supervisor.signal(Signal::QUIT);
        notices.expect("sux");
        assert_eq!(supervisor.wait_exit(), 0);
        assert!(supervisor.namespace().is_alive(pid));
        assert_eq!(supervisor.record().pid, Some(pid));
    }

    #[test]
    fn int_is_passed_to_the_process_group_of_the_service() {
        let supervisor = Supervisor::start(|web| {
            web.executable(
                "run",
                "#!/usr/bin/perl\n\
                 open my $log, '>>', 'signals' or die;\n\
                 open my $started, '>>', 'started' or die;\n\
                 fork;\n\
                 $SIG{INT} = sub { syswrite $log, \"INT\\n\" };\n\
                 syswrite $started, \"$$\\n\";\n\
                 sleep 1000 while 1;\n",
            );
        });
        supervisor.wait_lines("started", 2);
        supervisor.signal(Signal::INT);
        assert_eq!(supervisor.wait_exit(), 0);
        assert_eq!(supervisor.wait_lines("signals", 2), ["INT", "INT"]);
    }
}

mod lock {
    use super::*;

    #[test]
    fn lock_descriptor_is_open_in_the_service() {
        let supervisor = Supervisor::start(|web| {
            web.run("readlink /proc/self/fd/7 >>file; exec sleep 100000").file("lock-fd", "7\n");
        });
        if suite() == Suite::S6 {
            // 2.11 opens a file that it never makes.
            assert!(supervisor.wait_supervised().lines("file").is_empty());
            return;
        }
        let lines = supervisor.wait_lines("file", 1);
        let dir = std::fs::canonicalize(supervisor.path("supervise")).unwrap();
        assert_eq!(lines, [dir.join("service-lock").to_str().unwrap()]);
    }

    #[test]
    fn second_instance_of_a_locked_service_waits_for_the_first() {
        ours_only!("s6 2.11 loses its lock in fork and starts the second");
        let supervisor = Supervisor::start(|web| {
            web.run("echo $$ >>started; exec sleep 100000").file("lock-fd", "7\n");
        });
        let first = supervisor.wait_up();
        supervisor.wait_lines("started", 1);
        supervisor.signal(Signal::QUIT);
        assert_eq!(supervisor.wait_exit(), 0);
        supervisor.start_beside();
        wait_until("a word about the first", || supervisor.messages().contains("earlier instance"));
        assert_eq!(supervisor.lines("started").len(), 1);
        supervisor.namespace().kill(first, "TERM");
        assert_eq!(supervisor.wait_lines("started", 2).len(), 2);
        assert_eq!(text(supervisor.path("supervise/service-lock")), "");
    }
}
