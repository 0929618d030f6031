//! `svctl` for people: the table, the verbs, and what both say, on whole trees and real terminals.

#![forbid(unsafe_code)]

mod kit;

use std::process::Command;

use kit::people::{WHY, does, row, svctl, tree};
use kit::{Running, Terminal, Tree, our_program, ours_only, run, text, wait_until};

mod table {
    use super::*;

    #[test]
    fn every_service_has_a_row_and_its_logger_stands_below_it() {
        ours_only!(WHY);
        let tree = tree();
        for args in [&[][..], &["status"]] {
            let table = does(&tree, args);
            let names: Vec<_> = table.lines().map(|line| line.split("  ").next().unwrap()).collect();
            assert_eq!(names, ["NAME", "db", "web", ""], "{table}");
            assert_eq!(row(&table, "db")[1], "ready");
            assert_eq!(row(&table, "web")[1], "up");
            assert!(table.lines().last().unwrap().starts_with("  log  up"), "{table}");
            assert!(!table.contains('\x1b'), "no terminal, no colour");
        }
    }

    #[test]
    fn services_can_be_named_by_name_pattern_and_path() {
        ours_only!(WHY);
        let tree = tree();
        let path = tree.dir().join("db");
        for (name, count) in
            [("web", 1), ("web/log", 1), ("*", 2), ("*/log", 1), ("[dw]?*", 2), (path.to_str().unwrap(), 1)]
        {
            assert_eq!(does(&tree, &["status", name]).lines().count(), 1 + count, "{name}");
        }
        let dir = tree.dir().to_str().unwrap();
        let mut elsewhere = Command::new(our_program("svctl"));
        let answer = run(elsewhere.args(["status", "-C", dir]).env("SVDIR", "/nowhere"));
        assert_eq!((answer.code, answer.out.lines().count()), (0, 4), "{}", answer.err);
    }

    #[test]
    fn state_that_is_not_as_wanted_shows_and_is_3() {
        ours_only!(WHY);
        let tree = Tree::start(|scan| {
            scan.service("bad").run("exit 1").finish("exit 125");
            scan.service("slow").run("exec sleep 100000").file("notification-fd", "3\n");
            scan.service("flap").run("kill -9 $$").file("restart-delay", "100000\n");
            scan.service("still").sleeps().file("down", "");
        });
        let is = |name: &str, state: &str| {
            wait_until(&format!("{name} to be {state}"), || {
                let answer = svctl(&tree, &["status", name]);
                row(&answer.out, name)[1] == state && answer.code == if state == "down" { 0 } else { 3 }
            });
        };
        is("bad", "failed");
        is("slow", "starting");
        is("flap", "backoff");
        is("still", "down");
        let table = svctl(&tree, &["status"]).out;
        assert!(table.contains("SIGKILL") && table.contains("failed by finish"), "{table}");
        assert_eq!(does(&tree, &["pause", "slow"]), "slow: told to pause\n");
        is("slow", "paused");
    }

    #[test]
    fn fields_can_be_had_by_their_names() {
        ours_only!(WHY);
        let tree = tree();
        let pid = tree.service("db").record().pid.unwrap();
        let line = does(&tree, &["status", "-o", "name,up,ready,pid,exitcode,signal,state", "db"]);
        assert_eq!(line, format!("db true true {pid} -1 NA ready\n"));
        assert_eq!(svctl(&tree, &["status", "-o", "nonsense"]).code, 100);
    }

    #[test]
    fn json_is_json() {
        ours_only!(WHY);
        let tree = tree();
        tree.service("we\"b\x1b").sleeps().wait_supervised();
        let answer = svctl(&tree, &["status", "--json"]);
        let path = tree.scratch().join("json");
        std::fs::write(&path, &answer.out).unwrap();
        let script = "import json, sys; d = json.load(open(sys.argv[1])); \
             print(d['version'], *[repr(s['name']) + ' ' + str(s['logger']) for s in d['services']], sep=', ')";
        let parsed = run(Command::new("python3").args(["-c", script]).arg(&path));
        assert_eq!(parsed.code, 0, "{}", parsed.err);
        let expected = "1, 'db' False, 'we\"b\\x1b' False, 'web' False, 'web/log' True\n";
        assert_eq!(parsed.out, expected);
    }
}

mod refusals {
    use super::*;

