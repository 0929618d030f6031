//! What another user has planted where the tools read and write, as in `planted.rs`.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown};
use std::path::Path;
use std::process::Command;

use kit::victim::*;
use kit::{Answer, Scratch, Service, Tree, our_name, our_program, run};
use sys::fifo;

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
        for plant in [Link, Dangling, Fifo, Socket, Directory, Device] {
            victim.plant(plant, &web.path("supervise").join(name));
            let tool =
                if name == "death_tally" { ("s6-svdt", &["web"][..]) } else { ("s6-svstat", &["web"][..]) };
            let answers = [ours(tool.0, scratch.path(), tool.1), svctl(scratch.path(), &["status", "./web"])];
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
        for plant in [Name, Directory, Device] {
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
    for plant in [Link, Dangling, Fifo, Socket, Directory, Device] {
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
    let answer = run(Command::new("sh").arg("-c").arg(script).arg(our_program("svctl")).current_dir(&dir));
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
