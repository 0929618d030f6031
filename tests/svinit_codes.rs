//! The exit code of a container, row by row of its table, and what is done about failures.

mod kit;

use kit::{Image, Inside, ours_only};

/// Runs a container to its end.
#[track_caller]
fn run(image: Image, command: &[&str]) -> (i32, Inside) {
    let mut container = image.start(command);
    (container.wait_exit(), container)
}

/// A service that waits for its end.
const SERVICE: &str = "echo up >>$T/trace; exec sleep 1000";

/// A script that wants an exit code.
fn wants(code: &str) -> String {
    format!("echo {code} >/run/s6-linux-init-container-results/exitcode")
}

#[test]
fn failed_script_is_first_where_failures_stop() {
    ours_only!("the stages are ours");
    let image = Image::new()
        .variable("S6_BEHAVIOUR_IF_STAGE2_FAILS", "2")
        .script("cont-init.d/1", "exit 42")
        .script("cont-init.d/2", "echo second >>$T/trace")
        .script("cont-finish.d/1", &format!("echo finish >>$T/trace; {}", wants("4")));
    let (code, container) = run(image, &["sh", "-c", "exit 3"]);
    assert_eq!(code, 42);
    assert_eq!(container.trace(), ["finish"]);
    let line = "init: warning: /etc/cont-init.d/1 has failed with exit code 42; the container stops\n";
    assert_eq!(container.log(), line);
}

#[test]
fn script_that_a_signal_kills_counts_as_128_and_its_number() {
    ours_only!("the stages are ours");
    let image =
        Image::new().variable("SV_BEHAVIOUR_IF_STAGE2_FAILS", "2").script("cont-init.d/1", "kill -9 $$");
    assert_eq!(run(image, &["true"]).0, 137);
}

#[test]
fn failed_hook_counts_like_a_script() {
    ours_only!("the stages are ours");
    let hook = |policy: &str| {
        let image = Image::new()
            .variable("S6_STAGE2_HOOK", "exit 6")
            .variable("S6_BEHAVIOUR_IF_STAGE2_FAILS", policy)
            .script("cont-init.d/1", "echo init >>$T/trace");
        let (code, container) = run(image, &["sh", "-c", "exit 3"]);
        (code, container.trace(), container.log())
    };
    assert_eq!(hook("0"), (3, vec!["init".to_owned()], String::new()));
    let warning =
        |next: &str| format!("init: warning: the hook has failed with exit code 6; the container {next}\n");
    assert_eq!(hook("1"), (3, vec!["init".to_owned()], warning("goes on")));
    assert_eq!(hook("2"), (6, Vec::new(), warning("stops")));
}

#[test]
fn failures_are_passed_over_or_warned_of_where_the_variable_says_so() {
    ours_only!("the stages are ours");
    let failing = |policy: &str| {
        let image = Image::new()
            .variable("S6_BEHAVIOUR_IF_STAGE2_FAILS", policy)
            .script("cont-init.d/1", "exit 42")
            .script("cont-init.d/2", "echo second >>$T/trace");
        let (code, container) = run(image, &["sh", "-c", "exit 3"]);
        assert_eq!((code, container.trace()), (3, vec!["second".to_owned()]));
        container.log()
    };
    assert_eq!(failing("0"), "");
    let line = "init: warning: /etc/cont-init.d/1 has failed with exit code 42; the container goes on\n";
    assert_eq!(failing("1"), line);
}

#[test]
fn attributes_that_cannot_be_stop_the_container_with_1_if_failures_do() {
    ours_only!("the stages are ours");
    let image = |policy: &str| {
        Image::new()
            .variable("S6_BEHAVIOUR_IF_STAGE2_FAILS", policy)
            .file("fix-attrs.d/1", "no line\n\n# a comment\n/run true nobody\n", 0o644)
            .file("fix-attrs.d/2", "/run/x true root 0640 0750\n", 0o644)
            .before("mkdir /run/x; touch /run/x/f")
    };
    let look = ["sh", "-c", "stat -c %a /run/x /run/x/f >$T/trace; exit 3"];
    let (code, container) = run(image("1"), &look);
    assert_eq!((code, container.trace()), (3, vec!["750".to_owned(), "640".to_owned()]));
    let log = container.log();
    assert!(log.contains("/etc/fix-attrs.d/1 line 1: it wants five words"), "{log}");
    assert!(log.contains("/etc/fix-attrs.d/1 line 4: it wants five words"), "{log}");
    assert!(log.contains("fix-attrs.d: 2 lines or files have failed; the container goes on"), "{log}");
    let (code, container) = run(image("2"), &look);
    assert_eq!((code, container.trace()), (1, Vec::new()));
}

