//! Trouble that is rare: no descriptors, a full disk, signals at the wrong moment, a pipe that nobody reads.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kit::{
    Listener, Namespace, Scan, Scratch, Service, Supervisor, Tree, ours_only, text, wait_for, wait_until,
};
use unix::{Exit, Pid, Signal};

/// Ends by KILL only.
const STUBBORN: &str = "trap '' TERM; echo x >>started; while :; do sleep 100000 >/dev/null & wait; done";

/// Waits for the file `die` and exits 3.
const MORTAL: &str = "echo $$ >>started; while [ ! -e die ]; do sleep 0.01; done; exit 3";

/// Gives the supervisor so many descriptors from now on; those that are open stay.
fn limit_descriptors(supervisor: &Supervisor, limit: u32) {
    let pid = supervisor.pid().to_string();
    let answer = supervisor.namespace().inside(&["prlimit", "--pid", &pid, &format!("--nofile={limit}:")]);
    assert_eq!(answer.code, 0, "{}", answer.err);
}

/// Has what the supervisor is told wait for it, all at once.
fn hold<T>(supervisor: &Supervisor, meanwhile: impl FnOnce() -> T) -> T {
    let (namespace, pid) = (supervisor.namespace(), supervisor.pid());
    namespace.kill(pid, "STOP");
    wait_until("the supervisor to stop", || namespace.state(pid) == Some('T'));
    let result = meanwhile();
    namespace.kill(pid, "CONT");
    result
}

fn pid(line: &str) -> Pid {
    Pid::new(line.parse().unwrap()).unwrap()
}

mod descriptors {
    use super::*;

    #[test]
    fn service_whose_settings_cannot_be_read_does_not_become_essential() {
        ours_only!("s6 has no essential");
        let supervisor = Supervisor::start(|web| {
            web.run(MORTAL);
        });
        let first = supervisor.wait_up();
        limit_descriptors(&supervisor, 3);
        supervisor.file("die", "");
        supervisor.namespace().wait_dead(first);
        wait_until("a word about it", || supervisor.messages().contains("unable to read essential"));
        std::fs::remove_file(supervisor.path("die")).unwrap();
        limit_descriptors(&supervisor, 1024);
        supervisor.wait_record("another life", |record| record.is_up() && record.pid != Some(first));
        assert!(supervisor.is_running());
    }

    #[test]
    fn essential_with_a_word_that_means_nothing_counts_as_absent() {
        ours_only!("s6 has no essential");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 3").file("essential", "sometimes\n").file("restart-delay", "10\n");
        });
        notices.expect("sudDu");
        assert!(supervisor.messages().contains("essential holds \"sometimes\""), "{}", supervisor.messages());
    }

    /// A service that is told to come up while nothing can be opened, with this setting.
    fn comes_up_later(setting: &str, run: &str) -> Supervisor {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run(run).file(setting, "7\n").file("down", "").file("restart-delay", "50\n");
        });
        notices.expect("s");
        limit_descriptors(&supervisor, 3);
        supervisor.command("u");
        wait_until("a word about it", || {
            supervisor.messages().contains("unable to spawn ./run: unable to read")
        });
        assert!(supervisor.lines("started").is_empty());
        limit_descriptors(&supervisor, 1024);
        supervisor.wait_lines("started", 1);
        supervisor
    }

    #[test]
    fn run_is_not_started_without_a_lock_that_cannot_be_read_about_but_later() {
        ours_only!("s6 2.11 has another lock-fd");
        let supervisor =
            comes_up_later("lock-fd", "readlink /proc/self/fd/7 >>file; echo x >>started; exec sleep 100000");
        assert!(supervisor.lines("file")[0].ends_with("/supervise/service-lock"));
    }

    #[test]
    fn run_is_not_started_without_a_notification_that_cannot_be_read_about_but_later() {
        ours_only!("s6 starts it without");
        let supervisor = comes_up_later("notification-fd", "echo >&7; echo x >>started; exec sleep 100000");
        supervisor.wait_record("readiness", |record| record.ready && record.is_up());
    }
}

mod disk {
    use super::*;

