//! `svctl logs` on log directories as every logger leaves them, and while they change.

mod kit;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use kit::{Answer, Scratch, our_program, ours_only, run, text, wait_until};

/// A scan directory with a service `web`, whose logger writes `web/log/main`.
struct Logged(Scratch);

const A: &str = "@400000006553f12500000001";
const B: &str = "@400000006553f12500000002";

impl Logged {
    fn new() -> Logged {
        let scratch = Scratch::new();
        let logged = Logged(scratch);
        std::fs::create_dir_all(logged.main()).unwrap();
        std::fs::write(logged.main().join("current"), "").unwrap();
        for run in ["web/run", "web/log/run"] {
            kit::Service::at(logged.0.path().join(run).parent().unwrap()).sleeps();
        }
        logged
    }

    fn main(&self) -> PathBuf {
        self.0.path().join("web/log/main")
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.main().join(name), bytes).unwrap();
    }

    fn logs(&self, args: &[&str]) -> Answer {
        run(&mut self.command(args))
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(our_program("svctl"));
        command.args(["logs", "-C"]).arg(self.0.path()).args(args).env("TZ", "UTC");
        command
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut child = Command::new("gzip").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap().stdout
}

#[test]
fn every_way_to_stamp_a_line_is_shown_in_local_time() {
    ours_only!("its verb");
    let logged = Logged::new();
    let lines = [
        "@400000006553f12500000000 label",
        "2023-11-14 22:13:20.123456789 s6-log T",
        "2023-11-14_22:13:20.12345 svlogd tt",
        "2023-11-14T22:13:20.12345 svlogd ttt",
        "2023-11-14T22:13:20Z iso utc",
        "2023-11-14T23:13:20.123456+01:00 iso local",
        r#"{"time":"2023-11-14T22:13:20.1Z","service":"web","stream":"stderr","message":"json \"text\""}"#,
        "no moment",
    ];
    logged.write("current", lines.join("\n") + "\n");
    let at = |fraction: &str, text: &str| format!("2023-11-14 22:13:20.{fraction} {text}\n");
    let expected = [
        at("000", "label"),
        at("123", "s6-log T"),
        at("123", "svlogd tt"),
        at("123", "svlogd ttt"),
        at("000", "iso utc"),
        at("123", "iso local"),
        at("100", "json \"text\""),
        "no moment\n".into(),
    ];
    assert_eq!(logged.logs(&["web"]).out, expected.concat());
    for (since, count) in [("2023-11-14T22:13:20.05Z", 6), ("2023-11-14 22:13:21", 0), ("2023-11-14", 8)] {
        assert_eq!(logged.logs(&["--since", since, "web"]).out.lines().count(), count, "{since}");
    }
}

#[test]
fn archives_of_every_kind_are_read_once_and_in_order() {
    ours_only!("its verb");
    let logged = Logged::new();
    logged.write(&format!("{A}.s"), gzip("one\ntwo\n"));
    // svlogd was killed while its processor made the archive.
    logged.write(&format!("{B}.u"), "three\n");
    logged.write(&format!("{B}.t"), "thr");
    logged.write("previous", "four\n");
    logged.write("current", "five");
    assert_eq!(logged.logs(&["web"]).out, "one\ntwo\nthree\nfour\nfive\n");
    assert_eq!(logged.logs(&["-n", "4", "web"]).out, "two\nthree\nfour\nfive\n");
    // It became an archive, and the file it was made of has not gone yet.
    logged.write(&format!("{B}.s"), gzip("three\n"));
    assert_eq!(logged.logs(&["web"]).out, "one\ntwo\nthree\nfour\nfive\n");
}

#[test]
fn damaged_archive_is_shown_as_far_as_it_goes() {
    ours_only!("its verb");
    let logged = Logged::new();
    let text: String = (0..2_000).map(|i| format!("line {i}\n")).collect();
    let whole = gzip(&text);
    logged.write(&format!("{A}.s"), &whole[..whole.len() / 2]);
    logged.write("current", "the end\n");
    let answer = logged.logs(&["web"]);
    assert!(answer.out.starts_with("line 0\nline 1\n") && answer.out.ends_with("\nthe end\n"));
    assert!(answer.err.contains("is damaged") && answer.err.contains("going on with the next"), "{answer:?}");
}

