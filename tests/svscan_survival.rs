//! What `svscan` survives: dead supervisors, orphans, directories that go away or fill up.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use kit::{Scan, Service, Suite, Tree, ours_only, suite, text, wait_until};
use unix::{Pid, Signal};

fn stop(tree: &mut Tree) -> i32 {
    tree.signal(Signal::TERM);
    tree.wait_exit()
}

mod survival {
    use super::*;

    /// Whether `pid` has a child that is a zombie.
    fn zombies(tree: &Tree) -> usize {
        let all = tree.namespace().processes();
        all.into_iter().filter(|(pid, _)| tree.namespace().state(*pid) == Some('Z')).count()
    }

    #[test]
    fn twenty_thousand_orphans_are_collected_with_none_left() {
        let tree = Tree::start(|scan| {
            scan.service("orphans").run(
                "i=0; while [ $i -lt 20000 ]; do (: &); i=$((i+1)); done; echo x >>done; exec sleep 100000",
            );
        });
        kit::wait_at_most(Duration::from_secs(120), "twenty thousand orphans", || {
            tree.dir().join("orphans/done").exists()
        });
        wait_until("no zombie", || zombies(&tree) == 0);
        // The scanner, the supervisor and the service.
        wait_until("no other process", || tree.namespace().processes().len() == 3);
    }

    #[test]
    fn scanner_that_is_not_process_1_adopts_orphans() {
        ours_only!("s6 is no subreaper");
        let tree = Tree::start(|scan| {
            let first = env!("CARGO_BIN_EXE_first-process");
            scan.before(&format!("set -- {first} '{}/..' \"$@\"", scan.dir().display()));
            scan.service("web").run(
                "(sh -c 'sleep 0.1; grep PPid: /proc/self/status >parent.new; mv parent.new parent' &)\n\
                 exec sleep 100000",
            );
        });
        let web = tree.service("web");
        let parent = web.wait_lines("parent", 1)[0].clone();
        let scanner = text(tree.scratch().join("pid"));
        // grep(1)'s parent is the shell, whose parent is the scanner.
        assert_ne!(parent, "PPid:\t1");
        let orphan = "sleep 0.1";
        wait_until("the orphan to be collected", || {
            zombies(&tree) == 0 && !tree.namespace().processes().iter().any(|(_, command)| command == orphan)
        });
        assert!(tree.namespace().is_alive(Pid::new(scanner.trim().parse().unwrap()).unwrap()));
    }

    #[test]
    fn scan_directory_that_is_removed_does_not_end_the_scanner() {
        let mut tree = Tree::start(|scan| {
            scan.service("web").sleeps();
        });
        tree.service("web").wait_up();
        wait_until("it to be deleted", || {
            let _ = std::fs::remove_dir_all(tree.dir());
            !tree.dir().exists()
        });
        // HUP comes before TERM, however late both are read: signal(7) has the lower number first.
        tree.signal(Signal::HUP);
        assert_eq!(super::stop(&mut tree), 0);
    }

    #[test]
    fn scan_directory_that_is_unmounted_does_not_end_the_scanner() {
        let mut tree = Tree::launch(mounted("1m"));
        let (dir, web) = inner(&tree);
        let pid = web.wait_up();
        let path = tree.dir().to_str().unwrap().to_owned();
        assert_eq!(tree.namespace().inside(&["umount", "-l", &path]).code, 0);
        drop(dir);
        tree.signal(Signal::ALRM);
        // Time to end wrongly, or to stop the service.
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(tree.try_exit(), None);
        assert!(tree.namespace().is_alive(pid) || suite() == Suite::Ours);
        assert_eq!(super::stop(&mut tree), 0);
    }

    /// A scan directory with one service, on a file system of this size that only the tree sees.
    fn mounted(size: &str) -> impl FnOnce(&mut Scan) {
        move |scan: &mut Scan| {
            let dir = scan.dir().display().to_string();
            scan.before(&format!(
                "mount -t tmpfs -o size={size} none '{dir}' && mkdir '{dir}/web' &&\n\
                 printf '#!/bin/sh\\nexec sleep 100000\\n' >'{dir}/web/run' && chmod 755 '{dir}/web/run'"
            ));
        }
    }

