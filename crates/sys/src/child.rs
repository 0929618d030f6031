//! Children: spawn, signal, reap.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::{Mutex, PoisonError};

use rustix::io::Errno;
use rustix::process::{Pid as RustixPid, WaitOptions, WaitStatus};
use unix::{Exit, Pid, Signal};

use crate::clock;

unsafe extern "C" {
    static environ: *const *const c_char;
}

/// The stack of a child between vfork and exec: one, for one child at a time. It stands beside the heap, whose
/// pages are there anyway, and not on the stack of the parent, where it would take another one.
static STACK: Mutex<[MaybeUninit<u8>; CHILD_STACK]> = Mutex::new([MaybeUninit::uninit(); CHILD_STACK]);
/// `become_program` needs well under a kilobyte of it when optimised, and a few without.
const CHILD_STACK: usize = if cfg!(debug_assertions) { 32 * 1024 } else { 1536 };

/// The most descriptors that a child can be given.
const MOST_GIVEN: usize = 8;

/// The most arguments, its name included, that a child can be given.
const MOST_ARGS: usize = 8;

/// Session and process group of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Company {
    /// Those of its parent.
    Parents,
    /// A process group of its own: what is typed at the parent's terminal is not for it.
    OwnGroup,
    /// A session of its own, and so a group.
    OwnSession,
    /// A session of its own, and with it the terminal that is standard input, if that has no session.
    OwnTerminal,
    /// A process group of its own, in the foreground of the terminal that is standard input, if it is one.
    Foreground,
}

/// How to start a program.
#[derive(Debug)]
pub struct Spawn<'a> {
    /// Its path; PATH is not searched.
    pub program: &'a CStr,
    /// What it is called with, 8 at most; the first is its name.
    pub args: &'a [CString],
    /// Whose company it is in.
    pub company: Company,
    /// Its signals wait until it takes them: for a program of ours, which none must kill before it has begun.
    /// Every other program starts with no signal blocked.
    pub holds_signals: bool,
    /// As process 1 of a PID namespace of its own (needs CAP_SYS_ADMIN).
    pub new_pid_namespace: bool,
    /// Descriptors it gets, each once, as (ours, its number), 8 at most. Every other one of ours is close-on-exec.
    pub give: &'a [(BorrowedFd<'a>, RawFd)],
    /// Its number for a descriptor that it gets, of a file that it locks whole before it begins: a record
    /// lock, its own and not its children's.
    pub lock: Option<RawFd>,
}

/// Why there is no child.
#[derive(Debug)]
pub enum SpawnError {
    /// No process could be made: EAGAIN, ENOMEM, EPERM for the namespace.
    Fork(io::Error),
    /// The program could not be executed, or a descriptor not given.
    Exec(io::Error),
    /// Another process holds the lock.
    Locked,
}

/// What a child writes before its program begins: whoever comes after its parent finds it there, though the parent
/// be killed before it knows the child.
#[derive(Debug)]
pub struct Birth<'a> {
    /// Where to, from its beginning.
    pub file: BorrowedFd<'a>,
    /// What, all of it.
    pub bytes: &'a mut [u8],
    /// The place in `bytes` where the child puts its pid and the time since boot in nanoseconds, 8 bytes each.
    pub at: usize,
}

/// What else a child does before its program begins.
#[derive(Debug, Default)]
pub struct More<'a> {
    /// It writes this, as far as it can be written.
    pub birth: Option<Birth<'a>>,
    /// It enters this cgroup: its file `cgroup.procs`, open for writing. Its program is executed also where the cgroup
    /// cannot be entered.
    pub cgroup: Option<BorrowedFd<'a>>,
}

/// A child whose program has been executed.
#[derive(Debug)]
pub struct Started {
    /// Its pid.
    pub pid: Pid,
    /// Why it is not in the cgroup that it was to enter.
    pub stayed_out: Option<io::Error>,
}

/// What the child reads and writes in the parent's memory, which both share until the exec.
struct Plan<'a> {
    spawn: &'a Spawn<'a>,
    argv: *const *const c_char,
    birth: *mut Birth<'a>,
    /// By which it enters a cgroup; -1: it stays where it is.
    cgroup: RawFd,
    /// Why it could not.
    cgroup_error: c_int,
    error: c_int,
    locked: bool,
}

/// Starts a program; takes no memory. When this returns `Ok`, the program has been executed.
///
/// # Errors
/// No child is left behind.
pub fn spawn(spawn: &Spawn<'_>) -> Result<Pid, SpawnError> {
    spawn_with(spawn, More::default()).map(|started| started.pid)
}

