//! What is ours was removed, replaced, filled or written to by somebody else.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use kit::{Answer, Supervisor, Tree, our_program, ours_only, run, text, wait_until};
use unix::Signal;

#[track_caller]
fn svctl(args: &[&str], dir: &Path) -> Answer {
    run(Command::new(our_program("svctl")).args(args).arg(dir))
}

/// What may be done to a file that is not one's own.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Removed,
    File,
    Fifo,
    Link,
}

const HARMS: [Harm; 4] = [Harm::Removed, Harm::File, Harm::Fifo, Harm::Link];

fn harm(path: &Path, harm: Harm) {
    std::fs::remove_file(path).unwrap();
    match harm {
        Harm::Removed => {}
        Harm::File => std::fs::write(path, "rubbish").unwrap(),
        Harm::Fifo => sys::fifo::make(path, 0o666).unwrap(),
        Harm::Link => symlink("/dev/null", path).unwrap(),
    }
}

mod control {
    use super::*;

    #[test]
    fn control_of_a_supervisor_that_is_gone_is_made_again_for_whoever_needs_it() {
        ours_only!("s6's commands are lost from then on");
        for what in HARMS {
            let supervisor = Supervisor::start(|web| {
                web.sleeps();
            });
            let pid = supervisor.wait_up();
            let control = supervisor.path("supervise/control");
            std::fs::set_permissions(&control, std::fs::Permissions::from_mode(0o620)).unwrap();
            harm(&control, what);
            let answer = svctl(&["-wD", "-d"], supervisor.dir());
            assert_eq!(answer.code, 0, "{what:?}: {}", answer.err);
            assert!(!supervisor.namespace().is_alive(pid));
            let made = std::fs::symlink_metadata(&control).unwrap();
            assert!(made.file_type().is_fifo() && made.mode() & 0o777 == 0o620, "{what:?}");
            assert!(supervisor.messages().contains("it is made again"), "{}", supervisor.messages());
            assert!(!supervisor.path("supervise/control.new").exists());
            assert!(supervisor.is_running());
        }
    }

    #[test]
    fn supervisor_whose_control_is_gone_is_seen_by_every_tool() {
        ours_only!("s6's tools say that there is none");
        let supervisor = Supervisor::start(|web| {
            web.sleeps();
        });
        supervisor.wait_up();
        for (program, args) in
            [("svctl", &["status"][..]), ("svwait", &["-u"]), ("svok", &[]), ("sv", &["status"])]
        {
            std::fs::remove_file(supervisor.path("supervise/control")).unwrap();
            let answer = run(Command::new(our_program(program)).args(args).arg(supervisor.dir()));
            assert_eq!(answer.code, 0, "{program}: {answer:?}");
        }
    }

    #[test]
    fn whole_directory_of_a_supervisor_that_is_gone_is_made_again() {
        ours_only!("s6 lets a second supervisor in");
        let supervisor = Supervisor::start(|web| {
            web.run("echo $$ >>started; exec sleep 100000");
        });
        let pid = supervisor.wait_up();
        std::fs::remove_dir_all(supervisor.path("supervise")).unwrap();
        supervisor.namespace().kill(supervisor.pid(), "CHLD");
        supervisor.wait_supervised();
        assert_eq!(supervisor.wait_up(), pid);
        supervisor.start_beside();
        wait_until("the second one to be refused", || supervisor.messages().contains("already running"));
        assert_eq!(supervisor.lines("started").len(), 1);
        let answer = svctl(&["-wD", "-d"], supervisor.dir());
        assert_eq!(answer.code, 0, "{}", answer.err);
    }

    #[test]
    fn place_that_another_supervisor_has_taken_is_left_to_it() {
        ours_only!("s6 does not look");
        let supervisor = Supervisor::start(|web| {
            web.sleeps();
        });
        supervisor.wait_up();
        std::fs::rename(supervisor.path("supervise"), supervisor.path("away")).unwrap();
        supervisor.start_beside();
        supervisor.wait_supervised();
        let control = || std::fs::metadata(supervisor.path("supervise/control")).unwrap().ino();
        let theirs = control();
        supervisor.namespace().kill(supervisor.pid(), "CHLD");
        wait_until("a word about it", || {
            supervisor.messages().contains("unable to make supervise/control again")
        });
        assert_eq!(control(), theirs);
    }

    #[test]
    fn supervisor_that_does_not_answer_is_named() {
        ours_only!("s6's tools say that there is none");
        let supervisor = Supervisor::start(|web| {
            web.sleeps();
        });
        supervisor.wait_up();
        supervisor.namespace().kill(supervisor.pid(), "STOP");
        std::fs::remove_file(supervisor.path("supervise/control")).unwrap();
        let answer = svctl(&["-u"], supervisor.dir());
        assert_eq!(answer.code, 111, "{}", answer.err);
        assert!(answer.err.contains("holds its lock, but does not listen"), "{}", answer.err);
        // It reads the signal when it goes on.
        supervisor.namespace().kill(supervisor.pid(), "CONT");
        supervisor.wait_supervised();
    }

