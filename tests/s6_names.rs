//! The names of s6: the same command lines to Debian's s6 2.11 and to the programs that answer to its names, on
//! the same trees. Exit codes must be equal, and what stands on standard output, numbers and times aside; whether
//! there is a message, too. What differs is listed here and in `docs/differences.md`.
//!
//! Independent of `SUITE`: both are always there, so this runs once.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::Command;

use kit::alike::{agree, differ, ours, ready, same, theirs};
use kit::{Running, Scratch, Service, Tree, is_root, our_name, our_program, ours_only, run, wait_until};

/// Every name that Debian's s6 has.
const NAMES: [&str; 27] = [
    "s6-supervise",
    "s6-svc",
    "s6-svscanctl",
    "s6-svstat",
    "s6-svok",
    "s6-svlisten",
    "s6-svlisten1",
    "s6-svdt",
    "s6-svdt-clear",
    "s6-svperms",
    "s6-svlink",
    "s6-svunlink",
    "s6-permafailon",
    "s6-notifyoncheck",
    "s6-mkfifodir",
    "s6-cleanfifodir",
    "s6-ftrig-listen1",
    "s6-ftrig-listen",
    "s6-ftrig-wait",
    "s6-ftrig-notify",
    "s6-instance-maker",
    "s6-instance-create",
    "s6-instance-delete",
    "s6-instance-control",
    "s6-instance-status",
    "s6-instance-list",
    "s6-svwait",
];

mod wrong_calls {
    use super::*;

    #[test]
    fn usage_is_shown_for_nothing_and_for_what_is_not_known() {
        ours_only!("runs once, with SUITE unset");
        let scratch = Scratch::new();
        for name in NAMES {
            if name != "s6-svwait" {
                assert_eq!(same(name, scratch.path(), &[]).code, 100, "{name}");
            }
            // These look at no options; what they are given is a directory.
            let plain = ["s6-svok", "s6-svdt-clear", "s6-supervise", "s6-cleanfifodir", "s6-ftrig-notify"];
            if !plain.contains(&name) && name != "s6-permafailon" {
                let answer = same(name, scratch.path(), &["-Z", "x", "y", "z"]);
                assert!(answer.code == 100 && answer.err.contains(&format!("usage: {name} ")), "{answer:?}");
            }
        }
        // 2.15: nothing to wait for.
        differ("s6-svwait", scratch.path(), &[], 100, 0);
    }

    #[test]
    fn name_may_have_a_prefix() {
        ours_only!("runs once, with SUITE unset");
        let scratch = Scratch::new();
        let link = scratch.path().join("compat-s6-svok");
        symlink(our_name("s6-svok"), &link).unwrap();
        let answer = run(&mut Command::new(link));
        assert!(answer.code == 100 && answer.err.starts_with("s6-svok: usage: s6-svok "), "{answer:?}");
        let listed = run(Command::new(our_program("svbox")).arg("--list-compat")).out;
        for name in NAMES.iter().chain(&["s6-svscan", "s6-svscanboot"]) {
            assert!(listed.lines().any(|line| line == *name), "{name}");
        }
        assert!(!run(Command::new(our_program("svbox")).arg("--list")).out.contains("s6-"));
    }

    #[test]
    fn values_that_cannot_be_are_refused() {
        ours_only!("runs once, with SUITE unset");
        let scratch = Scratch::new();
        let dir = scratch.path();
        for (name, args) in [
            ("s6-svc", &["-wx", "a"][..]),
            ("s6-svc", &["-wu", "-T", "x", "a"]),
            (
                "s6-svc",
                &["-uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu", "a"],
            ),
            ("s6-svc", &[""]),
            ("s6-svwait", &["-t", "x", "a"]),
            ("s6-svstat", &["-o", "nothing", "a"]),
            ("s6-svstat", &["-upeswNrtupeswNrtu", "a"]),
            ("s6-svdt", &["-n", "x", "a"]),
            ("s6-svdt", &["-n", "0", "a"]),
            ("s6-svlisten", &["a", "b", "c"]),
            ("s6-svlisten", &["a", "b", ""]),
            ("s6-svlink", &["", "a"]),
            ("s6-svlink", &["a", "b", ".c"]),
            ("s6-svunlink", &["a", ".c"]),
            ("s6-svperms", &["-g", "no-such-group", "a"]),
            ("s6-svperms", &["-g", ":x", "a"]),
            ("s6-permafailon", &["1", "0", "1", "true"]),
            ("s6-permafailon", &["1", "1", "256", "true"]),
            ("s6-permafailon", &["1", "1", "5-3", "true"]),
            ("s6-permafailon", &["1", "1", "SIGNOTHING", "true"]),
            ("s6-mkfifodir", &["-g", "x", "a"]),
            ("s6-ftrig-listen", &["a", "b", "c", "d"]),
            ("s6-ftrig-listen", &["a", "", "c", "d"]),
            ("s6-ftrig-wait", &["a", "("]),
            ("s6-instance-maker", &["-t4", "a", "b"]),
            ("s6-instance-maker", &["-L", "relative", "a", "b"]),
            ("s6-instance-maker", &["-r", "/x", "a", "b"]),
            ("s6-instance-maker", &["-r", "x/y", "a", "b"]),
            ("s6-instance-create", &["a", ".b"]),
            ("s6-instance-delete", &["a", "b c"]),
            ("s6-instance-control", &["-u", "", "b"]),
            ("s6-instance-status", &["a", ""]),
        ] {
            same(name, dir, args);
        }
        assert_eq!(std::fs::read_dir(dir).unwrap().count(), 0);
    }

