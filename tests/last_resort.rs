//! What a scanner does when it cannot go on.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use kit::{Injection, Scan, Tree, ours_only, text, wait_until};
use unix::{Pid, Signal};

fn first() -> Pid {
    Pid::new(1).unwrap()
}

/// A tree whose scanner makes mistakes on demand: a debug build does.
fn tree(build: impl FnOnce(&mut Scan)) -> Tree {
    let tree = Tree::start(|scan| {
        scan.before("export SVSCAN_MISTAKES=yes");
        let web = scan.service("web");
        web.run("echo line; exec sleep 100000");
        web.log().run("exec cat >>lines");
        build(scan);
    });
    tree.service("web").wait_up();
    tree.service("web").log().wait_lines("lines", 1);
    tree
}

#[track_caller]
fn assert_collects(tree: &Tree) {
    let answer = tree.namespace().inside(&["sh", "-c", "for i in 1 2 3 4 5; do (sleep 0.0$i &); done"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    wait_until("no orphan, dead or alive", || {
        !tree.namespace().processes().iter().any(|(pid, command)| {
            command.starts_with("sleep 0.") || tree.namespace().state(*pid) == Some('Z')
        })
    });
}

fn is_release() -> bool {
    let is_release = std::env::var_os("SUITE_BIN").is_some();
    if is_release {
        println!("not tested: a release makes no mistakes on demand");
    }
    is_release
}

mod panic {
    use super::*;

    #[test]
    fn scanner_that_panics_executes_crash_as_the_same_process() {
        ours_only!("it cannot be made to");
        if is_release() {
            return;
        }
        let tree = tree(|scan| {
            scan.hook("crash", "echo $$ >crashed.new; mv crashed.new crashed; exec sleep 200000")
        });
        let pid = tree.service("web").wait_up();
        tree.command("!");
        wait_until("crash", || text(tree.dir().join("crashed")) == "1\n");
        assert!(tree.namespace().is_alive(pid), "no service is touched");
        let messages = tree.messages();
        assert!(messages.contains("a mistake in this program at svscan/src/mistake.rs"), "{messages}");
        assert!(messages.contains("executing .svscan/crash"), "{messages}");
        assert!(!messages.contains("panicked"), "{messages}");
    }

    #[test]
    fn first_process_that_panics_without_crash_stays_collects_and_ends_its_tree_when_told() {
        ours_only!("it cannot be made to");
        if is_release() {
            return;
        }
        let mut tree = tree(|_| ());
        let pid = tree.service("web").wait_up();
        tree.command("!");
        wait_until("a word about it", || tree.messages().contains("staying to collect dead processes"));
        assert!(tree.messages().contains("there is no .svscan/crash"), "{}", tree.messages());
        assert_collects(&tree);
        assert!(tree.namespace().is_alive(pid));
        tree.signal(Signal::TERM);
        assert_eq!(tree.wait_exit(), 111);
        assert!(tree.service("web").record().pid.is_none(), "its service was stopped, not killed");
    }

    #[test]
    fn first_process_stays_when_crash_cannot_be_executed() {
        ours_only!("it cannot be made to");
        if is_release() {
            return;
        }
        let tree = tree(|scan| scan.hook("crash", "exit 1"));
        let crash = tree.control_dir().join("crash");
        std::fs::set_permissions(crash, std::fs::Permissions::from_mode(0o644)).unwrap();
        tree.command("!");
        wait_until("a word about it", || tree.messages().contains("staying to collect dead processes"));
        assert!(
            tree.messages().contains("unable to execute .svscan/crash: not executable"),
            "{}",
            tree.messages()
        );
        assert_collects(&tree);
    }

    #[test]
    fn scanner_that_is_not_process_1_and_panics_exits_and_leaves_its_services() {
        ours_only!("it cannot be made to");
        if is_release() {
            return;
        }
        let tree = tree(|scan| {
            let first = env!("CARGO_BIN_EXE_first-process");
            scan.before(&format!("set -- {first} '{}/..' \"$@\"", scan.dir().display()));
        });
        let pid = tree.service("web").wait_up();
        tree.command("!");
        wait_until("its end", || text(tree.scratch().join("exit")) == "111");
        assert!(tree.namespace().is_alive(pid) && tree.service("web").is_supervised());
    }

    #[test]
    fn scanner_that_has_used_up_its_reserve_of_memory_executes_crash() {
        ours_only!("it cannot be made to");
        if is_release() {
            return;
        }
        let tree = tree(|scan| {
            scan.hook("crash", "echo $$ >crashed.new; mv crashed.new crashed; exec sleep 200000")
        });
        let pid = tree.service("web").wait_up();
        let answer = tree.namespace().inside(&["prlimit", "--pid", "1", "--as=50000000:unlimited"]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        tree.command("*");
        wait_until("crash", || text(tree.dir().join("crashed")) == "1\n");
        assert!(tree.messages().contains("no memory is left"), "{}", tree.messages());
        assert!(tree.namespace().is_alive(pid));
    }

    #[test]
    fn no_release_makes_mistakes_on_demand() {
        let release = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/dist/svbox");
        let Ok(bytes) = std::fs::read(&release) else {
            println!("not tested: make static was not run");
            return;
        };
        let word = b"SVSCAN_MISTAKES";
        assert!(!bytes.windows(word.len()).any(|window| window == word));
    }
}

mod kernel {
    use super::*;

    #[test]
    fn wait_that_fails_for_good_makes_the_scanner_execute_crash() {
        ours_only!("it panics, too, but without a word about what it waits for");
        if !Injection::is_possible() {
            return;
        }
        let tree = tree(|scan| {
            scan.hook("crash", "echo $$ >crashed.new; mv crashed.new crashed; exec sleep 200000")
        });
        let pid = tree.service("web").wait_up();
        let failing = Injection::start(tree.namespace(), first(), &["poll,ppoll:error=EINVAL"], &[]);
        tree.signal(Signal::ALRM);
        wait_until("crash", || text(tree.dir().join("crashed")) == "1\n");
        drop(failing);
        assert!(
            tree.messages().contains("unable to wait for events: Invalid argument"),
            "{}",
            tree.messages()
        );
        assert!(tree.namespace().is_alive(pid));
    }

    #[test]
    fn wait_for_which_there_is_no_memory_is_tried_again() {
        ours_only!("it panics");
        if !Injection::is_possible() {
            return;
        }
        let mut tree = tree(|_| ());
        let supervisor = || {
            let all = tree.namespace().processes().into_iter();
            all.filter(|(_, command)| command.ends_with("supervise web")).map(|(pid, _)| pid).next()
        };
        let supervisor = supervisor().unwrap();
        for pid in [first(), supervisor] {
            let starved = Injection::start(tree.namespace(), pid, &["poll,ppoll:error=ENOMEM"], &[]);
            tree.namespace().kill(pid, "CHLD");
            std::thread::sleep(std::time::Duration::from_millis(200));
            assert!(tree.namespace().is_alive(pid));
            drop(starved);
        }
        let pid = tree.service("web").wait_up();
        tree.service("web").command("k");
        tree.service("web").wait_record("another life", |record| record.is_up() && record.pid != Some(pid));
        assert!(tree.namespace().is_alive(supervisor));
        tree.signal(Signal::TERM);
        assert_eq!(tree.wait_exit(), 0);
    }

    #[test]
    fn signals_of_faults_that_somebody_sends_end_neither_the_first_process_nor_a_supervisor() {
        let mut tree = Tree::start(|scan| {
            scan.service("web").sleeps();
        });
        let pid = tree.service("web").wait_up();
        let all = tree.namespace().processes();
        let supervisor = all.iter().find(|(_, command)| command.ends_with("supervise web")).unwrap().0;
        let own = tree.namespace().first();
        let outside: i64 = own.file_name().unwrap().to_str().unwrap().parse().unwrap();
        for signal in [Signal::SEGV, Signal::BUS, Signal::ILL, Signal::FPE, Signal::SYS, Signal::TRAP] {
            let name = signal.name().unwrap();
            tree.namespace().kill(first(), name);
            if kit::suite() == kit::Suite::Ours {
                tree.namespace().kill(supervisor, name);
            }
            // From outside of its namespace, where process 1 is a process like any other.
            sys::child::kill(Pid::new(outside).unwrap(), signal).unwrap();
        }
        assert_collects(&tree);
        assert_eq!(tree.try_exit(), None);
        assert!(tree.namespace().is_alive(supervisor) && tree.namespace().is_alive(pid));
        tree.signal(Signal::TERM);
        assert_eq!(tree.wait_exit(), 0);
    }
}
