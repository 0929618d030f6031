//! What a terminal shows, with its colours, kept as files in `golden/`: `make golden` writes them again.

#![forbid(unsafe_code)]

mod kit;

use std::path::{Path, PathBuf};

use kit::{Scratch, Service, Terminal, our_program, ours_only, text};
use unix::Stamp;

/// The services `web` and `database`, each with a logger that has written.
fn logged() -> Scratch {
    let scratch = Scratch::new();
    for (name, lines) in [
        ("web", &["GET /", "\x1b[31mGET\x07 /\x1b[0m", "no time"][..]),
        ("database", &["checkpoint", "\u{65e5}\u{672c}\tready"]),
    ] {
        let service = Service::at(scratch.path().join(name));
        service.sleeps().log().run("exec svlogd main");
        let main = service.path("log/main");
        std::fs::create_dir(&main).unwrap();
        let line = |(i, line): (usize, &&str)| match *line {
            "no time" => "no time\n".to_owned(),
            line => format!("@{} {line}\n", Stamp::from_unix(1_700_000_000 + 60 * i as i64, 0)),
        };
        std::fs::write(main.join("current"), lines.iter().enumerate().map(line).collect::<String>()).unwrap();
    }
    scratch
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name)
}

/// The picture is the golden one; escapes are written as `\e`.
#[track_caller]
fn assert_picture(name: &str, terminal: &Terminal) {
    let coloured = terminal.coloured().replace('\x1b', "\\e");
    let picture: String = coloured.trim_end().lines().map(|line| format!("{}\n", line.trim_end())).collect();
    if std::env::var("GOLDEN").is_ok_and(|what| what == "write") {
        std::fs::write(golden(name), &picture).unwrap();
    }
    assert_eq!(picture, text(golden(name)), "{name}: make golden, and read the diff");
}

/// A terminal in which `svctl logs` has ended; `None`: there are no terminals here.
#[track_caller]
fn logs(scratch: &Scratch, settings: &str, args: &str) -> Option<Terminal> {
    if !Terminal::is_there() {
        println!("skipped: there is no tmux");
        return None;
    }
    let (dir, svctl) = (scratch.path().display(), our_program("svctl"));
    let command = format!("env SVDIR={dir} TZ=UTC0 {settings} {} logs {args}", svctl.display());
    let terminal = Terminal::start(scratch.path(), 70, 12, &command);
    terminal.wait("the end", |text| text.contains("exit 0"));
    Some(terminal)
}

#[test]
fn logs_of_several_services_have_coloured_names() {
    ours_only!("it is about a tool of ours");
    let scratch = logged();
    let Some(terminal) = logs(&scratch, "", "web database") else { return };
    assert_picture("logs-coloured", &terminal);
}

#[test]
fn logs_have_no_colours_where_none_are_wanted() {
    ours_only!("it is about a tool of ours");
    let scratch = logged();
    let Some(terminal) = logs(&scratch, "NO_COLOR=1", "web database") else { return };
    assert_picture("logs-plain", &terminal);
    let Some(terminal) = logs(&scratch, "", "web") else { return };
    assert_picture("logs-of-one", &terminal);
    // Set to nothing it means nothing.
    let Some(terminal) = logs(&scratch, "NO_COLOR=", "web database") else { return };
    assert_picture("logs-coloured", &terminal);
}
