//! Trouble of a whole tree: at a terminal, and with its scan directory.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::symlink;

use kit::{Service, Tree, ours_only, text};

mod terminal {
    use super::*;

    #[test]
    fn interrupt_typed_at_a_terminal_stops_the_tree_in_its_order() {
        ours_only!("s6's supervisors are interrupted too");
        let mut tree = Tree::launch(|scan| {
            let web = scan.service("web");
            let until_told = "while :; do sleep 100000 >/dev/null & wait; done";
            web.run(&format!("trap 'echo last words; exit 0' TERM; echo x >>started; {until_told}"))
                .finish("echo finished; echo x >>finished");
            web.log().run("exec cat >>lines");
            scan.hook("finish", "echo $1 >../end; exit 0");
            // script(1) makes the terminal; what it reads is typed there.
            let wait = |name: &str| format!("while [ ! -e {name} ]; do sleep 0.01; done");
            scan.before(&format!(
                "cd '{}/..' && {{ {}; printf '\\003'; {}; }} | script -qec \"exec $1 $2\" /dev/null; exit",
                scan.dir().display(),
                wait("type"),
                wait("end")
            ));
        });
        let web = tree.service("web");
        web.wait_lines("started", 1);
        std::fs::write(tree.scratch().join("type"), "").unwrap();
        assert_eq!(tree.wait_exit(), 0, "{}", tree.messages());
        assert_eq!(text(tree.scratch().join("end")), "0\n");
        assert_eq!(web.lines("finished").len(), 1);
        assert_eq!(web.log().lines("lines"), ["last words", "finished"]);
    }

    #[test]
    fn supervisor_has_a_process_group_of_its_own() {
        ours_only!("s6's supervisors are in the scanner's");
        let tree = Tree::start(|scan| {
            scan.service("web").sleeps();
        });
        tree.service("web").wait_up();
        let processes = tree.namespace().processes();
        let (supervisor, _) =
            processes.iter().find(|(_, command)| command.contains("supervise")).expect("a supervisor");
        let stat = text(tree.namespace().root().join(format!("proc/{supervisor}/stat")));
        let group = stat.rsplit_once(") ").unwrap().1.split(' ').nth(2).unwrap().to_owned();
        assert_eq!(group, supervisor.to_string());
    }
}

mod scan {
    use super::*;

    /// A service of this name beside the others, to tell when the scanner has had time to look at them.
    fn add(tree: &Tree, name: &str) {
        let hidden = Service::at(tree.scratch().join(name));
        hidden.sleeps();
        std::fs::rename(hidden.dir(), tree.dir().join(name)).unwrap();
        tree.service(name).wait_up();
    }

    #[test]
    fn link_that_leads_to_nothing_is_left_alone_and_leads_to_a_service_later() {
        ours_only!("s6 2.11 warns of it at each scan");
        let tree = Tree::start(|scan| symlink("../later", scan.dir().join("web")).unwrap());
        tree.command("an");
        add(&tree, "other");
        assert!(tree.dir().join("web").is_symlink());
        assert_eq!(tree.messages(), "");
        let later = Service::at(tree.scratch().join("later.new"));
        later.sleeps();
        std::fs::rename(later.dir(), tree.scratch().join("later")).unwrap();
        tree.command("a");
        tree.service("web").wait_up();
    }

    #[test]
    fn incomplete_directory_waits_where_it_is_watched_and_not_where_a_scan_finds_it() {
        ours_only!("s6 does not watch");
        let tree = Tree::start(|scan| drop(scan.service("there")));
        tree.service("there").wait_supervised();
        tree.service("watched");
        add(&tree, "other");
        assert!(!tree.service("watched").is_supervised());
        let tree = Tree::start(|scan| scan.options(&["--no-watch"]));
        tree.service("found");
        tree.command("a");
        tree.service("found").wait_supervised();
    }

    #[test]
    fn scan_directory_that_was_replaced_stops_nothing_until_it_is_told_to() {
        ours_only!("s6 scans the old one");
        let tree = Tree::start(|scan| {
            scan.service("old").sleeps();
        });
        let (old, dir) = (tree.service("old").wait_up(), tree.dir().to_owned());
        let new = tree.scratch().join("new");
        Service::at(new.join("young")).sleeps();
        std::fs::rename(&dir, tree.scratch().join("moved")).unwrap();
        std::fs::rename(&new, &dir).unwrap();
        let young = tree.service("young");
        // Watched or not, it is seen at the next scan.
        let _ = sys::fifo::send(&tree.scratch().join("moved/.svscan/control"), b"a");
        young.wait_up();
        assert!(tree.namespace().is_alive(old));
        tree.command("h");
        tree.namespace().wait_dead(old);
        assert!(young.record().is_up());
    }

    #[test]
    fn scan_directory_that_was_mounted_over_stops_nothing_until_it_is_told_to() {
        ours_only!("s6 scans the old one");
        let tree = Tree::start(|scan| {
            scan.service("old").sleeps();
        });
        let old = tree.service("old").wait_up();
        let new = tree.scratch().join("new");
        Service::at(new.join("young")).sleeps();
        let (new_path, dir) = (new.to_str().unwrap(), tree.dir().to_str().unwrap());
        assert_eq!(tree.namespace().inside(&["mount", "--bind", new_path, dir]).code, 0);
        // Outside, the old one is still to be seen.
        tree.command("a");
        let young = Service::at(new.join("young"));
        young.wait_up();
        assert!(tree.namespace().is_alive(old));
        sys::fifo::send(&new.join(".svscan/control"), b"h").unwrap();
        tree.namespace().wait_dead(old);
        assert!(young.record().is_up());
    }
}