    /// Puts a small file system of the tree's own at the directory `web/supervise`.
    fn mount(web: &Path) -> String {
        let path = web.join("supervise").display().to_string();
        format!("mkdir -m 700 '{path}' && mount -t tmpfs -o size=64k,mode=700 none '{path}'")
    }

    /// The service as those see it who see that file system.
    fn inner(namespace: &Namespace, web: &Path) -> Service {
        let dir = namespace.root().join(web.strip_prefix("/").unwrap());
        wait_until("the record", || dir.join("supervise/status").exists());
        Service::at(dir)
    }

    fn fill(namespace: &Namespace, web: &Path) {
        let fill = format!("cat /dev/zero >'{}/supervise/fill'", web.display());
        let answer = namespace.inside(&["sh", "-c", &fill]);
        assert!(answer.err.contains("No space"), "{}", answer.err);
    }

    fn start(build: impl FnOnce(&Service)) -> (Supervisor, Service, Listener) {
        let mut notices = None;
        let supervisor = Supervisor::start_by(&format!("{}; exec \"$@\"", mount(Path::new("web"))), |web| {
            build(web);
            notices = Some(web.listen());
        });
        let web = inner(supervisor.namespace(), supervisor.dir());
        (supervisor, web, notices.unwrap())
    }

    #[test]
    fn record_stays_true_on_a_full_disk() {
        ours_only!("s6's record stays as it was");
        let (supervisor, web, notices) = start(|web| {
            web.sleeps();
        });
        notices.expect("su");
        fill(supervisor.namespace(), supervisor.dir());
        let (svctl, dir) = (kit::our_program("svctl"), supervisor.dir().display().to_string());
        let answer = supervisor.namespace().inside(&[svctl.to_str().unwrap(), "-wD", "-d", &dir]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        let record = web.record();
        assert!(record.pid.is_none() && !record.wanted_up, "{record:?}");
        notices.expect("dD");
        web.command("u");
        notices.expect("u");
        assert!(web.record().is_up() && web.record().wanted_up);
    }

    #[test]
    fn exit_code_of_an_essential_service_survives_a_full_disk() {
        ours_only!("s6 has no essential");
        let mut tree = Tree::start(|scan| {
            let web = scan.service("web");
            web.run("echo $$ >>started; while [ ! -e die ]; do sleep 0.01; done; exit 7")
                .file("essential", "");
            scan.before(&mount(web.dir()));
        });
        let web = tree.service("web");
        web.wait_lines("started", 1);
        fill(tree.namespace(), web.dir());
        web.file("die", "");
        assert_eq!(tree.wait_exit(), 7, "{}", tree.messages());
    }

    #[test]
    fn detail_is_written_once_there_is_room() {
        ours_only!("s6 has no detail");
        let (supervisor, web, notices) = start(|web| {
            web.run(MORTAL).file("max-restarts", "1 60\n");
        });
        notices.expect("su");
        fill(supervisor.namespace(), supervisor.dir());
        web.file("die", "");
        notices.expect("dOD");
        assert!(!web.path("supervise/detail").exists());
        std::fs::remove_file(web.path("supervise/fill")).unwrap();
        wait_until("the detail", || text(web.path("supervise/detail")).contains("max-restarts"));
    }

    #[test]
    fn detail_that_could_not_be_written_is_written_by_the_retry() {
        ours_only!("s6 has no detail");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            std::fs::create_dir_all(web.path("supervise/detail.new")).unwrap();
            web.run("exit 1").file("max-restarts", "1 60\n");
        });
        notices.expect("sudOD");
        assert!(!supervisor.path("supervise/detail").exists());
        assert!(supervisor.record().pid.is_none(), "the record is written all the same");
        std::fs::remove_dir(supervisor.path("supervise/detail.new")).unwrap();
        wait_until("the detail", || text(supervisor.path("supervise/detail")).contains("max-restarts"));
    }
}

mod leaving {
    use super::*;

    /// Dies by itself, with exit code 1, of the command `1`; leaves a line of each script in `order`.
    fn dies_of_usr1(web: &Service) {
        web.run("trap 'exit 1' USR1; echo x >>started; while :; do sleep 100000 & wait; done")
            .script("crash", "echo crash >>order")
            .finish("echo finish >>order");
    }

