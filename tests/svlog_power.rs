//! The power fails: what the logger had done up to any moment is played back, without what was not on disk.
//!
//! A run is recorded by strace(1): what was written to which file, what was brought to disk, and every change of a name
//! or a mode. Played back is each beginning of it. Names and modes are on disk in the order in which they were changed,
//! as a journal keeps them; of what was written to a file since it was last brought to disk, any beginning may be there.
//! Then a logger begins in the directory.

#![forbid(unsafe_code)]

mod kit;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use kit::{Logged, Logger, Scratch, lines, numbers, ours_only, text, wait_until};

/// One thing that the logger or its processor did.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Deed {
    Make(String),
    Empty(String),
    Write(String, Vec<u8>),
    Sync(String),
    Mode(String, u32),
    Rename(String, String),
    Remove(String),
}

/// What strace(1) shall show.
const CALLS: &str = "trace=openat,write,pwrite64,sendfile,splice,copy_file_range,ftruncate,fsync,fdatasync,fchmod,renameat,renameat2,unlinkat,linkat";

/// Runs a logger that rotates, ends, begins again and rotates; gives what was done in `./log`. `death` tells strace(1)
/// how the first one is killed.
fn record(words: &[&str], death: Option<&str>) -> Vec<Deed> {
    let home = Scratch::new();
    let log = Logged::at(home.path().join("log"));
    let mut deeds = Vec::new();
    for life in 0..2 {
        let kill = death.filter(|_| life == 0).map(|death| ["-e", death]);
        let by = ["strace", "-f", "-y", "-xx", "-s", "1000000", "-o", "trace", "-e", CALLS];
        let by = [&by[..], kill.as_ref().map_or(&[], |kill| &kill[..])].concat();
        let mut logger = Logger::start_as(home.path(), &by, words);
        // As much as the pipe takes, and no more than it reads at once.
        for part in 0..3 {
            let first = 1 + life * 300 + part * 100;
            logger.write(&lines(first..first + 100));
            let last = lines([first + 99]);
            let has_come = || log.all().ends_with(&last) || log.path("processed").exists();
            wait_until("the lines", || kill.is_some() || has_come());
        }
        logger.close();
        assert_eq!(logger.wait(), if kill.is_some() { 128 + 9 } else { 0 }, "{}", logger.messages());
        let trace = text(home.path().join("trace"));
        deeds.extend(whole_calls(&trace).iter().filter_map(|call| parse(call, log.dir())));
    }
    if death.is_none() {
        assert_eq!(numbers(&log.all()), (1..=600).collect::<Vec<_>>());
    }
    deeds
}

/// The calls of a trace in the order in which they ended: two processes interrupt each other.
fn whole_calls(trace: &str) -> Vec<String> {
    let mut begun = BTreeMap::new();
    let mut whole = Vec::new();
    for call in trace.lines() {
        let Some((pid, call)) = call.split_once(char::is_whitespace) else { continue };
        let call = call.trim_start();
        if let Some(beginning) = call.strip_suffix(" <unfinished ...>") {
            begun.insert(pid, beginning.to_owned());
        } else if let Some((_, end)) = call.split_once(" resumed>").filter(|_| call.starts_with("<... ")) {
            whole.extend(begun.remove(pid).map(|beginning| beginning + end));
        } else {
            whole.push(call.to_owned());
        }
    }
    whole
}

/// The bytes of a word that strace(1) shows in hexadecimal.
fn bytes(word: &str) -> Vec<u8> {
    word.split("\\x").skip(1).map(|two| u8::from_str_radix(&two[..2], 16).unwrap()).collect()
}

