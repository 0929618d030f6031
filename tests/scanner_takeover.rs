//! A scanner that is killed, where it is not process 1, and the next one, which takes its tree over.

#![forbid(unsafe_code)]

mod kit;

use std::time::Duration;

use kit::{Lineage, Logged, Random, Scan, ours_only, seeds, text, wait_until};
use unix::{Pid, Signal};

const WHY: &str = "s6 starts every service a second time";

/// What must not change: the supervisor, the process, and since when.
fn picture(tree: &Lineage, names: &[&str]) -> Vec<(Pid, Option<Pid>, String)> {
    let one = |name: &&str| {
        let record = tree.service(name).record();
        (tree.supervisor(name), record.pid, format!("{record:?}"))
    };
    names.iter().map(one).collect()
}

fn has_adopted(tree: &Lineage, count: usize) -> bool {
    let text = match count {
        1 => "1 supervisor was there already".into(),
        count => format!("{count} supervisors were there already"),
    };
    tree.messages().contains(&text)
}

mod adoption {
    use super::*;

    #[test]
    fn nothing_is_touched_when_a_scanner_is_killed_and_another_one_comes() {
        ours_only!(WHY);
        let mut tree = Lineage::start(|scan| {
            let web = scan.service("web");
            web.sleeps();
            web.log().run("exec cat >>lines");
            scan.service("ending")
                .run("echo x >>begun; exit 3")
                .finish("echo x >>ends; [ -e quick ] || exec sleep 100000")
                .file("timeout-finish", "0");
            scan.service("down").sleeps().file("down", "");
            scan.service("key").sleeps().file("essential", "");
        });
        let names = ["web", "web/log", "ending", "down", "key"];
        for name in ["web", "web/log", "key"] {
            tree.service(name).wait_up();
        }
        tree.service("ending").wait_lines("ends", 1);
        tree.service("down").wait_supervised();
        let listeners: Vec<_> = names.iter().map(|name| tree.service(name).listen()).collect();
        let before = picture(&tree, &names);
        tree.succeed();
        assert!(has_adopted(&tree, 5), "{}", tree.messages());
        assert_eq!(picture(&tree, &names), before);
        // Commands are obeyed as ever.
        assert_eq!(tree.ctl(&["-u", "down"]).code, 0);
        tree.service("down").wait_up();
        assert_eq!(tree.ctl(&["-r", "web"]).code, 0);
        listeners[0].expect("dDu");
        for place in [1, 2, 4] {
            assert_eq!(listeners[place].heard(), "", "{}", names[place]);
        }
        tree.service("ending").file("quick", "");
        tree.kill(tree.service("ending").record().pid.unwrap(), Signal::KILL);
        assert_eq!(tree.stop(), 0);
        for name in names {
            assert!(!tree.service(name).is_supervised(), "{name}");
        }
        assert!(!tree.messages().contains("already running"), "{}", tree.messages());
    }

    #[test]
    fn new_services_are_started_beside_the_adopted_ones() {
        ours_only!(WHY);
        let mut tree = Lineage::start(|scan| {
            scan.service("old").sleeps();
        });
        let old = tree.service("old").wait_up();
        tree.kill_scanner();
        tree.service("new").sleeps();
        tree.start_scanner("", &[]);
        tree.service("new").wait_up();
        assert_eq!(tree.service("old").wait_up(), old);
        assert_eq!(tree.stop(), 0);
        assert!(!tree.namespace().is_alive(old));
    }

    #[test]
    fn adopted_supervisor_that_dies_is_started_again_at_once() {
        ours_only!(WHY);
        let mut tree = Lineage::start(|scan| {
            scan.service("web").sleeps();
        });
        tree.service("web").wait_up();
        tree.succeed();
        let before = tree.supervisor("web");
        assert_eq!(tree.ctl(&["-dx", "web"]).code, 0);
        tree.namespace().wait_dead(before);
        kit::wait_at_most(
            Duration::from_secs(5),
            "its successor",
            || matches!(tree.supervisors("web")[..], [after] if after != before),
        );
        tree.service("web").wait_up();
        assert_eq!(tree.stop(), 0);
    }

