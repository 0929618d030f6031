//! What svlog does and no other logger.

#![forbid(unsafe_code)]

mod kit;

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use kit::{Answer, Scratch, Terminal, is_root, our_name, our_program, ours_only, text, wait_until};

/// A logger that reads from a pipe. Dropped, it is killed.
struct Logger(Child);

impl Logger {
    fn start(dir: &Path, words: &[&str]) -> Logger {
        let mut command = Command::new(our_program("svlog"));
        command.args(words).current_dir(dir).env_remove("NO_COLOR");
        Logger::run(&mut command)
    }

    fn run(command: &mut Command) -> Logger {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Logger(command.spawn().unwrap())
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.stdin.as_mut().unwrap().write_all(bytes).unwrap();
    }

    /// Its input ends, and then it does.
    fn finish(mut self) -> Answer {
        drop(self.0.stdin.take());
        wait_until("a logger without input to end", || self.0.try_wait().unwrap().is_some());
        let read = |stream: Option<&mut dyn std::io::Read>| {
            let mut bytes = Vec::new();
            stream.unwrap().read_to_end(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        Answer {
            code: self.0.wait().unwrap().code().unwrap(),
            out: read(self.0.stdout.as_mut().map(|stream| stream as _)),
            err: read(self.0.stderr.as_mut().map(|stream| stream as _)),
        }
    }
}

impl Drop for Logger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Logs `input` by this script and waits for the end.
fn log(dir: &Path, words: &[&str], input: &[u8]) -> Answer {
    let mut logger = Logger::start(dir, words);
    logger.write(input);
    let answer = logger.finish();
    assert_eq!(answer.code, 0, "{words:?}: {}", answer.err);
    answer
}

/// The archives in a log directory, the oldest first.
fn archives(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let is_archive = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with('@');
    let mut found: Vec<_> = entries.filter(is_archive).collect();
    found.sort();
    found
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |info| info.len())
}

/// So many bytes that are no text, the same each time.
fn noise(length: usize) -> Vec<u8> {
    let next = |state: &u64| {
        Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
    };
    std::iter::successors(Some(1_u64), next).map(|state| (state >> 56) as u8).take(length).collect()
}

/// Compares the objects in the file of its first argument with the lines of the second: whole lines with `whole`, lines
/// that were cut are put together with the others.
const COMPARE: &str = r#"
import json, sys
objects = [json.loads(line) for line in open(sys.argv[1], 'rb').read().split(b'\n')[:-1]]
lines = open(sys.argv[2], 'rb').read().split(b'\n')[:-1]
assert all(set(o) <= {'time', 'service', 'stream', 'message', 'begins', 'ends'} for o in objects)
assert all(o['service'] == 'w"e\ufffdb' and o['stream'] == 'stderr' for o in objects)
if sys.argv[3] == 'whole':
    assert [o['message'] for o in objects] == [line.decode('utf-8', 'replace') for line in lines]
    assert not any('begins' in o or 'ends' in o for o in objects)
else:
    limit = int(sys.argv[3])
    cuts = [(i > 0, i + limit < len(line)) for line in lines for i in range(0, max(len(line), 1), limit)]
    assert [(o.get('begins') is False, o.get('ends') is False) for o in objects] == cuts
    together = ''.join(o['message'] + ('' if 'ends' in o else '\n') for o in objects)
    assert together == ''.join(line.decode('utf-8', 'replace') + '\n' for line in lines)
print(len(objects))
"#;

#[test]
fn every_line_is_an_object_whatever_comes_in() {
    ours_only!("s6-log writes no objects");
    let scratch = Scratch::new();
    let dir = scratch.path();
    let mut input: Vec<u8> = (0..=255).collect();
    input.extend_from_slice(&noise(200_000));
    input.extend_from_slice("\n\n\"quoted\" \\ grüße 🦀\n".as_bytes());
    input.extend_from_slice("🦀ü".repeat(20_000).as_bytes());
    input.push(b'\n');
    fs::write(dir.join("input"), &input).unwrap();
    let name = std::ffi::OsStr::new("as=w\"e\u{fffd}b");
    for (options, how) in [
        (&["-l", "100"][..], "100"),
        (&["-l", "100", "--long", "mark"], "100"),
        (&["-l", "100", "--long", "whole"], "whole"),
        (&["-l", "0"], "whole"),
    ] {
        let mut command = Command::new(our_program("svlog"));
        command
            .args(options)
            .arg("--")
            .arg(name)
            .args(["s200000000", "json=stderr", "./log"])
            .current_dir(dir);
        let mut logger = Logger::run(&mut command);
        logger.write(&input);
        assert_eq!(logger.finish().code, 0);
        let python = Command::new("python3")
            .args(["-c", COMPARE])
            .args([dir.join("log/current"), dir.join("input")])
            .arg(how)
            .output()
            .unwrap();
        assert!(python.status.success(), "{options:?}: {}", String::from_utf8_lossy(&python.stderr));
        fs::remove_dir_all(dir.join("log")).unwrap();
    }
}

#[test]
fn object_says_when_and_whose_the_line_is() {
    ours_only!("s6-log writes no objects");
    let scratch = Scratch::new();
    let dir = scratch.path().join("web/log");
    fs::create_dir_all(&dir).unwrap();
    let answer = log(&dir, &["iso=utc.3", "pignored", "json", "1", "json", "=status"], b"up\n");
    let (time, rest) = answer.out.split_at("{\"time\":\"2026-11-20T21:04:05.123Z".len());
    assert!(time.ends_with('Z'), "{}", answer.out);
    assert_eq!(rest, "\",\"service\":\"web\",\"message\":\"up\"}\n");
    assert!(text(dir.join("status")).trim_end().ends_with("\"message\":\"up\"}"));
}

#[test]
fn moment_is_written_in_the_zone_and_with_the_digits_that_are_asked_for() {
    ours_only!("s6-log has no such stamps");
    let scratch = Scratch::new();
    let script =
        ["iso=utc", "1", "iso=utc.6", "1", "iso=local.3", "1", "as=web", "t", "iso=utc.9", "px", "1"];
    let mut command = Command::new(our_program("svlog"));
    command.args(script).current_dir(scratch.path()).env("TZ", "XXX-5:45");
    let mut logger = Logger::run(&mut command);
    logger.write(b"line\n");
    let out = logger.finish().out;
    let lines: Vec<_> = out.lines().collect();
    assert!(lines[3].starts_with("web | @40000000") && lines[3].ends_with("Z x line"), "{out}");
    let stamps: Vec<_> = lines[..3].iter().map(|line| line.strip_suffix(" line").unwrap()).collect();
    assert_eq!(stamps.iter().map(|stamp| stamp.len()).collect::<Vec<_>>(), [20, 27, 29], "{out}");
    assert!(stamps[2].ends_with("+05:45"), "{out}");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    for stamp in stamps {
        let date = Command::new("date").args(["-d", stamp, "+%s"]).output().unwrap();
        let seconds: u64 = String::from_utf8_lossy(&date.stdout).trim().parse().unwrap();
        assert!(now.abs_diff(seconds) < 60, "{stamp}");
    }
}

#[test]
fn name_has_a_colour_on_a_terminal_only() {
    ours_only!("s6-log puts no names before lines");
    if !Terminal::is_there() {
        println!("tmux is missing: nothing was looked at");
        return;
    }
    let scratch = Scratch::new();
    let dir = scratch.path().join("web/log");
    fs::create_dir_all(&dir).unwrap();
    let program = our_program("svlog");
    let show = |environment: &str, script: &str| {
        let command = format!(
            "cd {}; unset NO_COLOR; echo line | {environment} {} {script}",
            dir.display(),
            program.display()
        );
        let terminal = Terminal::start(scratch.path(), 80, 10, &command);
        terminal.wait("the end of the logger", |text| text.contains("exit 0"));
        terminal.coloured().lines().next().unwrap().to_owned()
    };
    let coloured = show("", "as 1 as ./in-colour");
    assert!(coloured.contains("web |") && coloured.contains("\x1b[3"), "{coloured:?}");
    assert_eq!(text(dir.join("in-colour/current")), "web | line\n");
    assert_eq!(show("", "as 1"), coloured, "the same colour each time");
    let colours: std::collections::BTreeSet<_> = ["a", "b", "c", "d", "e", "f", "g", "h"]
        .map(|name| show("", &format!("as={name} 1")).split(name).next().unwrap().to_owned())
        .into();
    assert!(colours.len() > 2, "{colours:?}");
    assert_eq!(show("NO_COLOR=1", "as 1"), "web | line");
    assert_eq!(log(&dir, &["as", "1"], b"line\n").out, "web | line\n");
}

#[test]
fn limit_says_how_many_lines_it_has_dropped_without_a_further_line() {
    ours_only!("s6-log has no such limit");
    let scratch = Scratch::new();
    let mut logger = Logger::start(scratch.path(), &["rate=3/1", "./limited", "json", "rate=2/1", "./all"]);
    logger.write(b"1\n2\n3\n4\n5\n");
    // Its input stays open.
    let limited = scratch.path().join("limited/current");
    wait_until("the limit to say what it has dropped", || text(&limited).contains("dropped"));
    assert_eq!(text(&limited), "1\n2\n3\nlines dropped: 2 (more than 3 in 1 s)\n");
    logger.write(b"6\n");
    wait_until("a line of the next second", || text(&limited).ends_with("6\n"));
    // At the end it says what is left to say.
    logger.write(&b"x\n".repeat(100));
    assert_eq!(logger.finish().code, 0);
    let (log, objects) = (text(&limited), text(scratch.path().join("all/current")));
    let told = |text: &str| -> usize {
        let dropped = text.split("lines dropped: ").skip(1).map(|rest| rest.split(' ').next().unwrap());
        dropped.map(|number| number.parse::<usize>().unwrap()).sum()
    };
    let kept = |text: &str| text.lines().filter(|line| !line.contains("lines dropped: ")).count();
    assert_eq!(kept(&log) + told(&log), 106, "{log}");
    assert_eq!(kept(&objects) + told(&objects), 106, "{objects}");
}

#[test]
fn archives_are_compressed_and_nothing_is_lost() {
    ours_only!("s6-log needs a program for that");
    let scratch = Scratch::new();
    let dir = scratch.path().join("log");
    let input: String = (0..50_000).map(|number| format!("line {number}\n")).collect();
    // Once more: what is there already is not touched.
    for _ in 0..2 {
        log(scratch.path(), &["gzip", "s65536", "n99", "./log"], input.as_bytes());
    }
    let mut bytes = Vec::new();
    for archive in archives(&dir) {
        assert!(archive.to_string_lossy().ends_with(".s"));
        assert_eq!(fs::metadata(&archive).unwrap().mode() & 0o100, 0o100, "it is finished");
        assert_eq!(fs::read(&archive).unwrap()[..3], [0x1f, 0x8b, 8]);
        let unzipped = Command::new("gzip").arg("-dc").stdin(fs::File::open(&archive).unwrap()).output();
        let unzipped = unzipped.unwrap();
        assert!(unzipped.status.success(), "{}", String::from_utf8_lossy(&unzipped.stderr));
        assert!(size(&archive) * 2 < unzipped.stdout.len() as u64);
        bytes.extend(unzipped.stdout);
    }
    bytes.extend(fs::read(dir.join("current")).unwrap());
    assert!(bytes == input.repeat(2).as_bytes());
    log(scratch.path(), &["gzip", "s65536", "n2", "./log"], input.as_bytes());
    assert_eq!(archives(&dir).len(), 2, "they count");
}

#[test]
fn compression_that_is_killed_is_done_again() {
    ours_only!("s6-log needs a program for that");
    let scratch = Scratch::new();
    let mut logger = Logger::start(scratch.path(), &["gzip", "r10", "s200000000", "./log"]);
    // It takes a while.
    let letters: Vec<u8> = noise(4_000_000).iter().map(|byte| byte % 16 + b'a').collect();
    let input: Vec<u8> = letters.chunks(99).flat_map(|line| [line, b"\n"].concat()).collect();
    logger.write(&input);
    let dir = scratch.path().join("log");
    wait_until("all lines in current", || size(&dir.join("current")) == input.len() as u64);
    let pid = logger.0.id();
    let children = format!("/proc/{pid}/task/{pid}/children");
    assert!(Command::new("kill").args(["-ALRM", &pid.to_string()]).status().unwrap().success());
    let child = kit::wait_for("the process that compresses", || text(&children).trim().parse::<u32>().ok());
    assert!(Command::new("kill").args(["-KILL", &child.to_string()]).status().unwrap().success());
    // Reading never stops.
    logger.write(b"meanwhile\n");
    wait_until("a line beside the compression", || text(dir.join("current")) == "meanwhile\n");
    let answer = logger.finish();
    assert_eq!(answer.code, 0);
    assert!(answer.err.contains("processor of ./log has failed (SIGKILL)"), "{}", answer.err);
    let [archive] = &archives(&dir)[..] else { panic!("one archive") };
    let unzipped = Command::new("gzip").arg("-dc").stdin(fs::File::open(archive).unwrap()).output().unwrap();
    assert!(unzipped.stdout == input);
}

#[test]
fn limit_that_several_loggers_share_is_kept() {
    ours_only!("s6-log has no such limit");
    let scratch = Scratch::new();
    let root = scratch.path().join("logs");
    // Not below it: a link is not followed.
    let outside = scratch.path().join("outside");
    fs::create_dir_all(&root).unwrap();
    log(scratch.path(), &["s4096", "n99", "./outside"], &b"outside\n".repeat(10_000));
    symlink(&outside, root.join("link")).unwrap();
    let outside_before = archives(&outside);
    // An old one, whose logger is gone.
    log(scratch.path(), &["s4096", "n99", "./logs/old"], &b"old\n".repeat(5000));
    assert!(archives(&root.join("old")).len() > 2);
    let names = ["a", "b", "deep/er/c"];
    fs::create_dir_all(root.join("deep/er")).unwrap();
    let mut loggers = names.map(|name| {
        let path = format!("./logs/{name}");
        Logger::start(scratch.path(), &["s4096", "n9999", "shared=100000:logs", &path])
    });
    for _ in 0..100 {
        loggers.iter_mut().for_each(|logger| logger.write(&b"a line of some length\n".repeat(100)));
    }
    for logger in loggers {
        let answer = logger.finish();
        assert_eq!((answer.code, &answer.err[..]), (0, ""));
    }
    let dirs = names.map(|name| root.join(name));
    let total: u64 = dirs
        .iter()
        .chain([&root.join("old")])
        .flat_map(|dir| archives(dir).into_iter().chain([dir.join("current")]))
        .map(|file| size(&file))
        .sum();
    // The last to archive did not see what the others had in current afterwards.
    assert!(total <= 100_000 + 3 * 4096, "{total}");
    assert!(total > 80_000, "{total}: too much is gone");
    assert_eq!(archives(&root.join("old")), [] as [PathBuf; 0], "the oldest go first");
    assert_eq!(archives(&outside), outside_before);
}

#[test]
fn owner_and_modes_are_those_that_are_asked_for() {
    ours_only!("s6-log has no such directives");
    let scratch = Scratch::new();
    let umask_077 = |script: &str| {
        let mut shell = Command::new("sh");
        let line = format!("umask 077; exec {} {script}", our_program("svlog").display());
        Logger::run(shell.args(["-c", &line]).current_dir(scratch.path()))
    };
    let mut logger = umask_077("mode=640 dirmode=2750 s4096 ./plain gzip ./gzip");
    logger.write(&b"a line\n".repeat(2000));
    assert_eq!(logger.finish().code, 0);
    for name in ["plain", "gzip"] {
        let dir = scratch.path().join(name);
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
        assert_eq!(mode(&dir), 0o2750);
        let files: Vec<_> = archives(&dir).into_iter().chain([dir.join("current")]).collect();
        assert!(files.len() > 1);
        assert!(files.iter().all(|file| mode(file) == 0o740), "{name}: finished, and as asked for");
    }
    if !is_root() {
        println!("not root: nothing was given away");
        return;
    }
    let mut logger = umask_077("owner=1234:daemon mode=640 gzip s4096 ./given");
    logger.write(&b"a line\n".repeat(2000));
    assert_eq!(logger.finish().code, 0);
    let dir = scratch.path().join("given");
    let files: Vec<_> = archives(&dir).into_iter().chain([dir.join("current"), dir.clone()]).collect();
    assert!(files.len() > 2);
    for file in files {
        let info = fs::metadata(&file).unwrap();
        assert_eq!((info.uid(), info.gid()), (1234, 1), "{}", file.display());
    }
    // Who has the directory must not be given what is not his.
    let shadow = scratch.path().join("shadow");
    fs::write(&shadow, "secret\n").unwrap();
    fs::remove_file(dir.join("current")).unwrap();
    fs::hard_link(&shadow, dir.join("current")).unwrap();
    fs::set_permissions(&shadow, fs::Permissions::from_mode(0o744)).unwrap();
    assert_eq!(umask_077("owner=1234 mode=600 ./given").finish().code, 0);
    assert_eq!(text(&shadow), "secret\n");
    assert_eq!(fs::metadata(&shadow).unwrap().mode() & 0o7777, 0o744);
    assert_eq!(fs::metadata(&shadow).unwrap().uid(), 0);
}

#[test]
fn what_a_processor_makes_is_nobodys_who_may_not_read_the_log() {
    ours_only!("s6-log has no such directives");
    let scratch = Scratch::new();
    let processor = "?cat; stat -c %a processed newstate state >../modes";
    let words = ["mode=600", "dirmode=755", "s4096", processor, "./log"];
    assert_eq!(log(scratch.path(), &words, &b"a secret\n".repeat(500)).code, 0);
    assert_eq!(text(scratch.path().join("modes")), "600\n600\n600\n");
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_made() {
    ours_only!("s6-log has no such directives");
    let scratch = Scratch::new();
    for script in [["owner=no-such-user", "./log"], ["json", "2"], ["rate=1", "./log"]] {
        let answer = Logger::start(scratch.path(), &script).finish();
        assert_eq!(answer.code, 100, "{script:?}: {}", answer.err);
        assert!(!scratch.path().join("log").exists());
    }
    for word in ["json", "as", "iso=utc", "gzip", "rate=1/1", "shared=1:.", "owner=root", "mode=600"] {
        let mut command = Command::new(our_name("s6-log"));
        let answer = Logger::run(command.args([word, "./log"]).current_dir(scratch.path())).finish();
        assert_eq!(answer.code, 100, "{word}: {}", answer.err);
    }
}
