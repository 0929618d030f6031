//! What another user has planted where one of our files should be: links, further names of files, FIFOs, sockets,
//! directories, devices. Whatever is there, what it leads to is not touched, and the program says why or goes on: the
//! supervisor and the scanner; `planted_tools.rs` has the others.
//!
//! Everything runs as root, in directories of another user's: what he could do to us. `docs/security.md` lists every
//! file with its test.

#![forbid(unsafe_code)]

mod kit;

use kit::victim::*;
use kit::{Listener, Scan, Supervisor, Tree, our_name, wait_until};
use sys::fifo;

mod supervisor {
    use super::*;

    /// A supervisor of a service in whose `supervise/` something is planted.
    fn start(name: &str, plant: Plant) -> (Supervisor, Victim) {
        let mut victim = None;
        let supervisor = Supervisor::start(|web| {
            web.sleeps().file("lock-fd", "5\n").file("max-restarts", "9 9\n").file("restart-delay", "10\n");
            of_web(web.dir());
            of_web(&web.path("supervise"));
            let planted = Victim::new(web.dir().parent().unwrap());
            planted.plant(plant, &web.path(name));
            victim = Some(planted);
        });
        wait_until("a service that is up, or a supervisor that is gone", || {
            !supervisor.is_running() || is_up(&supervisor) || supervisor.messages().contains("to spawn ./run")
        });
        (supervisor, victim.unwrap())
    }

    /// To read what is planted could make the test wait.
    fn is_up(supervisor: &Supervisor) -> bool {
        let status = std::fs::symlink_metadata(supervisor.path("supervise/status"));
        status.is_ok_and(|info| info.is_file())
            && supervisor.try_record().is_some_and(|record| record.is_up())
    }

    #[track_caller]
    fn each(name: &str, exits: &[Plant], says: &[Plant]) {
        for plant in ALL {
            let what = format!("{plant:?} at {name}");
            let (supervisor, victim) = start(name, plant);
            assert_eq!(supervisor.is_running(), !exits.contains(&plant), "{what}: {}", supervisor.messages());
            if is_up(&supervisor) {
                let pid = supervisor.wait_up();
                supervisor.command("k");
                supervisor.wait_record("another life", |r| r.is_up() && r.pid != Some(pid));
            }
            let messages = supervisor.messages();
            let is_said = messages.lines().any(|line| line.contains(name.trim_end_matches(".new")));
            assert_eq!(is_said, exits.contains(&plant) || says.contains(&plant), "{what}: {messages}");
            victim.is_untouched(&what);
        }
    }

    #[test]
    fn lock_is_a_file_and_no_link() {
        root_only!();
        each("supervise/lock", &[Link, Dangling, Fifo, Socket, Directory, Device], &[Name]);
    }

    #[test]
    fn control_is_a_fifo_and_no_link() {
        root_only!();
        each("supervise/control", &[Link, Dangling, Name, Socket, Directory, Device], &[]);
    }

    #[test]
    fn status_takes_the_place_of_what_is_there() {
        root_only!();
        each("supervise/status", &[Directory], &[]);
        each("supervise/status.new", &[Directory], &[]);
    }

    #[test]
    fn detail_takes_the_place_of_what_is_there() {
        root_only!();
        each("supervise/detail", &[Directory], &[]);
        each("supervise/detail.new", &[], &[Directory]);
    }

    #[test]
    fn death_tally_takes_the_place_of_what_is_there() {
        root_only!();
        each("supervise/death_tally", &[Directory], &[]);
        each("supervise/death_tally.new", &[], &[]);
    }

    #[test]
    fn death_tally_that_is_planted_later_is_replaced() {
        root_only!();
        for plant in ALL {
            let what = format!("{plant:?}");
            let supervisor = Supervisor::start(|web| {
                web.sleeps().file("restart-delay", "10\n");
                of_web(&web.path("supervise"));
            });
            let victim = Victim::new(supervisor.scratch());
            let pid = supervisor.wait_up();
            victim.plant(plant, &supervisor.path("supervise/death_tally"));
            supervisor.command("k");
            supervisor.wait_record("another life", |r| r.is_up() && r.pid != Some(pid));
            match plant {
                Directory => assert!(supervisor.messages().contains("death_tally"), "{what}"),
                _ => assert_eq!(supervisor.deaths().len(), 1, "{what}: {}", supervisor.messages()),
            }
            victim.is_untouched(&what);
        }
    }

    #[test]
    fn service_lock_is_a_file_and_no_link() {
        root_only!();
        each("supervise/service-lock", &[], &[Link, Dangling, Fifo, Socket, Directory, Device]);
    }