    #[test]
    fn directories_that_are_not_there() {
        ours_only!("runs once, with SUITE unset");
        let scratch = Scratch::new();
        for (name, args) in [
            ("s6-svc", &["-u", "no"][..]),
            ("s6-svscanctl", &["-a", "no"]),
            ("s6-svstat", &["no"]),
            ("s6-svok", &["no"]),
            ("s6-svdt", &["no"]),
            ("s6-svdt-clear", &["no"]),
            ("s6-svwait", &["-u", "no"]),
            ("s6-svlisten1", &["-u", "no", "true"]),
            ("s6-svlisten", &["-u", "no", "", "true"]),
            ("s6-svperms", &["no"]),
            ("s6-svperms", &["-u", "no"]),
            ("s6-svlink", &["no", "nothing"]),
            ("s6-svunlink", &["no", "nothing"]),
            ("s6-mkfifodir", &["no/no"]),
            ("s6-cleanfifodir", &["no"]),
            ("s6-ftrig-notify", &["no", "x"]),
            ("s6-ftrig-wait", &["no", "x"]),
            ("s6-ftrig-listen1", &["no", "x", "true"]),
            ("s6-ftrig-listen", &["no", "x", "", "true"]),
            ("s6-instance-maker", &["no", "b"]),
            ("s6-instance-create", &["no", "b"]),
            ("s6-instance-delete", &["no", "b"]),
            ("s6-instance-control", &["-u", "no", "b"]),
            ("s6-instance-status", &["no", "b"]),
            ("s6-instance-list", &["no"]),
            ("s6-supervise", &["no"]),
        ] {
            let _ = std::fs::remove_dir_all(scratch.path().join("b"));
            if name == "s6-instance-maker" {
                continue;
            }
            same(name, scratch.path(), args);
        }
    }

    #[test]
    fn directories_without_permission() {
        ours_only!("runs once, with SUITE unset");
        if !is_root() {
            return;
        }
        let supervisor = ready();
        let dir = supervisor.scratch();
        for path in [dir, supervisor.dir()] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        for (name, args) in [
            ("s6-svc", &["-u", "web"][..]),
            ("s6-svstat", &["web"]),
            ("s6-svok", &["web"]),
            ("s6-svdt", &["web"]),
            ("s6-svdt-clear", &["web"]),
            ("s6-svwait", &["-u", "web"]),
            ("s6-svperms", &["-u", "web"]),
            ("s6-mkfifodir", &["web/new"]),
            ("s6-mkfifodir", &["web"]),
            ("s6-cleanfifodir", &["web/supervise"]),
            ("s6-ftrig-notify", &["web/supervise", "x"]),
        ] {
            let answers =
                [theirs(name, dir, args), ours(name, dir, args)].map(|mut command| run(command.uid(65_534)));
            agree(&format!("{name} {args:?} as nobody"), &answers[0], &answers[1]);
            assert_ne!(answers[1].code, 0, "{name} {args:?}");
        }
    }
}

mod trees {
    use super::*;

    /// A scanner, ours by s6's name, above nothing yet.
    fn tree() -> Tree {
        let tree = Tree::launch_program(&our_name("s6-svscan"), |_| ());
        wait_until("the scanner", || {
            sys::fifo::open_to_write(&tree.dir().join(".s6-svscan/control")).is_ok()
        });
        tree
    }

