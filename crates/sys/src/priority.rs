//! What the schedulers think of this process: nice value, input and output, processors, the killer of the last
//! resort.

use std::io;
use std::path::Path;

use rustix::thread::CpuSet;

use crate::file;

/// One more than the largest processor number that an affinity can hold.
pub const PROCESSORS: usize = CpuSet::MAX_CPU;

/// Which requests for input and output go first (ioprio_set(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IoClass {
    /// Before everybody else.
    Realtime = 1,
    /// As everybody.
    BestEffort = 2,
    /// When nobody else has any.
    Idle = 3,
}

/// Adds to the nice value.
///
/// # Errors
/// EPERM, EACCES: it may not become lower.
pub fn add_nice(more: i32) -> io::Result<()> {
    // A negative value is no error: unlike nice(3), this tells the two apart.
    rustix::process::nice(more)?;
    Ok(())
}

/// Sets the class and, 0 to 7, the level in it.
///
/// # Errors
/// EPERM: not this class. EINVAL: not this level.
pub fn set_io(class: IoClass, level: u8) -> io::Result<()> {
    const WHO_PROCESS: libc::c_int = 1;
    const CLASS_SHIFT: u32 = 13;
    let value = (class as libc::c_int) << CLASS_SHIFT | libc::c_int::from(level);
    // SAFETY: ioprio_set takes three numbers and touches no memory; process 0 is this one.
    match unsafe { libc::syscall(libc::SYS_ioprio_set, WHO_PROCESS, 0, value) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Runs on these processors only; numbers from `PROCESSORS` on are left out.
///
/// # Errors
/// EINVAL: none of them is there.
pub fn set_processors(numbers: &[usize]) -> io::Result<()> {
    let mut set = CpuSet::new();
    for &number in numbers.iter().filter(|&&number| number < PROCESSORS) {
        set.set(number);
    }
    Ok(rustix::thread::sched_setaffinity(None, &set)?)
}

/// How gladly the kernel ends this process when memory runs out: -1000, never, to 1000 (proc(5), oom_score_adj).
///
/// # Errors
/// EACCES: it may not become lower. ENOENT: no /proc.
pub fn set_oom_score(score: i32) -> io::Result<()> {
    file::overwrite(Path::new("/proc/self/oom_score_adj"), score.to_string().as_bytes())
}
