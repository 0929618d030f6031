//! Sharp edges of the logger: processors that fail, no descriptors, places that block, things planted in its way.

#![forbid(unsafe_code)]

mod kit;

use std::io::Read;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use kit::{Logged, Logger, Scratch, lines, numbers, ours_only, text, wait_at_most, wait_until};
use unix::Signal;

fn start(home: &Scratch, words: &[&str]) -> (Logger, Logged) {
    (Logger::start(home.path(), words), Logged::at(home.path().join("log")))
}

mod processors {
    use super::*;

    #[test]
    fn processor_that_fails_is_tried_again_and_hands_its_state_over() {
        ours_only!("its name");
        let home = Scratch::new();
        // It fails, is killed, and does its work, in turns; its state counts what it has done.
        let processor = "?echo x >>../tries; n=$(wc -l <../tries); cat; read -r s <&4; echo bad$s >&5\n\
                         case $((n % 3)) in 1) exit 1;; 2) kill -9 $$;; esac; echo $((s + 1)) >../newstate; cat ../newstate >/proc/self/fd/5";
        let (mut logger, log) = start(&home, &["s4096", "n100", "r1", processor, "./log"]);
        logger.write(&lines(1..=500));
        logger.finish();
        assert_eq!(numbers(&log.all()), (1..=500).collect::<Vec<_>>());
        let archives = log.archives();
        assert!(archives.len() > 3 && archives.iter().all(|name| name.ends_with(".s")), "{archives:?}");
        let tries = text(home.path().join("tries")).lines().count();
        assert_eq!(tries, 3 * archives.len());
        assert!(text(log.path("state")).starts_with(&format!("{}\n", archives.len())));
        assert!(
            logger.messages().contains("the processor of ./log has failed (SIGKILL)"),
            "{}",
            logger.messages()
        );
    }

    #[test]
    fn lines_do_not_wait_for_a_processor_that_fails_or_hangs() {
        ours_only!("its name");
        for processor in ["?exit 1", "?exec sleep 1000"] {
            let home = Scratch::new();
            let (mut logger, log) = start(&home, &["n100", "r60000", processor, "./log"]);
            logger.write(&lines(1..=10));
            wait_until("the first lines", || log.content("current") == lines(1..=10));
            logger.signal(Signal::ALRM);
            wait_until("the rotation", || log.path("previous").exists() || !log.archives().is_empty());
            logger.write(&lines(11..=20));
            wait_at_most(Duration::from_secs(10), "more lines", || log.all() == lines(1..=20));
        }
    }

    #[test]
    fn alarm_while_an_archive_is_being_made_is_obeyed_when_it_is_made() {
        ours_only!("its name");
        let home = Scratch::new();
        let processor = "?while [ ! -e ../go ]; do sleep 0.01; done; cat";
        let (mut logger, log) = start(&home, &["n100", processor, "./log"]);
        logger.write(&lines(1..=10));
        wait_until("the first lines", || log.content("current") == lines(1..=10));
        logger.signal(Signal::ALRM);
        wait_until("the rotation", || log.path("previous").exists() && log.content("current").is_empty());
        logger.write(&lines(11..=20));
        wait_until("more lines", || log.content("current") == lines(11..=20));
        logger.signal(Signal::ALRM);
        // They do not wait for the archive.
        logger.write(&lines(21..=30));
        wait_until("more lines", || log.content("current") == lines(11..=30));
        std::fs::write(home.path().join("go"), "").unwrap();
        wait_until("both archives", || log.archives().len() == 2 && log.content("current").is_empty());
        logger.finish();
        assert_eq!(log.all(), lines(1..=30));
    }

