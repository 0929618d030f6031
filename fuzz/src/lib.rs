//! What must hold whatever the bytes are: one function for each fuzz target. Each panics if it does not.

#![forbid(unsafe_code)]

mod borrowed;
#[allow(dead_code, reason = "a target uses a part of it")]
#[path = "../../svctl/src/logs/line.rs"]
mod line;
#[allow(dead_code, reason = "a target uses a part of it")]
#[path = "../../svctl/src/moment.rs"]
mod moment;
#[allow(dead_code, reason = "a target uses a part of it")]
#[path = "../../svwait/src/s6/pattern.rs"]
mod regular;

mod command_lines;
mod directories;
mod logger;
mod machines;
mod names;
mod texts;

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::sync::OnceLock;

use cli::options::{Opt, Program};
use control::{Command, ScanCommand};
use status::{DEATH_SIZE, Death, Detail, Notice, Record};
use unix::{Signal, Stamp};

pub use command_lines::{getopt, svrun, tables};
pub use directories::variables;
pub use logger::{archives, labels, loggers, pattern, recovery, script, splitter};
pub use machines::{left, life, roster, tree};
pub use names::listeners;
pub use texts::{gunzip, moments, stages};

/// A target with its name, which is that of its corpus.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 26] = [
    ("record", record),
    ("detail", detail),
    ("tally", tally),
    ("bytes", bytes),
    ("words", words),
    ("options", options),
    ("settings", settings),
    ("script", script),
    ("splitter", splitter),
    ("pattern", pattern),
    ("archives", archives),
    ("recovery", recovery),
    ("loggers", loggers),
    ("labels", labels),
    ("stages", stages),
    ("getopt", getopt),
    ("tables", tables),
    ("svrun", svrun),
    ("variables", variables),
    ("listeners", listeners),
    ("moments", moments),
    ("gunzip", gunzip),
    ("life", life),
    ("left", left),
    ("roster", roster),
    ("tree", tree),
];

/// A record that is read is the one that is written again.
pub fn record(data: &[u8]) {
    if let Some(record) = Record::decode(data) {
        assert_eq!(Record::decode(&record.encode()), Some(record));
        assert!(!(record.is_up() && record.finishing));
    }
}

/// So is a detail, and it fits the buffer it is read with.
pub fn detail(data: &[u8]) {
    let detail = Detail::decode(&String::from_utf8_lossy(data));
    let text = detail.encode();
    assert_eq!(Detail::decode(&text), detail);
    assert!(text.len() <= 512, "{text:?}");
}

/// So is every death of a tally.
pub fn tally(data: &[u8]) {
    for bytes in data.as_chunks::<DEATH_SIZE>().0 {
        let death = Death::decode(bytes);
        assert_eq!(Death::decode(&death.encode()), death);
    }
}

/// A byte stands for one thing at most, and that thing for this byte.
pub fn bytes(data: &[u8]) {
    for &byte in data {
        if let Some(command) = Command::from_byte(byte) {
            assert_eq!(command.byte(), Some(byte));
        }
        if let Some(notice) = Notice::from_letter(byte) {
            assert_eq!(notice.letter(), byte);
        }
        if let Some(command) = ScanCommand::from_byte(byte) {
            let spelled = control::scanner::TABLE.iter().filter(|(_, other)| *other == command).count();
            assert_eq!(spelled, 1, "{command:?}");
        }
    }
}

/// Labels and signals: what is understood is said the same way.
pub fn words(data: &[u8]) {
    if let Some(stamp) = Stamp::from_label(data) {
        assert_eq!(stamp.to_string().as_bytes(), data.to_ascii_lowercase());
        assert_eq!(Stamp::from_bytes(stamp.to_bytes()), stamp);
    }
    if let Some(signal) = std::str::from_utf8(data).ok().and_then(Signal::parse) {
        assert!((1..=Signal::MAX).contains(&signal.number()));
        if let Some(name) = signal.name() {
            assert_eq!(Signal::parse(name), Some(signal));
        }
    }
}

/// A command line, one word after each NUL: no word of it is lost.
pub fn options(data: &[u8]) {
    const PROGRAM: Program = Program {
        name: "tool",
        about: "does things",
        usage: &["[ -a ] [ -w what ] dir"],
        options: &[
            Opt::flag('a', "all"),
            Opt::value('w', "what", "wait"),
            Opt::value('t', "ms", "time").or("timeout"),
            Opt::long("watch", None, "look"),
            Opt::long("stop-timeout", Some("ms"), "give up"),
        ],
    };
    let line: Vec<OsString> = data.split(|&b| b == 0).map(|word| OsString::from_vec(word.to_vec())).collect();
    // These two write their answer to standard output.
    let asks = |word: &OsString| {
        let text = word.to_string_lossy();
        text.starts_with("--help") || text.starts_with("--version")
    };
    if line.iter().any(asks) {
        return;
    }
    let operands_only = line.iter().skip(1).all(|word| !word.as_encoded_bytes().starts_with(b"-"));
    let count = line.len() - 1;
    match PROGRAM.parse(line) {
        Ok(Some(words)) => assert!(!operands_only || words.len() == count),
        Ok(None) => panic!("no help was asked for"),
        Err(failure) => assert_eq!(failure.code(), 100),
    }
}

/// A setting of one number, of one word, of several; one that is wrong is explained in one short line.
pub fn settings(data: &[u8]) {
    static FILE: OnceLock<&'static str> = OnceLock::new();
    let file = *FILE.get_or_init(|| {
        let path = std::env::temp_dir().join(format!("suite-fuzz-setting.{}", std::process::id()));
        String::leak(path.to_string_lossy().into_owned())
    });
    fs::write(file, data).expect("the temporary directory can be written to");
    match servicedir::read_given(file) {
        Ok(given) => {
            let given = given.expect("it was written");
            assert!(given.words().all(|word| data_has(data, word)));
            match servicedir::forms::kill_mode(&given) {
                Ok(word) => assert_eq!(given.words().collect::<Vec<_>>(), [word]),
                Err(problem) => explained(&problem, servicedir::names::KILL_MODE),
            }
        }
        Err(problem) => explained(&problem, file),
    }
    match servicedir::read_number(file, "a number of 1 or more", 1..=u32::MAX) {
        Ok(number) => assert!(number.is_some_and(|n| n >= 1)),
        Err(problem) => explained(&problem, file),
    }
    let (dir, name) = file.rsplit_once('/').unwrap_or((".", file));
    for (_, form) in servicedir::forms::FORMS {
        if let Err(problem) = servicedir::forms::examine(std::path::Path::new(dir), name, form) {
            explained(&problem, name);
        }
    }
    match servicedir::read_word(file, "a signal", Signal::parse) {
        Ok(signal) => assert!(signal.is_some()),
        Err(problem) => explained(&problem, file),
    }
}

fn data_has(data: &[u8], word: &str) -> bool {
    data.windows(word.len()).any(|window| window == word.as_bytes())
}

fn explained(problem: &servicedir::Problem, file: &str) {
    let text = problem.to_string();
    let text = text.strip_prefix(file).unwrap_or(&text);
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert!(text.len() < 500, "{text:?}");
}
