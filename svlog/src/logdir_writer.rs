//! One log directory: lines into `current`, and `current` into archives.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use cli::{Failure, Unable};
use logdir::{Archive, CURRENT, Ending, FINISHED, Found, LOCK, NEWSTATE, PREVIOUS, PROCESSED, STATE};
use logscript::Dir as Settings;
use sys::dir::{Dir, Links};
use sys::lock::Lock;
use sys::{clock, file, process};
use unix::{Exit, Pid};

use crate::outbox::Outbox;
use crate::rights::Rights;
use crate::rotation::Rotation;
use crate::shared;

/// Mode of a new log directory: what is in it has its group.
const DIR_MODE: u32 = 0o2700;

/// A log directory that is written to.
#[derive(Debug)]
pub(crate) struct LogDir {
    pub(crate) settings: Settings,
    pub(crate) path: PathBuf,
    pub(crate) dir: Dir,
    /// Held as long as this is.
    _lock: Lock,
    pub(crate) current: OwnedFd,
    /// Bytes in `current`.
    pub(crate) written: u64,
    /// The last byte in `current` was a newline, or there is none.
    is_at_line_end: bool,
    pub(crate) outbox: Outbox,
    pub(crate) rotation: Rotation,
    /// Something failed: it is tried again then.
    pub(crate) retry_at: Option<Duration>,
    /// It shall be rotated when a line ends.
    pub(crate) is_asked_to_rotate: bool,
    /// `current` is old enough then.
    rotate_at: Option<Duration>,
    /// The mode of a file that is being written to.
    pub(crate) mode: u32,
    rights: Rights,
}

impl LogDir {
    /// Opens the directory, made if it is missing, and puts in order what another logger left.
    ///
    /// # Errors
    /// Another logger writes there, or the system refuses.
    pub(crate) fn open(settings: Settings) -> Result<LogDir, Failure> {
        let path = PathBuf::from(OsStr::from_bytes(&settings.path));
        let at = |name: &str| path.join(name).display().to_string();
        let rights = Rights::find(&settings.rights)?;
        sys::dir::make(&path, DIR_MODE, Links::Trusted).unable(|| format!("make {}", path.display()))?;
        let dir = Dir::open(&path).unable(|| format!("open {}", path.display()))?;
        let lock = sys::lock::try_lock(&path.join(LOCK), 0o666).unable(|| format!("lock {}", at(LOCK)))?;
        let Some(lock) = lock else {
            cli::say(format_args!("unable to lock {}: another logger writes there", at(LOCK)));
            return Err(Failure::Silent(111));
        };
        rights.give_dir(&dir).unable(|| format!("set owner and mode of {}", path.display()))?;
        let mode = rights.mode.unwrap_or(0o666 & !process::umask());
        recover(&dir, mode, &settings).unable(|| format!("put {} in order", path.display()))?;
        let current = dir.open_to_append(CURRENT, 0o666).unable(|| format!("open {}", at(CURRENT)))?;
        let _ = file::set_open_mode(&current, mode);
        rights.give(&current).unable(|| format!("set the owner of {}", at(CURRENT)))?;
        let info = file::look_open(&current).unable(|| format!("look at {}", at(CURRENT)))?;
        let written = info.map_or(0, |info| info.size);
        let rotate_at = settings.period.map(|period| clock::monotonic() + period);
        keep_shared(&settings);
        Ok(LogDir {
            settings,
            path,
            dir,
            _lock: lock,
            current,
            written,
            is_at_line_end: true,
            outbox: Outbox::default(),
            rotation: Rotation::None,
            retry_at: None,
            is_asked_to_rotate: false,
            rotate_at,
            mode,
            rights,
        })
    }

    /// Writes what is pending, and rotates where it must; what cannot be done now is tried again at the deadline.
    pub(crate) fn flush(&mut self) {
        if self.retry_at.is_some_and(|at| at > clock::monotonic()) {
            return;
        }
        self.retry_at = None;
        if let Err((what, error)) = self.try_flush() {
            let retry = self.settings.retry;
            self.retry_at = Some(clock::monotonic() + retry);
            cli::warn(format_args!(
                "unable to {what} in {}: {}; trying again in {} ms",
                self.path.display(),
                cli::reason(&error),
                retry.as_millis()
            ));
        }
    }

    fn try_flush(&mut self) -> Result<(), (&'static str, io::Error)> {
        self.go_on_rotating()?;
        while self.rotation.may_write() && !self.outbox.is_empty() {
            if self.is_due() {
                if !self.rotation.is_none() {
                    // The archive before this one is still being made.
                    return Ok(());
                }
                self.rotate()?;
                continue;
            }
            self.write().map_err(|error| ("write to current", error))?;
        }
        if self.is_due() && self.rotation.is_none() {
            self.rotate()?;
        }
        Ok(())
    }

    /// `current` is so large that its end is near, or somebody has asked; and a line has just ended.
    fn is_due(&self) -> bool {
        let is_large = self.written + self.settings.tolerance >= self.settings.size;
        self.written > 0 && self.is_at_line_end && (is_large || self.is_asked_to_rotate)
    }

    /// Writes as much as `current` may take before it is due.
    fn write(&mut self) -> io::Result<()> {
        let pending = self.outbox.pending();
        let room = match self.is_asked_to_rotate {
            true => 0,
            false => self.settings.size.saturating_sub(self.settings.tolerance + self.written) as usize,
        };
        let part = up_to_line_end(pending, room);
        let count = file::write_some(&self.current, part)?;
        // Somebody has removed the directory, or the file: what was written is nowhere.
        if file::look_open(&self.current)?.is_none() {
            return self.begin_again();
        }
        self.is_at_line_end = part[..count].ends_with(b"\n");
        self.written += count as u64;
        self.outbox.advance(count);
        Ok(())
    }

