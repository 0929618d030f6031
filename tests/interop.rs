//! Both ways with the real s6: its tools on our tree, ours on its tree.
//!
//! Independent of `SUITE`: both suites are always there, so this runs once.

#![forbid(unsafe_code)]

mod kit;

use std::path::Path;
use std::process::Command;

use kit::{Answer, Listener, Running, Supervisor, Tree, our_program, ours_only, run, text, wait_until};

/// A tool of s6, where `web` is a name.
fn s6(tool: &str, supervisor: &Supervisor, args: &[&str]) -> Command {
    let mut command = Command::new(format!("/usr/bin/s6-{tool}"));
    command.args(args).current_dir(supervisor.scratch());
    command
}

/// A program of ours, where `web` is a name.
fn ours(program: &str, supervisor: &Supervisor, args: &[&str]) -> Command {
    let mut command = Command::new(our_program(program));
    command.args(args).current_dir(supervisor.scratch());
    command
}

#[track_caller]
fn succeeds(mut command: Command) -> Answer {
    let answer = run(&mut command);
    assert_eq!(answer.code, 0, "{command:?}: {}", answer.err);
    answer
}

/// A supervisor, ours or theirs, of a service that is ready, and who listens to it from now on.
fn ready_by(supervise: &Path) -> (Supervisor, Listener) {
    let mut notices = None;
    let supervisor = Supervisor::start_program(supervise, |web| {
        web.run("echo >&3; exec sleep 100000").file("notification-fd", "3\n");
        notices = Some(web.listen());
    });
    let notices = notices.expect("it listens");
    notices.expect("suU");
    (supervisor, notices)
}

fn ready() -> (Supervisor, Listener) {
    ready_by(&our_program("supervise"))
}

/// The same with s6-supervise.
fn ready_by_s6() -> (Supervisor, Listener) {
    ready_by("/usr/bin/s6-supervise".as_ref())
}

mod their_tools {
    use super::*;

    #[test]
    fn s6_svc_controls_our_supervisor() {
        ours_only!("runs once, with SUITE unset");
        let (supervisor, notices) = ready();
        succeeds(s6("svc", &supervisor, &["-wD", "-T20000", "-d", "web"]));
        notices.expect("dD");
        succeeds(s6("svc", &supervisor, &["-wU", "-T20000", "-u", "web"]));
        notices.expect("uU");
        succeeds(s6("svc", &supervisor, &["-wR", "-T20000", "-r", "web"]));
        notices.expect("dDuU");
        succeeds(s6("svc", &supervisor, &["-dx", "web"]));
        notices.expect("dDx");
        assert_eq!(supervisor.wait_exit(), 0);
    }

    #[test]
    fn s6_svstat_shows_our_service() {
        ours_only!("runs once, with SUITE unset");
        let (supervisor, _notices) = ready();
        let pid = supervisor.record().pid.unwrap();
        let up = succeeds(s6("svstat", &supervisor, &["web"])).out;
        assert!(up.contains(&format!("up (pid {pid})")) && up.contains("ready"), "{up}");
        let seconds = succeeds(s6("svstat", &supervisor, &["-o", "updownfor", "web"])).out;
        assert!(seconds.trim().parse::<u32>().unwrap() < 60, "stamps are in TAI: {seconds}");
        succeeds(s6("svc", &supervisor, &["-wD", "-d", "web"]));
        let down = succeeds(s6("svstat", &supervisor, &["web"])).out;
        assert!(down.starts_with("down (signal SIGTERM)") && down.contains("normally up"), "{down}");
        let (theirs, _their_notices) = ready_by_s6();
        succeeds(s6("svc", &theirs, &["-wD", "-d", "web"]));
        let fields = "up,wantedup,normallyup,ready,paused,exitcode,signal,pid";
        let [ours, theirs] = [&supervisor, &theirs]
            .map(|supervisor| succeeds(s6("svstat", supervisor, &["-o", fields, "web"])).out);
        assert_eq!(ours, theirs);
    }

    #[test]
    fn s6_svok_knows_whether_we_supervise() {
        ours_only!("runs once, with SUITE unset");
        let (supervisor, _notices) = ready();
        succeeds(s6("svok", &supervisor, &["web"]));
        supervisor.command("dx");
        supervisor.wait_exit();
        assert_eq!(run(&mut s6("svok", &supervisor, &["web"])).code, 1);
    }

