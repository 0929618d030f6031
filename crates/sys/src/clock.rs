//! The clocks.

use std::time::Duration;

use unix::{Now, Stamp};

/// Both clocks, read one after the other.
pub fn now() -> Now {
    let wall = read(libc::CLOCK_REALTIME);
    Now { wall: Stamp::from_unix(wall.tv_sec, wall.tv_nsec as u32), monotonic: monotonic() }
}

/// `CLOCK_MONOTONIC`: it never jumps, and it stands still while the machine is suspended.
pub fn monotonic() -> Duration {
    let time = read(libc::CLOCK_MONOTONIC);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Nanoseconds since this machine was started, suspended or not (`CLOCK_BOOTTIME`). Takes no memory, and is
/// async-signal-safe.
pub fn since_boot() -> u64 {
    let time = read(libc::CLOCK_BOOTTIME);
    (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64)
}

/// A plain system call: the first use of the vDSO costs a process four pages that stay dirty.
fn read(clock: libc::clockid_t) -> libc::timespec {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: clock_gettime(2) writes one timespec through the pointer, which is valid for that. It
    // cannot fail for these clocks, and if it did, `time` is initialised.
    unsafe { libc::syscall(libc::SYS_clock_gettime, clock, &raw mut time) };
    time
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_agree_with_the_standard_library() {
        let (seconds, _) = now().wall.to_unix();
        let std = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        assert!(std.as_secs().abs_diff(seconds as u64) <= 1);
        assert!(monotonic() <= monotonic());
    }
}
