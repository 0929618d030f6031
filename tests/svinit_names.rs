//! `svinit` under the names of dumb-init, tini and catatonit: the same invocations on Debian's programs and on ours.

#![forbid(unsafe_code)]

mod kit;

use std::path::Path;
use std::process::{Command, Stdio};

use kit::{Answer, Scratch, as_first, first, original, our_name, ours_only, run, text, wait_until};

const WHY: &str = "s6 has no such program";
const ALL: [&str; 3] = ["dumb-init", "tini", "catatonit"];

/// Runs both, as process 1 of their own, and gives what was the same for both: the exit code and the output.
#[track_caller]
fn same(name: &str, args: &[&str]) -> Option<(i32, String)> {
    let theirs = first(&original(name)?, args);
    let ours = first(&our_name(name), args);
    assert_eq!(
        (ours.code, &ours.out),
        (theirs.code, &theirs.out),
        "{name} {args:?}: {} {}",
        ours.err,
        theirs.err
    );
    Some((ours.code, ours.out))
}

/// Runs a script of the shell, in which `INIT` is theirs or ours, below a process 1 that is the shell.
#[track_caller]
fn same_below(name: &str, script: &str) -> Option<Answer> {
    let answer = |init: &Path| {
        let scratch = Scratch::new();
        let script = script.replace("INIT", init.to_str().unwrap());
        run(as_first(Path::new("/bin/sh"), &["-c", &script]).current_dir(scratch.path()))
    };
    let (theirs, ours) = (answer(&original(name)?), answer(&our_name(name)));
    assert_eq!((ours.code, &ours.out), (theirs.code, &theirs.out), "{name}: {} {}", ours.err, theirs.err);
    Some(ours)
}

#[test]
fn exit_codes_are_those_of_the_originals() {
    ours_only!(WHY);
    for name in ALL {
        let scripts = ["exit 0", "exit 3", "exit 255", "kill -9 $$", "kill -TERM $$", "kill -SEGV $$"];
        for script in scripts {
            same(name, &["--", "sh", "-c", script]);
        }
        for args in
            [&["/nonexistent"][..], &["no-such-program"], &["/etc/passwd"], &["/"], &[], &["--nothing"]]
        {
            same(name, args);
        }
    }
    for rewriting in ["15", "0:1", "1:32", "32:1", "TERM:1", "1:-1", ":", "1:0"] {
        same("dumb-init", &["-r", rewriting, "true"]);
    }
    same("dumb-init", &["--rewrite"]);
    for code in ["256", "x", "-1", "0", "1x"] {
        same("tini", &["-e", code, "--", "false"]);
    }
    same("tini", &["-p", "TERM", "true"]);
    same("tini", &["-p", "SIGNOTHING", "true"]);
    same("tini", &["-e", "3", "-e", "4", "--", "sh", "-c", "exit 3"]);
    same("tini", &["-e", "143", "--", "sh", "-c", "kill -TERM $$"]);
}

#[test]
fn what_they_tell_of_themselves_goes_where_the_originals_say_it() {
    ours_only!(WHY);
    let calls = [
        ("dumb-init", &["-h", "--help", "-V", "--version"][..]),
        ("tini", &["-h", "--version", "-l"]),
        ("catatonit", &["-h", "-V", "--version", "-L"]),
    ];
    for (name, options) in calls {
        let Some(theirs) = original(name) else { continue };
        for option in options {
            let shape = |answer: Answer| (answer.code, answer.out.is_empty(), answer.err.is_empty());
            assert_eq!(
                shape(first(&our_name(name), &[option])),
                shape(first(&theirs, &[option])),
                "{name} {option}"
            );
        }
    }
}

#[test]
fn command_finds_the_same_process_as_behind_the_originals() {
    ours_only!(WHY);
    let commands = [
        // Its pid, parent, group, session, terminal and the terminal's group.
        &["cut", "-d", " ", "-f", "1,4-8", "/proc/self/stat"][..],
        &["cat", "/proc/self/environ"],
        &["cat", "/proc/self/limits"],
        &["cat", "/proc/self/cmdline"],
        &["ls", "/proc/self/fd"],
        &["readlink", "/proc/self/cwd"],
        &["grep", "-Ev", "ctxt|Vm|Rss|Cpus|Hugetlb|Sig|Pid|PPid", "/proc/self/status"],
    ];
    let ways = [
        ("dumb-init", &[][..]),
        ("dumb-init", &["-c"]),
        ("tini", &[]),
        ("tini", &["-gs"]),
        ("catatonit", &[]),
    ];
    for (name, options) in ways {
        for command in commands {
            same(name, &[options, &["--"], command].concat());
        }
    }
}

