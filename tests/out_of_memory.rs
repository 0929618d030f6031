//! No memory is left: for a process, or for all of a tree.

#![forbid(unsafe_code)]

mod kit;

use std::process::Command;

use kit::{
    Cgroup, Logged, Logger, Scratch, Supervisor, Tree, lines, our_program, ours_only, run, wait_until,
};
use unix::Signal;

/// Lets a process have so many bytes more than it has.
fn limit(supervisor: &Supervisor, more: u32) {
    let pid = supervisor.pid();
    let script = format!(
        "size=$(sed -n 's/^VmSize:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/{pid}/status); \
         prlimit --pid {pid} --as=$((size * 1024 + {more})):unlimited"
    );
    let answer = supervisor.namespace().inside(&["sh", "-c", &script]);
    assert_eq!(answer.code, 0, "{}", answer.err);
}

mod supervisor {
    use super::*;

    #[test]
    fn supervisor_that_gets_no_memory_restarts_its_service_and_obeys() {
        ours_only!("it takes memory as it goes");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            // Limits are inherited: what runs has them no more.
            web.run("ulimit -v unlimited; echo $$ >>started; exec sleep 100000")
                .finish("ulimit -v unlimited; echo x >>finished")
                .script("crash", "ulimit -v unlimited; echo x >>crashed")
                .file("max-death-tally", "4096\n")
                .file("max-restarts", "4096 3600\n")
                .file("restart-delay", "1\n");
        });
        supervisor.wait_lines("started", 1);
        notices.expect("su");
        // As many as it may have to read and to write again.
        let tally = vec![0; 4096 * status::DEATH_SIZE];
        std::fs::write(supervisor.path("supervise/death_tally"), tally).unwrap();
        limit(&supervisor, 0);
        for lives in 2..12 {
            supervisor.namespace().kill(supervisor.wait_up(), "KILL");
            notices.expect("dDu");
            supervisor.wait_lines("started", lives);
        }
        assert!(supervisor.is_running(), "{}", supervisor.messages());
        assert_eq!(supervisor.lines("finished").len(), 10);
        assert_eq!(supervisor.lines("crashed").len(), 10);
        supervisor.command("d");
        notices.expect("dD");
    }
}

mod tree {
    use super::*;

    #[test]
    fn tree_outlives_a_service_that_takes_all_the_memory_of_its_control_group() {
        let Some(group) = Cgroup::new("memory", 64 << 20) else { return };
        let mut tree = Tree::start(|scan| {
            scan.before(&group.enter());
            scan.service("web").sleeps();
            scan.service("hog").run("echo $$ >>started; exec tail /dev/zero").finish("echo $1 $2 >>ends");
        });
        let pid = tree.service("web").wait_up();
        // As often as it starts, the kernel kills it.
        assert_eq!(tree.service("hog").wait_lines("ends", 2)[..2], ["256 9", "256 9"]);
        let hog = tree.service("hog");
        hog.command("d");
        hog.wait_down();
        assert!(tree.namespace().is_alive(pid));
        assert_eq!(tree.try_exit(), None);
        tree.signal(Signal::TERM);
        assert_eq!(tree.wait_exit(), 0);
    }

    #[test]
    fn tree_outlives_a_service_that_takes_all_the_processes_of_its_control_group() {
        let Some(group) = Cgroup::new("pids", 30) else { return };
        let mut tree = Tree::start(|scan| {
            scan.before(&group.enter());
            scan.service("web").run("echo $$ >>started; exec sleep 100000").finish("echo x >>finished");
            scan.service("bomb").run(
                "echo $$ >>started\ntrap 'kill -9 -$$' TERM\n\
                 (while :; do sleep 100000 & done) 2>/dev/null\nsleep 100000 & wait",
            );
        });
        let web = tree.service("web");
        let pid = web.wait_up();
        tree.service("bomb").wait_lines("started", 1);
        let is_full = || run(Command::new("cat").arg(group.path("pids.current"))).out.trim() == "30";
        wait_until("a full control group", is_full);
        tree.namespace().kill(pid, "KILL");
        let bomb = tree.service("bomb");
        bomb.command("dK");
        bomb.wait_down();
        web.wait_lines("started", 2);
        if kit::suite() == kit::Suite::Ours {
            assert_eq!(web.lines("finished").len(), 1);
        }
        tree.signal(Signal::TERM);
        assert_eq!(tree.wait_exit(), 0);
    }
}

mod logger {
    use super::*;

    #[test]
    fn logger_that_gets_no_memory_waits_for_some_and_loses_no_line() {
        let home = Scratch::new();
        let mut logger = Logger::start(home.path(), &["s4096", "n1000", "./log"]);
        let log = Logged::at(home.path().join("log"));
        logger.write(&lines(1..=10));
        wait_until("the first lines", || !log.content("current").is_empty());
        let pid = logger.pid().to_string();
        let script = format!(
            "size=$(sed -n 's/^VmSize:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/{pid}/status); \
             prlimit --pid {pid} --as=$((size * 1024)):unlimited"
        );
        assert_eq!(run(Command::new("sh").args(["-c", &script])).code, 0);
        logger.write(&lines(11..=1000));
        wait_until("a word about it", || logger.messages().contains("no memory is left; waiting for some"));
        assert!(!logger.has_ended());
        assert_eq!(run(Command::new("prlimit").args(["--pid", &pid, "--as=unlimited"])).code, 0);
        logger.write(&lines(1001..=5000));
        logger.finish();
        assert!(log.all() == lines(1..=5000));
    }
}

mod tools {
    use super::*;

    #[test]
    fn tool_that_gets_no_memory_says_so() {
        ours_only!("its tools are its own");
        let scratch = Scratch::new();
        for i in 0..3000 {
            let dir = scratch.path().join(format!("{i:0>200}"));
            std::fs::create_dir(&dir).unwrap();
            std::fs::write(dir.join("run"), "").unwrap();
        }
        std::fs::create_dir(scratch.path().join(".svscan")).unwrap();
        let mut refused = 0;
        for megabytes in 7..11 {
            let mut svctl = Command::new("prlimit");
            svctl.arg(format!("--as={}", megabytes * 1_000_000_u64)).arg("--").arg(our_program("svctl"));
            let answer = run(svctl.args(["status", "-C"]).arg(scratch.path()));
            // With less there is no room for the program itself.
            if answer.err.contains("no memory is left") {
                assert_eq!(answer.code, 111, "{megabytes} MB: {}", answer.err);
                refused += 1;
            }
            assert!(!answer.err.contains("allocation"), "{megabytes} MB: {}", answer.err);
        }
        assert!(refused > 0);
    }
}
