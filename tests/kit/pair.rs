//! Two trees of the same services: one under another suite's scanner, one under ours by the same name.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Answer, Running, Scan, Tree, is_root, our_program, suite, wait_until};

/// Where Debian has the programs of other suites.
const THEIRS: [&str; 2] = ["/usr/bin", "/usr/sbin"];

/// The two trees; the other suite's comes first.
#[derive(Debug)]
pub struct Pair([Tree; 2]);

/// Another suite's program of this name, if it is installed.
pub fn their_program(name: &str) -> Option<PathBuf> {
    THEIRS.iter().map(|dir| Path::new(dir).join(name)).find(|path| path.exists())
}

impl Pair {
    /// Starts both. `None`, said aloud, where the other suite is missing or this is not the time for it.
    #[track_caller]
    pub fn start(scanner: &str, build: impl Fn(&mut Scan)) -> Option<Pair> {
        let Some(theirs) = their_program(scanner).filter(|_| suite() == super::Suite::Ours) else {
            println!("{scanner} is not there, or SUITE is set: nothing is compared");
            return None;
        };
        let theirs = Tree::launch_program(&theirs, |scan| {
            // It finds its other programs on PATH.
            scan.before("export PATH=/usr/bin:/usr/sbin:/bin");
            build(scan);
        });
        Some(Pair([theirs, Tree::launch_program(&our_program(scanner), build)]))
    }

    /// Both trees.
    pub fn trees(&self) -> &[Tree; 2] {
        &self.0
    }

    /// Runs a line in both, where `scan` is the scan directory, which is `$SVDIR`, too. The answers are
    /// without pids, times and the name of the test's directory.
    #[track_caller]
    pub fn play(&self, line: &[&str]) -> [Answer; 2] {
        self.play_as(line, None)
    }

    #[track_caller]
    fn play_as(&self, line: &[&str], uid: Option<&str>) -> [Answer; 2] {
        let program = |i| match i {
            0 => their_program(line[0]).expect("it is installed"),
            _ => our_program(line[0]),
        };
        let running = [0, 1].map(|i| {
            let tree = &self.0[i];
            // A name with a slash is one in the directory of the test.
            let program = if line[0].contains('/') { tree.scratch().join(line[0]) } else { program(i) };
            let mut command = match uid {
                Some(uid) => {
                    let mut setpriv = Command::new("setpriv");
                    setpriv.args(["--reuid", uid, "--regid", uid, "--clear-groups"]).arg(program);
                    setpriv
                }
                None => Command::new(program),
            };
            command.args(&line[1..]).current_dir(tree.scratch()).env("SVDIR", tree.dir());
            Running::start(&mut command)
        });
        let mut trees = self.0.iter();
        running.map(|running| {
            let dir = trees.next().map(|tree| tree.scratch().display().to_string()).unwrap_or_default();
            let Answer { code, out, err } = running.finish();
            Answer { code, out: normal(&out, &dir), err: normal(&err, &dir) }
        })
    }

    /// The same answer from both, which is given.
    #[track_caller]
    pub fn same(&self, line: &[&str]) -> Answer {
        assert_same(line, self.play(line))
    }

    /// The same answer to a user without rights.
    #[track_caller]
    pub fn same_for_nobody(&self, line: &[&str]) {
        if !is_root() {
            println!("not root: {line:?} is not tried as another user");
            return;
        }
        assert_same(line, self.play_as(line, Some("65534")));
    }

    /// Waits until each of them answers so.
    #[track_caller]
    pub fn until(&self, line: &[&str], text: &str) {
        wait_until(&format!("{line:?} to say {text}"), || {
            self.play(line).iter().all(|answer| answer.out.contains(text))
        });
    }
}

#[track_caller]
fn assert_same(line: &[&str], [theirs, ours]: [Answer; 2]) -> Answer {
    let shown = |answer: &Answer| format!("exit {}\n{}{}", answer.code, answer.out, answer.err);
    assert_eq!(shown(&theirs), shown(&ours), "{line:?}: theirs, then ours");
    ours
}

/// Without what differs from run to run: every number is N, the directory of the test is DIR.
fn normal(text: &str, dir: &str) -> String {
    let mut normal = String::new();
    // Some name themselves by their path. TERM is what the record of our supervisor has no room for.
    let ours = format!("{}/", super::our_programs().display());
    let words = [dir, &ours, "/usr/bin/", "/usr/sbin/", ", got TERM"];
    let text = words
        .iter()
        .zip(["DIR", "", "", "", ""])
        .fold(text.to_owned(), |text, (word, short)| text.replace(word, short));
    for c in text.chars() {
        match c {
            '0'..='9' if normal.ends_with('N') => {}
            '0'..='9' => normal.push('N'),
            c => normal.push(c),
        }
    }
    normal
}
