//! The options of the names of s6 that `s6_names.rs` and `s6_services.rs` do not come by, each played to Debian's
//! s6 2.11 and to ours. What 2.11 does not have is held against the manual of 2.15.

#![forbid(unsafe_code)]

mod kit;

use std::path::Path;
use std::process::Command;

use kit::alike::{ours, ready, same, theirs};
use kit::{Scratch, Service, Supervisor, is_root, our_name, ours_only, run, text, wait_until};
use unix::Pid;

const WHY: &str = "both are asked, with SUITE unset";

mod notifyoncheck {
    use super::*;

    /// What became of the checks: the exit code of the process that makes them, which the daemon reaps here,
    /// how many were made, and whether the service was ready.
    #[derive(Debug, PartialEq, Eq)]
    struct Checked {
        code: String,
        checks: usize,
        is_ready: bool,
    }

    /// A service whose `run` ends with the program, `options`, and a daemon.
    fn start(program: &Path, before: &str, options: &str, check: &str) -> Supervisor {
        Supervisor::start(|web| {
            let check = format!("cd \"${{0%/data/check}}\"; echo $$ >>checks; {check}");
            Service::at(web.path("data")).script("check", &check);
            web.executable(
                "daemon",
                "#!/usr/bin/perl\nwait; open F, '>', 'code.new'; print F $? >> 8, \"\\n\"; close F;\n\
                 rename 'code.new', 'code'; sleep 1000 while 1;\n",
            );
            web.run(&format!("{before}\nexec {} {options} ./daemon", program.display()));
            web.file("notification-fd", "3\n");
        })
    }

    fn checked(program: &Path, before: &str, options: &str, check: &str) -> (Checked, Supervisor) {
        let supervisor = start(program, before, options, check);
        wait_until(&format!("the end of the checks: {options}"), || supervisor.path("code").exists());
        let code = text(supervisor.path("code")).trim().to_owned();
        if code == "0" {
            supervisor.wait_record("readiness", |record| record.ready);
        }
        let is_ready = supervisor.record().ready;
        (Checked { code, checks: supervisor.lines("checks").len(), is_ready }, supervisor)
    }

    fn both() -> [std::path::PathBuf; 2] {
        ["/usr/bin/s6-notifyoncheck".into(), our_name("s6-notifyoncheck")]
    }

    #[test]
    fn options_say_what_is_checked_and_how_often() {
        ours_only!(WHY);
        for (before, options, check, checks) in [
            ("", "-w1", "exit 1", 7),
            ("", "-w1 -n3", "exit 1", 3),
            ("", "-s1 -w1 -n0", "test -e second || { echo >second; exit 1; }", 2),
            ("", "-s1 -w1 -n1", "exit 0", 1),
            ("exec 5>&3 3>&-", "-3 5 -w1", "exit 0", 1),
            ("", "-n2 -w1 -c 'sh -c \"echo >>checks; exit 1\"'", "exit 0", 2),
            ("", "-n2 -w1 -c 'test -e run'", "exit 1", 0),
            ("", "-n1 -w1 -c no-such-program", "exit 0", 0),
            // Time is up before the first check.
            ("", "-s100000 -T100", "exit 0", 0),
        ] {
            let [theirs, ours] = both().map(|program| checked(&program, before, options, check).0);
            assert_eq!(theirs, ours, "{options}");
            assert_eq!(ours.checks, checks, "{options}");
        }
    }

    #[test]
    fn time_limits_end_the_checks() {
        ours_only!(WHY);
        // Without an end of their own.
        let [theirs, ours] = both().map(|program| checked(&program, "", "-T300 -w10 -n0", "exit 1").0);
        assert_eq!((theirs.code, theirs.is_ready), (ours.code, ours.is_ready));
        assert!(theirs.checks > 1 && ours.checks > 1);
        // A check that does not end in its time is one that says no.
        let [theirs, ours] =
            both().map(|program| checked(&program, "", "-t100 -w1 -n2", "exec sleep 1000").0);
        assert_eq!(theirs, ours);
        assert_eq!(ours.checks, 2);
    }

    #[test]
    fn check_that_takes_too_long_is_ended() {
        ours_only!(WHY);
        let program = our_name("s6-notifyoncheck");
        let (_, supervisor) = checked(&program, "", "-t100 -w1 -n2", "exec sleep 1000");
        for pid in supervisor.lines("checks") {
            supervisor.namespace().wait_dead(Pid::new(pid.parse().unwrap()).unwrap());
        }
        assert!(supervisor.record().is_up());
    }
}

