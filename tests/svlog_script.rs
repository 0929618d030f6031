//! Scripts of `svlog` and of Debian's `s6-log` 2.11: the same words, the same lines, the same files.
//!
//! `SEED=N` plays one generated script again. Not compared: the moments in stamps, where exactly `current` ends, which
//! is a matter of how much is written at once there, and messages other than alerts.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use kit::{
    PipedLogger, Random, Scratch, archives, filter, listing, logged, our_name, ours_only, seeds, text,
    their_program, wait_until, without_stamps,
};

/// Scripts in one run of the test.
const SCRIPTS: u64 = 150;

/// Ours, and theirs where it is installed.
fn programs() -> Vec<PathBuf> {
    let ours = (kit::suite() == kit::Suite::Ours).then(|| our_name("s6-log"));
    ours.into_iter().chain(their_program("s6-log")).collect()
}

/// What a script did.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    code: i32,
    out: String,
    alerts: String,
    dirs: Vec<String>,
    status: String,
}

impl Outcome {
    /// The first thing in which they differ.
    fn difference(&self, other: &Outcome) -> Option<String> {
        let parts = |one: &Outcome| {
            let parts = [one.code.to_string(), one.out.clone(), one.alerts.clone(), one.status.clone()];
            [&parts[..], &one.dirs].concat()
        };
        let (mine, others) = (parts(self), parts(other));
        let (mine, others) = mine.iter().zip(&others).find(|(mine, others)| mine != others)?;
        let same = mine.bytes().zip(others.bytes()).take_while(|(a, b)| a == b).count();
        let around = |text: &str| {
            text.get(same.saturating_sub(80)..).map(|text| text.chars().take(300).collect::<String>())
        };
        Some(format!("at byte {same}: {:?}\n{:?}", around(mine), around(others)))
    }
}

fn shown(bytes: &[u8]) -> String {
    without_stamps(bytes).escape_ascii().to_string().replace("\\n", "\n")
}

fn play(program: &Path, words: &[String], input: &[u8]) -> Outcome {
    let scratch = Scratch::new();
    let done = filter(Command::new(program).args(words).current_dir(scratch.path()), input);
    let alerts: Vec<_> =
        done.err.split_inclusive(|&b| b == b'\n').filter(|l| l.starts_with(b"s6-log: alert: ")).collect();
    Outcome {
        code: done.code,
        out: shown(&done.out),
        alerts: shown(&alerts.concat()),
        dirs: ["a", "b"].map(|dir| shown(&logged(&scratch.path().join(dir)))).into(),
        status: shown(&std::fs::read(scratch.path().join("st")).unwrap_or_default()),
    }
}

/// Options and a script that is none in one of some cases. Nothing in it removes an archive.
fn words(random: &mut Random) -> Vec<String> {
    let mut words = Vec::new();
    for option in ["-b", "-q", "-v", "-p"] {
        if random.once_in(4) {
            words.push(option.into());
        }
    }
    if random.once_in(2) {
        words.extend(["-l".into(), random.pick(&["1", "48", "64", "100", "0"]).into()]);
    }
    words.extend(["--".into(), "n1000".into()]);
    let mut places = vec!["1", "1", "2", "=st", "./a", "./b"];
    for _ in 0..1 + random.below(4) {
        for _ in 0..random.below(6) {
            words.push(random.pick(DIRECTIVES).into());
        }
        let place = places.remove(random.below(places.len()));
        words.push(place.into());
    }
    if random.once_in(4) {
        words.push(random.pick(DIRECTIVES).into());
    }
    words
}

/// A status file is never so short that a stamp is cut.
const DIRECTIVES: &[&str] = &[
    "t",
    "T",
    "t",
    "T",
    "p",
    "pweb:",
    "ptwo words",
    "f",
    "-",
    "+",
    "-a",
    "+a",
    "-b",
    "+^b",
    "+c$",
    "-[0-9]",
    "+[[:upper:]]",
    "+(ab|ba)+",
    "s4096",
    "s1",
    "s9999999999",
    "s20000",
    "l0",
    "l2048",
    "l100",
    "S0",
    "E0",
    "E1",
    "E30",
    "^0",
    "^100",
    "^1001",
    "r50",
    "?cat",
    "?",
    "n2000",
];

fn lines(random: &mut Random) -> Vec<u8> {
    let mut lines = Vec::new();
    for _ in 0..random.below(400) {
        let most = random.pick(&[4, 40, 47, 48, 49, 64, 100, 101, 250]);
        let length = if random.once_in(2) { most } else { random.below(most) };
        lines.extend((0..length).map(|_| random.pick(b"aaabbbccABC0123 .,\t\r\xc3\xa9\xff")));
        lines.push(b'\n');
    }
    lines
}

