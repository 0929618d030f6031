//! Where output goes: the container's own, and the catch-all logger that stands in for it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use stages::{Logging, Settings};
use sys::child::Company;
use sys::dir::{self, Links};
use sys::guard::Held;
use sys::{file, process, users};
use unix::Pid;

use super::layout::Layout;
use super::{programs, say};

/// For the logger's user to write, for his group to read.
const MODE: u32 = 0o2755;

/// The logger's input, and what the container had for output before.
#[derive(Debug)]
pub(crate) struct Output {
    /// Standard output and standard error.
    console: [OwnedFd; 2],
    /// Kept for loggers that come later.
    read: OwnedFd,
    dir: PathBuf,
}

impl Output {
    /// From now on everything that is written goes to the logger, if there are to be logs.
    ///
    /// # Errors
    /// No descriptors, or no directory.
    pub(crate) fn divert(layout: &Layout, settings: &Settings) -> io::Result<Output> {
        let dir = log_dir(layout, settings)?;
        let console = [
            std::io::stdout().as_fd().try_clone_to_owned()?,
            std::io::stderr().as_fd().try_clone_to_owned()?,
        ];
        let (read, write) = process::pipe()?;
        process::redirect_output(write.as_fd())?;
        // Whoever waits for the logger must not be the one who starts it again.
        cli::write_lines_with(file::write_error_line);
        Ok(Output { console, read, dir })
    }

    /// Starts the logger.
    ///
    /// # Errors
    /// It cannot be executed.
    pub(crate) fn start(&self, settings: &Settings, multi_call: bool) -> io::Result<Pid> {
        let mut words: Vec<OsString> = Vec::new();
        let logger = programs::find("svlog", multi_call);
        let mut place = None;
        if let Some(user) = settings.catchall_user.as_ref().filter(|_| users::is_root()) {
            let dropper = programs::find("s6-setuidgid", multi_call);
            words.extend(["s6-setuidgid".into(), OsStr::from_bytes(user).to_owned()]);
            place = Some(dropper);
            let path = logger.path.as_ref().filter(|path| path.ends_with("svlog"));
            words.push(path.map_or_else(|| "svlog".into(), |path| path.clone().into_os_string()));
        } else {
            words.push("svlog".into());
        }
        words.extend(["-b".into(), "--".into()]);
        words.extend(programs::words(&settings.logging_script));
        words.push(self.dir.clone().into_os_string());
        let give = [(self.read.as_fd(), 0), (self.console[0].as_fd(), 1), (self.console[1].as_fd(), 2)];
        // What is typed at the terminal is not for it.
        place.unwrap_or(logger).start(&words, Company::OwnGroup, &give)
    }

    /// What the command gets for its output, if that is not the logger.
    pub(crate) fn of_command(&self, settings: &Settings) -> Vec<(BorrowedFd<'_>, RawFd)> {
        if settings.logging == Logging::Everything && !settings.uses_terminal {
            return Vec::new();
        }
        vec![(self.console[0].as_fd(), 1), (self.console[1].as_fd(), 2)]
    }

    /// Everything goes to where it went before.
    pub(crate) fn restore(self) {
        let [out, error] = self.console;
        let _ = process::redirect_output(out.as_fd());
        let _ = process::redirect_error(error.as_fd());
    }
}

/// The directory of the logs, made and given to the logger's user.
fn log_dir(layout: &Layout, settings: &Settings) -> io::Result<PathBuf> {
    let [wanted, spare] = layout.logs();
    let dir = match make(&wanted, settings) {
        Ok(()) => wanted,
        Err(error) => {
            say::warn(format_args!(
                "unable to use {}: {}; the logs are in {}",
                wanted.display(),
                cli::reason(&error),
                spare.display()
            ));
            make(&spare, settings)?;
            spare
        }
    };
    Ok(dir)
}

fn make(path: &Path, settings: &Settings) -> io::Result<()> {
    if let Some(above) = path.parent() {
        std::fs::create_dir_all(above)?;
    }
    dir::make(path, MODE, Links::Trusted)?;
    let Some(user) = &settings.catchall_user else { return file::may_write(path) };
    if !users::is_root() {
        say::warn("only root can give the logger another user");
        return file::may_write(path);
    }
    let name = String::from_utf8_lossy(user);
    match users::user_numbers(&name)? {
        Some(numbers) => Held::directory(path)?.give_to_user(numbers),
        None => Err(io::Error::new(io::ErrorKind::NotFound, format!("no such user: {name}"))),
    }
}