    #[test]
    fn crash_of_a_plain_service_that_is_to_leave_is_a_crash() {
        ours_only!("s6 has no crash");
        let supervisor = Supervisor::start(dies_of_usr1);
        supervisor.wait_lines("started", 1);
        supervisor.command("x1");
        assert_eq!(supervisor.wait_exit(), 0);
        assert_eq!(supervisor.lines("order"), ["crash", "finish"]);
    }

    #[test]
    fn end_of_a_logger_that_is_to_leave_is_no_crash() {
        ours_only!("s6 has no crash");
        let tree = Tree::start(|scan| {
            scan.service("x").sleeps();
            dies_of_usr1(&scan.service("x/log"));
        });
        let log = tree.service("x/log");
        log.wait_lines("started", 1);
        log.command("x1");
        log.wait_lines("started", 2);
        assert_eq!(log.lines("order"), ["finish"]);
    }

    #[test]
    fn plain_service_named_log_is_no_logger() {
        ours_only!("s6 has no crash");
        let tree = Tree::start(|scan| dies_of_usr1(&scan.service("log")));
        let log = tree.service("log");
        log.wait_lines("started", 1);
        log.command("x1");
        log.wait_lines("started", 2);
        assert_eq!(log.lines("order"), ["crash", "finish"]);
    }

    #[test]
    fn life_that_was_asked_for_once_after_a_failure_does_not_end_as_a_failure() {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 0").finish("exit 125");
        });
        notices.expect("sudOD");
        std::fs::remove_file(supervisor.path("finish")).unwrap();
        supervisor.command("o");
        notices.expect("udD");
    }

    #[test]
    fn start_that_was_asked_for_once_after_a_failure_and_fails_is_not_that_failure() {
        ours_only!("s6 tries again");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 0").finish("exit 125");
        });
        notices.expect("sudOD");
        std::fs::remove_file(supervisor.path("run")).unwrap();
        supervisor.command("o");
        wait_until("a word about it", || supervisor.messages().contains("giving up"));
        supervisor.command("x");
        notices.expect("x");
    }

    #[test]
    fn message_about_the_last_attempt_promises_no_other() {
        ours_only!("s6 has no essential");
        let supervisor = Supervisor::start(|web| {
            web.file("essential", "");
        });
        assert_eq!(supervisor.wait_exit(), i32::from(control::ESSENTIAL_ENDED));
        let messages = supervisor.messages();
        assert!(messages.contains("unable to spawn ./run") && !messages.contains("again"), "{messages}");
    }
}

mod scripts {
    use super::*;

