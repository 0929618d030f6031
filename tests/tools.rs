//! The tools for people: `svctl` and `svwait`, on one supervisor.

#![forbid(unsafe_code)]

mod kit;

use std::process::Command;
use std::time::{Duration, Instant};

use kit::{Answer, Supervisor, either, ours_only, program, run};

fn command(name: &str, supervisor: &Supervisor, args: &[&str]) -> Command {
    let mut command = Command::new(program(name));
    command.args(args).current_dir(supervisor.scratch());
    command
}

/// `svctl` where `web` is a name.
#[track_caller]
fn ctl(supervisor: &Supervisor, args: &[&str]) -> Answer {
    run(&mut command("svctl", supervisor, args))
}

/// A supervisor of a service that lives.
#[track_caller]
fn up() -> Supervisor {
    let supervisor = Supervisor::start(|web| {
        web.sleeps();
    });
    supervisor.wait_up();
    supervisor
}

mod svctl {
    use super::*;

    #[test]
    fn letters_are_sent_in_their_order() {
        let supervisor = up();
        let notices = supervisor.listen();
        assert_eq!(ctl(&supervisor, &["-d", "web"]).code, 0);
        // The record came before the notice of being up, which may be heard too.
        assert!(notices.until('D').ends_with("dD"));
        assert_eq!(ctl(&supervisor, &["-uO", "web"]).code, 0);
        notices.expect("u");
        assert!(!supervisor.wait_record("once", |record| !record.wanted_up).wanted_up);
        assert_eq!(ctl(&supervisor, &["-dx", "web"]).code, 0);
        notices.expect("dDx");
    }

    #[test]
    fn every_signal_can_be_named() {
        ours_only!("s6-svc 2.11 has no -s");
        let supervisor = Supervisor::start(|web| {
            web.logs_signals();
        });
        supervisor.wait_lines("started", 1);
        for (i, name) in ["HUP", "usr1", "SIGUSR2", "14", "2"].iter().enumerate() {
            assert_eq!(ctl(&supervisor, &["-s", name, "web"]).code, 0, "{name}");
            supervisor.wait_lines("signals", i + 1);
        }
        assert_eq!(supervisor.lines("signals"), ["HUP", "USR1", "USR2", "ALRM", "INT"]);
        assert_eq!(ctl(&supervisor, &["-s", "SEGV", "web"]).code, 100, "not one that is allowed");
        assert_eq!(ctl(&supervisor, &["-s", "NONSENSE", "web"]).code, 100);
    }

