//! `svrun`: what each option does to the program that is executed, in which order, and what is refused.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kit::{Answer, Running, Scratch, is_root, our_program, ours_only, run, text, wait_until};

/// A directory to work in, and who works there.
struct Bench {
    scratch: Scratch,
    uid: Option<&'static str>,
}

impl Bench {
    fn new() -> Bench {
        Bench { scratch: Scratch::new(), uid: None }
    }

    /// Where everything is done by somebody without rights.
    fn of_nobody() -> Bench {
        let bench = Bench { scratch: Scratch::new(), uid: is_root().then_some("65534") };
        std::fs::set_permissions(bench.scratch.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn write(&self, name: &str, content: &str) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = match self.uid {
            Some(uid) => {
                let mut setpriv = Command::new("setpriv");
                setpriv.args(["--reuid", uid, "--regid", uid, "--clear-groups"]).arg(our_program("svrun"));
                setpriv
            }
            None => Command::new(our_program("svrun")),
        };
        command.args(words).current_dir(self.scratch.path());
        command.env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin");
        command
    }

    #[track_caller]
    fn run(&self, words: &[&str]) -> Answer {
        run(&mut self.command(words))
    }

    /// What it prints where all is well.
    #[track_caller]
    fn out(&self, words: &[&str]) -> String {
        let answer = self.run(words);
        assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{words:?}: {}", answer.out);
        answer.out
    }

    /// The message, without the name of the program, of a call that ends so.
    #[track_caller]
    fn fails(&self, words: &[&str], code: i32) -> String {
        let answer = self.run(words);
        assert_eq!(answer.code, code, "{words:?}: {}{}", answer.out, answer.err);
        answer.err.strip_prefix("svrun: ").unwrap_or(&answer.err).trim_end().to_owned()
    }
}

/// Says so where a test needs root, and is not.
fn without_root() -> bool {
    if !is_root() {
        println!("not root: not tried");
    }
    !is_root()
}

#[test]
fn user_has_his_groups_and_his_home() {
    ours_only!("svrun is our own");
    if without_root() {
        return;
    }
    let bench = Bench::new();
    let show = "grep -E '^(Uid|Gid|Groups)' /proc/$$/status | cut -f2-; echo $HOME $USER $LOGNAME";
    let told = |options: &[&str]| bench.out(&[options, &["sh", "-c", show]].concat());
    assert_eq!(told(&["-u", "daemon"]), "1\t1\t1\t1\n1\t1\t1\t1\n1 \n/usr/sbin daemon daemon\n");
    assert_eq!(told(&["-u", "1"]), told(&["-u", "daemon"]));
    assert_eq!(told(&["-u", "daemon:adm"]), "1\t1\t1\t1\n4\t4\t4\t4\n4 \n/usr/sbin daemon daemon\n");
    // Without an entry anywhere: a group of the same number, which is not root's.
    assert_eq!(
        told(&["--user", "4242"]),
        "4242\t4242\t4242\t4242\n4242\t4242\t4242\t4242\n4242 \n/ 4242 4242\n"
    );
    assert_eq!(told(&["-u", "4242:7"]), "4242\t4242\t4242\t4242\n7\t7\t7\t7\n7 \n/ 4242 4242\n");
    assert!(told(&["-u", "daemon", "--groups", "adm,9"]).contains("\n1 4 9 \n"));
    assert!(told(&["-u", "daemon", "-s", "HOME=/x"]).ends_with("/x daemon daemon\n"));
    let ids = bench.out(&["-i", "-U", "daemon:adm", "/usr/bin/env"]);
    assert_eq!(ids, "UID=1\nGID=4\nGIDLIST=4\n");
    for user in ["nosuch", "daemon:nosuch"] {
        assert!(bench.fails(&["-u", user, "true"], 100).ends_with("nosuch: no such user or group"));
    }
    for words in [
        &["-u", "", "true"][..],
        &["-u", ":5", "true"],
        &["-u", "daemon:", "true"],
        &["--groups", "1", "true"],
    ] {
        bench.fails(words, 100);
    }
}

#[test]
fn user_of_the_group_file_is_a_member() {
    ours_only!("svrun is our own");
    if without_root() {
        return;
    }
    // Lists of our own, in a mount namespace of our own.
    let bench = Bench::new();
    let passwd = bench.write("passwd", "web:x:300:301::/srv/web:/bin/sh\n");
    let group = bench.write("group", "web:x:301:\nlogs:x:302:other,web\nmail:x:303:webber\ndata:x:304:web\n");
    let svrun = our_program("svrun").display().to_string();
    let script = format!(
        "mount --bind {passwd} /etc/passwd && mount --bind {group} /etc/group && \
         {svrun} -u web grep Groups /proc/self/status && {svrun} -u 300:data grep Groups /proc/self/status && \
         mount --bind /dev/null /etc/passwd && umount /etc/group && {svrun} -u 77 sh -c 'echo $HOME; id -u' && \
         mount -t tmpfs none /etc && {svrun} -u 78 sh -c 'echo $USER; id -g' && ! {svrun} -u web true"
    );
    let answer = run(Command::new("unshare").args(["-m", "sh", "-c", &script]));
    assert_eq!(answer.out, "Groups:\t301 302 304 \nGroups:\t302 304 \n/\n77\n78\n78\n", "{}", answer.err);
}

#[test]
fn user_that_it_is_already_needs_no_privilege() {
    ours_only!("svrun is our own");
    let bench = Bench::of_nobody();
    let uid = if is_root() { "65534".to_owned() } else { sys::users::own().to_string() };
    assert_eq!(bench.out(&["-u", &uid, "id", "-u"]).trim(), uid);
    let message = bench.fails(&["-u", "1", "true"], 111);
    assert!(message.ends_with("Operation not permitted"), "{message}");
}

#[test]
fn user_namespace_of_one_user_is_enough() {
    ours_only!("svrun is our own");
    let svrun = our_program("svrun").display().to_string();
    let mut unshare = match is_root() {
        true => Command::new("setpriv"),
        false => Command::new("unshare"),
    };
    if is_root() {
        unshare.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "unshare"]);
    }
    let answer =
        run(unshare.args(["--map-root-user", &svrun, "-u", "root", "sh", "-c", "id -u; echo $HOME"]));
    if answer.err.starts_with("unshare:") {
        println!("no user namespaces for everybody here: {}", answer.err);
        return;
    }
    assert_eq!((answer.code, answer.out.as_str()), (0, "0\n/root\n"), "{}", answer.err);
}

