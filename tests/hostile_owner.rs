//! What the owner of a service directory, or of what is above one, can make a scanner of root's do: nothing to the
//! processes, the files and the services of others.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::{chown, symlink};
use std::path::Path;
use std::process::Command;

use kit::{Listener, Service, Tree, is_root, ours_only, run, text, wait_until};
use unix::Signal;

const WHY: &str = "it is about what our programs trust";

/// The hostile user.
const WEB: u32 = 3001;

/// The end of a test that only root can make.
macro_rules! root_only {
    () => {
        ours_only!(WHY);
        if !is_root() {
            println!("skipped: only root can give files away");
            return;
        }
    };
}

/// Runs a shell command as the hostile user.
fn as_web(dir: &Path, command: &str) -> kit::Answer {
    let mut setpriv = Command::new("setpriv");
    setpriv.args(["--reuid=3001", "--regid=3001", "--clear-groups", "sh", "-c", command]);
    run(setpriv.current_dir(dir))
}

#[test]
fn record_that_names_the_pid_of_another_process_kills_nobody() {
    root_only!();
    let mut tree = Tree::start(|scan| {
        // Without /proc a scanner knows of its descendants what their records say.
        scan.options(&["--stop-timeout", "100"]);
        let dir = scan.dir().parent().unwrap().join("sh");
        Service::at(&dir).script(
            "bystander",
            "trap 'echo >../alive' USR1; trap '' TERM; echo $$ >../bystander; while :; do sleep 1000 & wait; done",
        );
        scan.before(&format!("cd {}; {{ ./bystander; echo $? >../killed; }} & umount /proc", dir.display()));
        let ask = "kill -USR1 $(cat ../bystander); until test -e ../alive || test -e ../killed; do sleep 0.01; done";
        scan.hook("finish", ask);
        let web = scan.service("web");
        // Again and again: its supervisor writes the record, too.
        let forge = "pid=$(printf %08x $(cat ../../../bystander) | sed \"s/../\\\\\\\\x&/g\");\
             { head -c24 status; printf \"\\\\0\\\\0\\\\0\\\\0$pid\"; tail -c3 status; } >forged; mv -f forged status";
        web.run(&format!(
            "exec setpriv --reuid=3001 --regid=3001 --clear-groups bash -c '\
             trap \"\" TERM; cd supervise; until test -e ../../go; do sleep 0.01; done; while :; do {forge}; done'"
        ));
        std::fs::create_dir(web.path("supervise")).unwrap();
        for dir in [web.dir(), &web.path("supervise")] {
            chown(dir, Some(WEB), Some(WEB)).unwrap();
        }
    });
    let web = tree.service("web");
    web.wait_up();
    let bystander =
        kit::wait_for("a bystander", || text(tree.scratch().join("bystander")).trim().parse::<i32>().ok());
    std::fs::write(tree.dir().join("go"), "").unwrap();
    wait_until("a forged record", || {
        web.try_record().is_some_and(|r| r.pid.map(|p| p.get()) == Some(bystander))
    });
    tree.signal(Signal::TERM);
    tree.wait_exit();
    assert_eq!(text(tree.scratch().join("killed")), "");
    assert!(tree.scratch().join("alive").exists());
}
