//! Trouble that is rare: no descriptors, a full disk, signals at the wrong moment, a pipe that nobody reads.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use kit::{Listener, Namespace, Service, Supervisor, Tree, ours_only, text, wait_until};

/// Waits for the file `die` and exits 3.
const MORTAL: &str = "echo $$ >>started; while [ ! -e die ]; do sleep 0.01; done; exit 3";

/// Gives the supervisor so many descriptors from now on; those that are open stay.
fn limit_descriptors(supervisor: &Supervisor, limit: u32) {
    let pid = supervisor.pid().to_string();
    let answer = supervisor.namespace().inside(&["prlimit", "--pid", &pid, &format!("--nofile={limit}:")]);
    assert_eq!(answer.code, 0, "{}", answer.err);
}

mod descriptors {
    use super::*;

    #[test]
    fn service_whose_settings_cannot_be_read_does_not_become_essential() {
        ours_only!("s6 has no essential");
        let supervisor = Supervisor::start(|web| {
            web.run(MORTAL).file("essential", "");
        });
        let first = supervisor.wait_up();
        limit_descriptors(&supervisor, 3);
        supervisor.file("die", "");
        supervisor.namespace().wait_dead(first);
        wait_until("a word about it", || supervisor.messages().contains("unable to read essential"));
        std::fs::remove_file(supervisor.path("die")).unwrap();
        limit_descriptors(&supervisor, 1024);
        supervisor.wait_record("another life", |record| record.is_up() && record.pid != Some(first));
        assert!(supervisor.is_running());
    }

    #[test]
    fn essential_with_a_word_that_means_nothing_counts_as_absent() {
        ours_only!("s6 has no essential");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 3").file("essential", "sometimes\n").file("restart-delay", "10\n");
        });
        notices.expect("sudDu");
        assert!(supervisor.messages().contains("essential holds \"sometimes\""), "{}", supervisor.messages());
    }

    /// A service that is told to come up while nothing can be opened, with this setting.
    fn comes_up_later(setting: &str, run: &str) -> Supervisor {
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run(run).file(setting, "7\n").file("down", "").file("restart-delay", "50\n");
        });
        notices.expect("s");
        limit_descriptors(&supervisor, 3);
        supervisor.command("u");
        wait_until("a word about it", || {
            supervisor.messages().contains("unable to spawn ./run: unable to read")
        });
        assert!(supervisor.lines("started").is_empty());
        limit_descriptors(&supervisor, 1024);
        supervisor.wait_lines("started", 1);
        supervisor
    }

    #[test]
    fn run_is_not_started_without_a_lock_that_cannot_be_read_about_but_later() {
        ours_only!("s6 2.11 has another lock-fd");
        let supervisor =
            comes_up_later("lock-fd", "readlink /proc/self/fd/7 >>file; echo x >>started; exec sleep 100000");
        assert!(supervisor.lines("file")[0].ends_with("/supervise/service-lock"));
    }

    #[test]
    fn run_is_not_started_without_a_notification_that_cannot_be_read_about_but_later() {
        ours_only!("s6 starts it without");
        let supervisor = comes_up_later("notification-fd", "echo >&7; echo x >>started; exec sleep 100000");
        supervisor.wait_record("readiness", |record| record.ready && record.is_up());
    }
}

mod disk {
    use super::*;

    /// Puts a small file system of the tree's own at the directory `web/supervise`.
    fn mount(web: &Path) -> String {
        let path = web.join("supervise").display().to_string();
        format!("mkdir -m 700 '{path}' && mount -t tmpfs -o size=64k,mode=700 none '{path}'")
    }

    /// The service as those see it who see that file system.
    fn inner(namespace: &Namespace, web: &Path) -> Service {
        let dir = namespace.root().join(web.strip_prefix("/").unwrap());
        wait_until("the record", || dir.join("supervise/status").exists());
        Service::at(dir)
    }

    fn fill(namespace: &Namespace, web: &Path) {
        let fill = format!("cat /dev/zero >'{}/supervise/fill'", web.display());
        let answer = namespace.inside(&["sh", "-c", &fill]);
        assert!(answer.err.contains("No space"), "{}", answer.err);
    }

    fn start(build: impl FnOnce(&Service)) -> (Supervisor, Service, Listener) {
        let mut notices = None;
        let supervisor = Supervisor::start_by(&format!("{}; exec \"$@\"", mount(Path::new("web"))), |web| {
            build(web);
            notices = Some(web.listen());
        });
        let web = inner(supervisor.namespace(), supervisor.dir());
        (supervisor, web, notices.unwrap())
    }