#[test]
fn generated_scripts_do_with_generated_lines_what_s6_log_does() {
    ours_only!("both are run");
    let Some(theirs) = their_program("s6-log") else {
        return println!("s6-log is not installed: nothing is compared");
    };
    let mut done = 0;
    for seed in seeds(SCRIPTS) {
        let mut random = Random::new(seed);
        let (words, lines) = (words(&mut random), lines(&mut random));
        let ours = play(&our_name("s6-log"), &words, &lines);
        let theirs = play(&theirs, &words, &lines);
        if let Some(difference) = ours.difference(&theirs) {
            panic!("SEED={seed} {words:?}: ours, then theirs: {difference}");
        }
        done += usize::from(ours.code == 0);
    }
    println!("{done} scripts were good");
}

#[test]
fn bad_words_are_refused_with_the_same_exit_code() {
    let lines: &[&[&str]] = &[
        &[],
        &["t"],
        &["+a", "t"],
        &["x"],
        &["", "1"],
        &["1", ""],
        &["tt", "1"],
        &["Tx", "1"],
        &["fx", "1"],
        &["1x"],
        &["22"],
        &["n", "1"],
        &["nx", "1"],
        &["n-1", "1"],
        &["n4294967295", "1"],
        &["n4294967296", "1"],
        &["s", "1"],
        &["s1", "1"],
        &["S18446744073709551615", "1"],
        &["S18446744073709551616", "1"],
        &["l2001", "s4002", "1"],
        &["s4096", "l2048", "1"],
        &["s4096", "l2049", "1"],
        &["l50000", "1"],
        &["r", "1"],
        &["r0", "1"],
        &["r4294967296", "1"],
        &["E", "1"],
        &["E4294967296", "1"],
        &["^", "1"],
        &["^x", "1"],
        &["=", "1"],
        &["=st"],
        &["+(", "1"],
        &["--", "-[", "1"],
        &["+*", "1"],
        &["p", "1"],
        &["!", "1"],
        &["?", "1"],
        &["1", "t"],
        &["1", "+("],
        &["-", "1"],
        &["./nosuch/dir"],
        &["/dev/null"],
        &["-x", "1"],
        &["-l", "1"],
        &["-l"],
        &["-l", "x", "1"],
        &["-l", "4294967295", "1"],
        &["-l", "4294967296", "1"],
        &["-l5", "1"],
        &["-d", "2", "1"],
        &["-d", "x", "1"],
        &["-d", "99", "1"],
        &["-qqvvbp", "1"],
        &["--", "1"],
        &["--long", "1"],
    ];
    for words in lines {
        let codes: Vec<_> = programs()
            .iter()
            .map(|program| {
                let scratch = Scratch::new();
                filter(Command::new(program).args(*words).current_dir(scratch.path()), b"").code
            })
            .collect();
        assert!(codes.iter().all(|code| *code == codes[0]), "{words:?}: ours, then theirs: {codes:?}");
    }
}

#[test]
fn directory_that_is_named_twice_is_refused() {
    ours_only!("s6-log removes under its own hands what it writes to");
    let scratch = Scratch::new();
    let done =
        filter(Command::new(our_name("s6-log")).args(["./a", "./a"]).current_dir(scratch.path()), b"x\n");
    assert_eq!(done.code, 100, "{done:?}");
}

/// A shell line with `$LOG` for the program, in a directory that is looked at afterwards.
#[track_caller]
fn same_listing(line: &str, dir: &str) -> Vec<String> {
    let mut shown: Vec<_> = programs()
        .iter()
        .map(|program| {
            let scratch = Scratch::new();
            let done = filter(
                Command::new("/bin/sh").args(["-c", line]).env("LOG", program).current_dir(scratch.path()),
                b"",
            );
            assert_eq!(done.code, 0, "{line}: {done:?}");
            listing(&scratch.path().join(dir))
        })
        .collect();
    assert!(shown.iter().all(|listing| *listing == shown[0]), "{line}: ours, then theirs: {shown:#?}");
    shown.remove(0)
}

