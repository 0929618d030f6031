//! How a logger ends, and what makes it rotate: the same for `svlog` and for Debian's `s6-log`, where nothing is said.

#![forbid(unsafe_code)]

mod kit;

use std::path::{Path, PathBuf};
use std::process::Command;

use kit::{
    PipedLogger, Scratch, archives, filter, logged, our_name, our_program, ours_only, text, their_program,
    wait_until,
};
use unix::Signal;

/// Ours, and theirs where it is installed.
fn programs() -> Vec<PathBuf> {
    let ours = (kit::suite() == kit::Suite::Ours).then(|| our_name("s6-log"));
    ours.into_iter().chain(their_program("s6-log")).collect()
}

/// A logger that has read `one`, and that a line has begun after it.
fn inside_of_a_line(program: &Path, args: &[&str], dir: &Path) -> PipedLogger {
    let mut logger = PipedLogger::start(program, args, dir);
    logger.write(b"one\ntw");
    assert_eq!(logger.read("one\n".len()), "one\n");
    logger.wait_until_it_sleeps();
    logger
}

#[test]
fn term_and_hup_end_it_after_the_line_that_has_begun() {
    for program in programs() {
        for signal in [Signal::TERM, Signal::HUP] {
            let scratch = Scratch::new();
            let mut logger = inside_of_a_line(&program, &["./a", "1"], scratch.path());
            logger.signal(signal);
            logger.offer(b"o\nthree\n");
            assert_eq!(logger.finish(), ("two\n".into(), Some(0)), "{program:?} {signal:?}");
            assert_eq!(logged(&scratch.path().join("a")), b"one\ntwo\n", "{program:?} {signal:?}");
        }
    }
}

#[test]
fn term_between_lines_ends_it_at_once() {
    for program in programs() {
        let scratch = Scratch::new();
        let mut logger = PipedLogger::start(&program, &["1"], scratch.path());
        logger.write(b"one\n");
        assert_eq!(logger.read("one\n".len()), "one\n");
        logger.wait_until_it_sleeps();
        logger.signal(Signal::TERM);
        assert_eq!(logger.finish(), (String::new(), Some(0)), "{program:?}");
    }
}

#[test]
fn line_that_does_not_end_is_written_after_a_while() {
    ours_only!("2.11 waits for ever");
    let scratch = Scratch::new();
    let mut logger = inside_of_a_line(&our_program("svlog"), &["-t", "50", "1"], scratch.path());
    logger.signal(Signal::TERM);
    assert_eq!(logger.finish(), ("tw\n".into(), Some(0)));
}

#[test]
fn protected_logger_ends_by_hup_and_by_the_end_of_its_input_only() {
    for program in programs() {
        let scratch = Scratch::new();
        let mut logger = PipedLogger::start(&program, &["-p", "1"], scratch.path());
        logger.write(b"one\n");
        assert_eq!(logger.read("one\n".len()), "one\n");
        logger.signal(Signal::TERM);
        logger.write(b"two\n");
        assert_eq!(logger.read("two\n".len()), "two\n");
        logger.wait_until_it_sleeps();
        assert!(logger.is_alive(), "{program:?}");
        logger.signal(Signal::HUP);
        assert_eq!(logger.finish(), (String::new(), Some(0)), "{program:?}");
    }
}

#[test]
fn alarm_rotates_what_is_not_empty() {
    for program in programs() {
        let scratch = Scratch::new();
        let dir = scratch.path().join("a");
        let mut logger = PipedLogger::start(&program, &["./a", "1"], scratch.path());
        logger.write(b"one\n");
        logger.read("one\n".len());
        wait_until("the line to be written", || text(dir.join("current")) == "one\n");
        logger.signal(Signal::ALRM);
        wait_until("an archive", || archives(&dir).len() == 1 && text(dir.join("current")).is_empty());
        logger.wait_until_it_sleeps();
        logger.signal(Signal::ALRM);
        logger.wait_until_it_sleeps();
        assert_eq!(archives(&dir).len(), 1, "{program:?}");
        logger.close();
        assert_eq!(logger.finish().1, Some(0), "{program:?}");
    }
}

#[test]
fn alarm_in_the_middle_of_a_line_rotates_at_its_end() {
    ours_only!("s6-log has all of a line before it writes any");
    let scratch = Scratch::new();
    let dir = scratch.path().join("a");
    let mut logger = PipedLogger::start(&our_program("svlog"), &["-l", "0", "./a"], scratch.path());
    logger.write(&[b'x'; 200_000]);
    wait_until("a part to be written", || {
        std::fs::metadata(dir.join("current")).is_ok_and(|info| info.len() > 60_000)
    });
    logger.wait_until_it_sleeps();
    logger.signal(Signal::ALRM);
    logger.wait_until_it_sleeps();
    logger.write(b"end\nnext\n");
    logger.close();
    assert_eq!(logger.finish().1, Some(0));
    let names = archives(&dir);
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(text(dir.join(&names[0])).ends_with("xend\n"));
    assert_eq!(text(dir.join("current")), "next\n");
}

#[test]
fn time_rotates_too() {
    ours_only!("2.11 does not know R");
    let scratch = Scratch::new();
    let dir = scratch.path().join("a");
    let mut logger = PipedLogger::start(&our_program("svlog"), &["R1", "./a"], scratch.path());
    logger.write(b"one\n");
    wait_until("an archive", || archives(&dir).len() == 1);
    logger.write(b"two\n");
    wait_until("an archive", || archives(&dir).len() == 2);
    logger.close();
    assert_eq!(logger.finish().1, Some(0));
    assert_eq!(logged(&dir), b"one\ntwo\n");
}

#[test]
fn output_that_nobody_reads_any_more_is_given_up_and_the_rest_goes_on() {
    let lines = b"a line\n".repeat(50_000);
    for program in programs() {
        let scratch = Scratch::new();
        let line = "$LOG n9999 1 ./a | head -n 1";
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", line]).env("LOG", &program).current_dir(scratch.path());
        let done = filter(&mut shell, &lines);
        assert_eq!(done.out, b"a line\n", "{program:?}");
        wait_until("every line to be written", || logged(&scratch.path().join("a")) == lines);
    }
}

#[test]
fn quiet_logger_says_no_warnings_but_alerts() {
    for program in programs() {
        for (option, says) in [("-q", false), ("-v", true)] {
            let scratch = Scratch::new();
            let mut command = Command::new(&program);
            let done =
                filter(command.args([option, "=./nosuch/st", "2"]).current_dir(scratch.path()), b"one\n");
            assert_eq!(done.code, 0, "{program:?}");
            let err = String::from_utf8_lossy(&done.err).into_owned();
            assert_eq!(err.contains("warning: "), says, "{program:?}: {err}");
            assert!(err.contains("s6-log: alert: one\n"), "{program:?}: {err}");
        }
    }
}

#[test]
fn descriptors_that_are_closed_at_the_start_are_no_trouble() {
    for program in programs() {
        let scratch = Scratch::new();
        for line in ["$LOG ./a <&-", "echo one | $LOG 1 ./a >&-", "echo one | $LOG 2 ./a 2>&-"] {
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", line]).env("LOG", &program).current_dir(scratch.path());
            assert_eq!(filter(&mut shell, b"").code, 0, "{program:?}: {line}");
        }
        assert_eq!(logged(&scratch.path().join("a")), b"one\none\n", "{program:?}");
    }
}