    #[test]
    fn death_of_an_adopted_supervisor_is_noticed_though_nobody_waits_for_it() {
        ours_only!(WHY);
        let mut tree = Lineage::start(|scan| {
            scan.service("web").sleeps();
        });
        tree.service("web").wait_up();
        tree.succeed();
        // Process 1, whose child it is by now, does nothing.
        let before = tree.supervisor("web");
        tree.namespace().freeze();
        assert_eq!(tree.ctl(&["-dx", "web"]).code, 0);
        kit::wait_at_most(
            Duration::from_secs(10),
            "its successor",
            || matches!(tree.supervisors("web")[..], [after] if after != before),
        );
        tree.namespace().thaw();
        assert_eq!(tree.stop(), 0);
    }

    #[test]
    fn adopted_essential_service_ends_the_tree_with_its_exit_code() {
        ours_only!(WHY);
        let mut tree = Lineage::start(|scan| {
            scan.service("key").run("while [ ! -e go ]; do sleep 0.01; done; exit 7").file("essential", "");
            scan.service("web").sleeps();
        });
        tree.service("web").wait_up();
        tree.service("key").wait_up();
        tree.succeed();
        tree.service("key").file("go", "");
        // Who waits for it here is process 1, so that only the kernel can tell us; Linux 6.15 does.
        assert_eq!(tree.wait_scanner(), 7);
        assert!(!tree.service("web").is_supervised());
    }

    #[test]
    fn service_whose_directory_has_gone_meanwhile_goes_on_without_a_scanner() {
        ours_only!(WHY);
        let mut tree = Lineage::start(|scan| {
            scan.service("web").sleeps();
        });
        let pid = tree.service("web").wait_up();
        tree.kill_scanner();
        std::fs::rename(tree.dir().join("web"), tree.scratch().join("web")).unwrap();
        tree.start_scanner("", &[]);
        assert!(tree.namespace().is_alive(pid));
        // Back, it is adopted.
        std::fs::rename(tree.scratch().join("web"), tree.dir().join("site")).unwrap();
        wait_until("it to be adopted", || has_adopted(&tree, 1));
        assert_eq!(tree.service("site").wait_up(), pid);
        assert_eq!(tree.stop(), 0);
        assert!(!tree.namespace().is_alive(pid));
    }

    #[test]
    fn supervisor_that_was_started_by_hand_is_adopted() {
        ours_only!(WHY);
        let mut tree = Lineage::start(|_| ());
        tree.kill_scanner();
        let web = tree.service("web");
        web.sleeps();
        let script = "cd \"$0\" && { setsid \"$1\" web >/dev/null 2>&1 </dev/null & }";
        let (dir, supervise) = (tree.dir().to_str().unwrap(), kit::program("supervise"));
        let answer = tree.namespace().inside(&["sh", "-c", script, dir, supervise.to_str().unwrap()]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        let pid = web.wait_up();
        tree.start_scanner("", &[]);
        assert!(has_adopted(&tree, 1), "{}", tree.messages());
        assert_eq!(web.wait_up(), pid);
        assert_eq!(tree.stop(), 0);
        assert!(!tree.namespace().is_alive(pid));
    }
}

mod end {
    use super::*;

    const STUBBORN: &str = "trap '' TERM; echo x >>started; while :; do sleep 1; done";

    #[test]
    fn adopted_supervisor_that_does_not_end_is_named() {
        ours_only!(WHY);
        let mut tree = Lineage::start(|scan| {
            scan.service("stubborn").run(STUBBORN);
            scan.service("quick").sleeps();
        });
        tree.service("stubborn").wait_lines("started", 1);
        tree.succeed();
        tree.kill(tree.scanner(), Signal::TERM);
        wait_until("its name", || tree.messages().contains("still waiting for: stubborn\n"));
        tree.service("stubborn").command("k");
        assert_eq!(tree.wait_scanner(), 0);
    }

