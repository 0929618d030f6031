//! What a program finds when we have started it: descriptors, signals, limits, priorities, rights. Nothing is there
//! that was not asked for, however we were started ourselves, and nothing of the caller's has been changed.

#![forbid(unsafe_code)]

mod kit;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use kit::{Image, Scratch, Service, Tree, is_root, our_program, ours_only, run, text, wait_until};
use unix::Signal;

const WHY: &str = "it is about how our programs start others";

/// A shell script that writes what it finds to `$SEEN/`, by its own path, and goes on. The shell has its
/// script open, at 10 or above, which is left out.
const PROBE: &str = r#"
read -r me rest </proc/self/stat
o="$SEEN/$(cd -- "${0%/*}/"; pwd | tr / _)_${0##*/}"
(ls -l /proc/$me/fd >"$o.fd")
(
	sed -n 's|.* \([0-9]*\) -> \(.*\)|fd \1 \2|p' "$o.fd" | grep -v "/${0##*/}\$"
	grep -E '^(Umask|Uid|Gid|Groups|SigBlk|SigIgn|Cap...|NoNewPrivs|Seccomp):' /proc/$me/status
	sed 's/^/limit /' /proc/$me/limits
	echo scheduling $(cut -d' ' -f18,19,40,41 /proc/$me/stat)
	for file in oom_score_adj coredump_filter timerslack_ns personality cpuset; do
		echo $file $(cat /proc/$me/$file 2>/dev/null)
	done
	setpriv --dump | grep -E 'no_new_privs|Securebits|death|Inheritable|Ambient'
	tr '\0' '\n' </proc/$me/environ | sed 's/^/env /' | grep -v -E '^env (PWD|OLDPWD|_|SHLVL)='
) >"$o.new"
mv "$o.new" "$o"
"#;

/// What a caller may have done to us: descriptors that he forgot, signals that he blocks and ignores, and all that a
/// process hands on.
const STRANGE: &str = r#"
exec 4</etc/passwd 6>>"$SEEN/stray" 8</dev/null 9</
umask 027
ulimit -n 512; ulimit -c 0; ulimit -s 4096
export LD_LIBRARY_PATH=/nowhere ODD='a b'
echo 0x33 >/proc/self/coredump_filter
"#;

/// The command that comes before the program, for what a shell cannot do.
const STRANGER: &str = "nice -n 3 env --block-signal=USR1,CHLD,TERM --ignore-signal=HUP,PIPE,USR2,QUIT";

/// What one of them has found.
#[derive(Debug)]
struct Found {
    what: String,
    descriptors: BTreeMap<u32, String>,
    rest: Vec<String>,
}

impl Found {
    #[track_caller]
    fn read(seen: &Path, name: &str) -> Found {
        let path = seen.join(name.replace('/', "_"));
        wait_until(&format!("{}", path.display()), || path.exists());
        let text = text(&path);
        let (descriptors, rest): (Vec<&str>, Vec<&str>) = text.lines().partition(|l| l.starts_with("fd "));
        let one = |line: &str| {
            let (number, target) = line[3..].split_once(' ').unwrap();
            (number.parse().unwrap(), target.to_owned())
        };
        let rest: Vec<_> = rest.into_iter().map(str::to_owned).collect();
        assert!(rest.len() > 30, "{name}: {text}");
        Found { what: name.into(), descriptors: descriptors.into_iter().map(one).collect(), rest }
    }

    /// 0, 1, 2 and these.
    #[track_caller]
    fn has_only(&self, more: &[u32]) -> &Found {
        let expected: Vec<u32> = [0, 1, 2].iter().chain(more).copied().collect();
        let found: Vec<u32> = self.descriptors.keys().copied().collect();
        assert_eq!(found, expected, "{}: {:#?}", self.what, self.descriptors);
        self
    }

    /// No signal is blocked or ignored, and all else is as the caller had it.
    #[track_caller]
    fn is_like(&self, caller: &Found, but: &[&str]) -> &Found {
        let signals: Vec<_> = self.rest.iter().filter(|line| line.starts_with("Sig")).collect();
        let none = ["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"];
        assert_eq!(signals, none, "{}", self.what);
        let others = |found: &Found| -> Vec<String> {
            let is_other =
                |line: &&String| !line.starts_with("Sig") && !but.iter().any(|but| line.starts_with(but));
            found.rest.iter().filter(is_other).cloned().collect()
        };
        let (own, callers) = (others(self), others(caller));
        let lacks = |all: &[String], line: &&String| !all.contains(line);
        let more: Vec<_> = own.iter().filter(|line| lacks(&callers, line)).collect();
        let less: Vec<_> = callers.iter().filter(|line| lacks(&own, line)).collect();
        assert!(more.is_empty() && less.is_empty(), "{}: {less:#?} became {more:#?}", self.what);
        let is = |line: &str| self.rest.iter().any(|found| found == line);
        assert!(is("NoNewPrivs:\t0") && is("Seccomp:\t0") && is("no_new_privs: 0"), "{}", self.what);
        self
    }
}

