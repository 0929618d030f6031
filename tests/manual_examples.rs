//! The examples of the manual pages do what they say, on a tree: every line that is one of our programs, and
//! the scripts.

#![forbid(unsafe_code)]

mod kit;

use std::path::{Path, PathBuf};
use std::process::Command;

use kit::{Answer, Tree, our_programs, ours_only, run, text, wait_until};

const WHY: &str = "the pages are ours";

/// The EXAMPLES of a page: single lines, and blocks of them.
#[derive(Debug, Default)]
struct Examples {
    lines: Vec<String>,
    blocks: Vec<String>,
}

fn examples(page: &str) -> Examples {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = text(root.join(page));
    let section = page.split(".Sh EXAMPLES\n").nth(1).unwrap().split("\n.Sh ").next().unwrap();
    let mut examples = Examples::default();
    let mut block: Option<String> = None;
    for line in section.lines() {
        match (line, &mut block) {
            (".Ed", _) => examples.blocks.extend(block.take()),
            (_, Some(block)) => block.push_str(&format!("{line}\n")),
            _ if line.starts_with(".Bd") => block = Some(String::new()),
            _ => examples.lines.extend(line.strip_prefix(".Dl ").map(str::to_owned)),
        }
    }
    examples
}

/// A tree of `web`, with a logger that has written, and `db`, which becomes ready; `api` is not there yet.
fn tree() -> Tree {
    let tree = Tree::start(|scan| {
        let log = scan.service("web").sleeps().log();
        log.run("mkdir -p main; exec cat >>main/current");
        scan.service("db").run("echo >&3; exec sleep 100000").file("notification-fd", "3\n");
    });
    tree.service("web").wait_up();
    tree.service("db").wait_record("ready", |record| record.ready && record.is_up());
    wait_until("a log", || tree.service("web").path("log/main/current").exists());
    tree
}

/// Runs a script of a page, in which the tree is `/service` and `/etc/sv` is beside it.
#[track_caller]
fn play(tree: &Tree, script: &str) -> Answer {
    let beside: PathBuf = tree.scratch().join("sv");
    std::fs::create_dir_all(&beside).unwrap();
    let script = script.replace("/service", tree.dir().to_str().unwrap());
    let script = script.replace("/etc/sv", beside.to_str().unwrap());
    let path = format!("{}:{}", our_programs().display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-ec", &script]).current_dir(tree.scratch()).env("PATH", path).env("SVDIR", tree.dir());
    run(&mut shell)
}

#[test]
fn lines_with_our_programs_work() {
    ours_only!(WHY);
    let mut played = 0;
    for page in
        ["svctl/svctl.8", "svwait/svwait.8", "svctl/sv.8", "svbox/svbox.8", "crates/status/svstatus.5"]
    {
        for line in examples(page).lines {
            let first = line.split(' ').next().unwrap_or_default();
            if !["svctl", "svwait", "sv", "svbox", "od"].contains(&first) {
                continue;
            }
            if line.contains("jq") && Command::new("jq").arg("--version").output().is_err() {
                continue;
            }
            let tree = tree();
            let answer = play(&tree, &line);
            assert_eq!(answer.code, 0, "{page}: {line}: {answer:?}");
            played += 1;
        }
    }
    assert!(played > 12, "{played} lines");
}

#[test]
fn scripts_about_trees_work() {
    ours_only!(WHY);
    let tree = tree();
    for script in examples("svctl/svctl.8").blocks {
        let answer = play(&tree, &script);
        assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{script}");
    }
    tree.service("api").wait_up();
    tree.service("api/log").wait_up();

    let [web, hook] = &examples("crates/scandir/scandir.5").blocks[..] else { panic!("two of them") };
    for line in web.replace("sv/web", "sv/api").replace("service/web", "service/more").lines() {
        assert_eq!(play(&tree, line).code, 0, "{line}");
    }
    assert_eq!(play(&tree, hook).code, 0);
    let before = tree.service("web").wait_up();
    tree.signal(unix::Signal::USR1);
    wait_until("another", || tree.service("web").wait_up() != before);
}

#[test]
fn service_of_the_page_is_without_faults() {
    ours_only!(WHY);
    let tree = tree();
    let script = examples("crates/servicedir/servicedir.5").blocks.concat();
    let answer = play(&tree, &format!("cd sv\n{script}\nsvctl check web"));
    assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{script}\n{}", answer.out);
    assert_eq!(text(tree.scratch().join("sv/web/restart-delay")), "1000 60000\n");
}
