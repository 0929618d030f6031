//! The catch-all: what nobody else logs is logged by `svscan-log`, from before the first service to after the last.

mod kit;

use std::path::Path;
use std::time::Duration;

use kit::{Scan, Tree, is_root, our_name, ours_only, run, text, wait_until};
use unix::Signal;

/// The logger of a catch-all: everything into `main`, at once.
const LOGGER: &str = "exec svlog -b ./main";
/// The options that give it the console, which is a file of the test's.
const CONSOLE: [&str; 2] = ["-X", "4"];

/// A scanner whose console is the file `console` beside its scan directory.
fn with_console(scan: &mut Scan) {
    scan.options(&CONSOLE);
    scan.before(&format!("exec 4>>'{}/../console'", scan.dir().display()));
}

fn console(tree: &Tree) -> String {
    text(tree.scratch().join("console"))
}

/// Everything in the log directory of the catch-all.
fn caught(tree: &Tree) -> String {
    log_in(&tree.dir().join("svscan-log/main"))
}

fn log_in(dir: &Path) -> String {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with('@') || name == "previous" || name == "current"
    });
    // `@`, `current`, `previous`: by age, but for the last two.
    files.sort();
    if files.len() > 1 && files.last().unwrap().ends_with("previous") {
        let last = files.len() - 1;
        files.swap(last, last - 1);
    }
    files.iter().map(text).collect()
}

#[track_caller]
fn wait_caught(tree: &Tree, line: &str) {
    wait_until(&format!("{line:?} is logged: {}", caught(tree)), || caught(tree).contains(line));
}

#[test]
fn what_nobody_else_logs_is_caught_and_what_loggers_say_is_on_the_console() {
    ours_only!("s6 leaves the pipe to its caller");
    let tree = Tree::start(|scan| {
        with_console(scan);
        scan.service("svscan-log").run(&format!("echo from the catch-all >&2\n{LOGGER}"));
        scan.service("plain").run("echo plain out; echo plain error >&2; exec sleep 100000");
        let web = scan.service("web");
        web.run("echo logged elsewhere; echo web error >&2; exec sleep 100000");
        web.log().run("echo from a logger >&2; echo printed by a logger; exec svlog ./main");
        // Its supervisor complains.
        scan.service("broken").executable("run", "no interpreter here\n");
    });
    for line in ["plain out\n", "plain error\n", "web error\n", "supervise broken: "] {
        wait_caught(&tree, line);
    }
    wait_until("the words of the logger", || {
        ["from a logger\n", "printed by a logger\n", "from the catch-all\n"]
            .iter()
            .all(|line| console(&tree).contains(line))
    });
    // The scanner's own words.
    tree.command("?");
    wait_caught(&tree, "svscan: warning: there is no command ?\n");
    let log = tree.service("web/log");
    wait_until("the log of web", || text(log.path("main/current")) == "logged elsewhere\n");
    let all = caught(&tree);
    assert!(!all.contains("logged elsewhere") && !all.contains("from a logger"), "{all}");
    assert!(!console(&tree).contains("plain"), "{}", console(&tree));
    assert_eq!(tree.messages(), "");
}

#[test]
fn catch_all_is_started_first_and_nothing_is_lost_before_it_reads() {
    ours_only!("s6 leaves the pipe to its caller");
    let tree = Tree::start(|scan| {
        with_console(scan);
        // It begins to read only when all others have spoken; by its name it would be among the last.
        scan.service("svscan-log").run(&format!("until [ -e ../go ]; do sleep 0.01; done; {LOGGER}"));
        for i in 0..20 {
            scan.service(&format!("a{i}"))
                .run(&format!("echo a{i} speaks; echo x >>said; exec sleep 100000"));
        }
    });
    for i in 0..20 {
        tree.service(&format!("a{i}")).wait_lines("said", 1);
    }
    std::fs::write(tree.dir().join("go"), "").unwrap();
    for i in 0..20 {
        wait_caught(&tree, &format!("a{i} speaks\n"));
    }
    assert_eq!(tree.messages(), "");
}

#[test]
fn catch_all_ends_last_with_the_last_words_of_all_others() {
    ours_only!("s6 leaves the pipe to its caller");
    let mut tree = Tree::start(|scan| {
        with_console(scan);
        scan.service("svscan-log").run(LOGGER);
        for i in 0..5 {
            let slow = scan.service(&format!("slow{i}"));
            slow.run(&format!("trap 'echo last of {i}; exit' TERM; echo >>up; while :; do sleep 0.01; done"));
            slow.finish(&format!("echo finished {i}"));
        }
        scan.hook("finish", "echo the end: $1");
    });
    for i in 0..5 {
        tree.service(&format!("slow{i}")).wait_lines("up", 1);
    }
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
    let all = caught(&tree);
    for i in 0..5 {
        let [last, finished] = ["last of", "finished"].map(|what| all.find(&format!("{what} {i}\n")));
        assert!(last.is_some() && last < finished, "{i}: {all}");
    }
    assert_eq!(console(&tree), "the end: 0\n");
    let current = std::fs::metadata(tree.dir().join("svscan-log/main/current")).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&current.permissions());
    assert_eq!(mode & 0o100, 0o100, "it met the end of its input");
}

