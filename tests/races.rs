//! What is planted between two system calls of a tool: strace(1) holds each of them up, while something else comes and
//! goes at the path as fast as it can. What the tool has looked at is what it changes, or nothing is.

#![forbid(unsafe_code)]

mod kit;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kit::victim::*;
use kit::{Answer, Scratch, Service, our_name, run, text};
use sys::fifo;

/// Times that each race is run.
const ROUNDS: usize = 8;

/// The system calls that look at something or change it by a path, or by a descriptor of one.
const CALLS: &str = "?open,openat,?openat2,?stat,?lstat,newfstatat,statx,fstat,?readlink,readlinkat,?chmod,fchmodat,\
                     ?fchmodat2,fchmod,?chown,?lchown,fchownat,fchown,?mkdir,mkdirat,?mknod,mknodat,?unlink,unlinkat,\
                     ?rename,renameat,renameat2,?symlink,symlinkat,ftruncate,?truncate,chdir,fchdir,getdents64";

/// Runs a tool as root, slowly.
fn slowly(name: &str, dir: &Path, args: &[&str]) -> Answer {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={CALLS}")]);
    strace.args(["-e", &format!("inject={CALLS}:delay_enter=1500")]);
    run(strace.arg(our_name(name)).args(args).current_dir(dir))
}

/// While `act` runs, `plant` stands at `path` now and then instead of what is there. Both are there before, one of
/// them beside it.
fn while_it_changes(path: &Path, plant: &Path, act: impl FnOnce()) {
    let aside = path.with_extension("aside");
    let is_over = AtomicBool::new(false);
    let swaps = std::thread::scope(|scope| {
        let attacker = scope.spawn(|| {
            let mut swaps = 0;
            while !is_over.load(Ordering::Relaxed) {
                // A tool may have replaced, or removed, one of them.
                let _ = std::fs::rename(path, &aside);
                let _ = std::fs::rename(plant, path);
                std::thread::sleep(Duration::from_micros(700));
                let _ = std::fs::rename(path, plant);
                let _ = std::fs::rename(&aside, path);
                std::thread::sleep(Duration::from_micros(700));
                swaps += 1;
            }
            swaps
        });
        act();
        is_over.store(true, Ordering::Relaxed);
        attacker.join().unwrap()
    });
    assert!(swaps > 10, "{swaps} swaps: no race");
}

/// Runs a tool again and again, while links to root's things come and go at `name`.
fn race(scratch: &Path, victim: &Victim, name: &str, to: PathBuf, tool: &str, args: &[&str]) {
    let plant = scratch.join("plant");
    for round in 0..ROUNDS {
        victim.plant_link(&to, &plant);
        while_it_changes(&scratch.join(name), &plant, || {
            let _ = slowly(tool, scratch, args);
        });
        victim.is_untouched(&format!("{tool} {args:?} with {name}, round {round}"));
        let _ = std::fs::remove_file(&plant);
    }
}

/// A service directory of the other user's, as a supervisor has left it.
fn service(scratch: &Path) -> Service {
    let web = Service::at(of_web(&scratch.join("web")));
    web.sleeps();
    for name in ["supervise", "event"] {
        of_web(&web.path(name));
    }
    fifo::make(&web.path("supervise/control"), 0o600).unwrap();
    web.file("supervise/death_tally", "");
    web
}

fn strace_is_there() -> bool {
    let is_there = Command::new("strace").arg("-V").output().is_ok();
    if !is_there {
        println!("skipped: there is no strace");
    }
    is_there
}

#[test]
fn svperms_changes_what_it_has_looked_at() {
    root_only!();
    if !strace_is_there() {
        return;
    }
    for (name, to, args) in [
        ("web/supervise", "", &["-Groot", "web"][..]),
        ("web/event", "", &["-e", "web"]),
        ("web/supervise/control", "fifo", &["-Groot", "web"]),
    ] {
        let scratch = Scratch::new();
        let victim = Victim::new(scratch.path());
        fifo::make(&victim.dir.join("control"), 0o600).unwrap();
        let victim = victim.again();
        service(scratch.path());
        race(scratch.path(), &victim, name, victim.dir.join(to), "s6-svperms", args);
    }
}

#[test]
fn svdt_clear_and_mkfifodir_change_what_they_have_looked_at() {
    root_only!();
    if !strace_is_there() {
        return;
    }
    let scratch = Scratch::new();
    let victim = Victim::new(scratch.path());
    service(scratch.path());
    race(scratch.path(), &victim, "web/supervise/death_tally", victim.file(), "s6-svdt-clear", &["web"]);
    race(scratch.path(), &victim, "web/event", victim.dir.clone(), "s6-mkfifodir", &["-f", "web/event"]);
    race(scratch.path(), &victim, "web/event", victim.dir.clone(), "s6-cleanfifodir", &["web/event"]);
}

#[test]
fn copy_of_a_template_has_nothing_that_a_link_led_to() {
    root_only!();
    if !strace_is_there() {
        return;
    }
    let scratch = Scratch::new();
    let victim = Victim::new(scratch.path());
    let template = Service::at(of_web(&scratch.path().join("template")));
    template.sleeps().file("word", "his own\n");
    of_web(&template.path("data"));
    let plant = scratch.path().join("plant");
    for (name, to) in [("template/word", victim.file()), ("template/data", victim.dir.clone())] {
        for _ in 0..ROUNDS {
            victim.plant_link(&to, &plant);
            while_it_changes(&scratch.path().join(name), &plant, || {
                let _ = slowly("s6-instance-maker", scratch.path(), &["template", "made"]);
            });
            let made = scratch.path().join("made/template");
            for copy in ["word", "data", "data/file", "word.aside", "data.aside/file"] {
                let copy = made.join(copy);
                // What is copied as a link leads where it led.
                if copy.canonicalize().is_ok_and(|copy| copy.starts_with(&made)) {
                    assert!(!text(&copy).contains(SECRET), "{}", copy.display());
                }
            }
            victim.is_untouched(name);
            let _ = std::fs::remove_file(&plant);
            let _ = std::fs::remove_dir_all(scratch.path().join("made"));
        }
    }
}
