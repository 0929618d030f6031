//! Programs that will be executed: can they be?

use std::path::Path;

use sys::file::{self, Kind};
use sys::problem::{self, Problem};

use super::finding::Findings;
use super::logger;

/// The longest script that is read, in bytes.
const LONGEST: usize = 1 << 20;

/// Looks at a program that is there.
pub(crate) fn check(findings: &mut Findings, path: &Path) {
    match problem::foresee(path) {
        None => {}
        Some(Problem::BeingWritten | Problem::Resources(_)) => return,
        Some(problem) if is_of_line_one(&problem) => return findings.error_at(path, 1, problem),
        Some(problem) => return findings.error(path, sentence(&problem)),
    }
    if file::look(path).is_ok_and(|info| info.is_some_and(|info| info.mode & 0o002 != 0)) {
        findings.warning(path, "anybody may write to it, and so decide what runs");
    }
    check_lines(findings, path);
}

fn is_of_line_one(problem: &Problem) -> bool {
    matches!(
        problem,
        Problem::NoInterpreter(_) | Problem::BadInterpreter(_) | Problem::CarriageReturn | Problem::NoShebang
    )
}

fn sentence(problem: &Problem) -> String {
    match problem {
        Problem::Mode(mode) => format!("not executable (mode {mode:04o}): chmod +x"),
        other => other.to_string(),
    }
}

/// A script: whether its later lines end in CR LF, whose CR its interpreter takes for a part of the last word, and what
/// it tells a logger.
fn check_lines(findings: &mut Findings, path: &Path) {
    let Ok(Some(info)) = file::look(path) else { return };
    if info.kind != Kind::File || info.size > LONGEST as u64 {
        return;
    }
    let mut text = vec![0; info.size as usize];
    let Ok(Some(text)) = file::read_into(path, &mut text) else { return };
    if !text.starts_with(b"#!") {
        return;
    }
    if let Some(line) = text.split(|&b| b == b'\n').position(|line| line.ends_with(b"\r")) {
        return findings.warning_at(path, line + 1, "the line ends in CR LF, as on Windows");
    }
    logger::check(findings, path, text);
}