#[test]
fn no_line_is_lost_or_doubled_when_the_catch_all_and_its_supervisor_are_started_again() {
    ours_only!("s6 leaves the pipe to its caller");
    const LINES: usize = 20_000;
    let mut tree = Tree::start(|scan| {
        with_console(scan);
        let log = scan.service("svscan-log");
        log.run("exec svlog -b n100 ./main").file("restart-delay", "0\n");
        scan.service("web").run(&format!(
            "i=0; while [ $i -lt {LINES} ]; do i=$((i+1)); echo line $i; done; echo >>done; exec sleep 100000"
        ));
    });
    let log = tree.service("svscan-log");
    let supervisor = || tree.supervisor_of("svscan-log");
    for round in 1..=6 {
        wait_until("more lines", || caught(&tree).lines().count() > round * 300);
        if round % 3 == 0 {
            let pid = supervisor().expect("it lives");
            tree.namespace().kill(pid, "KILL");
            tree.namespace().wait_dead(pid);
            wait_until("another supervisor", || supervisor().is_some_and(|other| other != pid));
            log.wait_supervised();
        }
        let pid = log.wait_up();
        // It writes what it has read, and ends.
        log.command("r");
        log.wait_record("another logger", |record| record.is_up() && record.pid != Some(pid));
    }
    tree.service("web").wait_lines("done", 1);
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
    let all = caught(&tree);
    let lines: Vec<_> = all.lines().filter(|line| !line.starts_with("svscan: ")).collect();
    let expected: Vec<_> = (1..=LINES).map(|i| format!("line {i}")).collect();
    assert_eq!(lines, expected);
}

#[test]
fn scanner_does_not_wait_for_a_catch_all_that_is_down_and_the_stop_does_not_either() {
    ours_only!("s6 waits for ever");
    let mut tree = Tree::start(|scan| {
        with_console(scan);
        scan.service("svscan-log").run(LOGGER).file("down", "");
        scan.service("web")
            .run("echo >>started; trap 'exit 0' TERM; while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxx; done");
    });
    tree.service("web").wait_lines("started", 1);
    // Bytes that are no command: more than the scanner remembers to have warned of.
    let mut bytes = (b'!'..=b'~').filter(|b| !b.is_ascii_lowercase() && *b != b'N').cycle();
    wait_until("when the pipe is full, the scanner's own words are on the console", || {
        tree.command(&char::from(bytes.next().unwrap()).to_string());
        console(&tree).contains("svscan: warning: there is no command")
    });
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
}

#[test]
fn lines_wait_for_a_catch_all_that_is_started_late() {
    ours_only!("s6 leaves the pipe to its caller");
    let tree = Tree::start(|scan| {
        with_console(scan);
        scan.service("svscan-log").run(LOGGER).file("down", "");
        scan.service("web").run("seq 1 20000; echo >>said; exec sleep 100000");
    });
    std::thread::sleep(Duration::from_millis(100));
    assert!(!tree.service("web").path("said").exists(), "the pipe is full");
    wait_until("it is supervised", || tree.service("svscan-log").try_command("u").is_ok());
    tree.service("web").wait_lines("said", 1);
    wait_caught(&tree, "\n20000\n");
    let expected: String = (1..=20_000).map(|i| format!("{i}\n")).collect();
    assert_eq!(caught(&tree), expected);
}

#[test]
fn without_a_catch_all_everything_goes_where_the_scanner_writes() {
    ours_only!("its option");
    let tree = Tree::start(|scan| {
        with_console(scan);
        let web = scan.service("web");
        web.run("echo web error >&2; exec sleep 100000");
        web.log().run("echo from a logger >&2; exec svlog ./main");
    });
    wait_until("both", || tree.messages().contains("web error") && tree.messages().contains("from a logger"));
    assert_eq!(console(&tree), "");
    // It comes later: what starts from then on is caught, and that is said.
    let late = tree.scratch().join("late");
    kit::Service::at(&late).run(LOGGER);
    std::fs::rename(&late, tree.dir().join("svscan-log")).unwrap();
    wait_caught(&tree, "svscan-log came after others had started");
    tree.service("later").run("echo caught; exec sleep 100000");
    wait_caught(&tree, "caught\n");
}

#[test]
fn standard_output_can_be_the_console() {
    ours_only!("s6 wants 3 or more");
    let mut tree = Tree::start(|scan| {
        scan.options(&["-X", "1"]);
        scan.service("svscan-log").run("exec svlog -b ./main 'pall:' 1");
        scan.service("plain").run("echo hello; exec sleep 100000");
    });
    wait_until("the line on both ways", || tree.messages().contains("all: hello\n"));
    wait_caught(&tree, "hello\n");
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
}

#[test]
fn catch_all_of_s6_reads_the_fifo_that_its_caller_made() {
    ours_only!("runs once, with SUITE unset");
    let mut tree = Tree::launch_program(&our_name("s6-svscan"), |scan| {
        scan.options(&["-X", "4"]);
        let log = scan.service("s6-svscan-log");
        log.run("exec <fifo; exec svlog -b ./main");
        let fifo = log.path("fifo").display().to_string();
        assert_eq!(run(std::process::Command::new("mkfifo").arg(&fifo)).code, 0);
        // Opened for both first, so that neither waits for the other.
        scan.before(&format!("exec 4>&2 5<>'{fifo}' >'{fifo}' 2>&1 5<&-"));
        scan.service("plain").run("echo plain; exec sleep 100000");
    });
    let main = tree.dir().join("s6-svscan-log/main");
    wait_until("the line", || log_in(&main).contains("plain\n"));
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
    assert!(is_root() || log_in(&main).contains("plain\n"));
}
