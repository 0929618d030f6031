//! Bad input: whatever comes in is written as it came, in bounded memory, and nothing of it is lost.

#![forbid(unsafe_code)]

mod kit;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use kit::{
    PipedLogger, Scratch, archives, filter, filter_in_writes, logged, our_name, our_program, ours_only,
    their_program,
};

/// Anonymous memory that a logger may have, in kB. It holds a pipe's worth of input and as much output for each place.
const MEMORY: u64 = 1000;

/// Ours, and theirs where it is installed.
fn programs() -> Vec<PathBuf> {
    let ours = (kit::suite() == kit::Suite::Ours).then(|| our_name("s6-log"));
    ours.into_iter().chain(their_program("s6-log")).collect()
}

/// What `svlog` writes to standard output for this input.
#[track_caller]
fn through(options: &[&str], input: &[u8]) -> Vec<u8> {
    let done = filter(Command::new(our_program("svlog")).args(options).arg("1"), input);
    assert_eq!((done.code, &done.err[..]), (0, &b""[..]), "{done:?}");
    done.out
}

#[test]
fn nul_bytes_stay_in_their_line() {
    ours_only!("s6-log ends a line at each");
    assert_eq!(through(&[], b"one\0two\n\0\n\0\0\0three\n"), b"one\0two\n\0\n\0\0\0three\n");
    let done =
        filter(Command::new(our_program("svlog")).args(["--", "-", "+a.b$", "1"]), b"a\0b\nab\na\0bc\n");
    assert_eq!(done.out, b"a\0b\n", "a NUL is a character of a pattern, too");
}

#[test]
fn every_byte_is_written_as_it_came() {
    let every: Vec<u8> = (1..=255).filter(|&byte| byte != b'\n').chain(*b"\n").collect();
    let input = every.repeat(100);
    for program in programs() {
        let done = filter(Command::new(&program).args(["--", "+^\x01", "1"]), &input);
        assert!(done.out == input, "{program:?}: {done:?}");
    }
}

#[test]
fn last_line_is_kept_without_a_newline() {
    ours_only!("s6-log drops it where its input is a file");
    let scratch = Scratch::new();
    std::fs::write(scratch.path().join("in"), "one\nlast").unwrap();
    let line = format!("{} 1 < in", our_program("svlog").display());
    let done = filter(Command::new("/bin/sh").args(["-c", &line]).current_dir(scratch.path()), b"");
    assert_eq!(done.out, b"one\nlast\n");
    assert_eq!(through(&[], b"last"), b"last\n");
    assert_eq!(through(&["-l", "48"], &[b'x'; 50]), [&[b'x'; 48][..], b"\nxx\n"].concat());
    assert_eq!(through(&["-l", "0"], &[b'x'; 200_000]), [&[b'x'; 200_000][..], b"\n"].concat());
}

#[test]
fn lines_at_the_limit_are_split_where_s6_log_splits_them() {
    let mut input = Vec::new();
    for length in [0, 1, 47, 48, 49, 95, 96, 97, 144, 145, 4096, 8191, 8192, 8193, 16384, 65535, 65536, 65537]
    {
        input.extend(std::iter::repeat_n(b'a' + (length % 26) as u8, length));
        input.push(b'\n');
    }
    for limit in ["1", "48", "49", "4095", "4096", "8192", "65535", "65536", "100000", "0"] {
        let outs: Vec<_> = programs()
            .iter()
            .map(|program| filter(Command::new(program).args(["-l", limit, "1"]), &input).out)
            .collect();
        let lengths = |out: &[u8]| out.split(|&b| b == b'\n').map(<[u8]>::len).collect::<Vec<_>>();
        for out in &outs {
            assert_eq!(lengths(out), lengths(&outs[0]), "-l {limit}: ours, then theirs");
            assert!(
                out.iter().filter(|&&b| b != b'\n').eq(input.iter().filter(|&&b| b != b'\n')),
                "-l {limit}"
            );
        }
    }
}

#[test]
fn lines_that_come_a_byte_at_a_time_are_whole() {
    let input = [&b"one\n\ntwo and a half\n"[..], &[b'y'; 60], b"\nlast\n"].concat();
    for program in programs() {
        let mut command = Command::new(&program);
        command.args(["-l", "48", "pweb:", "1"]);
        let done = filter_in_writes(&mut command, input.chunks(1));
        let cut = [&b"web: "[..], &[b'y'; 48], b"\nweb: ", &[b'y'; 12], b"\n"].concat();
        let wanted = [&b"web: one\nweb: \nweb: two and a half\n"[..], &cut, b"web: last\n"].concat();
        assert_eq!(done.out.escape_ascii().to_string(), wanted.escape_ascii().to_string(), "{program:?}");
    }
}