/// What a line of the trace did in the directory.
fn parse(call: &str, dir: &Path) -> Option<Deed> {
    let (before, result) = call.rsplit_once(" = ")?;
    let (name, arguments) = before.split_once('(')?;
    if result.starts_with('-') || result.starts_with('?') {
        return None;
    }
    // The descriptor's path, without the directory; and what stands in quotation marks.
    let place = |shown: &str| {
        let path = String::from_utf8(bytes(shown.split_once('<')?.1.split_once('>')?.0)).ok()?;
        let rest = path.strip_prefix(dir.to_str()?)?;
        Some(rest.trim_start_matches('/').to_owned())
    };
    let quoted: Vec<Vec<u8>> = arguments.split('"').skip(1).step_by(2).map(bytes).collect();
    let word = |index: usize| String::from_utf8(quoted[index].clone()).unwrap();
    let file = place(arguments)?;
    Some(match name {
        "openat" if arguments.contains("O_TRUNC") => Deed::Empty(word(0)),
        "openat" if arguments.contains("O_CREAT") => Deed::Make(word(0)),
        "openat" => return None,
        "write" => Deed::Write(file, quoted[0][..result.parse().ok()?].to_vec()),
        "fsync" | "fdatasync" => Deed::Sync(file),
        "fchmod" => {
            let mode = arguments.rsplit(", ").next()?.trim_end_matches(')');
            Deed::Mode(file, u32::from_str_radix(mode, 8).unwrap())
        }
        "renameat" | "renameat2" => Deed::Rename(word(0), word(1)),
        "unlinkat" => Deed::Remove(word(0)),
        other => panic!("{other} is not known: {call}"),
    })
}

/// A file on its way to the disk.
#[derive(Clone, Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    /// So many of them are on disk.
    synced: usize,
    mode: u32,
}

/// The directory after some of the deeds.
#[derive(Clone, Debug, Default)]
struct Disk(BTreeMap<String, Content>);

impl Disk {
    fn play(&mut self, deed: &Deed) {
        let files = &mut self.0;
        match deed {
            Deed::Make(name) => {
                files.entry(name.clone()).or_insert(Content { mode: 0o644, ..Content::default() });
            }
            Deed::Empty(name) => {
                files.insert(name.clone(), Content { mode: 0o644, ..Content::default() });
            }
            // What is written to a file without a name changes nothing here.
            Deed::Write(name, more) => {
                if let Some(file) = files.get_mut(name) {
                    file.bytes.extend_from_slice(more);
                }
            }
            Deed::Sync(name) => {
                if let Some(file) = files.get_mut(name) {
                    file.synced = file.bytes.len();
                }
            }
            Deed::Mode(name, mode) => files.get_mut(name).expect("it has a name").mode = *mode,
            Deed::Rename(from, to) => {
                let file = files.remove(from).expect("it has a name");
                files.insert(to.clone(), file);
            }
            Deed::Remove(name) => {
                files.remove(name);
            }
        }
    }

    /// Writes the directory as the power left it: of what was not on disk, so many thousandths are there.
    fn write(&self, dir: &Path, thousandths: usize) {
        fs::create_dir(dir).unwrap();
        for (name, file) in &self.0 {
            let kept = file.synced + (file.bytes.len() - file.synced) * thousandths / 1000;
            fs::write(dir.join(name), &file.bytes[..kept]).unwrap();
            fs::set_permissions(dir.join(name), PermissionsExt::from_mode(file.mode)).unwrap();
        }
    }

    /// The numbers of the lines that are on disk.
    fn promised(&self) -> Vec<u64> {
        let processed = self.0.get("processed").filter(|file| file.mode & 0o100 != 0);
        let waiting = processed.or(self.0.get("previous"));
        let archives = self.0.iter().filter(|(name, _)| name.starts_with('@')).map(|(_, file)| file);
        let files = archives.chain(waiting).chain(self.0.get("current"));
        let synced: Vec<u8> = files.flat_map(|file| file.bytes[..file.synced].to_vec()).collect();
        numbers(&synced)
    }
}

