//! `chpst`, `s6-setuidgid` and their like: the same invocations on Debian's programs and on ours, with the same effect
//! on the program that is executed, as /proc shows it, and the same exit code.

#![forbid(unsafe_code)]

mod kit;

use std::fmt::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use kit::{
    Answer, Running, Scratch, Terminal, is_root, our_name, ours_only, run, text, their_program, wait_until,
};

/// What a program that was executed tells of itself, into the file that its first argument names.
const PROBE: &str = r#"#!/bin/sh
exec >>"$1"
echo "called $0 with $#"
grep -E '^(Umask|Uid|Gid|Groups|Cap|NoNewPrivs)' /proc/$$/status
# A shell that waits blocks signals; what it starts does not.
grep -E '^Sig(Blk|Ign)' /proc/self/status
cat /proc/$$/limits
tr '\0' '\n' </proc/$$/environ | LC_ALL=C sort
set -- $(cat /proc/$$/stat)
[ "$1" = "$5" ] && echo leads its group
[ "$1" = "$6" ] && echo leads its session
[ "$5" = "$8" ] && echo has the terminal
echo "nice ${19}"
readlink /proc/$$/cwd
for fd in 0 1 2 3 4 9; do [ -e /proc/$$/fd/$fd ] && echo "open $fd"; done
exit 7
"#;

/// Who calls.
#[derive(Clone, Copy, PartialEq, Eq)]
enum As {
    Oneself,
    Nobody,
}

/// A directory in which both are called.
struct Bench(Scratch);

impl Bench {
    fn new() -> Bench {
        let bench = Bench(Scratch::new());
        bench.write("probe", PROBE, 0o755);
        bench.write("plain", "text\n", 0o644);
        bench.write("bare", "exit 3\n", 0o755);
        bench.write("closed", "", 0o000);
        bench.write("bad/SECRET", "x\n", 0o000);
        bench.write("env/A", "one \t\ntwo\n", 0o644);
        bench.write("env/B", "", 0o644);
        bench.write("env/C", "a\0b\n", 0o644);
        bench.write("env/D", "\n", 0o644);
        bench.write("env/.hidden", "x\n", 0o644);
        bench.write("env/E", &format!("{}\n", "x".repeat(5000)), 0o644);
        bench.write("path/PATH", &format!("{}\n", bench.path("bin").display()), 0o644);
        bench.write("bin/nowhere-else", "#!/bin/sh\nexit 3\n", 0o755);
        bench.write("nested/A", "1\n", 0o644);
        std::fs::create_dir(bench.path("nested/dir")).unwrap();
        std::fs::create_dir(bench.path("empty")).unwrap();
        symlink("nothing", bench.path("dangling")).unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &str, mode: u32) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A command line of words; `P` is the probe with its file, `''` an empty word, `@NAME` a program of the same suite. What stands before the name,
    /// as in `A=1 chpst`, is the environment.
    fn command(&self, line: &str, who: As, program: impl Fn(&str) -> PathBuf) -> Command {
        let words: Vec<&str> = line.split_whitespace().collect();
        let name = words.iter().position(|word| !word.contains('=')).unwrap();
        let mut command = match who {
            As::Oneself => Command::new(program(words[name])),
            As::Nobody => {
                let mut setpriv = Command::new("setpriv");
                setpriv.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
                setpriv.arg(program(words[name]));
                setpriv
            }
        };
        for word in &words[name + 1..] {
            match *word {
                "P" => command.args([self.path("probe"), self.path("out")]),
                "''" => command.arg(""),
                "OUT" => command.arg(self.path("out")),
                word => match word.strip_prefix('@') {
                    Some(name) => command.arg(program(name)),
                    None => command.arg(word),
                },
            };
        }
        let variables = words[..name].iter().filter_map(|word| word.split_once('='));
        command.env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin").env("B", "before").envs(variables);
        command.current_dir(self.0.path());
        command
    }

    /// What came of it: the exit code, and what the probe told.
    fn play(&self, line: &str, who: As, program: impl Fn(&str) -> PathBuf) -> (i32, String, Answer) {
        let _ = std::fs::remove_file(self.path("lock"));
        self.write("out", "", 0o666);
        let answer = run(&mut self.command(line, who, program));
        (answer.code, text(self.path("out")), answer)
    }
}

