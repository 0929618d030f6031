//! Containers where others fail: other users, nothing that can be written to, scripts that cannot be executed.

mod kit;

use kit::{Image, is_root, ours_only};

/// Nobody has this number.
const USER: &str = "43210";

/// As another user, without any privilege.
const NOBODY: [&str; 7] = [
    "setpriv",
    "--reuid=43210",
    "--regid=43210",
    "--clear-groups",
    "--no-new-privs",
    "--bounding-set=-all",
    "--inh-caps=-all",
];

macro_rules! needs_root {
    () => {
        ours_only!("the stages are ours");
        if !is_root() {
            println!("skipped: it needs root");
            return;
        }
    };
}

/// Everything that a container can have, in which everybody leaves a line.
fn full(image: Image) -> Image {
    image
        .script("cont-init.d/1", "echo init $(id -u) >>$T/trace")
        .script("services.d/web/run", "echo service $(id -u) >>$T/trace; exec sleep 1000")
        .script("cont-finish.d/1", "echo finish $(id -u) >>$T/trace")
        .script(
            "cmd",
            "until grep -q service $T/trace; do sleep 0.02; done; echo command $(id -u) >>$T/trace; exit 3",
        )
}

#[track_caller]
fn runs(image: Image, user: &str) -> String {
    let mut container = full(image).start(&["/etc/cmd"]);
    assert_eq!(container.wait_exit(), 3, "{}", container.log());
    let lines = ["init", "service", "command", "finish"].map(|who| format!("{who} {user}"));
    assert_eq!(container.trace(), lines);
    container.log()
}

#[test]
fn user_whom_nobody_knows_runs_a_container_without_privileges() {
    needs_root!();
    let log = runs(Image::new().wrapped(&NOBODY).before("chmod 1777 /run"), USER);
    assert_eq!(log, "");
}

#[test]
fn user_who_may_not_write_to_run_has_his_state_elsewhere() {
    needs_root!();
    let log = runs(Image::new().wrapped(&NOBODY), USER);
    let line =
        "init: warning: unable to write to /run: Permission denied; the state is in /dev/shm/svinit-43210\n";
    assert_eq!(log, line);
}

#[test]
fn helpers_find_a_state_that_is_elsewhere() {
    needs_root!();
    let mut container = Image::new()
        .wrapped(&["setpriv", "--reuid=43211", "--regid=43211", "--clear-groups"])
        .script("services.d/web/run", "env -i PATH=$PATH T=$T with-contenv sh -c 'echo $MYENV >>$T/trace'; env -i $(command -v halt); exec sleep 1000")
        .variable("MYENV", "mine")
        .start(&["sleep", "1000"]);
    assert_eq!(container.wait_exit(), 143, "{}", container.log());
    assert_eq!(container.trace(), ["mine"]);
}

#[test]
fn user_who_may_write_nowhere_is_told_what_to_do() {
    needs_root!();
    let mut container = Image::new()
        .wrapped(&NOBODY)
        .before("mount -t tmpfs -o mode=755 tmpfs /dev/shm; mount --bind /tmp /tmp; mount -o remount,bind,ro /tmp")
        .called("svinit --stages")
        .start(&["true"]);
    assert_eq!(container.wait_exit(), 100);
    let line = "svinit: unable to write to /run: Permission denied; mount a tmpfs there that user 43210 may write to, \
                or name another place by SV_STATE_DIR\n";
    assert_eq!(container.log(), line);
}

#[test]
fn root_file_system_may_be_read_only() {
    needs_root!();
    let image = Image::new();
    let place = image.place().display().to_string();
    let image = image
        .before(&format!(
            "mount --bind {place} {place}; mount -o remount,bind,ro /; mount -o remount,bind,ro /etc"
        ))
        .before("! touch /x /etc/x 2>/dev/null")
        .file("fix-attrs.d/1", "/etc/passwd false nobody 0600 0700\n", 0o644)
        .variable("S6_BEHAVIOUR_IF_STAGE2_FAILS", "2");
    assert_eq!(runs(image, "0"), "");
}

#[test]
fn nothing_need_be_executable_in_the_state_directory() {
    needs_root!();
    let image = Image::new().before("mount -o remount,noexec /run");
    assert_eq!(runs(image, "0"), "");
}

#[test]
fn state_can_be_anywhere() {
    ours_only!("the stages are ours");
    let image = Image::new().before("mkdir /run/here").variable("SV_STATE_DIR", "/run/here/deep").script(
        "cont-init.d/0",
        "[ -d /run/here/deep/service ] && [ ! -e /run/s6 ] && [ \"$(readlink /run/here/deep/s6/services)\" = ../service ]",
    );
    assert_eq!(runs(image.variable("S6_BEHAVIOUR_IF_STAGE2_FAILS", "2"), "0"), "");
}