/// Somebody who holds the lock of a supervisor or a scanner, hears every command, and does nothing.
mod idle {
    use super::*;
    use std::fs::File;
    use std::io::Read;

    struct Idle {
        _lock: sys::lock::Lock,
        control: File,
    }

    impl Idle {
        fn new(dir: &Path) -> Idle {
            std::fs::create_dir_all(dir).unwrap();
            let control = dir.join("control");
            sys::fifo::make(&control, 0o600).unwrap();
            Idle {
                _lock: sys::lock::try_lock(&dir.join("lock"), 0o600).unwrap().unwrap(),
                control: sys::fifo::open_to_read(&control).unwrap().into(),
            }
        }

        fn heard(&mut self) -> String {
            let mut heard = [0; 512];
            let count = self.control.read(&mut heard).unwrap_or_default();
            String::from_utf8_lossy(&heard[..count]).into_owned()
        }
    }

    /// Both send the same, with the same exit code; that is given.
    #[track_caller]
    fn same_commands(name: &str, dir: &Path, idle: &mut Idle, args: &[&str]) -> (i32, String) {
        let [theirs, ours] = [theirs, ours].map(|program| {
            let answer = run(&mut program(name, dir, args));
            (answer.code, idle.heard())
        });
        assert_eq!(theirs, ours, "{name} {args:?}");
        ours
    }

    #[test]
    fn every_letter_is_sent_by_its_name() {
        ours_only!(WHY);
        let scratch = Scratch::new();
        let mut scanner = Idle::new(&scratch.path().join("scan/.s6-svscan"));
        for letters in ["z", "a", "b", "h", "i", "t", "q", "n", "N", "an", "zantN"] {
            let option = format!("-{letters}");
            let sent = same_commands("s6-svscanctl", scratch.path(), &mut scanner, &[&option, "scan"]);
            assert_eq!(sent, (0, letters.to_owned()));
        }
        let mut web = Idle::new(&scratch.path().join("scan/instance/web/supervise"));
        // l P C K are of 2.15.
        for letters in "abqhkti12pcyroduDUxO".chars().map(String::from).chain(["dxu".into()]) {
            let option = format!("-{letters}");
            for (name, dir) in
                [("s6-svc", &["scan/instance/web"][..]), ("s6-instance-control", &["scan", "web"])]
            {
                let args: Vec<&str> = std::iter::once(&option[..]).chain(dir.iter().copied()).collect();
                let sent = same_commands(name, scratch.path(), &mut web, &args);
                assert_eq!(sent, (0, letters.clone()), "{name}");
            }
        }
        for letters in ["l", "P", "C", "K", "Q"] {
            let answer =
                run(&mut ours("s6-svc", scratch.path(), &[&format!("-{letters}"), "scan/instance/web"]));
            assert_eq!((answer.code, web.heard()), (0, letters.to_owned()));
        }
    }

    #[test]
    fn link_that_is_not_supervised_in_time_is_taken_back() {
        ours_only!(WHY);
        let scratch = Scratch::new();
        let mut scanner = Idle::new(&scratch.path().join("scan/.s6-svscan"));
        let web = Service::at(scratch.path().join("web"));
        web.sleeps();
        for options in ["-t200", "-dt200", "-DPt200"] {
            let codes = [theirs, ours].map(|program| {
                let answer = run(&mut program("s6-svlink", scratch.path(), &[options, "scan", "web"]));
                assert!(!answer.err.is_empty());
                assert!(std::fs::symlink_metadata(scratch.path().join("scan/web")).is_err());
                let heard = scanner.heard();
                assert!(heard.starts_with('a'), "{heard}");
                let _ = std::fs::remove_file(web.path("down"));
                std::fs::remove_dir_all(web.path("event")).unwrap();
                answer.code
            });
            assert_eq!(codes, [99, 99], "{options}");
        }
    }

    #[test]
    fn scanner_is_told_of_a_link_that_was_taken_back() {
        ours_only!(WHY);
        let scratch = Scratch::new();
        let mut scanner = Idle::new(&scratch.path().join("scan/.s6-svscan"));
        Service::at(scratch.path().join("web")).sleeps();
        assert_eq!(run(&mut ours("s6-svlink", scratch.path(), &["-t100", "scan", "web"])).code, 99);
        // Scan, then scan and stop what has gone.
        assert_eq!(scanner.heard(), "ah");
    }

