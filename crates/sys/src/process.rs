//! This process: its directory, its standard descriptors, its place among the others.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use unix::Pid;

use crate::signals;

/// The file system of pipes without a name (statfs(2)).
const PIPEFS: u64 = 0x5049_5045;

/// Makes `path` the current directory.
///
/// # Errors
/// What chdir(2) says.
pub fn enter(path: &Path) -> io::Result<()> {
    Ok(rustix::process::chdir(path)?)
}

/// The current directory, to come back to.
///
/// # Errors
/// What open(2) says.
pub fn current_directory() -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(CWD, ".", flags, Mode::empty())?)
}

/// Makes an open directory the current directory.
///
/// # Errors
/// What fchdir(2) says.
pub fn enter_open(directory: BorrowedFd<'_>) -> io::Result<()> {
    Ok(rustix::process::fchdir(directory)?)
}

/// The pid of this process.
pub fn id() -> Option<Pid> {
    Pid::new(std::process::id().into())
}

/// Sets the umask and gives the old one, both as permission bits.
pub fn set_umask(mask: u32) -> u32 {
    rustix::process::umask(Mode::from_raw_mode(mask)).as_raw_mode()
}

/// Gets `signal` when its parent dies.
///
/// # Errors
/// EINVAL: it is none that can be sent so.
pub fn signal_when_parent_dies(signal: unix::Signal) -> io::Result<()> {
    // SAFETY: prctl(PR_SET_PDEATHSIG) takes a number and touches no memory.
    match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::c_ulong::from(signal.number())) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// It is the leader of its session. A leader outside of this PID namespace has the number 0 here, which is none for
/// rustix.
pub fn leads_session() -> bool {
    // SAFETY: getsid(2) and getpid(2) touch no memory.
    unsafe { libc::getsid(0) == libc::getpid() }
}

/// Moves to the root directory: a directory that nobody is in can be unmounted.
///
/// # Errors
/// EACCES.
pub fn leave_directory() -> io::Result<()> {
    Ok(rustix::process::chdir("/")?)
}

/// Stops this process until somebody continues it. Process 1 of a PID namespace goes on.
pub fn stop_itself() {
    // SAFETY: raise(3) touches no memory.
    unsafe { libc::raise(libc::SIGSTOP) };
}

/// The umask, as permission bits.
pub fn umask() -> u32 {
    let mask = set_umask(0o077);
    set_umask(mask);
    mask
}

/// Becomes the parent of every orphan among its descendants (Linux 3.4).
///
/// # Errors
/// EINVAL on older kernels.
pub fn become_subreaper() -> io::Result<()> {
    // The kernel takes any number but 0 for yes.
    Ok(rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?)
}

/// Opens /dev/null at every standard descriptor that is closed, so that no file of ours lands there.
///
/// # Errors
/// What open(2) says of /dev/null.
pub fn open_standard_descriptors() -> io::Result<()> {
    loop {
        let fd = rustix::fs::openat(CWD, "/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
        if fd.as_raw_fd() > 2 {
            return Ok(());
        }
        rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::empty())?;
        let _stays_open = fd.into_raw_fd();
    }
}

/// Marks every descriptor but the standard ones close-on-exec, whoever left it open for us
/// (close_range(2): Linux 5.11; on an older kernel nothing happens).
pub fn keep_descriptors_from_children() {
    // SAFETY: with CLOSE_RANGE_CLOEXEC nothing is closed; the flag alone is set.
    unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
}

/// Takes over a descriptor that somebody else opened for us and named by number; close-on-exec from now on.
///
/// # Errors
/// EBADF: there is none.
pub fn inherit(number: RawFd) -> io::Result<OwnedFd> {
    if number < 0 {
        return Err(Errno::BADF.into());
    }
    // SAFETY: F_SETFD touches no memory, and fails on a number that is not open.
    if unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) } == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the number is open, and it is the caller's to give: it was named on our command line.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Puts a copy of `fd` where standard output and standard error are.
///
/// # Errors
/// What dup2(2) says.
pub fn redirect_output(fd: BorrowedFd<'_>) -> io::Result<()> {
    rustix::stdio::dup2_stdout(fd)?;
    Ok(rustix::stdio::dup2_stderr(fd)?)
}

/// Puts a copy of `fd` where standard error is.
///
/// # Errors
/// What dup2(2) says.
pub fn redirect_error(fd: BorrowedFd<'_>) -> io::Result<()> {
    Ok(rustix::stdio::dup2_stderr(fd)?)
}

