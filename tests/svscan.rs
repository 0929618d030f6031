//! The scanner and its tree.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::Duration;

use kit::{Service, Suite, Tree, ours_only, run, suite, text, wait_until};
use unix::Signal;

/// Ends by KILL only.
const STUBBORN: &str = "trap '' TERM; echo x >>started; while :; do sleep 100000 >/dev/null & wait; done";

/// The option for the most services to keep.
fn most() -> &'static str {
    match suite() {
        Suite::Ours => "-C",
        // 2.11 spells it so.
        Suite::S6 => "-c",
    }
}

/// A service of this name beside the others, to tell when the scanner has had time to look at them.
fn add(tree: &Tree, name: &str) -> Service {
    let hidden = Service::at(tree.scratch().join(name));
    hidden.sleeps();
    std::fs::rename(hidden.dir(), tree.dir().join(name)).unwrap();
    tree.service(name)
}

fn stop(tree: &mut Tree) -> i32 {
    tree.signal(Signal::TERM);
    tree.wait_exit()
}

mod services {
    use super::*;

    #[test]
    fn every_directory_without_a_leading_dot_is_a_service() {
        let elsewhere = kit::Scratch::new();
        let tree = Tree::start(|scan| {
            for name in ["web", "with space", ".hidden"] {
                scan.service(name).run("echo \"$@\" >>name; exec sleep 100000");
            }
            Service::at(elsewhere.path()).run("echo \"$@\" >>name; exec sleep 100000");
            symlink(elsewhere.path(), scan.dir().join("linked")).unwrap();
            std::fs::write(scan.dir().join("file"), "").unwrap();
            symlink("/nowhere", scan.dir().join("dangling")).unwrap();
        });
        for name in ["web", "with space", "linked"] {
            assert_eq!(tree.service(name).wait_lines("name", 1), [name]);
        }
        assert!(!tree.dir().join(".hidden/supervise").exists());
    }

    #[test]
    fn logger_is_a_service_named_after_its_producer() {
        let mut tree = Tree::start(|scan| {
            let web = scan.service("web");
            web.run("echo \"$@\"; exec sleep 100000");
            web.log().run("echo \"$@\" >>name; exec cat >>lines");
        });
        let log = tree.service("web/log");
        assert_eq!(log.wait_lines("name", 1), ["web/log"]);
        assert_eq!(log.wait_lines("lines", 1), ["web"]);
        assert_eq!(stop(&mut tree), 0);
    }

    #[test]
    fn producer_and_logger_may_die_without_losing_a_line() {
        let tree = Tree::start(|scan| {
            let web = scan.service("web");
            web.run("for i in 1 2 3 4 5; do echo line; done; echo x >>runs; exec sleep 100000")
                .file("restart-delay", "1\n");
            web.log().run("echo x >>runs; exec cat >>lines").file("restart-delay", "1\n");
        });
        let (web, log) = (tree.service("web"), tree.service("web/log"));
        log.wait_lines("lines", 5);
        log.command("d");
        log.wait_record("down", |record| record.pid.is_none() && !record.wanted_up);
        web.command("t");
        web.wait_lines("runs", 2);
        log.command("u");
        assert_eq!(log.wait_lines("lines", 10).len(), 10);
    }

    #[test]
    fn second_scanner_of_a_directory_exits_100() {
        let tree = Tree::start(|_| ());
        let second = run(Command::new(kit::program("svscan")).arg(tree.dir()));
        assert_eq!(second.code, 100, "{}", second.err);
        assert!(second.err.contains("already"), "{}", second.err);
        assert!(tree.is_listening());
    }

    #[test]
    fn scanner_used_wrongly_exits_100_with_its_usage() {
        let answer = run(Command::new(kit::program("svscan")).arg("-Z"));
        assert_eq!(answer.code, 100, "{}", answer.err);
        assert!(answer.err.contains("usage"), "{}", answer.err);
    }

    #[test]
    fn directory_that_does_not_exist_is_named() {
        let answer = run(Command::new(kit::program("svscan")).arg("/no/such/directory"));
        assert_eq!(answer.code, 111, "{}", answer.err);
        if suite() == Suite::Ours {
            assert!(answer.err.contains("/no/such/directory"), "{}", answer.err);
        }
    }

    #[test]
    fn supervisor_that_dies_is_started_again() {
        let tree = Tree::start(|scan| {
            scan.service("web").sleeps().file("down", "");
        });
        let web = tree.service("web");
        web.wait_supervised();
        let find = || tree.supervisor_of("web");
        let first = find().unwrap();
        tree.namespace().kill(first, "KILL");
        wait_until("another supervisor", || find().is_some_and(|pid| pid != first));
        web.wait_supervised().command("u");
        web.wait_up();
    }
}