#[test]
fn services_that_are_not_ready_in_time_stop_the_container_with_1_if_failures_do() {
    ours_only!("the stages are ours");
    let late = |policy: &str| {
        let image = Image::new()
            .variable("S6_BEHAVIOUR_IF_STAGE2_FAILS", policy)
            .variable("S6_CMD_WAIT_FOR_SERVICES", "1")
            .variable("S6_CMD_WAIT_FOR_SERVICES_MAXTIME", "300")
            .script("services.d/never/run", "exec sleep 1000")
            .file("services.d/never/notification-fd", "3\n", 0o644)
            .script("services.d/web/run", "exec sleep 1000");
        let (code, container) = run(image, &["sh", "-c", "exit 3"]);
        (code, container.log())
    };
    assert_eq!(late("0"), (3, String::new()));
    let warning = |next: &str| {
        format!("init: warning: not all services are up, or ready: never; the container {next}\n")
    };
    assert_eq!(late("1"), (3, warning("goes on")));
    assert_eq!(late("2"), (1, warning("stops")));
}

#[test]
fn commands_own_code_is_before_what_others_say() {
    ours_only!("the stages are ours");
    let image = Image::new()
        .script("services.d/web/run", SERVICE)
        .script("services.d/web/finish", &wants("4"))
        .script("cont-finish.d/1", "exit 5");
    assert_eq!(run(image, &["sh", "-c", "until grep -q up $T/trace; do sleep 0.02; done; exit 3"]).0, 3);
    assert_eq!(run(Image::new(), &["sh", "-c", "kill -USR1 $$"]).0, 138);
}

#[test]
fn command_that_cannot_be_executed_is_126_or_127() {
    ours_only!("the stages are ours");
    let (code, container) = run(Image::new(), &["no-such-command"]);
    assert_eq!(
        (code, container.log()),
        (127, "init: unable to execute no-such-command: no such file\n".into())
    );
    let (code, container) = run(Image::new().file("cmd", "#!/bin/sh\n", 0o644), &["/etc/cmd"]);
    let line = "init: unable to execute /etc/cmd: not executable (mode 0644); chmod +x it\n";
    assert_eq!((code, container.log()), (126, line.into()));
}

#[test]
fn essential_services_code_is_before_the_file() {
    ours_only!("the stages are ours");
    let image = Image::new()
        .script("services.d/job/run", "exit 9")
        .file("services.d/job/essential", "", 0o644)
        .script("cont-finish.d/1", &format!("echo finish >>$T/trace; {}", wants("4")));
    let (code, container) = run(image, &["sleep", "1000"]);
    assert_eq!((code, container.trace()), (9, vec!["finish".to_owned()]));
}

#[test]
fn file_decides_when_a_service_ends_the_container() {
    ours_only!("the stages are ours");
    for stop in ["halt", "/run/s6/basedir/bin/halt", "poweroff", "reboot"] {
        let image = Image::new()
            .script("services.d/job/run", "exit 9")
            .script("services.d/job/finish", &format!("{}; exec {stop}", wants("7")));
        assert_eq!(run(image, &["sleep", "1000"]).0, 7, "{stop}");
    }
}

#[test]
fn scanner_control_of_s6_ends_the_container() {
    ours_only!("the stages are ours");
    for path in ["/run/service", "/var/run/s6/services"] {
        let finish = format!("exec s6-svscanctl -t {path}");
        let image =
            || Image::new().script("services.d/job/run", "exit 9").script("services.d/job/finish", &finish);
        assert_eq!(run(image(), &[]).0, 0, "{path}");
        let told = image().script("cont-finish.d/1", &wants("12"));
        assert_eq!(run(told, &["sleep", "1000"]).0, 12, "{path}");
    }
}

#[test]
fn file_is_before_the_code_of_a_command_that_was_told_to_end() {
    ours_only!("the stages are ours");
    let command = "trap 'exit 5' TERM; echo up >>$T/trace; while :; do sleep 0.02; done";
    let stopped = |finish: &str| {
        let mut container = Image::new().script("cont-finish.d/1", finish).start(&["sh", "-c", command]);
        container.wait_trace("up");
        container.signal("TERM");
        (container.wait_exit(), container.log())
    };
    assert_eq!(stopped("true"), (5, String::new()));
    assert_eq!(stopped(&wants("0")), (0, String::new()));
    let (code, log) = stopped(&wants("many"));
    assert_eq!(code, 5);
    assert!(log.contains("exitcode: no exit code: many\n"), "{log}");
}

#[test]
fn stop_that_was_asked_for_is_0() {
    ours_only!("the stages are ours");
    let mut container = Image::new().script("services.d/web/run", SERVICE).start(&[]);
    container.wait_trace("up");
    container.signal("TERM");
    assert_eq!(container.wait_exit(), 0);
    // A command that TERM has killed was told to end, too.
    let mut container = Image::new().start(&["sh", "-c", "echo up >>$T/trace; exec sleep 1000"]);
    container.wait_trace("up");
    container.signal("TERM");
    assert_eq!(container.wait_exit(), 143);
}
