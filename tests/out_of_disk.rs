//! Nothing can be written: a quota is used up (EDQUOT), or the file system is read-only (EROFS). A full one (ENOSPC) is
//! in `trouble` and `svscan_survival`.

#![forbid(unsafe_code)]

mod kit;

use kit::{Injection, Listener, Logged, Logger, Scratch, Supervisor, Tree, lines, ours_only, wait_until};
use unix::Signal;

/// Makes a directory read-only for everybody in the namespace: who has files there open keeps them.
fn make_read_only(supervisor: &Supervisor, name: &str) {
    let path = supervisor.path(name).display().to_string();
    let script = format!("mount --bind '{path}' '{path}' && mount -o remount,bind,ro '{path}'");
    let answer = supervisor.namespace().inside(&["sh", "-c", &script]);
    assert_eq!(answer.code, 0, "{}", answer.err);
}

fn make_writable(supervisor: &Supervisor, name: &str) {
    let answer = supervisor.namespace().inside(&["umount", "-l", supervisor.path(name).to_str().unwrap()]);
    assert_eq!(answer.code, 0, "{}", answer.err);
}

/// A service that leaves a line for each life and for each end, and a listener who has heard of its start.
fn start() -> (Supervisor, Listener) {
    let (supervisor, notices) = Supervisor::start_and_listen(|web| {
        web.run("echo $$ >>started; exec sleep 100000")
            .finish("echo x >>finished")
            .file("restart-delay", "1\n");
    });
    supervisor.wait_lines("started", 1);
    notices.expect("su");
    (supervisor, notices)
}

mod read_only {
    use super::*;

    #[test]
    fn service_lives_on_and_its_record_is_true_as_soon_as_it_can_be_written() {
        let (supervisor, notices) = start();
        make_read_only(&supervisor, "supervise");
        supervisor.command("k");
        notices.expect("dDu");
        supervisor.wait_lines("started", 2);
        assert_eq!(supervisor.lines("finished").len(), 1);
        supervisor.command("d");
        notices.expect("dD");
        supervisor.command("u");
        notices.expect("u");
        make_writable(&supervisor, "supervise");
        if kit::suite() == kit::Suite::S6 {
            return;
        }
        let last = supervisor.wait_lines("started", 3)[2].clone();
        supervisor.wait_record("the truth", |record| {
            record.pid.is_some_and(|pid| pid.to_string() == last) && record.wanted_up
        });
        let messages = supervisor.messages();
        assert_eq!(
            messages.matches("unable to write supervise/status: Read-only file system").count(),
            1,
            "{messages}"
        );
    }

    #[test]
    fn who_listens_already_hears_and_who_cannot_is_told() {
        ours_only!("messages are ours");
        let (supervisor, notices) = start();
        make_read_only(&supervisor, "event");
        let (svctl, dir) = (kit::our_program("svctl"), supervisor.dir().display().to_string());
        let answer = supervisor.namespace().inside(&[svctl.to_str().unwrap(), "-wD", "-d", &dir]);
        assert_eq!(answer.code, 111, "{answer:?}");
        assert!(
            answer.err.contains("unable to listen to") && answer.err.contains("Read-only"),
            "{}",
            answer.err
        );
        supervisor.command("d");
        notices.expect("dD");
    }

    #[test]
    fn supervisor_of_a_place_that_is_read_only_from_the_start_says_so_and_comes_later() {
        ours_only!("messages are ours");
        let tree = Tree::start(|scan| {
            let web = scan.service("web").sleeps().path("supervise").display().to_string();
            scan.before(&format!("mkdir '{web}' && mount -t tmpfs -o ro none '{web}'"));
        });
        wait_until("a word about it", || tree.messages().contains("Read-only file system"));
        let web = tree.service("web").path("supervise").display().to_string();
        let answer = tree.namespace().inside(&["mount", "-o", "remount,rw", &web]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        let status = tree.namespace().root().join(&web[1..]).join("status");
        wait_until("its record", || status.exists());
    }
}

mod quota {
    use super::*;

    fn exhaust(supervisor: &Supervisor, calls: &str) -> Injection {
        let fault = format!("{calls}:error=EDQUOT");
        let absolute = supervisor.path("supervise/status.new").display().to_string();
        Injection::start(
            supervisor.namespace(),
            supervisor.pid(),
            &[&fault],
            &["supervise/status.new", &absolute],
        )
    }

    #[test]
    fn record_stays_true_where_the_quota_is_used_up() {
        ours_only!("s6's record stays as it was");
        if !Injection::is_possible() {
            return;
        }
        // No room for another file, for its content, for another name.
        for calls in ["openat", "write", "renameat,renameat2,rename"] {
            let (supervisor, notices) = start();
            let exhausted = exhaust(&supervisor, calls);
            supervisor.command("d");
            notices.expect("dD");
            let record = supervisor.record();
            assert!(record.pid.is_none() && !record.wanted_up, "{calls}: {record:?}");
            supervisor.command("u");
            notices.expect("u");
            assert!(supervisor.record().is_up(), "{calls}");
            drop(exhausted);
        }
    }
}

mod logger {
    use super::*;

    /// What happens to a logger while these calls fail: it keeps every line, and says why it waits.
    fn outlives(fault: &str, signal: Option<Signal>, said: &str) {
        if !Injection::is_possible() {
            return;
        }
        let home = Scratch::new();
        let mut logger = Logger::start(home.path(), &["r10", "n3", "./log"]);
        let log = Logged::at(home.path().join("log"));
        logger.write(&lines(1..=10));
        wait_until("the first lines", || log.all() == lines(1..=10));
        // What it says must be writable.
        let current = log.path("current").display().to_string();
        let paths: &[&str] = if fault.starts_with("write") { &[&current] } else { &[] };
        let failing = Injection::start_here(logger.pid(), &[fault], paths);
        logger.write(&lines(11..=20));
        if let Some(signal) = signal {
            logger.signal(signal);
        }
        wait_until("a word about it", || logger.messages().contains(said));
        drop(failing);
        logger.write(&lines(21..=30));
        wait_until("every line", || log.all() == lines(1..=30));
        logger.finish();
        assert_eq!(log.archives().len(), usize::from(signal.is_some()));
    }

    #[test]
    fn lines_wait_for_a_file_system_that_is_read_only() {
        outlives("write,writev:error=EROFS", None, "Read-only file system");
    }

    #[test]
    fn lines_wait_for_a_quota() {
        outlives("write,writev:error=EDQUOT", None, "Disk quota exceeded");
    }

    #[test]
    fn rotation_waits_for_a_file_system_that_is_read_only() {
        outlives(
            "fchmod,renameat,renameat2,linkat,openat,unlinkat:error=EROFS",
            Some(Signal::ALRM),
            "Read-only file system",
        );
    }
}