    #[test]
    fn record_stays_true_on_a_full_disk() {
        ours_only!("s6's record stays as it was");
        let (supervisor, web, notices) = start(|web| {
            web.sleeps();
        });
        notices.expect("su");
        fill(supervisor.namespace(), supervisor.dir());
        let (svctl, dir) = (kit::our_program("svctl"), supervisor.dir().display().to_string());
        let answer = supervisor.namespace().inside(&[svctl.to_str().unwrap(), "-wD", "-d", &dir]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        let record = web.record();
        assert!(record.pid.is_none() && !record.wanted_up, "{record:?}");
        notices.expect("dD");
        web.command("u");
        notices.expect("u");
        assert!(web.record().is_up() && web.record().wanted_up);
    }

    #[test]
    fn exit_code_of_an_essential_service_survives_a_full_disk() {
        ours_only!("s6 has no essential");
        let mut tree = Tree::start(|scan| {
            let web = scan.service("web");
            web.run("echo $$ >>started; while [ ! -e die ]; do sleep 0.01; done; exit 7")
                .file("essential", "");
            scan.before(&mount(web.dir()));
        });
        let web = tree.service("web");
        web.wait_lines("started", 1);
        fill(tree.namespace(), web.dir());
        web.file("die", "");
        assert_eq!(tree.wait_exit(), 7, "{}", tree.messages());
    }

    #[test]
    fn detail_is_written_once_there_is_room() {
        ours_only!("s6 has no detail");
        let (supervisor, web, notices) = start(|web| {
            web.run(MORTAL).file("max-restarts", "1 60\n");
        });
        notices.expect("su");
        fill(supervisor.namespace(), supervisor.dir());
        web.file("die", "");
        notices.expect("dOD");
        assert!(!web.path("supervise/detail").exists());
        std::fs::remove_file(web.path("supervise/fill")).unwrap();
        wait_until("the detail", || text(web.path("supervise/detail")).contains("max-restarts"));
    }

    /// A service that was begun by a second supervisor, after `prepare`, on a full disk.
    fn begun_on_a_full_disk(prepare: impl Fn(&Service)) -> (Supervisor, Service, Listener) {
        let (supervisor, web, notices) = start(|web| {
            web.sleeps();
        });
        notices.expect("su");
        web.command("dx");
        notices.expect("dDx");
        supervisor.wait_exit();
        // A supervisor that begins empties them, which would make room.
        for name in ["death_tally", "detail"] {
            let _ = std::fs::remove_file(web.path("supervise").join(name));
        }
        prepare(&web);
        fill(supervisor.namespace(), supervisor.dir());
        supervisor.start_beside();
        notices.expect("su");
        (supervisor, web, notices)
    }

    /// Kills that one; the next takes the service over.
    fn is_taken_over(supervisor: &Supervisor, web: &Service, notices: &Listener) {
        let pid = web.wait_up();
        let second = supervisor.namespace().processes().into_iter();
        let (second, _) = second.rev().find(|(_, command)| command.contains("supervise")).unwrap();
        supervisor.namespace().kill(second, "KILL");
        supervisor.namespace().wait_dead(second);
        supervisor.start_beside();
        notices.expect("s");
        assert_eq!(web.wait_up(), pid, "{}", supervisor.messages());
    }

    #[test]
    fn successor_knows_the_service_of_one_that_began_on_a_full_disk() {
        ours_only!("s6 starts the service a second time");
        let (supervisor, web, notices) = begun_on_a_full_disk(|_| {});
        is_taken_over(&supervisor, &web, &notices);
    }

    /// It is not given up because there was no room for it once.
    #[test]
    fn what_a_successor_must_know_is_written_once_there_is_room() {
        ours_only!("s6 starts the service a second time");
        let (supervisor, web, notices) = begun_on_a_full_disk(|web| {
            web.file("supervise/lock", "");
        });
        std::fs::remove_file(web.path("supervise/fill")).unwrap();
        let lock = web.path("supervise/lock");
        wait_until("the state", || std::fs::metadata(&lock).is_ok_and(|info| info.len() > 0));
        is_taken_over(&supervisor, &web, &notices);
    }

    #[test]
    fn detail_that_could_not_be_written_is_written_by_the_retry() {
        ours_only!("s6 has no detail");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            std::fs::create_dir_all(web.path("supervise/detail.new")).unwrap();
            web.run("exit 1").file("max-restarts", "1 60\n");
        });
        notices.expect("sudOD");
        assert!(!supervisor.path("supervise/detail").exists());
        assert!(supervisor.record().pid.is_none(), "the record is written all the same");
        std::fs::remove_dir(supervisor.path("supervise/detail.new")).unwrap();
        wait_until("the detail", || text(supervisor.path("supervise/detail")).contains("max-restarts"));
    }
}

mod settings {
    use super::*;

    #[test]
    fn numbers_that_are_none_are_reported_and_count_as_absent() {
        ours_only!("s6 has no restart-delay and caps the tally without a word");
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.run("exit 0").file("max-death-tally", "5000\n").file("restart-delay", "+50000\n");
        });
        // It starts again, which 50 s would not do in time.
        notices.expect("sudDu");
        let messages = supervisor.messages();
        assert!(messages.contains("max-death-tally holds \"5000\""), "{messages}");
        assert!(messages.contains("using 100\n"), "{messages}");
        assert!(messages.contains("restart-delay holds \"+50000\""), "{messages}");
        assert!(messages.contains("using 1000\n"), "{messages}");
    }
}

mod event {
    use super::*;

    #[test]
    fn event_that_somebody_has_made_private_stays_private() {
        let mode =
            |supervisor: &Supervisor| std::fs::metadata(supervisor.path("event")).unwrap().mode() & 0o7777;
        let supervisor = Supervisor::start(|web| {
            std::fs::create_dir(web.sleeps().path("event")).unwrap();
            std::fs::set_permissions(web.path("event"), std::fs::Permissions::from_mode(0o700)).unwrap();
        });
        supervisor.wait_up();
        assert_eq!(mode(&supervisor), 0o700);
        let supervisor = Supervisor::start(|web| {
            web.sleeps();
        });
        supervisor.wait_up();
        assert_eq!(mode(&supervisor), 0o3730);
    }

    #[test]
    fn file_that_is_linked_into_event_under_the_name_of_a_listener_is_not_written() {
        ours_only!("s6 2.11 writes to it");
        let name = format!("event/ftrig1:@{:024x}:abcdef", 1);
        let (supervisor, notices) = Supervisor::start_and_listen(|web| {
            web.sleeps().file("precious", "as it was\n");
        });
        std::fs::hard_link(supervisor.path("precious"), supervisor.path(&name)).unwrap();
        notices.expect("su");
        supervisor.command("d");
        notices.expect("dD");
        assert_eq!(text(supervisor.path("precious")), "as it was\n");
    }
}
