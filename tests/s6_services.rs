//! The names of s6 for one service: the same command lines to Debian's s6 2.11 and to ours.

#![forbid(unsafe_code)]

mod kit;

use std::path::Path;

use kit::alike::{agree, differ, left, ours, ready, same, theirs};
use kit::{Service, Supervisor, is_root, our_name, ours_only, run, wait_until};

mod services {
    use super::*;

    #[test]
    fn svstat_and_svok_say_the_same_of_every_state() {
        ours_only!("runs once, with SUITE unset");
        let supervisor = ready();
        let dir = supervisor.scratch();
        let look = || {
            for args in [
                &["web"][..],
                &["-n", "web"],
                &["-uwNrpest", "web"],
                &["-o", "up,wantedup,normallyup,ready,paused,exitcode,signal,signum", "web"],
                &["-o", "updownsince,readysince,updownfor,readyfor,", "web"],
                &["-p", "-o", "up", "web", "more"],
            ] {
                assert_eq!(same("s6-svstat", dir, args).code, 0);
            }
            same("s6-svok", dir, &["web"]);
        };
        look();
        supervisor.command("p");
        supervisor.wait_record("pause", |record| record.paused);
        look();
        supervisor.command("c");
        supervisor.wait_record("its end", |record| !record.paused);
        supervisor.file("down", "");
        look();
        supervisor.command("d");
        supervisor.wait_down();
        look();
        std::fs::remove_file(supervisor.path("down")).unwrap();
        look();
        same("s6-svdt", dir, &["web"]);
        same("s6-svdt", dir, &["-s", "-n1", "web"]);
        // 2.15: the process group is told.
        let shown = run(&mut ours("s6-svstat", dir, &["-g", "web"]));
        assert_eq!((shown.code, shown.out.as_str()), (0, "-1\n"));
    }

    #[test]
    fn service_that_was_never_started() {
        ours_only!("runs once, with SUITE unset");
        let supervisor = Supervisor::start(|web| {
            web.sleeps().file("down", "");
        });
        supervisor.wait_supervised();
        same("s6-svstat", supervisor.scratch(), &["-uwNrp", "web"]);
        // 2.15: it says that there was no start yet, and knows no exit.
        for (args, expected) in [
            (&["web"][..], "down (not started yet) \n"),
            (&["-es", "-o", "signum,paused", "web"], "-1 NA -1 false\n"),
        ] {
            assert_eq!(run(&mut ours("s6-svstat", supervisor.scratch(), args)).out, expected);
        }
        same("s6-svdt", supervisor.scratch(), &["web"]);
    }

    #[test]
    fn supervisor_that_is_gone() {
        ours_only!("runs once, with SUITE unset");
        let supervisor = left();
        let dir = supervisor.scratch();
        same("s6-svok", dir, &["web"]);
        same("s6-svstat", dir, &["web"]);
        same("s6-svdt", dir, &["web"]);
        same("s6-svdt-clear", dir, &["web"]);
        assert_eq!(supervisor.deaths().len(), 0);
        // 2.15: 102.
        differ("s6-svc", dir, &["-u", "web"], 100, 102);
        // Nobody will ever answer: that is said at once.
        differ("s6-svc", dir, &["-wu", "-T300", "-u", "web"], 99, 102);
        differ("s6-svwait", dir, &["-u", "-t300", "web"], 99, 102);
        differ("s6-svlisten1", dir, &["-u", "-t300", "web", "true"], 99, 102);
    }

    #[test]
    fn svc_controls_and_waits() {
        ours_only!("runs once, with SUITE unset");
        let supervisor = ready();
        let dir = supervisor.scratch();
        for args in [
            &["-wD", "-T20000", "-d", "web"][..],
            &["-wU", "-T20000", "-u", "web"],
            &["-wR", "-T20000", "-t", "web"],
            &["-y", "web"],
            &["web"],
        ] {
            assert_eq!(same("s6-svc", dir, args).code, 0, "{args:?}");
            supervisor.wait_record("an end of changes", |record| record.ready);
        }
        let answer = run(&mut ours("s6-svc", dir, &["-s", "SIGSTOP", "web"]));
        assert_eq!(answer.code, 0, "{answer:?}");
        supervisor.wait_record("pause", |record| record.paused);
        same("s6-svwait", dir, &["-d", "-t100", "web"]);
        same("s6-svwait", dir, &["-u", "web"]);
        let answer = run(&mut ours("s6-svc", dir, &["-s", "SEGV", "web"]));
        assert_eq!(answer.code, 100, "{answer:?}");
    }