fn theirs(name: &str) -> PathBuf {
    their_program(name).unwrap()
}

/// Whether there is anything to compare; says so if not.
fn can_compare(names: &[&str]) -> bool {
    let missing = names.iter().find(|name| their_program(name).is_none());
    if let Some(name) = missing {
        println!("{name} is not there: nothing is compared");
    }
    missing.is_none() && kit::suite() == kit::Suite::Ours
}

/// Every difference between the two.
#[track_caller]
fn same(bench: &Bench, who: As, lines: &[&str]) {
    let mut wrong = String::new();
    if who == As::Nobody && !is_root() {
        println!("not root: nothing is tried as nobody");
        return;
    }
    for line in lines {
        let (code, told, answer) = bench.play(line, who, theirs);
        let (our_code, ours_told, our_answer) = bench.play(line, who, our_name);
        // A message where there is one, and none where there is none.
        let is_silent = answer.err.is_empty() == our_answer.err.is_empty();
        if (code, &told) != (our_code, &ours_told) || !is_silent {
            let _ = write!(wrong, "{line}: {code}, ours {our_code}\n{}{}", answer.err, our_answer.err);
            let more = told.lines().filter(|line| !ours_told.lines().any(|other| other == *line));
            more.for_each(|line| wrong.push_str(&format!("  theirs: {line}\n")));
            let more = ours_told.lines().filter(|line| !told.lines().any(|other| other == *line));
            more.for_each(|line| wrong.push_str(&format!("  ours: {line}\n")));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The exit code of ours, where nobody's is compared.
#[track_caller]
fn ours(bench: &Bench, who: As, line: &str, code: i32) -> String {
    let (our_code, told, answer) = bench.play(line, who, our_name);
    assert_eq!(our_code, code, "{line}: {}{}", answer.out, answer.err);
    told
}

#[test]
fn users_of_s6() {
    if !can_compare(&["s6-setuidgid", "s6-envuidgid", "s6-applyuidgid"]) {
        return;
    }
    let bench = Bench::new();
    let lines = [
        "s6-setuidgid daemon P",
        "s6-setuidgid nobody P",
        "s6-setuidgid root P",
        "s6-setuidgid postgres P",
        "UID=1 s6-setuidgid '' P",
        "UID=1 GID=2 GIDLIST=3 s6-setuidgid daemon P",
        "UID=1 s6-setuidgid 5:6 P",
        "s6-setuidgid 0:6 P",
        "s6-setuidgid 5:0 P",
        "s6-setuidgid 5:x P",
        "s6-setuidgid 5: P",
        "s6-setuidgid :6 P",
        "s6-setuidgid daemon:adm P",
        "s6-setuidgid nosuch P",
        "s6-setuidgid 4242 P",
        "s6-setuidgid -x P",
        "s6-setuidgid daemon",
        "s6-setuidgid",
        "s6-setuidgid daemon nosuch",
        "s6-setuidgid daemon ./plain",
        "s6-setuidgid daemon ./dangling",
        "s6-setuidgid daemon ./bare",
        "s6-setuidgid daemon ./nosuch/x",
        "s6-envuidgid daemon P",
        "s6-envuidgid postgres P",
        "s6-envuidgid -u daemon P",
        "s6-envuidgid -g adm P",
        "s6-envuidgid -g nosuch P",
        "s6-envuidgid -B daemon:adm P",
        "s6-envuidgid -B daemon:nosuch P",
        "s6-envuidgid -B nosuch:adm P",
        "s6-envuidgid -nB daemon:42 P",
        "s6-envuidgid -nB 41:42 P",
        "s6-envuidgid -nu 41 P",
        "s6-envuidgid -ng 41 P",
        "s6-envuidgid -D 3:4:5,6 nosuch P",
        "s6-envuidgid -D 3:4:5,6 daemon P",
        "s6-envuidgid -D 3:4:5,6 -u nosuch P",
        "s6-envuidgid -D 3:4:5,6 -B nosuch:nosuch P",
        "s6-envuidgid -D 3:4:5,6 -B daemon:nosuch P",
        "s6-envuidgid -D : nosuch P",
        "s6-envuidgid -D 7 nosuch P",
        "s6-envuidgid -D x nosuch P",
        "s6-envuidgid -D 7:8:x nosuch P",
        "s6-envuidgid -D 7 -i nosuch P",
        "s6-envuidgid nosuch P",
        "s6-envuidgid '' P",
        "s6-envuidgid -u '' P",
        "s6-envuidgid -g '' P",
        "s6-envuidgid -B '' P",
        "s6-envuidgid -B :nosuch P",
        "s6-envuidgid -B nosuch: P",
        "s6-envuidgid -n '' P",
        "s6-envuidgid -z daemon P",
        "s6-envuidgid -D",
        "s6-envuidgid daemon",
        "s6-envuidgid daemon nosuch",
        "s6-applyuidgid -u 5 P",
        "s6-applyuidgid -g 5 P",
        "s6-applyuidgid -G 5,6,6 P",
        "s6-applyuidgid -g 5 -G 6,5,7 P",
        "s6-applyuidgid -G '' P",
        "s6-applyuidgid -G 5, P",
        "s6-applyuidgid -u 0 -g 0 P",
        "s6-applyuidgid -u 5 -g 6 -G 7 P",
        "s6-applyuidgid -u x P",
        "s6-applyuidgid -u '' P",
        "s6-applyuidgid -G x P",
        "s6-applyuidgid -u -5 P",
        "s6-applyuidgid -u 99999999999 P",
        "s6-applyuidgid P",
        "UID=1 GID=2 GIDLIST=3,4 s6-applyuidgid -U P",
        "UID=1 GID=2 GIDLIST=3,4 s6-applyuidgid -Uz P",
        "UID=1 GID=2 GIDLIST=3,4 s6-applyuidgid -U -u 9 P",
        "UID=1 GID=2 GIDLIST= s6-applyuidgid -U P",
        "UID=1 GID=2 s6-applyuidgid -U P",
        "UID=x GID=2 GIDLIST= s6-applyuidgid -U P",
        "UID=1 GID=2 GIDLIST=x s6-applyuidgid -U P",
        "UID=1 s6-applyuidgid -z P",
        "s6-applyuidgid",
        "s6-applyuidgid -q P",
    ];
    same(&bench, As::Oneself, &lines);
    let of_nobody = lines.iter().filter(|line| !line.contains("s6-setuidgid root"));
    same(&bench, As::Nobody, &of_nobody.copied().collect::<Vec<_>>());
}

#[test]
fn users_of_daemontools() {
    if !can_compare(&["setuidgid", "envuidgid"]) {
        return;
    }
    let bench = Bench::new();
    let lines = [
        "setuidgid daemon P",
        "setuidgid root P",
        "setuidgid nobody P",
        "setuidgid nosuch P",
        "setuidgid '' P",
        "setuidgid 5 P",
        "setuidgid -x P",
        "setuidgid daemon",
        "setuidgid",
        "setuidgid daemon nosuch",
        "setuidgid daemon ./plain",
        "setuidgid daemon ./bare",
        "envuidgid daemon P",
        "envuidgid nosuch P",
        "envuidgid daemon",
        "envuidgid",
        "envuidgid daemon nosuch",
        "UID=7 envuidgid daemon P",
    ];
    same(&bench, As::Oneself, &lines);
    same(&bench, As::Nobody, &lines);
}

#[test]
fn directories_of_variables() {
    if !can_compare(&["envdir", "s6-envdir", "chpst"]) {
        return;
    }
    let bench = Bench::new();
    let mut lines: Vec<String> = [
        "s6-envdir -I nosuch P",
        "s6-envdir -Ii nosuch P",
        "s6-envdir -I plain P",
        "s6-envdir -f env P",
        "s6-envdir -n env P",
        "s6-envdir -fn env P",
        "s6-envdir -L env P",
        "s6-envdir -fL env P",
        "s6-envdir -c xy env P",
        "s6-envdir -z env P",
        "s6-envdir -c",
    ]
    .map(str::to_owned)
    .into();
    for name in ["envdir", "s6-envdir", "chpst -e"] {
        for words in [
            "env P",
            "empty P",
            "nosuch P",
            "plain P",
            "nested P",
            "bad P",
            "path nowhere-else",
            "env",
            "",
            "env nosuch",
            "env ./plain",
            "'' P",
        ] {
            lines.push(format!("{name} {words}"));
        }
    }
    lines.push("chpst -v -e nested P".into());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    same(&bench, As::Oneself, &lines);
    same(&bench, As::Nobody, &lines);
}

#[test]
fn limits() {
    if !can_compare(&["softlimit", "s6-softlimit", "chpst"]) {
        return;
    }
    let bench = Bench::new();
    let mut lines = Vec::new();
    for name in ["softlimit", "s6-softlimit", "chpst"] {
        for words in [
            "-o 50 P",
            "-o50 -c 0 P",
            "-m 1000000000 P",
            "-m 1000000000 -s 500000000 P",
            "-s 4000000 -m 1000000000 P",
            "-d 1000000000 -f 100000 -p 5000 -t 100 P",
            "-r 100000 P",
            "-a 2000000000 -l 10000 P",
            "-o 99999999999 P",
            "-o 50 -o 60 P",
            "-o = P",
            "-c = P",
            "-o x P",
            "-o 5x P",
            "-o -5 P",
            "-c '' P",
            "-- P",
            "-o",
            "",
            "P",
            "nosuch",
            "./plain",
        ] {
            let shared =
                name != "chpst" || !["-s ", "-a ", "-l "].iter().any(|letter| words.contains(letter));
            if shared {
                lines.push(format!("{name} {words}"));
            }
        }
    }
    lines.extend(["softlimit -z P", "softlimit -P 5 P"].map(str::to_owned));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    same(&bench, As::Oneself, &lines);
    same(&bench, As::Nobody, &lines);
}

#[test]
fn hard_limits_of_s6() {
    ours_only!("they are in 2.15 only");
    let bench = Bench::new();
    let open_files = |told: &str| {
        let line = told.lines().find(|line| line.starts_with("Max open files")).unwrap();
        line.split_whitespace().skip(3).take(2).collect::<Vec<_>>().join(" ")
    };
    let told = |line| open_files(&ours(&bench, As::Oneself, line, 7));
    assert_eq!(told("s6-softlimit -H -o 60 P"), "60 60");
    assert_eq!(told("s6-softlimit -o 50 -h -o 60 P"), "50 60");
    // Lowered with the hard one, as the manual says.
    assert_eq!(told("s6-softlimit -o 70 -h -o 60 P"), "60 60");
    let realtime = ours(&bench, As::Oneself, "s6-softlimit -H -P 0 P", 7);
    assert!(realtime.lines().any(|line| line.split_whitespace().eq("Max realtime priority 0 0".split(' '))));
    ours(&bench, As::Oneself, "s6-softlimit -z P", 100);
}

#[test]
fn sessions() {
    if !can_compare(&["s6-setsid", "pgrphack", "chpst"]) {
        return;
    }
    let bench = Bench::new();
    let lines = [
        "s6-setsid P",
        "s6-setsid -s P",
        "s6-setsid -b P",
        "s6-setsid -i P",
        "s6-setsid -I P",
        "s6-setsid -q P",
        "s6-setsid -bi P",
        "s6-setsid -z P",
        "s6-setsid",
        "s6-setsid nosuch",
        "s6-setsid ./plain",
        "s6-setsid -d x -f P",
        "s6-setsid -d",
        "pgrphack P",
        "pgrphack",
        "pgrphack nosuch",
        "chpst -P P",
        "chpst P",
        "s6-setsid @s6-setsid -i P",
        "s6-setsid @s6-setsid P",
        "s6-setsid @s6-setsid -q P",
        "s6-setsid @pgrphack P",
        "s6-setsid @chpst -P P",
        "s6-setsid @s6-setsid -bi P",
    ];
    same(&bench, As::Oneself, &lines);
    same(&bench, As::Nobody, &lines);
    // 2.15 opens /dev/tty, which a new session does not have.
    ours(&bench, As::Oneself, "s6-setsid @s6-setsid -f P", 111);
    // It has long names.
    assert!(ours(&bench, As::Oneself, "s6-setsid --process-group --strict P", 7).contains("leads its group"));
    ours(&bench, As::Oneself, "s6-setsid @s6-setsid --strict P", 111);
}

#[test]
fn terminal_is_taken() {
    if !can_compare(&["s6-setsid"]) || !Terminal::is_there() {
        return;
    }
    let bench = Bench::new();
    let probe = format!("{} {}", bench.path("probe").display(), bench.path("out").display());
    let tell = |program: PathBuf, options: &str| {
        bench.write("out", "", 0o666);
        let line = format!("env -i PATH=/usr/bin:/bin {} {options} {probe}", program.display());
        let terminal = Terminal::start(bench.0.path(), 80, 24, &line);
        terminal.wait("the end of the probe", |text| text.contains("exit 7"));
        text(bench.path("out"))
    };
    for options in ["-b", "-s", "-bi"] {
        let told = tell(theirs("s6-setsid"), options);
        assert_eq!(told, tell(our_name("s6-setsid"), options), "{options}: theirs, then ours");
        assert!(!told.contains("has the terminal"), "{options}: {told}");
    }
    // 2.11 tries for ever: its own signal interrupts it.
    let (plain, taken) = (tell(our_name("s6-setsid"), "-b"), "leads its group\nhas the terminal\n");
    for options in ["-g", "-gi", "-gd 0"] {
        let told = tell(our_name("s6-setsid"), options);
        assert_eq!(told, plain.replace("leads its group\n", taken), "{options}");
    }
}

#[test]
fn locks() {
    if !can_compare(&["setlock", "s6-setlock", "chpst"]) {
        return;
    }
    let bench = Bench::new();
    let mut lines: Vec<String> = [
        "setlock -n lock P",
        "setlock -N lock P",
        "setlock -x nosuch/lock P",
        "setlock -xX nosuch/lock P",
        "setlock -x lock nosuch",
        "setlock -z lock P",
        "s6-setlock -n lock P",
        "s6-setlock -r lock P",
        "s6-setlock -r nosuch/lock P",
        "s6-setlock -t x lock P",
        "s6-setlock -z lock P",
        "chpst -L lock P",
        "chpst -l lock -L lock P",
        "chpst -u nobody -l lock P",
    ]
    .map(str::to_owned)
    .into();
    for name in ["setlock", "s6-setlock", "chpst -l"] {
        for words in
            ["lock P", "nosuch/lock P", "empty P", "closed P", "lock", "", "lock nosuch", "lock ./plain"]
        {
            lines.push(format!("{name} {words}"));
        }
    }
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    same(&bench, As::Oneself, &lines);
    same(&bench, As::Nobody, &lines);
    // In 2.11 a helper holds the lock of those who wait for a while.
    assert!(ours(&bench, As::Oneself, "s6-setlock -t 1000 lock P", 7).contains("open 3\n"));
    same(&bench, As::Oneself, &["s6-setlock -t 1000 lock true"]);
}

/// Somebody who holds a lock, until the file `go` is there.
fn hold(bench: &Bench, name: &str, program: &dyn Fn(&str) -> PathBuf) -> Running {
    let _ = std::fs::remove_file(bench.path("held"));
    let _ = std::fs::remove_file(bench.path("go"));
    let wait = "echo >held; while [ ! -e go ]; do sleep 0.01; done";
    let mut command = Command::new(program(name));
    command.args(if name == "chpst" { &["-l", "taken"][..] } else { &["taken"] });
    let holder = Running::start(command.args(["sh", "-c", wait]).current_dir(bench.0.path()));
    wait_until("the lock to be held", || bench.path("held").exists());
    holder
}

#[test]
fn locks_that_are_held_are_seen_by_both() {
    if !can_compare(&["setlock", "s6-setlock", "chpst"]) {
        return;
    }
    let bench = Bench::new();
    let programs: [&dyn Fn(&str) -> PathBuf; 2] = [&theirs, &|name| our_name(name)];
    for holder in ["setlock", "chpst", "s6-setlock"] {
        for program in programs {
            let held = hold(&bench, holder, program);
            for line in [
                "setlock -n taken P",
                "setlock -nx taken P",
                "chpst -L taken P",
                "s6-setlock -n taken P",
                "s6-setlock -nr taken P",
                "s6-setlock -t 30 taken true",
            ] {
                same(&bench, As::Oneself, &[line]);
            }
            // Whoever waits gets it.
            let waits = if holder == "chpst" { "chpst -l taken P" } else { &format!("{holder} taken P") };
            bench.write("out", "", 0o666);
            let mut waiting = Running::start(&mut bench.command(waits, As::Oneself, our_name));
            assert!(!waiting.has_ended());
            bench.write("go", "", 0o644);
            assert_eq!(waiting.finish().code, 7);
            assert_eq!(held.finish().code, 0);
        }
    }
}

#[test]
fn lock_lasts_as_long_as_the_program_at_the_descriptor_that_was_asked_for() {
    ours_only!("-d is in 2.15 only");
    let bench = Bench::new();
    assert!(ours(&bench, As::Oneself, "s6-setlock -d 9 lock P", 7).contains("open 9\n"));
    assert!(!ours(&bench, As::Oneself, "s6-setlock lock P", 7).contains("open 9\n"));
    let line = format!("s6-setlock -d 9 lock {} -n lock P", our_name("s6-setlock").display());
    // The same process may lock it twice; another one may not.
    ours(&bench, As::Oneself, &line, 7);
    let inner = format!("{} -n lock true; echo $? >result", our_name("s6-setlock").display());
    let mut command = Command::new(our_name("s6-setlock"));
    run(command.args(["-d", "9", "lock", "sh", "-c", &inner]).current_dir(bench.0.path()));
    assert_eq!(text(bench.path("result")), "1\n");
}

#[test]
fn chpst_does_everything() {
    if !can_compare(&["chpst"]) {
        return;
    }
    let bench = Bench::new();
    let lines = [
        "chpst -u daemon P",
        "chpst -u daemon:adm P",
        "chpst -u daemon:adm:bin:adm P",
        "chpst -u :5:6:7 P",
        "chpst -u :5: P",
        "chpst -u :5 P",
        "chpst -u :x P",
        "chpst -u : P",
        "chpst -u :5:6x P",
        "chpst -u nosuch P",
        "chpst -u daemon:nosuch P",
        "chpst -u daemon: P",
        "chpst -u '' P",
        "chpst -u 5 P",
        "chpst -U daemon P",
        "chpst -U daemon:adm P",
        "chpst -U :5:6:7 P",
        "chpst -U nosuch P",
        "UID=9 chpst -U root -u daemon P",
        "chpst -b name P",
        "chpst -b '' P",
        "chpst -b name nosuch",
        "chpst -n 5 P",
        "chpst -n +5 P",
        "chpst -n -5 P",
        "chpst -n '' P",
        "chpst -n 0 P",
        "chpst -n x P",
        "chpst -n +x P",
        "chpst -n 100 P",
        "chpst -0 P",
        "chpst -1 P",
        "chpst -2 P",
        "chpst -012 P",
        "chpst -v P",
        "chpst -V P",
        "chpst -V",
        "chpst -z P",
        "chpst",
        "chpst -u",
        "chpst -e env -u daemon -n 3 -P -o 50 P",
        "chpst -/ nosuch P",
        "chpst -/ plain P",
        "chpst -/ empty P",
        "chpst -/ / P",
        "chpst -/ / -e env P",
        "chpst nosuch",
        "chpst ./plain",
        "chpst ./bare",
        "chpst ./dangling",
        "chpst ./empty",
        "chpst ''",
        "chpst -- P",
    ];
    same(&bench, As::Oneself, &lines);
    same(&bench, As::Nobody, &lines);
    // Of a later runit.
    assert!(ours(&bench, As::Oneself, "chpst -C empty P", 7).contains("/empty\n"));
    ours(&bench, As::Oneself, "chpst -C nosuch P", 111);
}

#[test]
fn chpst_locks_below_the_new_root_and_reads_above_it() {
    if !is_root() || !can_compare(&["chpst"]) {
        return;
    }
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path("root/sub")).unwrap();
    let Ok(_) = std::fs::copy("/bin/busybox", bench.path("root/busybox")) else {
        println!("busybox is missing: nothing is compared");
        return;
    };
    bench.write("script", "pwd; echo $A; echo >made\n", 0o644);
    std::fs::copy(bench.path("script"), bench.path("root/script")).unwrap();
    let seen = |program: fn(&str) -> PathBuf| {
        let line = "chpst -e env -/ root -l /sub/lock -n 2 /busybox sh /script";
        let (code, _, answer) = bench.play(line, As::Oneself, program);
        let made =
            ["sub/lock", "made"].map(|name| std::fs::remove_file(bench.path("root").join(name)).is_ok());
        (code, answer.out, made)
    };
    assert_eq!(seen(theirs), (0, "/\none\n".into(), [true, true]));
    assert_eq!(seen(our_name as fn(&str) -> PathBuf), (0, "/\none\n".into(), [true, true]));
}

#[test]
fn lock_of_chpst_is_made_by_the_new_user() {
    if !is_root() || !can_compare(&["chpst"]) {
        return;
    }
    let bench = Bench::new();
    std::fs::set_permissions(bench.path("empty"), std::fs::Permissions::from_mode(0o777)).unwrap();
    for program in [theirs as fn(&str) -> PathBuf, |name| our_name(name)] {
        bench.play("chpst -u nobody -l empty/lock P", As::Oneself, program);
        let info = sys::file::look(&bench.path("empty/lock")).unwrap().unwrap();
        assert_eq!((info.owner.0, info.mode), (65534, 0o600));
        std::fs::remove_file(bench.path("empty/lock")).unwrap();
    }
}

#[test]
fn daemon_in_the_background_is_waited_for() {
    if !can_compare(&["s6-fghack"]) {
        return;
    }
    let bench = Bench::new();
    bench.write("forks", "#!/bin/sh\n(sleep 0.2; echo late >>out) &\nexit 5\n", 0o755);
    bench.write("writes", "#!/bin/sh\neval 'echo x >&7'; sleep 0.1\n", 0o755);
    bench.write("dies", "#!/bin/sh\nkill -s TERM $$\n", 0o755);
    let lines = ["s6-fghack true", "s6-fghack false", "s6-fghack ./forks", "s6-fghack ./writes", "s6-fghack"];
    for line in lines {
        let both = [theirs as fn(&str) -> PathBuf, |name| our_name(name)].map(|program| {
            let (code, told, _) = bench.play(line, As::Oneself, program);
            (code, told)
        });
        assert_eq!(both[0], both[1], "{line}");
    }
    assert!(ours(&bench, As::Oneself, "s6-fghack ./forks", 5).contains("late"));
    same(&bench, As::Oneself, &["s6-fghack nosuch", "s6-fghack ./plain"]);
    // 2.11 says 111.
    ours(&bench, As::Oneself, "s6-fghack ./dies", 128 + 15);
}

#[test]
fn name_with_an_equals_sign_is_no_variable() {
    ours_only!("envdir and chpst take it apart");
    let bench = Bench::new();
    bench.write("odd/A=b", "c\n", 0o644);
    for line in ["envdir odd P", "chpst -e odd P", "s6-envdir odd P"] {
        assert!(!ours(&bench, As::Oneself, line, 7).contains("A="), "{line}");
    }
}

#[test]
fn every_name_is_listed() {
    let names: Vec<&str> = svbox::names().map(|(name, _)| *name).collect();
    for name in [
        "s6-setuidgid",
        "s6-envuidgid",
        "s6-applyuidgid",
        "s6-envdir",
        "s6-softlimit",
        "s6-setlock",
        "s6-setsid",
        "s6-fghack",
        "s6-notifyoncheck",
        "setuidgid",
        "envuidgid",
        "envdir",
        "softlimit",
        "setlock",
        "pgrphack",
        "chpst",
    ] {
        assert!(names.contains(&name), "{name}");
        assert!(Path::new(&our_name("s6-setsid")).exists());
    }
}
