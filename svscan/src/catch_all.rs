//! The catch-all: one pipe from everything that is not logged elsewhere to the service `svscan-log`.
//!
//! Both ends are held here as long as the tree lives, so that neither the death of the logger nor that of a writer
//! loses a line. What the logger itself, and any other one, has to say goes to the console.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use sys::{fifo, file, poll, process};

use crate::inherited::Ends;

/// Where our own lines go when the pipe is full, which must not keep us waiting.
static CONSOLE: OnceLock<OwnedFd> = OnceLock::new();

/// What is said now is about the logger itself.
static TO_CONSOLE: AtomicBool = AtomicBool::new(false);

/// The console, and the pipe once there is somebody to read it.
#[derive(Debug)]
pub(crate) struct CatchAll {
    console: Option<OwnedFd>,
    pipe: Option<Ends>,
}

impl CatchAll {
    /// With the descriptor of `-X`, if it was given.
    pub(crate) fn new(console: Option<OwnedFd>) -> CatchAll {
        CatchAll { console, pipe: None }
    }

    /// As it was in the program that was here before.
    pub(crate) fn inherited(console: Option<OwnedFd>, pipe: Option<Ends>) -> CatchAll {
        if let Some(Ok(copy)) = console.as_ref().filter(|_| pipe.is_some()).map(OwnedFd::try_clone) {
            let _ = CONSOLE.set(copy);
        }
        CatchAll { console, pipe }
    }

    /// It has its pipe.
    pub(crate) fn has_begun(&self) -> bool {
        self.pipe.is_some()
    }

    /// Takes this pipe, or makes one, and puts it where our own output goes. The console is where standard error is
    /// until then, if nobody has named another one.
    ///
    /// # Errors
    /// EMFILE, ENFILE.
    pub(crate) fn begin(&mut self, pipe: Option<Ends>) -> io::Result<()> {
        let console = match self.console.take() {
            Some(console) => console,
            None => io::stderr().as_fd().try_clone_to_owned()?,
        };
        let console = &*self.console.insert(console);
        if let (None, Ok(copy)) = (CONSOLE.get(), console.try_clone()) {
            let _ = CONSOLE.set(copy);
        }
        let (read, write) = pipe.map_or_else(process::pipe, Ok)?;
        process::redirect_output(write.as_fd())?;
        // A description of our own that does not block: those who share the other one expect one that does.
        let own = fifo::open_to_write(&PathBuf::from(format!("/proc/self/fd/{}", write.as_raw_fd())));
        if let Ok(own) = own {
            process::redirect_error(own.as_fd())?;
        }
        self.pipe = Some((read, write));
        Ok(())
    }

    /// The console, if there is one.
    pub(crate) fn console(&self) -> Option<BorrowedFd<'_>> {
        self.console.as_ref().map(AsFd::as_fd)
    }

    /// The end that the logger reads, if it gets its input from us.
    pub(crate) fn reader(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(|(read, _)| read.as_fd())
    }

    /// The end that everything writes to.
    pub(crate) fn writer(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(|(_, write)| write.as_fd())
    }

    /// Every message from now on goes to the console, or nowhere, and the logger meets the end of its input when all
    /// others have gone.
    pub(crate) fn leave(&mut self) {
        match &self.console {
            Some(console) => drop(process::redirect_output(console.as_fd())),
            None => drop(process::open_null().map(|null| process::redirect_output(null.as_fd()))),
        }
        self.pipe = None;
    }
}

/// What is said in `speak` goes to the console, if `yes` and there is one.
pub(crate) fn to_console(yes: bool, speak: impl FnOnce()) {
    TO_CONSOLE.store(yes && CONSOLE.get().is_some(), Ordering::Relaxed);
    speak();
    TO_CONSOLE.store(false, Ordering::Relaxed);
}

/// Writes a line of our own where standard error is, or to the console, without waiting for either's reader.
pub(crate) fn write_line(bytes: &[u8]) {
    let stderr = io::stderr();
    let may = !TO_CONSOLE.load(Ordering::Relaxed);
    if may && poll::can_write(stderr.as_fd()) && file::write_all(stderr.as_fd(), bytes).is_ok() {
        return;
    }
    if let Some(console) = CONSOLE.get().filter(|console| poll::can_write(console.as_fd())) {
        let _ = file::write_all(console, bytes);
    }
}