    /// The scan directory and the service `web` as the tree sees them.
    fn inner(tree: &Tree) -> (std::path::PathBuf, Service) {
        let dir = tree.namespace().root().join(tree.dir().strip_prefix("/").unwrap());
        wait_until("the file system", || dir.join("web").exists());
        let web = Service::at(dir.join("web"));
        (dir, web)
    }

    #[test]
    fn full_file_system_does_not_end_the_tree() {
        let mut tree = Tree::launch(mounted("256k"));
        let (dir, web) = inner(&tree);
        web.wait_up();
        let fill = format!("cat /dev/zero >'{}/fill'", tree.dir().display());
        tree.namespace().inside(&["sh", "-c", &fill]);
        let notices = web.listen();
        web.command("r");
        notices.until('D');
        notices.expect("u");
        web.command("d");
        notices.expect("dD");
        tree.signal(Signal::HUP);
        std::fs::remove_file(dir.join("fill")).unwrap();
        web.command("u");
        notices.expect("u");
        web.wait_record("the truth", |record| record.is_up() && record.wanted_up);
        tree.signal(Signal::TERM);
        notices.expect("dDx");
        assert_eq!(tree.wait_exit(), 0);
    }

    #[test]
    fn scanner_without_descriptors_survives_and_stops() {
        let mut tree = Tree::start(|scan| {
            scan.before("exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; ulimit -n 24");
            for i in 0..20 {
                let web = scan.service(&format!("web{i:02}"));
                web.sleeps();
                web.log().run("exec cat >>lines");
            }
        });
        let up = |tree: &Tree| {
            let services = (0..20).map(|i| tree.service(&format!("web{i:02}")));
            services.filter(|web| web.try_record().is_some_and(|record| record.is_up())).count()
        };
        wait_until("some service", || up(&tree) >= 1);
        wait_until("a word about it", || !tree.messages().is_empty());
        assert_eq!(tree.try_exit(), None);
        assert_eq!(super::stop(&mut tree), 0);
    }

    /// Has the scanner run as an unprivileged user of its own, with at most so many processes.
    fn as_user(scan: &mut Scan, user: u32, limit: &str) {
        scan.before(&format!(
            "chown -R {user}:{user} '{}'\n\
             set -- setpriv --reuid {user} --regid {user} --clear-groups prlimit --nproc={limit} -- \"$@\"",
            scan.dir().display()
        ));
    }

    #[test]
    fn full_process_table_does_not_end_the_tree() {
        if !kit::is_root() {
            println!("not without root: needs another user");
            return;
        }
        let mut tree = Tree::start(|scan| {
            for i in 0..20 {
                scan.service(&format!("web{i:02}")).sleeps();
            }
            as_user(scan, 61_234, "24");
        });
        wait_until("a word about it", || !tree.messages().is_empty());
        assert_eq!(tree.try_exit(), None);
        let up = (0..20).filter(|i| tree.service(&format!("web{i:02}")).is_supervised()).count();
        assert!(up >= 1);
        assert_eq!(super::stop(&mut tree), 0);
    }

    #[test]
    fn scan_directory_that_becomes_unreadable_does_not_end_the_tree() {
        if !kit::is_root() {
            println!("not without root: needs another user");
            return;
        }
        let mut tree = Tree::start(|scan| {
            scan.service("web").sleeps();
            as_user(scan, 61_235, "1000");
        });
        let pid = tree.service("web").wait_up();
        std::fs::set_permissions(tree.dir(), std::fs::Permissions::from_mode(0o311)).unwrap();
        tree.signal(Signal::HUP);
        // Time to stop the service wrongly.
        std::thread::sleep(Duration::from_millis(500));
        assert!(tree.namespace().is_alive(pid), "what cannot be seen is not what has gone");
        assert_eq!(super::stop(&mut tree), 0);
    }
}
