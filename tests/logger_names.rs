//! `multilog`, `svlogd`, `tai64n`, `tai64nlocal`, `s6-tai64n`, `s6-tai64nlocal`: the same input and the same words for
//! Debian's and for ours.

#![forbid(unsafe_code)]

mod kit;

use std::io::Write;
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kit::{Scratch, Suite, is_root, our_program, suite, their_program, wait_until};

/// A program of this name from both suites, each in a directory of its own; theirs comes first.
struct Both {
    name: &'static str,
    programs: [PathBuf; 2],
    scratches: [Scratch; 2],
}

/// `None`, said aloud, where the original is missing or this is not the time for it.
fn both(name: &'static str) -> Option<Both> {
    let Some(theirs) = their_program(name).filter(|_| suite() == Suite::Ours) else {
        println!("{name} is not there, or SUITE is set: nothing is compared");
        return None;
    };
    Some(Both { name, programs: [theirs, our_program("svbox")], scratches: [Scratch::new(), Scratch::new()] })
}

/// What a run gave.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Both {
    fn dir(&self, i: usize) -> &Path {
        self.scratches[i].path()
    }

    fn command(&self, i: usize, words: &[&str]) -> Command {
        let mut command = Command::new(&self.programs[i]);
        command.arg0(self.name).args(words).current_dir(self.dir(i));
        command
    }

    /// Starts it, with a pipe to write to.
    fn start(&self, i: usize, words: &[&str]) -> Started {
        let mut command = self.command(i, words);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        Started(Some(child.expect("it is installed")))
    }

    /// Runs it on this input.
    fn run(&self, i: usize, words: &[&str], input: &[u8]) -> Outcome {
        self.start(i, words).finish(input)
    }

    /// Runs both, whose outcome must be the same.
    #[track_caller]
    fn same(&self, words: &[&str], input: &[u8]) -> Outcome {
        let [theirs, ours] = [0, 1].map(|i| self.run(i, words, input));
        assert_eq!(theirs, ours, "{} {words:?}", self.name);
        ours
    }

    /// The files of a log directory of both are alike: names, modes, content.
    #[track_caller]
    fn same_files(&self, dir: &str, what: impl Fn(&File) -> String) {
        let [theirs, ours] =
            [0, 1].map(|i| files(&self.dir(i).join(dir)).iter().map(&what).collect::<Vec<_>>());
        assert_eq!(theirs, ours, "{} in {dir}", self.name);
    }

    /// Makes a directory, or writes a file, for both.
    fn make_dir(&self, path: &str) {
        for i in [0, 1] {
            std::fs::create_dir_all(self.dir(i).join(path)).unwrap();
        }
    }

    fn write(&self, path: &str, text: &str) {
        for i in [0, 1] {
            std::fs::write(self.dir(i).join(path), text).unwrap();
        }
    }
}

/// A logger that runs. Dropped, it is killed.
struct Started(Option<Child>);

impl Started {
    fn child(&mut self) -> &mut Child {
        self.0.as_mut().expect("it runs")
    }

    fn say(&mut self, text: &str) {
        self.child().stdin.as_mut().expect("it listens").write_all(text.as_bytes()).unwrap();
    }