    #[test]
    fn s6_svwait_hears_our_notices() {
        ours_only!("runs once, with SUITE unset");
        let (supervisor, _notices) = ready();
        let running = Running::start(&mut s6("svwait", &supervisor, &["-D", "-t20000", "web"]));
        supervisor.wait_listeners(2);
        supervisor.command("d");
        assert_eq!(running.finish().code, 0);
        let running = Running::start(&mut s6("svwait", &supervisor, &["-U", "-t20000", "web"]));
        supervisor.wait_listeners(2);
        supervisor.command("u");
        assert_eq!(running.finish().code, 0);
    }

    #[test]
    fn s6_svlisten_runs_a_command_and_hears_what_it_does() {
        ours_only!("runs once, with SUITE unset");
        let (supervisor, _notices) = ready();
        let args = ["-R", "-t20000", "web", "s6-svc", "-r", "web"];
        succeeds(s6("svlisten1", &supervisor, &args));
        // execline's block: arguments with a space before, then an empty one.
        let args = ["-D", "-t20000", " web", "", "s6-svc", "-d", "web"];
        succeeds(s6("svlisten", &supervisor, &args));
        assert!(supervisor.record().pid.is_none());
    }

    #[test]
    fn s6_svdt_reads_our_death_tally() {
        ours_only!("runs once, with SUITE unset");
        let (supervisor, notices) = ready();
        supervisor.command("k");
        notices.expect("dDuU");
        supervisor.command("d");
        notices.expect("dD");
        let shown = succeeds(s6("svdt", &supervisor, &["web"])).out;
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 2, "{shown}");
        assert!(lines[0].ends_with("signal SIGKILL") && lines[1].ends_with("signal SIGTERM"), "{shown}");
        succeeds(s6("svdt-clear", &supervisor, &["web"]));
        assert_eq!(supervisor.deaths().len(), 0);
        supervisor.command("u");
        notices.expect("uU");
        supervisor.command("d");
        notices.expect("dD");
        assert_eq!(supervisor.deaths().len(), 1);
    }

    #[test]
    fn s6_ftrig_listen1_subscribes_to_our_notices() {
        ours_only!("runs once, with SUITE unset");
        let (supervisor, _notices) = ready();
        let args = ["web/event", "dDu", "s6-svc", "-r", "web"];
        let answer = succeeds(s6("ftrig-listen1", &supervisor, &args));
        assert_eq!(answer.out.trim(), "u");
    }

    #[test]
    fn s6_svscanctl_controls_our_scanner() {
        ours_only!("runs once, with SUITE unset");
        let mut tree = Tree::start(|scan| {
            scan.options(&["--no-watch"]);
            scan.service(".s6-svscan");
            scan.service("web").sleeps().finish("echo x >>../finished");
        });
        tree.service("web").wait_up();
        kit::Service::at(tree.scratch().join("new")).sleeps();
        std::fs::rename(tree.scratch().join("new"), tree.dir().join("new")).unwrap();
        let ctl = |args: &[&str]| run(Command::new("/usr/bin/s6-svscanctl").args(args).arg(tree.dir()));
        assert_eq!(ctl(&["-a"]).code, 0);
        tree.service("new").wait_up();
        assert_eq!(ctl(&["-t"]).code, 0);
        assert_eq!(tree.wait_exit(), 0);
        assert_eq!(text(tree.dir().join("finished")), "x\n");
    }

    #[test]
    fn s6_svunlink_takes_a_service_out_of_our_tree() {
        ours_only!("runs once, with SUITE unset");
        let tree = Tree::start(|scan| {
            scan.options(&["--no-watch"]);
            scan.service(".s6-svscan");
        });
        let web = kit::Service::at(tree.scratch().join("web"));
        web.sleeps();
        let dir = tree.dir().to_str().unwrap();
        let answer =
            run(Command::new("/usr/bin/s6-svlink").args(["-t20000", dir, web.dir().to_str().unwrap()]));
        assert_eq!(answer.code, 0, "{}", answer.err);
        let pid = web.wait_up();
        let answer = run(Command::new("/usr/bin/s6-svunlink").args(["-t20000", dir, "web"]));
        assert_eq!(answer.code, 0, "{}", answer.err);
        tree.namespace().wait_dead(pid);
    }
}

mod our_tools {
    use super::*;

