//! What is left of a service when its `run` has died, and how far `kill-mode` reaches.

#![forbid(unsafe_code)]

mod kit;

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use kit::{Namespace, Scan, Service, Supervisor, Tree, our_program, ours_only, run, text, wait_until};
use unix::{Pid, Signal};

/// What every script begins with: writes down who of the last life it meets.
const MEET: &str = "for p in $(cat pids 2>/dev/null); do \
    grep -qs 'State:.[^ZX]' /proc/$p/status && echo \"$0 met $p\" >>met; done";
/// A child in the process group of `run`.
const CHILD: &str = "sh -c 'echo $$ >>pids; exec sleep 1000' &";
/// One that ignores what asks it to end.
const DEAF: &str = "sh -c 'trap \"\" TERM; echo $$ >>pids; exec sleep 1000' &";
/// One in a session of its own.
const SESSION: &str = "setsid sh -c 'echo $$ >>pids; exec sleep 1000' &";
/// A daemon as it should be: its parent is gone, and the session is another one.
const DAEMON: &str = "sh -c 'setsid sh -c \"sh -c \\\"trap \\\\\\\"\\\\\\\" TERM; echo \\\\\\$\\\\\\$ >>pids; exec sleep 1000\\\" &\"' &";
/// Starts another one of itself each millisecond and dies: there is one of it at any time, under a pid that nobody
/// has seen. It is deaf, and where `$1` is not empty always in a new session.
const RUNNER: &str = "#!/usr/bin/perl\n\
    use POSIX; $SIG{TERM} = 'IGNORE'; $SIG{CHLD} = 'IGNORE';\n\
    while (1) { select undef, undef, undef, 0.001; my $p = fork; next unless defined $p; exit if $p;\n\
    POSIX::setsid() if length $ARGV[0]; }\n";
/// Starts another one of itself each millisecond, as those do; 400 in all, deaf.
const BROOD: &str = "#!/usr/bin/perl\n\
    $SIG{TERM} = 'IGNORE';\n\
    while (1) { select undef, undef, undef, 0.001;\n\
    open my $f, '>>', 'brood'; sleep 1000 if -s $f >= 400; my $p = fork; syswrite $f, 'x' if $p; }\n";

/// `run` with these members in its company, which it waits for.
fn company(web: &Service, members: &[&str]) {
    let start = members.join("\n");
    let count = members.len();
    web.run(&format!(
        "{MEET}\n: >pids\n{start}\nuntil [ $(wc -l <pids) = {count} ]; do sleep 0.01; done\n\
         echo $$ >>started\nexec sleep 1000"
    ));
    web.script("crash", MEET).finish(&format!("{MEET}\necho done >>finished"));
    web.file("timeout-kill", "300\n");
}

/// Every mode with the members that it reaches.
fn modes() -> Vec<(&'static str, Vec<&'static str>)> {
    let all = vec![CHILD, DEAF, SESSION, DAEMON];
    let mut modes = vec![("group", vec![CHILD, DEAF]), ("tree", all.clone())];
    if has_cgroups() {
        modes.push(("cgroup", all));
    }
    modes
}

/// Where our cgroup is, if one can be made below it.
fn own_cgroup() -> Option<PathBuf> {
    let own = text("/proc/self/cgroup");
    let own = own.lines().find_map(|line| line.strip_prefix("0::/"))?.to_owned();
    let mounts = text("/proc/self/mounts");
    let mount = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>()).find(|f| f[2] == "cgroup2")?;
    Some(PathBuf::from(mount[1]).join(own))
}

fn has_cgroups() -> bool {
    let name = format!("suite-test-{}-{:?}", std::process::id(), std::thread::current().id());
    let cgroup = sys::cgroup::Cgroup::below_own(OsStr::new(&name));
    match cgroup.and_then(|cgroup| cgroup.make().map(|_| cgroup)) {
        Ok(cgroup) => {
            cgroup.remove();
            true
        }
        Err(error) => {
            println!("not tested: kill-mode cgroup: no cgroup can be made: {error}");
            false
        }
    }
}

/// The cgroup that `web` has while it runs.
fn cgroup_of(web: &Service) -> PathBuf {
    let here = std::fs::metadata(web.dir()).unwrap();
    let suffix = format!("@{:x}-{:x}", here.dev(), here.ino());
    let entries = std::fs::read_dir(own_cgroup().unwrap()).unwrap();
    let found = entries.flatten().map(|entry| entry.path());
    found.into_iter().find(|path| path.to_string_lossy().ends_with(&suffix)).unwrap_or_default()
}

