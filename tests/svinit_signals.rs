//! Signals to a container with stages, and its terminal.

mod kit;

use kit::{Image, Terminal, all_names, ours_only, text, wait_until};

const COMMAND: &str = "for s in TERM QUIT INT USR1 USR2 PWR WINCH HUP; do trap \"echo $s >>$T/trace\" $s; done; \
                       trap 'echo RTMIN >>$T/trace; exit 11' RTMIN; echo up >>$T/trace; while :; do sleep 0.02; done";

#[test]
fn every_signal_that_asks_for_an_end_ends_the_container() {
    ours_only!("the stages are ours");
    for signal in ["TERM", "INT", "QUIT", "USR1", "USR2", "PWR"] {
        let mut container = Image::new().script("cont-finish.d/1", "echo finish >>$T/trace").start(&[
            "sh",
            "-c",
            "trap 'exit 0' TERM; echo up >>$T/trace; while :; do sleep 0.02; done",
        ]);
        container.wait_trace("up");
        container.signal(signal);
        assert_eq!(container.wait_exit(), 0, "{signal}");
        assert_eq!(container.trace(), ["up", "finish"], "{signal}");
    }
}

#[test]
fn signals_are_the_commands_where_the_variable_says_so() {
    ours_only!("the stages are ours");
    let mut container = Image::new().variable("S6_CMD_RECEIVE_SIGNALS", "1").start(&["bash", "-c", COMMAND]);
    container.wait_trace("up");
    for signal in ["TERM", "QUIT", "INT", "USR1", "USR2", "PWR", "WINCH"] {
        container.signal(signal);
        container.wait_trace(signal);
    }
    assert_eq!(container.try_exit(), None);
    let halted = container.namespace().inside(&["sh", "-c", "/run/s6/basedir/bin/halt; echo $?"]);
    assert_eq!(halted.out, "0\n", "{}", halted.err);
    // The command has a trap for TERM and goes on: it is killed at the end of the graces.
    assert_eq!(container.wait_exit(), 137);
}

#[test]
fn services_are_rescanned_at_hup() {
    ours_only!("the stages are ours");
    let mut container =
        Image::new().script("services.d/web/run", "echo up >>$T/trace; exec sleep 1000").start(&[]);
    container.wait_trace("up");
    let new = "mkdir /run/service/.x && printf '#!/bin/sh\\necho new >>$T/trace\\nexec sleep 1000\\n' \
               >/run/service/.x/run && chmod +x /run/service/.x/run && mv /run/service/.x /run/service/x";
    assert_eq!(container.namespace().inside(&["sh", "-c", new]).code, 0);
    container.signal("HUP");
    container.wait_trace("new");
    container.signal("TERM");
    assert_eq!(container.wait_exit(), 0);
}

#[test]
fn second_signal_starts_nothing_again() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .script("cont-finish.d/1", "echo finish >>$T/trace; until [ -e $T/go ]; do sleep 0.02; done")
        .start(&["sh", "-c", "echo up >>$T/trace; exec sleep 1000"]);
    container.wait_trace("up");
    container.signal("TERM");
    container.wait_trace("finish");
    container.signal("TERM");
    container.signal("INT");
    std::fs::write(container.place().join("go"), "").unwrap();
    assert_eq!(container.wait_exit(), 143);
    assert_eq!(container.trace(), ["up", "finish"]);
}

#[test]
fn what_is_typed_is_the_commands_alone() {
    ours_only!("the stages are ours");
    if !Terminal::is_there() || !kit::is_root() {
        println!("skipped: it needs tmux and root");
        return;
    }
    let scratch = kit::Scratch::new();
    let place = scratch.path();
    for (path, script) in [
        (
            "etc/services.d/web/run",
            "trap 'echo web INT >>$T/trace' INT; trap 'echo web TERM >>$T/trace; exit 0' TERM\necho web >>$T/trace\nwhile :; do sleep 0.02; done",
        ),
        ("etc/cont-finish.d/1", "read line; echo finish $line >>$T/trace"),
        (
            "etc/cmd",
            "trap 'echo ^C >>$T/trace; exit 21' INT; tty -s && read line && echo typed $line; echo $line >>$T/trace; while :; do sleep 0.02; done",
        ),
    ] {
        let path = place.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let shell = format!(
        "mount --bind {0}/etc /etc; mount -t tmpfs tmpfs /run; exec setsid -c env T={0} PATH={1}:/usr/bin:/bin init /etc/cmd",
        place.display(),
        all_names().display()
    );
    std::fs::write(place.join("start"), shell).unwrap();
    let start = format!("unshare --pid --fork --mount-proc --kill-child sh {}/start", place.display());
    let terminal = Terminal::start(place, 80, 20, &start);
    let trace = || text(place.join("trace"));
    wait_until("the service", || trace().contains("web\n"));
    terminal.keys("hello");
    terminal.keys("Enter");
    wait_until("the command to read", || trace().contains("hello\n"));
    terminal.keys("C-c");
    wait_until("the command to end", || trace().contains("^C\n"));
    // The finish script has the terminal, which was the command's.
    wait_until("the service to end", || trace().contains("web TERM\n"));
    terminal.keys("bye");
    terminal.keys("Enter");
    terminal.wait("the exit code", |screen| screen.contains("exit 21"));
    assert_eq!(trace(), "web\nhello\n^C\nweb TERM\nfinish bye\n");
}
