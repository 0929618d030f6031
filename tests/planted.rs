//! What another user has planted where one of our files should be: links, further names of files, FIFOs, sockets,
//! directories. Whatever is there, what it leads to is not touched, and the program says why or goes on.
//!
//! Everything runs as root, in directories of another user's: what he could do to us. `docs/security.md` lists every
//! file with its test.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use kit::{
    Answer, Listener, Scan, Scratch, Service, Supervisor, Tree, is_root, our_name, our_program, ours_only,
    run, text, wait_until,
};
use sys::fifo;

const WHY: &str = "it is about what our programs open";

/// The user who plants.
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

/// What is planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plant {
    /// A link to root's file.
    Link,
    /// A link to a place where root could make a file.
    Dangling,
    /// One more name of root's file.
    Name,
    Fifo,
    Socket,
    Directory,
}

use Plant::{Dangling, Directory, Fifo, Link, Name, Socket};

const ALL: [Plant; 6] = [Link, Dangling, Name, Fifo, Socket, Directory];

/// Root's things, which nobody may touch.
struct Victim {
    dir: PathBuf,
    before: Vec<(PathBuf, u32, u32, u32, String)>,
}

const SECRET: &str = "root's secret\n";

impl Victim {
    fn new(scratch: &Path) -> Victim {
        let dir = scratch.join("victim");
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("file"), SECRET).unwrap();
        std::fs::set_permissions(dir.join("file"), PermissionsExt::from_mode(0o640)).unwrap();
        std::fs::create_dir(dir.join("web")).unwrap();
        for name in ["run", "notification-fd"] {
            std::fs::write(dir.join("web").join(name), "root's").unwrap();
        }
        fifo::make(&dir.join("fifo"), 0o600).unwrap();
        let mut victim = Victim { dir, before: Vec::new() };
        victim.before = victim.state();
        victim
    }

    fn file(&self) -> PathBuf {
        self.dir.join("file")
    }

    fn state(&self) -> Vec<(PathBuf, u32, u32, u32, String)> {
        let mut all = vec![self.dir.clone()];
        let mut next = 0;
        while let Some(path) = all.get(next).cloned() {
            next += 1;
            if path.is_dir() {
                let mut entries: Vec<_> =
                    std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
                entries.sort();
                all.extend(entries);
            }
        }
        let look = |path: PathBuf| {
            let info = std::fs::symlink_metadata(&path).unwrap();
            let content = if info.is_file() { text(&path) } else { String::new() };
            (path, info.mode(), info.uid(), info.gid(), content)
        };
        all.into_iter().map(look).collect()
    }

    #[track_caller]
    fn is_untouched(&self, what: &str) {
        assert_eq!(self.state(), self.before, "{what}");
    }

    /// Puts it there, as the other user; what was there is gone.
    #[track_caller]
    fn plant(&self, plant: Plant, at: &Path) {
        let _ = std::fs::remove_file(at);
        let _ = std::fs::remove_dir_all(at);
        match plant {
            Link => symlink(self.file(), at).unwrap(),
            Dangling => symlink(self.dir.join("new"), at).unwrap(),
            Name => return std::fs::hard_link(self.file(), at).unwrap(),
            Fifo => fifo::make(at, 0o666).unwrap(),
            Socket => drop(UnixListener::bind(at).unwrap()),
            Directory => std::fs::create_dir(at).unwrap(),
        }
        lchown(at, Some(WEB), Some(WEB)).unwrap();
    }

    fn plant_link(&self, to: &Path, at: &Path) {
        let _ = std::fs::remove_file(at);
        let _ = std::fs::remove_dir_all(at);
        symlink(to, at).unwrap();
        lchown(at, Some(WEB), Some(WEB)).unwrap();
    }
}

/// A directory of the other user's.
fn of_web(dir: &Path) -> &Path {
    std::fs::create_dir_all(dir).unwrap();
    chown(dir, Some(WEB), Some(WEB)).unwrap();
    dir
}

fn ours(name: &str, dir: &Path, args: &[&str]) -> Answer {
    run(Command::new(our_name(name)).args(args).current_dir(dir))
}

