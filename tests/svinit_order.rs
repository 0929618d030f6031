//! The stages of a container, one after the other.

mod kit;

use kit::{Image, ours_only};

/// A script that leaves a line.
fn says(line: &str) -> String {
    format!("echo '{line}' >>$T/trace")
}

/// A service that leaves a line when it starts and one when it is told to end.
fn service(name: &str) -> String {
    format!(
        "trap 'echo {name} ends >>$T/trace; exit 0' TERM; echo {name} starts >>$T/trace; while :; do sleep 0.02; done"
    )
}

#[test]
fn everything_runs_in_its_order() {
    ours_only!("the stages are ours");
    let image = Image::new()
        .variable("S6_STAGE2_HOOK", "echo hook >>$T/trace")
        .script("cont-init.d/10-b", &says("init 10-b"))
        .script("cont-init.d/05-a", &says("init 05-a"))
        .script("cont-init.d/Z", &says("init Z"))
        .script("cont-init.d/.hidden", &says("init hidden"))
        .script("services.d/web/run", &service("web"))
        .script("services.d/web/finish", &says("web finishes"))
        .script("cont-finish.d/2", &says("finish 2"))
        .script("cont-finish.d/1", "echo finish 1 >>$T/trace; exit 7")
        .script(
            "cmd",
            "echo command >>$T/trace; until grep -q 'web starts' $T/trace; do sleep 0.02; done; exit 5",
        );
    let mut container = image.start(&["/etc/cmd"]);
    assert_eq!(container.wait_exit(), 5);
    let trace = container.trace();
    let (up, down) = trace.split_at(6);
    assert_eq!(up[..4], ["hook", "init 05-a", "init 10-b", "init Z"]);
    // These two start at the same time.
    assert!(
        up[4..].contains(&"command".to_owned()) && up[4..].contains(&"web starts".to_owned()),
        "{trace:?}"
    );
    assert_eq!(down, ["web ends", "web finishes", "finish 1", "finish 2"]);
    assert_eq!(container.log(), "", "it is quiet when all goes well");
}

#[test]
fn command_finds_every_service_supervised() {
    ours_only!("the stages are ours");
    let tool = kit::our_name("s6-svok");
    let names = ["a", "b", "c", "d", "e"];
    let image = names
        .iter()
        .fold(Image::new(), |image, name| image.script(&format!("services.d/{name}/run"), "exec sleep 1000"));
    let ask =
        format!("for name in {}; do {} /run/service/$name || exit 3; done", names.join(" "), tool.display());
    let mut container = image.script("cmd", &ask).start(&["/etc/cmd"]);
    assert_eq!(container.wait_exit(), 0, "{}", container.log());
}

#[test]
fn command_gets_the_first_signal_and_its_end_is_waited_for() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .script("services.d/web/run", &service("web"))
        .script("cont-finish.d/1", &says("finish"))
        .script("cmd", "trap 'sleep 0.3; echo command ends >>$T/trace; exit 9' TERM; echo command >>$T/trace; while :; do sleep 0.02; done")
        .start(&["/etc/cmd"]);
    container.wait_trace("command");
    container.wait_trace("web starts");
    container.signal("TERM");
    assert_eq!(container.wait_exit(), 9);
    assert_eq!(container.trace()[2..], ["command ends", "web ends", "finish"]);
}

#[test]
fn logger_of_a_service_reads_to_the_end() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .script(
            "services.d/web/run",
            "trap 'echo the last line; exit 0' TERM; echo up >>$T/trace; while :; do sleep 0.02; done",
        )
        .script("services.d/web/log/run", "exec cat >>$T/logged")
        .start(&[]);
    container.wait_trace("up");
    container.signal("TERM");
    assert_eq!(container.wait_exit(), 0);
    assert_eq!(container.left("logged"), "the last line\n");
}

#[test]
fn what_init_scripts_bring_is_run() {
    ours_only!("the stages are ours");
    let new = "mkdir -p /etc/services.d/late /etc/cont-finish.d /run/service/later\n\
               printf '#!/bin/sh\\necho late >>$T/trace\\nexec sleep 1000\\n' >/etc/services.d/late/run\n\
               printf '#!/bin/sh\\necho later >>$T/trace\\nexec sleep 1000\\n' >/run/service/later/run\n\
               printf '#!/bin/sh\\necho finish >>$T/trace\\n' >/etc/cont-finish.d/new\n\
               chmod +x /etc/services.d/late/run /run/service/later/run /etc/cont-finish.d/new";
    let mut container = Image::new().script("cont-init.d/1", new).start(&[]);
    container.wait_trace("late");
    container.wait_trace("later");
    container.signal("TERM");
    assert_eq!(container.wait_exit(), 0);
    assert_eq!(container.trace().last().map(String::as_str), Some("finish"));
}

#[test]
fn finish_scripts_run_also_when_an_init_script_was_interrupted() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .script("cont-init.d/1", "echo init >>$T/trace; exec sleep 1000")
        .script("cont-init.d/2", &says("second"))
        .script("services.d/web/run", &service("web"))
        .script("cont-finish.d/1", &says("finish"))
        .start(&["true"]);
    container.wait_trace("init");
    container.signal("TERM");
    assert_eq!(container.wait_exit(), 0);
    assert_eq!(container.trace(), ["init", "finish"]);
}

#[test]
fn container_with_nothing_to_do_ends() {
    ours_only!("the stages are ours");
    let mut container = Image::new().start(&[]);
    assert_eq!(container.wait_exit(), 0);
    assert_eq!(container.log(), "");
}

#[test]
fn stages_can_be_asked_for_under_our_own_name() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .called("svinit --stages -v")
        .script("cont-init.d/1", &says("init"))
        .script("services.d/web/run", &service("web"))
        .script("cont-finish.d/1", &says("finish"))
        .start(&["--", "sh", "-c", "until grep -q 'web starts' $T/trace; do sleep 0.02; done; exit 4"]);
    assert_eq!(container.wait_exit(), 4);
    assert_eq!(container.trace(), ["init", "web starts", "web ends", "finish"]);
    let log = container.log();
    let mut rest = log.as_str();
    for step in ["fix-attrs.d: ", "/etc/cont-init.d/1: ", "services: ", "command: ", "/etc/cont-finish.d/1: "]
    {
        let line =
            rest.split_once(&format!("svinit: {step}")).unwrap_or_else(|| panic!("no {step:?}: {log}"));
        assert!(line.1.lines().next().is_some_and(|line| line.ends_with(" ms")), "{log}");
        rest = line.1;
    }
}

#[test]
fn no_more_than_three_processes_of_ours_come_before_the_command() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .script("cont-init.d/1", "true")
        .script("services.d/web/run", "exec sleep 1000")
        .script(
            "cmd",
            // Pids are given one after the other: what was started before is below this one.
            "n=0; for d in /proc/[0-9]*; do case $(tr '\\0' ' ' <$d/cmdline) in *sv*|*init*|*supervise*) \
             n=$((n + 1));; esac; done 2>/dev/null; echo $n $$ >$T/count",
        )
        .variable("S6_CMD_WAIT_FOR_SERVICES", "1")
        .start(&["/etc/cmd"]);
    assert_eq!(container.wait_exit(), 0);
    let left = container.left("count");
    let numbers: Vec<i32> = left.split_whitespace().map(|word| word.parse().unwrap()).collect();
    // init, svscan, supervise.
    assert_eq!(numbers[0], 3, "{left}");
    // Besides those, the init script, the service, the command, and mount(8) for the test, five times.
    assert!(numbers[1] <= 3 + 3 + 5, "{left}");
}
