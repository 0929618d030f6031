//! What is left at the end of a container, and how long its end may take.

mod kit;

use std::time::{Duration, Instant};

use kit::{Image, Inside, all_names, ours_only, wait_until};

/// A machine under load is slow; a pause of the grace would be longer.
const SOON: Duration = Duration::from_millis(2500);

/// A process that nobody waits for, in a session of its own; `$1`: what it does.
fn stray(name: &str, script: &str) -> String {
    format!("(setsid sh -c 'echo {name} >>$T/trace; {script}' {name} &) & wait")
}

#[track_caller]
fn end(container: &mut Inside) -> (i32, Duration) {
    let start = Instant::now();
    (container.wait_exit(), start.elapsed())
}

#[test]
fn strays_are_told_to_end_and_waited_for() {
    ours_only!("the stages are ours");
    let polite = "trap \"echo told >>$T/trace; exit 0\" TERM; while :; do sleep 0.02; done";
    let command =
        format!("{}; until grep -q one $T/trace; do sleep 0.02; done; exit 3", stray("one", polite));
    let mut container =
        Image::new().script("cont-finish.d/1", "echo finish >>$T/trace").start(&["sh", "-c", &command]);
    container.wait_trace("one");
    let (code, time) = end(&mut container);
    assert_eq!(code, 3);
    assert_eq!(container.trace(), ["one", "finish", "told"]);
    assert!(time < SOON, "{time:?}");
}

#[test]
fn strays_that_stay_are_killed_after_the_grace() {
    ours_only!("the stages are ours");
    let deaf = "trap \"\" TERM INT HUP; while :; do sleep 1; done";
    let command = format!("{}; until grep -q one $T/trace; do sleep 0.02; done; exit 3", stray("one", deaf));
    let mut container = Image::new().variable("S6_KILL_GRACETIME", "200").start(&["sh", "-c", &command]);
    container.wait_trace("one");
    let (code, time) = end(&mut container);
    assert_eq!(code, 3);
    assert!(time < SOON, "{time:?}");
}

#[test]
fn stray_that_is_stopped_is_continued_to_hear_that_it_shall_end() {
    ours_only!("the stages are ours");
    let stopped = "trap \"echo told >>$T/trace; exit 0\" TERM; kill -STOP $$; while :; do sleep 0.02; done";
    let command =
        format!("{}; until grep -q one $T/trace; do sleep 0.02; done; sleep 0.1", stray("one", stopped));
    let mut container = Image::new().start(&["sh", "-c", &command]);
    container.wait_trace("one");
    let (code, time) = end(&mut container);
    assert_eq!((code, container.trace().last().map(String::as_str)), (0, Some("told")));
    assert!(time < SOON, "{time:?}");
}

#[test]
fn service_that_does_not_end_is_killed_after_the_grace_and_before_the_finish_scripts() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .variable("S6_SERVICES_GRACETIME", "300")
        .script(
            "services.d/deaf/run",
            "trap '' TERM; echo up >>$T/trace; while :; do sleep 0.02; done; true deaf",
        )
        .script("cont-finish.d/1", "pgrep -f services.d/deaf/run\\|./run >>$T/trace; echo finish >>$T/trace")
        .start(&[]);
    container.wait_trace("up");
    container.signal("TERM");
    let (code, time) = end(&mut container);
    assert_eq!(code, 0);
    assert_eq!(container.trace(), ["up", "finish"]);
    assert!(time < SOON, "{time:?}");
}

#[test]
fn command_that_does_not_end_is_killed() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .variable("S6_SERVICES_GRACETIME", "100")
        .variable("S6_KILL_GRACETIME", "100")
        .start(&["sh", "-c", "trap '' TERM; echo up >>$T/trace; while :; do sleep 0.02; done"]);
    container.wait_trace("up");
    container.signal("TERM");
    let (code, time) = end(&mut container);
    assert_eq!(code, 137);
    assert!(time < SOON, "{time:?}");
}

#[test]
fn finish_script_that_does_not_end_is_killed_and_the_next_one_runs() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .variable("S6_KILL_FINISH_MAXTIME", "200")
        .script("cont-finish.d/1", "echo one >>$T/trace; exec sleep 1000")
        .script("cont-finish.d/2", "echo two >>$T/trace")
        .start(&["true"]);
    let (code, time) = end(&mut container);
    assert_eq!((code, container.trace()), (0, vec!["one".to_owned(), "two".to_owned()]));
    assert!(time < SOON, "{time:?}");
}

#[test]
fn finish_script_may_take_as_long_as_it_likes_if_the_variable_is_0() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .variable("S6_KILL_FINISH_MAXTIME", "0")
        .script("cont-finish.d/1", "sleep 0.3; echo one >>$T/trace")
        .start(&["true"]);
    assert_eq!((container.wait_exit(), container.trace()), (0, vec!["one".to_owned()]));
}

#[test]
fn stop_with_nothing_left_is_fast() {
    ours_only!("the stages are ours");
    let mut container =
        Image::new().script("services.d/web/run", "echo up >>$T/trace; exec sleep 1000").start(&[]);
    container.wait_trace("up");
    container.signal("TERM");
    let (code, time) = end(&mut container);
    assert_eq!(code, 0);
    assert!(time < SOON, "{time:?}");
}

#[test]
fn strays_are_adopted_and_no_stranger_is_signalled_where_it_is_not_process_1() {
    ours_only!("the stages are ours");
    let init = format!(
        "exec {}/init sh -c '{}; until grep -q one $T/trace; do sleep 0.02; done; exit 3'",
        all_names().display(),
        stray("one", "trap \"echo told >>$T/trace; exit 0\" TERM; while :; do sleep 0.02; done")
            .replace('\'', "'\\''")
    );
    // The shell stands for whoever shares the PID namespace.
    let script = "sh -c 'trap \"echo hit >>$T/trace\" TERM HUP INT CONT; while :; do sleep 0.02; done' &\n\
         sh -c \"$INIT\"; echo exit $? >>$T/trace; kill -0 $! && echo alive >>$T/trace; kill -9 $!";
    let mut container =
        Image::new().variable("INIT", &init).script("outer", script).called("/etc/outer").start(&[]);
    assert_eq!(container.wait_exit(), 0, "{}", container.log());
    assert_eq!(container.trace(), ["one", "told", "exit 3", "alive"]);
}

#[test]
fn who_is_waited_for_is_said_after_five_seconds() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .variable("S6_KILL_FINISH_MAXTIME", "0")
        .variable("S6_CMD_WAIT_FOR_SERVICES", "1")
        .variable("S6_SERVICES_GRACETIME", "60000")
        .script("cont-init.d/slow", "until [ -e $T/go1 ]; do sleep 0.02; done")
        .script("services.d/web/run", "exec sleep 1000")
        .script("services.d/db/run", "until [ -e $T/go2 ]; do sleep 0.02; done; echo >&3; trap 'until [ -e $T/go3 ]; do sleep 0.02; done; exit 0' TERM; while :; do sleep 0.02; done")
        .file("services.d/db/notification-fd", "3\n", 0o644)
        .start(&["sh", "-c", "exit 5"]);
    for (line, go) in [
        ("init: still waiting for /etc/cont-init.d/slow\n", "go1"),
        ("init: still waiting for the services to be up, or ready: db\n", "go2"),
        ("init: still waiting for the services to end: db\n", "go3"),
    ] {
        wait_until(&format!("{line:?}: {}", container.log()), || container.log().contains(line));
        std::fs::write(container.place().join(go), "").unwrap();
    }
    assert_eq!(container.wait_exit(), 5);
}