#[test]
fn blocked_and_ignored_signals_reach_the_command_as_behind_the_originals() {
    ours_only!(WHY);
    let signals = |init: &Path, name: &str| {
        let args =
            ["--ignore-signal=HUP", "--ignore-signal=USR2", "--block-signal=USR1", init.to_str().unwrap()];
        let command = ["--", "cat", "/proc/self/status"];
        let out = first(Path::new("/usr/bin/env"), &[&args[..], &command[..]].concat()).out;
        let out: String =
            out.lines().filter(|line| line.starts_with("Sig")).skip(2).collect::<Vec<_>>().join("\n");
        // 32 and 33 are ignored by whoever glibc has started with posix_spawn(3); ours are given their effect back.
        let out = out.replace("SigIgn:\t000000018", "SigIgn:\t000000000");
        // catatonit hands its own block on the signals of the terminal to the command, which cannot be stopped then.
        if name == "catatonit" { out.replace("0000000000380200", "0000000000000200") } else { out }
    };
    for name in ALL {
        let Some(theirs) = original(name) else { continue };
        assert_eq!(signals(&our_name(name), name), signals(&theirs, name), "{name}");
    }
    // 1 << 9 is USR1, and so on: behind dumb-init nothing is left of it.
    assert!(signals(&our_name("tini"), "tini").contains("SigBlk:\t0000000000000200\n"));
    assert!(signals(&our_name("dumb-init"), "dumb-init").contains("SigBlk:\t0000000000000000\n"));
}

#[test]
fn script_without_an_interpreter_is_run_by_the_shell() {
    ours_only!(WHY);
    for name in ALL {
        let script = "printf 'echo \"$0 $*\"; exit 7\\n' >script; chmod +x script; INIT -- ./script 1 '2 3'";
        let answer = same_below(name, script);
        assert!(answer.is_none_or(|answer| (answer.code, answer.out.as_str()) == (7, "./script 1 2 3\n")));
        same_below(name, "echo >not-a-program; PATH=$PWD:$PATH; INIT -- not-a-program 2>/dev/null; echo $?");
        same_below(name, "printf 'exit 7\\n' >script; chmod +x script; PATH=$PWD:$PATH; INIT -- script");
    }
}

#[test]
fn options_end_at_the_program() {
    ours_only!(WHY);
    // tini and catatonit read on behind the program and refuse `-c` here.
    for name in ALL {
        assert_eq!(first(&our_name(name), &["sh", "-c", "exit 3"]).code, 3, "{name}");
    }
    same("dumb-init", &["sh", "-c", "exit 3"]);
}

/// What a command says of the signals that its init is sent, in their order.
fn signalled(init: &Path, options: &[&str], signals: &[&str]) -> String {
    let script = "for s in HUP INT QUIT USR1 USR2 TERM ALRM WINCH PWR 37; do trap \"echo $s\" $s; done\n\
                  trap 'echo CONT' CONT; echo begun\n\
                  while [ ! -e \"$0/end\" ]; do sleep 0.01 & wait; done";
    let scratch = Scratch::new();
    let out = scratch.path().join("out");
    let args = [options, &["--", "sh", "-c", script, scratch.path().to_str().unwrap()]].concat();
    let mut child = as_first(init, &args)
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&out).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the command to begin", || text(&out).contains("begun"));
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    let pid = text(children).trim().to_owned();
    assert!(pid.parse::<u32>().is_ok(), "the child of unshare is {pid:?}");
    for signal in signals {
        let (signal, is_heard) = signal.strip_prefix('-').map_or((*signal, true), |signal| (signal, false));
        let before = text(&out);
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        if is_heard {
            wait_until(&format!("an answer to {signal}"), || text(&out).len() > before.len());
        }
    }
    std::fs::write(scratch.path().join("end"), "").unwrap();
    child.wait().unwrap();
    text(&out)
}