    fn signal(&mut self, name: &str) {
        let pid = self.child().id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// Gives it the rest of its input, and waits for its end.
    fn finish(self, input: &[u8]) -> Outcome {
        self.finish_as(Some(input))
    }

    /// Waits for its end, its input still open.
    fn finish_open(self) -> Outcome {
        self.finish_as(None)
    }

    fn finish_as(mut self, input: Option<&[u8]>) -> Outcome {
        let mut child = self.0.take().expect("it runs");
        let mut stdin = child.stdin.take().expect("it listens");
        let input = input.map(<[u8]>::to_vec);
        let (sender, held) = std::sync::mpsc::channel();
        let writer = std::thread::spawn(move || match input {
            // A program that shows its usage reads nothing.
            Some(input) => drop(stdin.write_all(&input)),
            None => drop(sender.send(stdin)),
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        drop(held);
        Outcome {
            code: output.status.code().or(output.status.signal().map(|signal| -signal)),
            out: normal(&output.stdout),
            err: normal(&output.stderr),
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A file in a log directory.
struct File {
    name: String,
    mode: u32,
    bytes: Vec<u8>,
}

/// The archives, the oldest first, and `current`.
fn files(dir: &Path) -> Vec<File> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name == "current" || name.starts_with('@'));
    names.sort();
    // One may go, or get another name, meanwhile.
    let file = |name: String| {
        let path = dir.join(&name);
        let mode = std::fs::metadata(&path).ok()?.permissions().mode() & 0o7777;
        Some(File { name, mode, bytes: std::fs::read(path).ok()? })
    };
    names.into_iter().filter_map(file).collect()
}

/// Everything that was logged.
fn content(dir: &Path) -> String {
    normal(&files(dir).into_iter().flat_map(|file| file.bytes).collect::<Vec<_>>())
}

/// What a file looks like.
fn look(file: &File) -> String {
    let name = normal(file.name.as_bytes());
    format!("{name} {:o} {} {}", file.mode, file.bytes.len(), normal(&file.bytes))
}

/// The text with every moment as `@T` or `DATE`.
fn normal(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut rest = bytes;
    while let Some(&byte) = rest.first() {
        let taken = if is_label(rest) {
            text.push_str("@T");
            25
        } else if is_date(rest) {
            text.push_str("DATE");
            25
        } else {
            text.push(char::from(byte));
            1
        };
        rest = &rest[taken..];
    }
    text
}

fn is_label(text: &[u8]) -> bool {
    text.len() >= 25 && text[0] == b'@' && text[1..25].iter().all(u8::is_ascii_hexdigit)
}

fn is_date(text: &[u8]) -> bool {
    let shape = b"dddd-dd-ddTdd:dd:dd.ddddd";
    let fits = |(shape, byte): (&u8, &u8)| match shape {
        b'd' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b'_'),
        other => other == byte,
    };
    text.len() >= 25 && shape.iter().zip(text).all(fits)
}

/// Numbers that are the same for the same seed (xorshift64).
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        println!("seed {seed}");
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    fn text(&mut self, most: usize) -> String {
        (0..self.below(most + 1))
            .map(|_| self.one_of(&["w", "x", "y", "z", " ", ":", "*", "+", "wx"]))
            .collect()
    }

    /// So many lines, some empty, some long; no digit, so that no pattern meets a stamp's.
    fn lines(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..self.below(count) {
            let most = [0, 3, 30, 300, 3000][self.below(5)];
            bytes.extend_from_slice(self.text(most).as_bytes());
            if self.below(10) == 0 {
                bytes.extend_from_slice(&[0, 7, 0xff, 0xc3, b'\t']);
            }
            bytes.push(b'\n');
        }
        bytes
    }
}

fn words(script: &[String]) -> Vec<&str> {
    script.iter().map(String::as_str).collect()
}

#[test]
fn random_scripts_of_multilog_write_the_same() {
    for seed in 1..=40 {
        let Some(both) = both("multilog") else { return };
        let mut random = Random::new(seed);
        let mut script = vec![random.one_of(&["t", "n200", "tx", "+*"]).to_owned(), "n200".into()];
        let mut size = 99_999;
        let mut dirs = Vec::new();
        for i in 0..random.below(12) {
            let pattern = random.text(4) + random.one_of(&["", "*"]);
            let stamped = if script[0].starts_with('t') { random.one_of(&["* ", ""]) } else { "" };
            script.push(match random.below(8) {
                0 | 1 => format!("+{stamped}{pattern}"),
                2 | 3 => format!("-{stamped}{pattern}"),
                4 => "e".into(),
                5 => format!("=status-{i}"),
                6 => {
                    size = 4096 + random.below(6000);
                    format!("s{size}")
                }
                _ => {
                    dirs.push((format!("./log-{i}"), size));
                    format!("./log-{i}")
                }
            });
        }
        let mut input = random.lines(120);
        if random.below(2) == 0 {
            input.pop();
        }
        println!("{script:?}");
        both.same(&words(&script), &input);
        for (dir, size) in dirs {
            let [theirs, ours] = [0, 1].map(|i| both.dir(i).join(&dir));
            assert_eq!(content(&theirs), content(&ours), "{dir}");
            for file in [files(&theirs), files(&ours)].into_iter().flatten() {
                let is_archive = file.name.ends_with(".s");
                assert!(is_archive || file.name == "current", "{}", file.name);
                assert_eq!(file.mode, 0o744);
                assert!(file.bytes.len() <= size && (!is_archive || file.bytes.len() >= size - 2000));
            }
        }
        for word in script.iter().filter(|word| word.starts_with('=')) {
            let [theirs, ours] = [0, 1].map(|i| std::fs::read(both.dir(i).join(&word[1..])).unwrap());
            assert_eq!(normal(&theirs), normal(&ours), "{word}");
        }
    }
}

#[test]
fn random_configurations_of_svlogd_write_the_same() {
    for seed in 1..=40 {
        let Some(both) = both("svlogd") else { return };
        let mut random = Random::new(seed);
        let mut line: Vec<String> = random
            .one_of(&["", "-t", "-tt", "-ttt", "-r%", "-Rwx", "-r% -Rz -t"])
            .split(' ')
            .map(str::to_owned)
            .collect();
        line.retain(|word| !word.is_empty());
        line.extend(random.one_of(&["", "-l40", "-l 100 -b 200", "-b4000"]).split(' ').map(str::to_owned));
        line.retain(|word| !word.is_empty());
        for dir in ["one", "two"] {
            both.make_dir(dir);
            let mut config = format!("# {dir}\n\ns{}\nn{}\n", 2048 + random.below(4000), random.below(6));
            for _ in 0..random.below(8) {
                // A plus takes a byte after it; where a line ends, theirs looks at what stood there before.
                let text = random.text(4).trim_end_matches('+').to_owned();
                let pattern = text + random.one_of(&["", "*", "."]);
                config += &match random.below(6) {
                    0 => format!("+{pattern}\n"),
                    1 => format!("-{pattern}\n"),
                    2 => format!("e{pattern}\n"),
                    3 => format!("E{pattern}\n"),
                    4 => format!("p{}\n", random.text(5)),
                    _ => "what is this\n".into(),
                };
            }
            println!("{config}");
            both.write(&format!("{dir}/config"), &config);
            line.push(dir.into());
        }
        println!("{line:?}");
        let mut input = Vec::new();
        for byte in random.lines(120) {
            input.extend_from_slice(if byte == b'\n' { b".\n" } else { std::slice::from_ref(&byte) });
        }
        both.same(&words(&line), &input);
        for dir in ["one", "two"] {
            both.same_files(dir, look);
        }
    }
}

#[test]
fn multilog_tells_alike_what_it_cannot_open() {
    let Some(both) = both("multilog") else { return };
    both.make_dir("dir");
    both.write("file", "");
    for script in [
        &[][..],
        &["nothing"],
        &["=no/such/file"],
        &["=dir"],
        &["./no/such/dir"],
        &["./file"],
        &["./dir/../file"],
        &["t", "e", "./dir"],
        &["./dir", "./dir/../dir"],
    ] {
        both.same(script, b"one\ntwo");
    }
    let loggers = [0, 1].map(|i| both.start(i, &["./held"]));
    wait_until("both are there", || [0, 1].iter().all(|&i| both.dir(i).join("held/current").exists()));
    let refused = both.same(&["./held"], b"");
    assert_eq!(refused.err, "multilog: fatal: unable to lock directory ./held: temporary failure\n");
    assert!(loggers.map(|logger| logger.finish(b"").code) == [Some(0); 2]);
}

#[test]
fn svlogd_tells_alike_what_it_cannot_open() {
    let Some(both) = both("svlogd") else { return };
    both.make_dir("dir");
    both.make_dir("bad");
    both.write("file", "");
    both.write("bad/config", "u1.2.3\nU1.2.3.4:x\n");
    for line in [&["nosuch"][..], &["file"], &["nosuch", "dir"], &["dir", "./dir"], &["-tx", "dir"]] {
        if line[0] != "-tx" {
            both.same(line, b"one\n");
        }
    }
    both.same(&["bad"], b"one\n");
    for line in
        [&[][..], &["-x", "dir"], &["-r", "ab", "dir"], &["-l1024", "dir"], &["-b999", "dir"], &["-l"]]
    {
        let [theirs, ours] = [0, 1].map(|i| both.run(i, line, b""));
        assert_eq!((theirs.code, ours.code), (Some(111), Some(111)), "{line:?}");
        let usage = theirs.err.lines().rfind(|line| !line.is_empty()).unwrap();
        assert!(ours.err.contains(usage), "{}", ours.err);
    }
}

#[test]
fn directories_have_the_same_files_with_the_same_modes() {
    for (name, words) in [("multilog", "t s4096 ./log"), ("svlogd", "log")] {
        for umask in ["022", "077", "000"] {
            let Some(both) = both(name) else { return };
            both.write("input", &"0123456789 and so on\n".repeat(300));
            if name == "svlogd" {
                both.make_dir("log");
                both.write("log/config", "s4096\n");
            }
            let [theirs, ours] = [0, 1].map(|i| {
                let mut command = Command::new("sh");
                let program = both.programs[i].display();
                let called = if i == 0 { program.to_string() } else { format!("{program} {name}") };
                command.args(["-c", &format!("umask {umask}; {called} {words} <input")]);
                assert_eq!(kit::run(command.current_dir(both.dir(i))).code, 0);
                shape(&both.dir(i).join("log"))
            });
            assert_eq!(theirs, ours, "{name}, umask {umask}");
        }
    }
}

/// Each file in a directory with its mode, and the directory's.
fn shape(dir: &Path) -> Vec<String> {
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    let line = |name: &str, path: &Path| format!("{} {:o}", normal(name.as_bytes()), mode(path));
    let mut lines: Vec<_> =
        entries.map(|entry| line(&entry.file_name().to_string_lossy(), &entry.path())).collect();
    lines.push(line(".", dir));
    lines.sort();
    lines
}

#[test]
fn interrupted_file_is_kept_apart() {
    for (name, words) in [("multilog", &["./log"][..]), ("svlogd", &["log"])] {
        let Some(both) = both(name) else { return };
        both.make_dir("log");
        for i in [0, 1] {
            let mut logger = both.start(i, words);
            logger.say("one\ntwo");
            logger.say("\nthree\n");
            wait_until("it was logged", || content(&both.dir(i).join("log")).ends_with("three\n"));
            drop(logger);
            // The state of a processor that was interrupted is not trusted, where it is not svlogd's.
            std::fs::write(both.dir(i).join("log/state"), "old").unwrap();
        }
        both.same(words, b"four\n");
        both.same(words, b"five\n");
        both.same_files("log", look);
        let [theirs, ours] = [0, 1].map(|i| std::fs::read(both.dir(i).join("log/state")).unwrap());
        assert_eq!(theirs, ours, "{name}");
    }
}

#[test]
fn signals_rotate_and_end_at_the_end_of_a_line() {
    for (name, words) in [("multilog", &["./log"][..]), ("svlogd", &["log"])] {
        let Some(both) = both(name) else { return };
        both.make_dir("log");
        for i in [0, 1] {
            let log = both.dir(i).join("log");
            let mut logger = both.start(i, words);
            logger.say("one\n");
            wait_until("one", || content(&log) == "one\n");
            logger.signal("ALRM");
            wait_until("it has rotated", || files(&log).len() == 2);
            logger.say("two\nthr");
            wait_until("two", || content(&log).contains("two\n"));
            logger.signal("TERM");
            // What follows the end of the line is left for the next one. Theirs may have been woken by the line.
            logger.say(if i == 0 { "ee\n" } else { "ee\nfour\n" });
            assert_eq!(logger.finish_open().code, Some(0), "{name}");
        }
        // svlogd's own loses the line that it waited for.
        let theirs = if name == "svlogd" { "one\ntwo\n" } else { "one\ntwo\nthree\n" };
        assert_eq!(content(&both.dir(0).join("log")), theirs);
        assert_eq!(content(&both.dir(1).join("log")), "one\ntwo\nthree\n");
    }
}

#[test]
fn processors_make_the_same_archives() {
    // A processor that fails at first, keeps a count, and says what it is called by.
    let processor = "read n <&4; test -e ../tried || { >../tried; exit 1; }; echo $((n+1)) >&5; tr a-z A-Z";
    for (name, words) in [("multilog", &["s4096", "", "./log"][..]), ("svlogd", &["-b9000", "log"])] {
        let Some(both) = both(name) else { return };
        both.make_dir("log");
        both.write("log/config", &format!("s4096\n!{processor}\n"));
        let command = format!("!{processor}");
        let words: Vec<&str> =
            words.iter().map(|word| if word.is_empty() { &command } else { *word }).collect();
        for i in [0, 1] {
            let log = both.dir(i).join("log");
            let mut logger = both.start(i, &words);
            for round in 1..=3 {
                logger.say(&"words and more words\n".repeat(10));
                wait_until("it was logged", || {
                    content(&log).to_lowercase().matches('\n').count() == 10 * round
                });
                logger.signal("ALRM");
                let state = log.join("state");
                wait_until("it was processed", || {
                    std::fs::read_to_string(&state).is_ok_and(|state| state == format!("{round}\n"))
                });
            }
            assert_eq!(logger.finish(b"last\n").code, Some(0));
        }
        both.same_files("log", look);
        assert!(files(&both.dir(1).join("log")).iter().any(|file| file.bytes.starts_with(b"WORDS")));
    }
}

#[test]
fn archive_of_svlogd_has_its_name_while_it_is_processed() {
    let Some(both) = both("svlogd") else { return };
    both.make_dir("log");
    both.write("log/config", "!while ! test -e ../go; do sleep 0.01; done; cat\n");
    for i in [0, 1] {
        let log = both.dir(i).join("log");
        let names = || files(&log).iter().map(|file| normal(file.name.as_bytes())).collect::<Vec<_>>();
        let mut logger = both.start(i, &["log"]);
        logger.say("one\n");
        wait_until("one", || content(&log) == "one\n");
        logger.signal("ALRM");
        wait_until("it is processed", || names() == ["@T.t", "@T.u", "current"]);
        logger.say("two\n");
        wait_until("lines go on", || content(&log).ends_with("two\n"));
        drop(logger);
        std::fs::write(both.dir(i).join("go"), "").unwrap();
    }
    // The next one removes what was half made, and keeps what it was made of.
    both.write("log/config", "");
    both.same(&["log"], b"three\n");
    both.same_files("log", look);
}

#[test]
fn svlogd_reads_its_configuration_again() {
    let Some(both) = both("svlogd") else { return };
    both.make_dir("log");
    for i in [0, 1] {
        let log = both.dir(i).join("log");
        let mut logger = both.start(i, &["-v", "log", "later"]);
        logger.say("one\n");
        wait_until("one", || content(&log) == "one\n");
        std::fs::write(log.join("config"), "pnew: \n-two*\n").unwrap();
        std::fs::create_dir(both.dir(i).join("later")).unwrap();
        logger.signal("HUP");
        wait_until("it was read again", || both.dir(i).join("later/current").exists());
        logger.say("two\nthree\n");
        wait_until("three", || content(&log).contains("three\n"));
        assert_eq!(logger.finish(b"").code, Some(0));
        assert_eq!(content(&log), "one\nnew: three\n");
        assert_eq!(content(&both.dir(i).join("later")), "two\nthree\n");
    }
    both.same_files("log", look);
}

#[test]
fn svlogd_rotates_when_the_time_is_up() {
    let Some(both) = both("svlogd") else { return };
    both.make_dir("log");
    both.write("log/config", "t1\n");
    for i in [0, 1] {
        let log = both.dir(i).join("log");
        let mut logger = both.start(i, &["log"]);
        logger.say("one\n");
        wait_until("it has rotated", || files(&log).len() == 2);
        assert_eq!(logger.finish(b"").code, Some(0));
    }
    both.same_files("log", look);
}

#[test]
fn svlogd_sends_datagrams() {
    let Some(both) = both("svlogd") else { return };
    for (letter, kept) in [("u", "pre one\npre a long line indeed\n"), ("U", "")] {
        let sockets = [0, 1].map(|i| {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.set_read_timeout(Some(kit::PATIENCE)).unwrap();
            let dir = both.dir(i).join(letter);
            std::fs::create_dir(&dir).unwrap();
            let port = socket.local_addr().unwrap().port();
            std::fs::write(dir.join("config"), format!("{letter}127.0.0.1:{port}\nppre \n-no*\n")).unwrap();
            socket
        });
        both.same(&["-l10", letter], b"one\nno\na long line indeed\n");
        for (i, socket) in sockets.iter().enumerate() {
            let mut buffer = [0; 200];
            let got = [(); 2].map(|()| {
                let count = socket.recv(&mut buffer).unwrap();
                String::from_utf8_lossy(&buffer[..count]).into_owned()
            });
            assert_eq!(got, ["pre one\n", "pre a long lin...\n"]);
            assert_eq!(content(&both.dir(i).join(letter)), kept);
        }
    }
}

#[test]
fn full_disk_costs_svlogd_its_oldest_archives() {
    if !is_root() {
        println!("not root: no file system can be made full");
        return;
    }
    let Some(both) = both("svlogd") else { return };
    both.make_dir("log");
    let input: String = (0..4000).map(|i| format!("line {i:05} and some more of it\n")).collect();
    both.write("input", &input);
    for i in [0, 1] {
        let script = "mount -t tmpfs -o size=64k none log && printf 's8192\nn50\nN1\n' >log/config &&
            \"$0\" svlogd log <input; cp -r log kept";
        // Debian's has no first word to choose by.
        let script = if i == 0 { script.replace("\"$0\" svlogd", "\"$0\"") } else { script.into() };
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", &script]).arg(&both.programs[i]).current_dir(both.dir(i));
        let answer = kit::run(&mut command);
        assert_eq!(answer.code, 0, "{}", answer.err);
        let kept = content(&both.dir(i).join("kept"));
        assert!(input.ends_with(&kept) && kept.len() > 20_000, "{} bytes", kept.len());
    }
}

#[test]
fn multilog_keeps_as_many_files() {
    let input = "0123456789 and so on\n".repeat(3000);
    for number in [0, 2, 3, 7] {
        let Some(both) = both("multilog") else { return };
        both.same(&["s4096", &format!("n{number}"), "./log"], input.as_bytes());
        both.same_files("log", |file| normal(file.name.as_bytes()));
        assert_eq!(files(&both.dir(1).join("log")).len(), number.max(2));
    }
}

/// Lines that begin with labels, and with what is nearly one.
fn labelled(random: &mut Random, is_s6: bool) -> Vec<u8> {
    let mut text = String::new();
    for _ in 0..200 {
        // From 2017 on: earlier ones had fewer leap seconds.
        let seconds = (1u64 << 62) + 1_500_000_000 + random.below(2_500_000_000) as u64;
        let nanoseconds = random.below(1_000_000_000);
        text += &match random.below(8) {
            0 => random.text(40),
            1 if is_s6 => format!("@{seconds:016x}"),
            2 if is_s6 => format!("@{seconds:016X}{nanoseconds:08X} big"),
            3 if is_s6 => format!("@{seconds:016x}{nanoseconds:08x}77 {}", random.text(10)),
            4 => format!("x@{seconds:016x}{nanoseconds:08x}"),
            _ => format!(
                "@{seconds:016x}{nanoseconds:08x}{}{}",
                random.one_of(&[" ", ":", ""]),
                random.text(30)
            ),
        };
        text.push('\n');
    }
    text.into_bytes()
}

#[test]
fn labels_become_the_same_dates() {
    for (name, lines) in [("tai64nlocal", &[&[][..]][..]), ("s6-tai64nlocal", &[&[][..], &["-g"]])] {
        let Some(both) = both(name) else { return };
        for seed in 1..=5 {
            let mut input = labelled(&mut Random::new(seed), name == "s6-tai64nlocal");
            if seed == 2 {
                input.pop();
                input.extend_from_slice(b"\nno newline");
            }
            for zone in ["UTC", "America/New_York", "Australia/Lord_Howe"] {
                for words in lines {
                    let outcomes = [0, 1].map(|i| {
                        let mut command = both.command(i, words);
                        command
                            .env("TZ", zone)
                            .stdin(Stdio::piped())
                            .stdout(Stdio::piped())
                            .stderr(Stdio::piped());
                        Started(Some(command.spawn().unwrap())).finish(&input)
                    });
                    assert_eq!(outcomes[0], outcomes[1], "{zone}");
                }
            }
        }
    }
}

#[test]
fn lines_get_the_same_stamps() {
    for name in ["tai64n", "s6-tai64n"] {
        let Some(both) = both(name) else { return };
        for input in ["", "\n", "one\ntwo\n", "one\n\ntwo", "two"] {
            both.same(&[], input.as_bytes());
        }
        both.same(&["-x", "y"], b"one\n");
        let mut random = Random::new(7);
        for _ in 0..5 {
            both.same(&[], &random.lines(200));
        }
    }
}

#[test]
fn wrong_calls_of_the_filters_end_alike() {
    let Some(both) = both("s6-tai64nlocal") else { return };
    both.same(&["-x"], b"");
    assert_eq!(both.same(&["-g", "more"], b"one\n").out, "one\n");
}

#[test]
fn what_one_stamps_the_other_reads() {
    for (stamper, reader) in [("tai64n", "tai64nlocal"), ("s6-tai64n", "s6-tai64nlocal")] {
        let (Some(stampers), Some(readers)) = (both(stamper), both(reader)) else { return };
        for (i, j) in [(0, 1), (1, 0), (1, 1)] {
            let stamped = stampers.start(i, &[]).0.take().map(|mut child| {
                child.stdin.take().unwrap().write_all(b"one\n").unwrap();
                child.wait_with_output().unwrap().stdout
            });
            let mut command = readers.command(j, &[]);
            command.env("TZ", "UTC").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            child.stdin.take().unwrap().write_all(&stamped.unwrap()).unwrap();
            let read = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
            let date = Command::new("date").args(["-u", "+%s", "-d", &read[..19]]).output().unwrap().stdout;
            let then: u64 = String::from_utf8(date).unwrap().trim().parse().unwrap();
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
            assert!(now.saturating_sub(Duration::from_secs(then)) < Duration::from_secs(20), "{read}");
            assert!(then <= now.as_secs(), "{read}");
        }
    }
}

#[test]
fn filters_do_not_wait_for_more() {
    for name in ["tai64n", "s6-tai64n", "tai64nlocal", "s6-tai64nlocal"] {
        let Some(both) = both(name) else { return };
        for i in [0, 1] {
            let mut child = both.start(i, &[]).0.take().unwrap();
            child.stdin.as_mut().unwrap().write_all(b"one\n").unwrap();
            let mut out = child.stdout.take().unwrap();
            let mut byte = [0; 100];
            assert!(std::io::Read::read(&mut out, &mut byte).unwrap() > 0, "{name}");
            drop(child.stdin.take());
            assert!(child.wait().unwrap().success());
        }
    }
}

#[test]
fn last_line_without_a_newline_is_kept() {
    let Some(both) = both("svlogd") else { return };
    both.make_dir("log");
    let [theirs, ours] = [0, 1].map(|i| {
        both.run(i, &["log"], b"one\ntwo");
        content(&both.dir(i).join("log"))
    });
    assert_eq!((&theirs[..], &ours[..]), ("one\n", "one\ntwo\n"));
}

#[test]
fn label_that_is_no_date_stays() {
    let Some(both) = both("tai64nlocal") else { return };
    for line in ["@\n", "@x\n", "@4000000065abcdef\n"] {
        let [theirs, ours] = [0, 1].map(|i| both.run(i, &[], line.as_bytes()));
        assert_eq!((theirs.code, ours.code), (Some(-11), Some(0)), "{line}");
        assert_eq!(ours.out, line);
    }
    // And where the label is the end of everything, it is not lost.
    let [theirs, ours] = [0, 1].map(|i| both.run(i, &[], b"@400000006553f10a00000007"));
    assert_eq!((&theirs.out[..], &ours.out[..]), ("", "@T"));
}

#[test]
fn hangup_ends_multilog_at_the_end_of_a_line() {
    let Some(both) = both("multilog") else { return };
    let codes = [0, 1].map(|i| {
        let log = both.dir(i).join("log");
        let mut logger = both.start(i, &["./log"]);
        logger.say("one\n");
        wait_until("one", || content(&log) == "one\n");
        logger.signal("HUP");
        logger.finish_open().code
    });
    assert_eq!(codes, [Some(-1), Some(0)]);
    let modes = [0, 1].map(|i| files(&both.dir(i).join("log"))[0].mode);
    assert_eq!(modes, [0o644, 0o744]);
}

#[test]
fn surplus_of_archives_goes_at_once() {
    let Some(both) = both("svlogd") else { return };
    both.make_dir("log");
    both.write("log/config", "s2000\nn9\n");
    both.same(&["log"], &b"0123456789 and so on\n".repeat(1000));
    both.write("log/config", "s2000\nn2\n");
    let [theirs, ours] = [0, 1].map(|i| {
        both.run(i, &["log"], &b"0123456789 and so on\n".repeat(60));
        files(&both.dir(i).join("log")).len()
    });
    assert!(theirs > ours && ours == 3, "{theirs} {ours}");
}

#[test]
fn label_from_before_2017_is_read_with_the_leap_seconds_of_today() {
    let Some(both) = both("s6-tai64nlocal") else { return };
    let [theirs, ours] = [0, 1].map(|i| both.run(i, &["-g"], b"@400000003b9aca2000000007 one\n").out);
    assert_eq!(theirs, "2001-09-09 01:46:40.000000007 one\n");
    assert_eq!(ours, "2001-09-09 01:46:35.000000007 one\n");
}

#[test]
fn lines_go_on_while_a_processor_runs() {
    let Some(both) = both("multilog") else { return };
    let seen = [0, 1].map(|i| {
        let log = both.dir(i).join("log");
        let mut logger =
            both.start(i, &["!touch ../begun; while ! test -e ../go; do sleep 0.01; done; cat", "./log"]);
        logger.say("one\n");
        wait_until("one", || content(&log) == "one\n");
        logger.signal("ALRM");
        wait_until("it is processed", || both.dir(i).join("begun").exists());
        logger.say("two\n");
        if i == 1 {
            wait_until("two", || content(&log).ends_with("two\n"));
        }
        let seen = std::fs::read_to_string(log.join("current")).unwrap();
        std::fs::write(both.dir(i).join("go"), "").unwrap();
        assert_eq!(logger.finish(b"").code, Some(0));
        seen
    });
    assert_eq!(seen, ["", "two\n"]);
    both.same_files("log", look);
}

#[test]
fn archive_is_named_by_a_label_with_leap_seconds() {
    let Some(both) = both("multilog") else { return };
    both.same(&["s4096", "./log"], &b"0123456789 and so on\n".repeat(400));
    let [theirs, ours] = [0, 1].map(|i| {
        let name = files(&both.dir(i).join("log"))[0].name.clone();
        u64::from_str_radix(&name[1..17], 16).unwrap()
    });
    // 27 s, and the time between the two runs.
    assert!((27..87).contains(&(ours - theirs)), "{theirs:x} {ours:x}");
}

#[test]
fn empty_file_leaves_no_archive() {
    let Some(both) = both("multilog") else { return };
    let counts = [0, 1].map(|i| {
        let log = both.dir(i).join("log");
        let logger = both.start(i, &["./log"]);
        wait_until("it listens", || log.join("current").exists());
        drop(logger);
        both.run(i, &["./log"], b"");
        files(&log).len()
    });
    assert_eq!(counts, [2, 1]);
}

#[test]
fn status_file_is_no_link() {
    let Some(both) = both("multilog") else { return };
    let codes = [0, 1].map(|i| {
        std::os::unix::fs::symlink("target", both.dir(i).join("link")).unwrap();
        both.run(i, &["=link"], b"one\n").code
    });
    assert_eq!(codes, [Some(0), Some(111)]);
    assert!(!both.dir(1).join("target").exists());
}

#[test]
fn kill_at_any_moment_doubles_and_tears_nothing() {
    let lines = |from: usize| (from..from + 3000).map(|i| format!("{i:07} and so on\n")).collect::<String>();
    for (name, words) in [("multilog", &["s4096", "n999", "!cat", "./log"][..]), ("svlogd", &["log"])] {
        let scratch = Scratch::new();
        let log = scratch.path().join("log");
        std::fs::create_dir(&log).unwrap();
        std::fs::write(log.join("config"), "s2500\nn999\n!cat\n").unwrap();
        let start = || {
            let mut command = Command::new(our_program("svbox"));
            command.arg0(name).args(words).current_dir(scratch.path()).stdin(Stdio::piped());
            Started(Some(command.stderr(Stdio::null()).spawn().unwrap()))
        };
        let mut random = Random::new(11);
        for round in 0..40 {
            let mut logger = start();
            let mut stdin = logger.child().stdin.take().unwrap();
            let input = lines(round * 3000);
            let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
            // Any moment will do: this waits for nothing.
            std::thread::sleep(Duration::from_micros(random.below(40_000) as u64));
            drop(logger);
            writer.join().unwrap();
        }
        assert_eq!(start().finish(b"9999999 and so on\n").code, Some(0));
        let content = content(&log);
        let numbers: Vec<usize> = content
            .lines()
            .map(|line| {
                line.strip_suffix(" and so on").unwrap_or_else(|| panic!("torn: {line}")).parse().unwrap()
            })
            .collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{name}: doubled, or out of order");
        assert!(numbers.len() > 3000 && content.ends_with("9999999 and so on\n"), "{}", numbers.len());
    }
}

#[test]
fn configuration_that_was_mended_ends_a_processor_that_fails() {
    let Some(both) = both("svlogd") else { return };
    let log = both.dir(1).join("log");
    std::fs::create_dir(&log).unwrap();
    std::fs::write(log.join("config"), "!exit 1\n").unwrap();
    let mut logger = both.start(1, &["log"]);
    logger.say("one\n");
    wait_until("one", || content(&log) == "one\n");
    logger.signal("ALRM");
    wait_until("it has failed", || files(&log).iter().any(|file| file.name.ends_with(".t")));
    std::fs::write(log.join("config"), "pnew: \n").unwrap();
    logger.signal("HUP");
    wait_until("it was read again", || !files(&log).iter().any(|file| file.name.ends_with(".t")));
    assert_eq!(logger.finish(b"two\n").code, Some(0));
    assert_eq!(content(&log), "one\nnew: two\n");
}
