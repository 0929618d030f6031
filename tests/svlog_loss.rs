//! No line is lost, doubled or torn: whoever is killed, restarted, full, read-only or removed.

#![forbid(unsafe_code)]

mod kit;

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use kit::{Logged, Logger, Namespace, Scratch, Tree, line, lines, numbers, ours_only, text, wait_until};
use unix::Signal;

/// Small files, each kept, and a second try soon.
const SCRIPT: [&str; 4] = ["s4096", "n100000", "r20", "./log"];

fn start(home: &Scratch, words: &[&str]) -> (Logger, Logged) {
    (Logger::start(home.path(), words), Logged::at(home.path().join("log")))
}

/// That all of these lines are there, once and in order.
#[track_caller]
fn assert_logged(found: &[u8], first: u64, last: u64) {
    let (found, wanted) = (numbers(found), (first..=last).collect::<Vec<_>>());
    let differs = found.iter().zip(&wanted).find(|(found, wanted)| found != wanted);
    assert!(found == wanted, "{first} to {last}: {} lines, first wrong: {differs:?}", found.len());
}

mod processes {
    use super::*;

    #[test]
    fn what_a_killed_producer_has_written_is_kept() {
        ours_only!("its name");
        let home = Scratch::new();
        let (mut logger, log) = start(&home, &SCRIPT);
        logger.signal(Signal::STOP);
        let input = logger.take_input();
        let mut producer =
            Command::new("seq").args(["-f", "%010.0f", "1000000"]).stdout(input).spawn().unwrap();
        // A pipe that is full holds this much.
        let stat = format!("/proc/{}/wchan", producer.id());
        wait_until("the pipe to be full", || text(&stat).contains("pipe"));
        producer.kill().unwrap();
        producer.wait().unwrap();
        logger.signal(Signal::CONT);
        assert_eq!(logger.wait(), 0);
        let all = String::from_utf8(log.all()).unwrap();
        assert!(all.len() >= 65536, "{} bytes", all.len());
        let (whole, torn) = all.trim_end_matches('\n').rsplit_once('\n').unwrap();
        let mut count = 0;
        for found in whole.lines() {
            count += 1;
            assert_eq!(found, format!("{count:010}"));
        }
        assert!(format!("{:010}", count + 1).starts_with(torn), "{torn}");
    }

    /// Each life of it writes numbered lines and, told to end, how many these were.
    const PRODUCER: &str = "id=$$; i=0; end=; trap 'end=1' TERM\n\
                            while [ -z \"$end\" ]; do i=$((i+1)); echo \"$id $i\"; done\n\
                            echo \"$id end $i\"; echo $id >>ended";

    #[test]
    fn restarts_of_both_lose_no_line() {
        ours_only!("its name");
        let mut tree = Tree::start(|scan| {
            let web = scan.service("web");
            web.run(PRODUCER).file("restart-delay", "1");
            web.log().run("exec svlog s4096 n100000 ./main").file("restart-delay", "1");
        });
        let (web, log) = (tree.service("web"), tree.service("web/log"));
        for _ in 0..12 {
            for service in [&log, &web, &log] {
                let before = service.wait_up();
                service.command("r");
                service.wait_record("another life", |record| {
                    record.pid.is_some_and(|pid| pid != before) && record.is_up()
                });
            }
        }
        tree.signal(Signal::TERM);
        assert_eq!(tree.wait_exit(), 0);
        let logged = Logged::at(tree.dir().join("web/log/main"));
        let mut lives: Vec<(String, u64)> = Vec::new();
        let mut ends = 0;
        for found in String::from_utf8(logged.all()).unwrap().lines() {
            let words: Vec<&str> = found.split(' ').collect();
            match words[..] {
                [id, "end", count] => {
                    ends += 1;
                    assert_eq!(lives.last(), Some(&(id.to_owned(), count.parse().unwrap())), "{found}");
                }
                [id, number] => {
                    if lives.last().is_none_or(|(last, _)| last != id) {
                        lives.push((id.to_owned(), 0));
                    }
                    let last = lives.last_mut().unwrap();
                    last.1 += 1;
                    assert_eq!(last.1.to_string(), number, "{found}");
                }
                _ => panic!("torn: {found:?}"),
            }
        }
        // One that was told to end before it could say so has said nothing.
        assert_eq!(ends, text(tree.dir().join("web/ended")).lines().count());
        assert!(ends > 0 && logged.archives().iter().all(|name| name.ends_with(".s")), "{ends}");
    }
}

mod places {
    use super::*;