    #[test]
    fn stop_timeout_kills_adopted_supervisors_and_all_below_them() {
        ours_only!(WHY);
        let mut tree = Lineage::start(|scan| {
            // A child that leaves its session, and one below it.
            scan.service("stubborn").run(&format!(
                "trap '' TERM\nsetsid sh -c \"trap '' TERM; sleep 54321 & wait; sleep 54322\" &\n{STUBBORN}"
            ));
            let web = scan.service("web");
            web.run(STUBBORN);
            web.log().run("exec cat >>lines");
        });
        for name in ["stubborn", "web"] {
            tree.service(name).wait_lines("started", 1);
        }
        tree.kill_scanner();
        tree.start_scanner("", &["--stop-timeout", "300"]);
        assert_eq!(tree.stop(), 0);
        // Only process 1 and the shell that waited for the scanner.
        wait_until("nobody to be left", || {
            let all = tree.namespace().processes();
            let left: Vec<_> =
                all.iter().filter(|(pid, command)| pid.get() != 1 && !command.starts_with("sh -c")).collect();
            left.is_empty() && !all.iter().any(|(_, command)| command.contains("54321"))
        });
    }
}

mod lines {
    use super::*;

    /// Writes numbers, one a line, and goes on where it was when it is started again; TERM ends it between two lines.
    const COUNTS: &str = "trap 'end=1' TERM\ni=$(cat next 2>/dev/null || echo 0)\n\
        while [ -z \"$end\" ]; do echo $i || exit; i=$((i + 1)); echo $i >next.new; mv next.new next; sleep 0.005; done";

    fn counting(scan: &mut Scan) {
        let web = scan.service("web");
        web.run(COUNTS);
        web.log().run("exec svlog -b ./main");
    }

    fn numbers(tree: &Lineage) -> Vec<u64> {
        let all = Logged::at(tree.dir().join("web/log/main")).all();
        String::from_utf8(all).unwrap().lines().map(|line| line.parse().expect("a number")).collect()
    }

    /// Waits until what is written from now on has arrived.
    fn wait_for_more(tree: &Lineage) {
        let next = || text(tree.dir().join("web/next")).trim().parse().unwrap_or(0);
        let now: u64 = next();
        wait_until("lines that are written now", || numbers(tree).last().is_some_and(|&last| last > now));
    }

    /// Every number has arrived that was written.
    #[track_caller]
    fn check(tree: &Lineage) {
        let found = numbers(tree);
        let next: u64 = text(tree.dir().join("web/next")).trim().parse().unwrap();
        for (line, &number) in found.iter().enumerate() {
            assert_eq!(number, line as u64, "{found:?}");
        }
        assert!(found.len() as u64 >= next, "{} of {next} lines", found.len());
    }

    /// The pipes that a process has at 0 and 1, as the kernel names them.
    fn standard(tree: &Lineage, pid: Pid) -> [String; 2] {
        ["0", "1"].map(|fd| {
            let link = tree.namespace().root().join(format!("proc/{pid}/fd/{fd}"));
            let link = kit::wait_for("a process with descriptors", || std::fs::read_link(&link).ok());
            link.to_string_lossy().into_owned()
        })
    }

    #[test]
    fn pipe_between_a_service_and_its_logger_stays_the_same_whoever_is_started_again() {
        ours_only!(WHY);
        let mut tree = Lineage::start(counting);
        tree.service("web").wait_up();
        let pipe = standard(&tree, tree.supervisor("web"))[1].clone();
        assert!(pipe.starts_with("pipe:"), "{pipe}");
        for again in [&["web"][..], &["web/log"], &["web", "web/log"]] {
            tree.succeed();
            wait_for_more(&tree);
            for name in again {
                let before = tree.supervisor(name);
                assert_eq!(tree.ctl(&["-dx", name]).code, 0);
                tree.namespace().wait_dead(before);
            }
            let (web, log) = (tree.supervisor("web"), tree.supervisor("web/log"));
            assert_eq!((&standard(&tree, web)[1], &standard(&tree, log)[0]), (&pipe, &pipe), "{again:?}");
            wait_for_more(&tree);
        }
        assert!(!tree.messages().contains("warning"), "{}", tree.messages());
        assert_eq!(tree.stop(), 0);
        check(&tree);
    }

