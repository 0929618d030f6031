//! The environment of a container, byte for byte.

mod kit;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use kit::{Image, ours_only};

/// The variables in the bytes of `env -0`.
fn variables(bytes: &[u8]) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let split = |line: &[u8]| {
        let at = line.iter().position(|&byte| byte == b'=').unwrap();
        (line[..at].to_vec(), line[at + 1..].to_vec())
    };
    bytes.split(|&byte| byte == 0).filter(|line| !line.is_empty()).map(split).collect()
}

#[test]
fn everybody_gets_every_byte() {
    ours_only!("the stages are ours");
    let long = "x".repeat(100_000);
    let odd: Vec<(&[u8], &[u8])> = vec![
        (b"EMPTY", b""),
        (b"NEWLINES", b"\nline\n\n"),
        (b"LONG", long.as_bytes()),
        (b"QUOTES", b"it's \"$HOME\" \\ `x`"),
        (b"BYTES", b"\xff\xfe\x01"),
        (b"a-b.c", b"1"),
        (b"with/slash", b"2"),
        (b".hidden", b"3"),
        (b"..", b"4"),
        (b"SPACE D", b"5"),
        (b"\xff", b"6"),
    ];
    // A shell changes what it hands on; what it got itself stays where the kernel has put it.
    let keep = |who: &str| format!("cat /proc/$$/environ >$T/{who}; echo {who} >>$T/trace");
    let wait = "until grep -q service $T/trace; do sleep 0.02; done";
    let mut image = Image::new()
        .script("cont-init.d/1", &keep("init"))
        .script("services.d/web/run", &format!("{}; exec sleep 1000", keep("service")))
        .script("cont-finish.d/1", &keep("finish"))
        .script("cmd", &format!("{wait}; {}", keep("command")));
    for (name, value) in &odd {
        image = image.variable(OsStr::from_bytes(name), OsStr::from_bytes(value));
    }
    let mut container = image.start(&["/etc/cmd"]);
    assert_eq!(container.wait_exit(), 0);
    for who in ["init", "service", "command", "finish"] {
        let found = variables(&std::fs::read(container.place().join(who)).unwrap());
        for (name, value) in &odd {
            let shown = String::from_utf8_lossy(name);
            assert_eq!(found.get(*name).map(Vec::as_slice), Some(*value), "{who}: {shown}");
        }
    }
}

#[test]
fn what_init_scripts_write_reaches_what_starts_later() {
    ours_only!("the stages are ours");
    let write = "cd /run/s6/container_environment; printf 'new\\n' >NEW; printf changed >OLD; rm GONE";
    let show = |who: &str| format!("echo {who} $NEW $OLD $GONE >>$T/trace");
    let mut container = Image::new()
        .variable("OLD", "old")
        .variable("GONE", "gone")
        .script("cont-init.d/1", &format!("{}; {write}", show("init1")))
        .script("cont-init.d/2", &show("init2"))
        .script("services.d/web/run", &format!("{}; exec sleep 1000", show("service")))
        .script("cont-finish.d/1", &show("finish"))
        .start(&[
            "sh",
            "-c",
            &format!("until grep -q service $T/trace; do sleep 0.02; done; {}", show("command")),
        ]);
    assert_eq!(container.wait_exit(), 0);
    let expected = [
        "init1 old gone",
        "init2 new changed",
        "service new changed",
        "command new changed",
        "finish new changed",
    ];
    assert_eq!(container.trace(), expected);
}

#[test]
fn helpers_read_the_environment_of_the_container() {
    ours_only!("the stages are ours");
    let ask = "env -i T=$T PATH=$PATH with-contenv sh -c 'echo $MYENV $OTHER >>$T/trace'\n\
               env -i PATH=$PATH printcontenv MYENV >>$T/trace\n\
               env -i PATH=$PATH printcontenv NONE >>$T/trace; echo $? >>$T/trace";
    let mut container = Image::new()
        .variable("MYENV", "mine")
        .file(
            "cont-init.d/1",
            &format!("#!{}/with-contenv sh\necho $MYENV >>$T/trace\n", kit::all_names().display()),
            0o755,
        )
        .start(&["sh", "-c", ask]);
    assert_eq!(container.wait_exit(), 0, "{}", container.log());
    assert_eq!(container.trace(), ["mine", "mine", "mine", "1"]);
}

#[test]
fn helpers_leave_the_environment_alone_where_it_is_kept() {
    ours_only!("the stages are ours");
    let ask = "env -i T=$T S6_KEEP_ENV=1 PATH=$PATH MYENV=own with-contenv sh -c 'echo $MYENV >>$T/trace'\n\
               env -i S6_KEEP_ENV=1 MYENV=own PATH=$PATH printcontenv MYENV >>$T/trace";
    let mut container =
        Image::new().variable("MYENV", "mine").variable("S6_KEEP_ENV", "1").start(&["sh", "-c", ask]);
    assert_eq!(container.wait_exit(), 0);
    assert_eq!(container.trace(), ["own", "own"]);
}
