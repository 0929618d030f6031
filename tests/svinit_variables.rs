//! The variables of a container with stages, as far as no other file of tests shows them.

mod kit;

use kit::{Image, is_root, ours_only, wait_until};

fn says(line: &str) -> String {
    format!("echo '{line}' >>$T/trace")
}

#[test]
fn words_go_before_the_command() {
    ours_only!("the stages are ours");
    for name in ["S6_CMD_ARG0", "SV_CMD_ARG0"] {
        let mut container = Image::new()
            .variable(name, "  sh  /etc/entry 1 ")
            .file("entry", "echo \"$# $*\" >>$T/trace; exit 7", 0o644)
            .start(&["a b", ""]);
        assert_eq!((container.wait_exit(), container.trace()), (7, vec!["3 1 a b ".to_owned()]), "{name}");
    }
    // Words alone are no command.
    let mut container = Image::new().variable("S6_CMD_ARG0", "/no/such/entry").start(&[]);
    assert_eq!(container.wait_exit(), 0);
}

#[test]
fn profile_is_instead_of_everything() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .variable("S6_RUNTIME_PROFILE", "test")
        .script("cont-init.d/1", &says("wrong"))
        .script("services.d/web/run", "echo wrong >>$T/trace; exec sleep 1000")
        .script("cont-finish.d/1", &says("wrong"))
        .file("cont-profile.d/test/fix-attrs.d/1", "/run/x false root 0640 0700\n", 0o644)
        .script("cont-profile.d/test/cont-init.d/1", "echo init $(stat -c %a /run/x) >>$T/trace")
        .script("cont-profile.d/test/services.d/web/run", "echo service >>$T/trace; exec sleep 1000")
        .script("cont-profile.d/test/cont-finish.d/1", &says("finish"))
        .before("touch /run/x")
        .start(&["sh", "-c", "until grep -q service $T/trace; do sleep 0.02; done"]);
    assert_eq!(container.wait_exit(), 0);
    assert_eq!(container.trace(), ["init 640", "service", "finish"]);
}

#[test]
fn hidden_files_are_put_in_order_only_if_the_variable_says_so() {
    ours_only!("the stages are ours");
    for (value, modes) in [("0", "600 644"), ("1", "600 600")] {
        let mut container = Image::new()
            .variable("S6_FIX_ATTRS_HIDDEN", value)
            .file("fix-attrs.d/1", "/run/d true root 0600 0700\n", 0o644)
            .before("mkdir /run/d; touch /run/d/a /run/d/.b; chmod 644 /run/d/a /run/d/.b")
            .start(&["sh", "-c", "echo $(stat -c %a /run/d/a /run/d/.b) >>$T/trace"]);
        assert_eq!((container.wait_exit(), container.trace()), (0, vec![modes.to_owned()]));
    }
}

#[test]
fn command_waits_until_services_are_up_or_ready_if_the_variable_says_so() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .variable("S6_CMD_WAIT_FOR_SERVICES", "1")
        .script("services.d/db/run", "sleep 0.3; echo ready >>$T/trace; echo >&3; exec sleep 1000")
        .file("services.d/db/notification-fd", "3\n", 0o644)
        .script("services.d/web/run", "exec sleep 1000")
        .script("services.d/off/run", "exec sleep 1000")
        .file("services.d/off/down", "", 0o644)
        .start(&["sh", "-c", &says("command")]);
    assert_eq!(container.wait_exit(), 0);
    assert_eq!(container.trace(), ["ready", "command"]);
}

#[test]
fn service_that_fails_is_not_waited_for() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .variable("S6_CMD_WAIT_FOR_SERVICES", "1")
        .variable("S6_BEHAVIOUR_IF_STAGE2_FAILS", "2")
        .script("services.d/db/run", "exit 1")
        .script("services.d/db/finish", "exit 125")
        .file("services.d/db/notification-fd", "3\n", 0o644)
        .start(&["sh", "-c", &says("command")]);
    assert_eq!(container.wait_exit(), 1);
    assert!(container.log().contains("not all services are up, or ready: db; the container stops\n"));
}

#[test]
fn command_can_run_before_the_services_are_ready() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .script(
            "services.d/db/run",
            "until grep -q command $T/trace; do sleep 0.02; done; echo up >>$T/trace; exec sleep 1000",
        )
        .file("services.d/db/notification-fd", "3\n", 0o644)
        .start(&["sh", "-c", "echo command >>$T/trace; until grep -q up $T/trace; do sleep 0.02; done"]);
    assert_eq!(container.wait_exit(), 0);
}