mod commands {
    use super::*;

    #[test]
    fn scan_command_finds_what_is_new() {
        let tree = Tree::start(|_| ());
        let web = add(&tree, "web");
        tree.command("a");
        web.wait_up();
    }

    #[test]
    fn prune_command_stops_what_has_gone() {
        let tree = Tree::start(|scan| {
            scan.service("web").sleeps().finish("echo x >>finished");
            scan.service("db").sleeps();
        });
        let web = tree.service("web");
        let (pid, db) = (web.wait_up(), tree.service("db").wait_up());
        let away = tree.scratch().join("away");
        std::fs::rename(web.dir(), &away).unwrap();
        tree.command("an");
        tree.namespace().wait_dead(pid);
        Service::at(away).wait_lines("finished", 1);
        assert!(tree.namespace().is_alive(db));
    }

    #[test]
    fn hup_finds_what_is_new_and_stops_what_has_gone() {
        let tree = Tree::start(|scan| {
            scan.service("old").sleeps();
        });
        let pid = tree.service("old").wait_up();
        std::fs::rename(tree.dir().join("old"), tree.scratch().join("away")).unwrap();
        let new = add(&tree, "new");
        tree.signal(Signal::HUP);
        new.wait_up();
        tree.namespace().wait_dead(pid);
    }

    #[test]
    fn terminate_command_and_signals_stop_the_tree() {
        for way in ["t", "i", "q", "TERM", "INT", "QUIT"] {
            let mut tree = Tree::start(|scan| {
                scan.service("web").sleeps().finish("echo x >>../finished");
            });
            tree.service("web").wait_up();
            match Signal::parse(way) {
                Some(signal) => tree.signal(signal),
                None => tree.command(way),
            }
            assert_eq!(tree.wait_exit(), 0, "{way}");
            assert_eq!(text(tree.dir().join("finished")), "x\n", "{way}");
        }
    }

    #[test]
    fn abort_executes_finish_without_waiting() {
        for way in ["b", "ABRT"] {
            let mut tree = Tree::start(|scan| {
                scan.hook("finish", "exit 7");
                scan.service("web").run(STUBBORN);
            });
            tree.service("web").wait_lines("started", 1);
            match Signal::parse(way) {
                Some(signal) => tree.signal(signal),
                None => tree.command(way),
            }
            assert_eq!(tree.wait_exit(), 7, "{way}");
        }
    }

    #[test]
    fn bytes_that_mean_nothing_do_nothing() {
        let tree = Tree::start(|scan| {
            scan.service("web").sleeps();
        });
        let pid = tree.service("web").wait_up();
        tree.command("\n !019XY~");
        let new = add(&tree, "new");
        tree.command("a");
        new.wait_up();
        assert!(tree.namespace().is_alive(pid));
    }
}

mod hooks {
    use super::*;

    #[test]
    fn hook_of_a_signal_runs_instead_of_its_effect() {
        let mut tree = Tree::start(|scan| {
            for name in ["SIGUSR1", "SIGUSR2", "SIGHUP", "SIGTERM", "SIGINT", "SIGQUIT", "SIGPWR", "SIGWINCH"]
            {
                scan.hook(name, "echo ${0##*/} >>../hooked || echo ${0##*/} >>hooked");
            }
            scan.service("web").sleeps();
        });
        let pid = tree.service("web").wait_up();
        let hooked = Service::at(tree.scratch());
        // The working directory of a hook is the scan directory.
        let names = ["USR1", "USR2", "HUP", "TERM", "INT", "QUIT", "PWR", "WINCH"];
        for (i, name) in names.iter().enumerate() {
            tree.signal(Signal::parse(name).unwrap());
            assert_eq!(hooked.wait_lines("hooked", i + 1).last(), Some(&format!("SIG{name}")));
        }
        assert!(tree.namespace().is_alive(pid));
        tree.command("t");
        assert_eq!(tree.wait_exit(), 0);
    }

    #[test]
    fn hook_that_cannot_be_executed_leaves_the_effect() {
        let mut tree = Tree::start(|scan| {
            scan.hook("finish", "exit 0");
            let control = scan.dir().join(if suite() == Suite::S6 { ".s6-svscan" } else { ".svscan" });
            std::fs::write(control.join("SIGTERM"), "#!/bin/sh\n").unwrap();
        });
        assert_eq!(stop(&mut tree), 0);
    }

