//! One supervisor and its service: what holds for ours and for s6 2.11.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::{MetadataExt, symlink};
use std::process::Command;

use kit::{Suite, Supervisor, ours_only, run, suite, text, wait_until};
use unix::{Exit, Signal};

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
        // Or it would be taken over.
        std::fs::write(supervisor.path("supervise/lock"), "").unwrap();
        supervisor.start_beside();
        wait_until("a word about the first", || supervisor.messages().contains("earlier instance"));
        assert_eq!(supervisor.lines("started").len(), 1);
        supervisor.namespace().kill(first, "TERM");
        assert_eq!(supervisor.wait_lines("started", 2).len(), 2);
        assert_eq!(text(supervisor.path("supervise/service-lock")), "");
    }
}