#[test]
fn environment_is_what_was_asked_for() {
    ours_only!("svrun is our own");
    let bench = Bench::new();
    bench.write("env/A", "1 \nmore\n");
    bench.write("env/B", "");
    bench.write("file", "# comment\n\nC=\"2 3\"\r\nexport D='x'\nE=a=b\n");
    bench.write("wrong", "A=1\nnonsense\n");
    let env = |words: &[&str]| bench.out(&[words, &["/usr/bin/env"]].concat());
    assert_eq!(env(&["-i", "-s", "A=1=2", "-s", "B="]), "A=1=2\nB=\n");
    assert_eq!(env(&["-k", "PATH,NOSUCH"]), "PATH=/usr/bin:/bin:/usr/sbin\n");
    assert_eq!(env(&["-i", "-s", "B=0", "-e", "env"]), "A=1\n");
    // In the order of the command line.
    assert_eq!(env(&["-i", "-e", "env", "-s", "A=2"]), "A=2\n");
    assert_eq!(env(&["-i", "-s", "A=2", "-e", "env"]), "A=1\n");
    assert_eq!(env(&["-i", "-E", "file", "-x", "D"]), "C=2 3\nE=a=b\n");
    assert_eq!(bench.fails(&["-E", "wrong", "true"], 100), "wrong:2: not NAME=VALUE");
    assert_eq!(
        bench.fails(&["-e", "nosuch", "true"], 111),
        "unable to read nosuch: No such file or directory"
    );
    for words in
        [&["-s", "A", "true"][..], &["-s", "=1", "true"], &["-x", "A=1", "true"], &["-x", "", "true"]]
    {
        bench.fails(words, 100);
    }
    // The new PATH is searched.
    let bin = bench.write("bin/tool", "#!/bin/sh\necho found\n");
    std::fs::set_permissions(bin, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("PATH={}", bench.path("bin").display());
    assert_eq!(bench.out(&["-s", &path, "tool"]), "found\n");
}

#[test]
fn secrets_come_from_files() {
    ours_only!("svrun is our own");
    let bench = Bench::new();
    let [one, two] = [bench.write("one", "hush\n\n"), bench.write("two", "a\nb")];
    let [one, two] = [format!("ONE_FILE={one}"), format!("TWO_FILE={two}")];
    let env = |words: &[&str]| {
        let set = ["-i", "-s", &one, "-s", &two];
        bench.out(&[&set, words, &["/usr/bin/env"]].concat())
    };
    assert_eq!(env(&["--secrets"]), "ONE=hush\nTWO=a\nb\n");
    assert_eq!(env(&["--secrets=ONE,THREE"]), format!("{two}\nONE=hush\n"));
    let both = ["-s", &one, "-s", "ONE=x", "--secrets", "true"];
    assert_eq!(bench.fails(&both, 100), "ONE and ONE_FILE are both set");
    let missing = bench.fails(&["-s", "A_FILE=/nosuch", "--secrets", "true"], 111);
    assert_eq!(missing, "unable to read /nosuch, for A: No such file or directory");
    // Read before the user changes, who could not.
    if is_root() {
        std::fs::set_permissions(bench.path("one"), std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(bench.out(&["-u", "nobody", "--secrets", "-s", &one, "sh", "-c", "echo $ONE"]), "hush\n");
    }
}

#[test]
fn place_and_mask() {
    ours_only!("svrun is our own");
    let bench = Bench::new();
    bench.write("dir/x", "");
    assert!(bench.out(&["-C", "dir", "pwd"]).ends_with("/dir\n"));
    assert_eq!(bench.out(&["--umask", "027", "sh", "-c", "umask"]), "0027\n");
    assert_eq!(
        bench.fails(&["-C", "nosuch", "true"], 111),
        "unable to change the directory to nosuch: No such file or directory"
    );
    for mask in ["", "8", "1000", "+7", "x"] {
        bench.fails(&["-m", mask, "true"], 100);
    }
    if !without_root() {
        // The program is one of the new root; what is read and opened before is not.
        bench.write("env/A", "1\n");
        std::fs::copy("/bin/busybox", bench.path("busybox")).expect("busybox is installed");
        let dir = bench.scratch.path().display().to_string();
        let words =
            ["-R", &dir, "-e", "env", "-C", "dir", "-r", ">out", "/busybox", "sh", "-c", "pwd; echo $A"];
        assert_eq!(bench.out(&words), "");
        assert_eq!(text(bench.path("out")), "/dir\n1\n");
    }
}

#[test]
fn limits_are_set_or_refused() {
    ours_only!("svrun is our own");
    let bench = Bench::of_nobody();
    let limits = |limit: &str| bench.out(&["-l", limit, "sh", "-c", "ulimit -Sn; ulimit -Hn"]);
    assert_eq!(limits("nofile=64:128"), "64\n128\n");
    assert_eq!(limits("nofile=hard:128"), "128\n128\n");
    assert_eq!(limits("nofile=:60"), "60\n60\n");
    assert_eq!(
        bench.out(&["-l", "as=1g", "-l", "core=0", "sh", "-c", "ulimit -v; ulimit -c"]),
        "1048576\n0\n"
    );
    let above = [
        "-l",
        "nofile=64:128",
        "--",
        &our_program("svrun").display().to_string(),
        "-l",
        "nofile=129",
        "true",
    ];
    assert_eq!(bench.fails(&above, 100), "unable to set the limit nofile: above the hard limit, 128");
    for limit in ["nofile", "files=1", "nofile=", "nofile=1x"] {
        bench.fails(&["-l", limit, "true"], 100);
    }
    let raised = [
        "-l",
        "nofile=64:128",
        "--",
        &our_program("svrun").display().to_string(),
        "-l",
        "nofile=64:129",
        "true",
    ];
    assert_eq!(bench.fails(&raised, 111), "unable to set the limit nofile: Operation not permitted");
}

#[test]
fn priorities() {
    ours_only!("svrun is our own");
    let bench = Bench::of_nobody();
    // The tests themselves may have been told to be nice.
    let own: i32 = bench.out(&["nice"]).trim().parse().unwrap();
    assert_eq!(bench.out(&["-n", "3", "nice"]), format!("{}\n", (own + 3).min(19)));
    assert_eq!(bench.out(&["--io-priority", "idle", "ionice"]), "idle\n");
    assert_eq!(bench.out(&["--io-priority=best-effort:6", "ionice"]), "best-effort: prio 6\n");
    assert_eq!(bench.out(&["--oom-score", "900", "cat", "/proc/self/oom_score_adj"]), "900\n");
    let cpus = bench.out(&["--cpus", "0", "grep", "Cpus_allowed_list", "/proc/self/status"]);
    assert_eq!(cpus, "Cpus_allowed_list:\t0\n");
    assert_eq!(bench.fails(&["-n", "-1", "true"], 111), "unable to change the nice value: Permission denied");
    assert_eq!(
        bench.fails(&["--cpus", "1000", "true"], 111),
        "unable to choose the processors: Invalid argument"
    );
    for words in [
        ["--io-priority", "best", "true"],
        ["--io-priority", "best-effort:8", "true"],
        ["--oom-score", "1001", "true"],
        ["--cpus", "2-1", "true"],
        ["--cpus", "99999", "true"],
        ["-n", "x", "true"],
    ] {
        bench.fails(&words, 100);
    }
}

#[test]
fn session_and_group() {
    ours_only!("svrun is our own");
    let bench = Bench::new();
    let show = "set -- $(cat /proc/$$/stat); [ $1 = $5 ] && echo group; [ $1 = $6 ] && echo session; :";
    assert_eq!(bench.out(&["-S", "sh", "-c", show]), "group\nsession\n");
    assert_eq!(bench.out(&["--process-group", "sh", "-c", show]), "group\n");
    let again = ["-S", &our_program("svrun").display().to_string(), "-S", "true"];
    assert_eq!(bench.fails(&again, 111), "unable to start a session: Operation not permitted");
}

#[test]
fn lock_is_held_as_long_as_anybody_has_it() {
    ours_only!("svrun is our own");
    let bench = Bench::new();
    // The program ends at once; what it left behind has the lock.
    let hold = "(while [ ! -e go ]; do sleep 0.01; done) >/dev/null 2>&1 &";
    bench.out(&["-L", "lock", "sh", "-c", hold]);
    assert_eq!(
        bench.fails(&["--try-lock", "lock", "true"], 111),
        "unable to lock lock: another process holds it"
    );
    let start = Instant::now();
    let late = bench.fails(&["-L", "lock", "--lock-timeout", "50", "true"], 99);
    assert_eq!(late, "timed out; another process still holds lock");
    assert!(start.elapsed() >= Duration::from_millis(50));
    // The alarm that ends the wait may have been blocked.
    let blocked = "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM]); \
                   os.execv(sys.argv[1], sys.argv[1:])";
    let svrun = our_program("svrun").display().to_string();
    let words = ["-c", blocked, &svrun, "-L", "lock", "--lock-timeout", "50", "true"];
    assert_eq!(run(Command::new("python3").args(words).current_dir(bench.scratch.path())).code, 99);
    let mut waiting = Running::start(&mut bench.command(&["-L", "lock", "echo", "mine"]));
    let mut patient = Running::start(&mut bench.command(&[
        "-L",
        "lock",
        "--lock-timeout",
        "60000",
        "cat",
        "/proc/self/stat",
    ]));
    assert!(!waiting.has_ended() && !patient.has_ended());
    bench.write("go", "");
    assert_eq!(waiting.finish().out, "mine\n");
    assert_eq!(patient.finish().code, 0);
    assert_eq!(
        bench.fails(&["--lock-timeout", "5", "true"], 100).split(';').next(),
        Some("--lock-timeout without --lock")
    );
    assert_eq!(
        bench.fails(&["-L", "no/lock", "true"], 111),
        "unable to open no/lock: No such file or directory"
    );
}

#[test]
fn lock_is_kept_whatever_happens_to_other_descriptors() {
    ours_only!("svrun is our own");
    let bench = Bench::new();
    let inner = format!("{} --try-lock lock true 2>/dev/null; echo $?", our_program("svrun").display());
    // The lock is at 3 when nothing else is open.
    for options in [&["-c", "3-"][..], &["-r", "3>out"], &["-r", "3>&1", "-c", "3-"], &["-r", "3>&-"]] {
        let words = [&["-L", "lock"], options, &["sh", "-c", &inner]].concat();
        assert_eq!(bench.out(&words), "111\n", "{options:?}");
    }
    assert_eq!(bench.out(&["sh", "-c", &inner]), "0\n");
}

#[test]
fn descriptors_are_as_in_the_shell() {
    ours_only!("svrun is our own");
    let bench = Bench::new();
    bench.write("in", "input\n");
    bench.out(&["-r", "<in", "-r", ">out", "-r", "2>&1", "sh", "-c", "cat; ls /nosuch/x; :"]);
    let told = text(bench.path("out"));
    assert!(told.starts_with("input\n") && told.contains("/nosuch/x"), "{told}");
    bench.out(&["-r", "7>>out", "sh", "-c", "echo more >&7"]);
    assert!(text(bench.path("out")).ends_with("more\n"));
    let open = "for fd in 0 1 2 5 6; do [ -e /proc/$$/fd/$fd ] && echo $fd; done; :";
    assert_eq!(bench.out(&["-r", "5<in", "-r", "6<&5", "-c", "0,5", "sh", "-c", open]), "1\n2\n6\n");
    assert_eq!(bench.out(&["-r", "5<in", "-c", "3-", "sh", "-c", open]), "0\n1\n2\n");
    // Closed only for the program: that it cannot be executed is still said.
    assert_eq!(bench.fails(&["-c", "2", "nosuch"], 127), "unable to execute nosuch: not found on PATH");
    assert_eq!(
        bench.fails(&["-r", "5>&77", "true"], 111),
        "unable to make 5 a copy of 77: Bad file descriptor"
    );
    assert_eq!(
        bench.fails(&["-r", "<nosuch", "true"], 111),
        "unable to open nosuch: No such file or directory"
    );
    for words in [["-r", "2>&", "true"], ["-r", "out", "true"], ["-c", "x", "true"], ["-c", "", "true"]] {
        bench.fails(&words, 100);
    }
}

/// The lines of status that begin so, as words.
fn status(told: &str, name: &str) -> String {
    let line =
        told.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}: {told}"));
    line.split_whitespace().nth(1).unwrap().to_owned()
}

#[test]
fn privileges_go_and_stay() {
    ours_only!("svrun is our own");
    let bench = Bench::new();
    let told = |words: &[&str]| bench.out(&[words, &["cat", "/proc/self/status"]].concat());
    assert_eq!(status(&told(&["--no-new-privs"]), "NoNewPrivs"), "1");
    assert_eq!(status(&told(&[]), "NoNewPrivs"), "0");
    if without_root() {
        return;
    }
    let bound = told(&["--bounding", "chown,kill"]);
    assert_eq!(
        [status(&bound, "CapBnd"), status(&bound, "CapEff")],
        ["0000000000000021", "0000000000000021"]
    );
    let before = u64::from_str_radix(&status(&told(&[]), "CapBnd"), 16).unwrap();
    let less =
        u64::from_str_radix(&status(&told(&["--bounding", "all,-cap_net_raw"]), "CapBnd"), 16).unwrap();
    assert_eq!(less, before & !(1 << 13));
    let web = told(&["-u", "nobody", "--ambient", "net_bind_service"]);
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(status(&web, set), "0000000000000400", "{set}");
    }
    assert_eq!(status(&web, "Uid"), "65534");
    bench.fails(&["--bounding", "nothing", "true"], 100);
    let refused = Bench::of_nobody().fails(&["--ambient", "chown", "true"], 111);
    assert_eq!(refused, "unable to make capabilities ambient: Operation not permitted");
}

