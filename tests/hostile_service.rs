//! What a service can do to those above it when it runs as another user: nothing; and what it can when it does not.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use kit::{Service, Supervisor, Tree, is_root, ours_only, text, wait_until};
use unix::Signal;

const WHY: &str = "it is about our supervisor";

/// The end of a test that only root can make.
macro_rules! root_only {
    () => {
        ours_only!(WHY);
        if !is_root() {
            println!("skipped: only root can become another user");
            return;
        }
    };
}

/// The service's user.
const WEB: u32 = 3001;
const AS_WEB: &str = "setpriv --reuid=3001 --regid=3001 --clear-groups";

/// A program of perl's, as the service's user, that leaves a line for whatever it could do in `/…/could` and then
/// `tried` beside it.
fn hostile(service: &Service, attack: &str) {
    let out = service.path("out");
    std::fs::create_dir(&out).unwrap();
    chown(&out, Some(WEB), Some(WEB)).unwrap();
    let out = out.display();
    service.file(
        "attack",
        format!(
            "my $boss = getppid;\n\
             sub could {{ open my $f, '>>', '{out}/could'; print $f \"@_\\n\" }}\n\
             sub try {{ my ($what, $done) = @_; could($what) if $done }}\n\
             try('live', 1);\n\
             {attack}\n\
             open my $f, '>', '{out}/tried';\n\
             sleep 1000 while 1;\n"
        ),
    );
    service.run(&format!("exec {AS_WEB} perl ./attack"));
}

/// What it could do, when it has tried.
#[track_caller]
fn could(service: &Service) -> String {
    wait_until("an attack", || service.path("out/tried").exists());
    text(service.path("out/could"))
}

/// What perl has no word for, by the numbers of x86-64 and of all others.
fn number(x86: u32, other: u32) -> u32 {
    if cfg!(target_arch = "x86_64") { x86 } else { other }
}

#[test]
fn service_of_another_user_does_nothing_to_its_supervisor_and_to_the_scanner() {
    root_only!();
    let (ptrace, prlimit, vm) = (number(101, 117), number(302, 261), number(310, 270));
    let attack = format!(
        r#"
        for my $pid ($boss, 1) {{
            try("signal $_ to $pid", kill $_, $pid) for qw(ZERO TERM KILL STOP HUP QUIT INT CHLD), 64;
            try("signal the group of $pid", kill 'KILL', -$pid) if $pid != 1;
            try("attach to $pid", syscall({ptrace}, 16, $pid, 0, 0) == 0);
            try("seize $pid", syscall({ptrace}, 0x4206, $pid, 0, 0) == 0);
            my $room = "\0" x 16;
            try("limit $pid", syscall({prlimit}, $pid, 7, $room, 0) == 0);
            my ($local, $remote) = (pack('PQ', $room, 16), pack('QQ', 0x400000, 16));
            try("read the memory of $pid", syscall({vm}, $pid, $local, 1, $remote, 1, 0) > 0);
            my $handle = syscall(434, $pid, 0);
            try("take a descriptor of $pid", $handle >= 0 && syscall(438, $handle, 3, 0) >= 0);
            for my $name (qw(mem environ maps fd/3 auxv stack oom_score_adj)) {{
                try("read $name of $pid", $name ne 'oom_score_adj' && open(my $f, '<', "/proc/$pid/$name") && sysread($f, $room, 1));
                try("write $name of $pid", open(my $f, '>', "/proc/$pid/$name"));
            }}
            try("list the descriptors of $pid", opendir(my $d, "/proc/$pid/fd"));
            try("go where $pid is", readlink "/proc/$pid/cwd");
            try("make $pid slow", setpriority(0, $pid, 19));
        }}
        try("group $boss", setpgrp($boss, $boss));
        try("write to $_", open(my $f, '>', $_)) for qw(supervise/control supervise/status supervise/lock ../.svscan/control
            ../.svscan/lock ../other/supervise/control ../other/supervise/service-lock event/ftrig1 down run);
        try("list $_", opendir(my $d, $_)) for qw(supervise event ../.svscan ../other/supervise);
        try("move $_", rename($_, "$_.moved")) for qw(supervise event run ../other);
        # The pipes are root's: what others say cannot be read from them, by no other way in.
        try("read the pipe at $_", open(my $f, '<', "/proc/self/fd/$_")) for 1, 2;
        try("open a terminal", open(my $f, '+<', '/dev/tty'));
        "#
    );
    let tree = Tree::start(|scan| {
        let evil = scan.service("evil");
        hostile(&evil, &attack);
        evil.file("lock-fd", "5\n").log().run("exec cat >>../../log");
        scan.service("other").sleeps().file("lock-fd", "5\n");
        scan.service("svscan-log").run("exec cat >>../all");
    });
    let other = tree.service("other").wait_up();
    let evil = tree.service("evil");
    let pid = evil.wait_up();
    // To be told that a process is there, and its limits, is not to do something to it.
    assert_eq!(could(&evil), "live\n");
    assert_eq!((evil.wait_up(), tree.service("other").wait_up()), (pid, other));
    evil.command("d");
    evil.wait_down();
}

#[test]
fn service_of_the_same_user_may_signal_its_supervisor_which_is_started_again() {
    ours_only!(WHY);
    let tree = Tree::start(|scan| {
        let web = scan.service("web");
        web.run("test -e killed || { echo >killed; kill -9 $PPID; }; exec sleep 1000");
        web.file("lock-fd", "5\n");
    });
    let web = tree.service("web");
    wait_until("a signal", || web.path("killed").exists());
    wait_until("another supervisor", || web.is_supervised());
}

