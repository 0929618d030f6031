//! Called `my_init`: a container of baseimage-docker's kind.

mod kit;

use kit::{Image, ours_only};

fn image() -> Image {
    Image::new().called("my_init --quiet")
}

const SERVICE: &str = "echo service >>$T/trace; exec sleep 1000";

#[test]
fn startup_files_then_services_then_the_command() {
    ours_only!("the stages are ours");
    let mut container = image()
        .script("my_init.d/20", "echo 20 >>$T/trace")
        .script("my_init.d/10", "echo 10 >>$T/trace")
        .script("rc.local", "echo rc.local >>$T/trace")
        .script("service/web/run", SERVICE)
        .script("my_init.post_shutdown.d/1", "echo after >>$T/trace")
        .start(&[
            "--",
            "sh",
            "-c",
            "until grep -q service $T/trace; do sleep 0.02; done; echo command >>$T/trace; exit 4",
        ]);
    assert_eq!(container.wait_exit(), 4, "{}", container.log());
    assert_eq!(container.trace(), ["10", "20", "rc.local", "service", "command", "after"]);
    assert_eq!(container.log(), "");
}

#[test]
fn services_are_run_where_they_are() {
    ours_only!("the stages are ours");
    let mut container = image().script("service/web/run", SERVICE).start(&[]);
    container.wait_trace("service");
    let status =
        container.namespace().inside(&["sh", "-c", &format!("{}/sv status web", kit::all_names().display())]);
    assert!(status.out.starts_with("run: web: "), "{}{}", status.out, status.err);
    container.signal("TERM");
    assert_eq!(container.wait_exit(), 0);
}

#[test]
fn startup_file_that_fails_ends_the_boot() {
    ours_only!("the stages are ours");
    let mut container = image()
        .script("my_init.d/1", "exit 6")
        .script("my_init.d/2", "echo 2 >>$T/trace")
        .start(&["sh", "-c", "echo command >>$T/trace"]);
    assert_eq!((container.wait_exit(), container.trace()), (6, Vec::new()));
    let line = "my_init: warning: /etc/my_init.d/1 has failed with exit code 6; the container stops\n";
    assert_eq!(container.log(), line);
}

#[test]
fn startup_file_that_is_not_executable_is_left_out_and_named() {
    ours_only!("the stages are ours");
    let mut container = image().file("my_init.d/1", "#!/bin/sh\nexit 6\n", 0o644).start(&["true"]);
    assert_eq!(container.wait_exit(), 0);
    let line = "my_init: warning: /etc/my_init.d/1 is not executable and is left out; chmod +x it\n";
    assert_eq!(container.log(), line);
}

#[test]
fn options_leave_things_out() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .called("my_init --quiet --skip-startup-files --skip-runit")
        .script("my_init.d/1", "echo 1 >>$T/trace")
        .script("rc.local", "echo rc.local >>$T/trace")
        .script("service/web/run", SERVICE)
        .start(&["sh", "-c", "echo command >>$T/trace; ls /etc/service/web >>$T/trace"]);
    assert_eq!(container.wait_exit(), 0);
    assert_eq!(container.trace(), ["command", "run"]);
    let mut container = Image::new().called("my_init --skip-runit").start(&[]);
    assert_eq!(container.wait_exit(), 100);
    let mut container = Image::new().called("my_init --no-such-option").start(&[]);
    assert_eq!(container.wait_exit(), 100);
}

#[test]
fn strays_are_left_alone_if_an_option_says_so() {
    ours_only!("the stages are ours");
    let stray = "(setsid sh -c 'trap \"echo told >>$T/trace; exit 0\" TERM; echo stray >>$T/trace; while :; do sleep 0.02; done' &); until grep -q stray $T/trace; do sleep 0.02; done";
    for (option, trace) in [("", vec!["stray", "told"]), ("--no-kill-all-on-exit", vec!["stray"])] {
        let mut container = Image::new().called("my_init --quiet").start(
            &[option, "--", "sh", "-c", stray]
                .into_iter()
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>(),
        );
        assert_eq!(container.wait_exit(), 0, "{}", container.log());
        assert_eq!(container.trace(), trace, "{option}");
    }
}

#[test]
fn environment_is_a_directory_and_two_files() {
    ours_only!("the stages are ours");
    let mut container = image()
        .variable("GIVEN", "it's")
        .variable("BOTH", "outer")
        .variable("HOME", "/root")
        .file("container_environment/BOTH", "inner\n", 0o644)
        .file("container_environment/IMAGE", "from the image\n", 0o644)
        .script(
            "my_init.d/1",
            "echo \"$GIVEN $BOTH $IMAGE\" >>$T/trace; echo new >/etc/container_environment/NEW",
        )
        .start(&[
            "sh",
            "-c",
            "echo \"$NEW $BOTH $HOME\" >>$T/trace; ls /etc/container_environment | grep -c HOME >>$T/trace\n\
             env -i sh -c '. /etc/container_environment.sh; echo \"$GIVEN $NEW $IMAGE\"' >>$T/trace\n\
             grep -o '\"NEW\": \"new\"' /etc/container_environment.json >>$T/trace",
        ]);
    assert_eq!(container.wait_exit(), 0, "{}", container.log());
    let expected =
        ["it's outer from the image", "new outer /root", "0", "it's new from the image", "\"NEW\": \"new\""];
    assert_eq!(container.trace(), expected);
}

#[test]
fn it_tells_its_steps_unless_it_shall_be_quiet() {
    ours_only!("the stages are ours");
    let mut container = Image::new().called("my_init").script("my_init.d/1", "true").start(&["true"]);
    assert_eq!(container.wait_exit(), 0);
    assert!(container.log().contains("my_init: /etc/my_init.d/1: "), "{}", container.log());
}

#[test]
fn services_may_take_as_long_as_the_variable_says() {
    ours_only!("the stages are ours");
    let mut container = image()
        .variable("KILL_PROCESS_TIMEOUT", "0")
        .script("service/web/run", "trap '' TERM; echo up >>$T/trace; while :; do sleep 0.02; done")
        .start(&[]);
    container.wait_trace("up");
    container.signal("TERM");
    let start = std::time::Instant::now();
    assert_eq!(container.wait_exit(), 0);
    assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
}
