//! What somebody else has put into `supervise/lock`, where a supervisor finds what its predecessor has left: it is
//! believed only where nobody else could write it.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::chown;
use std::process::Command;

use kit::{Running, Service, Tree, is_root, ours_only, wait_until};

const WHY: &str = "it is about a file of ours";

/// The user who plants.
const WEB: u32 = 3001;

/// A tree with a service, and what its supervisor would leave.
fn tree() -> (Tree, Vec<u8>) {
    let tree = Tree::start(|scan| {
        scan.service("other").sleeps();
    });
    tree.service("other").wait_up();
    let left = std::fs::read(tree.dir().join("other/supervise/lock")).unwrap();
    assert!(left.starts_with(b"svlife 1"), "{}", left.escape_ascii());
    (tree, left)
}

/// A service that finds this in its place when it is started, under the name `web`.
fn service(tree: &Tree, lock: &[u8], prepare: impl FnOnce(&Service)) -> Service {
    let web = Service::at(tree.scratch().join("web"));
    web.run("echo $$ >>runs; exec sleep 100000").file("restart-delay", "10\n");
    std::fs::create_dir_all(web.path("supervise")).unwrap();
    web.file("supervise/lock", lock);
    prepare(&web);
    std::fs::rename(web.dir(), tree.dir().join("web")).unwrap();
    tree.service("web")
}

/// It has a process of its own; commands to it are not for another one.
#[track_caller]
fn is_itself(tree: &Tree, web: &Service) {
    let other = tree.service("other").wait_up();
    let pid = web.wait_record("a process", |r| r.is_up() && r.pid != Some(other)).pid;
    web.wait_lines("runs", 1);
    web.command("k");
    web.wait_record("another life", |r| r.is_up() && r.pid != pid && r.pid != Some(other));
    assert_eq!(tree.service("other").wait_up(), other);
    assert!(tree.namespace().is_alive(other));
}

#[test]
fn state_that_another_user_has_left_is_not_taken_over() {
    ours_only!(WHY);
    if !is_root() {
        println!("skipped: only root can give files away");
        return;
    }
    let (tree, left) = tree();
    let web = service(&tree, &left, |web| {
        chown(web.path("supervise"), Some(WEB), Some(WEB)).unwrap();
        chown(web.path("supervise/lock"), Some(WEB), Some(WEB)).unwrap();
    });
    is_itself(&tree, &web);
    assert!(tree.messages().contains("supervise/lock is another user's"), "{}", tree.messages());
}

#[test]
fn state_that_others_can_write_is_not_taken_over() {
    ours_only!(WHY);
    let (tree, left) = tree();
    let web = service(&tree, &left, |web| {
        let answer = kit::run(Command::new("chmod").arg("666").arg(web.path("supervise/lock")));
        assert_eq!(answer.code, 0);
    });
    is_itself(&tree, &web);
}

#[test]
fn state_with_another_name_is_not_taken_over() {
    ours_only!(WHY);
    let (tree, left) = tree();
    let web = service(&tree, &left, |web| {
        std::fs::hard_link(web.path("supervise/lock"), web.path("second")).unwrap();
    });
    is_itself(&tree, &web);
    assert_eq!(std::fs::read(web.path("second")).unwrap(), left, "nor is it written to");
}

#[test]
fn rubbish_is_no_state() {
    ours_only!(WHY);
    let (tree, left) = tree();
    let mut numbers = left.clone();
    numbers[104..].fill(0xff);
    let mut epoch = left.clone();
    epoch[9] ^= 1;
    let cut = [0, 7, 8, 55, 63, 103, 119, left.len() - 1].map(|length| left[..length].to_vec());
    let random: Vec<u8> = (0..8000_u32).map(|i| (i * i % 251) as u8).collect();
    for rubbish in cut.into_iter().chain([numbers, epoch, random]) {
        let web = service(&tree, &rubbish, |_| ());
        is_itself(&tree, &web);
        web.command("dx");
        wait_until("no supervisor", || !web.is_supervised());
        std::fs::rename(web.dir(), tree.scratch().join("gone")).unwrap();
        std::fs::remove_dir_all(tree.scratch().join("gone")).unwrap();
        tree.command("an");
    }
}

#[test]
fn whoever_locks_the_file_with_flock_keeps_a_supervisor_from_starting_for_seconds_only() {
    ours_only!(WHY);
    let (tree, _) = tree();
    let mut holder = None;
    let web = service(&tree, b"", |web| {
        let mut flock = Command::new("flock");
        flock.args(["-F", "-s"]).arg(web.path("supervise/lock")).args([
            "sh",
            "-c",
            "echo >held; exec sleep 1000",
        ]);
        holder = Some(Running::start(flock.current_dir(web.dir())));
        wait_until("a lock", || web.path("held").exists());
    });
    is_itself(&tree, &web);
    assert!(tree.messages().contains("has locked supervise/lock with flock(2)"), "{}", tree.messages());
}

#[test]
fn what_a_service_has_put_where_its_pipe_was_is_not_opened_by_the_next_supervisor() {
    ours_only!(WHY);
    for (put, why) in [("exec 7<>named", "a FIFO that has a name"), ("exec 7</dev/null", "not a FIFO")] {
        let tree = Tree::start(|scan| {
            let web = scan.service("web");
            sys::fifo::make(&web.path("named"), 0o600).unwrap();
            web.run(&format!("{put}; echo ready >named & echo >swapped; exec sleep 100000"));
            web.file("notification-fd", "7\n");
        });
        let web = tree.service("web");
        let pid = web.wait_up();
        wait_until("another descriptor", || web.path("swapped").exists());
        let supervisor = kit::wait_for("a supervisor", || tree.supervisor_of("web"));
        tree.namespace().kill(supervisor, "KILL");
        wait_until("a word about it", || tree.messages().contains(why));
        assert_eq!(web.wait_up(), pid);
        assert!(!web.record().ready);
    }
}
