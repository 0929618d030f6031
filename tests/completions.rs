//! The completions are what the tables of options say, and the shells understand them.

#![forbid(unsafe_code)]

mod kit;
mod shells;

use std::path::{Path, PathBuf};
use std::process::Command;

use kit::{Scratch, Service, our_programs, run};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("completions").join(name)
}

#[test]
fn files_are_those_of_the_tables() {
    for (name, text) in
        [("svctl.bash", shells::bash()), ("_svctl", shells::zsh()), ("svctl.fish", shells::fish())]
    {
        if std::env::var("GOLDEN").is_ok_and(|what| what == "write") {
            std::fs::write(path(name), &text).unwrap();
        }
        assert_eq!(kit::text(path(name)), text, "{name} is old: make golden");
    }
}

/// What a shell offers after `line`, in a tree with the services `web` and `worker`, with our programs on
/// PATH; `None`: there is no such shell here.
fn offered(shell: &str, script: &str, line: &[&str]) -> Option<Vec<String>> {
    if Command::new(shell).arg("-c").arg(":").output().is_err() {
        println!("no {shell} here");
        return None;
    }
    let scratch = Scratch::new();
    for name in ["web", "worker"] {
        Service::at(scratch.path().join("scan").join(name)).sleeps();
    }
    let old = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(shell);
    if shell == "zsh" {
        command.arg("-f");
    }
    command.args(["-c", script]);
    if shell != "fish" {
        command.arg(shell);
    }
    command.args(line).current_dir(scratch.path()).env("HOME", scratch.path());
    command
        .env("SVDIR", scratch.path().join("scan"))
        .env("PATH", format!("{}:{old}", our_programs().display()));
    let answer = run(&mut command);
    assert_eq!(answer.code, 0, "{shell}: {answer:?}");
    let mut words: Vec<String> =
        answer.out.lines().filter_map(|line| Some(line.split('\t').next()?.to_owned())).collect();
    words.sort();
    Some(words)
}

/// The same of each shell; what does not begin with the last word is left out, as a shell does.
#[track_caller]
fn expect(line: &[&str], expected: &[&str]) {
    let file = |name| path(name).display().to_string();
    let bash = format!(
        "source '{}'; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _svctl; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        file("svctl.bash")
    );
    let zsh = format!(
        "compadd() {{ shift; print -l -- \"$@\" }}; _files() {{ print -l -- */ }}; source '{}'; \
         words=(\"$@\"); CURRENT=$#; _svctl",
        file("_svctl")
    );
    let fish = format!("source '{}'; complete -C \"$argv\"", file("svctl.fish"));
    for (shell, script) in [("bash", bash), ("zsh", zsh), ("fish", fish)] {
        let Some(mut words) = offered(shell, &script, line) else { continue };
        words.retain(|word| word.starts_with(line.last().unwrap()) && !word.is_empty());
        words.iter_mut().for_each(|word| *word = word.trim_end_matches('/').to_owned());
        assert_eq!(words, expected, "{shell}");
    }
}

#[test]
fn verbs_are_offered_first() {
    expect(&["svctl", "re"], &["reload", "rescan", "restart"]);
    expect(&["svctl", "help", "che"], &["check"]);
}

#[test]
fn names_of_services_are_those_of_the_tree() {
    for verb in ["restart", "logs", "why"] {
        expect(&["svctl", verb, "w"], &["web", "worker"]);
    }
    expect(&["svctl", "logs", "-f", "web", "wo"], &["worker"]);
}

#[test]
fn options_are_those_of_the_verb() {
    expect(&["svctl", "logs", "--s"], &["--since"]);
    expect(&["svctl", "new", "--l"], &["--log"]);
}

#[test]
fn directories_are_offered_where_they_are_wanted() {
    expect(&["svctl", "check", "sc"], &["scan"]);
}
