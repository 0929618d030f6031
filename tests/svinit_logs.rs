//! The catch-all logger of a container with stages.

mod kit;

use kit::{Image, Inside, is_root, ours_only, wait_until};

/// Everybody who can write something, on both ways.
fn talking(image: Image) -> Image {
    let say = |who: &str| format!("echo {who} out; echo {who} error >&2");
    image
        .script("cont-init.d/1", &say("init"))
        .script("services.d/web/run", &format!("{}; exec sleep 1000", say("service")))
        .script("cont-finish.d/1", &say("finish"))
        .script(
            "cmd",
            "until grep -q 'service error' $LOGS/current; do sleep 0.02; done; echo command out; echo command error >&2",
        )
        .variable("S6_LOGGING_SCRIPT", "n3 s100000")
}

/// Where the logs are, kept beyond the end of the namespace.
fn kept(image: Image) -> Image {
    let logs = image.place().join("logs").display().to_string();
    image
        .before(&format!("mkdir -m 1777 {logs}; mkdir /var/log/s6-uncaught-logs; mount --bind {logs} /var/log/s6-uncaught-logs"))
        .variable("LOGS", "/var/log/s6-uncaught-logs")
}

#[track_caller]
fn run(image: Image) -> (String, String) {
    let mut container = image.start(&["/etc/cmd"]);
    assert_eq!(container.wait_exit(), 0, "{}", container.log());
    (container.log(), logged(&container))
}

fn logged(container: &Inside) -> String {
    container.left("logs/current")
}

const ALL: [&str; 6] =
    ["init out", "init error", "service out", "service error", "finish out", "finish error"];

#[test]
fn everything_is_logged_but_the_command() {
    ours_only!("the stages are ours");
    let (log, logged) = run(talking(kept(Image::new().variable("S6_LOGGING", "1"))));
    assert_eq!(log, "command out\ncommand error\n");
    for line in ALL {
        assert!(logged.contains(line), "{line}: {logged}");
    }
    assert!(!logged.contains("command"), "{logged}");
}

#[test]
fn command_is_logged_too_if_the_variable_says_so() {
    ours_only!("the stages are ours");
    let (log, logged) = run(talking(kept(Image::new().variable("S6_LOGGING", "2"))));
    assert_eq!(log, "");
    for line in ALL.iter().chain(&["command out", "command error"]) {
        assert!(logged.contains(line), "{line}: {logged}");
    }
}

#[test]
fn command_writes_to_the_terminal_if_the_variable_says_so() {
    ours_only!("the stages are ours");
    let image = Image::new().variable("S6_LOGGING", "2").variable("S6_CMD_USE_TERMINAL", "1");
    let (log, logged) = run(talking(kept(image)));
    assert_eq!(log, "command out\ncommand error\n");
    assert!(logged.contains("finish error") && !logged.contains("command"), "{logged}");
}

#[test]
fn script_of_the_logger_is_followed() {
    ours_only!("the stages are ours");
    let image = kept(Image::new().variable("S6_LOGGING", "1"))
        .variable("S6_LOGGING_SCRIPT", "-.*drop.* T")
        .script("cont-init.d/1", "echo keep; echo drop");
    let mut container = image.start(&["true"]);
    assert_eq!(container.wait_exit(), 0, "{}", container.log());
    let logged = logged(&container);
    let lines: Vec<&str> = logged.lines().collect();
    assert!(lines.len() == 1 && lines[0].ends_with("  keep") && lines[0].starts_with("20"), "{logged}");
}

#[test]
fn last_words_of_strays_are_logged() {
    ours_only!("the stages are ours");
    let stray = "(setsid sh -c 'trap \"echo last words; exit 0\" TERM; echo up >>$T/trace; while :; do sleep 0.02; done' &); until grep -q up $T/trace; do sleep 0.02; done";
    let mut container = kept(Image::new().variable("S6_LOGGING", "2")).start(&["sh", "-c", stray]);
    assert_eq!(container.wait_exit(), 0, "{}", container.log());
    assert!(logged(&container).contains("last words\n"), "{}", logged(&container));
}

#[test]
fn logger_that_dies_is_started_again_and_no_line_is_lost() {
    ours_only!("the stages are ours");
    let mut container = kept(Image::new().variable("S6_LOGGING", "1"))
        .script(
            "services.d/web/run",
            "echo first; until [ -e $T/go ]; do sleep 0.02; done; echo second; exec sleep 1000",
        )
        .start(&[]);
    wait_until("the first line", || logged(&container).contains("first\n"));
    let killed = container.namespace().inside(&["sh", "-c", "kill -9 $(pgrep -f 'svlog -[b]')"]);
    assert_eq!(killed.code, 0, "{}", killed.err);
    std::fs::write(container.place().join("go"), "").unwrap();
    wait_until("the second line", || logged(&container).contains("second\n"));
    container.signal("TERM");
    assert_eq!(container.wait_exit(), 0);
}

#[test]
fn logger_can_have_a_user_of_its_own() {
    ours_only!("the stages are ours");
    if !is_root() {
        println!("skipped: it needs root");
        return;
    }
    let image = Image::new().variable("S6_LOGGING", "1").variable("S6_CATCHALL_USER", "nobody");
    let look = "stat -c %U /var/log/s6-uncaught-logs >>$T/trace; until stat -c %U /var/log/s6-uncaught-logs/current >>$T/trace; do sleep 0.02; done 2>/dev/null";
    let mut container = image.start(&["sh", "-c", look]);
    assert_eq!(container.wait_exit(), 0, "{}", container.log());
    assert_eq!(container.trace(), ["nobody", "nobody"]);
    // Nobody of that name: the logs are nowhere, and everything else goes on.
    let image = Image::new().variable("S6_LOGGING", "1").variable("S6_CATCHALL_USER", "no-such-user");
    let mut container = image.start(&["sh", "-c", "exit 4"]);
    assert_eq!(container.wait_exit(), 4);
    assert!(container.log().contains("no such user: no-such-user"), "{}", container.log());
}

#[test]
fn logs_are_in_the_state_directory_where_there_is_no_other_place() {
    ours_only!("the stages are ours");
    let image = Image::new().variable("S6_LOGGING", "1").before("mount -o remount,ro /var/log").start(&[
        "sh",
        "-c",
        "until [ -e /run/uncaught-logs/current ]; do sleep 0.02; done",
    ]);
    let mut container = image;
    assert_eq!(container.wait_exit(), 0);
    let line = "unable to use /var/log/s6-uncaught-logs: Read-only file system; the logs are in /run/uncaught-logs\n";
    assert!(container.log().contains(line), "{}", container.log());
}

#[test]
fn service_has_a_logger_by_the_helper() {
    ours_only!("the stages are ours");
    if !is_root() {
        println!("skipped: it needs root");
        return;
    }
    let mut container = Image::new()
        .variable("S6_LOGGING_SCRIPT", "n3")
        .script("cont-init.d/1", "mkdir -p /var/log/web; chown nobody /var/log/web")
        .script("services.d/web/run", "echo hello; exec sleep 1000")
        .script("services.d/web/log/run", "exec logutil-service /var/log/web")
        .start(&["sh", "-c", "until grep -q hello /var/log/web/current; do sleep 0.02; done 2>/dev/null; stat -c %U /var/log/web/current >>$T/trace"]);
    assert_eq!(container.wait_exit(), 0, "{}", container.log());
    assert_eq!(container.trace(), ["nobody"]);
}