/// Moves `fd` to the number `to`, for a program that is executed next. What was there is closed.
///
/// # Errors
/// What dup2(2) and fcntl(2) say.
pub fn place(fd: OwnedFd, to: RawFd) -> io::Result<()> {
    if fd.as_raw_fd() == to {
        rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::empty())?;
        let _stays_open = fd.into_raw_fd();
        return Ok(());
    }
    // SAFETY: dup2 touches no memory. Whoever calls this is about to execute another program and uses no
    // descriptor of that number.
    match unsafe { libc::dup2(fd.as_raw_fd(), to) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Leaves a descriptor open, also for the program that is executed next.
///
/// # Errors
/// None that the kernel documents for an open descriptor.
pub fn leave_open(fd: OwnedFd) -> io::Result<()> {
    rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::empty())?;
    let _stays_open = fd.into_raw_fd();
    Ok(())
}

/// Leaves a descriptor open for the program that is executed next, should that not fail.
///
/// # Errors
/// None that the kernel documents for an open descriptor.
pub fn keep_at_exec(fd: BorrowedFd<'_>) -> io::Result<()> {
    Ok(rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::empty())?)
}

/// Puts a copy of the descriptor `from` at the number `to`, for a program that is executed next.
///
/// # Errors
/// EBADF: there is none.
pub fn copy(from: RawFd, to: RawFd) -> io::Result<()> {
    // SAFETY: neither call touches memory. Whoever calls this is about to execute another program and uses no
    // descriptor of the number `to`.
    let result = unsafe { if from == to { libc::fcntl(to, libc::F_SETFD, 0) } else { libc::dup2(from, to) } };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Closes a descriptor when the next program is executed; until then this one can still use it.
///
/// # Errors
/// EBADF: there is none.
pub fn close_at_exec(number: RawFd) -> io::Result<()> {
    // SAFETY: F_SETFD touches no memory, and fails on a number that is not open.
    match unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// The same for every descriptor from this number to that, whether it is open or not.
pub fn close_range_at_exec(first: u32, last: u32) {
    // SAFETY: with CLOSE_RANGE_CLOEXEC nothing is closed; the flag alone is set.
    let done = unsafe { libc::syscall(libc::SYS_close_range, first, last, libc::CLOSE_RANGE_CLOEXEC) };
    if done == -1 {
        // The kernel is older than 5.11.
        let end = u64::from(last).min(descriptor_limit()) as RawFd;
        (first as RawFd..=end).for_each(|number| drop(close_at_exec(number)));
    }
}

/// Becomes the leader of a new session, without a terminal.
///
/// # Errors
/// EPERM: it leads a process group.
pub fn start_session() -> io::Result<()> {
    rustix::process::setsid()?;
    Ok(())
}

/// Becomes the leader of a new process group.
///
/// # Errors
/// EPERM: it leads a session.
pub fn start_group() -> io::Result<()> {
    Ok(rustix::process::setpgid(None, None)?)
}

/// Makes `path` the root directory and the current one.
///
/// # Errors
/// What chdir(2) and chroot(2) say.
pub fn change_root(path: &Path) -> io::Result<()> {
    enter(path)?;
    Ok(rustix::process::chroot(".")?)
}

/// Makes reading and writing wait.
///
/// # Errors
/// What ioctl(2) says.
pub fn make_blocking(fd: impl AsFd) -> io::Result<()> {
    Ok(rustix::io::ioctl_fionbio(fd, false)?)
}

/// Opens /dev/null for reading and writing.
///
/// # Errors
/// What open(2) says.
pub fn open_null() -> io::Result<OwnedFd> {
    Ok(rustix::fs::openat(CWD, "/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?)
}

/// The most descriptors that this process may have open.
pub fn descriptor_limit() -> u64 {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Raises the number of descriptors that this process may have open to the most that it may ask for. Where
/// that is refused, the limit stays. For programs that execute no other: some cannot live with a high one.
pub fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

/// The limit that children are given, if it is not ours; 0: ours.
static LIMIT_OF_CHILDREN: AtomicU64 = AtomicU64::new(0);

/// Raises the number of descriptors that this process may have open to `enough`, if it may. Every program
/// that it executes has the limit of before: some cannot live with a high one.
pub fn raise_own_descriptor_limit(enough: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(enough, |maximum| maximum.min(enough));
    if let Some(before) = current.filter(|&current| current < wanted)
        && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).is_ok()
    {
        LIMIT_OF_CHILDREN.store(before, Ordering::Relaxed);
    }
}

/// Sets the limit that a program shall have which this process is about to execute. Also for a child that
/// shares its parent's memory: takes none, and is async-signal-safe.
pub(crate) fn give_back_descriptor_limit() {
    let before = LIMIT_OF_CHILDREN.load(Ordering::Relaxed);
    if before == 0 {
        return;
    }
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: prlimit(2) on this process writes the one `limit`, and reads the other.
    unsafe {
        if libc::prlimit(0, libc::RLIMIT_NOFILE, ptr::null(), &raw mut limit) == 0 {
            limit.rlim_cur = before;
            libc::prlimit(0, libc::RLIMIT_NOFILE, &raw const limit, ptr::null_mut());
        }
    }
}

/// This process, or the system, has no descriptor left (EMFILE, ENFILE).
pub fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

/// The same, or no memory (ENOMEM): trying again may help.
pub fn is_out_of_resources(error: &io::Error) -> bool {
    is_out_of_descriptors(error) || error.kind() == io::ErrorKind::OutOfMemory
}

/// A pipe, both ends close-on-exec: (to read, to write).
///
/// # Errors
/// EMFILE, ENFILE.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?)
}

/// The same, the end to read without blocking.
///
/// # Errors
/// EMFILE, ENFILE.
pub fn notification_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = pipe()?;
    rustix::io::ioctl_fionbio(&read, true)?;
    Ok((read, write))
}

/// Opens the other end of a pipe that a process has open under this number, to read it without blocking. Whatever else
/// it has there is looked at and not opened: to open a device, or a FIFO of somebody's, can have an effect.
///
/// # Errors
/// What open(2) says: EACCES, ENOENT; `InvalidInput`: it is no pipe without a name.
pub fn reopen_to_read(pid: Pid, number: u32) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let held = rustix::fs::openat(CWD, format!("/proc/{pid}/fd/{number}"), flags, Mode::empty())?;
    crate::fifo::check(&held)?;
    if rustix::fs::fstatfs(&held)?.f_type as u64 != PIPEFS {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a FIFO that has a name"));
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    Ok(rustix::fs::openat(CWD, format!("/proc/self/fd/{}", held.as_raw_fd()), flags, Mode::empty())?)
}

/// Reads what there is, without waiting on a descriptor that does not block. 0: the other end is closed;
/// `None`: nothing there now.
///
/// # Errors
/// What read(2) says.
pub fn read(fd: impl AsFd, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    loop {
        match rustix::io::read(&fd, &mut *buffer) {
            Ok(count) => return Ok(Some(count)),
            Err(Errno::AGAIN) => return Ok(None),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Executes a program in place of this one, with no signal blocked. Signals that nobody has read are
/// forgotten: they were this program's. Allocates nothing.
///
/// Returns only if that fails: why.
pub fn execute(program: &CStr, args: &[&CStr]) -> io::Error {
    let mut argv = [ptr::null(); 8];
    for (slot, arg) in argv[..7].iter_mut().zip(args) {
        *slot = arg.as_ptr();
    }
    give_back_descriptor_limit();
    signals::forget_pending();
    let _ = signals::unblock_all();
    // SAFETY: `program` and each of `args` end with a zero byte, `argv` ends with a null pointer (its
    // eighth place is never filled), and `environ` is the C library's.
    unsafe { libc::execv(program.as_ptr(), argv.as_ptr()) };
    let error = io::Error::last_os_error();
    let _ = signals::block_all();
    error
}

/// The file that this process executes, or `None` where neither /proc nor the kernel tells.
pub fn executable() -> Option<PathBuf> {
    if let Ok(path) = std::fs::read_link("/proc/self/exe") {
        return Some(path);
    }
    // SAFETY: AT_EXECFN is the address of a string of the kernel's that lives as long as the process,
    // or 0.
    let name = unsafe {
        let address = libc::getauxval(libc::AT_EXECFN) as *const libc::c_char;
        (!address.is_null()).then(|| CStr::from_ptr(address).to_bytes().to_vec())
    }?;
    Path::new(&std::ffi::OsString::from_vec(name)).canonicalize().ok()
}

/// A path of /proc's without the word that the kernel adds where the file has gone, or another one has taken its place.
pub fn without_deleted(path: PathBuf) -> PathBuf {
    let mut bytes = path.into_os_string().into_vec();
    if let Some(before) = bytes.strip_suffix(b" (deleted)") {
        bytes.truncate(before.len());
    }
    std::ffi::OsString::from_vec(bytes).into()
}

/// A C string; `None` if there is a zero byte inside.
pub fn c_string(text: impl Into<std::ffi::OsString>) -> Option<CString> {
    CString::new(text.into().into_vec()).ok()
}
