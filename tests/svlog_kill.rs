//! kill -9 of the logger at random moments: nothing that reached a log directory is damaged or doubled, and what is lost
//! is no more than was read at once.
//!
//! `KILL_ROUNDS` sets how many; `KILL_SEED` plays a run again.

#![forbid(unsafe_code)]

mod kit;

use std::collections::HashMap;
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use kit::{Logged, Logger, Scratch, line, lines, ours_only};

/// Numbers that follow from a seed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What was found up to now.
#[derive(Default)]
struct Found {
    last: u64,
    /// A line that was written in part, by an interrupted logger.
    torn: usize,
    /// Where lines are missing: after this one, so many bytes.
    gaps: Vec<(u64, usize)>,
    /// How many loggers were killed while this was the last line that was there.
    kills: HashMap<u64, usize>,
    lines: usize,
}

impl Found {
    /// Takes the next file. `was_interrupted`: its logger was killed in it, perhaps in the middle of a line. What a
    /// logger begins with may be the end of a line of which the beginning has gone with the one before.
    fn take(&mut self, bytes: &[u8], was_interrupted: bool) {
        let text = std::str::from_utf8(bytes).unwrap();
        assert!(text.ends_with('\n') || text.is_empty(), "{:?}", text.lines().last());
        let count = text.lines().count();
        let mut tail = None;
        for (index, found) in text.lines().enumerate() {
            let number: Option<u64> = found.get(1..9).and_then(|digits| digits.parse().ok());
            match number.filter(|&number| line(number) == found) {
                Some(number) => {
                    let end = tail.take().unwrap_or("");
                    assert!(line(number - 1).ends_with(end), "torn before {number}: {end:?}");
                    self.take_line(number);
                }
                None if index == 0 && line_ends_with(found) => tail = Some(found),
                None => {
                    let begins = line(self.last + 1).starts_with(found);
                    assert!(was_interrupted && index + 1 == count && begins, "torn: {found:?}");
                    self.torn += 1;
                }
            }
        }
    }

    fn take_line(&mut self, number: u64) {
        assert!(number > self.last, "{number} after {}", self.last);
        let lost: usize = (self.last + 1..number).map(|number| line(number).len() + 1).sum();
        if lost > 0 {
            self.gaps.push((self.last, lost));
        }
        (self.last, self.lines) = (number, self.lines + 1);
    }
}

impl Found {
    /// The most bytes that were lost with one logger. Those who logged nothing have each lost as much.
    fn most_lost(&self) -> usize {
        let with_one =
            |(last, lost): &(u64, usize)| lost.div_ceil(self.kills.get(last).copied().unwrap_or(0).max(1));
        self.gaps.iter().map(with_one).max().unwrap_or(0)
    }

    #[track_caller]
    fn assert_lost_at_most(&self, bound: usize) {
        let (lost, gaps) = (self.most_lost(), self.gaps.len());
        println!("{} lines, {gaps} gaps, at most {lost} bytes, {} torn", self.lines, self.torn);
        assert!(lost <= bound, "{lost}");
    }
}

/// The number of the last whole line.
fn last_number(bytes: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().rev().find_map(|found| {
        let number = found.get(1..9)?.parse().ok()?;
        (line(number) == found).then_some(number)
    })
}

/// Whether this can be the end of a line.
fn line_ends_with(end: &str) -> bool {
    end.is_empty() || (end.ends_with('>') && !end.starts_with('<'))
}

/// Kills loggers with this script so many times, and gives what was found. One pipe is all they read.
fn play(words: &[&str], rounds: u64) -> Found {
    let seed = setting("KILL_SEED").unwrap_or_else(|| u64::from(std::process::id()) * 0x9e37_79b9 + 1);
    println!("KILL_SEED={seed}, {rounds} rounds: {words:?}");
    let mut random = Random(seed);
    let home = Scratch::new();
    let log = Logged::at(home.path().join("log"));
    let (reader, mut writer) = std::io::pipe().unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let mut found = Found::default();
    std::thread::scope(|scope| {
        let producer = scope.spawn(|| {
            let mut number = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let some: String = (number + 1..=number + 20).map(|number| line(number) + "\n").collect();
                number += 20;
                writer.write_all(some.as_bytes()).unwrap();
            }
            drop(writer);
            number
        });
        let mut kept = Vec::new();
        for _ in 0..rounds {
            let logger = Logger::launch(home.path(), &[], words, reader.try_clone().unwrap().into());
            std::thread::sleep(Duration::from_micros(random.below(12_000)));
            logger.kill();
            assert_kept(&log, &mut kept, &mut found);
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        let mut last = Logger::launch(home.path(), &[], words, Stdio::from(reader));
        assert_eq!(last.wait(), 0, "{}", last.messages());
        assert_kept(&log, &mut kept, &mut found);
        found.take(&log.content("current"), false);
        assert_eq!(found.last, producer.join().unwrap(), "a logger that is not killed loses nothing");
    });
    found
}

