//! Scan directories with names and entries that nobody wants.

#![forbid(unsafe_code)]

mod kit;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use kit::{Service, Tree, ours_only, text, wait_until};
use unix::Signal;

#[test]
fn names_that_are_hard_to_write_are_services_all_the_same() {
    let long = "n".repeat(240);
    let names: Vec<&[u8]> = vec![
        b"with space",
        b" leading",
        b"trailing ",
        b"new\nline",
        b"tab\there",
        "gr\u{fc}n \u{2603}".as_bytes(),
        b"not-utf-8-\xff\xfe",
        b"quote'\"`$(x)",
        b"back\\slash",
        b"*",
        b"=",
        long.as_bytes(),
    ];
    let mut tree = Tree::start(|scan| {
        for name in &names {
            Service::at(scan.dir().join(OsStr::from_bytes(name)))
                .run("printf %s \"$1\" >name.new; mv name.new name; exec sleep 100000");
        }
    });
    for name in &names {
        let service = Service::at(tree.dir().join(OsStr::from_bytes(name)));
        let shown = String::from_utf8_lossy(name);
        wait_until(&format!("{shown} to be started"), || service.path("name").exists());
        assert_eq!(std::fs::read(service.path("name")).unwrap(), *name);
    }
    assert_eq!(tree.messages(), "");
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
}

#[test]
fn name_of_255_bytes_is_run_or_refused_with_a_word() {
    ours_only!("s6 2.11 has a limit of its own");
    let tree = Tree::start(|scan| {
        scan.service(&"n".repeat(255)).sleeps();
        scan.service("good").sleeps();
    });
    tree.service("good").wait_up();
    let long = tree.service(&"n".repeat(255));
    wait_until("the long one to be up, or a word about it", || {
        long.try_record().is_some_and(|record| record.is_up()) || tree.messages().contains("nnnnnnnn")
    });
}

#[test]
fn scan_directory_of_five_thousand_entries_runs_as_many_as_it_may() {
    ours_only!("s6 2.11 says nothing");
    let mut tree = Tree::start(|scan| {
        scan.options(&["-C", "20"]);
        Service::at(scan.dir().join("..")).script("forever", "echo >>../../starts; exec sleep 100000");
        for i in 0..5000 {
            std::fs::create_dir(scan.dir().join(format!("e{i}"))).unwrap();
            symlink("../../forever", scan.dir().join(format!("e{i}/run"))).unwrap();
        }
    });
    let running =
        || tree.namespace().processes().iter().filter(|(_, command)| command == "sleep 100000").count();
    wait_until("twenty services", || running() == 20);
    wait_until("a word about the others", || tree.messages().contains("-C"));
    // And so again after the next look, which is made before the end.
    tree.command("at");
    assert_eq!(tree.wait_exit(), 0);
    assert_eq!(text(tree.scratch().join("starts")).lines().count(), 20);
    assert!(tree.messages().lines().count() <= 2, "{}", tree.messages());
}

#[test]
fn names_that_look_like_options_are_services_all_the_same() {
    let mut tree = Tree::start(|scan| {
        for name in ["-d", "--", "--help"] {
            scan.service(name).run("printf %s \"$1\" >name.new; mv name.new name; exec sleep 100000");
        }
    });
    for name in ["-d", "--", "--help"] {
        let service = tree.service(name);
        wait_until(&format!("{name} to be started"), || service.path("name").exists());
        assert_eq!(text(service.path("name")), name);
    }
    assert_eq!(tree.messages(), "");
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
}

#[test]
fn things_that_are_no_services_are_passed_over() {
    let mut tree = Tree::start(|scan| {
        std::fs::write(scan.dir().join("file"), "").unwrap();
        sys::fifo::make(&scan.dir().join("fifo"), 0o600).unwrap();
        symlink("/dev/null", scan.dir().join("device")).unwrap();
        symlink("circle", scan.dir().join("circle")).unwrap();
        symlink("/nowhere", scan.dir().join("dangling")).unwrap();
        scan.service("good").sleeps();
    });
    tree.service("good").wait_up();
    // And at the next look, too.
    tree.service("later").sleeps();
    tree.command("a");
    tree.service("later").wait_up();
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
}