#[test]
fn nothing_begins_before_the_manager_has_closed_its_descriptor() {
    ours_only!("the stages are ours");
    let image =
        || Image::new().variable("S6_WAIT_FOR_CLOSING_FD", "3").script("cont-init.d/1", &says("init"));
    let fifo = |image: Image| {
        let path = image.place().join("fifo").display().to_string();
        // Whoever opens both ends does not wait; the first one is closed again.
        image.before(&format!("mkfifo {path}; exec 4<>{path} 3<{path} 5>{path} 4>&-; (exec 3<&-; until [ -e {path}-go ]; do sleep 0.02; done) & exec 5>&-"))
    };
    let mut container =
        fifo(image()).start(&["sh", "-c", "ls -l /proc/self/fd | grep -c fifo >>$T/trace; true"]);
    wait_until("the container to be there", || {
        container.commands().iter().any(|command| command.contains("/init "))
    });
    assert_eq!(container.trace(), Vec::<String>::new());
    std::fs::write(container.place().join("fifo-go"), "").unwrap();
    assert_eq!(container.wait_exit(), 0);
    assert_eq!(container.trace(), ["init", "0"]);

    // Process 1 does not get a signal that it does not wait for yet.
    let waits = |container: &kit::Inside| {
        let proc = container.namespace().root().join("proc/1");
        let (command, status) = (kit::text(proc.join("cmdline")), kit::text(proc.join("status")));
        command.starts_with(&kit::all_names().display().to_string())
            && !status.contains("SigBlk:\t0000000000000000")
    };
    let look = "ls -l /proc/self/fd | grep -c fifo >>$T/trace; true";
    let mut container = fifo(image()).start(&["sh", "-c", look]);
    wait_until("it to wait", || waits(&container));
    assert_eq!(container.trace(), Vec::<String>::new());
    std::fs::write(container.place().join("fifo-go"), "").unwrap();
    assert_eq!(container.wait_exit(), 0);
    assert_eq!(container.trace(), ["init", "0"]);

    let mut container = fifo(image()).start(&["true"]);
    wait_until("it to wait", || waits(&container));
    container.signal("TERM");
    assert_eq!((container.wait_exit(), container.trace()), (0, Vec::new()));
}

#[test]
fn verbosity_tells_steps_or_hides_warnings() {
    ours_only!("the stages are ours");
    let log = |verbosity: &str| {
        let mut container = Image::new()
            .variable("SV_VERBOSITY", verbosity)
            .variable("S6_LOGING", "1")
            .script("cont-init.d/1", "true")
            .start(&["true"]);
        assert_eq!(container.wait_exit(), 0);
        container.log()
    };
    assert_eq!(log("0"), "");
    assert_eq!(log("1"), "init: warning: no such variable: S6_LOGING; it is ignored\n");
    let told = log("2");
    assert!(told.contains("init: /etc/cont-init.d/1: ") && told.contains(" ms\n"), "{told}");
}

#[test]
fn bad_values_are_named() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .variable("S6_KILL_GRACETIME", "3s")
        .variable("S6_LOGGING", "5")
        .variable("S6_SYNC_DISKS", "yes")
        .variable("S6_CMD_USE_TERMINAL", "")
        .start(&["true"]);
    assert_eq!(container.wait_exit(), 0);
    let lines = [
        "S6_KILL_GRACETIME should be a number of milliseconds",
        "S6_LOGGING should be 0, 1 or 2",
        "S6_SYNC_DISKS should be 0 or 1",
    ];
    let expected: String =
        lines.iter().map(|line| format!("init: warning: {line}; it is ignored\n")).collect();
    assert_eq!(container.log(), expected);
}

#[test]
fn disks_are_synchronised_if_the_variable_says_so() {
    ours_only!("the stages are ours");
    if !is_root() || std::process::Command::new("strace").arg("-V").output().is_err() {
        println!("skipped: it needs strace and root");
        return;
    }
    for (value, count) in [("0", 0), ("1", 1)] {
        let image = Image::new().variable("S6_SYNC_DISKS", value);
        let trace = image.place().join("strace").display().to_string();
        let mut container =
            image.wrapped(&["strace", "-e", "trace=sync,syncfs", "-o", &trace]).start(&["true"]);
        assert_eq!(container.wait_exit(), 0, "{}", container.log());
        assert_eq!(container.left("strace").matches("sync()").count(), count, "{}", container.left("strace"));
    }
}

#[test]
fn variables_that_mean_nothing_here_are_known() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .variable("S6_READ_ONLY_ROOT", "1")
        .variable("S6_SERVICES_READYTIME", "50")
        .variable("S6_RUNTIME_BUNDLEDIR", "/etc/bundles")
        .variable("S6_YES_I_WANT_A_WORLD_WRITABLE_RUN_BECAUSE_KUBERNETES", "1")
        .start(&["sh", "-c", "exit 3"]);
    assert_eq!((container.wait_exit(), container.log()), (3, String::new()));
}
