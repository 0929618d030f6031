//! Asking `svctl` as people do.

use std::process::Command;

use super::{Answer, Tree, our_program, run};

/// Why it is not played to s6.
pub const WHY: &str = "it is about a tool of ours";

/// `svctl` for the tree, anywhere but in it.
pub fn command(tree: &Tree, args: &[&str]) -> Command {
    let mut command = Command::new(our_program("svctl"));
    command.args(args).current_dir("/").env("SVDIR", tree.dir());
    command
}

/// What `svctl` answers about the tree.
#[track_caller]
pub fn svctl(tree: &Tree, args: &[&str]) -> Answer {
    run(&mut command(tree, args))
}

/// Tells the tree something that it does.
#[track_caller]
pub fn does(tree: &Tree, args: &[&str]) -> String {
    let answer = svctl(tree, args);
    assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{args:?} {}", answer.out);
    answer.out
}

/// A tree of `web`, its logger, and `db`, which is ready after a while.
#[track_caller]
pub fn tree() -> Tree {
    let tree = Tree::start(|scan| {
        scan.service("web").sleeps().log().run("exec cat >/dev/null");
        scan.service("db").run("sleep 0.1; echo >&3; exec sleep 100000").file("notification-fd", "3\n");
    });
    for name in ["web", "web/log", "db"] {
        tree.service(name).wait_up();
    }
    tree.service("db").wait_record("ready", |record| record.ready);
    tree
}

/// The words of the row of a service.
#[track_caller]
pub fn row(table: &str, name: &str) -> Vec<String> {
    let line = table.lines().find(|line| line.split_whitespace().next() == Some(name));
    let line = line.unwrap_or_else(|| panic!("no {name} in {table}"));
    line.split_whitespace().map(str::to_owned).collect()
}
