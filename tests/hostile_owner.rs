//! What the owner of a service directory, or of what is above one, can make a scanner of root's do: nothing to the
//! processes, the files and the services of others.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use kit::{Service, Tree, is_root, our_program, ours_only, run, text, wait_until};
use unix::Signal;

const WHY: &str = "it is about what our programs trust";

/// The hostile user.
const WEB: u32 = 3001;

/// The end of a test that only root can make.
macro_rules! root_only {
    () => {
        ours_only!(WHY);
        if !is_root() {
            println!("skipped: only root can give files away");
            return;
        }
    };
}

/// Runs a shell command as the hostile user.
fn as_web(dir: &Path, command: &str) -> kit::Answer {
    let mut setpriv = Command::new("setpriv");
    setpriv.args(["--reuid=3001", "--regid=3001", "--clear-groups", "sh", "-c", command]);
    run(setpriv.current_dir(dir))
}

#[test]
fn record_that_names_the_pid_of_another_process_kills_nobody() {
    root_only!();
    let mut tree = Tree::start(|scan| {
        // Without /proc a scanner knows of its descendants what their records say.
        scan.options(&["--stop-timeout", "100"]);
        let dir = scan.dir().parent().unwrap().join("sh");
        Service::at(&dir).script(
            "bystander",
            "trap 'echo >../alive' USR1; trap '' TERM; echo $$ >../bystander; while :; do sleep 1000 & wait; done",
        );
        scan.before(&format!("cd {}; {{ ./bystander; echo $? >../killed; }} & umount /proc", dir.display()));
        let ask = "kill -USR1 $(cat ../bystander); until test -e ../alive || test -e ../killed; do sleep 0.01; done";
        scan.hook("finish", ask);
        let web = scan.service("web");
        // Again and again: its supervisor writes the record, too.
        let forge = "pid=$(printf %08x $(cat ../../../bystander) | sed \"s/../\\\\\\\\x&/g\");\
             { head -c24 status; printf \"\\\\0\\\\0\\\\0\\\\0$pid\"; tail -c3 status; } >forged; mv -f forged status";
        web.run(&format!(
            "exec setpriv --reuid=3001 --regid=3001 --clear-groups bash -c '\
             trap \"\" TERM; cd supervise; until test -e ../../go; do sleep 0.01; done; while :; do {forge}; done'"
        ));
        std::fs::create_dir(web.path("supervise")).unwrap();
        for dir in [web.dir(), &web.path("supervise")] {
            chown(dir, Some(WEB), Some(WEB)).unwrap();
        }
    });
    let web = tree.service("web");
    web.wait_up();
    let bystander =
        kit::wait_for("a bystander", || text(tree.scratch().join("bystander")).trim().parse::<i32>().ok());
    std::fs::write(tree.dir().join("go"), "").unwrap();
    wait_until("a forged record", || {
        web.try_record().is_some_and(|r| r.pid.map(|p| p.get()) == Some(bystander))
    });
    tree.signal(Signal::TERM);
    tree.wait_exit();
    assert_eq!(text(tree.scratch().join("killed")), "");
    assert!(tree.scratch().join("alive").exists());
}

/// A scanner of root's below a directory of the other user's, and the shell command that puts a directory of his own in
/// the place of the scan directory, with a service that root shall run.
fn below_web() -> (Tree, &'static str) {
    let tree = Tree::start(|scan| {
        chown(scan.dir().parent().unwrap(), Some(WEB), Some(WEB)).unwrap();
        scan.service("good").sleeps();
    });
    tree.service("good").wait_up();
    let trap = "mkdir -m 777 scan scan/evil scan/evil/supervise && printf '#!/bin/sh\nid >../../owned\nexec sleep 1000\n' \
                >scan/evil/run && chmod 755 scan/evil/run";
    (tree, trap)
}

#[test]
fn directory_that_another_user_puts_in_place_of_the_scan_directory_is_not_scanned() {
    root_only!();
    let (mut tree, trap) = below_web();
    let pid = tree.service("good").wait_up();
    let link = "mkdir root && ln -s scan.d scan";
    for (round, trap) in [trap, "ln -s elsewhere scan", link].into_iter().enumerate() {
        let roots = Service::at(tree.scratch().join("elsewhere/evil"));
        roots.run("id >../../owned; exec sleep 1000");
        let _ = std::fs::create_dir(tree.scratch().join("scan.d"));
        chown(tree.scratch().join("scan.d"), Some(WEB), None).unwrap();
        let answer = as_web(tree.scratch(), &format!("mv scan moved && {trap}"));
        assert_eq!(answer.code, 0, "{answer:?}");
        let old = tree.scratch().join("moved");
        let count = || tree.messages().matches("unable to scan").count();
        wait_until("a word about it", || {
            sys::fifo::send(&old.join(".svscan/control"), b"an").unwrap();
            count() > round
        });
        // The tools find what is at the path: commands go to nobody.
        assert_ne!(
            run(Command::new(our_program("svctl")).args(["-t", "scan"]).current_dir(tree.scratch())).code,
            0
        );
        assert_eq!(Service::at(old.join("good")).wait_up(), pid);
        let answer = as_web(tree.scratch(), "rm -rf scan; mv moved scan; rm -rf root");
        assert_eq!(answer.code, 0, "{answer:?}");
        tree.signal(Signal::HUP);
        let back = tree.service(&format!("back{round}"));
        back.sleeps();
        back.wait_up();
    }
    assert!(tree.messages().contains("it belongs to uid 3001 now"), "{}", tree.messages());
    assert!(tree.messages().contains("it is a link of uid 3001 to what is not his"), "{}", tree.messages());
    assert!(!tree.scratch().join("owned").exists());
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
    assert!(!tree.scratch().join("owned").exists());
}

#[test]
fn scan_directory_of_another_user_does_not_take_the_place_of_one_that_is_gone() {
    root_only!();
    let (mut tree, trap) = below_web();
    std::fs::rename(tree.dir(), tree.scratch().join("old")).unwrap();
    let answer = as_web(tree.scratch(), trap);
    assert_eq!(answer.code, 0, "{answer:?}");
    std::fs::remove_dir_all(tree.scratch().join("old/.svscan")).unwrap();
    wait_until("a word about whose it is", || tree.messages().contains("it belongs to uid 3001"));
    assert!(!tree.scratch().join("owned").exists());
    // One of root's does.
    std::fs::rename(tree.dir(), tree.scratch().join("his")).unwrap();
    std::fs::create_dir(tree.dir()).unwrap();
    tree.service("new").sleeps();
    tree.service("new").wait_up();
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
    assert!(!tree.scratch().join("owned").exists());
}