/// Everything that lives in a namespace beside programs of ours, by its command line.
fn strangers(namespace: &Namespace) -> Vec<String> {
    let ours = ["first-process", "supervise", "svscan"];
    let is_ours = |line: &str| ours.iter().any(|name| line.split(' ').next().unwrap().ends_with(name));
    let lines = namespace.processes().into_iter().map(|(_, line)| line);
    lines.filter(|line| !line.is_empty() && !is_ours(line)).collect()
}

#[track_caller]
fn assert_nobody(namespace: &Namespace, when: &str) {
    let left = strangers(namespace);
    assert!(left.is_empty(), "{when}: {left:?}");
}

/// Some have helped others to start, and are about to end; one that is just executing has no command line.
#[track_caller]
fn wait_company(namespace: &Namespace, count: usize) {
    wait_until("a company of just that size", || strangers(namespace).len() == count);
}

#[track_caller]
fn assert_met_nobody(web: &Service, mode: &str) {
    assert_eq!(web.lines("met"), [""; 0], "{mode}");
}

/// Also who is quick sees its supervisor say first that it is up.
#[track_caller]
fn bring_down(web: &Service) {
    web.wait_up();
    web.command("d");
    web.wait_down();
}

fn pids(web: &Service) -> Vec<Pid> {
    web.lines("pids").iter().map(|line| Pid::new(line.parse().unwrap()).unwrap()).collect()
}

#[test]
fn nothing_is_left_after_down() {
    ours_only!("s6 has no kill-mode");
    for (mode, members) in modes() {
        let web = Supervisor::start(|web| {
            web.file("kill-mode", mode);
            company(web, &members);
        });
        web.wait_lines("started", 1);
        wait_company(web.namespace(), members.len() + 1);
        bring_down(&web);
        assert_nobody(web.namespace(), mode);
        assert_eq!(web.lines("finished").len(), 1);
        assert_met_nobody(&web, mode);
        assert!(web.messages().contains("what run left behind is still alive: killing it"), "{mode}");
    }
}

#[test]
fn supervisor_that_is_told_to_exit_leaves_nothing_behind() {
    ours_only!("s6 has no kill-mode");
    for (mode, members) in modes() {
        let web = Supervisor::start(|web| {
            web.file("kill-mode", mode);
            company(web, &members);
        });
        web.wait_lines("started", 1);
        web.namespace().kill(web.pid(), "TERM");
        assert_eq!(web.wait_exit(), 0);
        assert_nobody(web.namespace(), mode);
        assert_met_nobody(&web, mode);
    }
}

#[test]
fn next_instance_and_the_scripts_meet_nobody_of_the_last_after_restart_and_after_crash() {
    ours_only!("s6 has no kill-mode");
    for (mode, members) in modes() {
        for signal in ["r", "k", "b"] {
            let web = Supervisor::start(|web| {
                web.file("kill-mode", mode).file("restart-delay", "0\n");
                company(web, &members);
            });
            web.wait_lines("started", 1);
            if signal == "b" {
                // A crash, for nobody asked for it.
                web.namespace().kill(web.wait_up(), "SEGV");
            } else {
                web.command(signal);
            }
            web.wait_lines("started", 2);
            assert_met_nobody(&web, mode);
            wait_company(web.namespace(), members.len() + 1);
            // A cgroup would outlive its namespace.
            bring_down(&web);
        }
    }
}

#[test]
fn nothing_is_left_below_a_scanner_that_is_process_1_and_the_tool_waits_for_that() {
    ours_only!("s6 has no kill-mode");
    for (mode, members) in modes() {
        let tree = Tree::start(|scan: &mut Scan| {
            let web = scan.service("web");
            web.file("kill-mode", mode);
            company(&web, &members);
        });
        let web = tree.service("web");
        web.wait_lines("started", 1);
        let svctl = our_program("svctl");
        let answer = run(Command::new(&svctl).args(["down", "--wait", "web"]).current_dir(tree.dir()));
        assert_eq!(answer.code, 0, "{answer:?}");
        assert_nobody(tree.namespace(), mode);
        assert_eq!(web.lines("finished").len(), 1);
        run(Command::new(&svctl).args(["up", "--wait", "web"]).current_dir(tree.dir()));
        web.wait_lines("started", 2);
        tree.namespace().kill(web.wait_up(), "SEGV");
        web.wait_lines("started", 3);
        assert_met_nobody(&web, mode);
        wait_company(tree.namespace(), members.len() + 1);
        bring_down(&web);
    }
}

