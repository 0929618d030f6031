//! One log directory: lines into `current`, and `current` into archives.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use cli::{Failure, Unable};
use logdir::{CURRENT, FINISHED, LOCK};
use logscript::Dir as Settings;
use sys::dir::{Dir, Links};
use sys::lock::Lock;
use sys::{child, clock, file, process};
use unix::{Exit, Pid, Signal};

use crate::order;
use crate::outbox::Outbox;
use crate::rights::Rights;
use crate::rotation::Rotation;
use crate::syncing::{Dirt, Sync};

/// Mode of a new log directory: what is in it has its group.
pub(crate) const DIR_MODE: u32 = 0o2700;

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
    /// Writing has failed: it is tried again then.
    write_at: Option<Duration>,
    /// A step of the rotation has failed: it is tried again then.
    pub(crate) step_at: Option<Duration>,
    /// `current` is old enough then.
    rotate_at: Option<Duration>,
    /// The mode of a file that is being written to.
    pub(crate) mode: u32,
    pub(crate) rights: Rights,
}

impl LogDir {
    /// Opens the directory, made if it is missing, and puts in order what another logger left.
    ///
    /// # Errors
    /// Another logger writes there, or the system refuses.
    pub(crate) fn open(settings: Settings, sync: Sync) -> Result<LogDir, Failure> {
        let path = PathBuf::from(OsStr::from_bytes(&settings.path));
        let at = |name: &str| path.join(name).display().to_string();
        let rights = Rights::find(&settings.rights)?;
        sys::dir::make(&path, DIR_MODE, Links::Trusted).unable(|| format!("make {}", path.display()))?;
        let dir = Dir::open(&path).unable(|| format!("open {}", path.display()))?;
        let lock = dir.try_lock(LOCK, 0o666).unable(|| format!("lock {}", at(LOCK)))?;
        let Some(lock) = lock else {
            cli::say(format_args!("unable to lock {}: another logger writes there", at(LOCK)));
            return Err(Failure::Silent(111));
        };
        rights.give_dir(&dir).unable(|| format!("set owner and mode of {}", path.display()))?;
        let mode = rights.mode.unwrap_or(0o666 & !process::umask());
        order::recover(&dir, mode, &settings, sync).unable(|| format!("put {} in order", path.display()))?;
        let current = dir.open_to_append(CURRENT, mode).unable(|| format!("open {}", at(CURRENT)))?;
        let _ = file::set_open_mode(&current, mode);
        rights.give(&current).unable(|| format!("set the owner of {}", at(CURRENT)))?;
        let written = file::look_open(&current).unable(|| format!("look at {}", at(CURRENT)))?.size;
        sync.name(&dir).unable(|| format!("bring {} to disk", path.display()))?;
        let rotate_at = settings.period.map(|period| clock::monotonic() + period);
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
            write_at: None,
            step_at: None,
            rotate_at,
            mode,
            rights,
        })
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

    /// A line has just ended, and the end of `current` is near, or asked for.
    fn is_due(&self) -> bool {
        let is_large = self.written + self.settings.tolerance >= self.settings.size;
        self.written > 0 && self.is_at_line_end && (is_large || self.is_rotation_wanted)
    }

    /// Writes as much as `current` may take before it is due.
    fn write(&mut self) -> io::Result<()> {
        let pending = self.outbox.pending();
        let most = if self.is_rotation_wanted { 0 } else { self.settings.size };
        let room = most.saturating_sub(self.settings.tolerance + self.written) as usize;
        let part = up_to_line_end(pending, room);
        let count = file::write_some(&self.current, part)?;
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

    /// Gives a new file to those who have rights on it. Lines do not wait for that.
    pub(crate) fn hand_over(&self, file: impl AsFd) {
        let given = self.rights.give(&file).and_then(|()| match self.rights.mode {
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
            retry.as_millis()
        ));
        clock::monotonic() + retry
    }

    /// Rotates at the end of the line, if there is anything in `current`.
    pub(crate) fn rotate_now(&mut self) {
        if self.rotation.is_none() && self.written > 0 {
            self.is_rotation_wanted = true;
            self.flush();
        }
    }

    /// Does what was put off, if its time has come.
    pub(crate) fn tick(&mut self) {
        let now = clock::monotonic();
        if self.rotate_at.is_some_and(|at| at <= now) {
            self.rotate_at = self.settings.period.map(|period| now + period);
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
                retry.as_millis()
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
