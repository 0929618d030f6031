//! `svctl new`: what it writes runs.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use kit::{Answer, Scratch, Tree, is_root, our_program, ours_only, run, text};

#[track_caller]
fn new(dir: &Path, args: &[&str]) -> Answer {
    run(Command::new(our_program("svctl")).arg("new").args(args).current_dir(dir))
}

#[test]
fn what_is_written_has_no_faults_and_the_right_modes() {
    let scratch = Scratch::new();
    let answer = new(scratch.path(), &["--log", "--ready", "3", "web", "--", "sleep", "1000"]);
    assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{answer:?}");
    let web = scratch.path().join("web");
    for (name, mode) in [("", 0o755), ("run", 0o755), ("log", 0o755), ("log/run", 0o755)] {
        let info = std::fs::metadata(web.join(name)).unwrap();
        assert_eq!(info.permissions().mode() & 0o777, mode, "{name}");
    }
    assert_eq!(text(web.join("notification-fd")), "3\n");
    let check = run(Command::new(our_program("svctl")).args(["check", "web"]).current_dir(scratch.path()));
    assert_eq!((check.code, check.out.as_str()), (0, ""), "{check:?}");
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn nothing_is_overwritten() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path().join("web")).unwrap();
    let answer = new(scratch.path(), &["web", "--", "true"]);
    assert_eq!(answer.code, 100);
    assert_eq!(answer.err, "svctl new: web exists; nothing was written\n");
    assert_eq!(std::fs::read_dir(scratch.path().join("web")).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 1);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let scratch = Scratch::new();
    for line in [
        &["web"][..],
        &["--", "web"],
        &["--ready", "1", "web", "--", "true"],
        &["--user", "a b", "web", "--", "true"],
        &["--user", "-r", "web", "--", "true"],
        &["/", "--", "true"],
    ] {
        assert_eq!(new(scratch.path(), line).code, 100, "{line:?}");
    }
    assert_eq!(new(scratch.path(), &["no/where", "--", "true"]).code, 111);
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[test]
fn it_is_picked_up_and_its_words_arrive_as_they_were() {
    ours_only!("s6 does not watch its scan directory");
    let tree = Tree::start(|_| {});
    let words = ["it's", "", "a b", "$HOME", "*"];
    let script = "for word; do echo \"<$word>\"; done; exec sleep 1000";
    let mut args = vec!["--log", "web", "--", "sh", "-c", script, "sh"];
    args.extend(words);
    let answer = new(tree.dir(), &args);
    assert_eq!(answer.code, 0, "{answer:?}");
    let lines = tree.service("web").wait_lines("log/main/current", words.len());
    for (line, word) in lines.iter().zip(words) {
        let (stamp, text) = line.split_once(' ').unwrap();
        assert!(stamp.starts_with("@40000000") && stamp.len() == 25, "{line}");
        assert_eq!(text, format!("<{word}>"));
    }
    // As people see it, and in its place.
    let logs = run(Command::new(our_program("svctl")).args(["logs", "web"]).env("SVDIR", tree.dir()));
    assert_eq!(logs.out.lines().count(), words.len(), "{logs:?}");
    let mode = std::fs::metadata(tree.dir().join("web/log/main")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn command_runs_as_the_user() {
    ours_only!("s6 does not watch its scan directory");
    if !is_root() {
        println!("only root can become another user");
        return;
    }
    let tree = Tree::start(|_| {});
    let script = "echo \"$(id -un) $(id -gn) $(id -Gn)\"; exec sleep 1000";
    let answer = new(tree.dir(), &["--log", "--user", "nobody", "web", "--", "sh", "-c", script]);
    assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{answer:?}");
    let lines = tree.service("web").wait_lines("log/main/current", 1);
    assert!(lines[0].ends_with(" nobody nogroup nogroup"), "{lines:?}");
    let owner = std::fs::metadata(tree.dir().join("web/log/main/current")).unwrap().uid();
    assert_eq!(owner, std::fs::metadata(tree.dir().join("web/log/main")).unwrap().uid());
    assert_ne!(owner, 0, "the logger is nobody, too");
}
