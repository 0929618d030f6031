//! Who may see, control and listen to a service: every setting of `s6-svperms`, as several users; and what those are
//! told who may not.

#![forbid(unsafe_code)]

mod kit;

use std::ffi::OsStr;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use kit::{
    Answer, Running, Supervisor, Tree, is_root, our_name, our_program, ours_only, run, text, wait_until,
};

const WHY: &str = "it is about our programs; what s6-svperms sets is compared in s6_names";

/// A user, with the group 3002, which is given rights, or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum User {
    /// The service's own, in the group.
    Owner,
    /// Another one in the group.
    Member,
    /// Another one.
    Other,
}

use User::{Member, Other, Owner};

const USERS: [User; 3] = [Owner, Member, Other];

impl User {
    fn words(self) -> [&'static str; 3] {
        match self {
            Owner => ["--reuid=3001", "--regid=3001", "--groups=3002"],
            Member => ["--reuid=3003", "--regid=3003", "--groups=3002"],
            Other => ["--reuid=3004", "--regid=3004", "--clear-groups"],
        }
    }

    fn command(self, program: impl AsRef<OsStr>, dir: &Path, args: &[&str]) -> Command {
        let mut setpriv = Command::new("setpriv");
        setpriv.args(self.words()).arg(program.as_ref()).args(args);
        setpriv.current_dir(dir).env_remove("SVDIR");
        setpriv
    }

    fn ours(self, name: &str, dir: &Path, args: &[&str]) -> Answer {
        run(&mut self.command(our_name(name), dir, args))
    }

    fn svctl(self, dir: &Path, args: &[&str]) -> Answer {
        run(&mut self.command(our_program("svctl"), dir, args))
    }
}

/// A supervisor that is the owner's.
fn supervisor() -> Supervisor {
    let shell = format!("exec setpriv {} \"$@\"", Owner.words().join(" "));
    let supervisor = Supervisor::start_by(&shell, |web| {
        web.sleeps();
        chown(web.dir(), Some(3001), Some(3001)).unwrap();
    });
    supervisor.wait_up();
    supervisor
}

macro_rules! root_only {
    () => {
        ours_only!(WHY);
        if !is_root() {
            println!("skipped: only root can become another user");
            return;
        }
    };
}

#[track_caller]
fn may_see(user: User, web: &Supervisor, may: bool, why: &str) {
    let answer = user.ours("s6-svstat", web.scratch(), &["-o", "up", "web"]);
    assert_eq!((answer.code == 0, answer.out == "true\n"), (may, may), "{answer:?}");
    assert!(may || answer.err.contains(why), "{answer:?}");
    let answer = user.svctl(web.scratch(), &["status", "./web"]);
    assert_eq!(answer.code == 0, may, "{answer:?}");
    assert!(may || answer.out.contains(why), "{answer:?}");
}

#[track_caller]
fn may_control(user: User, web: &Supervisor, may: bool, why: &str) {
    let pid = web.wait_up();
    let answer = user.svctl(web.scratch(), &["-r", "./web"]);
    if may {
        assert_eq!((answer.code, answer.err.as_str()), (0, ""));
        web.wait_record("another life", |record| record.is_up() && record.pid != Some(pid));
        return;
    }
    assert_eq!((answer.code, answer.err.contains(why)), (111, true), "{answer:?}");
    assert_eq!(user.ours("s6-svc", web.scratch(), &["-r", "web"]).code, 111);
    assert_eq!(web.wait_up(), pid);
}

#[track_caller]
fn may_listen(user: User, web: &Supervisor, may: bool, why: &str) {
    let mut command = user.command(our_name("s6-ftrig-wait"), web.scratch(), &["-t30000", "web/event", "x"]);
    if !may {
        let answer = run(&mut command);
        assert_eq!((answer.code, answer.err.contains(why)), (111, true), "{answer:?}");
        return;
    }
    let mut listening = Running::start(&mut command);
    wait_until("a listener", || {
        assert!(!listening.has_ended());
        std::fs::read_dir(web.path("event"))
            .unwrap()
            .flatten()
            .any(|entry| entry.file_name().as_encoded_bytes().starts_with(b"ftrig1:"))
    });
    let told = Owner.ours("s6-ftrig-notify", web.scratch(), &["web/event", "x"]);
    assert_eq!((told.code, listening.finish().out.as_str()), (0, "x\n"));
    assert_eq!(std::fs::read_dir(web.path("event")).unwrap().count(), 0, "{user:?} leaves nothing");
}

#[test]
fn every_setting_of_svperms_means_what_it_says() {
    root_only!();
    let web = supervisor();
    let (nobody_else, group, all) = (&[Owner][..], &[Owner, Member][..], &USERS[..]);
    for (access, viewers, controllers) in [
        ("-u", nobody_else, nobody_else),
        ("-g:3002", group, nobody_else),
        ("-G:3002", group, group),
        ("-o", all, nobody_else),
        ("-O:3002", all, group),
    ] {
        for (events, listeners) in [("-e", all), ("-E:3002", group)] {
            let answer = Owner.ours("s6-svperms", web.scratch(), &[access, events, "web"]);
            assert_eq!(answer.code, 0, "{access} {events}: {answer:?}");
            for user in USERS {
                println!("{access} {events} {user:?}");
                let sees = viewers.contains(&user);
                may_see(user, &web, sees, "web/supervise is owned by uid 3001");
                let hides = if sees { "web/supervise/control" } else { "web/supervise" };
                let why = format!("{hides} is owned by uid 3001");
                may_control(user, &web, controllers.contains(&user), &why);
                let why = "(web/event is owned by uid 3001, group 3002, mode 3730)";
                may_listen(user, &web, listeners.contains(&user), why);
            }
        }
    }
}

