//! The names of s6 for services of instances: `s6-instance-maker`, `-create`, `-delete`, `-control`, `-status`
//! and `-list`, beside Debian's s6 2.11.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use kit::alike::{ours, same, theirs};
use kit::{Answer, Scratch, Service, Tree, our_name, our_program, ours_only, run, text, wait_until};

/// A tree with the service of instances `made`, which runs.
#[track_caller]
fn tree() -> Tree {
    let tree = Tree::launch_program(&our_program("svscan"), |scan| {
        let template = Service::at(scan.dir().parent().unwrap().join("template"));
        template.run("exec sleep 100000");
        let made = run(&mut ours("s6-instance-maker", template.dir(), &["-c9", ".", "../made"]));
        assert_eq!(made.code, 0, "{made:?}");
        let made = template.dir().with_file_name("made");
        let script = text(made.join("run")).replace("s6-svscan", our_name("s6-svscan").to_str().unwrap());
        Service::at(&made).executable("run", script);
        symlink(&made, scan.dir().join("made")).unwrap();
    });
    Service::at(tree.dir().join("made")).wait_record("readiness", |record| record.is_up() && record.ready);
    tree
}

#[test]
fn instances_come_and_go() {
    ours_only!("runs once, with SUITE unset");
    let tree = tree();
    for program in [theirs, ours] {
        let answer = |name: &str, args: &[&str]| run(&mut program(name, tree.dir(), args));
        let created = answer("s6-instance-create", &["-t20000", "made", "a"]);
        assert_eq!(created.code, 0, "{created:?}");
        assert_eq!(answer("s6-instance-create", &["-t20000", "made", "a"]).code, 100);
        assert_eq!(answer("s6-instance-create", &["-Dt20000", "made", "b"]).code, 0);
        Service::at(tree.dir().join("made/instance/a")).wait_up();
        let mut names: Vec<_> =
            answer("s6-instance-list", &["made"]).out.lines().map(str::to_owned).collect();
        names.sort();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(answer("s6-instance-status", &["-uw", "made", "a"]).out, "true true\n");
        let down = answer("s6-instance-control", &["-wD", "-T20000", "-d", "made", "a"]);
        assert_eq!(down.code, 0, "{down:?}");
        assert_eq!(answer("s6-instance-status", &["-uw", "made", "a"]).out, "false false\n");
        for name in ["a", "b"] {
            let deleted = answer("s6-instance-delete", &["-t20000", "made", name]);
            assert_eq!(deleted.code, 0, "{deleted:?}");
            assert!(!tree.dir().join("made/instances").join(name).exists());
        }
        assert_eq!(answer("s6-instance-list", &["made"]).out, "");
    }
}

#[test]
fn instance_maker_writes_the_same_files() {
    ours_only!("runs once, with SUITE unset");
    let scratch = Scratch::new();
    Service::at(scratch.path().join("template")).sleeps();
    for options in [&["-c3"][..], &["-L/log", "-n3", "-S9"], &["-r", "a/b/c", "-L/log"], &["-r", "a"]] {
        let written = |program: Command| {
            let mut program = program;
            let answer = run(program.args(options).args(["template", "made"]));
            assert_eq!(answer.code, 0, "{answer:?}");
            // Not what the scripts hold: ours need no execline.
            let script = "cd made && find . | sort && find . -name run | sort | xargs stat -c %a && \
                          find . -type f ! -name run | sort | xargs cat";
            let listing = run(Command::new("sh").args(["-c", script]).current_dir(scratch.path())).out;
            std::fs::remove_dir_all(scratch.path().join("made")).unwrap();
            listing
        };
        let [theirs, ours] = [theirs, ours].map(|program| program("s6-instance-maker", scratch.path(), &[]));
        assert_eq!(written(theirs), written(ours), "{options:?}");
    }
}

