//! Another program in the place of the scanner, with all that it has.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use kit::{Listener, Logged, Scan, Tree, ours_only, wait_until};
use unix::{Pid, Signal};

const WHY: &str = "s6 cannot be upgraded while it runs";

/// Has the tree run by copies of the programs beside its scan directory.
fn by_copies(scan: &mut Scan) {
    let bin = scan.dir().with_file_name("bin");
    std::fs::create_dir(&bin).unwrap();
    std::fs::copy(std::fs::canonicalize(kit::our_program("svscan")).unwrap(), bin.join("suite")).unwrap();
    for name in ["svscan", "supervise"] {
        symlink("suite", bin.join(name)).unwrap();
    }
    scan.before(&format!("shift; set -- '{}' \"$@\"", bin.join("svscan").display()));
}

fn suite(tree: &Tree) -> PathBuf {
    tree.scratch().join("bin/suite")
}

/// Puts a file where the program is, by a rename.
fn replace(tree: &Tree, make: impl FnOnce(&Path)) {
    let new = tree.scratch().join("bin/new");
    make(&new);
    std::fs::rename(&new, suite(tree)).unwrap();
}

/// The same program, as another file.
fn copy_again(tree: &Tree) {
    let program = std::fs::canonicalize(kit::our_program("svscan")).unwrap();
    replace(tree, |new| {
        std::fs::copy(program, new).unwrap();
    });
}

fn script(tree: &Tree, text: &str, mode: u32) {
    replace(tree, |new| {
        std::fs::write(new, text).unwrap();
        std::fs::set_permissions(new, std::fs::Permissions::from_mode(mode)).unwrap();
    });
}

/// The scanner executes the file that stands at its path now.
fn is_new(tree: &Tree) -> bool {
    executes_new(tree, Pid::INIT)
}

fn executes_new(tree: &Tree, pid: Pid) -> bool {
    let exe = std::fs::metadata(tree.namespace().root().join(format!("proc/{pid}/exe"))).unwrap();
    let file = std::fs::metadata(suite(tree)).unwrap();
    (exe.dev(), exe.ino()) == (file.dev(), file.ino())
}

fn supervisor(tree: &Tree, name: &str) -> Pid {
    tree.supervisor_of(name).unwrap_or_else(|| panic!("no supervisor of {name}"))
}

#[test]
fn everything_goes_on_when_the_scanner_becomes_another_program() {
    ours_only!(WHY);
    let mut tree = Tree::start(|scan| {
        by_copies(scan);
        scan.options(&["--stop-timeout", "20000"]);
        scan.service("svscan-log").run("exec svlog -b ./main");
        let web = scan.service("web");
        web.run("i=0; while :; do echo $i; i=$((i + 1)); sleep 0.005; done");
        web.log().run("exec svlog -b ./main");
        scan.service("down").sleeps().file("down", "");
        scan.service("stubborn").run("trap '' TERM; echo x >>started; while :; do sleep 1; done");
    });
    let names = ["svscan-log", "web", "web/log", "down", "stubborn"];
    tree.service("stubborn").wait_lines("started", 1);
    let pids: Vec<_> = ["svscan-log", "web", "web/log"].map(|name| tree.service(name).wait_up()).into();
    // One that has gone is being stopped meanwhile, and takes its time.
    std::fs::rename(tree.dir().join("stubborn"), tree.scratch().join("stubborn")).unwrap();
    tree.command("h");
    let supervisors = names.map(|name| supervisor(&tree, name));
    let listeners: Vec<Listener> =
        ["web", "web/log", "down"].iter().map(|name| tree.service(name).listen()).collect();
    for round in 1..=3 {
        copy_again(&tree);
        assert!(!is_new(&tree));
        let answer = tree.ctl(&["upgrade", "-C", "."]);
        assert_eq!((answer.code, is_new(&tree)), (0, true), "{}", answer.err);
        for supervisor in supervisors {
            // The one whose directory has gone is not waited for.
            wait_until("every supervisor to be the new program", || executes_new(&tree, supervisor));
        }
        let caught = || Logged::at(tree.dir().join("svscan-log/main")).all();
        wait_until("its word", || {
            String::from_utf8(caught()).unwrap().matches("goes on as the new program").count() == round
        });
    }
    assert_eq!(names.map(|name| supervisor(&tree, name)), supervisors);
    assert_eq!(["svscan-log", "web", "web/log"].map(|name| tree.service(name).wait_up()).to_vec(), pids);
    for listener in listeners {
        assert_eq!(listener.heard(), "sss");
    }
    // What it is told, what comes and what dies it knows as before.
    tree.service("new").sleeps();
    tree.service("new").wait_up();
    let log = supervisor(&tree, "web/log");
    tree.service("web/log").command("dx");
    tree.namespace().wait_dead(log);
    tree.service("web/log").wait_supervised();
    tree.namespace().kill(tree_pid(&tree.scratch().join("stubborn")), "KILL");
    wait_until("the one that has gone to be forgotten", || tree.supervisor_of("stubborn").is_none());
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
    let lines = String::from_utf8(Logged::at(tree.dir().join("web/log/main")).all()).unwrap();
    assert!(lines.lines().enumerate().all(|(place, line)| line == place.to_string()), "{lines}");
}

