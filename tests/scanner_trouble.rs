//! What a scanner has to live with.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::PermissionsExt;

use kit::{Service, Tree, ours_only, wait_until};
use unix::Signal;

/// Lets process 1 have so many bytes more than it has.
fn limit_memory(tree: &Tree, more: &str) {
    let script = format!(
        "size=$(sed -n 's/^VmSize:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/1/status); \
         prlimit --pid 1 --as=$((size * 1024 + {more})):unlimited"
    );
    let answer = tree.namespace().inside(&["sh", "-c", &script]);
    assert_eq!(answer.code, 0, "{}", answer.err);
}

/// A name that takes memory.
fn long_name(i: usize) -> String {
    format!("{i:0>250}")
}

#[test]
fn memory_that_runs_out_ends_nothing_and_is_asked_for_again() {
    ours_only!("it takes its memory at the start");
    let mut tree = Tree::start(|scan| {
        scan.hook("crash", "exit 7");
        scan.hook("finish", "exit 5");
        scan.service("web").sleeps();
    });
    let pid = tree.service("web").wait_up();
    limit_memory(&tree, "40960");
    for i in 0..1200 {
        std::fs::create_dir(tree.dir().join(long_name(i))).unwrap();
    }
    wait_until("a word about memory", || {
        let exit = tree.try_exit();
        assert_eq!(exit, None, "{}", tree.messages());
        tree.messages().contains("memory")
    });
    // The directory itself has changed: look at everything again.
    std::fs::set_permissions(tree.dir(), std::fs::Permissions::from_mode(0o755)).unwrap();
    wait_until("a scan that fails", || tree.messages().contains("unable to scan"));
    assert!(tree.namespace().is_alive(pid));
    let answer = tree.namespace().inside(&["prlimit", "--pid", "1", "--as=unlimited"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    Service::at(tree.dir().join(long_name(1199))).sleeps().wait_up();
    limit_memory(&tree, "0");
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 5);
}
