//! Other processes, as /proc shows them (proc(5)). Each can end while it is looked at.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use unix::Pid;

use crate::{dir, file};

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its pid.
    pub pid: Pid,
    /// Its parent's; `None`: that is not in this PID namespace.
    pub parent: Option<Pid>,
    /// The pid of the process that began its session; `None`: as for the parent.
    pub session: Option<Pid>,
    /// Its name, at most 15 bytes.
    pub name: String,
    /// It has ended, and its parent has not waited for it.
    pub is_zombie: bool,
    /// Memory that is mapped and present, in bytes; what it shares counts for each process.
    pub resident: u64,
    /// Time on processors so far.
    pub cpu: Duration,
}

/// Every process.
///
/// # Errors
/// /proc cannot be listed.
pub fn all() -> io::Result<Vec<Process>> {
    let names = dir::list(Path::new("/proc"))?;
    Ok(names.iter().filter_map(|name| one(Pid::new(name.to_str()?.parse().ok()?)?)).collect())
}

fn one(pid: Pid) -> Option<Process> {
    let mut buffer = [0; 1024];
    let stat = file::read_into(&path(pid, "stat"), &mut buffer).ok()??;
    parse(pid, &String::from_utf8_lossy(stat))
}

/// `PID (NAME) STATE PPID …`: the name may hold anything, so the last `)` ends it.
fn parse(pid: Pid, stat: &str) -> Option<Process> {
    let (head, tail) = stat.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    // Numbered from 3, the state, on.
    let fields: Vec<&str> = tail.split_ascii_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<i64>().ok();
    let ticks = number(14)? + number(15)?;
    Some(Process {
        pid,
        parent: Pid::new(number(4)?),
        session: Pid::new(number(6)?),
        name: name.to_owned(),
        is_zombie: matches!(fields.first(), Some(&"Z" | &"X")),
        resident: number(24)?.max(0) as u64 * constant(libc::_SC_PAGESIZE),
        cpu: Duration::from_millis(ticks.max(0) as u64 * 1_000 / constant(libc::_SC_CLK_TCK)),
    })
}

fn constant(name: libc::c_int) -> u64 {
    // SAFETY: sysconf(3) takes a number and touches no memory.
    unsafe { libc::sysconf(name) }.max(1) as u64
}

/// The share of memory that is a process's own: what n processes share counts an nth. `None` where we may
/// not know.
pub fn proportional(pid: Pid) -> Option<u64> {
    let mut buffer = [0; 2048];
    let text = file::read_into(&path(pid, "smaps_rollup"), &mut buffer).ok()??;
    let text = String::from_utf8_lossy(text);
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// The command line of a process, its words separated by spaces; empty for a zombie and for the kernel's own.
pub fn command(pid: Pid) -> String {
    let mut buffer = [0; 1024];
    let words = file::read_into(&path(pid, "cmdline"), &mut buffer).ok().flatten().unwrap_or_default();
    String::from_utf8_lossy(words).trim_end_matches('\0').replace('\0', " ")
}

/// The users of a process: real, effective, saved; `None` where we may not know.
pub fn users(pid: Pid) -> Option<[u32; 3]> {
    let mut buffer = [0; 1024];
    let text = file::read_into(&path(pid, "status"), &mut buffer).ok()??;
    let text = String::from_utf8_lossy(text);
    let mut users = text.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_ascii_whitespace();
    let mut next = || users.next()?.parse().ok();
    Some([next()?, next()?, next()?])
}

/// The file at the path of the program that a process executes is another one by now.
///
/// # Errors
/// What readlink(2) and stat(2) say of `/proc/PID/exe`: EACCES, ENOENT.
pub fn is_outdated(pid: Pid) -> io::Result<bool> {
    let exe = path(pid, "exe");
    let identity = |path: &Path| Ok::<_, io::Error>(file::look(path)?.map(|info| info.identity));
    let there = match file::link_target(&exe)? {
        Some(there) => crate::process::without_deleted(there),
        None => return Err(io::ErrorKind::NotFound.into()),
    };
    Ok(identity(&exe)? != identity(&there)?)
}

/// Where /proc shows something of a process: `cwd`, `fd/0`.
pub fn path(pid: Pid, name: &str) -> PathBuf {
    Path::new("/proc").join(pid.to_string()).join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_among_all() {
        let me = crate::process::id().unwrap();
        let found = all().unwrap().into_iter().find(|process| process.pid == me).unwrap();
        assert!(found.resident > 100_000);
        assert!(proportional(me).is_some_and(|bytes| bytes > 0));
        assert!(command(me).contains("sys"));
        assert!(!found.is_zombie);
        assert_eq!(
            users(me),
            Some([crate::users::own(), crate::users::effective(), crate::users::effective()])
        );
    }

    #[test]
    fn name_may_hold_anything() {
        let pid = Pid::new(7).unwrap();
        let stat = "7 (a) R (b) S 1 7 7 0 -1 4194304 1 0 0 0 150 50 0 0 20 0 1 0 1 1 2 3";
        let process = parse(pid, stat).unwrap();
        assert_eq!(process.name, "a) R (b");
        assert_eq!((process.parent, process.session), (Pid::new(1), Some(pid)));
        assert_eq!(parse(pid, "7 (x"), None);
    }
}
