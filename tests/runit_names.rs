//! `sv`, `runsvdir`, `runsv`, `runsvchdir`: the same invocations on Debian's runit and on ours.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::symlink;
use std::process::Command;

use kit::{Pair, Scan, Tree, our_program, ours_only, run};

/// A tree under both, with what most tests want; and everything is up.
fn pair() -> Option<Pair> {
    let pair = Pair::start("runsvdir", |scan| {
        scan.options(&["-P"]);
        usual(scan);
    })?;
    for tree in pair.trees() {
        std::fs::create_dir(tree.scratch().join("empty")).unwrap();
        std::fs::write(tree.scratch().join("file"), "").unwrap();
    }
    for name in ["web", "lg", "lg/log", "slow", "good", "bad"] {
        pair.until(&["sv", "status", name], "run: ");
    }
    pair.until(&["sv", "status", "idle"], "down: ");
    Some(pair)
}

fn usual(scan: &mut Scan) {
    scan.service("web").sleeps();
    scan.service("idle").sleeps().file("down", "");
    scan.service("lg").sleeps();
    scan.service("lg").log().run("exec cat");
    scan.service("slow").run("trap '' TERM\nwhile :; do sleep 1; done");
    scan.service("good").sleeps().script("check", "exit 0");
    scan.service("bad").sleeps().script("check", "exit 1");
}

#[test]
fn status_lines_are_those_of_runit() {
    let Some(pair) = pair() else { return };
    for line in [
        &["web", "idle", "lg", "lg/log"][..],
        &["./scan/web", "scan/web/", "web/."],
        &["nosuch", "./nosuch", "web", "nosuch/", "scan/web", "./file", ""],
        &["./empty", ".", "web"],
    ] {
        for verb in ["status", "st", "s"] {
            pair.same(&[&["sv", verb], line].concat());
        }
        pair.same(&[&["sv", "-v", "-w1", "status"], line].concat());
    }
    assert_eq!(pair.same(&["sv", "status", "lg"]).out, "run: lg: (pid N) Ns; run: log: (pid N) Ns\n");
}

#[test]
fn wrong_calls_of_sv_are_answered_alike() {
    let Some(pair) = pair() else { return };
    for line in [
        &[][..],
        &["status"],
        &["-x", "status", "web"],
        &["-w"],
        &["-v"],
        &["restar", "web"],
        &["force", "web"],
        &["", "web"],
        &["-", "web"],
        &["UP", "web"],
        &["status", "-v", "web"],
        &["up", "nosuch"],
        &["-w1", "start", "nosuch", "web", "./empty"],
        &["check", "./empty"],
        &["shutdown", "./empty"],
    ] {
        pair.same(&[&["sv"], line].concat());
    }
}

#[test]
fn verbs_do_and_say_the_same() {
    let Some(pair) = pair() else { return };
    for (line, then) in [
        ("-v up idle", "run: "),
        ("-v down idle", "down: "),
        ("start idle", "run: "),
        ("stop idle", "down: "),
        ("stop idle", "down: "),
        ("up idle", "run: "),
        ("down idle", "down: "),
        ("-v try-restart idle", "down: "),
        ("force-reload idle", "down: "),
        ("-v hup idle", "down: "),
        ("restart web", "run: "),
        ("-v term web", "run: "),
        ("-w 5 kill web", "run: "),
        ("try-restart web", "run: "),
        ("force-restart web", "run: "),
        ("force-reload web", "run: "),
        ("-v pause web", "paused"),
        ("-v cont web", "run: "),
        ("pause web", "paused"),
        ("cont web", "run: "),
        ("-v once web", "want down"),
        ("up web", "run: "),
        ("check web lg", "run: "),
        ("start web lg", "run: "),
        ("exit lg/log", "run: "),
        ("TERM web", "run: "),
        ("DOWN web", "down: "),
        ("X web", ""),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        pair.same(&[&["sv"], &words[..]].concat());
        let name = words.last().copied().unwrap_or_default();
        if !then.is_empty() {
            pair.until(&["sv", "status", name], then);
            pair.same(&["sv", "status", name]);
        }
    }
}

#[test]
fn signals_arrive() {
    let Some(pair) = Pair::start("runsvdir", |scan| {
        scan.service("web").logs_signals();
    }) else {
        return;
    };
    for tree in pair.trees() {
        tree.service("web").wait_lines("started", 1);
    }
    for verb in ["hup", "alarm", "interrupt", "quit", "1", "2", "term", "cont"] {
        let count = kit::text(pair.trees()[1].service("web").path("signals")).lines().count() + 1;
        pair.same(&["sv", verb, "web"]);
        for tree in pair.trees() {
            tree.service("web").wait_lines("signals", count);
        }
    }
    let [theirs, ours] = pair.trees().each_ref().map(|tree| tree.service("web").lines("signals"));
    assert_eq!(theirs, ours);
    assert_eq!(ours, ["HUP", "ALRM", "INT", "QUIT", "USR1", "USR2", "TERM", "CONT"]);
}

#[test]
fn reload_is_hup_and_shows_the_service() {
    let Some(pair) = Pair::start("runsvdir", |scan| {
        scan.service("web").logs_signals();
    }) else {
        return;
    };
    for tree in pair.trees() {
        tree.service("web").wait_lines("started", 1);
    }
    pair.until(&["sv", "status", "web"], "run: ");
    assert_eq!(pair.same(&["sv", "reload", "web"]).out, "ok: run: web: (pid N) Ns\n");
    for tree in pair.trees() {
        assert_eq!(tree.service("web").wait_lines("signals", 1), ["HUP"]);
    }
}