    #[test]
    fn run_made_executable_while_crash_runs_starts_right_after() {
        ours_only!("s6 has no crash");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.file("run", "#!/bin/sh\nexec sleep 100000\n")
                .file("restart-delay", "600000\n")
                .file("timeout-crash", "0\n")
                .script("crash", "echo x >>crashing; while [ ! -e go ]; do sleep 0.01; done");
        });
        notices.expect("sd");
        supervisor.wait_lines("crashing", 1);
        std::fs::set_permissions(supervisor.path("run"), std::fs::Permissions::from_mode(0o755)).unwrap();
        supervisor.file("go", "");
        notices.expect("Du");
    }

    /// A service with a check that lives as long as it is let.
    fn checked() -> (Supervisor, Pid) {
        let supervisor = Supervisor::start(|web| {
            web.run("echo $$ >>started; exec sleep 100000")
                .script("check", "echo $$ >>checks; exec sleep 100000")
                .file("timeout-check", "600000\n");
        });
        let check = pid(&supervisor.wait_lines("checks", 1)[0]);
        supervisor.wait_lines("started", 1);
        (supervisor, check)
    }

    #[test]
    fn check_does_not_outlive_a_supervisor_that_leaves_at_once() {
        ours_only!("s6 has no check");
        for signal in [Signal::INT, Signal::QUIT] {
            let (supervisor, check) = checked();
            supervisor.signal(signal);
            assert_eq!(supervisor.wait_exit(), 0);
            supervisor.namespace().wait_dead(check);
        }
    }

    #[test]
    fn run_and_check_that_die_together_are_nothing_to_speak_of() {
        ours_only!("s6 has no check");
        for _ in 0..3 {
            let (supervisor, check) = checked();
            let notices = supervisor.listen();
            let run = supervisor.wait_up();
            hold(&supervisor, || {
                for pid in [check, run] {
                    supervisor.namespace().kill(pid, "KILL");
                    supervisor.namespace().wait_dead(pid);
                }
            });
            notices.expect("dDu");
            assert_eq!(supervisor.messages(), "");
        }
    }

    #[test]
    fn check_that_cannot_be_executed_is_reported_once() {
        ours_only!("s6 has no check");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().file("check", "#!/bin/sh\n").file("timeout-check", "10\n");
        });
        let said = |supervisor: &Supervisor| supervisor.messages().matches("mode 0644").count();
        wait_until("a word about it", || said(&supervisor) > 0);
        // Time for a few more attempts.
        std::thread::sleep(Duration::from_millis(200));
        std::fs::set_permissions(supervisor.path("check"), std::fs::Permissions::from_mode(0o755)).unwrap();
        notices.expect("suU");
        assert_eq!(said(&supervisor), 1, "{}", supervisor.messages());
    }

    #[test]
    fn readiness_after_many_bytes_just_before_the_death_counts() {
        ours_only!("s6 waits for the rest of the line");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run(
                "while [ ! -e go ]; do sleep 0.01; done\n\
                 head -c 300 /dev/zero >&3; echo >&3",
            )
            .file("notification-fd", "3\n");
        });
        notices.expect("su");
        let run = supervisor.wait_up();
        hold(&supervisor, || {
            supervisor.file("go", "");
            supervisor.namespace().wait_dead(run);
        });
        notices.expect("UdD");
    }
}

mod settings {
    use super::*;

    #[test]
    fn numbers_that_are_none_are_reported_and_count_as_absent() {
        ours_only!("s6 has no restart-delay and caps the tally without a word");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 0").file("max-death-tally", "5000\n").file("restart-delay", "+50000\n");
        });
        // It starts again, which 50 s would not do in time.
        notices.expect("sudDu");
        let messages = supervisor.messages();
        assert!(messages.contains("max-death-tally holds \"5000\""), "{messages}");
        assert!(messages.contains("using 100\n"), "{messages}");
        assert!(messages.contains("restart-delay holds \"+50000\""), "{messages}");
        assert!(messages.contains("using 1000\n"), "{messages}");
    }
}

mod event {
    use super::*;

    #[test]
    fn event_that_somebody_has_made_private_stays_private() {
        let mode =
            |supervisor: &Supervisor| std::fs::metadata(supervisor.path("event")).unwrap().mode() & 0o7777;
        let supervisor = Supervisor::start(|web| {
            std::fs::create_dir(web.sleeps().path("event")).unwrap();
            std::fs::set_permissions(web.path("event"), std::fs::Permissions::from_mode(0o700)).unwrap();
        });
        supervisor.wait_up();
        assert_eq!(mode(&supervisor), 0o700);
        let supervisor = Supervisor::start(|web| {
            web.sleeps();
        });
        supervisor.wait_up();
        assert_eq!(mode(&supervisor), 0o3730);
    }

    #[test]
    fn file_that_is_linked_into_event_under_the_name_of_a_listener_is_not_written() {
        ours_only!("s6 2.11 writes to it");
        let name = format!("event/ftrig1:@{:024x}:abcdef", 1);
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().file("precious", "as it was\n");
        });
        std::fs::hard_link(supervisor.path("precious"), supervisor.path(&name)).unwrap();
        notices.expect("su");
        supervisor.command("d");
        notices.expect("dD");
        assert_eq!(text(supervisor.path("precious")), "as it was\n");
    }
}

mod signals {
    use super::*;

