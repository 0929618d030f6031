//! `svinit` in front of one command: who is told, who is waited for, and what is left.

#![forbid(unsafe_code)]

mod kit;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kit::{Scratch, first, our_name, our_program, ours_only, text};

const WHY: &str = "s6 has no such program";

fn svinit() -> PathBuf {
    our_program("svinit")
}

fn named(name: &str) -> PathBuf {
    if name == "svinit" { svinit() } else { our_name(name) }
}

#[test]
fn storm_of_signals_and_a_thousand_orphans_leave_no_zombie() {
    ours_only!(WHY);
    // Each child outlives its parent; while they are made, signals come in as fast as a shell can send them.
    let script = "trap 'n=1' WINCH; [ $PPID = 1 ] || exit 2\n\
                  for i in $(seq 1000); do (true &); kill -WINCH 1; kill -CONT 1; done\n\
                  [ \"$n\" ] || exit 3\n\
                  for i in $(seq 1000); do grep -l '^State:.Z' /proc/[0-9]*/status >/dev/null 2>&1 || exit 0\n\
                  sleep 0.01; done; exit 1";
    for name in ["dumb-init", "tini", "catatonit", "svinit"] {
        let answer = first(&named(name), &["--", "sh", "-c", script]);
        assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{name}");
    }
}

#[test]
fn what_the_command_leaves_behind_is_told_to_end_and_waited_for() {
    ours_only!(WHY);
    let scratch = Scratch::new();
    let note = scratch.path().join("note");
    // In a session of its own: no group reaches it.
    let script = format!(
        "setsid sh -c 'trap \"sleep 0.2; echo ended >>{0}; exit\" TERM; echo up >>{0}; while :; do sleep 0.01; done' &\n\
         while [ ! -s {0} ]; do sleep 0.01; done; exit 7",
        note.display()
    );
    let answer = first(&svinit(), &["--", "sh", "-c", &script]);
    assert_eq!((answer.code, text(&note).as_str()), (7, "up\nended\n"), "{}", answer.err);
    assert!(!answer.err.contains("svinit:"), "{}", answer.err);
    std::fs::remove_file(&note).unwrap();
    let answer = first(&svinit(), &["--no-wait", "--", "sh", "-c", &script]);
    assert_eq!((answer.code, text(&note).as_str()), (7, "up\n"), "{}", answer.err);
}

#[test]
fn what_the_command_leaves_behind_is_waited_for_untold_if_it_shall_be() {
    ours_only!(WHY);
    let scratch = Scratch::new();
    let note = scratch.path().join("note");
    // A daemon: its parent is gone long before it.
    let script = format!(
        "(setsid sh -c 'trap \"echo told >{0}; exit\" TERM; sleep 0.3; echo done >{0}' &); exit 8",
        note.display()
    );
    let answer = first(&svinit(), &["--linger", "--", "sh", "-c", &script]);
    assert_eq!((answer.code, text(&note).as_str()), (8, "done\n"), "{}", answer.err);
    // A signal reaches it, although the command is gone.
    let script = format!(
        "(setsid sh -c 'trap \"echo told >{0}; exit\" TERM; while [ -e /proc/2 ]; do sleep 0.01; done; kill -TERM 1\n\
         while :; do sleep 0.01; done' &); exit 9",
        note.display()
    );
    let answer = first(&svinit(), &["--linger", "--", "sh", "-c", &script]);
    assert_eq!((answer.code, text(&note).as_str()), (9, "told\n"), "{}", answer.err);
}