    /// Makes the directory, its lock and `current` anew.
    fn begin_again(&mut self) -> io::Result<()> {
        cli::warn(format_args!("{} was removed: it is made again", self.path.display()));
        sys::dir::make(&self.path, DIR_MODE, Links::Trusted)?;
        self.dir = Dir::open(&self.path)?;
        if let Some(lock) = sys::lock::try_lock(&self.path.join(LOCK), 0o666)? {
            self._lock = lock;
        }
        self.rights.give_dir(&self.dir)?;
        self.current = self.dir.open_to_append(CURRENT, self.mode)?;
        self.hand_over(&self.current);
        self.written = file::look_open(&self.current)?.map_or(0, |info| info.size);
        self.is_at_line_end = true;
        self.is_asked_to_rotate = false;
        self.rotation = Rotation::None;
        Ok(())
    }

    /// Rotates, if there is anything in `current`.
    pub(crate) fn rotate_now(&mut self) {
        if self.rotation.is_none() && self.written > 0 {
            self.is_asked_to_rotate = true;
            self.flush();
        }
    }

    /// The time of `current` may be up.
    pub(crate) fn tick(&mut self) {
        let now = clock::monotonic();
        if self.rotate_at.is_some_and(|at| at <= now) {
            self.rotate_at = self.settings.period.map(|period| now + period);
            self.rotate_now();
        }
        if self.retry_at.is_some_and(|at| at <= now) {
            self.flush();
        }
    }

    /// When `tick` has something to do.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        [self.retry_at, self.rotate_at].into_iter().flatten().min()
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
            self.flush();
        } else {
            let retry = self.settings.retry;
            cli::warn(format_args!(
                "the processor of {} has failed ({exit}); trying again in {} ms",
                self.path.display(),
                retry.as_millis()
            ));
            self.rotation = Rotation::Ready;
            self.retry_at = Some(clock::monotonic() + retry);
        }
    }

    /// Marks `current` as finished cleanly. Everything was written.
    pub(crate) fn finish(&self) {
        let finished =
            file::sync(&self.current).and_then(|()| file::set_open_mode(&self.current, self.mode | FINISHED));
        if let Err(error) = finished {
            cli::warn(format_args!(
                "unable to finish {}/current: {}",
                self.path.display(),
                cli::reason(&error)
            ));
        }
    }

    /// Makes an archive of a file; of an empty one, nothing.
    pub(crate) fn archive(&self, name: &str, ending: Ending) -> io::Result<()> {
        archive(&self.dir, name, ending)?;
        trim(&self.dir, &self.settings)?;
        keep_shared(&self.settings);
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

/// Puts in order what another logger left.
fn recover(dir: &Dir, mode: u32, settings: &Settings) -> io::Result<()> {
    let is_finished = |info: file::Info| info.mode & FINISHED != 0;
    let found = Found {
        current: dir.look(CURRENT)?.map(is_finished),
        previous: dir.look(PREVIOUS)?.is_some(),
        processed: dir.look(PROCESSED)?.map(is_finished),
    };
    let plan = logdir::recovery(found);
    if plan.drop_processed {
        dir.discard(PROCESSED)?;
    }
    if plan.drop_previous {
        dir.discard(PREVIOUS)?;
    }
    if plan.drop_state {
        dir.discard(NEWSTATE)?;
        dir.open_emptied(STATE, 0o666)?;
    }
    if plan.keep_processed {
        archive(dir, PROCESSED, Ending::Safe)?;
    }
    if plan.keep_previous {
        archive(dir, PREVIOUS, Ending::Unprocessed)?;
    }
    if plan.keep_current {
        let file = dir.open_to_read(CURRENT)?;
        let _ = file::set_open_mode(&file, mode);
        archive(dir, CURRENT, Ending::Unprocessed)?;
    }
    trim(dir, settings)
}

/// Makes an archive of a file, younger than all that are there, whatever the clock says.
fn archive(dir: &Dir, name: &str, ending: Ending) -> io::Result<()> {
    if dir.look(name)?.is_none_or(|info| info.size == 0) {
        dir.discard(name)?;
        return Ok(());
    }
    let mut archive =
        Archive::after(archives(dir)?.into_iter().map(|(archive, _)| archive), clock::now().wall, ending);
    while !dir.rename_new(name, &archive.name())? {
        archive = Archive::after([archive], archive.stamp, ending);
    }
    Ok(())
}

/// Removes the archives that are too many or too much.
fn trim(dir: &Dir, settings: &Settings) -> io::Result<()> {
    for archive in logdir::surplus(archives(dir)?, settings.budget) {
        dir.discard(&archive.name())?;
    }
    Ok(())
}

/// Removes the archives that are too much together with those of others. What cannot be removed now goes when the next
/// archive is made.
fn keep_shared(settings: &Settings) {
    let Some(limit) = &settings.shared else { return };
    if let Err(error) = shared::keep(limit) {
        let path = OsStr::from_bytes(&limit.path).display();
        cli::warn(format_args!("unable to keep the limit of {path}: {}", cli::reason(&error)));
    }
}

/// The archives with their sizes.
fn archives(dir: &Dir) -> io::Result<Vec<(Archive, u64)>> {
    let mut found = Vec::new();
    dir.reopen()?.each(|name| found.extend(Archive::parse(name.to_bytes())))?;
    let sized = |archive: Archive| {
        let info = dir.look(&archive.name()).transpose()?;
        Some(info.map(|info| (archive, info.size)))
    };
    found.into_iter().filter_map(sized).collect()
}
