//! System calls that fail, one process at a time, by strace(1).

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use unix::{Pid, Signal};

use super::{Namespace, text, wait_until};

/// A process whose system calls fail, until this is dropped.
#[derive(Debug)]
pub struct Injection(Child);

impl Injection {
    /// Lets system calls of a process inside a namespace fail: `openat:error=ENFILE`. Only those fail that have to do
    /// with one of `paths`, if there are any, as the program names them.
    #[track_caller]
    pub fn start(namespace: &Namespace, pid: Pid, faults: &[&str], paths: &[&str]) -> Injection {
        Injection::into(namespace.outside(pid), faults, paths)
    }

    /// The same for a process that is in no namespace of its own.
    #[track_caller]
    pub fn start_here(pid: Pid, faults: &[&str], paths: &[&str]) -> Injection {
        Injection::into(PathBuf::from(format!("/proc/{pid}")), faults, paths)
    }

    #[track_caller]
    fn into(process: PathBuf, faults: &[&str], paths: &[&str]) -> Injection {
        let number = process.file_name().expect("it is a directory of /proc").to_owned();
        let mut strace = Command::new("strace");
        strace.args(["-qq", "-o", "/dev/null", "-p"]).arg(number);
        for fault in faults {
            let calls = fault.split(':').next().expect("it begins with names");
            strace.args(["-e", &format!("trace={calls}"), "-e", &format!("inject={fault}")]);
        }
        for path in paths {
            strace.args(["-P", path]);
        }
        let before = sleeps(&process);
        let child = strace.stdin(Stdio::null()).stderr(Stdio::null()).spawn().expect("strace is there");
        // It is stopped, it begins the call anew in which it waited, and it waits in that.
        wait_until("strace to attach", || is_traced(&process) && sleeps(&process) >= before + 2);
        Injection(child)
    }

    /// Whether it can be done here.
    pub fn is_possible() -> bool {
        let found = Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
        let is_possible = found.is_ok() && super::is_root();
        if !is_possible {
            println!("not tested: it needs strace, and root");
        }
        is_possible
    }
}

impl Drop for Injection {
    fn drop(&mut self) {
        // It detaches; killed, it would leave a system call half done.
        if let Some(pid) = Pid::new(i64::from(self.0.id())) {
            let _ = sys::child::kill(pid, Signal::TERM);
        }
        let _ = self.0.wait();
    }
}

fn is_traced(process: &Path) -> bool {
    number(process, "TracerPid:") != 0
}

/// How often it has gone to sleep.
fn sleeps(process: &Path) -> u64 {
    number(process, "voluntary_ctxt_switches:")
}

fn number(process: &Path, name: &str) -> u64 {
    let status = text(process.join("status"));
    let found = status.lines().find_map(|line| line.strip_prefix(name));
    found.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

impl Namespace {
    /// The directory of a process inside, in the machine's `/proc`.
    #[track_caller]
    pub fn outside(&self, pid: Pid) -> PathBuf {
        let namespace = |process: &Path| std::fs::read_link(process.join("ns/pid")).ok();
        let own = namespace(&self.first());
        let all = std::fs::read_dir("/proc").expect("there is /proc").flatten().map(|entry| entry.path());
        let mut those = all.filter(|process| own.is_some() && namespace(process) == own);
        let suffix = format!("\t{pid}");
        let found = those.find(|process| {
            let status = text(process.join("status"));
            status.lines().any(|line| line.starts_with("NSpid:") && line.ends_with(&suffix))
        });
        found.unwrap_or_else(|| panic!("there is no process {pid}"))
    }
}
