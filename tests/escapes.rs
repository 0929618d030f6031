//! Names, settings and lines that somebody else has written do not command the terminal of whoever looks at them, nor
//! make two lines of a message: no control character comes through.

#![forbid(unsafe_code)]

mod kit;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use kit::{Service, Tree, our_name, our_program, our_programs, ours_only, text, wait_until};

const WHY: &str = "it is about what our programs show";

/// Sets the title, rings, clears the screen (by one character of C1, too), and makes a line of its own.
const EVIL: &str = "e\x1b]0;owned\x07v\u{9b}2J\nsvscan: il\x7f";

/// What stands for a line of a message, or of an answer, to be looked at.
#[track_caller]
fn is_harmless(bytes: &[u8], what: &str) {
    let is_c1 = |c: char| ('\u{80}'..'\u{a0}').contains(&c);
    for chunk in bytes.utf8_chunks() {
        let bad = chunk.valid().chars().find(|&c| is_c1(c) || (c.is_ascii_control() && !"\t\n".contains(c)));
        let raw = chunk.invalid().iter().find(|byte| (0x80..0xa0).contains(*byte));
        assert!(bad.is_none() && raw.is_none(), "{what}: {}", bytes.escape_ascii());
    }
}

/// A service with an evil name, evil settings, evil programs, and a logger that has an evil log.
fn evil(dir: &Path) -> Service {
    let service = Service::at(dir.join(OsStr::from_bytes(EVIL.as_bytes())));
    service.executable("run", format!("#!/nowhere{}\n", EVIL.replace('\n', " ")));
    service.file("notification-fd", EVIL).file("restart-delay", "100\n").file("down-signal", EVIL);
    symlink(EVIL, service.path("finish")).unwrap();
    let log = b"@4000000000000000000000002 \x1b[2Jone \x9b2Jtwo \xc2\x9b2Jthree \xe2\x98\x83\n";
    service.log().run("exec svlog t ./main");
    std::fs::create_dir(service.path("log/main")).unwrap();
    std::fs::write(service.path("log/main/current"), log).unwrap();
    service
}

#[test]
fn messages_stay_lines_whatever_names_and_settings_are() {
    ours_only!(WHY);
    let tree = Tree::start(|scan| {
        evil(scan.dir());
        scan.service("no\x1b[2J").run("exit 1");
        scan.service("no\x1b[2J").file("down", "").script("check", "").file("max-death-tally", EVIL);
    });
    let service = tree.service(EVIL);
    wait_until("a word about run", || tree.messages().contains("unable to spawn ./run"));
    service.command("uku");
    let bad = tree.service("no\x1b[2J");
    bad.wait_supervised().command("u");
    wait_until("a word about the tally", || tree.messages().contains("max-death-tally"));
    tree.command("a?\x1b");
    wait_until("a word about the command", || tree.messages().contains("there is no command \\x1b"));
    let messages = std::fs::read(tree.scratch().join("messages")).unwrap();
    is_harmless(&messages, "messages");
    for line in tree.messages().lines() {
        assert!(line.starts_with("svscan: ") || line.starts_with("supervise "), "{line:?}");
        assert!(!line.starts_with("svscan: il"), "{line:?}");
    }
}

/// Runs a program with a terminal, which makes CR NL of a newline.
fn at_terminal(program: &Path, args: &[&str], dir: &Path) -> Vec<u8> {
    // script(1) takes no arguments for its shell, which is a C locale's: a newline in quotes is one.
    let words: Vec<_> = args.iter().map(|arg| format!("'{}'", arg.replace('\'', "'\\''"))).collect();
    let command = format!("stty -opost; exec '{}' {}", program.display(), words.join(" "));
    let mut script = Command::new("timeout");
    script.args(["20", "script", "-qec", &command, "/dev/null"]);
    script.current_dir(dir).env("NO_COLOR", "1").env("TERM", "xterm").env_remove("SVDIR");
    let output = script.stdin(Stdio::null()).output().unwrap();
    [output.stdout, output.stderr].concat()
}

