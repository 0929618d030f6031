//! `runsv DIR`: the supervisor with runit's command line. A service that has a logger gets two supervisors,
//! and this process above them, which holds the pipe between the two.
//!
//! Source: the manual page of runit 2.1.2, and what its program says.

use std::ffi::{CString, OsString};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use cli::{Failure, Unable};
use servicedir::names;
use sys::child::{self, Company, Spawn, SpawnError};
use sys::signals::{self, Signals};
use sys::{clock, poll, process};
use unix::{Exit, Pid, Signal};

/// Whatever keeps it from working.
const TROUBLE: u8 = 111;

/// The exit code of a supervisor that finds another one.
const TAKEN: Exit = Exit::Code(100);

/// From the death of a supervisor that should live to its next start.
const DELAY: Duration = Duration::from_secs(1);

/// The program.
pub fn runsv(args: Vec<OsString>) -> ExitCode {
    cli::name_program("runsv");
    let [_, dir] = &args[..] else {
        let _ = io::stderr().write_all(b"usage: runsv dir\n\n");
        return ExitCode::from(1);
    };
    let dir = PathBuf::from(dir);
    cli::name_program(format!("runsv {}", dir.display()));
    if let Err(error) = std::fs::metadata(dir.join(".")) {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "file does not exist".into(),
            io::ErrorKind::NotADirectory => "not a directory".into(),
            io::ErrorKind::PermissionDenied => "access denied".into(),
            _ => cli::reason(&error),
        };
        cli::say(format_args!("fatal: unable to change to directory: {why}"));
        return ExitCode::from(TROUBLE);
    }
    let ended = match dir.join(names::LOG).is_dir() {
        true => Pair::start(&dir).and_then(Pair::watch),
        false => crate::run(crate::Request { dir, ..Default::default() }, "runsv"),
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            let _ = failure.report();
            ExitCode::from(TROUBLE)
        }
    }
}

/// One of the two supervisors.
#[derive(Debug)]
struct Half {
    dir: CString,
    pid: Option<Pid>,
    /// When it is started again.
    start_at: Option<Duration>,
}

/// A service and its logger.
#[derive(Debug)]
struct Pair {
    program: CString,
    signals: Signals,
    /// Its ends to read and to write; gone with the service.
    pipe: Option<(OwnedFd, OwnedFd)>,
    service: Half,
    logger: Half,
    leaving: bool,
}

impl Half {
    fn new(dir: PathBuf) -> Result<Half, Failure> {
        let dir = process::c_string(dir).ok_or(Failure::Refused("a name with a zero byte".into()))?;
        Ok(Half { dir, pid: None, start_at: Some(Duration::ZERO) })
    }

    fn spawn(&mut self, program: &CString, given: (BorrowedFd<'_>, RawFd)) {
        let args = [c"supervise".to_owned(), c"--".to_owned(), self.dir.clone()];
        let spawn = Spawn {
            program,
            args: &args,
            company: Company::OwnGroup,
            holds_signals: true,
            new_pid_namespace: false,
            give: &[given],
            lock: None,
        };
        (self.pid, self.start_at) = match child::spawn(&spawn) {
            Ok(pid) => (Some(pid), None),
            Err(error) => {
                let why = match error {
                    SpawnError::Fork(error) | SpawnError::Exec(error) => cli::reason(&error),
                    SpawnError::Locked => "locked".into(),
                };
                let dir = self.dir.to_string_lossy();
                cli::warn(format_args!(
                    "unable to start the supervisor of {dir}: {why}; trying again in 1 s"
                ));
                (None, Some(clock::monotonic() + DELAY))
            }
        };
    }

    fn tell(&self, signal: Signal) {
        if let Some(pid) = self.pid {
            let _ = child::kill(pid, signal);
        }
    }
}

impl Pair {
    fn start(dir: &Path) -> Result<Pair, Failure> {
        process::open_standard_descriptors().unable(|| "open /dev/null")?;
        process::keep_descriptors_from_children();
        let program = process::executable().and_then(process::c_string);
        Ok(Pair {
            program: program.ok_or(Failure::Refused("unable to find its own executable".into()))?,
            signals: signals::take(&[Signal::CHLD, Signal::TERM, Signal::INT])
                .unable(|| "take over the signals")?,
            pipe: Some(process::pipe().unable(|| "make a pipe")?),
            service: Half::new(dir.components().collect())?,
            logger: Half::new(dir.join(names::LOG))?,
            leaving: false,
        })
    }

    /// Until both are gone.
    fn watch(mut self) -> Result<u8, Failure> {
        loop {
            let now = clock::monotonic();
            if let Some((read, write)) = &self.pipe {
                for (half, given) in
                    [(&mut self.logger, (read.as_fd(), 0)), (&mut self.service, (write.as_fd(), 1))]
                {
                    if half.start_at.is_some_and(|at| at <= now) {
                        half.spawn(&self.program, given);
                    }
                }
            }
            let starts = [self.service.start_at, self.logger.start_at].into_iter().flatten();
            poll::wait([Some(self.signals.as_fd())], starts.min()).unable(|| "wait for events")?;
            while let Ok(Some(signal)) = self.signals.next() {
                if signal != Signal::CHLD {
                    self.leaving = true;
                    self.service.tell(Signal::TERM);
                }
            }
            while let Ok(Some((pid, exit))) = child::reap() {
                if let Some(code) = self.bury(pid, exit) {
                    return Ok(code);
                }
            }
            if self.leaving && self.service.pid.is_none() && self.let_logger_end() {
                return Ok(0);
            }
        }
    }

    /// One of them has died. Gives the exit code if that ends everything.
    fn bury(&mut self, pid: Pid, exit: Exit) -> Option<u8> {
        let again = Some(clock::monotonic() + DELAY);
        if self.service.pid == Some(pid) {
            self.service.pid = None;
            // It exits when a command or a signal has told it to, and only then.
            self.leaving |= exit.is_success();
            self.service.start_at = again;
        } else if self.logger.pid == Some(pid) {
            self.logger.pid = None;
            self.logger.start_at = again.filter(|_| self.pipe.is_some());
        } else {
            return None;
        }
        if exit == TAKEN {
            self.service.tell(Signal::TERM);
            self.logger.tell(Signal::TERM);
            return Some(TROUBLE);
        }
        None
    }

    /// The service has gone: the logger reads what is left, to the end of file. True: it has gone, too.
    fn let_logger_end(&mut self) -> bool {
        if self.pipe.take().is_some() {
            (self.service.start_at, self.logger.start_at) = (None, None);
            self.logger.tell(Signal::HUP);
        }
        self.logger.pid.is_none()
    }
}