/// Begins a logger in what the power left, and looks for what was promised.
fn check(disk: &Disk, thousandths: usize, moment: usize) {
    let home = Scratch::new();
    let log = Logged::at(home.path().join("log"));
    disk.write(log.dir(), thousandths);
    // What it does itself need not be on disk: the next moment begins with another one.
    Logger::start(home.path(), &["--sync", "never", "n1000", "./log"]).finish();
    let context = || format!("deed {moment}, {thousandths}/1000: {:?}", log.archives());
    let mut found = Vec::new();
    for name in log.archives().into_iter().chain(["current".to_owned()]) {
        let content = log.content(&name);
        assert!(content.is_empty() || content.ends_with(b"\n"), "{name}: {}", context());
        // Its end may be missing, where a logger was interrupted: as the last line, and of such a file only.
        let whole = match name.ends_with(".u") {
            true => without_torn_line(&content),
            false => &content[..],
        };
        found.extend(numbers(whole));
    }
    assert!(found.is_sorted_by(|one, next| one < next), "doubled or out of order: {}", context());
    let is_there = |number: &u64| found.binary_search(number).is_ok();
    let missing: Vec<_> = disk.promised().into_iter().filter(|number| !is_there(number)).collect();
    assert!(missing.is_empty(), "{missing:?} were on disk: {}", context());
    for name in ["previous", "processed", "newstate"] {
        assert!(!log.path(name).exists(), "{name} is left: {}", context());
    }
}

/// The file but for its last line, if that is not a whole one.
fn without_torn_line(content: &[u8]) -> &[u8] {
    let before = content[..content.len().saturating_sub(1)].iter().rposition(|&byte| byte == b'\n');
    let start = before.map_or(0, |at| at + 1);
    let is_torn = !content[start..].ends_with(b">\n") || content[start] != b'<';
    if is_torn { &content[..start] } else { content }
}

/// Records a run, and has the power fail at each moment of it.
fn play(words: &[&str], death: Option<&str>, least: usize) -> Vec<Deed> {
    if Command::new("strace").arg("-V").output().is_err() {
        println!("not tested: strace is missing");
        return Vec::new();
    }
    let deeds = record(words, death);
    let archives =
        deeds.iter().filter(|deed| matches!(deed, Deed::Rename(_, to) if to.starts_with('@'))).count();
    assert!(archives >= least, "{archives} archives: {deeds:?}");
    let mut disk = Disk::default();
    for (moment, deed) in deeds.iter().enumerate() {
        disk.play(deed);
        for thousandths in [0, 1 + moment * 7919 % 999, 1000] {
            check(&disk, thousandths, moment);
        }
    }
    deeds
}

#[test]
fn what_was_on_disk_is_there_after_the_power_failed() {
    ours_only!("its name");
    play(&["s4096", "n1000", "./log"], None, 8);
}

#[test]
fn what_was_on_disk_is_there_after_the_power_failed_with_a_processor() {
    ours_only!("its name");
    // It reads and writes by read(2) and write(2).
    play(&["s4096", "n1000", "?exec tr x x", "./log"], None, 4);
}

#[test]
fn what_was_on_disk_is_there_after_the_power_failed_while_a_killed_logger_was_replaced() {
    ours_only!("its name");
    play(&["s4096", "n1000", "./log"], Some("inject=renameat2:signal=KILL:when=3"), 6);
    play(&["s4096", "n1000", "?exec tr x x", "./log"], Some("inject=fsync:signal=KILL:when=3"), 2);
}

#[test]
fn every_line_is_on_disk_before_the_next_is_read_if_that_is_asked_for() {
    ours_only!("--sync");
    let deeds = play(&["--sync", "always", "s4096", "n1000", "./log"], None, 8);
    let mut dirty = false;
    for (deed, next) in deeds.iter().zip(deeds.iter().skip(1)) {
        dirty = match deed {
            Deed::Write(..) => true,
            Deed::Sync(..) => false,
            _ => dirty,
        };
        assert!(!dirty || matches!(next, Deed::Write(..) | Deed::Sync(..)), "{deed:?}, then {next:?}");
    }
}