    #[test]
    fn full_disk_blocks_and_every_line_is_delivered_when_there_is_room() {
        ours_only!("its name");
        const LAST: u64 = 60_000;
        let home = Scratch::new();
        std::fs::create_dir(home.path().join("disk")).unwrap();
        sys::fifo::make(&home.path().join("fifo"), 0o600).unwrap();
        let script = "cd \"$1\" && mount -t tmpfs -o size=1m none disk || exit 1\n\
                      svlog s16384 n100000 r20 ./disk/log <fifo; echo $? >ended; exec sleep 100000";
        let command = ["sh", "-c", script, "sh"].map(std::ffi::OsStr::new);
        let words = [&command[..], &[home.path().as_os_str()]].concat();
        let namespace = Namespace::start(&words, &home.path().join("messages"));
        let mut fifo = std::fs::File::options().write(true).open(home.path().join("fifo")).unwrap();
        let producer = std::thread::spawn(move || {
            for number in 1..=LAST {
                fifo.write_all((line(number) + "\n").as_bytes()).unwrap();
            }
        });
        let disk = home.path().join("disk/log");
        let log = Logged::at(namespace.root().join(disk.strip_prefix("/").unwrap()));
        wait_until("the disk to be full", || namespace.log().contains("No space left on device"));
        assert!(!producer.is_finished(), "nothing more is read");
        let mut all = Vec::new();
        wait_until("the logger to end", || {
            all.extend(log.take_archives());
            text(home.path().join("ended")) == "0\n"
        });
        all.extend(log.all());
        producer.join().unwrap();
        assert_logged(&all, 1, LAST);
    }

    /// Root without the power to write where it may not.
    const MORTAL: [&str; 3] = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"];

    #[test]
    fn directory_that_is_read_only_for_a_while_costs_nothing() {
        ours_only!("its name");
        let home = Scratch::new();
        let by: &[&str] = if kit::is_root() { &MORTAL } else { &[] };
        let mut logger = Logger::start_as(home.path(), by, &SCRIPT);
        let log = Logged::at(home.path().join("log"));
        logger.write(&lines(1..=10));
        wait_until("the first lines", || log.content("current") == lines(1..=10));
        let set_mode = |mode| std::fs::set_permissions(log.dir(), PermissionsExt::from_mode(mode)).unwrap();
        set_mode(0o555);
        logger.write(&lines(11..=500));
        wait_until("a word about it", || logger.messages().contains("Permission denied"));
        set_mode(0o755);
        logger.finish();
        assert_logged(&log.all(), 1, 500);
    }

    #[test]
    fn directory_that_is_removed_is_made_again() {
        ours_only!("s6-log writes on into what nobody sees");
        let home = Scratch::new();
        let (mut logger, log) = start(&home, &SCRIPT);
        let mut first = 1;
        for way in ["write", "rotate", "write and rotate"] {
            logger.write(&lines(first..first + 10));
            let expected = lines(first..first + 10);
            wait_until("the first lines", || log.content("current").ends_with(&expected));
            std::fs::remove_dir_all(log.dir()).unwrap();
            if way != "write" {
                logger.signal(Signal::ALRM);
            }
            let more = if way == "rotate" { 10 } else { 500 };
            logger.write(&lines(first + 10..first + 10 + more));
            first += 10 + more;
            let last = line(first - 1) + "\n";
            wait_until(way, || log.all().ends_with(last.as_bytes()));
            let found = numbers(&log.all());
            assert_eq!(found, (first - more..first).collect::<Vec<_>>(), "{way}");
            // It holds the lock of the new one.
            let mut second = Logger::start(home.path(), &["./log"]);
            assert_eq!(second.wait(), 111);
            std::fs::remove_dir_all(log.dir()).unwrap();
        }
        logger.finish();
        assert!(logger.messages().contains("./log was removed: it is made again"), "{}", logger.messages());
    }

    #[test]
    fn current_that_is_removed_costs_neither_the_lock_nor_previous() {
        ours_only!("s6-log writes on into what nobody sees");
        let home = Scratch::new();
        let (mut logger, log) = start(
            &home,
            &["s4096", "n100", "r20", "?while [ ! -e ../go ]; do sleep 0.01; done; cat", "./log"],
        );
        logger.write(&lines(1..=10));
        wait_until("the first lines", || log.content("current") == lines(1..=10));
        logger.signal(Signal::ALRM);
        wait_until("the rotation", || log.path("processed").exists());
        logger.write(&lines(11..=20));
        wait_until("more lines", || log.content("current") == lines(11..=20));
        std::fs::remove_file(log.path("current")).unwrap();
        logger.write(&lines(21..=30));
        wait_until("a new file", || log.content("current") == lines(21..=30));
        let mut second = Logger::start(home.path(), &["./log"]);
        assert_eq!(second.wait(), 111);
        std::fs::write(home.path().join("go"), "").unwrap();
        wait_until("the archive", || log.archives().len() == 1);
        logger.finish();
        assert_eq!(log.all(), [lines(1..=10), lines(21..=30)].concat());
        assert!(log.archives()[0].ends_with(".s"));
    }

