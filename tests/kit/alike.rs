//! The same command lines to Debian's s6 2.11 and to our program of the same name.

use std::path::Path;
use std::process::Command;

use super::{Answer, Supervisor, our_name, run};

/// Debian's program of this name, in `dir`.
pub fn theirs(name: &str, dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(format!("/usr/bin/{name}"));
    command.args(args).current_dir(dir);
    command
}

/// Ours of the same name.
pub fn ours(name: &str, dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(our_name(name));
    command.args(args).current_dir(dir);
    command
}

/// An answer without what differs from run to run: labels, numbers, and the process group that 2.11 does not tell.
fn normal(out: &str) -> String {
    let mut text = String::new();
    for word in out.replace(") ", ") ; ").split_inclusive([' ', '\n']) {
        let end = if word.ends_with('\n') { '\n' } else { ' ' };
        let bare = word.trim_end();
        let number = bare.trim_end_matches(')');
        if bare.starts_with('@') && bare.len() == 25 {
            text.push('@');
        } else if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
            text.push('N');
        } else {
            text.push_str(bare.trim_end_matches(')'));
        }
        text.push(end);
    }
    text.replace(" pgid N", "")
}

/// Both give the same answer here; ours is given back.
#[track_caller]
pub fn same(name: &str, dir: &Path, args: &[&str]) -> Answer {
    let (theirs, ours) = (run(&mut theirs(name, dir, args)), run(&mut ours(name, dir, args)));
    agree(&format!("{name} {args:?}"), &theirs, &ours);
    ours
}

/// Both answers are the same but for what differs from run to run.
#[track_caller]
pub fn agree(what: &str, theirs: &Answer, ours: &Answer) {
    let shown = format!("{what}\ntheirs: {theirs:?}\nours: {ours:?}");
    assert_eq!(theirs.code, ours.code, "{shown}");
    assert_eq!(normal(&theirs.out), normal(&ours.out), "{shown}");
    assert_eq!(theirs.err.is_empty(), ours.err.is_empty(), "{shown}");
}

/// They answer with these codes here: 2.11 and we, who follow 2.15 or have a reason of our own.
#[track_caller]
pub fn differ(name: &str, dir: &Path, args: &[&str], their_code: i32, our_code: i32) {
    let answers = [run(&mut theirs(name, dir, args)), run(&mut ours(name, dir, args))];
    assert_eq!(answers.each_ref().map(|answer| answer.code), [their_code, our_code], "{args:?} {answers:?}");
}

/// A supervisor, ours, of a service that is ready.
pub fn ready() -> Supervisor {
    let supervisor = Supervisor::start(|web| {
        web.run("echo >&3; exec sleep 100000").file("notification-fd", "3\n");
    });
    supervisor.wait_record("readiness", |record| record.ready && record.is_up());
    supervisor
}

/// A service directory whose supervisor has ended.
pub fn left() -> Supervisor {
    let supervisor = ready();
    supervisor.command("dx");
    supervisor.wait_exit();
    supervisor
}