    #[test]
    fn supervisor_whose_messages_nobody_reads_still_obeys() {
        ours_only!("s6 waits for the reader");
        let full = "pipe(my $r, my $w); $w->blocking(0); 1 while syswrite $w, 'x' x 4096; $w->blocking(1);\n\
                    fcntl($r, F_SETFD, 0); open STDERR, '>&', $w; exec @ARGV";
        let shell = format!("exec perl -MFcntl -MIO::Handle -e '{}' \"$@\"", full.replace('\'', "'\\''"));
        let mut notices = None;
        let supervisor = Supervisor::start_by(&shell, |web| notices = Some(web.listen()));
        // There is no run, which it would say.
        notices.unwrap().expect("s");
        supervisor.signal(Signal::TERM);
        assert_eq!(supervisor.wait_exit(), 0);
    }

    #[test]
    fn commands_without_end_do_not_postpone_the_kill() {
        ours_only!("what s6 does then is not asked");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run(STUBBORN).file("timeout-kill", "200\n");
        });
        supervisor.wait_lines("started", 1);
        notices.expect("su");
        let over = AtomicBool::new(false);
        let killed = std::thread::scope(|scope| {
            for _ in 0..2 {
                // Signals that it ignores, faster than they can be read.
                let babble = "y".repeat(512);
                scope.spawn(|| {
                    let babble = babble;
                    while !over.load(Ordering::Relaxed) {
                        let _ = supervisor.try_command(&babble);
                    }
                });
            }
            let begin = Instant::now();
            let mut told = false;
            while notices.heard() != "dD" && begin.elapsed() < kit::PATIENCE {
                told = told || supervisor.try_command("d").is_ok();
                std::thread::sleep(Duration::from_millis(2));
            }
            over.store(true, Ordering::Relaxed);
            begin.elapsed() < kit::PATIENCE
        });
        assert!(killed);
        assert_eq!(supervisor.deaths()[0].exit, Exit::Killed { signal: Signal::KILL, core: false });
    }

    #[test]
    fn signal_right_after_the_start_does_not_kill_a_supervisor() {
        ours_only!("what s6 does then is not asked");
        let scratch = Scratch::new();
        let web = Service::at(scratch.path().join("web"));
        web.sleeps().file("down", "");
        // As soon as the supervisor has made the first thing it makes.
        let script = "chdir shift; for my $round (1..60) {\n\
                      system 'rm', '-rf', 'web/supervise', 'web/event';\n\
                      my $pid = fork; if (!$pid) { exec @ARGV; exit 99 }\n\
                      1 until -e 'web/event';\n\
                      kill $round % 2 ? 'TERM' : 'HUP', $pid;\n\
                      waitpid $pid, 0; print \"$?\\n\"; }";
        let supervise = kit::program("supervise");
        let scratch_path = scratch.path().to_str().unwrap();
        let command = ["perl", "-e", script, scratch_path, supervise.to_str().unwrap(), "web"];
        let mut namespace = Namespace::start(&command.map(AsRef::as_ref), &scratch.path().join("messages"));
        assert_eq!(namespace.wait_exit(), 0);
        assert_eq!(namespace.log(), "0\n".repeat(60));
    }

    #[test]
    fn stop_that_comes_before_supervisors_have_begun_kills_none_of_them() {
        ours_only!("what s6 does then is not asked");
        let services = || (0..30).map(|i| format!("web{i:02}"));
        let mut tree = Tree::launch(|scan| {
            services().for_each(|name| {
                scan.service(&name).sleeps();
            });
            // The order to stop waits for the scanner.
            let pending = "my $set = POSIX::SigSet->new(SIGTERM); sigprocmask(SIG_BLOCK, $set);\n\
                           kill TERM => $$; exec @ARGV";
            scan.before(&format!("set -- perl -MPOSIX -e '{pending}' \"$@\""));
        });
        assert_eq!(tree.wait_exit(), 0, "{}", tree.messages());
        let killed: Vec<_> =
            services().filter(|name| !tree.service(name).path("supervise/status").exists()).collect();
        assert!(killed.is_empty(), "{killed:?}");
    }

    #[test]
    fn real_time_signals_are_nothing_to_a_supervisor() {
        ours_only!("they end s6's");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps();
        });
        notices.expect("su");
        let pid = supervisor.pid().to_string();
        let answer = supervisor.namespace().inside(&["perl", "-e", "kill $_, $ARGV[0] for 32..64", &pid]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        supervisor.command("d");
        notices.expect("dD");
        supervisor.signal(Signal::TERM);
        assert_eq!(supervisor.wait_exit(), 0);
    }
}