#[test]
fn stale_state_of_an_earlier_start_is_gone() {
    ours_only!("the stages are ours");
    let old = "mkdir -p /run/service/old/supervise /run/service/.svscan /run/s6/container_environment \
               /run/s6-linux-init-container-results\n\
               printf '#!/bin/sh\\necho old >>$T/trace\\nexec sleep 1000\\n' >/run/service/old/run\n\
               chmod +x /run/service/old/run; mkfifo /run/service/.svscan/control /run/s6/control\n\
               echo old >/run/s6/container_environment/OLD; echo 9 >/run/s6-linux-init-container-results/exitcode\n\
               ln -s /nowhere /run/s6/services";
    let image = Image::new().before(old).script("cont-init.d/0", "[ -z \"$OLD\" ]");
    assert_eq!(runs(image.variable("S6_BEHAVIOUR_IF_STAGE2_FAILS", "2"), "0"), "");
}

#[test]
fn state_of_a_container_that_runs_is_refused() {
    ours_only!("the stages are ours");
    let mut container = Image::new()
        .script("services.d/web/run", "exec sleep 1000")
        .variable("S6_CMD_WAIT_FOR_SERVICES", "1")
        .start(&["sh", "-c", "init true; echo $? >>$T/trace"]);
    assert_eq!(container.wait_exit(), 0);
    assert_eq!(container.trace(), ["100"]);
    assert!(
        container.log().contains("/run is in use by another container; SV_STATE_DIR names another place")
    );
}

#[test]
fn var_run_that_is_no_link_leads_to_the_services_too() {
    needs_root!();
    let look = "[ /var/run/s6/services/. -ef /run/service/. ]; exec halt";
    let image = Image::new()
        .before("mount -t tmpfs tmpfs /var; mkdir /var/run /var/log")
        .script("services.d/web/run", &format!("{look}; exit 1"))
        .script("services.d/web/finish", "exec s6-svscanctl -t /var/run/s6/services");
    let mut container = image.start(&["sleep", "1000"]);
    assert_eq!(container.wait_exit(), 143, "{}", container.log());
    let image = Image::new().before("mount -t tmpfs tmpfs /var");
    let mut container = image.start(&["sh", "-c", "readlink /var/run >>$T/trace"]);
    assert_eq!((container.wait_exit(), container.trace()), (0, vec!["/run".to_owned()]));
}

#[test]
fn script_that_cannot_be_executed_is_named_with_the_cure() {
    ours_only!("the stages are ours");
    for (content, mode, code, sentence) in [
        ("#!/bin/sh\n", 0o644, 126, "not executable (mode 0644); chmod +x it"),
        (
            "#!/bin/sh\r\ntrue\r\n",
            0o755,
            126,
            "its #! line ends in CR LF, as on Windows; save it with LF line ends: sed -i 's/\\r$//'",
        ),
        ("echo hello\n", 0o755, 126, "no #! line; its first line must name its interpreter: #!/bin/sh"),
        ("", 0o755, 126, "an empty file; its first line must name its interpreter: #!/bin/sh"),
        (
            "#!/command/with-nothing sh\n",
            0o755,
            126,
            "its interpreter /command/with-nothing does not exist; add that to the image, or name another one in the \
             #! line",
        ),
    ] {
        let mut container = Image::new()
            .file("cont-init.d/1", content, mode)
            .script("cont-init.d/2", "echo second >>$T/trace")
            .start(&["true"]);
        assert_eq!(container.wait_exit(), 0);
        assert_eq!(container.log(), format!("init: unable to execute /etc/cont-init.d/1: {sentence}\n"));
        assert_eq!(container.trace(), ["second"]);
        let mut container = Image::new()
            .file("cont-init.d/1", content, mode)
            .variable("S6_BEHAVIOUR_IF_STAGE2_FAILS", "2")
            .start(&["true"]);
        assert_eq!(container.wait_exit(), code, "{sentence}");
    }
}

#[test]
fn run_of_a_service_that_cannot_be_executed_is_named_too() {
    ours_only!("the stages are ours");
    let mut container =
        Image::new().file("services.d/web/run", "#!/bin/sh\n", 0o644).start(&["sh", "-c", "exec sleep 1000"]);
    kit::wait_until("a message", || container.log().contains("web: "));
    assert!(container.log().contains("not executable (mode 0644)"), "{}", container.log());
    container.signal("TERM");
    assert_eq!(container.wait_exit(), 143);
}