    #[test]
    fn svlisten_hears_what_its_command_does() {
        ours_only!("runs once, with SUITE unset");
        let supervisor = ready();
        let dir = supervisor.scratch();
        for args in [
            &["-R", "-t20000", "web", "s6-svc", "-r", "web"][..],
            &["-D", "-t20000", "web", "s6-svc", "-d", "web"],
            &["-U", "-t20000", "web", "s6-svc", "-u", "web"],
            &["-d", "-t100", "web", "true"],
            &["-u", "web", "no-such-program"],
        ] {
            same("s6-svlisten1", dir, args);
        }
        same("s6-svlisten", dir, &["-D", "-t20000", " web", "", "s6-svc", "-d", "web"]);
        same("s6-svlisten", dir, &["-oU", "-t20000", "web", "", "s6-svc", "-u", "web"]);
        // 2.15: a block of nothing is nothing to wait for.
        let answer = run(&mut ours("s6-svlisten", dir, &["", "sh", "-c", "echo $#", "sh", "a", "b"]));
        assert_eq!((answer.code, answer.out.as_str()), (0, "2\n"));
    }

    #[test]
    fn svperms_shows_and_sets() {
        ours_only!("runs once, with SUITE unset");
        if !is_root() {
            return;
        }
        let supervisor = ready();
        let modes = || {
            ["supervise", "supervise/control", "event"].map(|name| {
                let info = sys::file::look(&supervisor.path(name)).unwrap().unwrap();
                (info.mode, info.owner)
            })
        };
        for args in [
            &["web"][..],
            &["-u", "-v", "web"],
            &["-g", "daemon", "-v", "web"],
            &["-G", ":2", "web"],
            &["-o", "-e", "-v", "web"],
            &["-O", "adm", "-E", "sys", "-v", "web"],
            &["web", "no"],
        ] {
            let theirs = (run(&mut theirs("s6-svperms", supervisor.scratch(), args)), modes());
            let ours = (run(&mut ours("s6-svperms", supervisor.scratch(), args)), modes());
            agree(&format!("{args:?}"), &theirs.0, &ours.0);
            assert_eq!(theirs.1, ours.1, "{args:?}");
        }
    }

    #[test]
    fn permafailon_counts_deaths() {
        ours_only!("runs once, with SUITE unset");
        let supervisor = ready();
        for deaths in 1..=2 {
            let pid = supervisor.wait_up();
            supervisor.command("k");
            wait_until("a death", || supervisor.deaths().len() == deaths);
            supervisor.wait_record("another life", |record| record.is_up() && record.pid != Some(pid));
        }
        for (seconds, count, list) in [
            ("60", "2", "SIGKILL"),
            ("60", "3", "SIGKILL"),
            ("60", "1", "SIGTERM"),
            ("60", "2", "137"),
            ("60", "1", "1-5, 7;kill"),
            ("60", "1", ""),
        ] {
            same("s6-permafailon", supervisor.dir(), &[seconds, count, list, "sh", "-c", "echo go; exit 3"]);
        }
        same("s6-permafailon", supervisor.dir(), &["60", "9", "1", "no-such-program"]);
        same("s6-permafailon", supervisor.scratch(), &["60", "1", "1", "true"]);
    }

    #[test]
    fn notifyoncheck_makes_a_service_ready() {
        ours_only!("runs once, with SUITE unset");
        for program in [Path::new("/usr/bin/s6-notifyoncheck"), &our_name("s6-notifyoncheck")] {
            for option in ["-w10", "-dw10"] {
                let supervisor = Supervisor::start(|web| {
                    Service::at(web.path("data")).script("check", "test -e ../web/go || test -e go");
                    web.run(&format!("exec {} {option} -n0 sleep 100000", program.display()));
                    web.file("notification-fd", "3\n");
                });
                let pid = supervisor.wait_up();
                assert!(!supervisor.record().ready);
                supervisor.file("go", "");
                let record = supervisor.wait_record("readiness", |record| record.ready && record.is_up());
                assert_eq!(record.pid, Some(pid), "the service is the daemon itself");
            }
        }
    }

    #[test]
    fn s6_supervise_is_a_supervisor() {
        ours_only!("runs once, with SUITE unset");
        let supervisor = Supervisor::start_program(&our_name("s6-supervise"), |web| {
            web.sleeps();
        });
        supervisor.wait_up();
        differ("s6-supervise", supervisor.scratch(), &["web"], 100, 100);
        supervisor.command("dx");
        assert_eq!(supervisor.wait_exit(), 0);
    }
}