#[test]
fn what_svperms_shows_is_what_it_has_set() {
    root_only!();
    let web = supervisor();
    let shown = |args: &[&str]| Owner.ours("s6-svperms", web.scratch(), args).out;
    let before = "web status: owner\nweb control: owner\nweb events: group 3001\n";
    assert_eq!(shown(&["web"]), before);
    for (option, line) in [
        ("-g:3002", "web status: group 3002\nweb control: owner\n"),
        ("-G:3002", "web status: group 3002\nweb control: group 3002\n"),
        ("-o", "web status: public\nweb control: owner\n"),
        ("-O:3002", "web status: public\nweb control: group 3002\n"),
        ("-u", "web status: owner\nweb control: owner\n"),
    ] {
        assert_eq!(shown(&[option, "-v", "web"]), format!("{line}web events: group 3001\n"), "{option}");
    }
    assert_eq!(shown(&["-e", "-v", "web"]).lines().last(), Some("web events: public"));
    assert_eq!(shown(&["-E:3002", "-v", "web"]).lines().last(), Some("web events: group 3002"));
}

#[test]
fn nobody_but_the_owner_sets_permissions() {
    root_only!();
    let web = supervisor();
    assert_eq!(Owner.ours("s6-svperms", web.scratch(), &["-O:3002", "-e", "web"]).code, 0);
    let shown = Owner.ours("s6-svperms", web.scratch(), &["web"]).out;
    for user in [Member, Other] {
        for option in ["-u", "-o", "-e", "-G:3002", "-E:3003"] {
            let answer = user.ours("s6-svperms", web.scratch(), &[option, "web"]);
            assert_eq!(answer.code, 111, "{user:?} {option}");
            assert!(answer.err.contains("is owned by uid 3001"), "{answer:?}");
        }
    }
    assert_eq!(Owner.ours("s6-svperms", web.scratch(), &["web"]).out, shown);
    // What he has no part in, the owner cannot hand over.
    let answer = Owner.ours("s6-svperms", web.scratch(), &["-G:3009", "web"]);
    assert_eq!(answer.code, 111, "{answer:?}");
}

#[test]
fn listener_of_one_user_is_safe_from_another() {
    root_only!();
    let web = supervisor();
    assert_eq!(Owner.ours("s6-svperms", web.scratch(), &["-e", "web"]).code, 0);
    let args = ["-t30000", "web/event", "x"];
    let mut listening = Running::start(&mut Member.command(our_name("s6-ftrig-wait"), web.scratch(), &args));
    let fifo = kit::wait_for("a listener", || {
        let entry = std::fs::read_dir(web.path("event")).unwrap().flatten().next()?;
        entry.file_name().as_encoded_bytes().starts_with(b"ftrig1:").then(|| entry.path())
    });
    let fifo = fifo.to_str().unwrap();
    for args in [&["rm", "-f", fifo][..], &["mv", fifo, "gone"], &["ls", "web/event"], &["cat", fifo]] {
        let answer = run(&mut Other.command(args[0], web.scratch(), &args[1..]));
        assert_ne!(answer.code, 0, "{args:?}");
    }
    // Nor can he sweep what is not his.
    assert_ne!(Other.ours("s6-cleanfifodir", web.scratch(), &["web/event"]).code, 0);
    assert!(!listening.has_ended());
    assert_eq!(Owner.ours("s6-ftrig-notify", web.scratch(), &["web/event", "x"]).code, 0);
    assert_eq!(listening.finish().out, "x\n");
}

#[test]
fn whoever_may_do_nothing_is_told_whose_it_is_by_every_tool() {
    root_only!();
    let tree = Tree::start(|scan| {
        scan.service("web").sleeps();
        scan.service("web/log").run("mkdir -p main; chmod 700 main; exec tee main/current");
    });
    tree.service("web").wait_up();
    tree.service("web/log").wait_up();
    wait_until("a log", || tree.dir().join("web/log/main/current").exists());
    let scan = tree.dir().to_str().unwrap();
    let root = "is owned by root (uid 0), mode 0700";
    for args in [
        &["status", "-C", scan][..],
        &["why", "-C", scan, "web"],
        &["logs", "-C", scan, "web"],
        &["events", "-C", scan, "web"],
        &["down", "-C", scan, "web"],
        &["up", "--wait", "-C", scan, "web"],
        &["restart", "-C", scan, "*"],
        &["stop", "-C", scan],
        &["rescan", "-C", scan],
        &["-d", "web"],
        &["-a", "."],
    ] {
        let answer = Other.svctl(tree.dir(), args);
        assert!((answer.out + &answer.err).contains(root), "{args:?}");
    }
    for (name, args) in [
        ("s6-svc", &["-d", "web"][..]),
        ("s6-svstat", &["web"]),
        ("s6-svok", &["web"]),
        ("s6-svdt", &["web"]),
        ("s6-svdt-clear", &["web"]),
        ("s6-svscanctl", &["-t", "."]),
        ("s6-svlink", &[".", "web", "x"]),
        ("s6-svwait", &["-u", "web"]),
        ("s6-ftrig-wait", &["web/event", "u"]),
        ("s6-ftrig-notify", &["web/event", "u"]),
        ("s6-cleanfifodir", &["web/event"]),
        ("s6-mkfifodir", &["-f", "web/event"]),
        ("s6-svperms", &["-o", "web"]),
    ] {
        let answer = Other.ours(name, tree.dir(), args);
        assert_ne!(answer.code, 0, "{name}");
        assert!(answer.err.contains("is owned by root (uid 0)"), "{name}: {answer:?}");
    }
    assert!(tree.service("web").record().is_up());
    assert!(text("/etc/passwd").starts_with("root:"), "the name is from there");
}
