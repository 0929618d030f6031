//! Standard output as a place for lines: many loggers share it, it is a file on a full disk, nobody reads it; and a
//! logger that waits sleeps.

#![forbid(unsafe_code)]

mod kit;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Command;
use std::time::Duration;

use kit::{
    Logged, Logger, Namespace, PipedLogger, Scratch, filter, lines, our_program, ours_only, text, wait_until,
};
use unix::Signal;

#[test]
fn lines_of_loggers_that_share_a_pipe_are_not_torn() {
    ours_only!("s6-log tears them");
    let home = Scratch::new();
    let all = lines(1..=20_000);
    fs::write(home.path().join("in"), &all).unwrap();
    let script = "for name in a b c d; do $LOG p$name 1 <in & done; wait";
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", script]).env("LOG", our_program("svlog")).current_dir(home.path());
    let done = filter(&mut shell, b"");
    let found = String::from_utf8(done.out).unwrap();
    for name in ["a ", "b ", "c ", "d "] {
        let own: String =
            found.lines().filter_map(|line| line.strip_prefix(name)).map(|l| l.to_owned() + "\n").collect();
        assert!(own.as_bytes() == all, "{name}");
    }
}

#[test]
fn file_on_a_full_disk_gets_every_line_when_there_is_room() {
    ours_only!("s6-log gives it up");
    let home = Scratch::new();
    fs::create_dir(home.path().join("disk")).unwrap();
    sys::fifo::make(&home.path().join("fifo"), 0o600).unwrap();
    let script = "cd \"$1\" && mount -t tmpfs -o size=400k none disk && head -c 390k /dev/zero >disk/filler || exit 1\n\
                  svlog 1 <fifo >>disk/out; echo $? >ended; exec sleep 100000";
    let command = ["sh", "-c", script, "sh"].map(std::ffi::OsStr::new);
    let words = [&command[..], &[home.path().as_os_str()]].concat();
    let namespace = Namespace::start(&words, &home.path().join("messages"));
    let mut fifo = fs::File::options().write(true).open(home.path().join("fifo")).unwrap();
    let all = lines(1..=3000);
    let expected = all.clone();
    let producer = std::thread::spawn(move || fifo.write_all(&all).unwrap());
    wait_until("the disk to be full", || namespace.log().contains("No space left on device; trying again"));
    let disk = namespace.root().join(home.path().join("disk").strip_prefix("/").unwrap());
    fs::remove_file(disk.join("filler")).unwrap();
    wait_until("the logger to end", || text(home.path().join("ended")) == "0\n");
    producer.join().unwrap();
    assert!(fs::read(disk.join("out")).unwrap() == expected);
}

#[test]
fn line_that_waits_for_room_has_the_time_at_which_it_came() {
    ours_only!("it is about our buffer");
    let home = Scratch::new();
    let mut logger = PipedLogger::start(&our_program("svlog"), &["t", "1"], home.path());
    // Read at once; what becomes of it is more than the pipe and the logger take.
    logger.write(&b"x\n".repeat(10_000));
    logger.wait_until_it_sleeps();
    std::thread::sleep(LONG);
    logger.close();
    let (out, code) = logger.finish();
    let mut stamps: Vec<_> = out.lines().map(|line| line.strip_suffix(" x").unwrap()).collect();
    assert_eq!((code, stamps.len()), (Some(0), 10_000));
    stamps.dedup();
    assert_eq!(stamps.len(), 1);
}

#[test]
fn status_file_that_cannot_be_written_is_told_once_each_time() {
    ours_only!("s6-log says so for each line");
    let home = Scratch::new();
    let mut logger = Logger::start(home.path(), &["=./dir/status", "1"]);
    let told = |logger: &Logger| logger.messages().matches("unable to write ./dir/status").count();
    let mut output = BufReader::new(logger.take_output());
    for (round, is_there) in [false, true, false].into_iter().enumerate() {
        let _ = fs::remove_dir_all(home.path().join("dir"));
        if is_there {
            fs::create_dir(home.path().join("dir")).unwrap();
        }
        logger.write(b"one\ntwo\n");
        for wanted in ["one\n", "two\n"] {
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            assert_eq!(line, wanted);
        }
        assert_eq!(told(&logger), [1, 1, 2][round], "{}", logger.messages());
    }
    logger.finish();
}

/// Longer than every time that its script and its options name.
const LONG: Duration = Duration::from_millis(300);

#[test]
fn logger_that_was_told_to_end_and_waits_for_its_reader_sleeps() {
    ours_only!("it is about our loop");
    let home = Scratch::new();
    let mut logger = PipedLogger::start(&our_program("svlog"), &["-t", "50", "1"], home.path());
    let all = lines(1..=1500);
    logger.write(&all);
    logger.wait_until_it_sleeps();
    logger.signal(Signal::TERM);
    std::thread::sleep(LONG);
    logger.wait_until_it_sleeps();
    let (out, code) = logger.finish();
    assert_eq!(code, Some(0));
    assert!(out.as_bytes() == all);
}

#[test]
fn directory_that_is_removed_after_a_step_of_its_rotation_has_failed_costs_no_time() {
    ours_only!("it is about our loop");
    let home = Scratch::new();
    let log = Logged::at(home.path().join("log"));
    let script = ["r50", "?echo x >>../tries; exit 1", "./log"];
    let mut logger = PipedLogger::start(&our_program("svlog"), &script, home.path());
    logger.write(&lines(1..=10));
    wait_until("the first lines", || log.content("current") == lines(1..=10));
    logger.signal(Signal::ALRM);
    // Between two attempts.
    let tries = || text(home.path().join("tries")).lines().count();
    wait_until("an attempt", || tries() > 0);
    logger.wait_until_it_sleeps();
    fs::remove_dir_all(log.dir()).unwrap();
    logger.write(&lines(11..=20));
    wait_until("a new directory", || log.content("current") == lines(11..=20));
    std::thread::sleep(LONG);
    logger.wait_until_it_sleeps();
    logger.close();
    assert_eq!(logger.finish().1, Some(0));
}