    #[test]
    fn restart_is_waited_for() {
        let supervisor = up();
        let before = supervisor.record();
        let answer = ctl(&supervisor, &["-rwr", "-T", "20000", "web"]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        let after = supervisor.record();
        assert!(after.is_up() && after.pid != before.pid);
    }

    #[test]
    fn every_state_can_be_waited_for_with_the_command_that_brings_it() {
        let supervisor = Supervisor::start(|web| {
            web.run("sleep 0.1; echo >&3; exec sleep 100000").file("notification-fd", "3\n");
            web.finish("sleep 0.1");
        });
        supervisor.wait_record("ready", |record| record.is_up() && record.ready);
        let is = |what: &str| {
            let record = supervisor.record();
            match what {
                "u" => record.is_up(),
                "U" => record.is_up() && record.ready,
                "d" => !record.is_up(),
                _ => record.pid.is_none() && record.ready,
            }
        };
        for (args, state) in [("-wd", "d"), ("-wD", "D")] {
            let answer = ctl(&supervisor, &[args, "-d", "-T20000", "web"]);
            assert_eq!((answer.code, is(state)), (0, true), "{args} {}", answer.err);
        }
        for (args, state) in [("-wu", "u"), ("-wU", "U")] {
            let answer = ctl(&supervisor, &[args, "-u", "-T20000", "web"]);
            assert_eq!((answer.code, is(state)), (0, true), "{args} {}", answer.err);
        }
        let answer = ctl(&supervisor, &["-twR", "-T20000", "web"]);
        assert_eq!((answer.code, is("U")), (0, true), "{}", answer.err);
    }

    #[test]
    fn state_that_holds_already_is_not_waited_for() {
        let supervisor = up();
        assert_eq!(ctl(&supervisor, &["-wu", "-u", "-T20000", "web"]).code, 0);
    }

    #[test]
    fn waiting_ends_with_99_when_time_is_up() {
        let supervisor = up();
        let start = Instant::now();
        let answer = ctl(&supervisor, &["-wD", "-T", "200", "-u", "web"]);
        assert_eq!(answer.code, 99, "{}", answer.err);
        assert!(start.elapsed() >= Duration::from_millis(200));
        assert!(answer.err.contains("timed out"), "{}", answer.err);
    }

    #[test]
    fn several_services_get_the_same_commands() {
        ours_only!("s6-svc 2.11 takes one");
        let (one, two) = (up(), up());
        let paths = [one.dir().to_str().unwrap(), two.dir().to_str().unwrap()];
        let answer = ctl(&one, &["-wD", "-d", "-T20000", paths[0], paths[1]]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        assert!(one.record().pid.is_none() && two.record().pid.is_none());
    }

    #[test]
    fn service_that_fails_does_not_keep_the_others_from_their_commands() {
        ours_only!("s6-svc 2.11 takes one");
        let supervisor = up();
        let answer = ctl(&supervisor, &["-d", "/no/such/service", "web"]);
        assert_eq!(answer.code, 111, "{}", answer.err);
        assert!(answer.err.contains("/no/such/service"), "{}", answer.err);
        supervisor.wait_down();
    }

    #[test]
    fn service_that_nobody_supervises_is_102() {
        let supervisor = up();
        let other = kit::Service::at(supervisor.scratch().join("other"));
        other.sleeps();
        let answer = ctl(&supervisor, &["-u", "other"]);
        assert_eq!(answer.code, either(102, 100), "{}", answer.err);
        assert!(answer.err.contains("other"), "{}", answer.err);
        assert_eq!(answer.err.lines().count(), 1, "{}", answer.err);
    }

    #[test]
    fn service_whose_supervisor_has_gone_is_102() {
        let supervisor = up();
        ctl(&supervisor, &["-dx", "web"]);
        supervisor.wait_exit();
        assert_eq!(ctl(&supervisor, &["-u", "web"]).code, either(102, 100));
    }

    #[test]
    fn supervisor_that_exits_while_it_is_waited_for_is_102() {
        ours_only!("s6-svc 2.11 waits on");
        let supervisor = up();
        let mut ctl = command("svctl", &supervisor, &["-wR", "-dx", "-T20000", "web"]);
        let answer = run(&mut ctl);
        assert_eq!(answer.code, 102, "{}", answer.err);
    }

    #[test]
    fn wrong_use_is_100_with_the_usage() {
        let supervisor = up();
        for args in
            [vec!["-Z", "web"], vec!["-w", "nonsense", "web"], vec!["-u"], vec!["-wu", "-T", "x", "web"]]
        {
            let answer = ctl(&supervisor, &args);
            assert_eq!(answer.code, 100, "{args:?} {}", answer.err);
            assert!(!answer.err.is_empty(), "{args:?}");
        }
        assert!(supervisor.record().is_up());
    }

    #[test]
    fn name_that_is_not_here_is_looked_up_in_svdir() {
        ours_only!("s6 has no SVDIR");
        let supervisor = up();
        let answer = run(Command::new(program("svctl"))
            .args(["-wD", "-d", "-T20000", "web"])
            .current_dir("/")
            .env("SVDIR", supervisor.scratch()));
        assert_eq!(answer.code, 0, "{}", answer.err);
        assert!(supervisor.record().pid.is_none());
        let answer = run(Command::new(program("svwait"))
            .args(["-d", "-t20000", "web"])
            .current_dir("/")
            .env("SVDIR", supervisor.scratch()));
        assert_eq!(answer.code, 0, "{}", answer.err);
    }

    #[test]
    fn path_with_a_slash_is_never_looked_up() {
        ours_only!("s6 has no SVDIR");
        let supervisor = up();
        let answer = run(Command::new(program("svctl"))
            .args(["-d", "./web"])
            .current_dir("/")
            .env("SVDIR", supervisor.scratch()));
        assert_eq!(answer.code, 111, "{}", answer.err);
        assert!(supervisor.record().is_up());
    }
}

mod status {
    use super::*;

    #[test]
    fn status_is_a_row_for_each_service() {
        ours_only!("s6-svstat is another tool");
        let supervisor = up();
        let pid = supervisor.record().pid.unwrap().to_string();
        let answer = ctl(&supervisor, &["status", "web"]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        assert_eq!(answer.out.lines().count(), 2, "{}", answer.out);
        assert!(answer.out.contains("web") && answer.out.contains("up") && answer.out.contains(&pid));
        ctl(&supervisor, &["-dwD", "web"]);
        let answer = ctl(&supervisor, &["status", "web"]);
        assert!(answer.out.contains("down") && answer.out.contains("SIGTERM"), "{}", answer.out);
    }

    #[test]
    fn status_of_what_nobody_supervises_is_3() {
        ours_only!("s6-svstat is another tool");
        let supervisor = up();
        ctl(&supervisor, &["-dx", "web"]);
        supervisor.wait_exit();
        let answer = ctl(&supervisor, &["status", "web"]);
        assert_eq!(answer.code, 3, "{} {}", answer.out, answer.err);
    }

    #[test]
    fn status_can_be_had_as_json() {
        ours_only!("s6-svstat is another tool");
        let supervisor = up();
        let answer = ctl(&supervisor, &["status", "--json", "web"]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        let pid = supervisor.record().pid.unwrap().to_string();
        assert!(
            answer.out.contains(&pid) && answer.out.trim_start().starts_with(['[', '{']),
            "{}",
            answer.out
        );
    }
}
