//! The scanner of the services.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use sys::child::Company;
use sys::process;
use unix::Pid;

use super::layout::Layout;
use super::programs;

/// Starts the scanner, which kills what is left of the services so long after it was told to end.
///
/// # Errors
/// It cannot be executed.
pub(crate) fn start(layout: &Layout, grace: Duration, multi_call: bool) -> io::Result<Pid> {
    // It takes 0 for never.
    let grace = (grace.as_millis() as u64).max(1).to_string();
    let words: [OsString; 4] = ["svscan".into(), "--stop-timeout".into(), grace.into(), layout.scan().into()];
    // What the container reads is the command's.
    let null = process::open_null()?;
    programs::find("svscan", multi_call).start(&words, Company::OwnGroup, &[(null.as_fd(), 0)])
}
