//! One log directory: lines into `current`, and `current` into archives.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use cli::Failure;
use logdir::{CURRENT, FINISHED, LOCK};
use logscript::{Dir as Settings, Overflow};
use sys::dir::{Dir, Links};
use sys::lock::Lock;
use sys::{child, clock, file, process};
use unix::{Exit, Pid, Signal, Stamp};

use crate::not_open::{NotOpen, Step};
use crate::order;
use crate::outbox::Outbox;
use crate::rights::Rights;
use crate::rotation::Rotation;
use crate::syncing::{Dirt, Sync};

/// A log directory that is written to.
#[derive(Debug)]
pub(crate) struct LogDir {
    pub(crate) settings: Settings,
    pub(crate) sync: Sync,
    pub(crate) path: PathBuf,
    pub(crate) dir: Dir,
    /// Held as long as this is.
    pub(crate) lock: Lock,
    pub(crate) current: OwnedFd,
    /// Bytes in `current`.
    pub(crate) written: u64,
    /// The last byte in `current` was a newline, or there is none.
    is_at_line_end: bool,
    pub(crate) outbox: Outbox,
    pub(crate) dirt: Dirt,
    pub(crate) rotation: Rotation,
    /// A rotation was asked for: it begins when a line has ended.
    pub(crate) is_rotation_wanted: bool,
    /// The same while the archive before was still being made: lines do not wait for that.
    is_another_wanted: bool,
    /// Writing has failed: it is tried again then.
    write_at: Option<Duration>,
    /// A step of the rotation has failed: it is tried again then.
    pub(crate) step_at: Option<Duration>,
    /// `current` is old enough then.
    rotate_at: Option<Duration>,
    /// The mode of a file that is being written to.
    pub(crate) mode: u32,
    /// The archive that is made in its place.
    pub(crate) making: Option<Stamp>,
    pub(crate) rights: Rights,
}

impl LogDir {
    /// Opens the directory, made if it is missing, and puts in order what another logger left.
    ///
    /// # Errors
    /// Another logger writes there, or the system refuses.
    pub(crate) fn open(settings: Settings, rights: Rights, sync: Sync) -> Result<LogDir, NotOpen> {
        let path = PathBuf::from(OsStr::from_bytes(&settings.path));
        let failed = |step| {
            let path = path.clone();
            move |cause| NotOpen { step, path, cause }
        };
        if let Some(mode) = settings.modes.dir {
            sys::dir::make(&path, mode, Links::Trusted).map_err(failed(Step::Make))?;
        }
        let dir = Dir::open(&path).map_err(failed(Step::Open))?;
        let lock = dir.try_lock(LOCK, settings.modes.lock).and_then(|lock| lock.ok_or_else(is_locked));
        let lock = lock.map_err(failed(Step::Lock))?;
        rights.give_dir(&dir).map_err(failed(Step::Give))?;
        let mode = rights.mode.or(settings.modes.current).unwrap_or_else(|| 0o666 & !process::umask());
        order::recover(&dir, mode, &settings, sync).map_err(failed(Step::Recover))?;
        let current = dir.open_to_append(CURRENT, mode).map_err(failed(Step::Append))?;
        let _ = file::set_open_mode(&current, mode);
        rights.give(&current).map_err(failed(Step::GiveCurrent))?;
        let written = file::look_open(&current).map_err(failed(Step::Append))?.size;
        sync.name(&dir).map_err(failed(Step::Sync))?;
        let rotate_at = settings.period.map(|period| clock::monotonic().saturating_add(period));
        order::keep_shared(&settings);
        Ok(LogDir {
            settings,
            sync,
            path,
            dir,
            lock,
            current,
            written,
            is_at_line_end: true,
            outbox: Outbox::default(),
            dirt: Dirt::default(),
            rotation: Rotation::None,
            is_rotation_wanted: false,
            is_another_wanted: false,
            write_at: None,
            step_at: None,
            rotate_at,
            mode,
            making: None,
            rights,
        })
    }

    /// The same for one more directory. One of the others is not opened again: the lock is the process's, so that it
    /// would not be refused, and would be lost with the second.
    ///
    /// # Errors
    /// As of `open`; `WouldBlock` of its lock if it is one of the others.
    pub(crate) fn open_another(others: &[LogDir], settings: Settings, sync: Sync) -> Result<LogDir, NotOpen> {
        let path = PathBuf::from(OsStr::from_bytes(&settings.path));
        let identity = file::look(&path).ok().flatten().map(|info| info.identity);
        if identity.is_some_and(|identity| others.iter().any(|other| other.identity() == Some(identity))) {
            return Err(NotOpen { step: Step::Lock, path, cause: is_locked() });
        }
        LogDir::open(settings, Rights::default(), sync)
    }