    #[test]
    fn control_of_a_scanner_that_is_gone_is_made_again_for_whoever_needs_it() {
        ours_only!("s6's commands are lost from then on");
        for what in HARMS {
            let mut tree = Tree::start(|scan| {
                scan.service("web").sleeps();
            });
            let pid = tree.service("web").wait_up();
            harm(&tree.control_dir().join("control"), what);
            let answer = svctl(&["-a"], tree.dir());
            assert_eq!(answer.code, 0, "{what:?}: {}", answer.err);
            assert!(
                tree.is_listening() && tree.messages().contains("it is made again"),
                "{}",
                tree.messages()
            );
            assert!(tree.namespace().is_alive(pid));
            let answer = svctl(&["-t"], tree.dir());
            assert_eq!(answer.code, 0, "{what:?}: {}", answer.err);
            assert_eq!(tree.wait_exit(), 0);
        }
    }

    #[test]
    fn scan_that_a_signal_asks_for_mends_the_control_of_a_scanner() {
        ours_only!("s6's stays as it is");
        let tree = Tree::start(|_| ());
        std::fs::remove_file(tree.control_dir().join("control")).unwrap();
        tree.signal(Signal::ALRM);
        wait_until("the FIFO", || tree.is_listening());
    }

    #[test]
    fn control_full_of_rubbish_is_emptied_and_obeyed() {
        let supervisor = Supervisor::start(|web| {
            web.logs_signals();
        });
        supervisor.wait_lines("started", 1);
        let control = supervisor.path("supervise/control");
        supervisor.namespace().kill(supervisor.pid(), "STOP");
        wait_until("a stopped supervisor", || supervisor.namespace().state(supervisor.pid()) == Some('T'));
        while sys::fifo::send(&control, &[b'!'; 512]).is_ok() {}
        while sys::fifo::send(&control, b"!").is_ok() {}
        supervisor.namespace().kill(supervisor.pid(), "CONT");
        wait_until("room for a command", || supervisor.try_command("1").is_ok());
        assert_eq!(supervisor.wait_lines("signals", 1), ["USR1"]);
    }

    #[test]
    fn scanner_reads_rubbish_to_its_end_and_obeys() {
        let mut tree = Tree::start(|scan| {
            scan.service("web").sleeps();
        });
        let pid = tree.service("web").wait_up();
        let control = tree.control_dir().join("control");
        // As much as a pipe holds, and some.
        for _ in 0..200 {
            wait_until("room", || sys::fifo::send(&control, &[b'!'; 512]).is_ok());
        }
        assert!(tree.namespace().is_alive(pid));
        wait_until("room", || sys::fifo::send(&control, b"t").is_ok());
        assert_eq!(tree.wait_exit(), 0);
        assert!(tree.messages().matches("there is no command !").count() <= 1, "{}", tree.messages());
    }
}

mod record {
    use super::*;

    #[test]
    fn record_that_somebody_has_written_to_is_repaired_by_the_next_change() {
        let supervisor = Supervisor::start(|web| {
            web.sleeps();
        });
        let first = supervisor.wait_up();
        for rubbish in [&b""[..], b"rubbish", &[0xff; 35], &[0; 100_000]] {
            std::fs::write(supervisor.path("supervise/status"), rubbish).unwrap();
            supervisor.command("r");
            supervisor.wait_record("the truth", |record| {
                record.is_up()
                    && record.wanted_up
                    && record.pid.is_some_and(|pid| supervisor.namespace().is_alive(pid))
            });
        }
        assert!(!supervisor.namespace().is_alive(first));
    }

    #[test]
    fn file_that_somebody_holds_open_is_not_the_record_any_more() {
        use std::io::{Seek, Write};
        let supervisor = Supervisor::start(|web| {
            web.sleeps();
        });
        let first = supervisor.wait_up();
        let mut theirs =
            std::fs::File::options().write(true).open(supervisor.path("supervise/status")).unwrap();
        supervisor.command("r");
        supervisor.wait_record("another life", |record| record.is_up() && record.pid != Some(first));
        theirs.rewind().unwrap();
        theirs.write_all(&[0xff; 35]).unwrap();
        assert!(supervisor.record().is_up());
    }

    #[test]
    fn record_of_rubbish_is_called_that() {
        ours_only!("messages are ours");
        let supervisor = Supervisor::start(|web| {
            web.sleeps();
        });
        supervisor.wait_up();
        std::fs::write(supervisor.path("supervise/status"), "rubbish").unwrap();
        let answer = svctl(&["status"], supervisor.dir());
        assert_eq!(answer.code, 111, "{answer:?}");
        let said = answer.out + &answer.err;
        assert!(said.contains("not a status record"), "{said}");
    }

    #[test]
    fn tally_of_rubbish_does_not_keep_deaths_from_being_remembered() {
        ours_only!("s6 2.11 does not say");
        let supervisor = Supervisor::start(|web| {
            web.sleeps();
        });
        let first = supervisor.wait_up();
        std::fs::write(supervisor.path("supervise/death_tally"), "rubbish").unwrap();
        supervisor.command("k");
        supervisor.wait_record("another life", |record| record.is_up() && record.pid != Some(first));
        assert_eq!(supervisor.deaths().len(), 1);
        assert!(!text(supervisor.path("supervise/death_tally")).contains("rubbish"));
    }
}