#[test]
fn landlock_leaves_only_what_was_allowed() {
    ours_only!("svrun is our own");
    let version = sys::landlock::version();
    let bench = Bench::of_nobody();
    let dir = bench.scratch.path().display().to_string();
    if version == 0 {
        println!("this kernel has no landlock: only that it is said is tried");
        assert!(
            bench.fails(&["--allow-read", "/", "true"], 100).starts_with("this kernel cannot restrict paths")
        );
        return;
    }
    std::fs::create_dir(bench.path("rw")).unwrap();
    std::fs::set_permissions(bench.path("rw"), std::fs::Permissions::from_mode(0o777)).unwrap();
    bench.write("secret", "x");
    let writable = format!("{dir}/rw");
    let base = [
        "--allow-less",
        "--allow-read",
        "/usr",
        "--allow-read",
        "/etc",
        "--allow-read",
        "/lib",
        "--allow-write",
    ];
    let fenced = |script: &str| {
        let lib64 = if std::path::Path::new("/lib64").exists() { "/lib64" } else { "/lib" };
        let more = ["--allow-read", lib64, "--allow-read", "/bin", "sh", "-c", script];
        bench.run(&[&base[..], &[writable.as_str()], &more].concat())
    };
    assert_eq!(fenced("echo x >rw/a && mv rw/a rw/b && cat rw/b && rm rw/b").out, "x\n");
    for script in ["cat secret", "echo x >new", "ls .", "echo x >/dev/null"] {
        let answer = fenced(script);
        assert!(answer.code != 0 && answer.err.contains("Permission denied"), "{script}: {}", answer.err);
    }
    let told = bench.out(&["--allow-less", "--allow-read", "/", "cat", "/proc/self/status"]);
    assert_eq!(status(&told, "NoNewPrivs"), "1");
    let hint = bench.fails(&["--allow-less", "--allow-read", &writable, "true"], 126);
    assert!(hint.ends_with("what it needs must be below what --allow-read and --allow-write name"), "{hint}");
    assert_eq!(
        bench.fails(&["--allow-less", "--allow-read", "/nosuch", "true"], 111),
        "unable to allow the use of /nosuch: No such file or directory"
    );
    bench.fails(&["--allow-bind", "http", "true"], 100);
}