/// Takes the archives that were made since the last time: what the logger before the last one had left must be in the
/// first of them, whole and in order. `kept` is what a killed logger leaves behind.
#[track_caller]
fn assert_kept(log: &Logged, kept: &mut Vec<u8>, found: &mut Found) {
    let mut all = Vec::new();
    for name in log.archives() {
        let bytes = log.content(&name);
        found.take(&bytes, name.ends_with(".u"));
        all.extend(bytes);
        std::fs::remove_file(log.path(&name)).unwrap();
    }
    // Whatever a logger has put into the directory before, the next ones have only moved or gone on with.
    let instead = if log.is_finished("processed") { "processed" } else { "previous" };
    let left: Vec<u8> = [instead, "current"].iter().flat_map(|name| log.content(name)).collect();
    let whole = [&all[..], &left].concat();
    assert!(is_in(kept, &whole), "what was there before is not there any more");
    *found.kills.entry(last_number(&left).unwrap_or(found.last)).or_default() += 1;
    *kept = left;
}

/// Whether bytes are at the beginning of others, but for a line that was ended.
fn is_in(before: &[u8], after: &[u8]) -> bool {
    let ended = before.len() + usize::from(!before.ends_with(b"\n"));
    after.starts_with(before) && (after.len() <= before.len() || after.len() >= ended)
}

fn rounds(part: u64) -> u64 {
    setting("KILL_ROUNDS").unwrap_or(300) * part / 10
}

/// The longest line with its newline.
const LONGEST: usize = 101;

#[test]
fn killed_loggers_lose_at_most_what_they_read_at_once() {
    ours_only!("its name");
    let found = play(&["s4096", "n1000000", "./log"], rounds(4));
    found.assert_lost_at_most(65536 + 2 * LONGEST);
}

#[test]
fn careful_loggers_lose_at_most_four_kilobytes_and_a_line() {
    ours_only!("its name");
    let found = play(&["-b", "s4096", "n1000000", "./log"], rounds(4));
    found.assert_lost_at_most(4096 + 2 * LONGEST);
}

#[test]
fn loggers_that_are_killed_while_a_processor_works_keep_what_it_works_on() {
    ours_only!("its name");
    let found = play(&["s4096", "n1000000", "?exec cat", "./log"], rounds(2));
    found.assert_lost_at_most(65536 + 2 * LONGEST);
}

/// What changes something in a log directory, and what begins it.
const CALLS: [&str; 8] =
    ["openat", "write", "fsync", "fchmod", "renameat", "renameat2", "linkat", "unlinkat"];

/// Kills a logger with this processor as it enters each call of these names once, and has another one go on. `strace`
/// is told this besides.
fn play_each_call(processor: &str, strace: &[&str], calls: &[&str]) {
    let words = ["-b", "s4096", "n1000000", processor, "./log"];
    let mut deaths = 0;
    for call in calls {
        for moment in 1.. {
            let home = Scratch::new();
            let log = Logged::at(home.path().join("log"));
            let (reader, mut writer) = std::io::pipe().unwrap();
            writer.write_all(&lines(1..=200)).unwrap();
            drop(writer);
            let trace = format!("trace={}", CALLS.join(","));
            let inject = format!("inject={call}:signal=KILL:when={moment}");
            let by = ["strace", "-o", "/dev/null", "-e", &trace, "-e", &inject];
            let by = [&by, strace].concat();
            let mut first = Logger::launch(home.path(), &by, &words, reader.try_clone().unwrap().into());
            let code = first.wait();
            let words = [&["--sync", "never"], &words[..]].concat();
            let mut last = Logger::launch(home.path(), &[], &words, reader.into());
            assert_eq!(last.wait(), 0, "{}", last.messages());
            let mut found = Found::default();
            for name in log.archives() {
                found.take(&log.content(&name), name.ends_with(".u"));
            }
            found.take(&log.content("current"), false);
            let lost: usize = found.gaps.iter().map(|(_, lost)| lost).sum();
            assert!(lost <= 4096 + 2 * LONGEST, "{call} {moment}: {lost}");
            if code == 0 {
                assert_eq!((lost, found.last), (0, 200), "{call} {moment}");
                break;
            }
            assert_eq!(code, 128 + 9, "{call} {moment}: {}", first.messages());
            deaths += 1;
        }
    }
    println!("killed in {deaths} calls");
    assert!(deaths > 30, "{deaths}");
}

#[test]
fn logger_that_is_killed_in_any_call_about_a_processor_leaves_nothing_damaged_or_doubled() {
    ours_only!("its name");
    if std::process::Command::new("strace").arg("-V").output().is_err() {
        println!("not tested: strace is missing");
        return;
    }
    play_each_call("?exec cat", &[], &["fsync", "fchmod", "renameat", "renameat2", "unlinkat"]);
}

#[test]
fn logger_that_is_killed_in_any_call_leaves_nothing_damaged_or_doubled() {
    ours_only!("its name");
    if std::process::Command::new("strace").arg("-V").output().is_err() {
        println!("not tested: strace is missing");
        return;
    }
    play_each_call("?", &[], &CALLS);
    // Where a name cannot be given with care.
    play_each_call(
        "?",
        &["-e", "inject=renameat2:error=EINVAL"],
        &["renameat", "linkat", "unlinkat", "openat"],
    );
}
