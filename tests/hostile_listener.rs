//! Who may listen cannot do more: whatever he puts into `event/`, the supervisor waits for nobody, writes to nobody
//! else, and others hear all.

#![forbid(unsafe_code)]

mod kit;

use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::Path;
use std::process::Command;

use kit::{Answer, Listener, Supervisor, is_root, our_name, ours_only, run};

const WHY: &str = "it is about our supervisor";

/// The end of a test that only root can make.
macro_rules! root_only {
    () => {
        ours_only!(WHY);
        if !is_root() {
            println!("skipped: only root can become another user");
            return;
        }
    };
}

/// A supervisor to which everybody may listen.
fn public() -> Supervisor {
    let (supervisor, listener) = Supervisor::start_and_listen(|web| {
        web.sleeps().file("restart-delay", "10\n");
    });
    listener.expect("su");
    let answer =
        run(Command::new(our_name("s6-svperms")).args(["-e", "web"]).current_dir(supervisor.scratch()));
    assert_eq!(answer.code, 0, "{answer:?}");
    supervisor
}

/// Runs a shell command in `event/` as the hostile user.
fn as_web(supervisor: &Supervisor, command: &str) -> Answer {
    let mut setpriv = Command::new("setpriv");
    setpriv.args(["--reuid=3001", "--regid=3001", "--clear-groups", "bash", "-c"]);
    run(setpriv.arg(command).current_dir(supervisor.path("event")))
}

/// A reader that never reads, held by the test.
fn mute(fifo: &Path) -> std::fs::File {
    std::fs::File::options().read(true).write(true).custom_flags(O_NONBLOCK).open(fifo).unwrap()
}

/// As the kernel has it nearly everywhere.
const O_NONBLOCK: i32 = 0o4000;

/// It does what it should, and an honest listener hears it.
#[track_caller]
fn works(supervisor: &Supervisor) {
    let listener = Listener::new(&supervisor.path("event"));
    let pid = supervisor.wait_up();
    supervisor.command("k");
    supervisor.wait_record("another life", |r| r.is_up() && r.pid != Some(pid));
    listener.expect("dDu");
    supervisor.command("d");
    listener.expect("dD");
    supervisor.command("u");
    listener.expect("u");
}

#[test]
fn full_fifo_is_not_waited_for() {
    root_only!();
    let supervisor = public();
    let name = "ftrig1:@400000000000000000000000:fulled";
    assert_eq!(as_web(&supervisor, &format!("mkfifo -m 622 {name}")).code, 0);
    let reader = mute(&supervisor.path("event").join(name));
    while std::io::Write::write(&mut &reader, &[b'x'; 4096]).is_ok() {}
    while std::io::Write::write(&mut &reader, b"x").is_ok() {}
    works(&supervisor);
    assert!(supervisor.path("event").join(name).exists(), "it is read by somebody");
}

#[test]
fn thousands_of_fifos_cost_time_and_nothing_else() {
    root_only!();
    let supervisor = public();
    // Most of them with a reader, who has no more descriptors than a user has; the others are removed.
    let make = "for i in $(seq 3000); do printf 'ftrig1:@%024d:aaaaaa\\n' $i; done | xargs mkfifo -m 622";
    assert_eq!(as_web(&supervisor, make).code, 0);
    let read: Vec<_> =
        (1..=400).map(|i| mute(&supervisor.path(&format!("event/ftrig1:@{i:024}:aaaaaa")))).collect();
    works(&supervisor);
    let left = std::fs::read_dir(supervisor.path("event")).unwrap().count();
    assert_eq!(left, read.len(), "what nobody reads is gone");
    let descriptors = supervisor.namespace().inside(&["ls", &format!("/proc/{}/fd", supervisor.pid())]);
    assert!(descriptors.out.lines().count() < 20, "{}", descriptors.out);
}

#[test]
fn what_looks_like_a_fifo_of_a_listener_and_is_none_gets_nothing() {
    root_only!();
    let supervisor = public();
    let event = supervisor.path("event");
    let tty = supervisor.scratch().join("file");
    std::fs::write(&tty, "root's").unwrap();
    let names = [
        "ftrig1:@400000000000000000000000:abcde",
        "ftrig1:@400000000000000000000000:abcdefg",
        "ftrig1-@400000000000000000000000:abcdef",
        ".ftrig1:@40000000000000000000000:abcdef",
        "FTRIG1:@400000000000000000000000:abcdef",
    ];
    let readers: Vec<_> = names
        .iter()
        .map(|name| {
            assert_eq!(as_web(&supervisor, &format!("mkfifo -m 622 '{name}'")).code, 0);
            mute(&event.join(name))
        })
        .collect();
    let at = |tail: &str| event.join(format!("ftrig1:@400000000000000000000000:{tail}"));
    symlink(&tty, at("link00")).unwrap();
    symlink(supervisor.path("supervise/control"), at("contrl")).unwrap();
    symlink("/dev/full", at("device")).unwrap();
    symlink("/proc/sysrq-trigger", at("proc00")).unwrap();
    assert_eq!(as_web(&supervisor, "mkdir ftrig1:@400000000000000000000000:direct").code, 0);
    works(&supervisor);
    for mut reader in readers {
        let read = std::io::Read::read(&mut reader, &mut [0; 8]);
        assert!(read.is_err(), "{read:?}");
    }
    assert_eq!(std::fs::read_to_string(&tty).unwrap(), "root's");
}

#[test]
fn listener_cannot_remove_what_another_one_or_root_has_there_nor_list_it() {
    root_only!();
    let supervisor = public();
    let listener = Listener::new(&supervisor.path("event"));
    assert_ne!(as_web(&supervisor, "ls").code, 0);
    let name = std::fs::read_dir(supervisor.path("event")).unwrap().next().unwrap().unwrap().file_name();
    let name = name.to_str().unwrap();
    for command in ["rm -f", "mv -T /dev/null", "cat", "echo x >"] {
        assert_ne!(as_web(&supervisor, &format!("{command} {name}")).code, 0, "{command}");
    }
    for command in ["mv ../event ../gone", "rmdir ../event", "rm -f ../supervise/status", "touch ../down"] {
        assert_ne!(as_web(&supervisor, command).code, 0, "{command}");
    }
    supervisor.command("d");
    listener.expect("dD");
}