/// The process that the record of a service names.
fn tree_pid(dir: &Path) -> Pid {
    kit::Service::at(dir).record().pid.expect("it is up")
}

#[test]
fn program_that_cannot_go_on_is_refused_with_the_reason_and_nothing_is_lost() {
    ours_only!(WHY);
    let mut tree = Tree::start(|scan| {
        by_copies(scan);
        scan.service("web").sleeps();
    });
    let pid = tree.service("web").wait_up();
    let refused = |why: &str| {
        tree.command("E");
        let what = format!("svscan: warning: not upgraded: {why}; this program goes on");
        wait_until(&what, || tree.messages().contains(&what));
    };
    script(&tree, "#!/bin/sh\nexit 1\n", 0o755);
    refused("the new program does not start (exit 1)");
    script(&tree, "#!/bin/sh\nkill -SEGV $$\n", 0o755);
    refused("the new program does not start (SIGSEGV)");
    script(&tree, "#!/bin/sh\nexit 0\n", 0o755);
    refused("the new program does not say that it understands the state");
    script(&tree, "#!/bin/sh\nexit 0\n", 0o644);
    refused(&format!("{}: not executable (mode 0644)", suite(&tree).display()));
    script(&tree, "#!/bin/sh\nexec sleep 1000\n", 0o755);
    refused("the new program does not say within 5 s that it understands the state");
    std::fs::remove_file(suite(&tree)).unwrap();
    refused(&format!("{}: no such file", suite(&tree).display()));
    assert_eq!(tree.service("web").wait_up(), pid);
    script(&tree, "#!/bin/sh\nexit 1\n", 0o755);
    let answer = tree.ctl(&["upgrade", "-C", ".", "--timeout", "500"]);
    let told = "svctl: timed out: still the old program: svscan";
    assert_eq!((answer.code, answer.err.contains(told)), (99, true), "{}", answer.err);
    copy_again(&tree);
    assert_eq!(tree.ctl(&["upgrade", "-C", "."]).code, 0);
    assert!(is_new(&tree));
    assert_eq!(tree.service("web").wait_up(), pid);
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
}

#[test]
fn tree_that_is_being_stopped_is_not_upgraded() {
    ours_only!(WHY);
    let mut tree = Tree::start(|scan| {
        by_copies(scan);
        scan.service("slow").run("trap '' TERM; echo x >>started; while [ ! -e go ]; do sleep 0.01; done");
    });
    tree.service("slow").wait_lines("started", 1);
    tree.command("t");
    copy_again(&tree);
    tree.command("E");
    wait_until("its word", || tree.messages().contains("not upgraded: everything is being stopped"));
    tree.service("slow").file("go", "");
    assert_eq!(tree.wait_exit(), 0);
}