mod finish {
    use super::*;

    /// A tree whose scanner is not process 1, and so can be killed by signals, and its pid. `finish` exits 42.
    fn beside_process_1(build: impl FnOnce(&mut Scan)) -> (Tree, Pid) {
        let tree = Tree::start(|scan| {
            build(scan);
            let first = env!("CARGO_BIN_EXE_first-process");
            scan.before(&format!("set -- {first} '{}/..' \"$@\"", scan.dir().display()));
            scan.hook("finish", "exit 42");
        });
        let scanner =
            wait_for("the scanner's pid", || Pid::new(text(tree.scratch().join("pid")).parse().ok()?));
        (tree, scanner)
    }

    /// How the scanner, or what it became, has ended.
    fn exit(tree: &Tree) -> i32 {
        wait_for("the scanner to end", || text(tree.scratch().join("exit")).parse().ok())
    }

    #[test]
    fn finish_is_executed_though_nobody_reads_the_messages() {
        ours_only!("what s6 does then is not asked");
        let (tree, scanner) = beside_process_1(|scan| {
            let deaf = "pipe(my $r, my $w); open STDERR, q(>&), $w; close $r; close $w; exec @ARGV";
            scan.before(&format!("set -- perl -e '{deaf}' \"$@\""));
        });
        // It would say that there is no such command.
        tree.command("?");
        tree.namespace().kill(scanner, "TERM");
        assert_eq!(exit(&tree), 42);
    }

    #[test]
    fn finish_is_executed_though_signals_wait_that_nobody_reads() {
        ours_only!("what s6 does then is not asked");
        for signal in ["PIPE", "40", "64", "VTALRM"] {
            let (tree, scanner) = beside_process_1(|scan| {
                scan.service("web").sleeps();
            });
            tree.namespace().kill(scanner, signal);
            tree.namespace().kill(scanner, "TERM");
            assert_eq!(exit(&tree), 42, "{signal}");
        }
    }

    #[test]
    fn finish_is_executed_after_a_stop_with_many_orders_to_stop() {
        ours_only!("INT kills s6 2.11 while it stops");
        let (tree, scanner) = beside_process_1(|scan| {
            let web = scan.service("web");
            // The last word on the stop is the service's.
            web.run("echo $$ >>started; exec sleep 100000")
                .finish("i=0; while [ $i -lt 200 ]; do kill -INT $(cat ../../pid); i=$((i+1)); done");
        });
        tree.service("web").wait_lines("started", 1);
        tree.namespace().kill(scanner, "TERM");
        assert_eq!(exit(&tree), 42);
    }
}

mod terminal {
    use super::*;

    #[test]
    fn interrupt_typed_at_a_terminal_stops_the_tree_in_its_order() {
        ours_only!("s6's supervisors are interrupted too");
        let mut tree = Tree::launch(|scan| {
            let web = scan.service("web");
            let until_told = "while :; do sleep 100000 >/dev/null & wait; done";
            web.run(&format!("trap 'echo last words; exit 0' TERM; echo x >>started; {until_told}"))
                .finish("echo finished; echo x >>finished");
            web.log().run("exec cat >>lines");
            scan.hook("finish", "echo $1 >../end; exit 0");
            // script(1) makes the terminal; what it reads is typed there.
            let wait = |name: &str| format!("while [ ! -e {name} ]; do sleep 0.01; done");
            scan.before(&format!(
                "cd '{}/..' && {{ {}; printf '\\003'; {}; }} | script -qec \"exec $1 $2\" /dev/null; exit",
                scan.dir().display(),
                wait("type"),
                wait("end")
            ));
        });
        let web = tree.service("web");
        web.wait_lines("started", 1);
        std::fs::write(tree.scratch().join("type"), "").unwrap();
        assert_eq!(tree.wait_exit(), 0, "{}", tree.messages());
        assert_eq!(text(tree.scratch().join("end")), "0\n");
        assert_eq!(web.lines("finished").len(), 1);
        assert_eq!(web.log().lines("lines"), ["last words", "finished"]);
    }

