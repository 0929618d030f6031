//! `runsvdir`, `runsv` and `runsvchdir` beside Debian's runit 2.1.2.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::symlink;
use std::process::Command;

use kit::{Namespace, Pair, Scratch, Service, Tree, is_root, our_program, ours_only, run, text, wait_until};

/// A tree whose scanner is not process 1; `left N` is said when it has ended.
fn below_a_shell(program: &str, scratch: &Scratch) -> Namespace {
    let web = Service::at(scratch.path().join("scan/web"));
    web.run("echo line; exec sleep 100000");
    web.log().run("exec cat >../../../out");
    let shell = "\"$@\" & wait $!; echo left $?; exec sleep 100000";
    let scan = scratch.path().join("scan");
    let command = ["sh", "-c", shell, "sh", program];
    let mut command: Vec<&std::ffi::OsStr> = command.iter().map(|word| word.as_ref()).collect();
    command.push(scan.as_ref());
    let namespace = Namespace::start(&command, &scratch.path().join("log"));
    wait_until("the service", || text(scratch.path().join("out")) == "line\n");
    namespace
}

fn signal_runsvdir(namespace: &Namespace, signal: &str) {
    let is_it = |line: &str| line.split(' ').next().is_some_and(|word| word.ends_with("runsvdir"));
    let found = namespace.processes().into_iter().find(|(_, line)| is_it(line));
    namespace.kill(found.expect("runsvdir runs").0, signal);
}

#[test]
fn runsvdir_leaves_at_once_on_term_and_stops_everything_on_hup() {
    ours_only!("runs once, with SUITE unset");
    let ours = our_program("runsvdir");
    for (program, path) in [("/usr/bin/runsvdir", "/usr/bin:/bin"), (ours.to_str().unwrap(), "")] {
        if !std::path::Path::new(program).exists() {
            continue;
        }
        for (signal, code) in [("TERM", 0), ("HUP", 111)] {
            let scratch = Scratch::new();
            let wrapper = Service::at(scratch.path().join("bin"));
            let path = if path.is_empty() { String::new() } else { format!("PATH={path}; ") };
            wrapper.script("start", &format!("{path}exec {program} \"$@\""));
            let start = wrapper.path("start").display().to_string();
            let namespace = below_a_shell(&start, &scratch);
            signal_runsvdir(&namespace, signal);
            wait_until("its end", || namespace.log().contains("left"));
            assert!(namespace.log().contains(&format!("left {code}\n")), "{program}: {}", namespace.log());
            // Process 1 becomes such a program, too.
            let is_service = |(pid, line): &(unix::Pid, String)| pid.get() != 1 && line == "sleep 100000";
            let lives = || namespace.processes().iter().any(is_service);
            match signal {
                "TERM" => assert!(lives(), "{program} leaves the service alone"),
                _ => wait_until("the end of the service", || !lives()),
            }
        }
    }
}

#[test]
fn runsv_supervises_a_service_and_its_logger() {
    ours_only!("runs once, with SUITE unset");
    for program in ["/usr/bin/runsv".into(), our_program("runsv")] {
        let scratch = Scratch::new();
        let web = Service::at(scratch.path().join("web"));
        web.run("echo line; exec sleep 100000");
        web.log().run("exec cat >../out");
        let command = [program.as_os_str(), web.dir().as_os_str()];
        if !program.exists() {
            continue;
        }
        let mut namespace = Namespace::start(&command, &scratch.path().join("log"));
        wait_until("the line", || text(web.path("out")) == "line\n");
        assert_eq!(run(Command::new(&program).arg(web.dir())).code, 111);
        namespace.kill(unix::Pid::new(1).unwrap(), "TERM");
        assert_eq!(namespace.wait_exit(), 0, "{}", program.display());
    }
}

#[test]
fn wrong_calls_of_runsv_and_runsvdir_are_answered_alike() {
    let Some(pair) = Pair::start("runsvdir", |_| ()) else { return };
    for line in [
        &["runsv"][..],
        &["runsv", "a", "b"],
        &["runsv", "nosuch"],
        &["runsv", "-x"],
        &["runsv", "log"],
        &["runsvdir"],
        &["runsvdir", "-P"],
    ] {
        for tree in pair.trees() {
            std::fs::write(tree.scratch().join("log"), "").unwrap();
        }
        pair.same(line);
    }
}

#[test]
fn runsvdir_without_a_directory_says_so() {
    ours_only!("runs once, with SUITE unset");
    let answer = run(Command::new(our_program("runsvdir")).args(["/nonexistent", "short"]));
    assert_eq!(answer.code, 111);
    assert!(answer.err.contains("log must have at least seven characters"), "{}", answer.err);
    assert!(answer.err.contains("unable to enter /nonexistent"), "{}", answer.err);
}

#[test]
fn runsvchdir_changes_the_links_alike() {
    ours_only!("runs once, with SUITE unset");
    if !is_root() || !std::path::Path::new("/etc/runit/runsvdir").is_dir() {
        return println!("not root, or no runit: runsvchdir is not tried");
    }
    let script = "mount -t tmpfs none /etc/runit/runsvdir && cd /etc/runit/runsvdir && mkdir A B && true\n\
        try() { \"$RUNSVCHDIR\" \"$@\" 2>&1; echo \"exit $?\"; }\n\
        try A; ln -s A current; try; try nosuch; try .x; try B; try /tmp; try A; try A; try A; try A/../B\n\
        for name in current previous; do readlink $name; done; ls";
    let play = |program: std::path::PathBuf| {
        let mut command = Command::new("unshare");
        run(command.args(["--mount", "sh", "-c", script]).env("RUNSVCHDIR", program)).out
    };
    let [theirs, ours] = ["/usr/sbin/runsvchdir".into(), our_program("runsvchdir")].map(|program| {
        let path = format!("{}/", program.parent().unwrap().display());
        play(program).replace(&path, "")
    });
    assert_eq!(theirs, ours);
    assert!(ours.contains("now current"), "{ours}");
}

#[test]
fn service_directory_of_a_debian_package_works() {
    ours_only!("runs once, with SUITE unset");
    let tree = Tree::launch_program(&our_program("runsvdir"), |scan| {
        let web = scan.service("web");
        web.sleeps().finish("echo $# $1 $2 >>finished");
        web.log().run("exec cat >/dev/null");
        let run = scan.dir().join("../run");
        symlink(run.join("web"), web.path("supervise")).unwrap();
        symlink(run.join("web.log"), web.log().path("supervise")).unwrap();
    });
    tree.service("web").wait_up();
    tree.service("web/log").wait_up();
    let sv = |args: &[&str]| run(Command::new(our_program("sv")).args(args).env("SVDIR", tree.dir()));
    assert_eq!(sv(&["restart", "web"]).code, 0);
    assert_eq!(tree.service("web").wait_lines("finished", 1), ["4 256 15"]);
}
