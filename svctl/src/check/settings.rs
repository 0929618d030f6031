//! Settings: is each what it must be, and do they fit together?

use std::path::Path;

use servicedir::forms::{self, FORMS};
use servicedir::{names, read_given_in};
use sys::file;

use super::finding::Findings;

/// Settings that do nothing without another file.
const NEEDS: [(&str, &str); 4] = [
    (names::FLAG_TIMEOUT_KILLPG, names::TIMEOUT_KILL),
    (names::TIMEOUT_FINISH, names::FINISH),
    (names::TIMEOUT_CRASH, names::CRASH),
    (names::TIMEOUT_CHECK, names::CHECK),
];

/// Looks at all of them.
pub(crate) fn check(findings: &mut Findings, dir: &Path) {
    for (name, form) in FORMS {
        if let Err(problem) = forms::examine(dir, name, form) {
            findings.error_at(&dir.join(name), 1, format_args!("{problem}; it counts as absent"));
        }
    }
    for (name, other) in NEEDS {
        if has(dir, name) && !has(dir, other) {
            findings.warning(&dir.join(name), format_args!("it does nothing without {other}"));
        }
    }
    let mode = read_given_in(dir, names::KILL_MODE).ok().flatten();
    let mode = mode.and_then(|given| forms::kill_mode(&given).ok()).filter(|mode| *mode != "process");
    let flag = dir.join(names::FLAG_TIMEOUT_KILLPG);
    if let Some(mode) = mode.filter(|_| has(dir, names::FLAG_TIMEOUT_KILLPG)) {
        findings.warning(&flag, format_args!("it does nothing with kill-mode {mode}"));
    }
    check_descriptors(findings, dir);
}

fn check_descriptors(findings: &mut Findings, dir: &Path) {
    let (notification, lock) = (number(dir, names::NOTIFICATION_FD), number(dir, names::LOCK_FD));
    let path = dir.join(names::NOTIFICATION_FD);
    if notification.is_some() && notification == lock {
        findings.error_at(&path, 1, "the same descriptor as lock-fd; it counts as absent");
    }
    if let Some(number @ (1 | 2)) = notification {
        let what = if number == 1 { "output" } else { "error" };
        let text = format!("this is standard {what}: the first line that is printed there means ready");
        findings.warning_at(&path, 1, text);
    }
    if notification.is_some() && has(dir, names::CHECK) {
        findings.warning(&dir.join(names::CHECK), "it is not used, since there is a notification-fd");
    }
}

fn number(dir: &Path, name: &'static str) -> Option<u32> {
    read_given_in(dir, name).ok()??.words().next().and_then(servicedir::number)
}

fn has(dir: &Path, name: &str) -> bool {
    file::look_no_follow(&dir.join(name)).is_ok_and(|found| found.is_some())
}