    #[test]
    fn supervisor_has_a_process_group_of_its_own() {
        ours_only!("s6's supervisors are in the scanner's");
        let tree = Tree::start(|scan| {
            scan.service("web").sleeps();
        });
        tree.service("web").wait_up();
        let processes = tree.namespace().processes();
        let (supervisor, _) =
            processes.iter().find(|(_, command)| command.contains("supervise")).expect("a supervisor");
        let stat = text(tree.namespace().root().join(format!("proc/{supervisor}/stat")));
        let group = stat.rsplit_once(") ").unwrap().1.split(' ').nth(2).unwrap().to_owned();
        assert_eq!(group, supervisor.to_string());
    }
}

mod scan {
    use super::*;

    /// A service of this name beside the others, to tell when the scanner has had time to look at them.
    fn add(tree: &Tree, name: &str) {
        let hidden = Service::at(tree.scratch().join(name));
        hidden.sleeps();
        std::fs::rename(hidden.dir(), tree.dir().join(name)).unwrap();
        tree.service(name).wait_up();
    }

    #[test]
    fn link_that_leads_to_nothing_is_left_alone_and_leads_to_a_service_later() {
        ours_only!("s6 2.11 warns of it at each scan");
        let tree = Tree::start(|scan| symlink("../later", scan.dir().join("web")).unwrap());
        tree.command("an");
        add(&tree, "other");
        assert!(tree.dir().join("web").is_symlink());
        assert_eq!(tree.messages(), "");
        let later = Service::at(tree.scratch().join("later.new"));
        later.sleeps();
        std::fs::rename(later.dir(), tree.scratch().join("later")).unwrap();
        tree.command("a");
        tree.service("web").wait_up();
    }

    #[test]
    fn incomplete_directory_waits_where_it_is_watched_and_not_where_a_scan_finds_it() {
        ours_only!("s6 does not watch");
        let tree = Tree::start(|scan| drop(scan.service("there")));
        tree.service("there").wait_supervised();
        tree.service("watched");
        add(&tree, "other");
        assert!(!tree.service("watched").is_supervised());
        let tree = Tree::start(|scan| scan.options(&["--no-watch"]));
        tree.service("found");
        tree.command("a");
        tree.service("found").wait_supervised();
    }

    #[test]
    fn scan_directory_that_was_replaced_stops_nothing_until_it_is_told_to() {
        ours_only!("s6 scans the old one");
        let tree = Tree::start(|scan| {
            scan.service("old").sleeps();
        });
        let (old, dir) = (tree.service("old").wait_up(), tree.dir().to_owned());
        let new = tree.scratch().join("new");
        Service::at(new.join("young")).sleeps();
        std::fs::rename(&dir, tree.scratch().join("moved")).unwrap();
        std::fs::rename(&new, &dir).unwrap();
        let young = tree.service("young");
        // Watched or not, it is seen at the next scan.
        let _ = sys::fifo::send(&tree.scratch().join("moved/.svscan/control"), b"a");
        young.wait_up();
        assert!(tree.namespace().is_alive(old));
        tree.command("h");
        tree.namespace().wait_dead(old);
        assert!(young.record().is_up());
    }

    #[test]
    fn scan_directory_that_was_mounted_over_stops_nothing_until_it_is_told_to() {
        ours_only!("s6 scans the old one");
        let tree = Tree::start(|scan| {
            scan.service("old").sleeps();
        });
        let old = tree.service("old").wait_up();
        let new = tree.scratch().join("new");
        Service::at(new.join("young")).sleeps();
        let (new_path, dir) = (new.to_str().unwrap(), tree.dir().to_str().unwrap());
        assert_eq!(tree.namespace().inside(&["mount", "--bind", new_path, dir]).code, 0);
        // Outside, the old one is still to be seen.
        tree.command("a");
        let young = Service::at(new.join("young"));
        young.wait_up();
        assert!(tree.namespace().is_alive(old));
        sys::fifo::send(&new.join(".svscan/control"), b"h").unwrap();
        tree.namespace().wait_dead(old);
        assert!(young.record().is_up());
    }
}