#[test]
fn nobody_escapes_by_starting_others_all_the_time() {
    ours_only!("s6 has no kill-mode");
    for (mode, _) in modes() {
        let web = Supervisor::start(|web| {
            web.executable("runner", RUNNER).executable("brood", BROOD).executable("more", BROOD);
            web.file("kill-mode", mode).file("timeout-kill", "100\n");
            let apart = if mode == "group" { "''" } else { "yes" };
            web.run(&format!("./runner {apart} & ./more & echo >>started; exec sleep 1000"));
            web.finish("echo done >>finished");
        });
        wait_until("a few hundred processes", || text(web.path("brood")).len() > 300);
        wait_until("the runner", || strangers(web.namespace()).iter().any(|line| line.contains("runner")));
        let start = Instant::now();
        bring_down(&web);
        println!("kill-mode {mode}: {:?}", start.elapsed());
        assert_nobody(web.namespace(), mode);
        assert_eq!(web.lines("finished").len(), 1);
    }
}

#[test]
fn run_that_does_not_obey_is_killed_with_everything_after_timeout_kill() {
    ours_only!("s6 has no kill-mode");
    for (mode, members) in modes() {
        let web = Supervisor::start(|web| {
            company(web, &members);
            let script = text(web.path("run")).replace("#!/bin/sh", "#!/bin/sh\ntrap '' TERM");
            web.executable("run", script).file("kill-mode", mode);
        });
        web.wait_lines("started", 1);
        let start = Instant::now();
        bring_down(&web);
        assert!(start.elapsed() >= Duration::from_millis(300));
        assert_nobody(web.namespace(), mode);
        assert_met_nobody(&web, mode);
        assert_eq!(web.record().last_exit.signal(), Some(Signal::KILL));
    }
}

#[test]
fn who_ends_when_he_is_asked_is_not_killed_and_who_is_stopped_hears_it() {
    ours_only!("s6 has no kill-mode");
    let polite = "setsid perl -e '$SIG{USR1} = sub { open my $f, \">>\", \"told\"; \
                  syswrite $f, \"told\\n\"; exit }; open my $f, \">>\", \"pids\"; syswrite $f, \"$$\\n\"; \
                  close $f; kill STOP => $$; sleep 1 while 1' &";
    for (mode, _) in modes() {
        let polite = if mode == "group" { polite.replace("setsid ", "") } else { polite.to_owned() };
        let web = Supervisor::start(|web| {
            company(web, &[&polite]);
            web.file("kill-mode", mode).file("timeout-kill", "60000").file("down-signal", "USR1");
        });
        web.wait_lines("started", 1);
        wait_until("it to be stopped", || web.namespace().state(pids(&web)[0]) == Some('T'));
        bring_down(&web);
        assert_eq!(web.lines("told"), ["told"], "{mode}");
        assert_nobody(web.namespace(), mode);
        assert!(!web.messages().contains("killing"), "{}", web.messages());
    }
}

#[test]
fn record_shows_finishing_and_finish_waits_while_the_rest_is_ended() {
    ours_only!("s6 has no kill-mode");
    let (web, listener) = Supervisor::start_and_listen(|web| {
        company(web, &[DEAF]);
        web.file("kill-mode", "tree").file("timeout-kill", "60000");
    });
    web.wait_lines("started", 1);
    web.command("d");
    web.wait_record("finishing", |record| record.finishing && record.pid.is_none());
    listener.expect("sud");
    let svctl = our_program("svctl");
    let answer = run(Command::new(&svctl).arg("why").arg(web.dir()));
    assert!(answer.out.contains("what it left behind is being ended"), "{}", answer.out);
    assert_eq!(web.lines("finished"), [""; 0]);
    // Commands are heard meanwhile, and one that kills does not wait.
    web.command("u");
    web.wait_record("wanted up", |record| record.wanted_up);
    web.command("k");
    web.wait_lines("started", 2);
    listener.expect("Du");
    assert_met_nobody(&web, "tree");
}