    #[test]
    fn logger_that_waits_for_a_processor_holds_no_more_than_it_reads_at_once() {
        ours_only!("its memory grows");
        let home = Scratch::new();
        let (mut logger, log) = start(&home, &["s4096", "n100", "?exec sleep 1000", "./log"]);
        let mut input = logger.take_input();
        let written = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // Until the logger is killed.
                while std::io::Write::write_all(&mut input, &lines([1])).is_ok() {
                    written.fetch_add(lines([1]).len(), Ordering::Relaxed);
                }
            });
            let mut last = (0, Instant::now());
            wait_until("the producer to be blocked", || {
                let now = written.load(Ordering::Relaxed);
                if now != last.0 {
                    last = (now, Instant::now());
                }
                now > 0 && last.1.elapsed() > Duration::from_millis(500)
            });
            // The pipe holds as much again.
            let held = last.0 - log.all().len();
            logger.kill();
            assert!(held <= 2 * 65536, "{held}");
        });
    }

    #[test]
    fn several_places_that_block_hold_no_more_than_one() {
        ours_only!("its memory grows");
        let home = Scratch::new();
        let places = ["--", "-", "+^a", "s4096", "n100", "?exec sleep 1000", "./log", "-", "+^b", "1"];
        let (mut logger, log) = start(&home, &places);
        let mut input = logger.take_input();
        let line = |first: u8| [&[first; 99][..], b"\n"].concat();
        // Standard output blocks first.
        let filling = line(b'b').repeat(660);
        std::io::Write::write_all(&mut input, &filling).unwrap();
        let written = std::sync::atomic::AtomicUsize::new(filling.len());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let both = [line(b'a'), line(b'b')].concat();
                // Until the logger is killed.
                while std::io::Write::write_all(&mut input, &both).is_ok() {
                    written.fetch_add(both.len(), Ordering::Relaxed);
                }
            });
            let mut last = (0, Instant::now());
            wait_until("the producer to be blocked", || {
                let now = written.load(Ordering::Relaxed);
                if now != last.0 {
                    last = (now, Instant::now());
                }
                now > 0 && last.1.elapsed() > Duration::from_millis(500)
            });
            // Each of the two pipes holds as much as the logger.
            let held = last.0 - log.all().len();
            logger.kill();
            assert!(held <= 3 * 65536, "{held}");
        });
    }

    #[test]
    fn interpreter_that_is_missing_is_named() {
        ours_only!("its name");
        let home = Scratch::new();
        let nowhere = ["env", "PATH=/nowhere"];
        let mut logger = Logger::start_as(home.path(), &nowhere, &["s4096", "r10", "!cat", "./log"]);
        logger.write(&lines(1..=200));
        wait_until("a word about it", || !logger.messages().is_empty());
        let said = "unable to start the processor in ./log: there is no execlineb; trying again in 10 ms";
        assert!(logger.messages().contains(said), "{}", logger.messages());
    }

    #[test]
    fn logger_ends_without_a_processor_that_hangs_and_the_next_keeps_its_lines() {
        ours_only!("s6-log waits for ever");
        let home = Scratch::new();
        let words = ["n100", "?echo $$ >../pid; cat; exec sleep 1000", "./log"];
        let (mut logger, log) = start(&home, &words);
        logger.write(&lines(1..=10));
        wait_until("the first lines", || log.content("current") == lines(1..=10));
        logger.signal(Signal::ALRM);
        wait_until("the processor", || log.content("processed") == lines(1..=10));
        logger.write(&lines(11..=20));
        let start = Instant::now();
        logger.finish();
        let took = start.elapsed();
        assert!(took > Duration::from_secs(4), "{took:?}");
        assert!(took < Duration::from_secs(20), "{took:?}");
        let pid = text(home.path().join("pid"));
        wait_until("the end of the processor", || !is_alive(pid.trim()));
        assert!(log.is_finished("current"));
        Logger::start(home.path(), &["n100", "./log"]).finish();
        assert_eq!(log.all(), lines(1..=20));
        assert!(log.archives()[0].ends_with(".u"));
        assert!(!log.path("processed").exists());
    }

    fn is_alive(pid: &str) -> bool {
        let stat = text(format!("/proc/{pid}/stat"));
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
    }
}

mod descriptors {
    use super::*;

    #[test]
    fn rotation_without_descriptors_is_made_later() {
        ours_only!("its name");
        let home = Scratch::new();
        let (mut logger, log) = start(&home, &["n100", "r20", "./log"]);
        logger.write(&lines(1..=10));
        wait_until("the first lines", || log.content("current") == lines(1..=10));
        let pid = logger.pid().to_string();
        let limit = |limit: &str| {
            let done = Command::new("prlimit").args(["--pid", &pid, &format!("--nofile={limit}:")]).status();
            assert!(done.unwrap().success());
        };
        limit("3");
        logger.signal(Signal::ALRM);
        wait_until("a word about it", || logger.messages().contains("Too many open files"));
        logger.write(&lines(11..=500));
        limit("64");
        logger.finish();
        assert_eq!(numbers(&log.all()), (1..=500).collect::<Vec<_>>());
        assert!(log.archives().iter().all(|name| name.ends_with(".s")));
    }
}

mod streams {
    use super::*;

    #[test]
    fn standard_output_that_nobody_reads_keeps_no_line_from_the_directory() {
        ours_only!("its name");
        let home = Scratch::new();
        let (mut logger, log) = start(&home, &["s268435455", "1", "./log"]);
        let mut output = logger.take_output();
        // More than the pipes hold: what was read is in the directory all the same.
        let mut input = logger.take_input();
        let all = lines(1..=8000);
        let expected = all.clone();
        let producer = std::thread::spawn(move || std::io::Write::write_all(&mut input, &all).unwrap());
        wait_until("lines", || log.content("current").len() > 100_000);
        assert!(!producer.is_finished(), "it blocks when it holds too much");
        let mut read = Vec::new();
        output.read_to_end(&mut read).unwrap();
        producer.join().unwrap();
        assert_eq!(logger.wait(), 0);
        assert!(read == expected && log.content("current") == expected);
    }

