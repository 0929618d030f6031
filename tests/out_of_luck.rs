//! Tools and inits without descriptors, and with an output that nobody reads or that is full.

#![forbid(unsafe_code)]

mod kit;

use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};

use kit::{Answer, Supervisor, our_program, ours_only, run};

/// Runs a program with so many descriptors at most. One more than the first three has its loader to itself, or it would
/// not begin.
fn starved(limit: u32, program: &str, args: &[&str], dir: &Path) -> Answer {
    let limit = format!("--nofile={limit}:{limit}");
    run(Command::new("prlimit").arg(limit).arg("--").arg(our_program(program)).args(args).arg(dir))
}

fn supervisor() -> Supervisor {
    let supervisor = Supervisor::start(|web| {
        web.sleeps();
    });
    supervisor.wait_up();
    supervisor
}

/// No panic, no abort, no silence.
#[track_caller]
fn assert_plain(answer: &Answer, what: &str) {
    assert!(answer.code < 128, "{what}: {answer:?}");
    for word in ["panicked", "allocation", "mistake", "os error"] {
        assert!(!answer.err.contains(word), "{what}: {answer:?}");
    }
    assert!(answer.code == 0 || !answer.err.is_empty() || !answer.out.is_empty(), "{what}: {answer:?}");
}

#[test]
fn tools_without_descriptors_say_so() {
    ours_only!("its tools are its own");
    let supervisor = supervisor();
    let lines: [(&str, &[&str]); 10] = [
        ("svctl", &["status"]),
        ("svctl", &["-u"]),
        ("svctl", &["-wu", "-u"]),
        ("svctl", &["why"]),
        ("svctl", &["tree"]),
        ("svctl", &["check"]),
        ("svctl", &["logs"]),
        ("svwait", &["-u"]),
        ("svok", &[]),
        ("sv", &["status"]),
    ];
    for (program, args) in lines {
        for limit in 4..8 {
            let answer = starved(limit, program, args, supervisor.dir());
            assert_plain(&answer, &format!("{program} {args:?} with {limit}"));
            // A lie would be worse than a refusal.
            assert_ne!(answer.code, 102, "{program} {args:?} with {limit}: {answer:?}");
        }
    }
    let answer = starved(4, "svctl", &["-wu", "-u"], supervisor.dir());
    assert_eq!(answer.code, 111, "{answer:?}");
    assert!(answer.err.contains("Too many open files"), "{}", answer.err);
}

/// The end of a pipe that nobody reads any more.
fn broken() -> Stdio {
    let (read, write) = sys::process::pipe().unwrap();
    drop(read);
    Stdio::from(write)
}

/// A device on which there is no room.
fn full() -> Stdio {
    Stdio::from(OwnedFd::from(std::fs::File::options().write(true).open("/dev/full").unwrap()))
}

#[test]
fn tools_whose_output_goes_nowhere_say_so_or_end_quietly() {
    ours_only!("its tools are its own");
    let supervisor = supervisor();
    for args in [&["status"][..], &["status", "--json"], &["why"], &["tree"], &["help", "status"]] {
        let mut svctl = Command::new(our_program("svctl"));
        svctl.args(args);
        if args[0] != "help" {
            svctl.arg(supervisor.dir());
        }
        for (what, out) in [("broken", broken()), ("full", full())] {
            let output = svctl.stdin(Stdio::null()).stdout(out).stderr(Stdio::piped()).output().unwrap();
            let err = String::from_utf8_lossy(&output.stderr);
            let code = output.status.code();
            println!("{args:?} {what}: {code:?} {err}");
            assert!(!err.contains("panicked") && !err.contains("mistake"), "{args:?} {what}: {err}");
            if what == "full" {
                assert_eq!(code, Some(111), "{args:?}: {err}");
                assert!(err.contains("No space left on device"), "{args:?}: {err}");
            }
        }
    }
}

#[test]
fn tools_without_any_output_do_what_they_are_told() {
    ours_only!("its tools are its own");
    let supervisor = supervisor();
    let pid = supervisor.wait_up();
    let mut svctl = Command::new(our_program("svctl"));
    svctl.args(["-wD", "-d"]).arg(supervisor.dir()).stdout(full()).stderr(full()).stdin(Stdio::null());
    assert!(svctl.status().unwrap().success());
    assert!(!supervisor.namespace().is_alive(pid));
}

#[test]
fn init_without_descriptors_runs_its_command_or_says_why_not() {
    ours_only!("its inits are others");
    for limit in 4..8 {
        let answer = starved(limit, "svinit", &["echo"], Path::new("word"));
        assert_plain(&answer, &format!("svinit with {limit}"));
        assert!(answer.out == "word\n" || answer.code == 111, "{limit}: {answer:?}");
    }
}

#[test]
fn logger_without_descriptors_says_so() {
    ours_only!("its name");
    let scratch = kit::Scratch::new();
    for limit in 4..8 {
        let answer = starved(limit, "svlog", &["t"], &scratch.path().join("log"));
        assert_plain(&answer, &format!("svlog with {limit}"));
        assert!(answer.code == 0 || answer.err.contains("Too many open files"), "{limit}: {answer:?}");
    }
}