    #[test]
    fn down_that_is_a_link_is_not_followed() {
        root_only!();
        for plant in ALL {
            let what = format!("{plant:?}");
            let supervisor = Supervisor::start(|web| {
                web.sleeps();
                of_web(web.dir());
            });
            let victim = Victim::new(supervisor.scratch());
            supervisor.wait_up();
            victim.plant(plant, &supervisor.path("down"));
            supervisor.command("D");
            supervisor.wait_down();
            let is_said = supervisor.messages().contains("unable to make the file down");
            assert_eq!(is_said, plant != Name, "{what}: {}", supervisor.messages());
            victim.is_untouched(&what);
            supervisor.command("U");
            supervisor.wait_up();
            assert_eq!(supervisor.path("down").symlink_metadata().is_ok(), plant == Directory, "{what}");
            victim.is_untouched(&what);
        }
    }

    #[test]
    fn notices_go_to_fifos_of_listeners_only() {
        root_only!();
        let supervisor = Supervisor::start(|web| {
            web.sleeps();
        });
        supervisor.wait_up();
        let victim = Victim::new(supervisor.scratch());
        let other = fifo::open(&victim.dir.join("fifo")).unwrap();
        let at = |number: usize| supervisor.path(&format!("event/ftrig1:@{number:024}:abcdef"));
        for (number, plant) in ALL.into_iter().enumerate() {
            victim.plant(plant, &at(number));
        }
        victim.plant_link(&victim.dir.join("fifo"), &at(7));
        std::fs::hard_link(victim.dir.join("fifo"), at(8)).unwrap();
        let listener = Listener::new(&supervisor.path("event"));
        supervisor.command("d");
        listener.expect("dD");
        assert_eq!(other.read(&mut [0; 8]).unwrap(), 0, "commands for another one");
        assert!(supervisor.is_running());
        victim.is_untouched("event");
        // The tools that write there do no other.
        for args in [("s6-cleanfifodir", &["web/event"][..]), ("s6-ftrig-notify", &["web/event", "x"])] {
            assert_eq!(ours(args.0, supervisor.scratch(), args.1).code, 0);
        }
        listener.expect("x");
        assert_eq!(other.read(&mut [0; 8]).unwrap(), 0);
        victim.is_untouched("event");
    }

    #[test]
    fn settings_that_are_no_files_are_not_opened() {
        root_only!();
        for plant in [Dangling, Fifo, Socket, Directory, Device] {
            let supervisor = Supervisor::start(|web| {
                web.sleeps();
                Victim::new(web.dir().parent().unwrap()).plant(plant, &web.path("timeout-kill"));
            });
            supervisor.wait_up();
            supervisor.command("d");
            supervisor.wait_down();
            let is_said = supervisor.messages().contains("timeout-kill is not a regular file");
            assert_eq!(is_said, plant != Dangling, "{plant:?}: {}", supervisor.messages());
        }
    }
}

mod scanner {
    use super::*;

    /// The scanner may end as soon as it begins: it begins when the test looks.
    fn hold(scan: &mut Scan) {
        let go = scan.dir().with_file_name("go");
        scan.before(&format!("until test -e '{}'; do sleep 0.01; done", go.display()));
    }

    fn go(tree: &Tree) {
        std::fs::write(tree.scratch().join("go"), "").unwrap();
    }

    #[track_caller]
    fn each(name: &str, exits: &[Plant]) {
        for plant in ALL {
            let what = format!("{plant:?} at {name}");
            let mut victim = None;
            let mut tree = Tree::launch(|scan| {
                scan.service("web").sleeps();
                of_web(&scan.dir().join(".svscan"));
                let planted = Victim::new(scan.dir().parent().unwrap());
                planted.plant(plant, &scan.dir().join(name));
                victim = Some(planted);
                hold(scan);
            });
            go(&tree);
            if exits.contains(&plant) {
                assert_ne!(tree.wait_exit(), 0, "{what}");
                assert!(tree.messages().contains(name), "{what}: {}", tree.messages());
            } else {
                tree.service("web").wait_up();
            }
            victim.unwrap().is_untouched(&what);
        }
    }

    #[test]
    fn lock_is_a_file_and_no_link() {
        root_only!();
        each(".svscan/lock", &[Link, Dangling, Fifo, Socket, Directory, Device]);
    }

    #[test]
    fn control_is_a_fifo_and_no_link() {
        root_only!();
        each(".svscan/control", &[Link, Dangling, Name, Socket, Directory, Device]);
    }

    #[test]
    fn log_directory_of_svscanboot_is_not_what_another_user_points_at() {
        root_only!();
        let mut victim = None;
        let mut tree = Tree::launch_program(&our_name("s6-svscanboot"), |scan| {
            let above = scan.dir().parent().unwrap();
            let planted = Victim::new(above);
            planted.plant_link(&planted.dir, &above.join("log"));
            scan.options(&["-l", "nobody", "-D", above.join("log").to_str().unwrap()]);
            victim = Some(planted);
            hold(scan);
        });
        go(&tree);
        assert_ne!(tree.wait_exit(), 0);
        assert!(tree.messages().contains("link of uid 3001 to what is not his"), "{}", tree.messages());
        victim.unwrap().is_untouched("log");
    }
}