    #[test]
    fn standard_output_that_is_closed_keeps_no_line_from_the_directory() {
        ours_only!("its name");
        let home = Scratch::new();
        let (mut logger, log) = start(&home, &["s268435455", "1", "./log"]);
        drop(logger.take_output());
        logger.write(&lines(1..=8000));
        logger.finish();
        assert!(log.content("current") == lines(1..=8000));
        assert_eq!(logger.messages().matches("no line goes there any more").count(), 1);
    }

    #[test]
    fn logger_that_ends_waits_for_a_place_that_blocks() {
        ours_only!("its name");
        let home = Scratch::new();
        let (mut logger, _log) = start(&home, &["1", "./log"]);
        let mut output = logger.take_output();
        logger.write(&lines(1..=1500));
        logger.close();
        // Longer than it waits for anything else.
        std::thread::sleep(Duration::from_secs(6));
        assert!(!logger.has_ended());
        let mut read = Vec::new();
        output.read_to_end(&mut read).unwrap();
        assert_eq!(logger.wait(), 0);
        assert!(read == lines(1..=1500));
    }
}

mod locks {
    use super::*;

    #[test]
    fn second_logger_in_a_directory_is_refused() {
        ours_only!("its name");
        let home = Scratch::new();
        let (mut logger, log) = start(&home, &["./log"]);
        wait_until("the logger", || log.path("current").exists());
        let mut second = Logger::start(home.path(), &["./log"]);
        assert_eq!(second.wait(), 111);
        assert!(logger.messages().contains("unable to lock ./log/lock: another logger writes there"));
        logger.finish();
        let mut twice = Logger::start(home.path(), &["./log", "./log/../log"]);
        assert_eq!(twice.wait(), 100);
        assert!(logger.messages().contains("./log and ./log/../log are the same directory"));
    }

    #[test]
    fn lock_that_was_removed_is_taken_again_with_the_next_rotation() {
        ours_only!("s6-log holds a lock that nobody finds");
        let home = Scratch::new();
        let (mut logger, log) = start(&home, &["n9", "./log"]);
        logger.write(&lines(1..=10));
        wait_until("the first lines", || log.content("current") == lines(1..=10));
        std::fs::remove_file(log.path("lock")).unwrap();
        logger.signal(Signal::ALRM);
        wait_until("the archive", || log.archives().len() == 1);
        let mut second = Logger::start(home.path(), &["./log"]);
        assert_eq!(second.wait(), 111);
        logger.finish();
    }
}

mod planted {
    use super::*;

    #[test]
    fn what_is_no_file_is_refused_by_its_name() {
        ours_only!("its name");
        for name in ["current", "previous", "processed", "lock", "state"] {
            for kind in ["link", "fifo", "directory"] {
                let home = Scratch::new();
                let log = Logged::at(home.path().join("log"));
                std::fs::create_dir(log.dir()).unwrap();
                std::fs::write(home.path().join("secret"), "secret").unwrap();
                let path = log.path(name);
                match kind {
                    "link" => symlink("../secret", &path).unwrap(),
                    "fifo" => sys::fifo::make(&path, 0o600).unwrap(),
                    _ => std::fs::create_dir(&path).unwrap(),
                }
                let mut logger = Logger::start(home.path(), &["./log"]);
                logger.close();
                // A state that is a link or a FIFO is replaced: nothing is in it that belongs to anybody.
                let is_replaced = name == "state" && kind != "directory";
                assert_eq!(logger.wait(), if is_replaced { 0 } else { 111 }, "{name}, {kind}");
                let said = logger.messages();
                let is_told =
                    ["regular file", "it is a link", "directory"].iter().any(|word| said.contains(word));
                assert!(is_replaced || is_told, "{said}");
                assert_eq!(text(home.path().join("secret")), "secret");
            }
        }
    }

    #[test]
    fn file_with_another_name_is_not_written_to() {
        ours_only!("its name");
        for name in ["current", "state", "processed", "newstate", "previous"] {
            for mode in [0o644, 0o744] {
                let home = Scratch::new();
                let log = Logged::at(home.path().join("log"));
                std::fs::create_dir(log.dir()).unwrap();
                let secret = home.path().join("secret");
                std::fs::write(&secret, "secret").unwrap();
                use std::os::unix::fs::PermissionsExt;
                std::fs::set_permissions(&secret, PermissionsExt::from_mode(mode)).unwrap();
                std::fs::hard_link(&secret, log.path(name)).unwrap();
                let mut logger = Logger::start(home.path(), &["s4096", "n100", "?cat; echo x >&5", "./log"]);
                logger.write(&lines(1..=200));
                logger.finish();
                assert_eq!(text(&secret), "secret", "{name}");
                assert!(log.all().ends_with(&lines(150..=200)));
            }
        }
    }
}