/// A shell command that looks at what the caller has, and then becomes the program.
fn strange(dir: &Path) -> String {
    let seen = dir.join("seen");
    std::fs::create_dir_all(&seen).unwrap();
    let seen = seen.display();
    std::fs::write(dir.join("probe"), PROBE).unwrap();
    let probe = format!("sh '{}'", dir.join("probe").display());
    format!("export SEEN='{seen}'\n{STRANGE}\n{STRANGER} {probe}\nset -- {STRANGER} \"$@\"\nexec \"$@\"")
}

#[test]
fn everything_below_a_scanner_finds_what_is_configured_and_nothing_else() {
    ours_only!(WHY);
    let sleeps = format!("{PROBE}\nexec sleep 100000");
    let mut scratch = None;
    let mut tree = Tree::launch(|scan| {
        let above = scan.dir().parent().unwrap().to_owned();
        scan.before(&strange(&above));
        let web = scan.service("web");
        web.run(&sleeps).finish(PROBE).script("crash", PROBE);
        web.file("notification-fd", "7\n").file("lock-fd", "11\n").file("restart-delay", "10\n");
        web.log().run(&format!("{PROBE}\nexec cat >>log")).finish(PROBE);
        let plain = scan.service("plain");
        plain.run(&sleeps).script("check", PROBE).finish(PROBE);
        // Process 1 of a namespace is not ended by SIGTERM.
        scan.service("spaced").run(&sleeps).file("timeout-kill", "1\n");
        if is_root() {
            scan.service("spaced").file("flag-newpidns", "");
        }
        scan.service("svscan-log").run(&format!("{PROBE}\nexec cat >>log"));
        for hook in ["SIGHUP", "SIGUSR1", "SIGINT"] {
            scan.hook(hook, PROBE);
        }
        scan.hook("finish", PROBE);
        scratch = Some(above);
    });
    let seen = scratch.unwrap().join("seen");
    let dir = tree.dir().display().to_string();
    let at = |name: &str| format!("{dir}/{name}");
    let caller = Found::read(&seen, tree.scratch().join("probe").to_str().unwrap());
    assert!(caller.descriptors.len() >= 7, "the caller is strange: {caller:#?}");
    assert!(caller.rest.iter().any(|line| line == "Umask:\t0027"), "{caller:#?}");
    let stopped = |line: &String| line.starts_with("SigBlk") && !line.ends_with(":\t0000000000000000");
    assert!(caller.rest.iter().any(stopped), "{caller:#?}");

    let run = Found::read(&seen, &at("web/run"));
    run.has_only(&[7, 11]).is_like(&caller, &[]);
    assert!(run.descriptors[&7].starts_with("pipe:"), "{run:#?}");
    assert!(run.descriptors[&11].ends_with("/web/supervise/service-lock"), "{run:#?}");
    let log = Found::read(&seen, &at("web/log/run"));
    log.has_only(&[]).is_like(&caller, &[]);
    assert_eq!(run.descriptors[&1], log.descriptors[&0], "the pipe between the two");
    assert_ne!(run.descriptors[&1], run.descriptors[&2]);
    for name in ["plain/run", "plain/check", "spaced/run", "svscan-log/run"] {
        Found::read(&seen, &at(name)).has_only(&[]).is_like(&caller, &[]);
    }

    // The scripts after a death, without the descriptors that are the service's own.
    tree.namespace().kill(tree.service("web").wait_up(), "KILL");
    for name in ["web/crash", "web/finish"] {
        Found::read(&seen, &at(name)).has_only(&[]).is_like(&caller, &[]);
    }
    for (signal, hook) in [(Signal::HUP, "SIGHUP"), (Signal::USR1, "SIGUSR1"), (Signal::INT, "SIGINT")] {
        tree.signal(signal);
        let hook = format!(".svscan/{hook}");
        Found::read(&seen, &at(&hook)).has_only(&[]).is_like(&caller, &[]);
    }
    tree.signal(Signal::TERM);
    assert_eq!(tree.wait_exit(), 0);
    for name in ["plain/finish", "web/log/finish", ".svscan/finish"] {
        Found::read(&seen, &at(name)).has_only(&[]).is_like(&caller, &[]);
    }
}

