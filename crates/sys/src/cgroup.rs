//! A cgroup below that of this process (cgroups(7), version 2): whoever is in it cannot leave by forking.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid as RustixPid, PidfdFlags, Signal as RustixSignal};
use unix::{Pid, Signal};

use crate::{child, dir, file, process};

/// A cgroup, whether it is there or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cgroup(PathBuf);

impl Cgroup {
    /// The one of this name below our own.
    ///
    /// # Errors
    /// What reading /proc says; `Unsupported`: no cgroup file system of version 2 is mounted, or not where ours
    /// can be seen.
    pub fn below_own(name: &OsStr) -> io::Result<Cgroup> {
        let own = read(Path::new("/proc/self/cgroup"))?;
        let mounts = read(Path::new("/proc/self/mountinfo"))?;
        let path = find(&own, &mounts).ok_or(io::ErrorKind::Unsupported)?;
        Ok(Cgroup(path.join(name)))
    }

    /// Makes it, and gives the file by which a process enters it.
    ///
    /// # Errors
    /// What mkdir(2) and open(2) say, also of the file by which a process leaves our own cgroup.
    pub fn make(&self) -> io::Result<OwnedFd> {
        if let Some(own) = self.0.parent() {
            open(&own.join(PROCS))?;
        }
        match rustix::fs::mkdirat(CWD, &self.0, Mode::from_raw_mode(0o755)) {
            // Who comes in is to run.
            Err(Errno::EXIST) => drop(self.tell("cgroup.freeze", b"0")),
            made => made?,
        }
        open(&self.0.join(PROCS))
    }