#[test]
fn service_that_left_nothing_is_down_at_once() {
    ours_only!("s6 has no kill-mode");
    for (mode, _) in modes() {
        let (web, listener) = Supervisor::start_and_listen(|web| {
            web.sleeps().file("kill-mode", mode);
        });
        web.wait_up();
        web.command("d");
        listener.expect("sudD");
        let is_clean = mode != "cgroup" || !cgroup_of(&web).exists();
        assert!(is_clean, "{}", cgroup_of(&web).display());
    }
}

#[test]
fn cgroup_is_the_services_own_and_goes_with_it() {
    ours_only!("s6 has no kill-mode");
    if !has_cgroups() {
        return;
    }
    let web = Supervisor::start(|web| {
        company(web, &[DEAF, DAEMON]);
        web.file("kill-mode", "cgroup");
    });
    web.wait_lines("started", 1);
    let cgroup = cgroup_of(&web);
    assert!(cgroup.file_name().unwrap().to_string_lossy().starts_with("web@"), "{}", cgroup.display());
    // What it makes below goes too.
    std::fs::create_dir(cgroup.join("below")).unwrap();
    assert_eq!(text(cgroup.join("cgroup.procs")).lines().count(), 3);
    bring_down(&web);
    assert!(!cgroup.exists());
    assert_nobody(web.namespace(), "cgroup");
}

#[test]
fn tree_is_taken_where_no_cgroup_can_be_made_and_that_is_said() {
    ours_only!("s6 has no kill-mode");
    let Some(own) = own_cgroup().filter(|_| kit::is_root() && has_cgroups()) else { return };
    let mounts = text("/proc/self/mounts");
    let mount = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>()).find(|f| f[2] == "cgroup2");
    let point = mount.unwrap()[1].to_owned();
    for (shell, why) in [
        (format!("mount -o remount,bind,ro {point}"), "Read-only file system"),
        (format!("umount {point}"), "no cgroup file system of version 2 is mounted"),
    ] {
        let web = Supervisor::start_by(&format!("{shell} && exec \"$@\""), |web| {
            company(web, &[DEAF, DAEMON]);
            web.file("kill-mode", "cgroup");
        });
        web.wait_lines("started", 1);
        bring_down(&web);
        assert_nobody(web.namespace(), why);
        let said = format!(
            "kill-mode is cgroup, but no cgroup can be made below that of the supervisor: {why}; using tree"
        );
        assert!(web.messages().contains(&said), "{}\n{}", own.display(), web.messages());
    }
}

#[test]
fn who_may_not_be_signalled_is_named_and_nobody_waits_for_him() {
    ours_only!("s6 has no kill-mode");
    if !kit::is_root() {
        println!("not tested: only root can make a program that becomes root");
        return;
    }
    for mode in ["group", "tree"] {
        let becomes_root = "./perl -e '$< = $>; $ENV{PATH} = \"/bin\"; open my $f, \">>\", \"pids\"; \
                            syswrite $f, \"$$\\n\"; exec {\"/bin/sleep\"} \"sleep\", \"1000\"' &";
        let shell = "cp /usr/bin/perl web/perl && chown -R 65534 . && chown 0 web/perl && \
                     chmod 4755 web/perl && exec setpriv --reuid 65534 --clear-groups \"$@\"";
        let web = Supervisor::start_by(shell, |web| {
            company(web, &[DEAF, becomes_root]);
            web.file("kill-mode", mode).file("timeout-kill", "200");
        });
        web.wait_lines("started", 1);
        bring_down(&web);
        assert_eq!(strangers(web.namespace()), ["sleep 1000"], "{mode}");
        let said = "what run left behind belongs to another user and cannot be killed; going on";
        assert!(web.messages().contains(said), "{}", web.messages());
    }
}

#[test]
fn service_in_a_pid_namespace_of_its_own_is_ended_as_any_other() {
    ours_only!("s6 has no kill-mode");
    for (mode, _) in modes() {
        let web = Supervisor::start(|web| {
            web.run("setsid sleep 1000 & trap 'exit 0' TERM; echo >>started; wait");
            web.file("kill-mode", mode).file("flag-newpidns", "");
        });
        web.wait_lines("started", 1);
        if mode == "cgroup" {
            wait_until("both in the cgroup", || {
                text(cgroup_of(&web).join("cgroup.procs")).lines().count() == 2
            });
        }
        bring_down(&web);
        assert_nobody(web.namespace(), mode);
    }
}

