//! No process can be made: EAGAIN from fork(2).

#![forbid(unsafe_code)]

mod kit;

use kit::{Injection, Supervisor, Tree, ours_only, wait_until};
use unix::{Pid, Signal};

const NO_PROCESSES: [&str; 1] = ["clone,clone3,vfork,fork:error=EAGAIN"];

fn starve(supervisor: &Supervisor) -> Injection {
    Injection::start(supervisor.namespace(), supervisor.pid(), &NO_PROCESSES, &[])
}

#[test]
fn finish_for_which_there_was_no_process_runs_once_there_is() {
    ours_only!("s6 goes on without");
    if !Injection::is_possible() {
        return;
    }
    let (supervisor, notices) = Supervisor::start_and_listen(|web| {
        web.run("echo $$ >>started; exec sleep 100000").finish("echo $1 $2 >>finished");
    });
    let pid = supervisor.wait_up();
    notices.expect("su");
    let starved = starve(&supervisor);
    supervisor.namespace().kill(pid, "KILL");
    notices.expect("d");
    wait_until("a word about it", || supervisor.messages().contains("unable to spawn ./finish"));
    let record = supervisor.record();
    assert!(record.finishing && record.pid.is_none(), "{record:?}");
    drop(starved);
    notices.expect("Du");
    assert_eq!(supervisor.lines("finished"), ["256 9"]);
    let messages = supervisor.messages();
    assert_eq!(messages.matches("unable to spawn").count(), 1, "{messages}");
    assert!(messages.contains("Resource temporarily unavailable; trying again every second"), "{messages}");
}

#[test]
fn supervisor_that_leaves_waits_for_the_finish_for_which_there_was_no_process() {
    ours_only!("s6 goes on without");
    if !Injection::is_possible() {
        return;
    }
    let supervisor = Supervisor::start(|web| {
        web.sleeps().finish("echo x >>finished");
    });
    supervisor.wait_up();
    let starved = starve(&supervisor);
    supervisor.signal(Signal::TERM);
    wait_until("a word about it", || supervisor.messages().contains("unable to spawn ./finish"));
    assert!(supervisor.is_running());
    drop(starved);
    assert_eq!(supervisor.wait_exit(), 0);
    assert_eq!(supervisor.lines("finished").len(), 1);
}

#[test]
fn run_for_which_there_was_no_process_is_started_once_there_is() {
    ours_only!("s6 waits for 10 s");
    if !Injection::is_possible() {
        return;
    }
    let (supervisor, notices) = Supervisor::start_and_listen(|web| {
        web.sleeps().file("down", "").file("restart-delay", "50\n");
    });
    notices.expect("s");
    supervisor.wait_supervised();
    let starved = starve(&supervisor);
    supervisor.command("u");
    wait_until("a word about it", || supervisor.messages().contains("unable to spawn ./run: no new process"));
    drop(starved);
    notices.expect("u");
    assert!(supervisor.record().is_up());
}

#[test]
fn scanner_starts_supervisors_once_there_is_a_process_for_them() {
    if !Injection::is_possible() {
        return;
    }
    let mut tree = Tree::start(|scan| {
        scan.service("web").sleeps();
    });
    tree.service("web").wait_up();
    let starved = Injection::start(tree.namespace(), Pid::new(1).unwrap(), &NO_PROCESSES, &[]);
    let late = tree.service("late").sleeps().clone();
    tree.command("a");
    wait_until("a word about it", || !tree.messages().is_empty());
    assert_eq!(tree.try_exit(), None);
    drop(starved);
    tree.command("a");
    late.wait_up();
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
}