    /// Whether a process in it, or in one below it, lives. Where it is not, nobody does.
    ///
    /// # Errors
    /// What read(2) says.
    pub fn is_populated(&self) -> io::Result<bool> {
        match read(&self.0.join("cgroup.events")) {
            Ok(text) => Ok(text.split(|&byte| byte == b'\n').any(|line| line == b"populated 1")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Sends signals to each process in it, and in those below it.
    pub fn signal(&self, signals: &[Signal]) {
        let name = self.0.file_name().unwrap_or_default().as_bytes();
        each_below(&self.0, &mut |path| {
            for pid in processes(path) {
                send(pid, name, signals);
            }
        });
    }

    /// Kills every process in it, and in those below it.
    ///
    /// # Errors
    /// What write(2) says.
    pub fn kill(&self) -> io::Result<()> {
        match self.tell("cgroup.kill", b"1") {
            // Before Linux 5.14.
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.kill_each(),
            told => told,
        }
    }

    /// The same one by one: what is frozen starts nobody, and can be killed. It is never thawed, for nobody is
    /// to live on in it.
    fn kill_each(&self) -> io::Result<()> {
        self.tell("cgroup.freeze", b"1")?;
        self.signal(&[Signal::KILL]);
        Ok(())
    }

    fn tell(&self, name: &str, word: &[u8]) -> io::Result<()> {
        file::write_all(open(&self.0.join(name))?, word)
    }

    /// Removes it, and those below it. As long as somebody lives there they stay.
    pub fn remove(&self) {
        each_below(&self.0, &mut |path| {
            let _ = rustix::fs::unlinkat(CWD, path, AtFlags::REMOVEDIR);
        });
    }
}

/// The file that lists the processes of a cgroup, and by which they come in.
const PROCS: &str = "cgroup.procs";

fn open(path: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::openat(CWD, path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = rustix::fs::openat(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let mut text = Vec::new();
    loop {
        let length = text.len();
        text.resize(length + 4096, 0);
        let count = process::read(&file, &mut text[length..])?.unwrap_or(0);
        text.truncate(length + count);
        if count == 0 {
            return Ok(text);
        }
    }
}

/// Where our own cgroup is in the file system, of what `/proc/self/cgroup` and `/proc/self/mountinfo` say.
fn find(own: &[u8], mounts: &[u8]) -> Option<PathBuf> {
    let own = own.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(b"0::"))?;
    let own = Path::new(OsStr::from_bytes(own));
    mounts.split(|&byte| byte == b'\n').find_map(|line| {
        // ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [FIELD…] - TYPE SOURCE OPTIONS
        let mut fields = line.split(|&byte| byte == b' ');
        let (root, point) = (fields.nth(3)?, fields.next()?);
        fields.find(|field| *field == b"-")?;
        // What has a space in its name is written otherwise: none that we know does.
        let is_plain = !root.contains(&b'\\') && !point.contains(&b'\\');
        let below = own.strip_prefix(OsStr::from_bytes(root)).ok()?;
        (fields.next()? == b"cgroup2" && is_plain).then(|| Path::new(OsStr::from_bytes(point)).join(below))
    })
}

/// Calls `visit` with each cgroup below `path`, and at last with `path`.
fn each_below(path: &Path, visit: &mut dyn FnMut(&Path)) {
    // What cannot be listed is a file of the kernel's.
    let Ok(names) = dir::list(path) else { return };
    for name in names {
        each_below(&path.join(name), visit);
    }
    visit(path);
}

fn processes(path: &Path) -> Vec<Pid> {
    let text = read(&path.join(PROCS)).unwrap_or_default();
    let number = |line| Pid::new(std::str::from_utf8(line).ok()?.parse().ok()?);
    text.split(|&byte| byte == b'\n').filter_map(number).collect()
}

/// To the process that is still in the cgroup of this name, or in one below it, or to nobody.
fn send(pid: Pid, name: &[u8], signals: &[Signal]) {
    let Some(known) = RustixPid::from_raw(pid.get()) else { return };
    // The handle comes first: what is asked and done afterwards is about one and the same process.
    let handle = rustix::process::pidfd_open(known, PidfdFlags::empty());
    let mut path = Vec::new();
    let _ = write!(path, "/proc/{pid}/cgroup");
    let own = read(Path::new(OsStr::from_bytes(&path))).unwrap_or_default();
    let is_member = own
        .split(|&byte| byte == b'\n')
        .any(|line| line.starts_with(b"0::") && line.split(|&byte| byte == b'/').any(|part| part == name));
    if !is_member {
        return;
    }
    for &signal in signals {
        let _ = match (&handle, RustixSignal::from_named_raw(signal.number().into())) {
            (Ok(handle), Some(signal)) => {
                rustix::process::pidfd_send_signal(handle, signal).map_err(Into::into)
            }
            // Before Linux 5.3, or no descriptor left.
            _ => child::kill(pid, signal),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_cgroup_is_found_where_it_is_mounted() {
        let mounts = b"23 28 0:22 / /proc rw - proc proc rw\n\
            30 23 0:26 /pod/a /mnt/cg rw,nosuid shared:4 - cgroup2 cgroup2 rw\n\
            31 23 0:26 / /sys/fs/cgroup rw - cgroup2 none rw\n";
        let found = |own: &str| find(own.as_bytes(), mounts);
        assert_eq!(found("0::/pod/a/b\n"), Some("/mnt/cg/b".into()));
        assert_eq!(found("1:cpu:/x\n0::/web\n"), Some("/sys/fs/cgroup/web".into()));
        assert_eq!(found("1:cpu:/x\n"), None);
        assert_eq!(find(b"0::/\n", &mounts[..40]), None);
    }

    #[test]
    #[allow(clippy::print_stdout, reason = "who runs the tests is to know")]
    fn everybody_in_a_cgroup_and_below_it_can_be_killed_also_without_cgroup_kill() {
        type Kill = fn(&Cgroup) -> io::Result<()>;
        for (way, kill) in [("all", Cgroup::kill as Kill), ("each", Cgroup::kill_each as Kill)] {
            let name = format!("suite-{}-{way}", std::process::id());
            let cgroup = Cgroup::below_own(OsStr::new(&name)).unwrap();
            if let Err(error) = cgroup.make() {
                println!("not tested: no cgroup can be made: {error}");
                return;
            }
            let script = "mkdir \"$0/below\"; sleep 1000 & echo $! >\"$0/below/cgroup.procs\"; \
                          echo 0 >\"$0/cgroup.procs\"; exec sleep 1000";
            let mut child =
                std::process::Command::new("/bin/sh").args(["-c", script]).arg(&cgroup.0).spawn().unwrap();
            while processes(&cgroup.0).is_empty() {
                std::thread::yield_now();
            }
            assert_eq!(processes(&cgroup.0.join("below")).len(), 1);
            assert!(cgroup.is_populated().unwrap());
            kill(&cgroup).unwrap();
            child.wait().unwrap();
            while cgroup.is_populated().unwrap() {
                std::thread::yield_now();
            }
            cgroup.remove();
            assert!(!cgroup.0.exists());
            assert!(!cgroup.is_populated().unwrap());
        }
    }
}