    #[test]
    fn services_whose_supervisors_are_killed_too_go_on_and_so_does_their_pipe() {
        ours_only!(WHY);
        for killed in [&["web"][..], &["web/log"], &["web", "web/log"], &["web/log", "web"]] {
            let mut tree = Lineage::start(counting);
            let pids = |tree: &Lineage| ["web", "web/log"].map(|name| tree.service(name).wait_up());
            let before = pids(&tree);
            wait_for_more(&tree);
            let pipe = standard(&tree, before[0])[1].clone();
            tree.kill_scanner();
            for name in killed {
                tree.kill(tree.supervisor(name), Signal::KILL);
            }
            tree.start_scanner("", &[]);
            wait_for_more(&tree);
            assert_eq!(pids(&tree), before, "{killed:?}");
            let (web, log) = (tree.supervisor("web"), tree.supervisor("web/log"));
            assert_eq!((&standard(&tree, web)[1], &standard(&tree, log)[0]), (&pipe, &pipe), "{killed:?}");
            for name in ["web", "web/log"] {
                tree.service(name).wait_supervised().command("r");
                wait_for_more(&tree);
            }
            assert_eq!(tree.stop(), 0);
            check(&tree);
        }
    }

    #[test]
    fn no_line_is_lost_when_scanners_are_killed_at_any_moment() {
        ours_only!(WHY);
        for seed in seeds(1) {
            println!("SEED={seed}");
            let mut random = Random::new(seed);
            let mut tree = Lineage::start(counting);
            tree.service("web/log").wait_up();
            let mut ending: Option<(&str, Pid)> = None;
            for _ in 0..20 {
                std::thread::sleep(Duration::from_millis(random.below(40) as u64));
                tree.kill_scanner();
                if random.once_in(3) {
                    let _ = tree.service(random.pick(&["web", "web/log"])).try_command("r");
                }
                tree.start_scanner("", &[]);
                match random.below(5) {
                    0 => drop(tree.service(random.pick(&["web", "web/log"])).try_command("r")),
                    // One end at a time: a pipe that nobody holds is no more.
                    1 | 2 => {
                        if let Some((name, before)) = ending.take() {
                            tree.namespace().wait_dead(before);
                            tree.supervisor(name);
                        }
                        let name = random.pick(&["web", "web/log"]);
                        ending = Some((name, tree.supervisor(name)));
                        tree.service(name).wait_supervised().command("dx");
                    }
                    // The next one is killed while it still adopts.
                    3 => {
                        tree.kill_scanner();
                        tree.launch_scanner("", &[]);
                    }
                    _ => {}
                }
            }
            tree.succeed();
            tree.supervisor("web");
            tree.supervisor("web/log");
            wait_for_more(&tree);
            assert_eq!(tree.stop(), 0);
            check(&tree);
        }
    }

    #[test]
    fn catch_all_of_a_killed_scanner_goes_on_with_every_line() {
        ours_only!(WHY);
        let catching = |scan: &mut Scan| {
            scan.service("svscan-log").run("exec svlog -b ./main");
            scan.service("web").run(COUNTS);
        };
        let mut tree = Lineage::start(catching);
        let caught =
            |tree: &Lineage| String::from_utf8(Logged::at(tree.dir().join("svscan-log/main")).all()).unwrap();
        wait_until("the first lines", || caught(&tree).contains("\n5\n"));
        tree.succeed();
        wait_until("the word of the next scanner", || {
            caught(&tree).contains("2 supervisors were there already")
        });
        for name in ["svscan-log", "web"] {
            let before = tree.supervisor(name);
            tree.service(name).command("dx");
            tree.namespace().wait_dead(before);
            tree.supervisor(name);
        }
        let next = || text(tree.dir().join("web/next")).trim().parse().unwrap_or(0);
        let now: u64 = next();
        wait_until("what is written now", || {
            caught(&tree).lines().any(|line| *line == (now + 1).to_string())
        });
        // Nothing of it went where the scanner was started.
        assert!(!tree.messages().contains("were there already"), "{}", tree.messages());
        assert_eq!(tree.stop(), 0);
        let text = caught(&tree);
        let numbers = text.lines().filter_map(|line| line.parse::<u64>().ok());
        assert!(numbers.eq(0..next()), "{text}");
    }

