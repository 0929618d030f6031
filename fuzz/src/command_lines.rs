//! Command lines.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use cli::getopt::Grammar;
use cli::options::Program;

/// One word after each NUL.
fn words(data: &[u8]) -> Vec<OsString> {
    data.split(|&byte| byte == 0).map(|word| OsString::from_vec(word.to_vec())).collect()
}

/// They are answered on standard output.
fn asks(words: &[OsString]) -> bool {
    let asks = |word: &OsString| {
        let text = word.to_string_lossy();
        text.starts_with("--help") || text.starts_with("--version")
    };
    words.iter().any(asks)
}

/// Command lines as getopt(3) takes them: what is understood says itself again, and is understood the same way.
pub fn getopt(data: &[u8]) {
    const GRAMMAR: Grammar = Grammar {
        name: "tool",
        usage: "[ -a ] dir",
        letters: "ab0/t:w:",
        long: &[("time", 't'), ("all", 'a'), ("", 'b')],
    };
    let words = words(data);
    let count = words.len();
    let Ok(line) = GRAMMAR.split(words.clone()) else { return };
    assert!(line.operands.len() < count.max(1));
    assert!(words.ends_with(&line.operands));
    let mut again = vec![OsString::from("tool")];
    for (letter, value) in &line.options {
        again.push(OsString::from(format!("-{letter}")));
        if "tw".contains(*letter) {
            again.push(value.clone());
        } else {
            assert!(value.is_empty());
        }
    }
    again.push("--".into());
    again.extend(line.operands.iter().cloned());
    let again = GRAMMAR.split(again).expect("it was understood before");
    assert_eq!((again.options, again.operands), (line.options, line.operands));
}

/// Command lines of our programs, after a byte that chooses one: no operand is lost, and what is wrong is misuse.
pub fn tables(data: &[u8]) {
    const PROGRAMS: [&Program; 7] = [
        &supervise::PROGRAM,
        &svscan::PROGRAM,
        &svctl::PROGRAM,
        &svwait::PROGRAM,
        &svlog::PROGRAM,
        &svinit::PROGRAM,
        &svrun::PROGRAM,
    ];
    let Some((&which, data)) = data.split_first() else { return };
    let program = PROGRAMS[usize::from(which) % PROGRAMS.len()];
    let words = words(data);
    if asks(&words) {
        return;
    }
    for parsed in [program.parse(words.clone()), program.parse_command(words.clone())] {
        match parsed {
            Ok(parsed) => assert!(parsed.is_some_and(|parsed| parsed.len() <= data.len() + 1)),
            Err(failure) => assert_eq!(failure.code(), 100),
        }
    }
}

/// Command lines that change the process state: users, limits, capabilities, ports, redirections, lists. They become a
/// plan, or misuse.
pub fn svrun(data: &[u8]) {
    let words = words(data);
    // chpst -V says its version.
    if asks(&words) || words.iter().any(|word| word.as_bytes().contains(&b'V')) {
        return;
    }
    if let Err(failure) = svrun::understand(words) {
        assert_eq!(failure.code(), 100);
    }
}