#[test]
fn service_without_a_logger_is_sent_to_the_catch_all() {
    ours_only!("its verb");
    let logged = Logged::new();
    kit::Service::at(logged.0.path().join("plain")).sleeps();
    assert_eq!(
        logged.logs(&["plain"]).err,
        "svctl logs: plain: it has no logger of its own: its output goes where the scanner's goes\n"
    );
    let catch_all = kit::Service::at(logged.0.path().join("svscan-log"));
    catch_all.run("exec svlog -b t n20 s1000000 ./main");
    std::fs::create_dir(catch_all.path("main")).unwrap();
    catch_all.file("main/current", "@400000006553f12500000000 from plain\n");
    let answer = logged.logs(&["plain"]);
    assert_eq!(answer.code, 1);
    assert!(answer.err.ends_with("is in the log of the catch-all (svctl logs svscan-log)\n"), "{answer:?}");
    assert_eq!(logged.logs(&["svscan-log"]).out, "2023-11-14 22:13:20.000 from plain\n");
}

/// A logger of `script` words that writes `dir`, with its standard input.
fn logger(dir: &Path, program: &[&str]) -> Child {
    let mut command = Command::new(program[0]);
    command.args(&program[1..]).current_dir(dir.parent().unwrap());
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap()
}

#[track_caller]
fn follows(program: &[&str], lines: usize, pause: usize) {
    let logged = Logged::new();
    std::fs::remove_file(logged.main().join("current")).unwrap();
    let mut logger = logger(&logged.main(), program);
    let mut input = logger.stdin.take().unwrap();
    writeln!(input, "line 0").unwrap();
    wait_until("the first line", || text(logged.main().join("current")) == "line 0\n");
    let shown = logged.0.path().join("shown");
    let out = std::fs::File::create(&shown).unwrap();
    let mut svctl = logged.command(&["-f", "web"]).stdout(out).spawn().unwrap();
    wait_until("the first line", || text(&shown) == "line 0\n");
    for i in 1..=lines {
        writeln!(input, "line {i}").unwrap();
        // What is removed before it is read cannot be shown: so much in advance the writer never is.
        if i % pause == 0 {
            wait_until("what was written to be shown", || text(&shown).contains(&format!("\nline {i}\n")));
        }
    }
    let last = format!("\nline {lines}\n");
    wait_until("the last line", || text(&shown).contains(&last));
    drop(input);
    assert!(logger.wait().unwrap().success());
    svctl.kill().unwrap();
    svctl.wait().unwrap();
    let archives = std::fs::read_dir(logged.main()).unwrap().count();
    let expected: String = (0..=lines).map(|i| format!("line {i}\n")).collect();
    let got = text(&shown);
    for (i, (got, expected)) in got.lines().zip(expected.lines()).enumerate() {
        assert_eq!(got, expected, "line {i}, {archives} files");
    }
    assert_eq!(got.len(), expected.len());
}

#[test]
fn rotation_under_load_is_followed_without_losing_or_doubling_a_line() {
    ours_only!("its verb");
    let svlog = our_program("svlog").display().to_string();
    follows(&[&svlog, "-b", "n1000", "s4096", "./main"], 60_000, 10_000);
}

#[test]
fn rotation_with_a_processor_is_followed_without_losing_or_doubling_a_line() {
    ours_only!("its verb");
    let svlog = our_program("svlog").display().to_string();
    follows(&[&svlog, "-b", "n1000", "s4096", "?gzip -1", "./main"], 20_000, 5_000);
}

#[test]
fn rotation_with_compression_is_followed_without_losing_or_doubling_a_line() {
    ours_only!("its verb");
    let svlog = our_program("svlog").display().to_string();
    follows(&[&svlog, "-b", "n1000", "s4096", "gzip", "./main"], 20_000, 5_000);
}

#[test]
fn loggers_of_others_are_followed() {
    ours_only!("its verb");
    for program in [
        &["s6-log", "-b", "n1000", "s4096", "!gzip -1", "./main"][..],
        &["s6-log", "-b", "n1000", "s4096", "./main"],
        &["multilog", "n1000", "s4096", "!gzip -1", "./main"],
        &["multilog", "n1000", "s4096", "./main"],
    ] {
        match Command::new(program[0]).stdin(Stdio::null()).stderr(Stdio::null()).spawn() {
            Ok(mut child) => drop(child.wait()),
            Err(_) => {
                println!("{} is not installed", program[0]);
                continue;
            }
        }
        follows(program, 5_000, 2_500);
    }
}

#[test]
fn svlogd_is_followed() {
    ours_only!("its verb");
    if Command::new("svlogd").stdin(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        println!("svlogd is not installed");
        return;
    }
    follows(&["sh", "-c", "printf 's4096\\nn1000\\n' >main/config; exec svlogd main"], 5_000, 2_500);
}