#[test]
fn scripts_of_a_container_find_nothing_else_either() {
    ours_only!(WHY);
    let stages = ["cont-init.d/1", "cont-finish.d/1", "services.d/web/finish"];
    let mut image = Image::new();
    let place = image.place().to_owned();
    let seen = place.join("seen");
    std::fs::create_dir(&seen).unwrap();
    for name in stages {
        image = image.script(name, PROBE);
    }
    let mut container = image
        .variable("SEEN", seen.to_str().unwrap())
        .variable("S6_STAGE2_HOOK", "sh /etc/hook")
        .script("hook", PROBE)
        .script("services.d/web/run", &format!("{PROBE}\nexec sleep 100000"))
        .script("cmd", &format!("{PROBE}\nexec sleep 100000"))
        .script("probe", PROBE)
        .before(&format!("export SEEN='{}'\n{STRANGE}\n{STRANGER} sh /etc/probe", seen.display()))
        .wrapped(&STRANGER.split(' ').collect::<Vec<_>>())
        .start(&["/etc/cmd"]);
    let caller = Found::read(&seen, "/etc/probe");
    // What a container gives its services and scripts is its own.
    let environment = &["env "][..];
    for name in ["/etc/hook", "/etc/cont-init.d/1", "/etc/cmd", "/run/service/web/run"] {
        Found::read(&seen, name).has_only(&[]).is_like(&caller, environment);
    }
    container.signal("TERM");
    container.wait_exit();
    for name in ["/run/service/web/finish", "/etc/cont-finish.d/1"] {
        Found::read(&seen, name).has_only(&[]).is_like(&caller, environment);
    }
}

#[test]
fn processor_of_a_logger_finds_nothing_else_and_command_of_a_proxy_what_there_was() {
    ours_only!(WHY);
    let scratch = Scratch::new();
    let seen = scratch.path().join("seen");
    let start = strange(scratch.path());
    for name in ["processor", "command"] {
        Service::at(scratch.path())
            .script(name, &format!("{PROBE}\nif test \"${{0##*/}}\" = processor; then cat; fi"));
    }
    let at = |name: &str| format!("{}/{name}", scratch.path().display());
    let caller = |program: &str, args: &[&str]| {
        let mut shell = Command::new("sh");
        shell.args(["-c", &start, "sh"]).arg(our_program(program)).args(args).current_dir(scratch.path());
        let answer = run(&mut shell);
        assert_eq!(answer.code, 0, "{program}: {answer:?}");
        Found::read(&seen, &at("probe"))
    };
    // These stand for the program that they are in front of: it finds what it would find without them.
    for program in ["svinit", "svrun"] {
        let found = caller(program, &["--", &at("command")]);
        let command = Found::read(&seen, &at("command"));
        assert_eq!(command.descriptors, found.descriptors, "{program}");
        match program {
            // It is a link in a chain, and hands on signals, too, but SIGPIPE: what that was, the Rust runtime forgets.
            "svrun" => {
                let ignored = |line: &String| match line.strip_prefix("SigIgn:\t") {
                    Some(set) => {
                        let set = u64::from_str_radix(set, 16).unwrap() & !Signal::PIPE.bit();
                        format!("SigIgn:\t{set:016x}")
                    }
                    None => line.clone(),
                };
                assert_eq!(command.rest, found.rest.iter().map(ignored).collect::<Vec<_>>());
            }
            _ => assert_eq!(command.is_like(&found, &[]).what, at("command")),
        }
        std::fs::remove_dir_all(&seen).unwrap();
        std::fs::create_dir(&seen).unwrap();
    }

    // Two lines, of which each fills a file.
    std::fs::write(scratch.path().join("lines"), "x\n".repeat(5000)).unwrap();
    let (svlog, processor) = (our_program("svlog").display().to_string(), at("processor"));
    let command = format!("exec '{svlog}' s4096 '!{processor}' ./log <lines");
    Service::at(scratch.path()).script("logs", &command);
    let found = caller("svrun", &[&at("logs")]);
    // The state of multilog, the old one and the new one. An execlineb in front of it puts itself on PATH.
    Found::read(&seen, &at("processor")).has_only(&[4, 5]).is_like(&found, &["env PATH="]);
}
