//! `svctl why`, `svctl logs`, `svctl tree`, `svctl events`: what people are told of services that run.

#![forbid(unsafe_code)]

mod kit;

use std::path::Path;
use std::process::Command;

use kit::{Answer, Running, Scratch, Service, Supervisor, our_program, ours_only, run, wait_until};

/// `svctl` in `dir`, in UTC.
fn svctl(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(our_program("svctl"));
    command.args(args).current_dir(dir).env("TZ", "UTC0").env_remove("SVDIR");
    command
}

#[track_caller]
fn ask(dir: &Path, args: &[&str]) -> Answer {
    run(&mut svctl(dir, args))
}

#[track_caller]
fn has(answer: &Answer, text: &str) {
    assert!(answer.out.contains(text), "{text:?} is not in {}{}", answer.out, answer.err);
}

mod why {
    use super::*;

    #[test]
    fn crash_is_told_with_its_length_its_scripts_and_the_next_start() {
        ours_only!("s6 has no restart-delay");
        let supervisor = Supervisor::start(|web| {
            web.run("sleep 0.2\nexit 7").script("crash", "exit 0").finish("exit 4");
            web.file("restart-delay", "100000\n");
        });
        wait_until("the detail", || !supervisor.lines("supervise/detail").is_empty());
        supervisor.wait_record("it to be down", |record| record.pid.is_none() && !record.finishing);
        let answer = ask(supervisor.scratch(), &["why", "web"]);
        assert_eq!(answer.code, 0, "{answer:?}");
        has(&answer, "web: backoff\n  it starts again in 9");
        has(&answer, "the last death:\n");
        has(&answer, " ago: exit 7 after 0.");
        has(&answer, ", not asked for; crash: exit 0; finish: exit 4\n");
    }

    #[test]
    fn life_that_was_followed_at_once_by_the_next_is_told_too() {
        ours_only!("s6 has no detail");
        let supervisor = Supervisor::start(|web| {
            web.run("[ -e second ] && exec sleep 1000\n: >second\nexit 3").file("restart-delay", "0\n");
        });
        supervisor.wait_lines("second", 0);
        wait_until("the second life", || {
            ask(supervisor.scratch(), &["why", "web"]).out.contains("exit 3 after")
        });
        let answer = ask(supervisor.scratch(), &["why", "web"]);
        has(&answer, "when it dies it starts again, at once\n");
    }

    #[test]
    fn run_that_cannot_be_executed_is_explained() {
        ours_only!("s6 has no detail");
        let supervisor = Supervisor::start(|web| {
            web.executable("run", "#!/no/such/sh\n");
        });
        supervisor.wait_supervised();
        let answer = ask(supervisor.scratch(), &["why", "web"]);
        has(&answer, "  run cannot be executed: its interpreter /no/such/sh does not exist\n");
    }

    #[test]
    fn death_that_was_asked_for_is_told_as_such() {
        ours_only!("s6 has no detail");
        let supervisor = Supervisor::start(|web| {
            web.sleeps();
        });
        supervisor.wait_up();
        has(&ask(supervisor.scratch(), &["why", "web"]), "  no death is remembered\n");
        supervisor.command("d");
        supervisor.wait_record("it to be down", |record| record.pid.is_none());
        let answer = ask(supervisor.scratch(), &["why", "web"]);
        has(&answer, ", asked for by a command\n");
        has(&answer, "it waits for a command");
    }

    #[test]
    fn failure_and_the_end_of_the_log_are_told() {
        ours_only!("s6 has no max-restarts");
        let supervisor = Supervisor::start(|web| {
            web.run("exit 1").file("restart-delay", "0\n").file("max-restarts", "2 60\n");
            let log = web.log();
            log.run("exec cat >>main/current");
            std::fs::create_dir(log.path("main")).unwrap();
            log.file("main/current", "@400000006553f12500000007 hello\nworld\n");
        });
        wait_until("the failure", || {
            ask(supervisor.scratch(), &["why", "web"]).out.starts_with("web: failed")
        });
        let answer = ask(supervisor.scratch(), &["why", "web"]);
        has(&answer, "it has failed: 2 crashes within 60 s are too many (max-restarts); it stays down");
        has(
            &answer,
            "  the last lines of its log, web/log/main:\n    2023-11-14 22:13:20.000 hello\n    world\n",
        );
    }

    #[test]
    fn service_that_nobody_supervises_is_said_to_be_so() {
        let scratch = Scratch::new();
        Service::at(scratch.path().join("web")).sleeps();
        has(&ask(scratch.path(), &["why", "web"]), "web: not supervised\n  nobody supervises it");
        assert_eq!(ask(scratch.path(), &["why"]).code, 100);
    }
}

mod logs {
    use super::*;

    const LABELS: [&str; 3] =
        ["@400000006553f12500000007", "@400000006553f16100000007", "@400000006553f19d00000007"];

