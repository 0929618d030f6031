//! Signals as a descriptor.
//!
//! A program of ours that runs on has no signal handler: every signal is blocked, and those it wants are read from
//! a signalfd(2). A child starts with none blocked (`child::spawn`), unless it is one of ours, and none ignored
//! (`take`).

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::signal::{SigSet, SigmaskHow, Signal as NixSignal, raise};
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
        let none = ptr::null::<u64>();
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
        libc::sigaction(i32::from(signal.number()), ptr::null(), action.as_mut_ptr());
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
    let nowhere = ptr::null_mut::<u64>();
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

/// Stops this process as `^Z` at its terminal would, had it not taken SIGTSTP. Returns when it is continued;
/// at once in a process group that has no shell above it to continue it, which the kernel does not stop.
///
/// # Errors
/// None that the kernel documents.
pub fn suspend() -> io::Result<()> {
    let stop: SigSet = [NixSignal::SIGTSTP].into_iter().collect();
    // Blocked, it waits until it is let in.
    raise(NixSignal::SIGTSTP)?;
    stop.thread_unblock()?;
    Ok(stop.thread_block()?)
}

/// Waits for a signal that has a handler.
pub fn pause() {
    rustix::event::pause();
}

/// Blocks every signal that can be blocked, those too that libc keeps for itself and leaves out of its sets.
pub(crate) fn block_all() -> io::Result<()> {
    let all = u64::MAX;
    let nowhere = ptr::null_mut::<u64>();
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

/// System calls that wait are interrupted, again and again, until this is dropped.
#[derive(Debug)]
pub(crate) struct Interruption {
    before: libc::sigaction,
    mask: SigSet,
}

/// Interrupts system calls that wait once this time is over. The only signal handler of all, and it does nothing: a
/// lock can be waited for in no other way.
pub(crate) fn interrupt_after(limit: Duration) -> io::Result<Interruption> {
    extern "C" fn nothing(_signal: libc::c_int) {}
    // SAFETY: a sigaction of zeros is valid: no flag, above all no SA_RESTART, and no signal blocked.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as libc::sighandler_t;
    let mut before = action;
    // SAFETY: both pointers are to a sigaction of ours; the handler lives as long as the program, and is
    // async-signal-safe.
    if unsafe { libc::sigaction(libc::SIGALRM, &raw const action, &raw mut before) } == -1 {
        return Err(io::Error::last_os_error());
    }
    // The first signal may come before the call that is to wait, so others follow.
    set_timer(limit.max(Duration::from_millis(1)), Duration::from_millis(20))?;
    let alarm: SigSet = [NixSignal::SIGALRM].into_iter().collect();
    let mask = alarm.thread_swap_mask(SigmaskHow::SIG_UNBLOCK)?;
    Ok(Interruption { before, mask })
}

impl Drop for Interruption {
    fn drop(&mut self) {
        // A timer would outlive execve(2).
        let _ = set_timer(Duration::ZERO, Duration::ZERO);
        let _ = self.mask.thread_set_mask();
        // SAFETY: `before` is what the kernel gave for this signal.
        unsafe { libc::sigaction(libc::SIGALRM, &raw const self.before, ptr::null_mut()) };
    }
}

fn set_timer(first: Duration, then: Duration) -> io::Result<()> {
    let time = |time: Duration| libc::timeval {
        tv_sec: time.as_secs().min(i32::MAX as u64) as _,
        tv_usec: time.subsec_micros().into(),
    };
    let timer = libc::itimerval { it_value: time(first), it_interval: time(then) };
    // SAFETY: setitimer(2) reads one itimerval, and writes none where the pointer is null.
    match unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, ptr::null_mut()) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Does something with SIGTTOU ignored, and gives it back the effect that it had.
pub(crate) fn ignoring_terminal_output<T>(act: impl FnOnce() -> T) -> T {
    // SAFETY: signal(2) with SIG_IGN installs no handler.
    let before = unsafe { libc::signal(libc::SIGTTOU, libc::SIG_IGN) };
    let result = act();
    // SAFETY: `before` is what the kernel gave for this signal.
    unsafe { libc::signal(libc::SIGTTOU, before) };
    result
}

/// Undoes what a parent (nohup, a shell's background job, the Rust runtime's SIGPIPE) has set to be
/// ignored: children would inherit it through execve(2). Not by signal(2): the C library keeps some numbers for itself
/// and refuses them, and it is the C library that ignores those, in whom posix_spawn(3) has started.
fn reset_ignored() {
    // A `struct sigaction` of the kernel's, which is no longer than this, with nothing set: SIG_DFL.
    let default = [0_u64; 4];
    let nowhere = ptr::null_mut::<u64>();
    for number in (1..=i32::from(Signal::MAX)).filter(|n| ![libc::SIGKILL, libc::SIGSTOP].contains(n)) {
        // SAFETY: rt_sigaction(2) reads one action, with a mask of 8 bytes, writes no old one, and SIG_DFL
        // installs no handler.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, number, default.as_ptr(), nowhere, size_of::<u64>()) };
    }
}