/// The same with more.
///
/// # Errors
/// As `spawn`.
pub fn spawn_with(spawn: &Spawn<'_>, more: More<'_>) -> Result<Started, SpawnError> {
    assert!(spawn.args.len() <= MOST_ARGS);
    let mut argv = [ptr::null::<c_char>(); MOST_ARGS + 1];
    for (place, arg) in argv.iter_mut().zip(spawn.args) {
        *place = arg.as_ptr();
    }
    start(spawn, &argv, more)
}

/// The same with any number of arguments, for those who have memory: they stand in `argv`, not in `spawn`.
///
/// # Errors
/// As `spawn`.
#[inline(never)] // The child's stack would stand in the frame of a caller's loop.
pub(crate) fn start(
    spawn: &Spawn<'_>,
    argv: &[*const c_char],
    mut more: More<'_>,
) -> Result<Started, SpawnError> {
    assert!(spawn.give.len() <= MOST_GIVEN);
    assert!(argv.last().is_some_and(|last| last.is_null()));
    let birth = more.birth.as_mut().map_or(ptr::null_mut(), |birth| ptr::from_mut(birth).cast());
    let cgroup = more.cgroup.map_or(-1, |cgroup| cgroup.as_raw_fd());
    let mut plan =
        Plan { spawn, argv: argv.as_ptr(), birth, cgroup, cgroup_error: 0, error: 0, locked: false };
    let mut stack = STACK.lock().unwrap_or_else(PoisonError::into_inner);
    let namespace = if spawn.new_pid_namespace { libc::CLONE_NEWPID } else { 0 };
    // SAFETY: with CLONE_VFORK this thread sleeps until the child has executed a program or has exited,
    // so `stack` and `plan` outlive the child's use of them and are not used by both at once. The top
    // of the stack is aligned to 16 bytes. CLONE_VM without CLONE_SIGHAND gives the child its own
    // signal dispositions and mask; `become_program` calls async-signal-safe functions only. Below the
    // stack there is no guard page: its size is some times what those functions were seen to use, with
    // every signal blocked until the exec and no handler installed after that.
    let number = unsafe {
        let top = stack.as_mut_ptr().cast::<u8>().add(CHILD_STACK);
        let top = top.sub(top as usize % 16);
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD | namespace;
        libc::clone(become_program, top.cast(), flags, (&raw mut plan).cast())
    };
    let Some(pid) = Pid::new(number.into()) else {
        return Err(SpawnError::Fork(io::Error::last_os_error()));
    };
    // SAFETY: `plan` is alive and nobody writes it any more; volatile, because the compiler did not see
    // the child write it.
    let (error, cgroup_error) =
        unsafe { ((&raw const plan.error).read_volatile(), (&raw const plan.cgroup_error).read_volatile()) };
    match error {
        0 => {
            let stayed_out = (cgroup_error != 0).then(|| io::Error::from_raw_os_error(cgroup_error));
            Ok(Started { pid, stayed_out })
        }
        _ if plan.locked => {
            let _ = wait_for(pid);
            Err(SpawnError::Locked)
        }
        error => {
            let _ = wait_for(pid);
            Err(SpawnError::Exec(io::Error::from_raw_os_error(error)))
        }
    }
}

/// The child between vfork and exec. Returns only if it could not execute the program; libc's clone then
/// ends the child.
extern "C" fn become_program(plan: *mut c_void) -> c_int {
    // SAFETY: `plan` is the Plan of the parent, which sleeps meanwhile. The functions called are
    // async-signal-safe, allocate nothing and change nothing of the parent's but errno: the child has
    // its own descriptor table, session, and signal mask. `argv` ends with a null pointer.
    unsafe {
        let plan = &mut *plan.cast::<Plan<'_>>();
        // 0 is whoever writes it (cgroups(7)).
        if plan.cgroup != -1 && libc::write(plan.cgroup, c"0".as_ptr().cast(), 1) == -1 {
            (&raw mut plan.cgroup_error).write_volatile(*libc::__errno_location());
        }
        match plan.spawn.company {
            Company::Parents => 0,
            Company::OwnGroup => libc::setpgid(0, 0),
            Company::OwnSession => libc::setsid(),
            Company::OwnTerminal => {
                libc::setsid();
                libc::ioctl(0, libc::TIOCSCTTY, 0)
            }
            // SIGTTOU, which a process of the background gets for this, is blocked until the exec.
            Company::Foreground => {
                libc::setpgid(0, 0);
                libc::tcsetpgrp(0, libc::getpid())
            }
        };
        if give(plan.spawn.give) && lock(plan) {
            if !plan.spawn.holds_signals {
                crate::signals::give_to_child();
            }
            crate::process::give_back_descriptor_limit();
            if let Some(birth) = plan.birth.as_mut() {
                write_birth(birth);
            }
            libc::execve(plan.spawn.program.as_ptr(), plan.argv, environ);
        }
        (&raw mut plan.error).write_volatile(*libc::__errno_location());
        libc::_exit(127)
    }
}

