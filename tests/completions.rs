//! The completions are what the tables of options say, and the shells understand them.

#![forbid(unsafe_code)]

mod kit;
mod shells;

use std::path::{Path, PathBuf};
use std::process::Command;

use kit::{Scratch, Service, Terminal, our_programs, run};

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
    for name in ["scan/web", "scan/worker", "other/www"] {
        Service::at(scratch.path().join(name)).sleeps();
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
fn names_of_services_are_those_of_the_tree_that_is_asked_for() {
    expect(&["svctl", "up", "-C", "other", "w"], &["www"]);
    expect(&["svctl", "kill", "-C", "other", "HUP", "w"], &["www"]);
}

#[test]
fn signals_are_offered_before_the_names() {
    expect(&["svctl", "kill", "U"], &["USR1", "USR2"]);
    expect(&["svctl", "kill", "w"], &[]);
    expect(&["svctl", "kill", "-C", "scan", "H"], &["HUP"]);
    expect(&["svctl", "kill", "-s", "H"], &["HUP"]);
    for line in [
        &["svctl", "kill", "HUP", "w"][..],
        &["svctl", "kill", "HUP", "web", "w"],
        &["svctl", "kill", "-HUP", "w"],
        &["svctl", "kill", "-s", "HUP", "w"],
        &["svctl", "kill", "-C", "scan", "HUP", "w"],
    ] {
        expect(line, &["web", "worker"]);
    }
}

#[test]
fn options_are_those_of_the_verb() {
    expect(&["svctl", "logs", "--s"], &["--since"]);
    expect(&["svctl", "new", "--l"], &["--log"]);
}

#[test]
fn directories_are_offered_where_they_are_wanted() {
    expect(&["svctl", "check", "sc"], &["scan"]);
    for verb in ["status", "restart", "kill", "stop", "logs"] {
        expect(&["svctl", verb, "-C", "sc"], &["scan"]);
    }
}

/// Completion as it happens: a shell in a terminal, in which people type and press Tab.
mod typed {
    use super::*;

    /// The shell, started so that it reads `settings` first and no other; its prompt is a percent sign.
    #[track_caller]
    fn start(scratch: &Path, shell: &str, settings: &str, command: &str) -> Option<Terminal> {
        if !Terminal::is_there() || Command::new(shell).arg("-c").arg(":").output().is_err() {
            println!("no terminal with {shell} here");
            return None;
        }
        for name in ["scan/web", "other/www"] {
            Service::at(scratch.join(name)).sleeps();
        }
        // The name is zsh's, which takes no other.
        std::fs::write(scratch.join(".zshrc"), settings).unwrap();
        let here = scratch.display();
        let path = format!("PATH={}:\"$PATH\"", our_programs().display());
        let set = format!("{path} HOME={here} ZDOTDIR={here} SVDIR={here}/scan");
        let terminal = Terminal::start(scratch, 80, 24, &format!("cd {here}; env {set} {command}"));
        terminal.wait("a prompt", |text| text.contains('%'));
        Some(terminal)
    }

    /// Each line, with Tabs, becomes what it should.
    #[track_caller]
    fn expect(terminal: &Terminal, shell: &str) {
        for (line, expected) in [
            ("svctl resc", "svctl rescan"),
            ("svctl restart we", "svctl restart web"),
            ("svctl kill AL", "svctl kill ALRM"),
            ("svctl kill -HUP we", "svctl kill -HUP web"),
            ("svctl up -C oth", "svctl up -C other"),
            ("svctl up -C other ww", "svctl up -C other www"),
            ("svctl logs --si", "svctl logs --since"),
        ] {
            terminal.keys(line);
            terminal.wait(line, |text| text.contains(line));
            terminal.keys("Tab");
            terminal.wait(&format!("{expected} in {shell}"), |text| text.contains(expected));
            terminal.keys("C-u");
            terminal.wait("an empty line", |text| !text.contains("svctl"));
        }
    }

    #[test]
    fn in_bash() {
        let scratch = Scratch::new();
        let settings = format!("PS1='% '; source '{}'\n", path("svctl.bash").display());
        let command = "bash --noprofile --rcfile .zshrc -i";
        let Some(terminal) = start(scratch.path(), "bash", &settings, command) else { return };
        expect(&terminal, "bash");
    }

    #[test]
    fn in_zsh() {
        let scratch = Scratch::new();
        let dir = path("_svctl").parent().unwrap().display().to_string();
        // As an installed one is found: by its first line, in a directory of functions.
        let settings = format!("PS1='%% '; fpath=('{dir}' $fpath); autoload -Uz compinit; compinit -u -D\n");
        let Some(terminal) = start(scratch.path(), "zsh", &settings, "zsh -d -i") else { return };
        expect(&terminal, "zsh");
    }

    #[test]
    fn in_fish() {
        let scratch = Scratch::new();
        let settings = format!(
            "function fish_prompt; echo -n '% '; end; function fish_greeting; end; source '{}'\n",
            path("svctl.fish").display()
        );
        let command = "fish --no-config -i -C 'source .zshrc; set -g fish_autosuggestion_enabled 0'";
        let Some(terminal) = start(scratch.path(), "fish", &settings, command) else { return };
        expect(&terminal, "fish");
    }
}
