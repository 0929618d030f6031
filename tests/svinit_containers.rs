//! Real containers with stages, by podman and runc: `examples/overlay`, with init as their process 1.

mod kit;

use kit::{Podman, Terminal, ours_only, wait_until};

/// Ends the test, and says why, where there can be no container.
macro_rules! needs_podman {
    () => {
        ours_only!("these are our programs");
        if let Some(reason) = Podman::obstacle() {
            println!("skipped: {reason}");
            return;
        }
    };
}

/// The lines stand in the log in this order.
#[track_caller]
fn in_order(log: &str, lines: &[&str]) {
    let mut rest = log;
    for line in lines {
        rest = rest.split_once(line).unwrap_or_else(|| panic!("no {line:?} where it should be: {log}")).1;
    }
}

#[test]
fn container_runs_stops_and_is_started_again() {
    needs_podman!();
    let podman = Podman::build("overlay");
    podman.run(&[], &[]);
    podman.says("web: started with from-init\n");
    podman.says("counter: started\n");
    assert_eq!(podman.inside(&["cat", "/proc/1/comm"]), "init\n");
    assert_eq!(podman.inside(&["with-contenv", "sh", "-c", "echo $WORD"]), "from-init\n");
    assert_eq!(podman.inside(&["printcontenv", "GREETING"]), "hello\n");
    podman.tell("stop", &["-t", "60"]);
    // The service that ends the container was killed by TERM, and says so.
    assert_eq!(podman.exit_code(), 143);
    let log = podman.logs();
    in_order(&log, &["init script: hello\n", "web: started", "finish script: hello\n"]);
    in_order(&log, &["counter: started\n", "the last line\n", "finish script: hello\n"]);

    // Its state is that of the first start.
    podman.tell("start", &[]);
    podman.says("web: started with from-init\n");
    podman.tell("restart", &["-t", "60"]);
    podman.inside(&["s6-svwait", "-u", "-t", "20000", "/run/service/web", "/run/service/counter"]);
    assert_eq!(podman.logs().matches("finish script: hello\n").count(), 2);

    // What its service says at its end is the exit code.
    podman.inside(&["s6-svc", "-k", "/run/service/web"]);
    assert_eq!(podman.wait_exit(), 137);
}

#[test]
fn command_ends_the_container_with_its_code() {
    needs_podman!();
    let podman = Podman::build("overlay");
    podman.run(&[], &["sh", "-c", "echo command $GREETING; exit 7"]);
    assert_eq!(podman.wait_exit(), 7);
    in_order(&podman.logs(), &["init script: hello\n", "command hello\n", "finish script: hello\n"]);
    podman.run(&["-e", "S6_BEHAVIOUR_IF_STAGE2_FAILS=2", "-e", "S6_STAGE2_HOOK=exit 9"], &["true"]);
    assert_eq!(podman.wait_exit(), 9);
    podman.run(&[], &["no-such-command"]);
    assert_eq!(podman.wait_exit(), 127);
}

#[test]
fn container_runs_without_privileges_and_without_a_writable_root() {
    needs_podman!();
    let podman = Podman::build("overlay");
    let tight = ["--cap-drop=ALL", "--security-opt", "no-new-privileges"];
    for options in [
        &["--user", "12345:12345"][..],
        &["--user", "12345"],
        &["--read-only"],
        &["--read-only", "--read-only-tmpfs=false"],
        &["--read-only", "--read-only-tmpfs=false", "--user", "12345"],
        &["--init"],
        &["--tmpfs", "/run:noexec,nosuid,mode=755"],
    ] {
        for tight in [&tight[..], &[]] {
            let wait = ["-e", "S6_CMD_WAIT_FOR_SERVICES=1"];
            let both = "cd ${SV_STATE_DIR:-/run}/service && s6-svwait -u -t 20000 web counter && exit 6";
            podman.run(&[options, tight, &wait].concat(), &["sh", "-c", both]);
            assert_eq!(podman.wait_exit(), 6, "{options:?} {tight:?}: {}", podman.logs());
            let log = podman.logs();
            in_order(&log, &["init script: hello\n", "finish script: hello\n"]);
            in_order(&log, &["counter: started\n", "the last line\n"]);
        }
    }
}

#[test]
fn interrupt_at_the_terminal_is_the_commands() {
    needs_podman!();
    if !Terminal::is_there() {
        println!("skipped: tmux is not installed");
        return;
    }
    let podman = Podman::build("overlay");
    let scratch = kit::Scratch::new();
    let line = podman.line("-it", "sh -c 'trap \"exit 21\" INT; echo ready; while :; do sleep 0.05; done'");
    let terminal = Terminal::start(scratch.path(), 100, 30, &line);
    terminal.wait("the command", |screen| screen.contains("ready"));
    terminal.keys("C-c");
    terminal.wait("the exit code", |screen| screen.contains("exit 21"));
    assert_eq!(podman.exit_code(), 21);
}

#[test]
fn server_and_its_worker_run_in_one_container() {
    needs_podman!();
    if !std::path::Path::new("/usr/sbin/lighttpd").exists() {
        println!("skipped: lighttpd is not installed");
        return;
    }
    let podman = Podman::build("lighttpd");
    let page = || {
        podman.inside(&["sh", "-c", "for n in $(seq 100); do wget -qO- http://127.0.0.1:8080/ && exit; sleep 0.1; done 2>/dev/null; exit 1"])
    };
    podman.run(&["--cap-drop=ALL", "--cap-add=SETUID", "--cap-add=SETGID", "--cap-add=KILL"], &[]);
    let first = page();
    assert!(first.starts_with("page ") && first.ends_with(" of the worker\n"), "{first}");
    wait_until("a new page", || page() != first);
    podman.inside(&["s6-svc", "-r", "/run/service/web"]);
    page();
    podman.tell("stop", &["-t", "60"]);
    assert_eq!(podman.exit_code(), 0, "{}", podman.logs());
    assert!(podman.logs().contains("worker: ended\n"), "{}", podman.logs());

    // With the server the container ends, whatever the worker does.
    podman.tell("start", &[]);
    page();
    podman.inside(&["sh", "-c", "kill -9 $(pidof lighttpd)"]);
    assert_eq!(podman.wait_exit(), 137, "{}", podman.logs());

    podman.run(
        &["-e", "PORT=8081"],
        &["sh", "-c", "for n in $(seq 100); do wget -qO- http://127.0.0.1:8081/ && exit 12; sleep 0.1; done"],
    );
    assert_eq!(podman.wait_exit(), 12, "{}", podman.logs());
}
