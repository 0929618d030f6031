//! The terminal that standard output may be, and the one that a session has.

use std::io;
use std::os::fd::BorrowedFd;

use rustix::termios::{isatty, tcgetwinsize};

use crate::signals;

/// Standard output is a terminal.
pub fn is_output() -> bool {
    isatty(rustix::stdio::stdout())
}

/// Lets go of the controlling terminal, if it is standard input; `false`: there is none.
pub fn let_go() -> bool {
    // SAFETY: TIOCNOTTY takes no argument and touches no memory.
    unsafe { libc::ioctl(0, libc::TIOCNOTTY) != -1 }
}

/// Brings this process's group to the foreground of the terminal that is standard input, if it is one. SIGTTOU has to be
/// blocked, which a process of the background gets for this.
pub fn come_to_front() {
    // SAFETY: these touch no memory.
    unsafe { libc::tcsetpgrp(0, libc::getpgrp()) };
}

/// Columns and rows of the terminal that is standard output; `None` if it is none, or does not say.
pub fn size() -> Option<(usize, usize)> {
    let size = tcgetwinsize(rustix::stdio::stdout()).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then(|| (size.ws_col.into(), size.ws_row.into()))
}

/// Makes the process group of this process the one in the foreground of its terminal. From the background, the
/// process is stopped instead, until it is in the foreground.
///
/// # Errors
/// ENOTTY: it is no terminal, or not of this session.
pub fn take_foreground(terminal: BorrowedFd<'_>) -> io::Result<()> {
    Ok(rustix::termios::tcsetpgrp(terminal, rustix::process::getpgrp())?)
}

/// The same, also from the background.
///
/// # Errors
/// As `take_foreground`.
pub fn grab_foreground(terminal: BorrowedFd<'_>) -> io::Result<()> {
    signals::ignoring_terminal_output(|| take_foreground(terminal))
}