    /// What tells its directory from every other.
    fn identity(&self) -> Option<(u64, u64)> {
        self.dir.look_itself().map(|info| info.identity).ok()
    }

    /// Opens `current`, made if it is missing.
    pub(crate) fn open_anew(&mut self) -> io::Result<()> {
        self.current = self.dir.open_to_append(CURRENT, self.mode)?;
        self.hand_over(&self.current);
        self.written = file::look_open(&self.current)?.size;
        self.is_at_line_end = true;
        self.dirt = Dirt::default();
        self.sync.name(&self.dir)
    }

    /// Writes what is pending, and rotates where it must; what cannot be done now is tried again at the deadline. What
    /// can be written does not wait for a rotation that fails.
    pub(crate) fn flush(&mut self) {
        if !self.rotation.is_none() {
            self.go_on_rotating();
        }
        if self.is_another_wanted && self.rotation.is_none() {
            (self.is_another_wanted, self.is_rotation_wanted) = (false, true);
        }
        if !is_later(self.write_at) {
            self.write_at = None;
            if let Err(error) = self.write_pending() {
                self.write_at = Some(self.complain("write to current", &error));
            }
        }
        self.clean();
    }

    fn clean(&mut self) {
        if let Err(error) = self.dirt.clean(&self.current) {
            cli::warn(format_args!(
                "unable to bring {}/{CURRENT} to disk: {}",
                self.path.display(),
                cli::reason(&error)
            ));
        }
    }

    fn write_pending(&mut self) -> io::Result<()> {
        loop {
            if self.is_due() && self.rotation.is_none() {
                self.rotate();
            }
            // The archive before this one is still being made, or there is no current.
            if self.outbox.is_empty() || self.is_due() || !self.rotation.may_write() {
                return Ok(());
            }
            self.write()?;
        }
    }

    /// A line has just ended, and the end of `current` is near, or asked for; or it is full, and there is more.
    fn is_due(&self) -> bool {
        let is_near = self.written + self.settings.tolerance >= self.settings.size;
        let is_full = self.settings.overflow == Overflow::Cut && self.written >= self.settings.size;
        let has_ended = self.is_at_line_end && (is_near || self.is_rotation_wanted);
        self.written > 0 && (has_ended || (is_full && !self.outbox.is_empty()))
    }

    /// Writes as much as `current` may take before it is due.
    fn write(&mut self) -> io::Result<()> {
        let pending = self.outbox.pending();
        let most = if self.is_rotation_wanted { 0 } else { self.settings.size };
        let room = most.saturating_sub(self.settings.tolerance + self.written) as usize;
        let part = match (up_to_line_end(pending, room), self.settings.overflow) {
            (part, Overflow::Exceed) => part,
            (part, Overflow::Cut) => {
                part.get(..self.settings.size.saturating_sub(self.written) as usize).unwrap_or(part)
            }
        };
        let count = loop {
            match file::write_some(&self.current, part) {
                Err(error) if error.kind() == io::ErrorKind::StorageFull && self.make_space()? => {}
                count => break count?,
            }
        };
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        // What was written is nowhere: it is still pending.
        if self.has_lost_current()? {
            return self.begin_again();
        }
        self.is_at_line_end = part[..count].ends_with(b"\n");
        self.written += count as u64;
        self.outbox.advance(count);
        self.dirt.add(self.sync);
        Ok(())
    }

    /// Removes the oldest archive, if it may go where the disk is full.
    fn make_space(&self) -> io::Result<bool> {
        let Some(least) = self.settings.least else { return Ok(false) };
        let removed = order::make_space(&self.dir, least)?;
        if let Some(name) = &removed {
            cli::warn(format_args!("the disk is full: {}/{name} is removed", self.path.display()));
        }
        Ok(removed.is_some())
    }

    /// Gives a new file to those who have rights on it. Lines do not wait for that.
    pub(crate) fn hand_over(&self, file: impl AsFd) {
        let given =
            self.rights.give(&file).and_then(|()| match self.rights.mode.or(self.settings.modes.current) {
                // The umask may have taken from it.
                Some(_) => file::set_open_mode(&file, self.mode),
                None => Ok(()),
            });
        if let Err(error) = given {
            let dir = self.path.display();
            cli::warn(format_args!("unable to set owner and mode in {dir}: {}", cli::reason(&error)));
        }
    }

