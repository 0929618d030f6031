//! The names of s6 for the scanner: `s6-svscan`, and `s6-svscanboot`, which Debian's s6 does not have: the manual
//! of 2.15 says what it does.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::MetadataExt;
use std::process::Command;

use kit::alike::{differ, ours};
use kit::{Scratch, Tree, is_root, our_name, ours_only, run, text, wait_until};

#[test]
fn s6_svscan_scans_and_ends() {
    ours_only!("runs once, with SUITE unset");
    let mut tree = Tree::launch_program(&our_name("s6-svscan"), |scan| {
        scan.options(&["-t0", "-C", "20", "-L100", "--"]);
        scan.service("web").sleeps();
    });
    tree.service("web").wait_up();
    assert!(tree.dir().join(".s6-svscan").exists() && !tree.dir().join(".svscan").exists());
    assert_eq!(run(&mut ours("s6-svscanctl", tree.dir(), &["-t", "."])).code, 0);
    assert_eq!(tree.wait_exit(), 0);
    // Who scanned is gone; Debian's says so with the same code.
    differ("s6-svscanctl", tree.dir(), &["-a", "."], 100, 100);
    let answer = run(&mut ours("s6-svscan", tree.dir(), &[]));
    assert!(answer.code == 100 && answer.err.contains("usage: s6-svscan"), "{answer:?}");
}

#[test]
fn s6_svscanboot_gives_the_scanner_a_logger() {
    ours_only!("runs once, with SUITE unset");
    let mut tree = Tree::launch_program(&our_name("s6-svscanboot"), |scan| {
        let log = scan.dir().parent().unwrap().join("log");
        scan.options(&["-D", log.to_str().unwrap(), "-m", "2755"]);
        scan.service("web").run("echo hello; exec sleep 100000");
    });
    let log = tree.scratch().join("log/current");
    wait_until("what the service says", || text(&log).contains("hello"));
    assert_eq!(run(&mut ours("s6-svscanctl", tree.dir(), &["-t", "."])).code, 0);
    assert_eq!(tree.wait_exit(), 0);
}

#[test]
fn options_of_s6_svscan_have_long_names_and_old_ones() {
    ours_only!("runs once, with SUITE unset");
    let long = ["--services-max=20", "--name-max", "100", "--timeout=0", "--notification-fd", "9"];
    let old = ["-s", "-c", "20", "-S", "-t0", "-d9"];
    for options in [long, old.map(|word| word)] {
        let mut tree = Tree::launch_program(&our_name("s6-svscan"), |scan| {
            scan.before(&format!("exec 9>>'{}'", scan.dir().with_file_name("told").display()));
            scan.options(&options[..]);
            scan.service("web").sleeps();
        });
        tree.service("web").wait_up();
        wait_until("the newline", || text(tree.scratch().join("told")) == "\n");
        assert_eq!(run(&mut ours("s6-svscanctl", tree.dir(), &["-t", "."])).code, 0);
        assert_eq!(tree.wait_exit(), 0, "{}", tree.messages());
    }
    let scratch = Scratch::new();
    for args in [&["-C", "x", "."][..], &["-t", "-1", "."], &["-d", "x", "."], &["-X"], &["-Z", "."]] {
        assert_eq!(run(&mut ours("s6-svscan", scratch.path(), args)).code, 100, "{args:?}");
    }
}

#[test]
fn s6_svscanboot_gives_the_logger_its_user_and_its_options() {
    ours_only!("runs once, with SUITE unset");
    if !is_root() {
        println!("skipped: only root can give the logger another user");
        return;
    }
    let mut tree = Tree::launch_program(&our_name("s6-svscanboot"), |scan| {
        let top = scan.dir().with_file_name("");
        std::fs::set_permissions(&top, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        scan.before(&format!("exec 9>>'{}told'", top.display()));
        let log = top.join("log");
        scan.options(&["-D", log.to_str().unwrap(), "-l", "nobody", "-o", "n3 T", "-d", "9"]);
        scan.options(&["-C", "20", "-L", "100", "-t", "0"]);
        scan.service("web").run("echo hello; exec sleep 100000");
    });
    let log = tree.scratch().join("log");
    wait_until("what the service says", || text(log.join("current")).contains("hello"));
    wait_until("the newline", || text(tree.scratch().join("told")) == "\n");
    let line = text(log.join("current")).lines().find(|line| line.ends_with("hello")).unwrap().to_owned();
    // ISO 8601, not a label.
    assert_eq!(line.find('-').zip(line.find(':')), Some((4, 13)), "{line}");
    let info = std::fs::metadata(&log).unwrap();
    assert_eq!((info.uid(), info.mode() & 0o7777), (65_534, 0o2750));
    let logger = tree.service("s6-svscan-log").wait_up();
    let status = text(tree.namespace().root().join(format!("proc/{logger}/status")));
    assert!(status.contains("\nUid:\t65534\t"), "{status}");
    assert_eq!(run(&mut ours("s6-svscanctl", tree.dir(), &["-t", "."])).code, 0);
    assert_eq!(tree.wait_exit(), 0);
}

#[test]
fn s6_svscanboot_sends_what_the_logger_says_to_the_console() {
    ours_only!("runs once, with SUITE unset");
    let mut tree = Tree::launch_program(&our_name("s6-svscanboot"), |scan| {
        let top = scan.dir().with_file_name("");
        let (log, console) = (top.join("log"), top.join("console"));
        std::fs::write(&console, "").unwrap();
        scan.options(&["-D", log.to_str().unwrap(), "-c", console.to_str().unwrap(), "-o", "nonsense"]);
    });
    wait_until("a complaint", || text(tree.scratch().join("console")).contains("s6-log"));
    assert!(!tree.messages().contains("s6-log"), "{}", tree.messages());
    tree.signal(unix::Signal::QUIT);
    assert_eq!(tree.wait_exit(), 0);
}

#[test]
fn s6_svscanboot_of_a_user_logs_below_the_directory_of_the_session() {
    ours_only!("runs once, with SUITE unset");
    for (options, place) in [(&["-u"][..], "run/uncaught-logs"), (&["--user", "-D", "mine"], "run/mine")] {
        let mut tree = Tree::launch_program(&our_name("s6-svscanboot"), |scan| {
            let run = scan.dir().with_file_name("run");
            scan.before(&format!("export XDG_RUNTIME_DIR='{}'", run.display()));
            scan.options(options);
            scan.service("web").run("echo hello; exec sleep 100000");
        });
        let log = tree.scratch().join(place);
        wait_until("what the service says", || text(log.join("current")).contains("hello"));
        assert_eq!(run(&mut ours("s6-svscanctl", tree.dir(), &["-t", "."])).code, 0);
        assert_eq!(tree.wait_exit(), 0);
    }
}

#[test]
fn s6_svscanboot_refuses_what_cannot_be() {
    ours_only!("runs once, with SUITE unset");
    let scratch = Scratch::new();
    let boot = |args: &[&str]| {
        let mut command: Command = ours("s6-svscanboot", scratch.path(), args);
        run(command.env_remove("XDG_RUNTIME_DIR"))
    };
    for args in [&[][..], &["-Z", "scan"], &["-m", "9", "scan"], &["-d", "x", "scan"], &["-u", "scan"]] {
        let answer = boot(args);
        assert_eq!((answer.code, answer.err.lines().count()), (100, 1), "{args:?} {answer:?}");
    }
    std::fs::write(scratch.path().join("file"), "").unwrap();
    assert_eq!(boot(&["-D", "file/log", "scan"]).code, 111);
    assert!(!scratch.path().join("scan").exists());
}