    /// A service `name` with a log of two rotated files and a current one, a minute from one to the next.
    fn logged(dir: &Path, name: &str) -> Service {
        let log = Service::at(dir.join(name)).log();
        log.run("exec cat");
        std::fs::create_dir(log.path("main")).unwrap();
        for (i, file) in [".s", ".u"].iter().enumerate() {
            log.file(&format!("main/{}{file}", LABELS[i]), format!("{} {name} {i}\n", LABELS[i]));
        }
        log.file("main/current", format!("{} {name} 2\n  more\n", LABELS[2]));
        log.file("main/lock", "").file("main/state", "no log\n");
        Service::at(dir.join(name)).sleeps();
        log
    }

    #[test]
    fn files_are_shown_in_their_order_and_in_local_time() {
        let scratch = Scratch::new();
        logged(scratch.path(), "web");
        let answer = ask(scratch.path(), &["logs", "web"]);
        assert_eq!(
            answer.out,
            "2023-11-14 22:13:20.000 web 0\n2023-11-14 22:14:20.000 web 1\n2023-11-14 22:15:20.000 web 2\n  more\n"
        );
        let east = run(svctl(scratch.path(), &["logs", "-n", "4", "web/log"]).env("TZ", "EAST-2"));
        assert!(east.out.starts_with("2023-11-15 00:13:20.000 web 0\n"), "{east:?}");
    }

    #[test]
    fn last_lines_and_lines_since_a_moment_are_chosen() {
        let scratch = Scratch::new();
        logged(scratch.path(), "web");
        let two = ask(scratch.path(), &["logs", "-n3", "web"]);
        assert_eq!(two.out, "2023-11-14 22:14:20.000 web 1\n2023-11-14 22:15:20.000 web 2\n  more\n");
        let since = ask(scratch.path(), &["logs", "--since", "2023-11-14 22:15", "web"]);
        assert_eq!(since.out, "2023-11-14 22:15:20.000 web 2\n  more\n");
        assert_eq!(ask(scratch.path(), &["logs", "--since", "10m", "web"]).out, "");
        assert_eq!(ask(scratch.path(), &["logs", "--since", "once", "web"]).code, 100);
    }

    #[test]
    fn several_logs_have_their_names_before_each_line() {
        let scratch = Scratch::new();
        logged(scratch.path(), "web");
        logged(scratch.path(), "database");
        let answer = ask(scratch.path(), &["logs", "-n1", "web", "database"]);
        assert_eq!(answer.out, "web      |   more\ndatabase |   more\n");
    }

    #[test]
    fn service_without_a_log_says_so() {
        let scratch = Scratch::new();
        Service::at(scratch.path().join("web")).sleeps();
        let answer = ask(scratch.path(), &["logs", "web"]);
        assert_eq!(answer.code, 1);
        assert!(answer.err.starts_with("svctl logs: web: it has no logger of its own"), "{answer:?}");
    }

    #[test]
    fn log_is_followed_through_rotation() {
        let scratch = Scratch::new();
        let log = logged(scratch.path(), "web");
        let out = scratch.path().join("out");
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" >out", "sh"]).arg(our_program("svctl"));
        command.args(["logs", "-f", "-n1", "web"]).current_dir(scratch.path()).env("TZ", "UTC0");
        let _following = Running::start(&mut command);
        wait_until("the first line", || kit::text(&out) == "  more\n");
        let append = |text: &str| {
            use std::io::Write;
            let mut file = std::fs::OpenOptions::new().append(true).open(log.path("main/current")).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        };
        append("be");
        append("gun\n");
        wait_until("the second line", || kit::text(&out) == "  more\nbegun\n");
        // Several rotations between two looks: nothing is lost.
        for i in 0..5 {
            append(&format!("old {i}\n"));
            let rotated = format!("main/@40000000655400000000000{i}.s");
            std::fs::rename(log.path("main/current"), log.path(&rotated)).unwrap();
            log.file("main/current", format!("new {i}\n"));
        }
        let expected: String = (0..5).map(|i| format!("old {i}\nnew {i}\n")).collect::<String>();
        let expected = format!("  more\nbegun\n{expected}");
        wait_until("the new lines", || kit::text(&out) == expected);
    }
}

mod tree {
    use super::*;
    use kit::Tree;

