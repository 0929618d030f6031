//! Every example, as a real tree.

mod kit;

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use kit::{Namespace, Scan, Scratch, Suite, Tree, our_programs, ours_only, run, suite, text, wait_until};
use unix::{Pid, Signal};

/// Copies what is in one directory into another, links as links.
fn copy(from: &Path, to: &Path) {
    let answer = run(Command::new("cp").arg("-a").arg(from.join(".")).arg(to));
    assert_eq!(answer.code, 0, "{}", answer.err);
}

/// Starts the tree of an example; `services` is its scan directory.
#[track_caller]
fn start(example: &str, services: &str) -> Tree {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(example);
    Tree::start(|scan: &mut Scan| {
        copy(&from, scan.dir().parent().expect("it is in the test's directory"));
        copy(&from.join(services), scan.dir());
        scan.before(&format!("export SVDIR={}", scan.dir().display()));
        if suite() == Suite::S6 {
            let _ = std::fs::rename(scan.dir().join(".svscan"), scan.dir().join(".s6-svscan"));
        }
    })
}

/// Waits until the tree has said this.
#[track_caller]
fn says(tree: &Tree, line: &str) {
    wait_until(&format!("{line:?} in the messages: {}", tree.messages()), || tree.messages().contains(line));
}

/// Ends the tree by TERM: its exit code.
#[track_caller]
fn end(tree: &mut Tree) -> i32 {
    tree.signal(Signal::TERM);
    tree.wait_exit()
}

#[test]
fn hello_greets_and_ends() {
    let mut tree = start("hello", "service");
    let pid = tree.service("hello").wait_up();
    says(&tree, &format!("hello, I am hello, process {pid}\n"));
    assert_eq!(end(&mut tree), 0);
}

#[test]
fn logged_loses_no_line() {
    let mut tree = start("logged", "service");
    let logger = tree.service("counter").log();
    logger.wait_lines("data/current", 3);
    assert_eq!(end(&mut tree), 0);
    let lines = logger.lines("data/current");
    assert_eq!(lines[..2], ["counter: started", "counter: 1"]);
    assert_eq!(lines.last().map(String::as_str), Some("counter: the last line"));
}

#[test]
fn logs_are_printed_with_their_names_and_kept() {
    ours_only!("the pipe to the catch-all");
    let mut tree = start("logs", "service");
    let lines = ["web | request 1\n", "worker | job 1\n", "other | plain has no logger of its own\n"];
    lines.iter().for_each(|line| says(&tree, line));
    assert_eq!(end(&mut tree), 0);
    let printed = tree.messages();
    for (service, name) in [("web/log", "web"), ("worker/log", "worker"), ("svscan-log", "other")] {
        let kept = tree.service(service).lines("main/current");
        let texts = kept.iter().map(|line| line.split_once(' ').expect("a label stands before it").1);
        let own = printed.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(" | "));
        assert_eq!(texts.collect::<Vec<_>>(), own.collect::<Vec<_>>(), "{name}");
    }
    assert!(printed.contains("web | the last line\n"), "{printed}");
}

#[test]
fn ready_lets_the_client_wait_for_the_server() {
    let mut tree = start("ready", "service");
    says(&tree, "client: the server is ready\n");
    assert!(tree.service("server").record().ready);
    let log = tree.messages();
    assert!(log.find("server: ready") < log.find("client: the server is ready"), "{log}");
    assert_eq!(end(&mut tree), 0);
}

#[test]
fn linked_runs_one_program_for_two_services() {
    let mut tree = start("linked", "service");
    for name in ["one", "two"] {
        says(&tree, &format!("worker {name}: started\n"));
        tree.service(name).wait_up();
    }
    tree.service("one").command("t");
    says(&tree, "cleanup one: exit code 256, signal 15\n");
    assert_eq!(end(&mut tree), 0);
}

#[test]
fn essential_key_process_ends_the_tree_with_its_exit_code() {
    ours_only!("essential is ours");
    let mut tree = start("key-process", "by-essential");
    assert_eq!(tree.wait_exit(), 3);
    let log = tree.messages();
    assert!(log.contains("job: ended with exit code 3; the others are stopped now\n"), "{log}");
    assert_eq!(log.matches("job: working\n").count(), 1, "{log}");
}

#[test]
fn key_process_ends_the_tree_by_its_finish() {
    let mut tree = start("key-process", "by-finish");
    assert_eq!(tree.wait_exit(), 0);
    let log = tree.messages();
    assert!(log.contains("job: ended with exit code 3; stopping the others\n"), "{log}");
}

#[test]
fn graceful_lets_the_slow_service_end() {
    let mut tree = start("graceful", "service");
    for name in ["web", "worker", "slow"] {
        says(&tree, &format!("{name}: started\n"));
    }
    assert_eq!(end(&mut tree), 0);
    let log = tree.messages();
    let mut rest = log.as_str();
    let mut lines = vec!["slow: saving\n", "slow: saved\n", "slow: finished with exit code 0\n"];
    if suite() == Suite::S6 {
        // What its finish prints at the last run is lost.
        lines.pop();
    }
    lines.push("all services are down\n");
    for line in lines {
        rest = rest.split_once(line).unwrap_or_else(|| panic!("no {line:?} where it should be: {log}")).1;
    }
}

#[test]
fn script_that_runs_an_example_ends_it_and_leaves_nothing() {
    ours_only!("it runs ours");
    let scratch = Scratch::new();
    let copies = scratch.path().join("copies");
    std::fs::create_dir(&copies).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/run");
    let variable = format!("TMPDIR={}", copies.display());
    let command: [&OsStr; 8] = [
        "env".as_ref(),
        variable.as_ref(),
        env!("CARGO_BIN_EXE_first-process").as_ref(),
        scratch.path().as_ref(),
        "sh".as_ref(),
        script.as_ref(),
        "hello".as_ref(),
        our_programs().as_ref(),
    ];
    let tree = Namespace::start(&command, &scratch.path().join("messages"));
    wait_until("a greeting", || tree.log().contains("hello, I am hello"));
    let pid = Pid::new(text(scratch.path().join("pid")).parse().unwrap()).unwrap();
    tree.kill(pid, "TERM");
    let exit = scratch.path().join("exit");
    wait_until("the end of the script", || exit.exists());
    assert_eq!(text(exit), "0");
    assert!(tree.log().contains("exit code 0"), "{}", tree.log());
    assert_eq!(std::fs::read_dir(&copies).unwrap().count(), 0);
    let left = tree.processes();
    assert!(left.iter().all(|(_, command)| !command.contains("svscan")), "{left:?}");
}