/// Writes down who this process is and when it lived. Where that cannot be written, nobody can take it over.
///
/// # Safety
/// To be called in a child whose parent sleeps.
unsafe fn write_birth(birth: &mut Birth<'_>) {
    // SAFETY: getpid(2) touches no memory; pwrite(2) reads as many bytes as there are.
    unsafe {
        let numbers = [libc::getpid() as u64, clock::since_boot()];
        for (place, number) in birth.bytes[birth.at..].chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        libc::pwrite(birth.file.as_raw_fd(), birth.bytes.as_ptr().cast(), birth.bytes.len(), 0);
    }
}

/// Puts each descriptor at its number. Those that stand where another one shall go move away first.
///
/// # Safety
/// To be called in a child that has its own descriptor table.
unsafe fn give(descriptors: &[(BorrowedFd<'_>, RawFd)]) -> bool {
    let beyond = descriptors.iter().fold(3, |beyond, &(_, to)| beyond.max(to + 1));
    let mut safe = [-1; MOST_GIVEN];
    for (place, (fd, _)) in safe.iter_mut().zip(descriptors) {
        let fd = fd.as_raw_fd();
        let in_the_way = descriptors.iter().any(|&(_, to)| to == fd);
        // SAFETY: fcntl(F_DUPFD) changes the child's descriptor table only.
        *place = if in_the_way { unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, beyond) } } else { fd };
    }
    // A record lock is lost when any descriptor of its file is closed (fcntl(2)): the spare ones must not
    // wait for the exec. None of them is one of the numbers that were given.
    // SAFETY: dup2 and close change the child's descriptor table only. dup2 fails on -1.
    safe.iter()
        .zip(descriptors)
        .all(|(&from, &(_, to))| unsafe { libc::dup2(from, to) != -1 && libc::close(from) != -1 })
}

/// Takes the lock that the plan asks for, or notes that it is taken.
///
/// # Safety
/// To be called in the child that shall hold the lock.
unsafe fn lock(plan: &mut Plan<'_>) -> bool {
    let Some(fd) = plan.spawn.lock else { return true };
    // SAFETY: flock is plain numbers; zero is valid for each, and means the whole file. F_SETLK reads it.
    let taken = unsafe {
        let mut lock: libc::flock = std::mem::zeroed();
        lock.l_type = libc::F_WRLCK as libc::c_short;
        libc::fcntl(fd, libc::F_SETLK, &raw const lock) != -1
    };
    // SAFETY: errno is this thread's.
    plan.locked = !taken && [libc::EAGAIN, libc::EACCES].contains(unsafe { &*libc::__errno_location() });
    taken
}

/// A dead child, or `None` if there is none now (or none at all).
///
/// # Errors
/// None that wait(2) documents for this use.
pub fn reap() -> io::Result<Option<(Pid, Exit)>> {
    loop {
        match rustix::process::wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) => {
                let pid = Pid::new(pid.as_raw_nonzero().get().into());
                return Ok(pid.map(|pid| (pid, exit(status))));
            }
            Ok(None) | Err(Errno::CHILD) => return Ok(None),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// A dead child, which keeps its pid until `wait_for` lets go of it; `None` if there is none now (or none at all).
///
/// # Errors
/// None that waitid(2) documents for this use.
pub fn find_dead() -> io::Result<Option<(Pid, Exit)>> {
    // SAFETY: a zeroed siginfo_t is valid to be written over; after a success it is one of SIGCHLD, or of nobody.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        if libc::waitid(libc::P_ALL, 0, &raw mut info, flags) == -1 {
            let error = io::Error::last_os_error();
            return if error.raw_os_error() == Some(libc::ECHILD) { Ok(None) } else { Err(error) };
        }
        let status = info.si_status() as u16;
        let status = match info.si_code {
            libc::CLD_EXITED => status << 8,
            libc::CLD_DUMPED => status | 0x80,
            _ => status,
        };
        Ok(Pid::new(info.si_pid().into()).map(|pid| (pid, Exit::from_wait(status))))
    }
}

/// This process is the parent of `pid`.
pub fn is_ours(pid: Pid) -> bool {
    // SAFETY: with WNOWAIT nothing is reaped, and a zeroed siginfo_t is valid to be written over.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        libc::waitid(libc::P_PID, pid.get() as libc::id_t, &raw mut info, flags) == 0
    }
}

/// This process has a child, dead or alive.
pub fn any_left() -> bool {
    // SAFETY: with WNOWAIT nothing is reaped, and a zeroed siginfo_t is valid to be written over.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        libc::waitid(libc::P_ALL, 0, &raw mut info, libc::WEXITED | libc::WNOHANG | libc::WNOWAIT) == 0
    }
}