    #[test]
    fn services_are_linked_and_unlinked() {
        ours_only!("runs once, with SUITE unset");
        let tree = tree();
        let web = Service::at(tree.scratch().join("web"));
        web.sleeps();
        web.log().run("exec cat >/dev/null");
        let dir = tree.dir().to_str().unwrap();
        for options in ["-t20000", "-dt20000", "-fPt20000"] {
            for program in [theirs, ours] {
                let link = run(&mut program("s6-svlink", tree.scratch(), &[options, dir, "web", "name"]));
                assert_eq!(link.code, 0, "{options} {link:?}");
                assert!(web.is_supervised() && web.log().is_supervised());
                assert!(!web.path("down").exists());
                if !options.starts_with("-d") {
                    web.wait_up();
                }
                let unlink = run(&mut program("s6-svunlink", tree.scratch(), &["-t20000", dir, "name"]));
                assert_eq!(unlink.code, 0, "{options} {unlink:?}");
                assert!(!tree.dir().join("name").exists());
                wait_until("the end", || !web.is_supervised() && !web.log().is_supervised());
            }
        }
        same("s6-svlink", tree.scratch(), &["-t20000", dir, "nothing"]);
        same("s6-svlink", tree.scratch(), &["-t20000", "web", "web"]);
        same("s6-svunlink", tree.scratch(), &["-t20000", dir, "nothing"]);
        same("s6-svunlink", tree.scratch(), &["-Xt20000", dir, "nothing"]);
        same("s6-svscanctl", tree.scratch(), &["-an", dir]);
        same("s6-svscanctl", tree.scratch(), &[dir]);
    }
}

mod fifodirs {
    use super::*;

    #[test]
    fn fifodirs_are_made_and_cleaned() {
        ours_only!("runs once, with SUITE unset");
        let scratch = Scratch::new();
        let dir = scratch.path();
        std::fs::write(dir.join("file"), "").unwrap();
        same("s6-mkfifodir", dir, &["file"]);
        for args in [&["d"][..], &["-g", "0", "d"], &["-f", "-g", "0", "d"], &["-f", "d"]] {
            let mode = |program: Command| {
                let _ = std::fs::remove_dir_all(dir.join("d"));
                if args.contains(&"-f") {
                    std::fs::create_dir(dir.join("d")).unwrap();
                }
                let mut program = program;
                let answer = run(&mut program);
                (answer.code, std::fs::metadata(dir.join("d")).unwrap().permissions().mode())
            };
            assert_eq!(
                mode(theirs("s6-mkfifodir", dir, args)),
                mode(ours("s6-mkfifodir", dir, args)),
                "{args:?}"
            );
        }
        let stale = dir.join("d/ftrig1:@400000000000000000000000:abcdef");
        sys::fifo::make(&stale, 0o600).unwrap();
        // 2.11 leaves it there.
        assert_eq!(same("s6-cleanfifodir", dir, &["d"]).code, 0);
        assert!(!stale.exists());
    }

    #[test]
    fn letters_are_sent_and_waited_for() {
        ours_only!("runs once, with SUITE unset");
        let scratch = Scratch::new();
        let dir = scratch.path();
        assert_eq!(same("s6-mkfifodir", dir, &["d"]).code, 0);
        assert_eq!(same("s6-ftrig-notify", dir, &["d", "nobody hears"]).code, 0);
        for (pattern, letters) in [("u", "u"), ("[DO]", "xD"), ("ab|cd", "acd"), ("(ab){2}", "abab")] {
            let args = ["-t20000", "d", pattern, "s6-ftrig-notify", "d", letters];
            let answer = same("s6-ftrig-listen1", dir, &args);
            assert_eq!(answer.out, format!("{}\n", &letters[letters.len() - 1..]), "{pattern}");
        }
        // 2.15: the beginning and the end of what was read.
        differ("s6-ftrig-listen1", dir, &["-t300", "d", "^ab$", "s6-ftrig-notify", "d", "ab"], 1, 0);
        same("s6-ftrig-listen1", dir, &["-t100", "d", "u", "s6-ftrig-notify", "d", "x"]);
        same("s6-ftrig-wait", dir, &["-t100", "d", "u"]);
        let both = ["-t20000", "d", "a", "d", "b", "", "s6-ftrig-notify", "d", "ab"];
        assert_eq!(same("s6-ftrig-listen", dir, &both).code, 0);
        let one = ["-o", "-t20000", "d", "a", "d", "z", "", "s6-ftrig-notify", "d", "ab"];
        assert_eq!(same("s6-ftrig-listen", dir, &one).code, 0);
        same("s6-ftrig-listen", dir, &["-t100", "d", "a", "d", "z", "", "s6-ftrig-notify", "d", "ab"]);
        let waiting = Running::start(&mut ours("s6-ftrig-wait", dir, &["-t20000", "d", "u"]));
        Service::at(dir).wait_listeners(0);
        wait_until("a listener", || std::fs::read_dir(dir.join("d")).unwrap().count() == 1);
        assert_eq!(run(&mut theirs("s6-ftrig-notify", dir, &["d", "u"])).code, 0);
        assert_eq!(waiting.finish().out, "u\n");
        assert_eq!(std::fs::read_dir(dir.join("d")).unwrap().count(), 0, "nothing is left behind");
    }
}
