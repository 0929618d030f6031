//! A supervisor is killed at each of its system calls, one after the other: its successor loses nothing and does
//! nothing twice.

#![forbid(unsafe_code)]

mod kit;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kit::{Scratch, Service, Tree, ours_only};

/// Supervisors of one tree.
const BATCH: usize = 120;

/// A system call to die at: its name, and which of that name, from 1.
type Point = (String, usize);

/// What a service does, and how it is seen to have done it.
struct Life {
    build: fn(&Service),
    settled: fn(&Service) -> bool,
    check: fn(&Service, &str),
}

/// A folder with a scanner whose supervisors are traced as the file `strace` of their service says, once.
fn programs() -> Scratch {
    let programs = Scratch::new();
    std::fs::copy(kit::program("svscan"), programs.path().join("svscan")).expect("a program can be copied");
    let real = kit::program("supervise");
    let real = real.display();
    let wrapper = format!(
        "#!/bin/sh\nfor name; do :; done\necho >>\"$name/starts\"\nif [ -e \"$name/strace\" ]; then\n  \
         options=$(cat \"$name/strace\")\n  rm \"$name/strace\"\n  \
         exec strace -D -qq $options -- '{real}' \"$@\"\nfi\nexec '{real}' \"$@\"\n"
    );
    Service::at(programs.path()).executable("supervise", wrapper);
    programs
}

fn tree(programs: &Path, build: impl FnOnce(&mut kit::Scan)) -> Tree {
    let tree = Tree::launch_program(&programs.join("svscan"), build);
    kit::wait_until("the scanner to take commands", || tree.is_listening());
    tree
}

/// Every system call of a supervisor with such a service.
fn points(programs: &Path, life: &Life) -> Vec<Point> {
    let mut trace = PathBuf::new();
    let tree = tree(programs, |scan| {
        let service = scan.service("one");
        trace = service.path("trace");
        service.file("strace", format!("-o {}", trace.display()));
        (life.build)(&service);
    });
    let service = tree.service("one");
    kit::wait_until("the service to settle", || (life.settled)(&service));
    let mut counts = HashMap::new();
    let text = kit::text(&trace);
    let names = text.lines().filter_map(|line| line.split_once('(')).map(|(name, _)| name);
    for name in names.filter(|name| !name.contains(' ') && *name != "execve") {
        *counts.entry(name.to_owned()).or_insert(0) += 1;
    }
    let mut points: Vec<Point> =
        counts.into_iter().flat_map(|(name, count)| (1..=count).map(move |at| (name.clone(), at))).collect();
    points.sort();
    points
}

/// Plays a life for every system call at which its supervisor can be killed.
fn play(life: &Life) {
    let programs = programs();
    let points = points(programs.path(), life);
    let mut killed = 0;
    for batch in points.chunks(BATCH) {
        let name = |(call, at): &Point| format!("{call}-{at}");
        let tree = tree(programs.path(), |scan| {
            for point in batch {
                let service = scan.service(&name(point));
                let (call, at) = point;
                service.file(
                    "strace",
                    format!("-o /dev/null -e trace={call} -e inject={call}:signal=KILL:when={at}"),
                );
                (life.build)(&service);
            }
        });
        for point in batch {
            let service = tree.service(&name(point));
            kit::wait_at_most(Duration::from_secs(60), &format!("{} to settle", name(point)), || {
                (life.settled)(&service)
            });
        }
        // What would be done twice has had its time: the delay of a restart is a hundredth of that.
        std::thread::sleep(Duration::from_millis(1_000));
        for point in batch {
            let service = tree.service(&name(point));
            (life.check)(&service, &name(point));
            killed += usize::from(service.lines("starts").len() == 2);
        }
    }
    println!("{killed} supervisors were killed, at {} points", points.len());
    assert!(killed > 100 && killed + 20 >= points.len(), "{killed} of {}", points.len());
}

/// How often each word begins a line of a service's log.
fn count(service: &Service, word: &str) -> usize {
    service.lines("log").iter().filter(|line| line.split(' ').next() == Some(word)).count()
}

#[test]
fn life_and_death_happen_once_wherever_the_supervisor_is_killed() {
    ours_only!("s6 starts the service a second time");
    play(&Life {
        build: |service| {
            service.file("restart-delay", "10\n");
            service.run("echo run $$ >>log\nif [ -e second ]; then exec sleep 100000; fi\n: >second\nexit 3");
            service.finish("echo finish \"$@\" >>log");
        },
        settled: |service| {
            let ended = service.try_record().filter(|record| record.is_up());
            ended.is_some_and(|record| {
                service.lines("log").last() == Some(&format!("run {}", record.pid.map_or(0, unix::Pid::get)))
                    && count(service, "run") >= 2
            })
        },
        check: |service, point| {
            let lines = service.lines("log");
            assert_eq!(count(service, "run"), 2, "killed at {point}: {lines:?}");
            assert_eq!(count(service, "finish"), 1, "killed at {point}: {lines:?}");
            let finish = lines.iter().find(|line| line.starts_with("finish")).expect("it ran");
            assert!(finish.starts_with("finish 3 0 "), "killed at {point}: {lines:?}");
        },
    });
}