    /// Says what failed, and when it is tried again: then.
    pub(crate) fn complain(&self, what: &str, error: &io::Error) -> Duration {
        let retry = self.settings.retry;
        cli::warn(format_args!(
            "unable to {what} in {}: {}; trying again in {} ms",
            self.path.display(),
            cli::reason(error),
            retry.as_millis() as u64
        ));
        clock::monotonic() + retry
    }

    /// Rotates at the end of the line, if there is anything in `current`.
    pub(crate) fn rotate_now(&mut self) {
        match self.rotation {
            // What is being put aside is what there was.
            Rotation::Begun | Rotation::Renamed => {}
            _ if self.written == 0 => {}
            Rotation::None => {
                self.is_rotation_wanted = true;
                self.flush();
            }
            _ => self.is_another_wanted = true,
        }
    }

    /// Does what was put off, if its time has come.
    pub(crate) fn tick(&mut self) {
        let now = clock::monotonic();
        if self.rotate_at.is_some_and(|at| at <= now) {
            self.rotate_at = self.settings.period.map(|period| now.saturating_add(period));
            self.rotate_now();
        }
        if [self.write_at, self.step_at, self.dirt.until].into_iter().flatten().any(|at| at <= now) {
            self.flush();
        }
    }

    /// When `tick` has something to do.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        [self.write_at, self.step_at, self.dirt.until, self.rotate_at].into_iter().flatten().min()
    }

    /// The processor that makes an archive now.
    pub(crate) fn processor(&self) -> Option<Pid> {
        match self.rotation {
            Rotation::Processing(pid) => Some(pid),
            _ => None,
        }
    }

    /// The processor has ended.
    pub(crate) fn processed(&mut self, exit: Exit) {
        if exit == Exit::Code(0) {
            self.rotation = Rotation::Processed;
        } else {
            let retry = self.settings.retry;
            cli::warn(format_args!(
                "the processor of {} has failed ({exit}); trying again in {} ms",
                self.path.display(),
                retry.as_millis() as u64
            ));
            self.rotation = Rotation::Ready;
            self.step_at = Some(clock::monotonic() + retry);
        }
        self.flush();
    }

    /// Leaves the archive that is being made to the next logger, which finds all of it in `previous`.
    pub(crate) fn leave(&mut self) {
        if self.rotation.is_none() {
            return;
        }
        if let Some(pid) = self.processor() {
            let _ = child::kill_group(pid, Signal::KILL);
            // One that is a copy of us has no group of its own.
            let _ = child::kill(pid, Signal::KILL);
        }
        cli::warn(format_args!(
            "the rotation of {} takes too long: the next logger will keep what is there as it is",
            self.path.display()
        ));
        self.rotation = Rotation::None;
    }

    /// Marks `current` as finished cleanly. Everything was written.
    pub(crate) fn finish(&self) {
        let finished = self
            .sync
            .file(&self.current)
            .and_then(|()| file::set_open_mode(&self.current, self.mode | FINISHED));
        if let Err(error) = finished {
            cli::warn(format_args!(
                "unable to finish {}/{CURRENT}: {}",
                self.path.display(),
                cli::reason(&error)
            ));
        }
    }
}

/// A directory that is named twice would be written to by two hands, for the lock is the process's.
///
/// # Errors
/// There is one.
pub(crate) fn refuse_twins(dirs: &[LogDir]) -> Result<(), Failure> {
    for (index, dir) in dirs.iter().enumerate() {
        if let Some(twin) = dirs[..index].iter().find(|other| other.identity() == dir.identity()) {
            let (one, other) = (twin.path.display(), dir.path.display());
            return Err(Failure::Refused(format!("{one} and {other} are the same directory").into()));
        }
    }
    Ok(())
}

/// Another logger writes there.
fn is_locked() -> io::Error {
    io::ErrorKind::WouldBlock.into()
}

/// Something was put off, and its time has not come.
pub(crate) fn is_later(at: Option<Duration>) -> bool {
    at.is_some_and(|at| at > clock::monotonic())
}

/// The part of `bytes` that ends with the line in which the byte number `room` stands, or all of them.
fn up_to_line_end(bytes: &[u8], room: usize) -> &[u8] {
    if bytes.len() <= room {
        return bytes;
    }
    let from = room.saturating_sub(1);
    match logscript::line_end(&bytes[from..]) {
        Some(end) => &bytes[..from + end + 1],
        None => bytes,
    }
}
