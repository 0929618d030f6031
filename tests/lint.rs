//! `svctl check`: what can be found in a directory without running anything.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use kit::{Answer, Scratch, Service, our_program, run};

/// Checks `what` in `dir`.
#[track_caller]
fn check(dir: &Path, args: &[&str]) -> Answer {
    run(Command::new(our_program("svctl")).arg("check").args(args).current_dir(dir))
}

/// Checks a service `web` that `build` describes; gives the lines.
#[track_caller]
fn lines(build: impl FnOnce(&Service)) -> Vec<String> {
    let scratch = Scratch::new();
    let web = Service::at(scratch.path().join("web"));
    build(&web);
    let answer = check(scratch.path(), &["web"]);
    let has_errors = answer.out.lines().any(|line| line.contains(": error: "));
    assert_eq!(answer.code, i32::from(has_errors), "{answer:?}");
    assert_eq!(answer.err, "");
    answer.out.lines().map(str::to_owned).collect()
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn nothing_is_said_of_a_good_service() {
    let lines = lines(|web| {
        web.sleeps().finish("exit 0").file("timeout-finish", "100\n").file("down-signal", "INT\n");
        web.file("config.toml", "").log().run("exec cat");
    });
    assert!(lines.is_empty(), "{lines:?}");
}

#[test]
fn script_of_a_logger_is_read() {
    for (script, expected) in [
        ("exec svlog -b t n20 s1000000 ./main", None),
        ("exec svlog -b t n x20 ./main", Some("log/run:2: error: bad directive n: it wants a number")),
        ("exec svlog -b t n20", Some("log/run:2: error: it has no action")),
        (
            "exec s6-log 1 t",
            Some("log/run:2: warning: the directives after the last action of the logger are for nothing"),
        ),
        ("exec svlog \"$x\"", None),
        ("exec svlog as 1 gzip iso=utc.3 ./main", None),
        ("exec s6-log gzip ./main", Some("log/run:2: error: bad directive gzip: unknown directive")),
    ] {
        let lines = lines(|web| {
            web.sleeps().log().run(script);
        });
        assert_eq!(lines, expected.map(|line| format!("web/{line}")).into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn run_that_cannot_be_executed_is_explained() {
    let cases: [(&str, &str, u32); 5] = [
        ("#!/no/such/sh\n", "web/run:1: error: its interpreter /no/such/sh does not exist", 0o755),
        ("#!/bin/sh\r\n", "web/run:1: error: its #! line ends in CR LF, as on Windows", 0o755),
        ("exec cat\n", "web/run:1: error: no #! line", 0o755),
        ("", "web/run: error: an empty file", 0o755),
        ("#!/bin/sh\n", "web/run: error: not executable (mode 0644): chmod +x", 0o644),
    ];
    for (content, expected, mode) in cases {
        let lines = lines(|web| {
            web.file("run", content);
            set_mode(&web.path("run"), mode);
        });
        assert_eq!(lines, [expected]);
    }
    assert_eq!(lines(|_| {}), ["web: error: there is no run"]);
    let dangling = lines(|web| symlink("/no/where", web.path("run")).unwrap());
    assert_eq!(dangling, ["web/run: error: a link to /no/where, which does not exist"]);
}

#[test]
fn later_line_that_ends_in_cr_lf_is_named() {
    let lines = lines(|web| {
        web.executable("run", "#!/bin/sh\n\nexec cat\r\n");
    });
    assert_eq!(lines, ["web/run:3: warning: the line ends in CR LF, as on Windows"]);
}

#[test]
fn settings_are_read_as_a_supervisor_reads_them() {
    let lines = lines(|web| {
        web.sleeps()
            .file("kill-mode", "all\n")
            .file("timeout-kill", "5s\n")
            .file("down-signal", "TREM\n")
            .file("essential", "yes\n");
        web.file("restart-delay", "9 1\n").file("max-restarts", "0 1\n").file("timeout-crash", "1\n");
        web.file("notification-fd", "1\n").file("lock-fd", "1\n");
    });
    assert_eq!(
        lines,
        [
            "web/down-signal:1: error: down-signal holds \"TREM\" instead of a signal; it counts as absent",
            "web/timeout-kill:1: error: timeout-kill holds \"5s\" instead of a number of milliseconds; it counts as absent",
            "web/kill-mode:1: error: kill-mode holds \"all\" instead of process, group, tree or cgroup; it \
             counts as absent",
            "web/restart-delay:1: error: restart-delay holds \"9 1\" instead of one or two numbers of \
             milliseconds, the smaller first; it counts as absent",
            "web/max-restarts:1: error: max-restarts holds \"0 1\" instead of a count of 1 to 4096 and a \
             number of seconds; it counts as absent",
            "web/essential:1: error: essential holds \"yes\" instead of nothing, always or on-failure; it \
             counts as absent",
            "web/timeout-crash: warning: it does nothing without crash",
            "web/notification-fd:1: error: the same descriptor as lock-fd; it counts as absent",
            "web/notification-fd:1: warning: this is standard output: the first line that is printed there \
             means ready",
        ]
    );
}

#[test]
fn flag_that_the_kill_mode_makes_needless_is_found() {
    let lines = lines(|web| {
        web.sleeps().file("timeout-kill", "1").file("flag-timeout-killpg", "").file("kill-mode", "tree\n");
    });
    assert_eq!(lines, ["web/flag-timeout-killpg: warning: it does nothing with kill-mode tree"]);
}

#[test]
fn misspelled_names_are_corrected() {
    let lines = lines(|web| {
        web.sleeps().file("timeout_kill", "1").file("finsih", "").file("flag-fast", "");
    });
    assert_eq!(
        lines,
        [
            "web/finsih: warning: it means nothing; did you mean finish?",
            "web/flag-fast: warning: there is no setting of this name",
            "web/timeout_kill: warning: it means nothing; did you mean timeout-kill?",
        ]
    );
}

#[test]
fn secrets_are_found_unless_the_way_to_them_is_barred() {
    let secret = |web: &Service| {
        web.sleeps();
        std::fs::create_dir(web.path("env")).unwrap();
        web.file("env/DB_PASSWORD", "x").file("env/PORT", "80").file("env/API_TOKEN", "x");
        set_mode(&web.path("env/DB_PASSWORD"), 0o644);
        set_mode(&web.path("env/API_TOKEN"), 0o640);
    };
    let found = lines(secret);
    assert_eq!(found, ["web/env/DB_PASSWORD: warning: a secret that everybody can read (mode 0644)"]);
    let barred = lines(|web| {
        secret(web);
        set_mode(&web.path("env"), 0o750);
    });
    assert!(barred.is_empty(), "{barred:?}");
}

#[test]
fn directories_that_cannot_be_made_are_found() {
    let lines = lines(|web| {
        web.sleeps().file("event", "").file("file", "");
        symlink("file/below", web.path("supervise")).unwrap();
    });
    assert_eq!(
        lines,
        [
            "web/supervise: error: a link to web/file/below, which does not exist and cannot be made: web/file \
             is not a directory",
            "web/event: error: it must be a directory",
        ]
    );
}

#[test]
fn read_only_place_is_an_error() {
    // /proc/sys/net is a directory where nobody can make anything.
    let scratch = Scratch::new();
    let web = Service::at(scratch.path().join("web"));
    web.sleeps();
    symlink("/proc/1/no/place", web.path("supervise")).unwrap();
    let shell = "mount --bind web web && mount -o remount,bind,ro web && exec \"$@\"";
    let mut command = Command::new("unshare");
    if !kit::is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--mount", "sh", "-c", shell, "sh"]);
    let answer = run(command.arg(our_program("svctl")).args(["check", "web"]).current_dir(scratch.path()));
    assert_eq!(answer.code, 1, "{answer:?}");
    let last =
        "web: error: event cannot be made: let it be a link to a writable place: Read-only file system";
    assert_eq!(answer.out.lines().last(), Some(last), "{answer:?}");
}

#[test]
fn logger_of_a_logger_is_an_error() {
    let lines = lines(|web| {
        web.sleeps().log().run("exec cat");
        web.log().log().run("exec cat");
    });
    assert_eq!(lines, ["web/log/log: error: a logger has no logger of its own: it will not be started"]);
}

#[test]
fn every_service_of_a_scan_directory_is_looked_at() {
    let scratch = Scratch::new();
    let scan = scratch.path().join("scan");
    Service::at(scan.join("web")).sleeps();
    Service::at(scan.join("db")).file("data", "");
    Service::at(scan.join("db")).log().run("exec cat");
    Service::at(scan.join(".hidden"));
    let hooks = Service::at(scan.join(".svscan"));
    hooks.file("finish", "#!/bin/sh\n").file("SIGTREM", "").file("SIGCHLD", "");
    set_mode(&hooks.path("finish"), 0o644);
    symlink("/no/where", scan.join("gone")).unwrap();
    let answer = check(scratch.path(), &["scan"]);
    assert_eq!(answer.code, 1);
    assert_eq!(
        answer.out.lines().collect::<Vec<_>>(),
        [
            "scan/.svscan/SIGCHLD: warning: it means nothing: the scanner does not take it",
            "scan/.svscan/SIGTREM: warning: it means nothing; did you mean SIGTERM?",
            "scan/.svscan/finish: error: not executable (mode 0644): chmod +x",
            "scan/db: error: there is no run",
            "scan/gone: error: a link that points to nothing",
        ]
    );
}

#[test]
fn findings_are_json_when_that_is_wanted() {
    let scratch = Scratch::new();
    Service::at(scratch.path().join("web")).file("run", "");
    set_mode(&scratch.path().join("web/run"), 0o755);
    let answer = check(scratch.path(), &["--json", "web"]);
    assert_eq!(answer.code, 1);
    assert_eq!(
        answer.out,
        "{\"version\":1,\"errors\":1,\"warnings\":0,\"findings\":[\n\
         {\"file\":\"web/run\",\"line\":null,\"severity\":\"error\",\"text\":\"an empty file\"}\n]}\n"
    );
}

#[test]
fn examples_have_no_faults() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("examples");
    let answer =
        check(&examples, &["logged/service", "ready/service", "graceful/service", "key-process/by-finish"]);
    assert_eq!((answer.code, answer.out.as_str()), (0, ""), "{answer:?}");
}

#[test]
fn what_is_not_there_cannot_be_checked() {
    let scratch = Scratch::new();
    let answer = check(scratch.path(), &["nothing"]);
    assert_eq!(answer.code, 111);
    assert_eq!(answer.err, "svctl check: unable to look at nothing: no such directory\n");
    assert_eq!(check(scratch.path(), &[]).code, 100);
}