fn svctl(dir: &Path, args: &[&str]) -> Answer {
    run(Command::new(our_program("svctl")).args(args).current_dir(dir).env_remove("SVDIR"))
}

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
        each("supervise/lock", &[Link, Dangling, Fifo, Socket, Directory], &[Name]);
    }

    #[test]
    fn control_is_a_fifo_and_no_link() {
        root_only!();
        each("supervise/control", &[Link, Dangling, Name, Socket, Directory], &[]);
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
        each("supervise/service-lock", &[], &[Link, Dangling, Fifo, Socket, Directory]);
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
        victim.plant_link(&victim.dir.join("fifo"), &at(6));
        std::fs::hard_link(victim.dir.join("fifo"), at(7)).unwrap();
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
        for plant in [Dangling, Fifo, Socket, Directory] {
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
        each(".svscan/lock", &[Link, Dangling, Fifo, Socket, Directory]);
    }

    #[test]
    fn control_is_a_fifo_and_no_link() {
        root_only!();
        each(".svscan/control", &[Link, Dangling, Name, Socket, Directory]);
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

mod tools {
    use super::*;

    #[track_caller]
    fn refused(answer: &Answer, why: &str) {
        assert!(answer.code != 0 && answer.err.contains(why), "{answer:?}");
    }

    #[test]
    fn svperms_changes_nothing_that_a_link_of_another_user_leads_to() {
        root_only!();
        let scratch = Scratch::new();
        let victim = Victim::new(scratch.path());
        let web = of_web(&scratch.path().join("web")).to_owned();
        let not_his = "link of uid 3001 to what is not his";
        victim.plant_link(&victim.dir, &web.join("supervise"));
        victim.plant_link(&victim.dir, &web.join("event"));
        for option in ["-u", "-o", "-e", "-Groot", "-Eroot"] {
            refused(&ours("s6-svperms", scratch.path(), &[option, "web"]), not_his);
            victim.is_untouched(option);
        }
        victim.plant(Directory, &web.join("supervise"));
        for plant in ALL.into_iter().filter(|plant| *plant != Fifo) {
            victim.plant(plant, &web.join("supervise/control"));
            refused(&ours("s6-svperms", scratch.path(), &["-Groot", "web"]), "web/supervise/control: it is");
            victim.plant(plant, &web.join("event"));
            if plant != Directory {
                refused(&ours("s6-svperms", scratch.path(), &["-e", "web"]), "web/event: ");
            }
            victim.is_untouched(&format!("{plant:?}"));
        }
    }

    #[test]
    fn svperms_follows_the_links_that_a_service_may_have() {
        root_only!();
        let scratch = Scratch::new();
        let victim = Victim::new(scratch.path());
        let web = of_web(&scratch.path().join("web")).to_owned();
        let state = of_web(&scratch.path().join("state")).to_owned();
        fifo::make(&state.join("control"), 0o600).unwrap();
        // His own link to what is his own; root's to whatever root wants.
        for maker in [WEB, 0] {
            victim.plant_link(Path::new("../state"), &web.join("supervise"));
            lchown(web.join("supervise"), Some(maker), None).unwrap();
            for (option, modes) in [("-o", (0o711, 0o600)), ("-Groot", (0o710, 0o620))] {
                let answer = ours("s6-svperms", scratch.path(), &[option, "web"]);
                assert_eq!(answer.code, 0, "{answer:?}");
                let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o7777;
                assert_eq!((mode(&state), mode(&state.join("control"))), modes, "{option}");
            }
        }
    }

    #[test]
    fn svdt_clear_empties_nothing_else() {
        root_only!();
        let scratch = Scratch::new();
        let victim = Victim::new(scratch.path());
        let tally = of_web(&scratch.path().join("web/supervise")).join("death_tally");
        for plant in ALL {
            victim.plant(plant, &tally);
            let answer = ours("s6-svdt-clear", scratch.path(), &["web"]);
            match plant {
                Directory => refused(&answer, "web/supervise/death_tally: "),
                _ => assert_eq!((answer.code, tally.symlink_metadata().unwrap().len()), (0, 0), "{answer:?}"),
            }
            victim.is_untouched(&format!("{plant:?}"));
        }
    }

    #[test]
    fn records_are_read_from_files_only() {
        root_only!();
        let scratch = Scratch::new();
        let victim = Victim::new(scratch.path());
        let web = Service::at(scratch.path().join("web"));
        web.sleeps();
        of_web(&web.path("supervise"));
        for name in ["status", "detail", "death_tally", "lock"] {
            for plant in [Link, Dangling, Fifo, Socket, Directory] {
                victim.plant(plant, &web.path("supervise").join(name));
                let tool = if name == "death_tally" {
                    ("s6-svdt", &["web"][..])
                } else {
                    ("s6-svstat", &["web"][..])
                };
                let answers =
                    [ours(tool.0, scratch.path(), tool.1), svctl(scratch.path(), &["status", "./web"])];
                for answer in answers {
                    assert!(!answer.out.contains("secret"), "{answer:?}");
                    assert_ne!(answer.code, 124, "{answer:?}");
                }
                if name == "lock" {
                    refused(&ours(tool.0, scratch.path(), tool.1), "look at web: ");
                }
                if name == "death_tally" {
                    refused(&ours(tool.0, scratch.path(), tool.1), "read the deaths of web: ");
                }
                victim.is_untouched(&format!("{plant:?} at {name}"));
            }
            let _ = std::fs::remove_dir_all(web.path("supervise").join(name));
        }
    }

    #[test]
    fn commands_go_to_no_fifo_that_a_link_leads_to() {
        root_only!();
        let scratch = Scratch::new();
        let victim = Victim::new(scratch.path());
        let other = fifo::open(&victim.dir.join("fifo")).unwrap();
        for (control, args) in [
            ("web/supervise/control", &["-d", "./web"][..]),
            ("web/supervise/control", &["down", "./web"]),
            ("scan/.svscan/control", &["-t", "./scan"]),
        ] {
            let control = scratch.path().join(control);
            of_web(control.parent().unwrap());
            Service::at(scratch.path().join("web")).sleeps();
            victim.plant_link(&victim.dir.join("fifo"), &control);
            refused(&svctl(scratch.path(), args), "it is a link, which is not followed");
            for plant in [Name, Directory] {
                victim.plant(plant, &control);
                refused(&svctl(scratch.path(), args), "control ./");
            }
            assert_eq!(other.read(&mut [0; 8]).unwrap(), 0, "{args:?}");
            victim.is_untouched(&format!("{args:?}"));
        }
    }

    #[test]
    fn svlink_makes_down_and_event_without_following_a_link() {
        root_only!();
        let tree = Tree::start(|_| {});
        let victim = Victim::new(tree.scratch());
        let web = Service::at(tree.scratch().join("web"));
        web.sleeps();
        of_web(web.dir());
        let scan = tree.dir().to_str().unwrap();
        let link = |options: &str| ours("s6-svlink", tree.scratch(), &[options, "-t20000", scan, "web"]);
        for plant in [Link, Dangling, Fifo, Socket, Directory] {
            victim.plant(plant, &web.path("down"));
            refused(&link("-D"), "unable to link web");
            victim.is_untouched(&format!("{plant:?} at down"));
        }
        let _ = std::fs::remove_dir(web.path("down"));
        victim.plant_link(&victim.dir, &web.path("event"));
        refused(&link("-f"), "link of uid 3001 to what is not his");
        victim.plant(Dangling, &web.path("event"));
        refused(&link("-f"), "link of uid 3001 to nothing");
        victim.is_untouched("event");
        std::fs::remove_file(web.path("event")).unwrap();
        // A file that has another name is left as it is, and says what it should: there is a file `down`.
        victim.plant(Name, &web.path("down"));
        assert_eq!(link("-D").code, 0);
        victim.is_untouched("down");
    }

    #[test]
    fn fifodirs_are_made_of_nothing_that_a_link_of_another_user_leads_to() {
        root_only!();
        let scratch = Scratch::new();
        let victim = Victim::new(scratch.path());
        let fifodir = of_web(&scratch.path().join("web")).join("event");
        for plant in ALL.into_iter().filter(|plant| *plant != Directory) {
            victim.plant(plant, &fifodir);
            refused(&ours("s6-mkfifodir", scratch.path(), &["-f", "web/event"]), "of web/event");
        }
        victim.plant_link(&victim.dir, &fifodir);
        refused(&ours("s6-mkfifodir", scratch.path(), &["-f", "web/event"]), "to what is not his");
        victim.plant(Directory, &fifodir);
        refused(&ours("s6-mkfifodir", scratch.path(), &["-f", "web/event"]), "of web/event");
        victim.is_untouched("event");
    }

    #[test]
    fn new_service_is_not_written_through_what_has_its_hidden_name() {
        root_only!();
        let scratch = Scratch::new();
        let victim = Victim::new(scratch.path());
        let dir = of_web(&scratch.path().join("web")).to_owned();
        let script = "ln -s ../victim/web .new.new-$$; exec \"$0\" new --ready 3 new -- true";
        let answer =
            run(Command::new("sh").arg("-c").arg(script).arg(our_program("svctl")).current_dir(&dir));
        refused(&answer, "nothing was written");
        victim.is_untouched("new");
        assert!(!dir.join("new").exists());
    }

    #[test]
    fn instances_are_made_of_no_link_of_another_user() {
        root_only!();
        let tree = Tree::start(|_| {});
        let victim = Victim::new(tree.scratch());
        let made = of_web(&tree.scratch().join("made")).to_owned();
        victim.plant(Dangling, &made.join("instances"));
        let create = || ours("s6-instance-create", tree.scratch(), &["-t20000", "made", "a"]);
        refused(&create(), "link of uid 3001 to nothing");
        std::fs::remove_file(made.join("instances")).unwrap();
        victim.plant_link(tree.dir(), &made.join("instance"));
        refused(&create(), "made");
        victim.is_untouched("instances");
        // What the maker writes to is new.
        let template = Service::at(tree.scratch().join("template"));
        template.sleeps();
        victim.plant_link(&victim.dir, &tree.scratch().join("there"));
        refused(&ours("s6-instance-maker", tree.scratch(), &["template", "there"]), "make there: ");
        victim.is_untouched("made");
    }

    #[test]
    fn copies_follow_no_links_and_keep_modes_and_owners() {
        root_only!();
        let scratch = Scratch::new();
        let victim = Victim::new(scratch.path());
        let template = Service::at(scratch.path().join("template"));
        template.sleeps();
        victim.plant(Link, &template.path("link"));
        victim.plant(Fifo, &template.path("fifo"));
        template.file("tool", "#!/bin/sh\n");
        chown(template.path("tool"), Some(WEB), Some(WEB)).unwrap();
        std::fs::set_permissions(template.path("tool"), PermissionsExt::from_mode(0o4755)).unwrap();
        let answer = ours("s6-instance-maker", scratch.path(), &["template", "made"]);
        assert_eq!(answer.code, 0, "{answer:?}");
        let copy = |name: &str| scratch.path().join("made/template").join(name);
        assert_eq!(std::fs::read_link(copy("link")).unwrap(), victim.file());
        let look = |name: &str| {
            let info = std::fs::symlink_metadata(copy(name)).unwrap();
            (info.uid(), info.mode() & 0o7777)
        };
        assert_eq!((look("fifo"), look("tool")), ((WEB, 0o644), (WEB, 0o4755)));
        victim.is_untouched("template");
        // Who cannot give a program to its owner does not make it one with his own rights.
        let others = scratch.path().join("others");
        std::fs::create_dir(&others).unwrap();
        chown(&others, Some(3002), Some(3002)).unwrap();
        let mut setpriv = Command::new("setpriv");
        setpriv.args(["--reuid=3002", "--regid=3002", "--clear-groups"]).arg(our_name("s6-instance-maker"));
        let answer = run(setpriv.args(["../template", "made"]).current_dir(&others));
        assert_eq!(answer.code, 0, "{answer:?}");
        let info = std::fs::metadata(others.join("made/template/tool")).unwrap();
        assert_eq!((info.uid(), info.mode() & 0o7777), (3002, 0o755));
    }

    #[test]
    fn logs_are_shown_of_files_only() {
        root_only!();
        let scratch = Scratch::new();
        let victim = Victim::new(scratch.path());
        let web = Service::at(scratch.path().join("web"));
        web.sleeps();
        web.log().sleeps();
        let log = of_web(&web.path("log/main")).to_owned();
        for name in ["@400000000000000000000000.s", "current"] {
            for plant in ALL.into_iter().filter(|plant| *plant != Name) {
                let _ = std::fs::remove_file(log.join("current"));
                let _ = std::fs::remove_dir(log.join("current"));
                std::fs::write(log.join("current"), "a line\n").unwrap();
                victim.plant(plant, &log.join(name));
                for args in [&["logs", "./web"][..], &["logs", "-n", "9", "./web"], &["why", "./web"]] {
                    let answer = svctl(scratch.path(), args);
                    assert!(!(answer.out + &answer.err).contains("secret"), "{plant:?} at {name}: {args:?}");
                }
                victim.is_untouched(&format!("{plant:?} at {name}"));
            }
            let _ = std::fs::remove_dir(log.join(name));
        }
    }

    #[test]
    fn what_a_check_looks_at_is_not_opened_unless_it_is_a_file() {
        root_only!();
        let scratch = Scratch::new();
        let victim = Victim::new(scratch.path());
        let web = Service::at(scratch.path().join("web"));
        for name in ["run", "notification-fd", "finish"] {
            web.sleeps();
            for plant in ALL.into_iter().filter(|plant| *plant != Name) {
                victim.plant(plant, &web.path(name));
                let answer = svctl(scratch.path(), &["check", "./web"]);
                assert!(answer.code <= 1 || answer.code == 100, "{plant:?} at {name}: {answer:?}");
                victim.is_untouched(&format!("{plant:?} at {name}"));
            }
            let _ = std::fs::remove_dir(web.path(name));
        }
    }
}