#[test]
fn child_that_the_supervisor_was_started_with_is_not_the_services() {
    ours_only!("s6 has no kill-mode");
    let web = Supervisor::start_by("{ sleep 2000 & exec \"$@\"; }", |web| {
        company(web, &[DEAF]);
        web.file("kill-mode", "tree");
    });
    web.wait_lines("started", 1);
    bring_down(&web);
    assert_eq!(strangers(web.namespace()), ["sleep 2000"]);
}

#[test]
fn essential_service_that_crashes_takes_its_rest_along() {
    ours_only!("s6 has no kill-mode");
    let mut tree = Tree::start(|scan: &mut Scan| {
        let web = scan.service("web");
        company(&web, &[DEAF, DAEMON]);
        web.file("kill-mode", "tree").file("essential", "");
        // Asked when everything is over, by the same process 1.
        let left = scan.dir().join("left");
        let look = format!("cat /proc/[0-9]*/cmdline | tr '\\0' ' ' >{}; exit $1", left.display());
        scan.hook("finish", &look);
    });
    let web = tree.service("web");
    web.wait_lines("started", 1);
    tree.namespace().kill(web.wait_up(), "SEGV");
    assert_eq!(tree.wait_exit(), 128 + 11);
    assert_met_nobody(&web, "tree");
    let left = text(tree.dir().join("left"));
    assert!(left.contains("finish") && !left.contains("sleep"), "{left}");
}

#[test]
fn mode_is_read_at_each_start() {
    ours_only!("s6 has no kill-mode");
    let web = Supervisor::start(|web| company(web, &[DEAF, SESSION]));
    web.wait_lines("started", 1);
    web.file("kill-mode", "tree").command("r");
    web.wait_lines("started", 2);
    let met = web.lines("met").len();
    assert!(met > 0, "the first life had the mode process");
    web.file("kill-mode", "everything").command("r");
    web.wait_lines("started", 3);
    assert_eq!(web.lines("met").iter().filter(|line| line.contains("run")).count(), met / 2);
    let said = "kill-mode holds \"everything\" instead of process, group, tree or cgroup; using process";
    assert!(web.messages().contains(said), "{}", web.messages());
}

#[test]
fn group_and_process_leave_who_is_not_meant() {
    ours_only!("s6 has no kill-mode");
    for (mode, left) in [("group", 2), ("process", 4)] {
        let web = Supervisor::start(|web| {
            company(web, &[CHILD, DEAF, SESSION, DAEMON]);
            web.file("kill-mode", mode);
        });
        web.wait_lines("started", 1);
        bring_down(&web);
        wait_company(web.namespace(), left);
    }
}

#[test]
fn people_are_told_who_has_survived_a_stop() {
    ours_only!("s6 has no kill-mode");
    let tree = Tree::start(|scan: &mut Scan| {
        company(&scan.service("web"), &[CHILD, DEAF]);
        company(&scan.service("tidy"), &[CHILD]);
        scan.service("tidy").file("kill-mode", "tree");
    });
    for name in ["web", "tidy"] {
        tree.service(name).wait_lines("started", 1);
        bring_down(&tree.service(name));
    }
    let svctl = our_program("svctl");
    let ask = |verb: &str, names: &[&str]| {
        let mut words = vec![svctl.to_str().unwrap(), verb, "-C", tree.dir().to_str().unwrap()];
        words.extend(names);
        let answer = tree.namespace().inside(&words);
        assert_eq!(answer.code, 0, "{answer:?}");
        answer.out
    };
    let [child, deaf] = pids(&tree.service("web"))[..] else { panic!("two members") };
    let why = ask("why", &["web"]);
    let said = [
        format!("2 processes of its last run still live: {child} (sleep), {deaf} (sleep)"),
        format!("2 processes of its last run still live: {deaf} (sleep), {child} (sleep)"),
    ];
    assert!(said.iter().any(|said| why.contains(said)), "{why}");
    assert!(why.contains("kill-mode"), "{why}");
    assert!(!ask("why", &["tidy"]).contains("still live"));
    let shown = ask("tree", &[]);
    let left: Vec<_> = shown.lines().filter(|line| line.contains("left by its last run")).collect();
    assert_eq!(left.len(), 2, "{shown}");
    assert!(left.iter().all(|line| line.contains("sleep 1000")), "{shown}");
}