#[test]
fn what_does_not_end_is_killed_after_the_grace() {
    ours_only!(WHY);
    let script = "trap '' TERM; setsid sleep 1000 & exit 4";
    let answer = first(&svinit(), &["-v", "--grace", "200", "--", "sh", "-c", script]);
    assert_eq!(answer.code, 4, "{}", answer.err);
    assert!(answer.err.contains("time is up: what is left is killed"), "{}", answer.err);
    // The grace is an upper bound.
    let began = Instant::now();
    let answer = first(&svinit(), &["--grace", "60000", "--", "sh", "-c", "setsid sleep 1000 & exit 4"]);
    assert_eq!((answer.code, answer.err.as_str()), (4, ""));
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn without_proc_nobody_is_waited_for_in_vain() {
    ours_only!(WHY);
    let script = format!(
        "mount -t tmpfs none /proc && exec {} --grace 100 -- sh -c 'setsid sleep 1000 & exit 3'",
        svinit().display()
    );
    let answer = first(Path::new("/bin/sh"), &["-c", &script]);
    assert_eq!(answer.code, 3, "{}", answer.err);
    assert!(answer.err.contains("could be killed"), "{}", answer.err);
}

#[test]
fn command_that_does_not_end_when_it_is_told_to_is_killed_in_time() {
    ours_only!(WHY);
    let script = "trap '' TERM; kill -TERM 1; while :; do sleep 0.05; done";
    let answer = first(&svinit(), &["--stop-timeout", "200", "--", "sh", "-c", script]);
    assert_eq!(answer.code, 137, "{}", answer.err);
    // Nobody counts the time before it is told.
    let answer = first(&svinit(), &["--stop-timeout", "1", "--", "sh", "-c", "sleep 0.3; exit 5"]);
    assert_eq!(answer.code, 5, "{}", answer.err);
}

#[test]
fn exit_codes_can_be_forgiven() {
    ours_only!(WHY);
    let script = ["--", "sh", "-c", "kill -TERM $$"];
    assert_eq!(first(&svinit(), &script).code, 143);
    // Options end at the command.
    assert_eq!(first(&svinit(), &["-e", "4", "sh", "-c", "exit 3", "-e", "3"]).code, 3);
    assert_eq!(first(&svinit(), &[&["-e", "143"], &script[..]].concat()).code, 0);
    assert_eq!(first(&svinit(), &[&["--forgive=3", "--forgive=143"], &script[..]].concat()).code, 0);
}

#[test]
fn signals_are_rewritten_and_dropped_by_name_and_number() {
    ours_only!(WHY);
    let script = "trap 'echo USR1; exit' USR1; trap 'echo TERM' TERM; kill -INT 1; kill -TERM 1; kill -HUP 1\n\
                  while :; do sleep 0.01; done";
    let options = ["-r", "TERM:0", "--rewrite", "SIGHUP:10", "-r", "INT:0", "--", "sh", "-c", script];
    assert_eq!(first(&svinit(), &options).out, "USR1\n");
}

#[test]
fn failures_are_explained() {
    ours_only!(WHY);
    let answer = first(&svinit(), &["--", "/nonexistent/x"]);
    assert_eq!(
        (answer.code, answer.err.as_str()),
        (127, "svinit: unable to execute /nonexistent/x: no such file\n")
    );
    let scratch = Scratch::new();
    let script = scratch.path().join("script");
    std::fs::write(&script, "#!/bin/sh\n").unwrap();
    let answer = first(&svinit(), &[script.to_str().unwrap()]);
    assert_eq!(answer.code, 126);
    assert!(answer.err.contains("not executable (mode 0644)"), "{}", answer.err);
    let wrong =
        [&[][..], &["--"], &["-r", "x", "true"], &["-r", "TERM:NOTHING", "true"], &["-p", "x", "true"]];
    for args in wrong {
        assert_eq!(first(&svinit(), args).code, 100, "{args:?}");
    }
}

#[test]
fn it_works_as_any_process_and_signals_nobody_else() {
    ours_only!(WHY);
    // Not process 1: its parent and its sibling live on, and nothing of its own does.
    let script = format!(
        "trap 'echo signalled' TERM; sleep 60 & sibling=$!\n\
         {} --grace 100 -- sh -c 'trap \"\" TERM; setsid sleep 1000 & exit 5'\ncode=$?\n\
         kill -0 $sibling && echo alive; grep -l 1000 /proc/[0-9]*/cmdline 2>/dev/null\n\
         kill $sibling; exit $code",
        svinit().display()
    );
    let answer = first(Path::new("/bin/sh"), &["-c", &script]);
    // The shell's own command line holds the number, too.
    assert_eq!((answer.code, answer.out.as_str()), (5, "alive\n/proc/1/cmdline\n"), "{}", answer.err);
}

#[test]
fn parent_that_dies_takes_it_along_if_it_shall() {
    ours_only!(WHY);
    let scratch = Scratch::new();
    let note = scratch.path().join("note");
    let script = format!(
        "sh -c '{} -p TERM -- sh -c \"trap \\\"echo told >{1}; exit\\\" TERM; echo up >{1}; while :; do sleep 0.01; done\" &\n\
         while [ ! -s {1} ]; do sleep 0.01; done; kill -9 $$'\n\
         for i in $(seq 1000); do grep -q told {1} && exit 0; sleep 0.01; done; exit 1",
        svinit().display(),
        note.display()
    );
    let answer = first(Path::new("/bin/sh"), &["-c", &script]);
    assert_eq!(answer.code, 0, "{} {}", answer.err, text(&note));
}

#[test]
fn it_holds_no_directory() {
    ours_only!(WHY);
    for name in ["dumb-init", "tini", "catatonit", "svinit"] {
        let script =
            format!("cd /tmp && exec {} -- sh -c 'pwd; readlink /proc/1/cwd'", named(name).display());
        // It leaves when the command has been started.
        let script = script
            .replace("readlink", "while [ $(readlink /proc/1/cwd) != / ]; do sleep 0.01; done; readlink");
        assert_eq!(first(Path::new("/bin/sh"), &["-c", &script]).out, "/tmp\n/\n", "{name}");
    }
}