    #[test]
    fn current_that_is_renamed_by_others_keeps_its_lines() {
        ours_only!("s6-log tries to rename it for ever");
        let home = Scratch::new();
        let (mut logger, log) = start(&home, &SCRIPT);
        logger.write(&lines(1..=10));
        wait_until("the first lines", || log.content("current") == lines(1..=10));
        std::fs::rename(log.path("current"), log.path("mine")).unwrap();
        logger.signal(Signal::ALRM);
        wait_until("a new file", || log.path("current").exists());
        logger.write(&lines(11..=20));
        logger.finish();
        assert_logged(&[log.content("mine"), log.all()].concat(), 1, 20);
    }
}

mod beginnings {
    use super::*;

    #[test]
    fn line_in_which_a_logger_was_interrupted_is_ended_in_an_archive_of_its_own() {
        ours_only!("s6-log goes on with it, or leaves it open");
        for mode in [0o644, 0o744] {
            let home = Scratch::new();
            let log = Logged::at(home.path().join("log"));
            std::fs::create_dir(log.dir()).unwrap();
            std::fs::write(log.path("current"), "whole\nto").unwrap();
            std::fs::set_permissions(log.path("current"), PermissionsExt::from_mode(mode)).unwrap();
            let mut logger = Logger::start(home.path(), &["./log"]);
            logger.write(b"next\n");
            logger.finish();
            let archives = log.archives();
            assert!(archives.len() == 1 && archives[0].ends_with(".u"), "{archives:?}");
            assert_eq!(log.content(&archives[0]), b"whole\nto\n");
            assert!(!log.is_finished(&archives[0]));
            assert_eq!(log.content("current"), b"next\n");
        }
    }
}

mod rotation {
    use super::*;

    #[test]
    fn rotations_under_load_neither_lose_nor_tear() {
        ours_only!("its name");
        const LAST: u64 = 100_000;
        let home = Scratch::new();
        let (mut logger, log) = start(&home, &SCRIPT);
        wait_until("the logger", || log.path("current").exists());
        let mut input = logger.take_input();
        let producer = std::thread::spawn(move || {
            // In bites that end anywhere.
            for bite in lines(1..=LAST).chunks(997) {
                input.write_all(bite).unwrap();
            }
        });
        let mut all = Vec::new();
        while !producer.is_finished() {
            logger.signal(Signal::ALRM);
            all.extend(log.take_archives());
        }
        producer.join().unwrap();
        assert_eq!(logger.wait(), 0);
        all.extend(log.take_archives());
        assert!(log.is_finished("current"));
        all.extend(log.all());
        assert_logged(&all, 1, LAST);
    }

    #[test]
    fn rotation_that_is_asked_for_waits_for_the_end_of_the_line() {
        ours_only!("--long");
        let home = Scratch::new();
        let (mut logger, log) = start(&home, &["-l", "48", "--long", "whole", "n9", "./log"]);
        logger.write(&b"x".repeat(200_000));
        wait_until("the beginning", || log.content("current").len() > 100_000);
        logger.signal(Signal::ALRM);
        logger.write(b"y\nz\n");
        wait_until("the archive", || log.archives().len() == 1);
        logger.finish();
        assert_eq!(log.content(&log.archives()[0]).len(), 200_002);
        assert_eq!(log.content("current"), b"z\n");
    }

    #[test]
    fn kernel_without_a_careful_rename_is_served_too() {
        ours_only!("its name");
        if Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_err() {
            println!("not tested: strace is missing");
            return;
        }
        let home = Scratch::new();
        let by = [
            "strace",
            "-f",
            "-o",
            "/dev/null",
            "-e",
            "trace=renameat2",
            "-e",
            "inject=renameat2:error=EINVAL",
        ];
        let mut logger = Logger::start_as(home.path(), &by, &SCRIPT);
        let log = Logged::at(home.path().join("log"));
        logger.write(&lines(1..=500));
        logger.finish();
        assert_logged(&log.all(), 1, 500);
        assert!(log.archives().len() > 3, "{:?}", log.archives());
    }

    #[test]
    fn lines_are_on_disk_before_more_is_read_if_that_is_asked_for() {
        ours_only!("--sync");
        if Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_err() {
            println!("not tested: strace is missing");
            return;
        }
        for (when, least) in [("always", 5), ("1", 1), ("rotate", 0), ("never", 0)] {
            let home = Scratch::new();
            let by = ["strace", "-f", "-o", "trace", "-e", "trace=fdatasync,fsync"];
            let mut logger = Logger::start_as(home.path(), &by, &["--sync", when, "./log"]);
            let log = Logged::at(home.path().join("log"));
            for number in 1..=5 {
                logger.write(&lines([number]));
                wait_until("the line", || log.all() == lines(1..=number));
                std::thread::sleep(Duration::from_millis(3));
            }
            logger.finish();
            let trace = text(home.path().join("trace"));
            let count = |call: &str| trace.matches(call).count();
            assert!(
                count("fdatasync(") >= least && (least > 0 || count("fdatasync(") == 0),
                "{when}: {trace}"
            );
            assert_eq!(count(" fsync(") > 0, when != "never", "{when}: {trace}");
        }
    }
}
