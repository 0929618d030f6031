//! `svc`, `svok`, `svstat`: the same invocations on Debian's daemontools and on ours.

#![forbid(unsafe_code)]

mod kit;

use std::process::Command;

use kit::{Pair, Service, Tree, our_program, ours_only, run};

/// A tree under both, with what most tests want; and everything is up.
fn pair() -> Option<Pair> {
    let pair = Pair::start("svscan", |scan| {
        scan.service("web").sleeps();
        scan.service("idle").sleeps().file("down", "");
        scan.service("lg").sleeps();
        scan.service("lg").log().run("exec cat");
        scan.service("slow").run("trap '' TERM\necho >trapped\nwhile :; do sleep 1; done");
    })?;
    for tree in pair.trees() {
        std::fs::create_dir(tree.scratch().join("empty")).unwrap();
        std::fs::write(tree.scratch().join("file"), "").unwrap();
        let dir = tree.scratch().join("dead/supervise");
        std::fs::create_dir_all(&dir).unwrap();
        for name in ["ok", "control"] {
            sys::fifo::make(&dir.join(name), 0o600).unwrap();
        }
    }
    for name in ["scan/web", "scan/lg", "scan/lg/log", "scan/slow"] {
        pair.until(&["svstat", name], "up ");
    }
    pair.until(&["svstat", "scan/idle"], "down ");
    Some(pair)
}

#[test]
fn status_lines_are_those_of_daemontools() {
    let Some(pair) = pair() else { return };
    for line in [
        &["scan/web", "scan/idle", "scan/lg", "scan/lg/log"][..],
        &[],
        &["empty", "nosuch", "file", "scan/web"],
        &["dead", "", "-x"],
    ] {
        pair.same(&[&["svstat"], line].concat());
        if line.len() != 1 {
            pair.same(&[&["svc", "-c"], line].concat());
        }
    }
    assert_eq!(pair.same(&["svstat", "scan/web"]).out, "scan/web: up (pid N) N seconds\n");
}

#[test]
fn svok_knows_who_is_supervised() {
    let Some(pair) = pair() else { return };
    for line in [
        &["scan/web"][..],
        &["empty"],
        &["dead"],
        &["nosuch"],
        &["file"],
        &[],
        &["scan/web", "empty"],
        &[""],
        &["-x"],
    ] {
        pair.same(&[&["svok"], line].concat());
    }
}

#[test]
fn letters_do_the_same() {
    let Some(pair) = pair() else { return };
    for (letters, name, then) in [
        ("-u", "scan/idle", "up "),
        ("-d", "scan/idle", "down "),
        ("-p", "scan/web", "paused"),
        ("-c", "scan/web", "seconds\n"),
        ("-dx", "dead", "not running"),
        ("-d", "scan/web", "down "),
        ("-u", "scan/web", "up "),
        ("-ud", "scan/web", "down "),
        ("-uc", "scan/web", "up "),
    ] {
        pair.same(&["svc", letters, name]);
        pair.until(&["svstat", name], then);
        pair.same(&["svstat", name]);
    }
    for tree in pair.trees() {
        tree.service("slow").wait_lines("trapped", 1);
    }
    pair.same(&["svc", "-d", "scan/slow"]);
    pair.until(&["svstat", "scan/slow"], "want down");
    pair.same(&["svc", "-k", "scan/slow"]);
    pair.until(&["svstat", "scan/slow"], "down ");
    pair.same(&["svstat", "scan/slow"]);
}

#[test]
fn signals_arrive() {
    let Some(pair) = Pair::start("svscan", |scan| {
        scan.service("web").logs_signals();
    }) else {
        return;
    };
    for tree in pair.trees() {
        tree.service("web").wait_lines("started", 1);
    }
    for (i, letter) in ["-h", "-a", "-i", "-t"].iter().enumerate() {
        pair.same(&["svc", letter, "scan/web"]);
        for tree in pair.trees() {
            tree.service("web").wait_lines("signals", i + 1);
        }
    }
    let [theirs, ours] = pair.trees().each_ref().map(|tree| tree.service("web").lines("signals"));
    assert_eq!(theirs, ours);
}

#[test]
fn wrong_calls_are_answered_alike() {
    let Some(pair) = pair() else { return };
    for line in
        [&["-z", "scan/web"][..], &[], &["scan/web"], &["-u"], &["-ud", "nosuch", "empty", "file", "dead"]]
    {
        pair.same(&[&["svc"], line].concat());
    }
}

#[test]
fn user_without_rights_is_refused_alike() {
    let Some(pair) = pair() else { return };
    pair.same_for_nobody(&["svstat", "scan/web", "scan/idle"]);
    pair.same_for_nobody(&["svok", "scan/web"]);
    pair.same_for_nobody(&["svc", "-u", "scan/web", "scan/idle"]);
}

#[test]
fn svup_tells_whether_a_service_and_its_logger_are_up() {
    ours_only!("Debian has no daemontools-encore");
    let tree = Tree::launch(|scan| {
        scan.service("web").sleeps();
        scan.service("web").log().run("exec cat");
        scan.service("idle").sleeps().file("down", "");
    });
    tree.service("web").wait_up();
    tree.service("web/log").wait_up();
    tree.service("idle").wait_supervised();
    let svup = |args: &[&str]| run(Command::new(our_program("svup")).args(args).current_dir(tree.dir())).code;
    assert_eq!([svup(&["web"]), svup(&["idle"]), svup(&["nosuch"]), svup(&[])], [0, 100, 111, 100]);
    tree.service("web").command("d");
    tree.service("web").wait_down();
    assert_eq!([svup(&["web"]), svup(&["-l", "web"]), svup(&["-L", "web"])], [100, 100, 0]);
}

#[test]
fn service_that_is_up_once_is_not_wanted_up() {
    let Some(pair) = pair() else { return };
    pair.same(&["svc", "-o", "scan/idle"]);
    pair.until(&["svstat", "scan/idle"], "up ");
    let [theirs, ours] = pair.play(&["svstat", "scan/idle"]).map(|answer| answer.out);
    assert_eq!(theirs, "scan/idle: up (pid N) N seconds, normally down\n");
    assert_eq!(ours, "scan/idle: up (pid N) N seconds, normally down, want down\n");
}

#[test]
fn our_own_names_keep_our_own_exit_codes() {
    let Some(pair) = pair() else { return };
    let codes = |line: &[&str]| pair.play(line).map(|answer| answer.code);
    assert_eq!(codes(&["supervise", "scan/web"]), [111, 100]);
    assert_eq!(codes(&["supervise"]), [100, 100]);
    assert_eq!(codes(&["supervise", "nosuch"]), [111, 111]);
    assert_eq!(codes(&["svscan", "nosuch"]), [111, 111]);
    assert_eq!(codes(&["svscan", "-x"]), [111, 100]);
}

#[test]
fn svscan_without_a_directory_scans_the_current_one() {
    ours_only!("s6-svscan wants a directory, or has another default");
    let scratch = kit::Scratch::new();
    let web = Service::at(scratch.path().join("scan/web"));
    web.sleeps();
    let shell = format!("cd {}; exec \"$0\"", scratch.path().join("scan").display());
    let program = our_program("svscan");
    let command = ["sh".as_ref(), "-c".as_ref(), shell.as_ref(), program.as_os_str()];
    let _namespace = kit::Namespace::start(&command, &scratch.path().join("log"));
    web.wait_up();
}