#[test]
fn signals_reach_the_command_as_the_originals_hand_them_on() {
    ours_only!(WHY);
    let all = ["HUP", "INT", "QUIT", "USR1", "USR2", "TERM", "ALRM", "WINCH", "PWR", "CONT", "37"];
    let ways = [
        ("dumb-init", &[][..]),
        ("dumb-init", &["-c"]),
        ("dumb-init", &["-r", "15:2", "--rewrite=1:10"]),
        ("tini", &[]),
        ("tini", &["-g"]),
        ("catatonit", &[]),
        ("catatonit", &["-g"]),
    ];
    for (name, options) in ways {
        let Some(theirs) = original(name) else { continue };
        let theirs = signalled(&theirs, options, &all);
        assert_eq!(signalled(&our_name(name), options, &all), theirs, "{name} {options:?}");
        assert_eq!(theirs.lines().count(), 1 + all.len(), "{theirs}");
    }
}

#[test]
fn signals_that_are_the_inits_own_are_not_handed_on() {
    ours_only!(WHY);
    let own = ["-SEGV", "-ABRT", "-BUS", "-FPE", "-ILL", "-TRAP", "-SYS", "-TTIN", "-TTOU", "USR1"];
    for name in ["tini", "catatonit"] {
        assert_eq!(signalled(&our_name(name), &[], &own), "begun\nUSR1\n", "{name}");
        let Some(theirs) = original(name) else { continue };
        assert_eq!(signalled(&theirs, &[], &own), "begun\nUSR1\n", "{name}");
    }
}

#[test]
fn signal_that_is_rewritten_to_nothing_is_not_handed_on() {
    ours_only!(WHY);
    let said = signalled(&our_name("dumb-init"), &["-r", "15:0", "-r", "1:12"], &["-TERM", "HUP"]);
    assert_eq!(said, "begun\nUSR2\n");
    let Some(theirs) = original("dumb-init") else { return };
    assert_eq!(signalled(&theirs, &["-r", "15:0", "-r", "1:12"], &["-TERM", "HUP"]), said);
}

#[test]
fn what_is_left_of_the_group_is_told_by_the_signal_that_term_is_rewritten_to() {
    ours_only!(WHY);
    for (options, heard) in [("", "TERM"), ("-r 15:10", "USR1"), ("-r 15:0", "nothing")] {
        let script = format!(
            "INIT {options} -- sh -c '(for s in TERM USR1; do trap \"echo $s >heard; exit\" $s; done; echo >up\n\
             while [ ! -e end ]; do sleep 0.01; done; echo nothing >heard) & while [ ! -e up ]; do sleep 0.01; done\n\
             exit 6'; echo $?; [ {heard} = nothing ] && echo >end; while [ ! -s heard ]; do sleep 0.01; done; cat heard"
        );
        let said = same_below("dumb-init", &script).map(|answer| answer.out);
        assert!(said.is_none_or(|said| said == format!("6\n{heard}\n")), "{options}");
    }
}

#[test]
fn environment_variables_are_those_of_the_originals() {
    ours_only!(WHY);
    let group = "[ $(cut -d' ' -f5 /proc/$$/stat) = $$ ] && echo own || echo other";
    let ways = [
        ("dumb-init", "DUMB_INIT_SETSID", "0"),
        ("dumb-init", "DUMB_INIT_SETSID", "1"),
        ("dumb-init", "DUMB_INIT_SETSID", ""),
        ("dumb-init", "DUMB_INIT_DEBUG", "1"),
        ("dumb-init", "DUMB_INIT_DEBUG", "yes"),
        ("tini", "TINI_SUBREAPER", ""),
        ("tini", "TINI_VERBOSITY", "0"),
        ("catatonit", "CATATONIT_DEBUG", ""),
    ];
    for (name, variable, value) in ways {
        let Some(theirs) = original(name) else { continue };
        let answer = |init: &Path| run(as_first(init, &["--", "sh", "-c", group]).env(variable, value));
        let (ours, theirs) = (answer(&our_name(name)), answer(&theirs));
        let shape = |answer: &Answer| (answer.code, answer.out.clone(), answer.err.is_empty());
        assert_eq!(shape(&ours), shape(&theirs), "{variable}={value}: {} {}", ours.err, theirs.err);
    }
}