    #[test]
    fn tree_that_does_not_run_says_how_to_start_it() {
        ours_only!(WHY);
        let mut tree = tree();
        does(&tree, &["stop", "--wait"]);
        tree.wait_exit();
        let dir = tree.dir().display();
        let message = format!("svctl: no scanner runs on {dir}; start one with: svscan {dir}\n");
        for args in [&["up", "*"][..], &["down", "web", "--wait"], &["stop"], &["rescan"]] {
            let answer = svctl(&tree, args);
            assert_eq!((answer.code, answer.err), (102, message.clone()), "{args:?}");
        }
        let answer = svctl(&tree, &[]);
        assert_eq!((answer.code, answer.err), (3, message), "{}", answer.out);
        assert_eq!(row(&answer.out, "web")[1..3], ["not", "supervised"]);
    }

    #[test]
    fn name_that_is_nowhere_is_said_with_where_it_was_looked_for() {
        ours_only!(WHY);
        let tree = tree();
        let dir = tree.dir().display();
        let answer = svctl(&tree, &["up", "nope", "web"]);
        assert_eq!((answer.code, answer.out.as_str()), (111, "web: up already\n"));
        assert_eq!(answer.err, format!("svctl: unable to find nope here or in {dir}: no such service\n"));
        let answer = svctl(&tree, &["up", "nope*"]);
        assert_eq!(answer.code, 100);
        assert_eq!(answer.err, format!("svctl: no service in {dir} has a name like nope*\n"));
        for args in [&["up"][..], &["up", "--wat", "web"], &["down", "--wait=ready", "web"], &["kill", "HUP"]]
        {
            assert_eq!(svctl(&tree, args).code, 100, "{args:?}");
        }
    }

    #[test]
    fn refusal_names_the_file_its_owner_and_its_mode() {
        ours_only!(WHY);
        if !kit::is_root() {
            println!("skipped: only root can become another user");
            return;
        }
        let tree = tree();
        let as_nobody = |args: &[&str]| {
            let mut setpriv = Command::new("setpriv");
            setpriv.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(our_program("svctl"));
            run(setpriv.args(args).current_dir("/").env("SVDIR", tree.dir()))
        };
        let supervise = tree.service("web").path("supervise");
        let why =
            format!("({} is owned by root (uid 0), mode 0700): Permission denied\n", supervise.display());
        for args in [&["down", "web"][..], &["down", "web", "--wait"]] {
            let answer = as_nobody(args);
            assert_eq!((answer.code, answer.err.ends_with(&why)), (111, true), "{args:?} {}", answer.err);
        }
        let answer = as_nobody(&["stop"]);
        assert!(answer.err.contains(".svscan is owned by root (uid 0), mode 0700)"), "{}", answer.err);
        let answer = as_nobody(&["status", "web"]);
        assert_eq!((answer.code, row(&answer.out, "web")[1].as_str()), (111, "unknown"));
        assert!(answer.out.contains("supervise is owned by root (uid 0), mode 0700"), "{}", answer.out);
        assert!(tree.service("web").record().is_up());
    }
}

mod terminal {
    use super::*;

    /// A terminal with `svctl` in it; `None` where there can be none.
    #[track_caller]
    fn start(tree: &Tree, columns: u32, settings: &str, args: &str) -> Option<Terminal> {
        if !Terminal::is_there() {
            println!("skipped: there is no tmux");
            return None;
        }
        let (dir, svctl) = (tree.dir().display(), our_program("svctl"));
        let command = format!("env SVDIR={dir} {settings} {} {args}", svctl.display());
        Some(Terminal::start(tree.scratch(), columns, 20, &command))
    }

    #[test]
    fn table_has_colours_where_they_are_wanted() {
        ours_only!(WHY);
        let tree = tree();
        let Some(terminal) = start(&tree, 100, "", "status") else { return };
        terminal.wait("a table", |text| text.contains("exit 0"));
        assert!(terminal.coloured().contains("\x1b[32mready"), "{}", terminal.coloured());
        drop(terminal);
        let Some(terminal) = start(&tree, 100, "NO_COLOR=1", "status") else { return };
        terminal.wait("a table", |text| text.contains("exit 0"));
        assert!(!terminal.coloured().contains("\x1b["), "{}", terminal.coloured());
    }

