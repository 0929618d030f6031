//! `svwait`, on supervisors of either suite.

#![forbid(unsafe_code)]

mod kit;

use std::process::Command;
use std::time::{Duration, Instant};

use kit::{Answer, Running, Supervisor, either, ours_only, program, run};

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

/// `svwait` where `web` is a name.
#[track_caller]
fn wait(supervisor: &Supervisor, args: &[&str]) -> Answer {
    run(&mut command("svwait", supervisor, args))
}

/// The same beside the test; it is listening when this returns.
#[track_caller]
fn waiting(supervisor: &Supervisor, args: &[&str]) -> Running {
    let running = Running::start(&mut command("svwait", supervisor, args));
    supervisor.wait_listeners(1);
    running
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

/// A supervisor of a service that waits for a command.
#[track_caller]
fn down() -> Supervisor {
    let supervisor = Supervisor::start(|web| {
        web.sleeps().file("down", "");
    });
    supervisor.wait_supervised();
    supervisor
}

mod svwait {
    use super::*;

    #[test]
    fn state_that_holds_is_done_at_once() {
        let supervisor = up();
        assert_eq!(wait(&supervisor, &["-u", "web"]).code, 0);
        assert_eq!(wait(&supervisor, &["web"]).code, 0, "up is the default");
        let supervisor = down();
        assert_eq!(wait(&supervisor, &["-d", "web"]).code, 0);
        assert_eq!(wait(&supervisor, &["-D", "web"]).code, 0);
    }

    #[test]
    fn nothing_to_wait_for_is_a_mistake() {
        let supervisor = down();
        let answer = wait(&supervisor, &["-u"]);
        assert_eq!(answer.code, 100, "{}", answer.err);
        assert!(answer.err.contains("usage"), "{}", answer.err);
    }

    #[test]
    fn each_state_is_waited_for() {
        for (option, before, command, after) in
            [("-u", "", "u", ""), ("-d", "u", "d", ""), ("-D", "u", "d", ""), ("-r", "u", "d", "u")]
        {
            let supervisor = down();
            if before == "u" {
                supervisor.command("u");
                supervisor.wait_up();
            }
            let running = waiting(&supervisor, &[option, "-t20000", "web"]);
            supervisor.command(command);
            if !after.is_empty() {
                supervisor.wait_down();
                supervisor.command(after);
            }
            let answer = running.finish();
            assert_eq!(answer.code, 0, "{option} {}", answer.err);
        }
    }

    #[test]
    fn readiness_is_waited_for() {
        let supervisor = Supervisor::start(|web| {
            web.run("while [ ! -e go ]; do sleep 0.01; done; echo >&3; exec sleep 100000")
                .file("notification-fd", "3\n");
        });
        supervisor.wait_up();
        let mut running = waiting(&supervisor, &["-U", "-t20000", "web"]);
        assert!(!running.has_ended());
        supervisor.file("go", "");
        assert_eq!(running.finish().code, 0);
        let running = waiting(&supervisor, &["-R", "-t20000", "web"]);
        supervisor.command("r");
        let answer = running.finish();
        assert_eq!(answer.code, 0, "{}", answer.err);
    }

    #[test]
    fn all_or_one_of_several_are_waited_for() {
        let (one, two) = (up(), down());
        let paths = [one.dir().to_str().unwrap(), two.dir().to_str().unwrap()];
        assert_eq!(wait(&one, &["-u", "-o", "-t20000", paths[0], paths[1]]).code, 0);
        assert_eq!(wait(&one, &["-u", "-a", "-t200", paths[0], paths[1]]).code, 99);
        let running = Running::start(&mut command("svwait", &one, &["-u", "-t20000", paths[0], paths[1]]));
        two.wait_listeners(1);
        two.command("u");
        assert_eq!(running.finish().code, 0);
    }

    #[test]
    fn waiting_ends_with_99_when_time_is_up() {
        let supervisor = down();
        let start = Instant::now();
        let answer = wait(&supervisor, &["-u", "-t", "200", "web"]);
        assert_eq!(answer.code, 99);
        assert!(answer.err.contains("timed out"), "{}", answer.err);
        assert!(start.elapsed() >= Duration::from_millis(200));
    }

    #[test]
    fn supervisor_that_exits_is_102() {
        let supervisor = down();
        let running = waiting(&supervisor, &["-u", "-t20000", "web"]);
        supervisor.command("x");
        let answer = running.finish();
        // 2.11 counts it as a failure of the service.
        assert_eq!(answer.code, either(102, 1), "{}", answer.err);
    }

    #[test]
    fn service_that_nobody_supervises_never_comes_up() {
        let supervisor = up();
        kit::Service::at(supervisor.scratch().join("other")).sleeps();
        let answer = wait(&supervisor, &["-u", "-t20000", "other"]);
        assert_eq!(answer.code, either(102, 111), "{}", answer.err);
    }

    #[test]
    fn service_that_nobody_supervises_any_more_is_down() {
        ours_only!("s6-svwait wants a supervisor");
        let supervisor = up();
        ctl(&supervisor, &["-dx", "web"]);
        supervisor.wait_exit();
        for option in ["-d", "-D"] {
            let answer = wait(&supervisor, &[option, "-t20000", "web"]);
            assert_eq!(answer.code, 0, "{option} {}", answer.err);
        }
    }

    #[test]
    fn down_is_reached_when_the_supervisor_exits_after_it() {
        let supervisor = up();
        let running = waiting(&supervisor, &["-D", "-t20000", "web"]);
        supervisor.command("dx");
        assert_eq!(running.finish().code, 0);
    }

    #[test]
    fn services_that_fail_instead_of_coming_up_are_counted() {
        let supervisor = Supervisor::start(|web| {
            web.run("exit 1").finish("exit 125").file("down", "");
        });
        supervisor.wait_supervised();
        let running = waiting(&supervisor, &["-U", "-t20000", "web"]);
        supervisor.command("u");
        let answer = running.finish();
        assert_eq!(answer.code, 1, "{}", answer.err);
    }

    #[test]
    fn waiter_leaves_no_listener_behind() {
        let supervisor = up();
        assert_eq!(wait(&supervisor, &["-d", "-t100", "web"]).code, 99);
        let left: Vec<_> = std::fs::read_dir(supervisor.path("event")).unwrap().flatten().collect();
        assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn wrong_use_is_100() {
        let supervisor = up();
        for args in [vec!["-Z", "web"], vec!["-t", "x", "web"]] {
            assert_eq!(wait(&supervisor, &args).code, 100, "{args:?}");
        }
    }
}