    #[test]
    fn service_that_had_no_logger_is_not_taken_for_one_that_has() {
        ours_only!(WHY);
        let mut tree = Lineage::start(|scan| {
            scan.service("web").run(COUNTS);
        });
        tree.service("web").wait_up();
        tree.kill_scanner();
        tree.service("web").log().run("exec svlog -b ./main");
        tree.start_scanner("", &[]);
        assert!(
            tree.messages().contains("warning: the supervisor of web has no pipe"),
            "{}",
            tree.messages()
        );
        tree.service("web/log").wait_up();
        tree.service("web").command("dx");
        wait_until("its lines", || !numbers(&tree).is_empty());
        assert_eq!(tree.stop(), 0);
    }
}

mod strangers {
    use super::*;

    /// Locks the file `lock` below the current directory as a supervisor does, says so, and lives on.
    const LOCKS: &str = "use Fcntl; $| = 1; open F, '+<', 'supervise/lock' or die; \
        my $l = pack('s s x4 q q l x4', F_WRLCK, 0, 0, 0, 0); fcntl F, F_SETLK, $l or die; \
        chdir 'DIR' or die; print \"$$\\n\"; sleep 1000";

    /// A scanner that meets such a holder of the lock of `web`, which this shell command executes in such a directory.
    fn met(shell: &str, directory: &str) -> (Lineage, Pid) {
        let mut tree = Lineage::start(|scan| {
            scan.service("web").sleeps();
        });
        tree.service("web").wait_up();
        let supervisor = tree.supervisor("web");
        tree.kill_scanner();
        tree.service("web").command("dx");
        tree.namespace().wait_dead(supervisor);
        let script = format!(
            "cd \"$0\" && chmod 755 supervise && chmod 666 supervise/lock && \
             {{ {shell} perl -e \"$1\" >../../holder 2>/dev/null & }}"
        );
        let web = tree.dir().join("web");
        let answer = tree.namespace().inside(&[
            "sh",
            "-c",
            &script,
            web.to_str().unwrap(),
            &LOCKS.replace("DIR", directory),
        ]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        let holder = tree.scratch().join("holder");
        let holder = kit::wait_for("the lock to be held", || Pid::new(text(&holder).trim().parse().ok()?));
        tree.start_scanner("", &[]);
        (tree, holder)
    }

    #[track_caller]
    fn is_left_alone(tree: Lineage, holder: Pid, who: &str) {
        let what = format!(
            "unable to start the supervisor of web: process {holder}, {who}, holds supervise/lock; trying again every second"
        );
        assert_eq!(tree.messages().matches(&what).count(), 1, "{}", tree.messages());
        assert_eq!(tree.stop(), 0);
        assert!(tree.namespace().is_alive(holder), "it was told to end");
    }

    #[test]
    fn program_that_was_brought_to_lock_a_service_is_no_supervisor() {
        ours_only!(WHY);
        let (tree, holder) = met("", "../web/supervise");
        is_left_alone(tree, holder, "which is no supervisor of it");
    }

    #[test]
    fn program_of_another_user_is_no_supervisor() {
        ours_only!(WHY);
        if !kit::is_root() {
            println!("not without root: needs another user");
            return;
        }
        for ids in ["--reuid 61234", "--ruid 61234"] {
            let (tree, holder) = met(&format!("setpriv {ids}"), ".");
            is_left_alone(tree, holder, "which runs as uid 61234");
        }
    }

    #[test]
    fn service_is_started_when_a_stranger_lets_go_of_its_lock() {
        ours_only!(WHY);
        let (tree, holder) = met("", "../web/supervise");
        tree.kill(holder, Signal::KILL);
        tree.service("web").wait_up();
        assert_eq!(tree.stop(), 0);
    }
}