#[test]
fn landlock_leaves_only_the_ports_that_were_allowed() {
    ours_only!("svrun is our own");
    let bench = Bench::new();
    if sys::landlock::version() < 4 {
        let message = bench.fails(&["--allow-connect", "1", "true"], 100);
        assert!(message.starts_with("this kernel cannot restrict TCP ports"), "{message}");
        return;
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let connect = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
    let connects = |ports: &str| bench.run(&["--allow-connect", ports, "bash", "-c", &connect]).code;
    assert_eq!(connects(&port), 0);
    assert_eq!(connects(&format!("1,{port}")), 0);
    assert_ne!(connects("1"), 0);
    assert_ne!(connects("none"), 0);
    let bind = "import socket; socket.socket().bind(('127.0.0.1', 0))";
    assert_eq!(bench.run(&["--allow-connect", "none", "python3", "-c", bind]).code, 0);
    assert_ne!(bench.run(&["--allow-bind", "none", "python3", "-c", bind]).code, 0);
}

#[test]
fn program_is_found_and_called_as_asked() {
    ours_only!("svrun is our own");
    let bench = Bench::new();
    assert_eq!(bench.out(&["-a", "-name", "sh", "-c", "echo $0 $1"]).trim(), "-name");
    assert_eq!(bench.out(&["echo", "-n", "--", "-u"]), "-- -u");
    assert_eq!(bench.run(&["sh", "-c", "exit 42"]).code, 42);
    for (words, message) in
        [(&[][..], "usage: svrun"), (&["-i"], "usage: svrun"), (&["--nosuch", "true"], "invalid option")]
    {
        assert!(bench.fails(words, 100).starts_with(message), "{words:?}");
    }
    bench.write("plain", "x\n");
    let script = bench.write("script", "#!/no/such/sh\n");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    for (word, code, why) in [
        ("nosuch", 127, "not found on PATH"),
        ("./nosuch", 127, "no such file"),
        ("./plain", 126, "not executable (mode 0644)"),
        ("./script", 126, "its interpreter /no/such/sh does not exist"),
        (".", 127, "not found on PATH"),
        ("./", 126, "not a regular file"),
        ("", 127, "not found on PATH"),
    ] {
        assert_eq!(bench.fails(&[word], code), format!("unable to execute {word}: {why}"));
    }
}

#[test]
fn signals_stay_as_they_are() {
    ours_only!("svrun is our own");
    let bench = Bench::new();
    let svrun = our_program("svrun").display().to_string();
    let show = "trap '' USR1; $0 grep -E '^Sig(Ign|Blk)' /proc/self/status; grep -E '^Sig(Ign|Blk)' /proc/self/status";
    let told = run(Command::new("sh").args(["-c", show, &svrun]).current_dir(bench.scratch.path())).out;
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[..2], lines[2..], "{told}");
}

#[test]
fn same_process_goes_on() {
    ours_only!("svrun is our own");
    let bench = Bench::new();
    let mut child = bench.command(&["-L", "lock", "-P", "-n", "1", "sleep", "1000"]);
    let mut child = child.stdin(Stdio::null()).spawn().unwrap();
    let name = format!("/proc/{}/comm", child.id());
    wait_until("the program to be executed", || text(&name) == "sleep\n");
    child.kill().unwrap();
    child.wait().unwrap();
}
