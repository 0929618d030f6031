//! Bad input: each kind gets one clear message, nothing hangs, and the rest runs on.

#![forbid(unsafe_code)]

mod kit;

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};

use kit::{Service, Supervisor, Tree, ours_only, wait_until};
use unix::Signal;

/// What is wrong with a service directory.
struct Case {
    name: &'static str,
    /// Makes it wrong; `run`, `finish` and a crash script are there already.
    spoil: fn(&Service),
    /// What every message about it contains.
    said: &'static [&'static str],
    then: Then,
}

/// What becomes of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// It runs all the same.
    Runs,
    /// It is tried again and again.
    Waits,
    /// Its supervisor cannot begin.
    Refused,
}

use Then::{Refused, Runs, Waits};

macro_rules! case {
    ($name:literal, $then:expr, [$($said:literal),*], $spoil:expr) => {
        Case { name: $name, spoil: $spoil, said: &[$($said),*], then: $then }
    };
}

/// A file that must not be there.
fn none(web: &Service, name: &str) {
    let _ = std::fs::remove_file(web.path(name));
}

fn plain(web: &Service, name: &str, content: &[u8], mode: u32) {
    none(web, name);
    web.file(name, content);
    std::fs::set_permissions(web.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
}

fn dir(web: &Service, name: &str) {
    none(web, name);
    std::fs::create_dir(web.path(name)).unwrap();
}

fn fifo(web: &Service, name: &str) {
    none(web, name);
    sys::fifo::make(&web.path(name), 0o666).unwrap();
}

fn link(web: &Service, name: &str, target: &str) {
    none(web, name);
    symlink(target, web.path(name)).unwrap();
}

fn cases() -> Vec<Case> {
    vec![
        // Settings: a number that is none.
        case!("empty", Runs, ["timeout-kill"], |web| plain(web, "timeout-kill", b"", 0o644)),
        case!("blank", Runs, ["timeout-kill"], |web| plain(web, "timeout-kill", b" \t\n", 0o644)),
        case!("word", Runs, ["timeout-kill", "soon"], |web| plain(web, "timeout-kill", b"soon\n", 0o644)),
        case!("negative", Runs, ["timeout-kill", "-5"], |web| plain(web, "timeout-kill", b"-5\n", 0o644)),
        case!("fraction", Runs, ["timeout-finish", "1.5"], |web| plain(
            web,
            "timeout-finish",
            b"1.5\n",
            0o644
        )),
        case!("hexadecimal", Runs, ["timeout-crash", "0x10"], |web| plain(
            web,
            "timeout-crash",
            b"0x10\n",
            0o644
        )),
        case!("unit", Runs, ["timeout-finish", "5s"], |web| plain(web, "timeout-finish", b"5s\n", 0o644)),
        case!("too large", Runs, ["timeout-finish", "99999999999999999999"], |web| {
            plain(web, "timeout-finish", b"99999999999999999999\n", 0o644);
        }),
        case!("a million digits", Runs, ["timeout-kill"], |web| {
            plain(web, "timeout-kill", &[b'9'; 1_000_000], 0o644);
        }),
        case!("two numbers", Runs, ["max-death-tally", "1 2"], |web| plain(
            web,
            "max-death-tally",
            b"1 2\n",
            0o644
        )),
        case!("two lines", Runs, ["max-death-tally"], |web| plain(web, "max-death-tally", b"1\n2\n", 0o644)),
        case!("binary", Runs, ["timeout-kill"], |web| plain(
            web,
            "timeout-kill",
            b"\x00\xff\xfe\x01\n",
            0o644
        )),
        case!("not UTF-8", Runs, ["down-signal"], |web| plain(web, "down-signal", b"T\xe9RM\n", 0o644)),
        case!("escape sequence", Runs, ["down-signal"], |web| plain(
            web,
            "down-signal",
            b"\x1b[31mred\n",
            0o644
        )),
        // Settings: something other than a file.
        case!("directory", Runs, ["timeout-kill"], |web| dir(web, "timeout-kill")),
        case!("FIFO", Runs, ["timeout-finish"], |web| fifo(web, "timeout-finish")),
        case!("endless device", Runs, ["timeout-kill"], |web| link(web, "timeout-kill", "/dev/zero")),
        case!("links in a circle", Runs, ["timeout-kill"], |web| link(web, "timeout-kill", "timeout-kill")),
        case!("directory as notification-fd", Runs, ["notification-fd"], |web| dir(web, "notification-fd")),
        case!("FIFO as notification-fd", Runs, ["notification-fd"], |web| fifo(web, "notification-fd")),
        // Settings: a value that cannot be.
        case!("no such signal", Runs, ["down-signal", "NONSENSE"], |web| {
            plain(web, "down-signal", b"NONSENSE\n", 0o644);
        }),
        case!("signal 0", Runs, ["down-signal", "0"], |web| plain(web, "down-signal", b"0\n", 0o644)),
        case!("signal 65", Runs, ["reload-signal", "65"], |web| plain(web, "reload-signal", b"65\n", 0o644)),
        case!("notification on standard input", Runs, ["notification-fd", "0"], |web| {
            plain(web, "notification-fd", b"0\n", 0o644);
        }),
        case!("notification beyond the limit", Runs, ["notification-fd", "2000000000"], |web| {
            plain(web, "notification-fd", b"2000000000\n", 0o644);
        }),
        case!("lock beyond the limit", Runs, ["lock-fd", "4000000000"], |web| {
            plain(web, "lock-fd", b"4000000000\n", 0o644);
        }),
        case!("one descriptor for two things", Runs, ["notification-fd", "lock-fd"], |web| {
            plain(web, "notification-fd", b"5\n", 0o644);
            plain(web, "lock-fd", b"5\n", 0o644);
        }),
        case!("most before least", Runs, ["restart-delay", "500 100"], |web| {
            plain(web, "restart-delay", b"500 100\n", 0o644);
        }),
        case!("three delays", Runs, ["restart-delay", "1 2 3"], |web| {
            plain(web, "restart-delay", b"1 2 3\n", 0o644);
        }),
        case!("count without seconds", Runs, ["max-restarts", "3"], |web| {
            plain(web, "max-restarts", b"3\n", 0o644);
        }),
        case!("count of words", Runs, ["max-restarts", "three times"], |web| {
            plain(web, "max-restarts", b"three times\n", 0o644);
        }),
        // Scripts.
        case!("finish not executable", Runs, ["finish"], |web| plain(web, "finish", b"#!/bin/sh\n", 0o644)),
        case!("finish without interpreter", Runs, ["finish", "/no/such/shell"], |web| {
            plain(web, "finish", b"#!/no/such/shell\n", 0o755);
        }),
        case!("finish is a directory", Runs, ["finish"], |web| dir(web, "finish")),
        case!("finish is a dangling link", Runs, ["finish"], |web| link(web, "finish", "nowhere")),
        case!("crash without #!", Runs, ["crash", "no #! line"], |web| plain(web, "crash", b"true\n", 0o755)),
        case!("crash with CRLF", Runs, ["crash", "CR LF"], |web| plain(
            web,
            "crash",
            b"#!/bin/sh\r\n",
            0o755
        )),
        // run.
        case!("run missing", Waits, ["./run", "no such file"], |web| none(web, "run")),
        case!("run not executable", Waits, ["./run", "0644"], |web| plain(web, "run", b"#!/bin/sh\n", 0o644)),
        case!("run empty", Waits, ["./run", "empty"], |web| plain(web, "run", b"", 0o755)),
        case!("run without #!", Waits, ["./run", "no #! line"], |web| plain(web, "run", b"sleep 9\n", 0o755)),
        case!("run with CRLF", Waits, ["./run", "CR LF"], |web| {
            plain(web, "run", b"#!/bin/sh\r\nexec sleep 9\r\n", 0o755);
        }),
        case!("run without interpreter", Waits, ["./run", "/no/such/shell"], |web| {
            plain(web, "run", b"#!/no/such/shell\n", 0o755);
        }),
        case!("run for another architecture", Waits, ["./run", "architecture"], |web| {
            let mut program = std::fs::read("/bin/true").unwrap();
            program[18] = if cfg!(target_arch = "aarch64") { 62 } else { 183 };
            plain(web, "run", &program, 0o755);
        }),
        case!("run of rubbish", Waits, ["./run"], |web| plain(web, "run", &[0, 1, 2, 3], 0o755)),
        case!("run is a directory", Waits, ["./run"], |web| dir(web, "run")),
        case!("run is a FIFO", Waits, ["./run"], |web| fifo(web, "run")),
        case!("run is a device", Waits, ["./run"], |web| link(web, "run", "/dev/null")),
        case!("run links in a circle", Waits, ["./run", "circle"], |web| link(web, "run", "run")),
        case!("run links to nothing", Waits, ["./run", "nowhere"], |web| link(web, "run", "nowhere")),
        // What the supervisor needs for itself.
        case!("supervise is a file", Refused, ["supervise"], |web| plain(web, "supervise", b"", 0o644)),
        case!("supervise links in a circle", Refused, ["supervise"], |web| link(
            web,
            "supervise",
            "supervise"
        )),
        case!("event is a file", Refused, ["event"], |web| plain(web, "event", b"", 0o644)),
        case!("control is a file", Refused, ["supervise/control"], |web| {
            dir(web, "supervise");
            plain(web, "supervise/control", b"", 0o600);
        }),
        case!("lock is a directory", Refused, ["supervise/lock"], |web| {
            dir(web, "supervise");
            dir(web, "supervise/lock");
        }),
    ]
}

fn prepare(web: &Service, case: &Case) {
    web.sleeps().finish("exit 0").script("crash", "exit 0").file("restart-delay", "1\n");
    (case.spoil)(web);
}

/// Leads a service through everything for which a setting is read: a crash, a reload, a stop.
fn play(supervisor: &Supervisor, then: Then) {
    match then {
        Runs => {
            let first = supervisor.wait_up();
            supervisor.namespace().kill(first, "SEGV");
            let second = supervisor
                .wait_record("another run", |record| record.is_up() && record.pid != Some(first))
                .pid
                .unwrap();
            supervisor.command("l");
            supervisor.wait_record("a third run", |record| {
                record.is_up() && ![Some(first), Some(second)].contains(&record.pid)
            });
            supervisor.command("d");
            supervisor.wait_record("down", |record| !record.wanted_up && record.pid.is_none());
        }
        Waits => {
            wait_until("a word about it", || !supervisor.messages().is_empty());
            // Its crash script may be running, run never.
            assert!(!supervisor.record().is_up());
            supervisor.command("d");
        }
        Refused => {
            assert!([100, 111].contains(&supervisor.wait_exit()));
            return;
        }
    }
    supervisor.command("x");
    assert_eq!(supervisor.wait_exit(), 0);
}

/// What is wrong with what was said; empty if nothing is.
fn objections(messages: &str, case: &Case) -> Vec<String> {
    let mut objections = Vec::new();
    if messages.is_empty() {
        objections.push("nothing was said".to_owned());
    }
    let lines: Vec<&str> = messages.lines().collect();
    let mut counts = BTreeMap::new();
    for line in &lines {
        *counts.entry(*line).or_insert(0) += 1;
        let head = if case.then == Refused { "supervise web: " } else { "supervise web: warning: " };
        if !line.starts_with(head) {
            objections.push(format!("does not begin as a message does: {line}"));
        }
        for word in case.said {
            if !line.contains(word) {
                objections.push(format!("does not say {word}: {line}"));
            }
        }
        if line.contains("os error") || line.contains("panicked") || line.len() > 400 {
            objections.push(format!("not for people: {line}"));
        }
        if line.chars().any(|c| c.is_control()) {
            objections.push(format!("control characters: {line:?}"));
        }
    }
    // A setting is read afresh, so it may be said again; not at every turn.
    if counts.values().any(|&count| count > 8) {
        objections.push(format!("said too often: {counts:?}"));
    }
    objections
}

#[test]
fn every_kind_of_bad_input_gets_a_clear_message_and_hangs_nothing() {
    ours_only!("its messages are its own");
    let cases = cases();
    assert!(cases.len() >= 50);
    let mut wrong = Vec::new();
    for case in &cases {
        println!("{}", case.name);
        let supervisor = Supervisor::start(|web| prepare(web, case));
        play(&supervisor, case.then);
        let messages = supervisor.messages();
        println!("  {}", messages.lines().next().unwrap_or_default());
        wrong.extend(objections(&messages, case).into_iter().map(|text| format!("{}: {text}", case.name)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn tree_of_bad_services_runs_its_good_ones_and_stops() {
    ours_only!("its messages are its own");
    let cases = cases();
    let mut tree = Tree::start(|scan| {
        for case in &cases {
            prepare(&scan.service(case.name), case);
        }
        scan.service("good").sleeps().finish("echo x >>finished");
    });
    for case in cases.iter().filter(|case| case.then == Runs) {
        tree.service(case.name).wait_up();
    }
    for case in &cases {
        if case.then == Refused {
            wait_until(case.name, || tree.messages().contains(&format!("supervise {}: ", case.name)));
        }
    }
    let good = tree.service("good");
    let pid = good.wait_up();
    assert!(tree.namespace().is_alive(pid));
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
    assert_eq!(good.lines("finished").len(), 1);
}