    #[test]
    fn everybody_is_shown_below_whoever_started_them() {
        ours_only!("it is ours");
        let tree = Tree::start(|scan| {
            scan.service("web").run("sleep 1000 &\nexec sleep 2000");
            scan.service("idle").sleeps().file("down", "");
            scan.service("web").log().run("exec cat");
        });
        for name in ["web", "web/log"] {
            tree.service(name).wait_up();
        }
        tree.service("idle").wait_supervised();
        let ctl = our_program("svctl");
        let show = || tree.namespace().inside(&[ctl.to_str().unwrap(), "tree", tree.dir().to_str().unwrap()]);
        wait_until("sleep", || show().out.contains("sleep 2000") && show().out.contains("sleep 1000"));
        let answer = show();
        assert_eq!(answer.code, 0, "{answer:?}");
        let lines: Vec<&str> = answer.out.lines().collect();
        let texts: Vec<&str> = lines.iter().map(|line| line.get(40..).unwrap_or_default()).collect();
        assert!(lines[0].starts_with("    PID       RSS       PSS        CPU"), "{}", answer.out);
        assert!(lines[1].starts_with("      1 ") && texts[1].starts_with("scanner: "), "{}", answer.out);
        assert!(texts[2].starts_with("  idle: supervisor: "), "{}", answer.out);
        assert_eq!(texts[3], "    idle: down");
        assert!(texts[4].starts_with("  web: supervisor: "), "{}", answer.out);
        assert_eq!(texts[5..7], ["    web: up: sleep 2000", "      sleep 1000"]);
        assert_eq!(texts[8], "    web/log: up: cat");
        assert_eq!(lines.len(), 9);
    }

    #[test]
    fn tree_that_does_not_run_is_said_to_be_so() {
        let scratch = Scratch::new();
        Service::at(scratch.path().join("scan/web")).sleeps();
        let answer = ask(scratch.path(), &["tree", "scan"]);
        has(&answer, "scanner of scan: none that can be seen\n");
        has(&answer, "web: not supervised\n");
    }
}

mod events {
    use super::*;
    use kit::{Tree, text};

    /// `svctl events -f` with its output in a file.
    fn following(tree: &Tree, args: &[&str]) -> (Running, std::path::PathBuf) {
        let out = tree.scratch().join("out");
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" >\"$0\""]).arg(&out).arg(our_program("svctl"));
        command.args(["events", "-f"]).args(args).current_dir(tree.dir()).env("SVDIR", tree.dir());
        (Running::start(&mut command), out)
    }

    /// The lines without their times.
    fn shown(out: &Path) -> Vec<String> {
        text(out).lines().map(|line| line.get(24..).unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn every_notice_is_shown_and_new_services_join() {
        ours_only!("s6 does not watch its scan directory");
        let tree = Tree::start(|scan| {
            scan.service("web").sleeps();
        });
        let pid = tree.service("web").wait_up();
        let (_running, out) = following(&tree, &[]);
        tree.service("web").wait_listeners(1);
        tree.service("web").command("d");
        wait_until("the death", || shown(&out).len() >= 2);
        assert_eq!(shown(&out), ["web: dead, SIGTERM", "web: down"], "{pid}");
        let late = tree.service("late");
        late.sleeps();
        let pid = late.wait_up();
        late.wait_listeners(1);
        let up = format!("late: up, pid {pid}");
        wait_until("the new service", || shown(&out).contains(&up));
        late.command("d");
        wait_until("its death", || shown(&out).contains(&"late: down".to_owned()));
        assert_eq!(shown(&out).iter().filter(|line| **line == up).count(), 1, "{:?}", shown(&out));
    }

    #[test]
    fn notices_of_one_service_are_objects_when_that_is_wanted() {
        ours_only!("s6 has no failures of this kind");
        let tree = Tree::start(|scan| {
            scan.service("web").run("exit 3").file("down", "").file("max-restarts", "1 9");
            scan.service("other").sleeps();
        });
        tree.service("web").wait_supervised();
        let (_running, out) = following(&tree, &["--json", "web"]);
        tree.service("web").wait_listeners(1);
        tree.service("web").command("u");
        wait_until("the failure", || text(&out).contains("\"notice\":\"D\""));
        let text = text(&out);
        assert!(text.lines().all(|line| line.starts_with("{\"version\":1,\"time\":")), "{text}");
        assert!(text.lines().all(|line| line.contains("\"name\":\"web\"")), "{text}");
        assert!(text.contains("\"event\":\"dead\",\"pid\":null,\"exit_code\":3,"), "{text}");
        assert!(
            text.contains("\"notice\":\"O\",\"event\":\"failed\",") && text.contains("\"max-restarts\""),
            "{text}"
        );
    }

    #[test]
    fn past_is_what_is_remembered() {
        ours_only!("s6 waits a second");
        let tree = Tree::start(|scan| {
            scan.service("web")
                .run("if [ -e first ]; then echo $$ >>second; exec sleep 1000; fi\n: >first\nexit 3")
                .file("restart-delay", "0");
        });
        let web = tree.service("web");
        let pid = web.wait_lines("second", 1)[0].clone();
        // The record of the first life says up, too.
        web.wait_record("the second life", |record| {
            record.pid.is_some_and(|now| now.to_string() == pid) && record.is_up()
        });
        let answer = ask(tree.dir(), &["events", "web"]);
        let lines: Vec<&str> = answer.out.lines().filter_map(|line| line.get(24..)).collect();
        assert_eq!(lines, ["web: dead, exit 3", &format!("web: up, pid {pid}")]);
    }
}