    #[test]
    fn signals_without_a_hook_and_without_an_effect_are_nothing() {
        let tree = Tree::start(|_| ());
        for name in ["USR1", "USR2", "PWR", "WINCH"] {
            tree.signal(Signal::parse(name).unwrap());
        }
        let new = add(&tree, "new");
        tree.command("a");
        new.wait_up();
    }

    #[test]
    fn finish_is_executed_at_the_end_by_the_same_process() {
        let mut tree = Tree::start(|scan| {
            scan.hook("finish", "echo $$ >pid; echo \"$@\" >arguments; exit 5");
            scan.service("web").sleeps();
        });
        tree.service("web").wait_up();
        assert_eq!(stop(&mut tree), 5);
        assert_eq!(text(tree.dir().join("pid")), "1\n");
        if suite() == Suite::Ours {
            assert_eq!(text(tree.dir().join("arguments")), "0\n");
        }
    }

    #[test]
    fn control_directory_of_s6_is_used_where_it_exists_alone() {
        ours_only!("its own name");
        let mut tree = Tree::launch(|scan| {
            scan.service(".s6-svscan").script("finish", "exit 9");
        });
        let control = tree.dir().join(".s6-svscan/control");
        wait_until("the scanner", || sys::fifo::open_to_write(&control).is_ok());
        assert!(!tree.dir().join(".svscan").exists());
        sys::fifo::send(&control, b"t").unwrap();
        assert_eq!(tree.wait_exit(), 9);
    }
}

mod options {
    use super::*;

    #[test]
    fn scanner_rescans_by_time_when_told_to() {
        let tree = Tree::start(|scan| {
            scan.options(&["-t", "100"]);
            if suite() == Suite::Ours {
                scan.options(&["--no-watch"]);
            }
        });
        add(&tree, "web").wait_up();
    }

    #[test]
    fn scanner_without_a_watch_waits_for_a_command() {
        let tree = Tree::start(|scan| {
            if suite() == Suite::Ours {
                scan.options(&["--no-watch"]);
            }
        });
        let web = add(&tree, "web");
        // Longer than a scanner takes that watches; this one has nothing to tell.
        std::thread::sleep(Duration::from_millis(300));
        assert!(!web.path("supervise").exists());
        tree.command("a");
        web.wait_up();
    }

    #[test]
    fn scanner_tells_on_a_descriptor_that_it_listens() {
        let tree = Tree::launch(|scan| {
            scan.options(&["-d", "3"]);
            scan.before(&format!("exec 3>>'{}/../ready'", scan.dir().display()));
        });
        wait_until("a newline", || text(tree.scratch().join("ready")) == "\n");
        assert!(tree.is_listening());
    }

    #[test]
    fn no_more_services_than_allowed_are_kept() {
        let mut tree = Tree::start(|scan| {
            scan.options(&[most(), "4"]);
            for i in 0..6 {
                scan.service(&format!("web{i}")).sleeps();
            }
        });
        let up = || (0..6).filter(|i| tree.service(&format!("web{i}")).is_supervised()).count();
        wait_until("four supervisors", || up() == 4);
        // Another look, which is made before the end.
        tree.command("at");
        assert_eq!(tree.wait_exit(), 0);
        let supervised = (0..6).filter(|i| tree.service(&format!("web{i}")).path("supervise").exists());
        assert_eq!(supervised.count(), 4);
    }

    #[test]
    fn names_that_are_too_long_are_passed_over() {
        ours_only!("s6 2.11 has no -L");
        let tree = Tree::start(|scan| {
            scan.options(&["-L", "11"]);
            scan.service("eleven-long").sleeps();
            scan.service("twelve-long-").sleeps();
        });
        tree.service("eleven-long").wait_up();
        tree.service("later").sleeps().wait_up();
        assert!(!tree.dir().join("twelve-long-/supervise").exists());
    }

    #[test]
    fn catch_all_logger_complains_on_the_console() {
        let tree = Tree::start(|scan| {
            scan.options(&["-X", "4"]);
            scan.before(&format!("exec 4>>'{}/../console'", scan.dir().display()));
            scan.service("s6-svscan-log").run("echo to the console >&2; exec sleep 100000");
            scan.service("web").run("echo not there >&2; exec sleep 100000");
        });
        wait_until("a word", || text(tree.scratch().join("console")) == "to the console\n");
        wait_until("another", || tree.messages().contains("not there"));
    }
}