#[test]
fn files_have_the_modes_that_the_umask_leaves() {
    for umask in ["0", "022", "027", "077"] {
        let once = format!("umask {umask}; echo one | $LOG ./a");
        same_listing(&once, "a");
        same_listing(&format!("{once}; echo two | $LOG ./a"), "a");
        // Interrupted: no longer executable.
        same_listing(&format!("{once}; chmod u-x a/current; echo two | $LOG ./a"), "a");
        same_listing(&format!("umask {umask}; yes | head -c 2096 | $LOG s4096 ./a"), "a");
        same_listing(&format!("umask {umask}; yes | head -c 2096 | $LOG s4096 '?sed s/y/z/' ./a"), "a");
        same_listing(&format!("umask {umask}; echo one | $LOG =st"), ".");
    }
}

#[test]
fn budget_of_archives_is_kept() {
    for program in programs() {
        for (budget, files, bytes) in
            [("n0", 0, 0), ("n1", 1, 99_999), ("n3", 3, 99_999), ("S9000", 99, 9000)]
        {
            let scratch = Scratch::new();
            // Written at once, theirs would become one large archive.
            let line = format!(
                "for i in 1 2 3 4 5 6; do yes 0123456789 | head -n 400; sleep 0.05; done | $LOG s4096 {budget} ./a"
            );
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", &line]).env("LOG", &program).current_dir(scratch.path());
            assert_eq!(filter(&mut shell, b"").code, 0, "{program:?}");
            let dir = scratch.path().join("a");
            let sizes: Vec<_> =
                archives(&dir).iter().map(|name| std::fs::metadata(dir.join(name)).unwrap().len()).collect();
            assert!(sizes.len() <= files, "{program:?}: {budget}: {sizes:?}");
            assert!(sizes.iter().sum::<u64>() <= bytes, "{program:?}: {budget}: {sizes:?}");
            assert!(files == 0 || !sizes.is_empty(), "{program:?}: {budget}");
        }
    }
}

#[test]
fn directory_of_an_interrupted_logger_is_put_in_order_the_same_way() {
    for current in [None, Some(0o644), Some(0o744)] {
        for previous in [None, Some(0o744)] {
            for processed in [None, Some(0o644), Some(0o744)] {
                let left = [("current", current), ("previous", previous), ("processed", processed)];
                // Two archives in one moment are too much for 2.11, which ends with 111.
                let found: Vec<_> =
                    programs().iter().filter_map(|program| recovered(program, &left)).collect();
                let has_odd_rest = current == Some(0o744) && (previous.is_some() || processed.is_some());
                if has_odd_rest {
                    // Theirs leaves it where it is, beside a `current` that was finished.
                    continue;
                }
                assert!(found.iter().all(|one| *one == found[0]), "{left:?}: ours, then theirs: {found:#?}");
            }
        }
    }
}

#[test]
fn rest_of_a_rotation_beside_a_finished_current_is_kept() {
    ours_only!("s6-log leaves it, until it is written over");
    let program = our_name("s6-log");
    let finished = ("current", Some(0o744));
    let (files, lines, _) =
        recovered(&program, &[finished, ("previous", Some(0o744)), ("processed", Some(0o644))]).unwrap();
    assert_eq!(lines, "previous\ncurrent\nafter\n");
    assert!(!files.iter().any(|file| file.starts_with('p')), "{files:?}");
    let (_, lines, _) =
        recovered(&program, &[finished, ("previous", Some(0o744)), ("processed", Some(0o744))]).unwrap();
    assert_eq!(lines, "processed\ncurrent\nafter\n");
}

