//! Regular expressions of `svlog` and of Debian's `s6-log`, which has those of the C library: generated patterns on
//! generated lines must select the same, and be refused by both.
//!
//! `SEED=N` tries one pattern again.

#![forbid(unsafe_code)]

mod kit;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;
use std::time::{Duration, Instant};

use kit::{Filtered, Random, filter, our_name, ours_only, seeds, their_program};

/// Patterns in one run of the test.
const PATTERNS: u64 = 400;

/// What patterns are made of.
const PARTS: &[&str] = &[
    "a",
    "b",
    "ab",
    "A",
    "1",
    "_",
    " ",
    ".",
    "é",
    "\u{ff}",
    "*",
    "+",
    "?",
    "|",
    "(",
    ")",
    "()",
    "(a|b)",
    "(|a)",
    "^",
    "$",
    "[ab]",
    "[^ab]",
    "[a-c]",
    "[]a]",
    "[^]a]",
    "[a-]",
    "[-a]",
    "[a\\]",
    "[\\d]",
    "[[:alpha:]]",
    "[[:space:]1]",
    "[^[:punct:]]",
    "[[:upper:][:digit:]]",
    "[[.a.]-c]",
    "[[=a=]]",
    "[[:foo:]]",
    "[[.space.]]",
    "[a-c-e]",
    "[z-a]",
    "[",
    "]",
    "{",
    "}",
    "{2}",
    "{0}",
    "{1,2}",
    "{,2}",
    "{2,}",
    "{,}",
    "{}",
    "{2,1}",
    "{a}",
    "{32768}",
    "\\.",
    "\\*",
    "\\(",
    "\\{",
    "\\d",
    "\\n",
    "\\w",
    "\\W",
    "\\s",
    "\\S",
    "\\b",
    "\\B",
    "\\<",
    "\\>",
    "\\`",
    "\\'",
    "\\\\",
    "\\]",
    "(?:a)",
    "a*?",
    "a**",
    "(a*)*",
    "(^a|b$)",
    "&&",
    "~",
    "#",
    "/",
    "-",
    ",",
];

/// What lines are made of.
const BYTES: &[u8] = b"aaabbbcA1_ .,-*+?|()[]{}^$\\d&~#/\t\r\x0b\x01\x7f\xc3\xa9\xff";

fn pattern(random: &mut Random) -> String {
    let parts = 1 + random.below(5);
    (0..parts).map(|_| random.pick(PARTS)).collect()
}

fn lines(random: &mut Random) -> Vec<u8> {
    let mut lines = Vec::new();
    for _ in 0..60 {
        let length = random.below(8);
        lines.extend((0..length).map(|_| random.pick(BYTES)));
        lines.push(b'\n');
    }
    lines
}

fn select(program: &OsStr, pattern: &[u8], lines: &[u8]) -> Filtered {
    let mut directive = b"+".to_vec();
    directive.extend_from_slice(pattern);
    filter(Command::new(program).args(["--", "-"]).arg(OsStr::from_bytes(&directive)).arg("1"), lines)
}

#[test]
fn generated_patterns_select_what_the_c_library_selects() {
    ours_only!("both are run");
    let Some(theirs) = their_program("s6-log") else {
        return println!("s6-log is not installed: nothing is compared");
    };
    let mut selecting = 0;
    for seed in seeds(PATTERNS) {
        let mut random = Random::new(seed);
        let (pattern, lines) = (pattern(&mut random), lines(&mut random));
        let theirs = select(theirs.as_os_str(), pattern.as_bytes(), &lines);
        let ours = select(our_name("s6-log").as_os_str(), pattern.as_bytes(), &lines);
        let same = (ours.code, &ours.out) == (theirs.code, &theirs.out);
        assert!(same, "SEED={seed} pattern {pattern:?}: ours, then theirs:\n{ours:?}\n{theirs:?}");
        selecting += usize::from(ours.code == 0 && !ours.out.is_empty() && ours.out != lines);
    }
    println!("{selecting} patterns have selected some lines and not others");
}

#[test]
fn back_reference_is_refused() {
    ours_only!("the C library has them");
    let ours = select(our_name("s6-log").as_os_str(), br"^(a|b)\1$", b"aa\n");
    assert_eq!(ours.code, 100, "{ours:?}");
    assert!(String::from_utf8_lossy(&ours.err).contains("back references"), "{ours:?}");
}

#[test]
fn pattern_that_would_eat_memory_is_refused() {
    ours_only!("the C library takes as much as there is");
    for pattern in
        ["((a{999}){999}){999}", "(a?){32767}", &"(".repeat(50_000), &format!("a{}", "*".repeat(50_000))]
    {
        let ours = select(our_name("s6-log").as_os_str(), pattern.as_bytes(), b"aa\n");
        assert_eq!(ours.code, 100, "{ours:?}");
    }
}

#[test]
fn pattern_that_is_exponential_elsewhere_takes_no_time() {
    ours_only!("the C library takes a minute, and 400 MB");
    let mut random = Random::new(1);
    let mut lines = vec![b'a'; 8000];
    lines.push(b'\n');
    for _ in 0..50 {
        lines.extend((0..1000).map(|_| random.pick(b"ab")));
        lines.extend_from_slice(b"c\n");
    }
    let start = Instant::now();
    for pattern in ["^(a*)*d", "(a|a)*d$", "^(a?){30}a{30}d", "((a+)+)+d", "(a|b)*a(a|b){20}d"] {
        let ours = select(our_name("s6-log").as_os_str(), pattern.as_bytes(), &lines);
        assert_eq!((ours.code, &ours.out[..]), (0, &b""[..]), "{pattern}");
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