#[test]
fn verbosity_of_tini_is_that_of_the_original() {
    ours_only!(WHY);
    let Some(theirs) = original("tini") else { return };
    // Not process 1 and adopting nobody: that is worth a warning; the original tells the rest on standard output.
    for (options, verbosity) in
        [("", ""), ("-v", ""), ("-v", "0"), ("", "2"), ("-s", ""), ("-s", "2"), ("", "x")]
    {
        let tells = |init: &Path| {
            let set =
                if verbosity.is_empty() { String::new() } else { format!("TINI_VERBOSITY={verbosity}") };
            let script = format!("{set} {} {options} -- true; exit 0", init.display());
            let answer = first(Path::new("/bin/sh"), &["-c", &script]);
            !(answer.out.is_empty() && answer.err.is_empty())
        };
        assert_eq!(tells(&our_name("tini")), tells(&theirs), "{options} {verbosity}");
    }
    let orphan = "(true &); sleep 0.1; :";
    for init in [theirs, our_name("tini")] {
        assert!(first(&init, &["--", "sh", "-c", orphan]).err.is_empty());
        assert!(!first(&init, &["-w", "--", "sh", "-c", orphan]).err.is_empty(), "{}", init.display());
    }
}

#[test]
fn orphans_go_to_the_same_process_as_behind_the_originals() {
    ours_only!(WHY);
    let ways = [
        ("dumb-init", "INIT"),
        ("tini", "INIT"),
        ("tini", "INIT -s"),
        ("tini", "TINI_SUBREAPER= INIT"),
        ("catatonit", "INIT"),
    ];
    for (name, init) in ways {
        // The orphan writes down its parent when the process that made it is dead.
        let script = format!(
            "{init} -- sh -c 'init=$PPID; sh -c \"sh -c \\\"while kill -0 \\$\\$; do sleep 0.01; done 2>/dev/null\n\
             cut -d \\\\\\\" \\\\\\\" -f 4 /proc/self/stat >/dev/null; sed -n s/^PPid:.//p /proc/\\\\\\$\\\\\\$/status >parent\\\" &\"\n\
             while [ ! -s parent ]; do sleep 0.01; done; [ $(cat parent) = $init ] && echo init || cat parent'"
        );
        let answer = same_below(name, &script);
        let adopts = init != "INIT" || name == "catatonit";
        let parent = if adopts { "init\n" } else { "1\n" };
        assert!(answer.is_none_or(|answer| answer.out == parent), "{init}");
    }
}

#[test]
fn parent_that_dies_takes_tini_along_if_it_shall() {
    ours_only!(WHY);
    // The one that dies is no process 1, which would take all along.
    let script = "sh -c 'INIT -sp SIGTERM -- sh -c \"trap \\\"echo told >note; exit\\\" TERM; echo up >note\n\
                  while :; do sleep 0.01; done\" & while [ ! -s note ]; do sleep 0.01; done; kill -9 $$'\n\
                  for i in $(seq 1000); do grep -q told note && exit 0; sleep 0.01; done; exit 1";
    assert!(same_below("tini", script).is_none_or(|answer| answer.code == 0));
}

#[test]
fn closed_standard_descriptors_are_opened_at_dev_null() {
    ours_only!(WHY);
    // The originals leave them closed, for the first file of the command to land there.
    for name in ALL {
        let script = format!("exec {} -- readlink /proc/self/fd/0 <&-", our_name(name).display());
        assert_eq!(first(Path::new("/bin/sh"), &["-c", &script]).out, "/dev/null\n", "{name}");
    }
}

#[test]
fn catatonit_pauses_until_it_is_told_to_end() {
    ours_only!(WHY);
    let script = "INIT -P & pid=$!; for i in $(seq 500); do grep -q '^SigBlk:.f' /proc/$pid/status && break\n\
                  sleep 0.01; done; kill -HUP $pid; kill -TERM $pid; wait $pid";
    assert!(same_below("catatonit", script).is_none_or(|answer| answer.code == 0));
}