/// What a logger makes of a directory: its files, what was logged, what a processor would find.
fn recovered(program: &Path, left: &[(&str, Option<u32>)]) -> Option<(Vec<String>, String, String)> {
    let scratch = Scratch::new();
    let dir = scratch.path().join("a");
    std::fs::create_dir(&dir).unwrap();
    let put = |name: &str, mode| {
        let path = dir.join(name);
        std::fs::write(&path, format!("{name}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    for (name, mode) in left {
        mode.map(|mode| put(name, mode));
    }
    put("state", 0o644);
    put("newstate", 0o644);
    let done = filter(Command::new(program).arg("./a").current_dir(scratch.path()), b"after\n");
    if String::from_utf8_lossy(&done.err).contains("File exists") && program.starts_with("/usr") {
        return None;
    }
    assert_eq!(done.code, 0, "{done:?}");
    Some((listing(&dir), shown(&logged(&dir)), text(dir.join("state"))))
}

#[test]
fn processors_hand_their_state_over_and_are_run_again_when_they_fail() {
    let good = "n=$(cat <&4); echo $((n + 1)) >&5; cat";
    let failing = format!("test -e ../failed || {{ touch ../failed; cat; echo no >&5; exit 3; }}; {good}");
    let killed = format!("test -e ../failed || {{ touch ../failed; cat; echo no >&5; kill -9 $$; }}; {good}");
    for program in programs() {
        for processor in [good, &failing, &killed] {
            let scratch = Scratch::new();
            let lines: Vec<u8> = (0..6000).flat_map(|i| format!("line {i}\n").into_bytes()).collect();
            let processor = format!("?{processor}");
            let mut command = Command::new(&program);
            let done = filter(
                command
                    .args(["-b", "n1000", "r50", "s4096", "l0", &processor, "./a"])
                    .current_dir(scratch.path()),
                &lines,
            );
            assert_eq!(done.code, 0, "{done:?}");
            let dir = scratch.path().join("a");
            assert!(logged(&dir) == lines, "{program:?} {processor}: {:?}", listing(&dir));
            // 2.11 closes descriptor 5 in its processors.
            let is_theirs = program.starts_with("/usr");
            let state = if is_theirs { String::new() } else { format!("{}\n", archives(&dir).len()) };
            assert_eq!(text(dir.join("state")), state, "{program:?} {processor}");
            assert!(archives(&dir).len() > 2, "{:?}", listing(&dir));
        }
    }
}

#[test]
fn archive_ends_with_the_line_that_makes_it_large_enough() {
    ours_only!("s6-log rotates after a write");
    let scratch = Scratch::new();
    let lines: Vec<u8> = (0..3000).flat_map(|i| format!("{:1$}\n", i, i % 100).into_bytes()).collect();
    let mut command = Command::new(our_name("s6-log"));
    let words = ["n9999", "s8192", "l1000", "./a"];
    assert_eq!(filter(command.args(words).current_dir(scratch.path()), &lines).code, 0);
    let dir = scratch.path().join("a");
    let archives = archives(&dir);
    assert!(archives.len() > 10, "{}", archives.len());
    for name in archives {
        let archive = std::fs::read(dir.join(&name)).unwrap();
        let last = archive[..archive.len() - 1].iter().rposition(|&b| b == b'\n').unwrap() + 1;
        assert!(archive.ends_with(b"\n") && archive.len() >= 7192 && last < 7192, "{}", archive.len());
    }
    assert_eq!(logged(&dir), lines);
}

#[test]
fn lines_go_on_into_current_while_a_processor_works() {
    ours_only!("s6-log keeps them in memory");
    let scratch = Scratch::new();
    let dir = scratch.path().join("a");
    sys::fifo::make(&scratch.path().join("go"), 0o600).unwrap();
    let processor = "?cat; read go <../go";
    let mut logger = PipedLogger::start(&our_name("s6-log"), &["s4096", processor, "./a"], scratch.path());
    logger.write(&b"before\n".repeat(400));
    wait_until("a processor", || dir.join("previous").exists());
    logger.write(b"after\n");
    wait_until("a line in current", || text(dir.join("current")).ends_with("after\n"));
    assert_eq!(archives(&dir).len(), 0);
    logger.close();
    std::fs::write(scratch.path().join("go"), "\n").unwrap();
    assert_eq!(logger.finish().1, Some(0));
    assert_eq!(archives(&dir).len(), 1);
    assert_eq!(logged(&dir), [b"before\n".repeat(400), b"after\n".to_vec()].concat());
}

#[test]
fn execline_processor_is_run_where_there_is_one() {
    if their_program("execlineb").is_none() {
        return println!("execline is not installed");
    }
    for program in programs() {
        let scratch = Scratch::new();
        let lines = b"abc\n".repeat(900);
        let mut command = Command::new(&program);
        command.args(["s4096", "!tr a-c A-C", "./a"]).current_dir(scratch.path());
        assert_eq!(filter(&mut command, &lines).code, 0);
        assert!(logged(&scratch.path().join("a")).starts_with(b"ABC\n"), "{program:?}");
    }
}

#[test]
fn second_logger_of_a_directory_is_refused() {
    for program in programs() {
        let scratch = Scratch::new();
        let line = "{ $LOG -d3 ./a 3>ready <wait & }; exec 4>wait; while ! test -s ready; do sleep 0.01; done; $LOG ./a </dev/null; echo $?";
        sys::fifo::make(&scratch.path().join("wait"), 0o600).unwrap();
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", line]).env("LOG", &program).current_dir(scratch.path());
        let done = filter(&mut shell, b"");
        assert_eq!(done.out, b"111\n", "{program:?}: {done:?}");
        assert_eq!(text(scratch.path().join("ready")), "\n");
    }
}