#[test]
fn time_runs_out_alike() {
    let Some(pair) = pair() else { return };
    for line in ["-w1 stop slow", "-w 1 restart slow", "-w1 shutdown slow", "-w1 force-stop slow"] {
        let words: Vec<&str> = line.split(' ').collect();
        let answer = pair.same(&[&["sv"], &words[..]].concat());
        assert_eq!(answer.code, 1, "{line}");
        pair.until(&["sv", "start", "idle"], "ok: ");
    }
}

#[test]
fn check_script_has_a_say() {
    let Some(pair) = pair() else { return };
    assert_eq!(pair.same(&["sv", "check", "good"]).code, 0);
    assert_eq!(pair.same(&["sv", "start", "good"]).code, 0);
    for verb in ["check", "start", "restart"] {
        let answer = pair.same(&["sv", "-w1", verb, "bad"]);
        assert!(answer.code == 1 && answer.out.starts_with("timeout: "), "{answer:?}");
    }
    let [theirs, ours] = pair.trees().each_ref().map(|tree| {
        let program =
            if tree.dir() == pair.trees()[0].dir() { "/usr/bin/sv".into() } else { our_program("sv") };
        run(Command::new(program).args(["check", "bad"]).env("SVDIR", tree.dir()).env("SVWAIT", "1")).code
    });
    assert_eq!((theirs, ours), (1, 1));
}

#[test]
fn check_that_never_ends_is_not_waited_for() {
    ours_only!("runit waits for ever");
    let tree = Tree::launch_program(&our_program("runsvdir"), |scan| {
        scan.service("web").sleeps().script("check", "exec sleep 100000");
        // Ours, for readiness; it gets its own.
        scan.service("web").file("notification-fd", "3");
    });
    tree.service("web").wait_up();
    let answer = run(Command::new(our_program("sv")).args(["-w1", "check", "web"]).env("SVDIR", tree.dir()));
    assert_eq!(answer.code, 1, "{answer:?}");
}

#[test]
fn service_that_dies_at_once_is_not_up() {
    ours_only!("runit's answer depends on the moment at which it looks");
    let tree = Tree::launch_program(&our_program("runsvdir"), |scan| {
        scan.service("web").run("exit 1");
    });
    tree.service("web").wait_supervised();
    let answer = run(Command::new(our_program("sv")).args(["-w2", "start", "web"]).env("SVDIR", tree.dir()));
    assert!(answer.code == 1 && answer.out.starts_with("timeout: "), "{answer:?}");
}

#[test]
fn supervisor_that_is_gone_is_told_alike() {
    let Some(pair) = pair() else { return };
    for tree in pair.trees() {
        let dir = tree.scratch().join("dead/supervise");
        std::fs::create_dir_all(&dir).unwrap();
        for name in ["ok", "control"] {
            sys::fifo::make(&dir.join(name), 0o600).unwrap();
        }
    }
    for verb in ["status", "up", "start", "stop", "check", "reload", "shutdown", "force-shutdown", "exit"] {
        pair.same(&["sv", verb, "./dead"]);
        pair.same(&["sv", "-v", verb, "./dead"]);
    }
    pair.same(&["sv", "shutdown", "web"]);
    pair.same(&["sv", "-v", "exit", "idle"]);
}

#[test]
fn user_without_rights_is_refused_alike() {
    let Some(pair) = pair() else { return };
    for verb in ["status", "up", "start", "check", "shutdown", "hup"] {
        pair.same_for_nobody(&["sv", verb, "web", "idle"]);
    }
    use std::os::unix::fs::PermissionsExt;
    for tree in pair.trees() {
        std::fs::set_permissions(tree.scratch().join("empty"), std::fs::Permissions::from_mode(0o700))
            .unwrap();
    }
    pair.same_for_nobody(&["sv", "status", "./empty", "./empty/x"]);
}

#[test]
fn link_named_like_a_service_is_its_script() {
    let Some(pair) = pair() else { return };
    let programs = ["/usr/bin/sv".into(), our_program("sv")];
    for (tree, program) in pair.trees().iter().zip(&programs) {
        std::fs::create_dir(tree.scratch().join("init.d")).unwrap();
        for name in ["web", "idle", "slow", "nosuch", "none"] {
            symlink(program, tree.scratch().join("init.d").join(name)).unwrap();
        }
    }
    for (line, then) in [
        ("web", "run: "),
        ("web foo", "run: "),
        ("web -x start", "run: "),
        ("web status", "run: "),
        ("idle status", "down: "),
        ("nosuch status", ""),
        ("nosuch start", ""),
        ("web start", "run: "),
        ("web stop", "down: "),
        ("web status", "down: "),
        ("web -w 5 restart", "run: "),
        ("slow -w 1 stop", "want down"),
        ("web force-reload", "run: "),
        ("web start extra", "run: "),
        ("idle start", "run: "),
        ("idle status", "run: "),
    ] {
        let line = format!("init.d/{line}");
        let words: Vec<&str> = line.split(' ').collect();
        pair.same(&words);
        if !then.is_empty() {
            pair.until(&[words[0], "status"], then);
        }
    }
    assert_eq!(pair.same(&["init.d/web", "foo"]).code, 2);
    pair.same_for_nobody(&["init.d/web", "status"]);
    pair.same_for_nobody(&["init.d/web", "start"]);
}