/// Waits for any child and reaps it.
///
/// # Errors
/// ECHILD: there is none, and there will be none but by adoption.
pub fn wait_for_any() -> io::Result<(Pid, Exit)> {
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) => {
                let pid = Pid::new(pid.as_raw_nonzero().get().into()).ok_or(Errno::CHILD)?;
                return Ok((pid, exit(status)));
            }
            Ok(None) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Waits for one child and gives how it ended.
///
/// # Errors
/// ECHILD: it is no child of this process, or was reaped already.
pub fn wait_for(pid: Pid) -> io::Result<Exit> {
    let pid = RustixPid::from_raw(pid.get()).ok_or(Errno::CHILD)?;
    loop {
        match rustix::process::waitpid(Some(pid), WaitOptions::empty()) {
            Ok(Some((_, status))) => return Ok(exit(status)),
            Ok(None) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// A descriptor that can be read when this child is dead; it is still to be waited for.
///
/// # Errors
/// What pidfd_open(2) says: ENOSYS before Linux 5.3.
pub fn handle(pid: Pid) -> io::Result<OwnedFd> {
    let pid = RustixPid::from_raw(pid.get()).ok_or(Errno::SRCH)?;
    Ok(rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())?)
}

fn exit(status: WaitStatus) -> Exit {
    Exit::from_wait(status.as_raw() as u16)
}

/// Sends a signal to a process.
///
/// # Errors
/// EPERM; ESRCH when there is no such process.
pub fn kill(pid: Pid, signal: Signal) -> io::Result<()> {
    send(pid.get(), signal)
}

/// Sends a signal to the process group that `leader` leads.
///
/// # Errors
/// EPERM; ESRCH when nobody is left in it.
pub fn kill_group(leader: Pid, signal: Signal) -> io::Result<()> {
    send(-leader.get(), signal)
}

fn send(target: libc::pid_t, signal: Signal) -> io::Result<()> {
    // -1 would be everybody: the group of process 1 cannot be named to kill(2).
    if target == -1 {
        return Err(Errno::PERM.into());
    }
    // SAFETY: kill(2) touches no memory, and `target` names one process or one group.
    match unsafe { libc::kill(target, signal.number().into()) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::Read;
    use std::os::fd::AsFd;

    fn strings(args: &[&str]) -> Vec<CString> {
        args.iter().map(|arg| CString::new(*arg).unwrap()).collect()
    }

    fn plain<'a>(args: &'a [CString], give: &'a [(BorrowedFd<'a>, RawFd)]) -> Spawn<'a> {
        Spawn {
            program: &args[0],
            args,
            company: Company::OwnSession,
            holds_signals: false,
            new_pid_namespace: false,
            give,
            lock: None,
        }
    }

    #[test]
    fn failed_exec_is_an_error_and_leaves_no_child() {
        let args = strings(&["/nonexistent/program"]);
        match spawn(&plain(&args, &[])) {
            Err(SpawnError::Exec(error)) => assert_eq!(error.raw_os_error(), Some(libc::ENOENT)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn exit_code_and_signal_are_told_apart() {
        let args = strings(&["/bin/sh", "-c", "exit 3"]);
        assert_eq!(wait_for(spawn(&plain(&args, &[])).unwrap()).unwrap(), Exit::Code(3));
        let args = strings(&["/bin/sh", "-c", "kill -9 $$"]);
        let exit = wait_for(spawn(&plain(&args, &[])).unwrap()).unwrap();
        assert_eq!(exit.signal(), Some(Signal::KILL));
    }

    #[test]
    fn descriptors_arrive_also_when_they_change_places() {
        let (first_out, first) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
        let (second_out, second) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
        let (a, b) = (first.as_raw_fd(), second.as_raw_fd());
        let script = format!("echo one >&{b}; echo two >&{a}");
        let args = strings(&["/bin/bash", "-c", &script]);
        let give = [(first.as_fd(), b), (second.as_fd(), a)];
        assert_eq!(wait_for(spawn(&plain(&args, &give)).unwrap()).unwrap(), Exit::Code(0));
        drop((first, second));
        for (out, expected) in [(first_out, "one\n"), (second_out, "two\n")] {
            let mut text = String::new();
            File::from(out).read_to_string(&mut text).unwrap();
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn child_starts_with_no_signal_blocked() {
        crate::signals::block_all().unwrap();
        let args = strings(&["/bin/sh", "-c", "grep -q 'SigBlk:.0000000000000000' /proc/self/status"]);
        assert_eq!(wait_for(spawn(&plain(&args, &[])).unwrap()).unwrap(), Exit::Code(0));
    }

    #[test]
    fn process_group_of_process_one_is_never_signalled() {
        let one = Pid::new(1).unwrap();
        assert!(kill_group(one, Signal::CONT).is_err());
    }
}