#[test]
fn options_of_an_instance() {
    ours_only!("runs once, with SUITE unset");
    let tree = tree();
    let made = tree.dir().join("made");
    let mode = |name: &str| {
        let event = made.join("instances").join(name).join("event");
        std::fs::metadata(event).unwrap().permissions().mode() & 0o7777
    };
    // What one has deleted may come back for a moment: the other has names of its own.
    for (program, [a, b, c]) in [theirs, ours].into_iter().zip([["a", "b", "c"], ["d", "e", "f"]]) {
        let answer = |name: &str, args: &[&str]| run(&mut program(name, tree.dir(), args));
        let done = |answer: Answer| assert_eq!((answer.code, answer.err.as_str()), (0, ""));
        // Public, down for now; down for good; for the group alone.
        done(answer("s6-instance-create", &["-fPdt20000", "made", a]));
        done(answer("s6-instance-create", &["-Dt20000", "made", b]));
        done(answer("s6-instance-create", &["-t20000", "made", c]));
        assert_eq!((mode(a), mode(b)), (0o1733, 0o3730));
        for (name, wish) in [(a, "false false true\n"), (b, "false false false\n"), (c, "true true true\n")] {
            let options = ["-o", "up,wantedup,normallyup", "made", name];
            wait_until("its state", || answer("s6-instance-status", &options).out == wish);
        }
        for options in [&["made", c][..], &["-n", "made", c], &["-wNrt", "made", a]] {
            same("s6-instance-status", tree.dir(), options);
        }
        assert_eq!(answer("s6-instance-control", &["-wd", "-T300", "made", c]).code, 99);
        // Not waited for.
        for name in [a, b, c] {
            // The supervisor may still write where its directory is being removed.
            wait_until("the end of its directory", || {
                answer("s6-instance-delete", &["-X", "made", name]).code == 0
            });
            assert!(!made.join("instance").join(name).exists());
        }
        assert_eq!(answer("s6-instance-list", &["made"]).out, "");
    }
}

#[test]
fn instance_maker_without_a_template_fails() {
    ours_only!("runs once, with SUITE unset");
    let scratch = Scratch::new();
    let [theirs, ours] = [theirs, ours].map(|program| {
        let answer = run(&mut program("s6-instance-maker", scratch.path(), &["nothing", "made"]));
        assert!(answer.err.contains("nothing"), "{answer:?}");
        let made = run(Command::new("find").arg("made").current_dir(scratch.path()));
        std::fs::remove_dir_all(scratch.path().join("made")).unwrap();
        let mut made: Vec<_> = made.out.lines().map(str::to_owned).collect();
        made.sort();
        (answer.code, made)
    });
    // What was made stays, as the manual says.
    assert_eq!(theirs, ours);
    assert_eq!(ours.0, 111);
    // A directory that is there already is not touched.
    for dir in ["template", "made"] {
        std::fs::create_dir(scratch.path().join(dir)).unwrap();
    }
    assert_eq!(same("s6-instance-maker", scratch.path(), &["template", "made"]).code, 111);
    assert_eq!(std::fs::read_dir(scratch.path().join("made")).unwrap().count(), 0);
}

#[test]
fn scripts_of_the_instance_maker_say_what_its_options_say() {
    ours_only!("runs once, with SUITE unset");
    let scratch = Scratch::new();
    Service::at(scratch.path().join("template")).sleeps();
    for (options, words) in [
        (
            &["-u", "nobody", "-l", "daemon", "-L", "/log"][..],
            &["s6-setuidgid nobody", "s6-setuidgid daemon"][..],
        ),
        (&["-L", "/log"], &["-- t n10 s1000000 /log"]),
        (&["-L", "/log", "-t0"], &["-- n10 "]),
        (&["-L", "/log", "-t2"], &["-- T n10 "]),
        (&["-L", "/log", "-t3", "-n7", "-s5000", "-S9000"], &["-- t T n7 s5000 S9000 /log"]),
        (&["-L", "/log", "-P", "web:"], &[" pweb: /log"]),
        (&["-c0"], &["-C1 "]),
        (&["-c", "1000000"], &["-C90000 "]),
    ] {
        for program in [theirs, ours] {
            let mut program = program("s6-instance-maker", scratch.path(), options);
            let answer = run(program.args(["template", "made"]));
            assert_eq!(answer.code, 0, "{options:?} {answer:?}");
            let made = scratch.path().join("made");
            let scripts = text(made.join("run")) + &text(made.join("log/run"));
            std::fs::remove_dir_all(made).unwrap();
            // execline and the shell quote in their own ways; before 2.12 -C is -c.
            let plain = scripts.replace(['"', '\''], "").replace(" -c", " -C");
            for word in words {
                assert!(plain.contains(word), "{options:?} {word}\n{plain}");
            }
        }
    }
    // 2.15: with a logger, twice as many directories.
    assert_eq!(
        run(&mut ours("s6-instance-maker", scratch.path(), &["-L", "/log", "template", "made"])).code,
        0
    );
    assert!(text(scratch.path().join("made/run")).contains(" -C1000 "));
}
