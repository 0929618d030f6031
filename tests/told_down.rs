//! Who tells a service to go down, and waits for that, is told the truth at any moment.

#![forbid(unsafe_code)]

mod kit;

use std::process::Command;

use kit::{Injection, Supervisor, our_program, ours_only, run, wait_until};
use unix::Pid;

#[test]
fn service_that_is_starting_is_not_called_down() {
    ours_only!("s6's record is as old");
    if !Injection::is_possible() {
        return;
    }
    for args in [&["down", "--wait"][..], &["-wD", "-d"], &["-wd", "-d"]] {
        let supervisor = Supervisor::start(|web| {
            web.run("echo $$ >>started; exec sleep 100000").file("restart-delay", "1\n");
        });
        let first = supervisor.wait_up();
        // From the start to the record of it.
        let slow = "rename,renameat,renameat2:delay_enter=300000";
        let injection = Injection::start(supervisor.namespace(), supervisor.pid(), &[slow], &[]);
        supervisor.namespace().kill(first, "KILL");
        wait_until("another life", || supervisor.lines("started").len() == 2);
        assert!(supervisor.record().pid.is_none(), "there is no record of it yet");
        let answer = run(Command::new(our_program("svctl")).args(args).arg(supervisor.dir()));
        assert_eq!(answer.code, 0, "{args:?}: {answer:?}");
        let second = Pid::new(supervisor.lines("started")[1].parse().unwrap()).unwrap();
        assert!(!supervisor.namespace().is_alive(second), "{args:?}: {answer:?}");
        drop(injection);
    }
}