    #[test]
    fn narrow_terminal_gets_fewer_columns_and_no_wrapped_line() {
        ours_only!(WHY);
        let tree = tree();
        tree.service("\u{65e5}\u{672c}\u{8a9e}\u{65e5}\u{672c}\u{8a9e}").sleeps().wait_up();
        let Some(terminal) = start(&tree, 26, "", "status") else { return };
        let shown = terminal.wait("a table", |text| text.contains("exit 0"));
        assert_eq!(shown.lines().count(), 6, "{shown}");
        assert!(shown.starts_with("NAME") && !shown.contains("PID"), "{shown}");
        let column = |name: &str| shown.lines().find(|line| line.starts_with(name)).unwrap().find("up");
        // Six characters, twelve columns, eighteen bytes.
        assert_eq!(column("web").map(|at| at + 6), column("\u{65e5}"), "{shown}");
    }

    #[test]
    fn watched_table_follows_what_happens() {
        ours_only!(WHY);
        let tree = tree();
        let Some(terminal) = start(&tree, 100, "", "status --watch") else { return };
        terminal.wait("db ready", |text| text.contains("db     ready"));
        does(&tree, &["down", "db", "--wait"]);
        terminal.wait("db down", |text| text.contains("db     down"));
        tree.service("new").sleeps();
        terminal.wait("the new service", |text| text.contains("new    up"));
        std::fs::remove_dir_all(tree.dir().join("new")).unwrap();
        terminal.wait("no new service", |text| !text.contains("new"));
        terminal.resize(26, 20);
        terminal.wait("fewer columns", |text| text.contains("NAME") && !text.contains("PID"));
        assert!(terminal.is_taken());
        terminal.keys("C-c");
        terminal.wait("the screen from before", |text| text == "exit 0");
        assert!(!terminal.is_taken());
    }
}

#[test]
fn watched_table_stops_and_goes_on_as_a_shell_says() {
    ours_only!(WHY);
    if !Terminal::is_there() {
        println!("skipped: there is no tmux");
        return;
    }
    let tree = tree();
    let command = format!("env SVDIR={} PS1='$ ' bash --norc --noprofile -i", tree.dir().display());
    let terminal = Terminal::start(tree.scratch(), 100, 20, &command);
    terminal.wait("a prompt", |text| text == "$");
    terminal.keys(&format!("{} status --watch", our_program("svctl").display()));
    terminal.keys("Enter");
    for _ in 0..2 {
        terminal.wait("db ready", |text| text.contains("db     ready"));
        assert!(terminal.is_taken());
        terminal.keys("C-z");
        terminal.wait("the shell's screen", |text| text.contains("Stopped") && !text.contains("NAME"));
        assert!(!terminal.is_taken());
        // What happens meanwhile is seen afterwards.
        does(&tree, &["down", "db", "--wait"]);
        terminal.keys("clear; fg");
        terminal.keys("Enter");
        terminal.wait("db down", |text| text.contains("db     down") && !text.contains("fg"));
        does(&tree, &["up", "db", "--wait=ready"]);
    }
    terminal.wait("db ready", |text| text.contains("db     ready"));
    terminal.keys("C-c");
    terminal.wait("the shell's screen", |text| text.ends_with('$') && !text.contains("NAME"));
    assert!(!terminal.is_taken());
    terminal.keys("jobs; echo no$?");
    terminal.keys("Enter");
    terminal.wait("no job left", |text| text.contains("\nno0"));
}

#[test]
fn watching_does_not_poll() {
    ours_only!(WHY);
    let tree = tree();
    let shown = tree.scratch().join("shown");
    let mut watch = Command::new("sh");
    watch.args(["-c", "echo $$ >\"$0.pid\"; exec \"$1\" status --watch -o name,up >\"$0\""]);
    watch.arg(&shown).arg(our_program("svctl")).env("SVDIR", tree.dir());
    let _running = Running::start(&mut watch);
    wait_until("the first answer", || text(&shown) == "db true\nweb true\nweb/log true\n\n");
    let pid = text(shown.with_extension("pid"));
    let switches = || {
        let status = text(format!("/proc/{}/status", pid.trim()));
        status.lines().find(|line| line.starts_with("voluntary")).map(str::to_owned)
    };
    // It has said what it had to say when it sleeps, and still does at a second look.
    let asleep = || text(format!("/proc/{}/status", pid.trim())).contains("State:\tS");
    let mut before = None;
    wait_until("it to sleep", || {
        let last = before.take();
        before = switches().filter(|_| asleep());
        before.is_some() && before == last
    });
    // Nothing happens: nothing is to be heard of it, however long that lasts.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert_eq!(switches(), before);
    does(&tree, &["down", "web", "--wait"]);
    wait_until("the second answer", || text(&shown).ends_with("db true\nweb false\nweb/log true\n\n"));
}
