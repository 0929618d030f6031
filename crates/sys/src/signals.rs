//! Signals as a descriptor.
//!
//! A program of ours has no signal handler: every signal is blocked, and those it wants are read from
//! a signalfd(2). A child starts with none blocked (`child::spawn`), unless it is one of ours, and none ignored
//! (`take`).

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::signal::SigSet;
use nix::sys::signalfd::{SfdFlags, SignalFd};
use unix::Signal;

/// What is blocked in a child, and what it ignores: a bit each, as `Signal::bit`.
static BLOCKED_IN_CHILDREN: AtomicU64 = AtomicU64::new(0);
static IGNORED_BY_CHILDREN: AtomicU64 = AtomicU64::new(0);

/// The signals that this process has taken from the kernel.
#[derive(Debug)]
pub struct Signals(SignalFd);

/// Blocks every signal, gives those that are ignored their default effect back, and reads `wanted` from
/// now on. The rest stay blocked: nothing but SIGKILL and a fault ends the process.
///
/// # Errors
/// EMFILE, ENFILE, ENOMEM.
pub fn take(wanted: &[Signal]) -> io::Result<Signals> {
    block_all()?;
    reset_ignored();
    let set = set_of(wanted);
    Ok(Signals(SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?))
}

/// The real-time signals, too, which nix has no name for.
fn set_of(signals: &[Signal]) -> SigSet {
    let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset(3) makes `set` a valid set, which sigaddset(3) changes; a number that libc keeps for itself
    // is refused with EINVAL and is not in it then.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in signals {
            libc::sigaddset(set.as_mut_ptr(), i32::from(signal.number()));
        }
        SigSet::from_sigset_t_unchecked(set.assume_init())
    }
}

/// Throws away those of these signals that have come in and that nobody has read; the others stay.
///
/// # Errors
/// EMFILE, ENFILE, ENOMEM.
pub fn forget(unwanted: &[Signal]) -> io::Result<()> {
    let these = SignalFd::with_flags(&set_of(unwanted), SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
    while these.read_signal()?.is_some() {}
    Ok(())
}

/// What this process finds blocked and ignored is so in each child of its. To be called before `take`. SIGPIPE is
/// left out: the Rust runtime has ignored it, whatever was before.
pub fn pass_on() {
    let mut blocked = 0_u64;
    // SAFETY: rt_sigprocmask(2) without a new set writes the kernel's old one, 8 bytes.
    unsafe {
        let none = std::ptr::null::<u64>();
        libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_BLOCK, none, &raw mut blocked, size_of::<u64>());
    }
    let ignored = (1..=Signal::MAX).filter_map(Signal::new).filter(|&signal| signal != Signal::PIPE);
    let ignored = ignored.filter(|&signal| is_ignored(signal)).fold(0, |set, signal| set | signal.bit());
    BLOCKED_IN_CHILDREN.store(blocked, Ordering::Relaxed);
    IGNORED_BY_CHILDREN.store(ignored, Ordering::Relaxed);
}

fn is_ignored(signal: Signal) -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: sigaction(2) without a new action writes the old one; zeroes are valid where it refuses.
    unsafe {
        libc::sigaction(i32::from(signal.number()), std::ptr::null(), action.as_mut_ptr());
        action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// Gives a child the signals that it shall have: none blocked, none ignored, if nothing was passed on. For a child
/// that shares its parent's memory: takes none, and is async-signal-safe.
pub(crate) fn give_to_child() {
    let ignored = IGNORED_BY_CHILDREN.load(Ordering::Relaxed);
    for signal in (1..=Signal::MAX).filter_map(Signal::new).filter(|signal| ignored & signal.bit() != 0) {
        // SAFETY: signal(2) with SIG_IGN installs no handler, and the child has dispositions of its own.
        unsafe { libc::signal(i32::from(signal.number()), libc::SIG_IGN) };
    }
    let blocked = BLOCKED_IN_CHILDREN.load(Ordering::Relaxed);
    let nowhere = std::ptr::null_mut::<u64>();
    // SAFETY: rt_sigprocmask(2) reads a kernel's set, 8 bytes, and writes no old one.
    unsafe {
        let size = size_of::<u64>();
        libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &raw const blocked, nowhere, size);
    }
}

impl Signals {
    /// The next signal that has come in; `None` when there is none.
    ///
    /// # Errors
    /// None that the kernel documents for this descriptor.
    pub fn next(&self) -> io::Result<Option<Signal>> {
        let info = self.0.read_signal()?;
        Ok(info.and_then(|info| u8::try_from(info.ssi_signo).ok()).and_then(Signal::new))
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Blocks every signal that can be blocked, those too that libc keeps for itself and leaves out of its sets.
pub(crate) fn block_all() -> io::Result<()> {
    let all = u64::MAX;
    let nowhere = std::ptr::null_mut::<u64>();
    // SAFETY: rt_sigprocmask(2) reads a kernel's set, 8 bytes, and writes no old one.
    let result = unsafe {
        libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_BLOCK, &raw const all, nowhere, size_of::<u64>())
    };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Throws away the signals that are pending: unblocked, they would end the process. SIGCHLD would not, and
/// to ignore it would lose the ends of children.
pub(crate) fn forget_pending() {
    for number in
        (1..=i32::from(Signal::MAX)).filter(|n| ![libc::SIGKILL, libc::SIGSTOP, libc::SIGCHLD].contains(n))
    {
        // SAFETY: signal(2) with SIG_IGN or SIG_DFL installs no handler; SIG_IGN discards what is
        // pending (signal(7)). A number that cannot be changed is refused with EINVAL.
        unsafe {
            libc::signal(number, libc::SIG_IGN);
            libc::signal(number, libc::SIG_DFL);
        }
    }
}

/// Unblocks every signal.
pub(crate) fn unblock_all() -> io::Result<()> {
    Ok(SigSet::empty().thread_set_mask()?)
}

/// Gives SIGPIPE its default effect back, which the Rust runtime has taken, for the sake of a program that
/// is executed next.
pub(crate) fn reset_pipe() {
    // SAFETY: signal(2) with SIG_DFL installs no handler.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}

/// Undoes what a parent (nohup, a shell's background job, the Rust runtime's SIGPIPE) has set to be
/// ignored: children would inherit it through execve(2).
fn reset_ignored() {
    for number in (1..=i32::from(Signal::MAX)).filter(|n| ![libc::SIGKILL, libc::SIGSTOP].contains(n)) {
        // SAFETY: signal(2) with SIG_DFL installs no handler. A number that libc keeps for itself
        // (32, 33) is refused with EINVAL, which is all right: nobody else can have ignored it.
        unsafe { libc::signal(number, libc::SIG_DFL) };
    }
}