#[test]
fn tools_show_no_control_character_on_a_terminal() {
    ours_only!(WHY);
    let tree = Tree::start(|scan| {
        scan.before(&format!("export PATH='{}':\"$PATH\"", our_programs().display()));
        evil(scan.dir());
        scan.service("good")
            .executable("run", "#!/usr/bin/perl\n$0 = \"x\\e[2J\\nlie\"; sleep 1000 while 1;\n");
    });
    tree.service(EVIL).wait_supervised();
    tree.service("good").wait_up();
    std::fs::create_dir_all(tree.service("good").path("instance").join(EVIL)).unwrap();
    wait_until("a word about run", || tree.messages().contains("unable to spawn ./run"));
    let scan = tree.dir().to_str().unwrap();
    let mut shown = 0;
    for args in [
        &["status", "-C", scan][..],
        &["status", "-C", scan, EVIL],
        &["status", "--json", "-C", scan],
        &["why", "-C", scan, EVIL],
        &["why", "-C", scan, "good"],
        &["tree", "-C", scan],
        &["logs", "-C", scan, EVIL],
        &["logs", "-C", scan],
        &["events", "--past", "-C", scan],
        &["check", "-C", scan],
        &["check", EVIL],
        &["up", "-C", scan, EVIL],
        &["up", "--wait", "--timeout", "100", "-C", scan, EVIL],
        &["down", "-C", scan, "no-such\x1b[2J"],
        &["restart", "-C", scan, EVIL],
        &["-o", EVIL],
        &["-u", "no-such\x1b[2J"],
        &["\x1b[2J"],
        &["-\x1b"],
        &["status", "-\x1b[2J"],
    ] {
        let out = at_terminal(&our_program("svctl"), args, tree.dir());
        is_harmless(&out, &format!("{args:?}"));
        shown += usize::from(out.windows(5).any(|part| part == b"owned"));
    }
    assert!(shown >= 8, "{shown}: the name was not shown");
    for (name, args) in [
        ("s6-svstat", &[EVIL][..]),
        ("s6-svstat", &["no\x1b[2J"]),
        ("s6-svdt", &["no\x1b[2J"]),
        ("s6-svperms", &["-v", EVIL]),
        ("s6-svperms", &["no\x1b[2J"]),
        ("s6-svlink", &[scan, "no\x1b[2J"]),
        ("s6-svlink", &["no\x1b[2J", EVIL]),
        ("s6-svunlink", &[scan, "no\x1b[2J"]),
        ("s6-svwait", &["-u", "-t1", EVIL]),
        ("s6-svwait", &["-u", "no\x1b[2J"]),
        ("s6-ftrig-wait", &["-t1", "no\x1b[2J", "x"]),
        ("s6-mkfifodir", &["no\x1b[2J/x"]),
        ("s6-instance-list", &["no\x1b[2J"]),
        ("s6-instance-list", &["good"]),
        ("s6-svc", &["-u", "no\x1b[2J"]),
        ("s6-svscanctl", &["-a", "no\x1b[2J"]),
        ("s6-setuidgid", &["no\x1b[2J", "true"]),
        ("s6-envdir", &["no\x1b[2J", "true"]),
        ("s6-setlock", &["no\x1b[2J/x", "true"]),
        ("s6-log", &["no\x1b[2J"]),
    ] {
        is_harmless(&at_terminal(&our_name(name), args, tree.dir()), &format!("{name} {args:?}"));
    }
    for (name, args) in [
        ("sv", &["status", EVIL][..]),
        ("sv", &["status", "./no\x1b[2J"]),
        ("svstat", &[EVIL, "no\x1b[2J"]),
        ("svc", &["-u", "no\x1b[2J"]),
        ("svok", &["no\x1b[2J"]),
        ("svwait", &["--up", "no\x1b[2J"]),
        ("svrun", &["--", "no\x1b[2J"]),
        ("svlog", &["\x1b[2J"]),
        ("supervise", &["no\x1b[2J"]),
        ("svscan", &["no\x1b[2J"]),
        ("runsv", &["no\x1b[2J"]),
        ("runsvdir", &["no\x1b[2J"]),
        ("svinit", &["--", "no\x1b[2J"]),
    ] {
        is_harmless(&at_terminal(&our_program(name), args, tree.dir()), &format!("{name} {args:?}"));
    }
    let log = tree.service(EVIL).path("log/main");
    let kept = std::fs::read_dir(log).unwrap().any(|file| text(file.unwrap().path()).contains("\x1b[2Jone"));
    assert!(kept, "the file keeps what was written");
}