#[test]
fn million_empty_lines_are_a_million_lines() {
    let input = vec![b'\n'; 1_000_000];
    for program in programs() {
        let scratch = Scratch::new();
        let mut command = Command::new(&program);
        let done = filter(command.args(["n99999", "./a", "1"]).current_dir(scratch.path()), &input);
        assert_eq!(done.code, 0, "{program:?}");
        assert!(done.out == input, "{program:?}: {} bytes", done.out.len());
        assert_eq!(logged(&scratch.path().join("a")).len(), input.len(), "{program:?}");
    }
}

#[test]
fn hundred_megabytes_without_a_newline_take_little_memory() {
    ours_only!("s6-log keeps all of a line in memory if it may be so long");
    const MEGABYTE: usize = 1_000_000;
    for (options, lines) in
        [(&["-l", "0"][..], 1), (&["-l", "0", "-b"], 1), (&[], 12208), (&["--long", "mark"], 12208)]
    {
        let scratch = Scratch::new();
        let args = [options, &["n99999", "s100000000", "t", "./a"]].concat();
        let mut logger = PipedLogger::start(&our_program("svlog"), &args, scratch.path());
        let part = vec![b'x'; MEGABYTE];
        let mut most = 0;
        for _ in 0..100 {
            logger.write(&part);
            most = most.max(logger.status("RssAnon"));
        }
        logger.close();
        assert_eq!(logger.finish().1, Some(0));
        let logged = logged(&scratch.path().join("a"));
        assert_eq!(logged.iter().filter(|&&b| b == b'\n').count(), lines, "{options:?}");
        assert_eq!(logged.iter().filter(|&&b| b == b'x').count(), 100 * MEGABYTE, "{options:?}");
        assert!(most > 0 && most < MEMORY, "{options:?}: {most} kB");
    }
}

#[test]
fn limit_that_no_line_reaches_takes_no_memory() {
    ours_only!("it is about our buffer");
    let scratch = Scratch::new();
    let args = ["-l", "4294967295", "s100000000", "./a", "1"];
    let mut logger = PipedLogger::start(&our_program("svlog"), &args, scratch.path());
    logger.write(b"one\n");
    assert_eq!(logger.read("one\n".len()), "one\n");
    let taken = logger.status("RssAnon");
    assert!(taken < MEMORY, "{taken} kB");
    let long = [&vec![b'x'; 1_000_000][..], b"\n"].concat();
    logger.write(&long);
    logger.write(b"two\n");
    logger.close();
    let (out, code) = logger.finish();
    assert_eq!(code, Some(0));
    assert!(out.as_bytes() == [&long[..], b"two\n"].concat());
}

#[test]
fn archive_of_the_future_is_older_than_what_comes_after_it() {
    ours_only!("s6-log believes its clock: what it archives is removed before the archive of the future");
    let scratch = Scratch::new();
    let dir = scratch.path().join("a");
    std::fs::create_dir(&dir).unwrap();
    // In the year 2128, and what is no moment at all.
    let (future, never) = ("@400000012a05f20000000000.s", "@ffffffffffffffffffffffff.s");
    for name in [future, never] {
        std::fs::write(dir.join(name), "old\n").unwrap();
    }
    let lines: Vec<u8> = (0..2000).flat_map(|i| format!("{i}\n").into_bytes()).collect();
    let mut command = Command::new(our_program("svlog"));
    let done = filter(command.args(["n2", "s4096", "./a"]).current_dir(scratch.path()), &lines);
    assert_eq!(done.code, 0, "{done:?}");
    let names = archives(&dir);
    let [first, second, last] = &names[..] else { panic!("{names:?}") };
    assert!(first.as_str() > future && second > first && last == never, "{names:?}");
    std::fs::remove_file(dir.join(never)).unwrap();
    assert!(lines.ends_with(&logged(&dir)), "what is left is the end");
}

#[test]
fn idle_logger_does_not_wake() {
    ours_only!("it is about ours");
    let scratch = Scratch::new();
    let mut logger = PipedLogger::start(&our_program("svlog"), &["-b", "t", "./a", "1"], scratch.path());
    logger.write(b"one\n");
    logger.read("one\n".len());
    logger.wait_until_it_sleeps();
    let before = logger.status("voluntary_ctxt_switches");
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(1) {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(logger.status("voluntary_ctxt_switches"), before);
    logger.write(b"two\n");
    assert_eq!(logger.read("two\n".len()), "two\n");
}
