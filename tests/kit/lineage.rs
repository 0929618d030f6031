//! A tree whose scanner is not process 1: it is killed, and another one comes.

use std::ops::Deref;

use unix::{Pid, Signal};

use super::{Scan, Tree, program, text, wait_for, wait_until};

/// A tree and its scanners, one after the other. Everything of `Tree` can be asked of it; what is about process 1 there is
/// about `first-process` here, which collects whoever is left to it.
#[derive(Debug)]
pub struct Lineage {
    tree: Tree,
    scanner: Pid,
    generation: usize,
}

impl Lineage {
    /// Starts the first scanner on the scan directory that `build` fills, and waits until it is ready.
    #[track_caller]
    pub fn start(build: impl FnOnce(&mut Scan)) -> Lineage {
        let tree = Tree::start(|scan| {
            let first = env!("CARGO_BIN_EXE_first-process");
            scan.before(&format!("set -- {first} '{}/..' \"$@\"", scan.dir().display()));
            build(scan);
        });
        let pid = tree.scratch().join("pid");
        let scanner = wait_for("the scanner's pid", || Pid::new(text(&pid).parse().ok()?));
        Lineage { tree, scanner, generation: 1 }
    }

    /// The scanner.
    pub fn scanner(&self) -> Pid {
        self.scanner
    }

    /// Kills the scanner, and waits until it is gone.
    #[track_caller]
    pub fn kill_scanner(&self) {
        self.kill(self.scanner, Signal::KILL);
        self.namespace().wait_dead(self.scanner);
    }

    /// Starts another scanner with these options, after a shell has done this, and waits until it is ready.
    #[track_caller]
    pub fn start_scanner(&mut self, shell: &str, options: &[&str]) {
        self.launch_scanner(shell, options);
        let ready = self.scratch().join(format!("ready-{}", self.generation));
        wait_until("the next scanner to be ready", || {
            assert!(!self.exit_path().exists(), "it ended: {}", self.messages());
            text(&ready) == "\n"
        });
    }

    /// Starts another scanner and waits for its pid only.
    #[track_caller]
    pub fn launch_scanner(&mut self, shell: &str, options: &[&str]) {
        self.generation += 1;
        let dir = self.scratch().display().to_string();
        let (generation, ours) = (self.generation, super::our_programs().display());
        let script = format!(
            "export PATH='{ours}':\"$PATH\"; cd '{dir}' && {{ {{ {shell}\nsh -c 'echo $$ >pid-{generation}.new; mv pid-{generation}.new pid-{generation}; \
             exec \"$@\" 9>>ready-{generation}' sh \"$@\"; echo $? >exit-{generation}; }} >>messages 2>&1 </dev/null & }}"
        );
        let scan = self.dir().display().to_string();
        let svscan = program("svscan").display().to_string();
        let mut command = vec!["sh", "-c", &script, "sh", &svscan, "-d", "9"];
        command.extend(options);
        command.push(&scan);
        let answer = self.namespace().inside(&command);
        assert_eq!(answer.code, 0, "{}", answer.err);
        let pid = self.scratch().join(format!("pid-{generation}"));
        self.scanner = wait_for("the next scanner's pid", || Pid::new(text(&pid).trim().parse().ok()?));
    }

    /// Kills the scanner and starts another one.
    #[track_caller]
    pub fn succeed(&mut self) {
        self.kill_scanner();
        self.start_scanner("", &[]);
    }

    fn exit_path(&self) -> std::path::PathBuf {
        match self.generation {
            1 => self.scratch().join("exit"),
            generation => self.scratch().join(format!("exit-{generation}")),
        }
    }

    /// Waits until the scanner has ended: its exit code, or 128 + its signal.
    #[track_caller]
    pub fn wait_scanner(&self) -> i32 {
        wait_for("the scanner to end", || text(self.exit_path()).trim().parse().ok())
    }

    /// Sends a process of the tree a signal.
    #[track_caller]
    pub fn kill(&self, pid: Pid, signal: Signal) {
        self.namespace().kill(pid, signal.name().expect("it has a name"));
    }

    /// Stops the tree by TERM to its scanner: the exit code.
    #[track_caller]
    pub fn stop(&self) -> i32 {
        self.kill(self.scanner, Signal::TERM);
        self.wait_scanner()
    }

    /// The supervisors of the service of this name; there should be one.
    pub fn supervisors(&self, name: &str) -> Vec<Pid> {
        let command = format!("supervise {name}");
        let all = self.namespace().processes().into_iter();
        all.filter(|(pid, other)| *other == command && self.namespace().is_alive(*pid))
            .map(|(pid, _)| pid)
            .collect()
    }

    /// The only supervisor of the service of this name.
    #[track_caller]
    pub fn supervisor(&self, name: &str) -> Pid {
        wait_for(&format!("one supervisor of {name}"), || match self.supervisors(name)[..] {
            [one] => Some(one),
            _ => None,
        })
    }
}

impl Deref for Lineage {
    type Target = Tree;

    fn deref(&self) -> &Tree {
        &self.tree
    }
}
