//! The start of a process without the standard library's.
//!
//! Before `main` the standard library makes a stack for the handler that says of an overflow what a SIGSEGV says as well:
//! ten system calls and a mapping in every process, and 8 kB of the executable. What else it does is done here.

use core::ffi::{CStr, c_char, c_int};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

/// Makes `$main`, which takes the arguments and gives an exit code, the start of the program. The program is `no_main`.
#[macro_export]
macro_rules! start {
    ($main:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn main(
            count: core::ffi::c_int,
            words: *const *const core::ffi::c_char,
        ) -> core::ffi::c_int {
            // SAFETY: the C library calls `main` once, with what execve(2) has left: `count` strings, which stay.
            unsafe { $crate::start::run(count, words, $main) }
        }
    };
}

/// Runs `main` and gives the number to exit with.
///
/// # Safety
/// `words` points to `count` pointers to C strings, which nobody changes.
pub unsafe fn run(count: c_int, words: *const *const c_char, main: fn(Vec<OsString>) -> ExitCode) -> c_int {
    open_standard_descriptors();
    // SAFETY: SIG_IGN is no function. Nobody else is here whose disposition it could be.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    let word = |index| {
        // SAFETY: the caller's promise.
        let word = unsafe { CStr::from_ptr(*words.add(index)) };
        OsStr::from_bytes(word.to_bytes()).to_owned()
    };
    let code = main((0..count as usize).map(word).collect());
    // An `ExitCode` does not tell its number.
    (0..=u8::MAX).find(|&number| ExitCode::from(number) == code).unwrap_or(1).into()
}

/// A file that is opened later must not get the number of one of them: what is written there is for people.
fn open_standard_descriptors() {
    let mut standard = [0, 1, 2].map(|fd| libc::pollfd { fd, events: 0, revents: 0 });
    // SAFETY: poll(2) gets three places to write to; with no time to wait and no signal handled yet it is not interrupted.
    let found = unsafe { libc::poll(standard.as_mut_ptr(), 3, 0) };
    for one in standard {
        // SAFETY: open(2) takes a C string, and gives the lowest number that is free.
        if found > 0
            && one.revents & libc::POLLNVAL != 0
            && unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR) } < 0
        {
            std::process::abort();
        }
    }
}