    #[test]
    fn svctl_controls_s6_supervise() {
        ours_only!("runs once, with SUITE unset");
        let (supervisor, notices) = ready_by_s6();
        succeeds(ours("svctl", &supervisor, &["-wD", "-T20000", "-d", "web"]));
        notices.expect("dD");
        succeeds(ours("svctl", &supervisor, &["-wU", "-T20000", "-u", "web"]));
        notices.expect("uU");
        succeeds(ours("svctl", &supervisor, &["-twR", "-T20000", "web"]));
        notices.expect("dDuU");
        let shown = succeeds(ours("svctl", &supervisor, &["status", "web"])).out;
        assert!(shown.contains("ready"), "{shown}");
        succeeds(ours("svctl", &supervisor, &["-dx", "web"]));
        notices.expect("dDx");
        assert_eq!(run(&mut ours("svctl", &supervisor, &["-u", "web"])).code, 102);
    }

    #[test]
    fn svwait_hears_s6_supervise() {
        ours_only!("runs once, with SUITE unset");
        let (supervisor, _notices) = ready_by_s6();
        for (option, command) in [("-D", "d"), ("-U", "u"), ("-R", "r")] {
            let running = Running::start(&mut ours("svwait", &supervisor, &[option, "-t20000", "web"]));
            supervisor.wait_listeners(2);
            supervisor.command(command);
            let answer = running.finish();
            assert_eq!(answer.code, 0, "{option} {}", answer.err);
        }
        let running = Running::start(&mut ours("svwait", &supervisor, &["-d", "-t20000", "web"]));
        supervisor.wait_listeners(2);
        supervisor.command("x");
        supervisor.command("d");
        assert_eq!(running.finish().code, 0);
        supervisor.wait_exit();
        assert_eq!(run(&mut ours("svwait", &supervisor, &["-d", "-t20000", "web"])).code, 0);
    }

    #[test]
    fn svctl_controls_s6_svscan() {
        ours_only!("runs once, with SUITE unset");
        let mut tree = Tree::launch_program("/usr/bin/s6-svscan".as_ref(), |scan| {
            scan.service("web").sleeps();
        });
        tree.service("web").wait_up();
        kit::Service::at(tree.scratch().join("new")).sleeps();
        std::fs::rename(tree.scratch().join("new"), tree.dir().join("new")).unwrap();
        let ctl = |args: &[&str]| run(Command::new(our_program("svctl")).args(args).arg(tree.dir()));
        let answer = ctl(&["-a"]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        tree.service("new").wait_up();
        let answer = ctl(&["-t"]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        assert_eq!(tree.wait_exit(), 0);
    }
}

mod both {
    use super::*;

    #[test]
    fn either_supervisor_refuses_what_the_other_holds() {
        ours_only!("runs once, with SUITE unset");
        let (supervisor, _notices) = ready();
        let answer = run(&mut s6("supervise", &supervisor, &["web"]));
        assert_eq!(answer.code, 100, "{}", answer.err);
        let (supervisor, _notices) = ready_by_s6();
        let answer = run(&mut ours("supervise", &supervisor, &["web"]));
        assert_eq!(answer.code, 100, "{}", answer.err);
        assert!(supervisor.record().is_up());
    }

    #[test]
    fn directory_changes_hands_between_the_suites() {
        ours_only!("runs once, with SUITE unset");
        let (supervisor, _notices) = ready_by_s6();
        supervisor.command("dx");
        assert_eq!(supervisor.wait_exit(), 0);
        supervisor.start_beside();
        wait_until("ours to take over the directory", || {
            supervisor.is_supervised() && supervisor.record().is_up() && supervisor.record().ready
        });
        supervisor.command("dx");
        wait_until("ours to exit", || !supervisor.is_supervised());
        let mut again = s6("svok", &supervisor, &["web"]);
        assert_eq!(run(&mut again).code, 1);
    }

    #[test]
    fn either_scanner_refuses_what_the_other_holds() {
        ours_only!("runs once, with SUITE unset");
        let tree = Tree::start(|scan| {
            scan.service(".s6-svscan");
        });
        let answer = run(Command::new("/usr/bin/s6-svscan").arg(tree.dir()));
        assert_eq!(answer.code, 100, "{}", answer.err);
        let tree = Tree::launch_program("/usr/bin/s6-svscan".as_ref(), |_| ());
        wait_until("s6-svscan", || sys::fifo::open_to_write(&tree.dir().join(".s6-svscan/control")).is_ok());
        let answer = run(Command::new(our_program("svscan")).arg(tree.dir()));
        assert_eq!(answer.code, 100, "{}", answer.err);
    }
}