#[test]
fn service_without_cap_sys_admin_types_nothing_at_the_terminal_of_its_supervisor() {
    root_only!();
    let attack = r#"
        my $c = 'x';
        try('is at a terminal', 0) unless -t STDIN or could('has no terminal');
        try('type', ioctl(STDIN, 0x5412, $c));
        try('take the terminal', ioctl(STDIN, 0x540e, 0));
        try('take the foreground', ioctl(STDIN, 0x5410, pack 'i', $$));
        try('open the terminal', open(my $f, '+<', '/dev/tty'));
    "#;
    let supervisor =
        Supervisor::start_by("exec script -qec \"exec $*\" /dev/null", |web| hostile(web, attack));
    assert_eq!(could(&supervisor), "live\n");
}

#[test]
fn pipe_that_a_service_has_filled_keeps_nobody_above_it_waiting() {
    root_only!();
    // It fills the pipes, and makes them not block for all who share them, or block.
    for mode in ["O_NONBLOCK", "0"] {
        let attack = format!(
            "use Fcntl;\n\
             for my $out (*STDOUT, *STDERR) {{\n\
             \tfcntl($out, F_SETFL, O_WRONLY | O_NONBLOCK);\n\
             \twhile (defined syswrite($out, 'x' x 4096)) {{}}\n\
             \twhile (defined syswrite($out, 'x')) {{}}\n\
             \tfcntl($out, F_SETFL, O_WRONLY | {mode});\n\
             }}"
        );
        let supervisor = Supervisor::start_by("mkfifo full; exec 7<>full; exec \"$@\" >full 2>&1", |web| {
            std::fs::set_permissions(web.dir(), PermissionsExt::from_mode(0o755)).unwrap();
            hostile(web, &attack);
            // There is something to say at each death.
            web.file("max-death-tally", "lots\n").file("restart-delay", "10\n").file("down-signal", "lots\n");
        });
        could(&supervisor);
        let pid = supervisor.wait_up();
        supervisor.command("k");
        supervisor.wait_record("another life", |r| r.is_up() && r.pid != Some(pid));
        supervisor.command("d");
        supervisor.wait_down();
        supervisor.signal(Signal::TERM);
        assert_eq!(supervisor.wait_exit(), 0, "{mode}");
    }
}

#[test]
fn rubbish_where_readiness_is_awaited_makes_nobody_ready_and_nobody_wait() {
    root_only!();
    let attack = "open my $n, '>&=', 7; syswrite($n, 'x' x 4096) for 1..2000;";
    let supervisor = Supervisor::start(|web| {
        hostile(web, attack);
        web.file("notification-fd", "7\n");
    });
    could(&supervisor);
    let record = supervisor.record();
    assert!(record.is_up() && !record.ready, "{record:?}");
    supervisor.command("d");
    supervisor.wait_down();
}

#[test]
fn service_that_forks_for_ever_is_stopped_with_its_group() {
    root_only!();
    // As many as its user may have; SIGTERM ends none. Perl's own fork waits for some seconds when there is no more.
    let fork = format!("syscall({}, 17, 0, 0, 0, 0)", number(56, 220));
    let attack = format!("$SIG{{TERM}} = $SIG{{HUP}} = 'IGNORE'; for (1..300) {{ last if {fork} < 0; }}");
    let supervisor = Supervisor::start(|web| {
        hostile(web, &attack);
        web.run(&format!("ulimit -u 60; exec {AS_WEB} perl ./attack"));
        web.file("timeout-kill", "100\n").file("flag-timeout-killpg", "");
    });
    could(&supervisor);
    let count = || {
        let all = supervisor.namespace().processes();
        let lives = |pid| supervisor.namespace().is_alive(pid);
        all.iter().filter(|(pid, command)| command.contains("attack") && lives(*pid)).count()
    };
    wait_until("many of them", || count() > 30);
    supervisor.command("d");
    supervisor.wait_down();
    wait_until("none of them", || count() == 0);
}

#[test]
fn lock_of_a_service_keeps_only_itself_from_starting() {
    root_only!();
    let attack = "open my $l, '>&=', 5; syswrite($l, 'x' x 100);\n\
                  unless (fork) { setpgrp; my $z = pack('ssx4qqix4', 1, 0, 0, 0, 0);\n\
                  use Fcntl; select(undef, undef, undef, 0.002) until fcntl($l, F_SETLK, $z); open my $f, '>', 'out/held'; sleep 1000 while 1; }";
    let tree = Tree::start(|scan| {
        let evil = scan.service("evil");
        hostile(&evil, attack);
        // Time enough for the child to be first.
        evil.file("lock-fd", "5\n").file("restart-delay", "3000\n");
        scan.service("other").sleeps().file("lock-fd", "5\n").file("restart-delay", "10\n");
    });
    let (evil, other) = (tree.service("evil"), tree.service("other"));
    could(&evil);
    evil.command("k");
    wait_until("the lock of a child", || evil.path("out/held").exists());
    wait_until("a word about it", || tree.messages().contains("an earlier instance still holds"));
    let pid = other.wait_up();
    other.command("k");
    other.wait_record("another life", |r| r.is_up() && r.pid != Some(pid));
    evil.command("d");
    evil.wait_down();
}

#[test]
fn setuid_program_still_works_below_a_supervisor() {
    root_only!();
    let supervisor = Supervisor::start(|web| {
        let id = web.path("id");
        std::fs::copy("/usr/bin/id", &id).unwrap();
        std::fs::set_permissions(&id, PermissionsExt::from_mode(0o4755)).unwrap();
        std::fs::set_permissions(web.dir(), PermissionsExt::from_mode(0o755)).unwrap();
        let run = format!("exec {AS_WEB} sh -c './id -u; exec sleep 1000' >out");
        assert!(Path::new(&id).exists());
        web.run(&run);
    });
    assert_eq!(supervisor.wait_lines("out", 1), ["0"], "it becomes its owner");
}