    #[test]
    fn service_that_does_not_leave_in_time_is_no_failure() {
        ours_only!(WHY);
        let supervisor = ready();
        let dir = supervisor.scratch();
        let mut scanner = Idle::new(&dir.join("scan/.s6-svscan"));
        for options in ["-t200", "-X", "-Xt200"] {
            let heard = [theirs, ours].map(|program| {
                std::os::unix::fs::symlink("../web", dir.join("scan/web")).unwrap();
                let answer = run(&mut program("s6-svunlink", dir, &[options, "scan", "web"]));
                assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{options}");
                assert!(std::fs::symlink_metadata(dir.join("scan/web")).is_err());
                scanner.heard()
            });
            assert_eq!(heard[0], heard[1], "{options}");
        }
        assert!(supervisor.record().is_up());
    }

    #[test]
    fn nobody_to_link_for_is_1() {
        ours_only!(WHY);
        let scratch = Scratch::new();
        drop(Idle::new(&scratch.path().join("scan/.s6-svscan")));
        Service::at(scratch.path().join("web")).sleeps();
        same("s6-svlink", scratch.path(), &["-t200", "scan", "web"]);
        same("s6-svunlink", scratch.path(), &["-t200", "scan", "web"]);
        assert!(!scratch.path().join("scan/web").exists());
    }
}

mod waits {
    use super::*;

    #[test]
    fn any_and_all_are_told_apart() {
        ours_only!(WHY);
        let web = ready();
        let other = Supervisor::start(|other| {
            other.sleeps().file("down", "");
        });
        other.wait_supervised();
        let dir = web.scratch();
        let other = other.dir().to_str().unwrap();
        for (args, code) in [
            (&["-ot20000", "-u", "web", other][..], 0),
            (&["-at200", "-u", "web", other], 99),
            (&["-ot20000", "-d", "web", other], 0),
            (&["-Ut20000", "web"], 0),
            (&["-Dt200", "web"], 99),
            (&["-rt200", "web"], 99),
            (&["-Rt200", "web"], 99),
            (&["-at20000", "-D", other], 0),
        ] {
            assert_eq!(same("s6-svwait", dir, args).code, code, "{args:?}");
            let listen: Vec<&str> = args.iter().copied().chain(["", "true"]).collect();
            // It waits for what happens, not for what is so.
            if code == 99 {
                assert_eq!(same("s6-svlisten", dir, &listen).code, 99, "{args:?}");
            }
        }
        for option in ["-r", "-R"] {
            let answer = same("s6-svlisten1", dir, &[option, "-t20000", "web", "s6-svc", "-r", "web"]);
            assert_eq!(answer.code, 0);
        }
        assert_eq!(same("s6-svlisten1", dir, &["-dt20000", "web", "s6-svc", "-r", "web"]).code, 0);
        web.wait_record("its return", |record| record.ready && record.is_up());
        assert_eq!(same("s6-svdt", dir, &["-S", "-n2", "web"]).code, 0);
        assert_eq!(same("s6-mkfifodir", dir, &["d"]).code, 0);
        let both = ["-at20000", "d", "a", "d", "b", "", "s6-ftrig-notify", "d", "ab"];
        assert_eq!(same("s6-ftrig-listen", dir, &both).code, 0);
    }
}

/// The name service switch can have users and groups elsewhere, or not in the files at all.
#[test]
fn groups_are_those_of_the_file() {
    ours_only!(WHY);
    if !is_root() {
        println!("skipped: only root can mount a file of his own over nsswitch.conf");
        return;
    }
    let supervisor = ready();
    let dir = supervisor.scratch();
    std::fs::write(dir.join("nsswitch"), "passwd: db\ngroup: db\n").unwrap();
    let script = "mount --bind nsswitch /etc/nsswitch.conf && exec \"$@\"";
    let codes = [theirs, ours].map(|program| {
        let program = program("s6-svperms", dir, &["-g", "daemon", "web"]);
        let mut unshare = Command::new("unshare");
        unshare.args(["--mount", "sh", "-c", script, "sh"]).arg(program.get_program());
        run(unshare.args(program.get_args()).current_dir(dir)).code
    });
    // 2.11 asks the switch, which knows no database here; we read /etc/group.
    assert_eq!(codes, [100, 0]);
    let info = sys::file::look(&supervisor.path("supervise")).unwrap().unwrap();
    assert_eq!(Some(info.owner.1), sys::users::group_number("daemon").unwrap());
}
