//! What a scanner, and whoever talks to it, has to live with.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use kit::{Service, Supervisor, Tree, ours_only, program, run, text, wait_until};
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
    // Without a finish, for which there would be no memory either.
    limit_memory(&tree, "0");
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
}

#[test]
fn services_called_run_and_supervise_leave_a_scan_directory_one() {
    ours_only!("another tool is for scanners");
    let mut tree = Tree::start(|scan| {
        scan.service("run").sleeps();
        scan.service("supervise").sleeps();
    });
    tree.service("run").wait_up();
    tree.service("supervise").wait_up();
    let answer = tree.ctl(&["-t", tree.dir().to_str().unwrap()]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    assert_eq!(tree.wait_exit(), 0);
}

#[test]
fn service_that_was_not_asked_is_not_waited_for() {
    ours_only!("it does not say that its letter was lost");
    let supervisor = Supervisor::start(|web| {
        web.sleeps();
    });
    supervisor.wait_up();
    supervisor.namespace().kill(supervisor.pid(), "STOP");
    wait_until("a supervisor that does not read", || {
        supervisor.namespace().state(supervisor.pid()) == Some('T')
    });
    while sys::fifo::send(&supervisor.path("supervise/control"), &[b'!'; 512]).is_ok() {}
    while sys::fifo::send(&supervisor.path("supervise/control"), b"!").is_ok() {}
    let answer = run(Command::new(program("svctl")).args(["-wd", "-d"]).arg(supervisor.dir()));
    assert_eq!(answer.code, 111, "{}", answer.err);
}

#[test]
fn scanner_has_more_descriptors_than_its_services() {
    ours_only!("it has what it was started with");
    const COUNT: usize = 40;
    let mut tree = Tree::start(|scan| {
        scan.before("ulimit -Sn 64");
        scan.hook("finish", "ulimit -Sn >limit; exit 3");
        scan.hook("SIGUSR1", "ulimit -Sn >hook.new; mv hook.new hook");
        for i in 0..COUNT {
            let web = scan.service(&format!("web{i}"));
            web.run("ulimit -Sn; exec sleep 100000");
            web.log().run("ulimit -Sn >limit; exec cat >>lines");
        }
    });
    for i in 0..COUNT {
        let log = tree.service(&format!("web{i}")).log();
        assert_eq!(log.wait_lines("lines", 1), ["64"]);
        assert_eq!(log.lines("limit"), ["64"]);
    }
    tree.signal(Signal::USR1);
    wait_until("the program of a signal", || text(tree.dir().join("hook")) == "64\n");
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 3);
    assert_eq!(text(tree.dir().join("limit")), "64\n");
}

#[test]
fn empty_scan_directory_that_is_made_anew_is_followed() {
    ours_only!("it stays where it is");
    let tree = Tree::start(|_| ());
    std::fs::remove_dir_all(tree.dir().join(".svscan")).unwrap();
    wait_until("a word", || tree.messages().contains("there is no .svscan"));
    std::fs::remove_dir(tree.dir()).unwrap();
    std::fs::create_dir(tree.dir()).unwrap();
    tree.service("web").sleeps().wait_up();
    assert!(tree.is_listening());
}

#[test]
fn scan_directory_that_cannot_be_taken_is_left_again() {
    ours_only!("it stays where it is");
    let tree = Tree::start(|scan| {
        scan.service("web").sleeps();
    });
    tree.service("web").wait_up();
    let away = tree.scratch().join("away");
    std::fs::rename(tree.dir(), &away).unwrap();
    std::fs::create_dir(tree.dir()).unwrap();
    std::fs::write(tree.dir().join(".svscan"), "no directory").unwrap();
    wait_until("a scan that fails", || tree.messages().contains("unable to scan"));
    let first = tree.supervisor_of("web").unwrap();
    tree.namespace().kill(first, "KILL");
    wait_until("another supervisor", || tree.supervisor_of("web").is_some_and(|pid| pid != first));
    Service::at(away.join("web")).wait_supervised();
}
