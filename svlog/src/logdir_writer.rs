//! One log directory: lines into `current`, and `current` into archives.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use logdir::{Archive, CURRENT, Ending, FINISHED, Found, LOCK, NEWSTATE, PREVIOUS, PROCESSED, STATE};
use logscript::{Dir as Settings, Making, Overflow};
use sys::dir::{Dir, Links};
use sys::lock::Lock;
use sys::{clock, file, process};
use unix::{Exit, Pid, Stamp};

use crate::not_open::{NotOpen, Step};
use crate::outbox::Outbox;
use crate::rights::Rights;
use crate::rotation::Rotation;
use crate::shared;

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
    /// `current` is old enough then.
    rotate_at: Option<Duration>,
    /// The mode of a file that is being written to.
    pub(crate) mode: u32,
    /// The archive that is made in its place.
    pub(crate) making: Option<Stamp>,
    rights: Rights,
}

impl LogDir {
    /// Opens the directory, made if it is missing, and puts in order what another logger left.
    ///
    /// # Errors
    /// Another logger writes there, or the system refuses.
    pub(crate) fn open(settings: Settings, rights: Rights) -> Result<LogDir, NotOpen> {
        let path = PathBuf::from(OsStr::from_bytes(&settings.path));
        let failed = |step| {
            let path = path.clone();
            move |cause| NotOpen { step, path, cause }
        };
        if let Some(mode) = settings.modes.dir {
            sys::dir::make(&path, mode, Links::Trusted).map_err(failed(Step::Make))?;
        }
        let dir = Dir::open(&path).map_err(failed(Step::Open))?;
        let lock = lock(&path, &settings).map_err(failed(Step::Lock))?;
        rights.give_dir(&dir).map_err(failed(Step::Give))?;
        let mode = rights.mode.or(settings.modes.current).unwrap_or_else(|| 0o666 & !process::umask());
        recover(&dir, mode, &settings).map_err(failed(Step::Recover))?;
        let current = dir.open_to_append(CURRENT, 0o666).map_err(failed(Step::Append))?;
        let _ = file::set_open_mode(&current, mode);
        rights.give(&current).map_err(failed(Step::GiveCurrent))?;
        let info = file::look_open(&current).map_err(failed(Step::Append))?;
        let written = info.map_or(0, |info| info.size);
        let rotate_at = settings.period.map(|period| clock::monotonic().saturating_add(period));
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
            rotate_at,
            mode,
            making: None,
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

    /// `current` is so large that its end is near, and a line has just ended; or it is full, and there is more.
    fn is_due(&self) -> bool {
        let is_full = self.settings.overflow == Overflow::Cut && self.written >= self.settings.size;
        let is_near = self.written + self.settings.tolerance >= self.settings.size;
        (self.is_at_line_end && is_near) || (is_full && !self.outbox.is_empty())
    }

    /// Writes as much as `current` may take before it is due.
    fn write(&mut self) -> io::Result<()> {
        let pending = self.outbox.pending();
        let room = self.settings.size.saturating_sub(self.settings.tolerance + self.written) as usize;
        let part = match self.settings.overflow {
            Overflow::Exceed => up_to_line_end(pending, room),
            Overflow::Cut => {
                let left = self.settings.size.saturating_sub(self.written) as usize;
                let part = up_to_line_end(pending, room);
                part.get(..left).unwrap_or(part)
            }
        };
        let count = loop {
            match file::write_some(&self.current, part) {
                Err(error) if error.kind() == io::ErrorKind::StorageFull && self.make_space()? => {}
                count => break count?,
            }
        };
        // Somebody has removed the directory, or the file: what was written is nowhere.
        if file::look_open(&self.current)?.is_none() {
            return self.begin_again();
        }
        self.is_at_line_end = part[..count].ends_with(b"\n");
        self.written += count as u64;
        self.outbox.advance(count);
        Ok(())
    }

    /// Removes the oldest archive, if there are more than must stay where the disk is full.
    fn make_space(&self) -> io::Result<bool> {
        let Some(least) = self.settings.least else { return Ok(false) };
        let found = archives(&self.dir)?;
        let oldest = found.iter().map(|(archive, _)| *archive).min();
        let Some(oldest) = oldest.filter(|_| found.len() > least) else { return Ok(false) };
        let name = oldest.name();
        cli::warn(format_args!("the disk is full: {}/{name} is removed", self.path.display()));
        self.dir.discard(&name)
    }

    /// Makes the directory, its lock and `current` anew.
    fn begin_again(&mut self) -> io::Result<()> {
        cli::warn(format_args!("{} was removed: it is made again", self.path.display()));
        // Who does not make directories finds this one gone for ever.
        sys::dir::make(&self.path, self.settings.modes.dir.unwrap_or(0o700), Links::Trusted)?;
        self.dir = Dir::open(&self.path)?;
        if let Ok(lock) = lock(&self.path, &self.settings) {
            self._lock = lock;
        }
        self.rights.give_dir(&self.dir)?;
        self.current = self.open_new_current()?;
        self.written = file::look_open(&self.current)?.map_or(0, |info| info.size);
        self.is_at_line_end = true;
        self.rotation = Rotation::None;
        Ok(())
    }

    /// Opens a `current` that is not there, with its mode.
    pub(crate) fn open_new_current(&self) -> io::Result<OwnedFd> {
        let current = self.dir.open_to_append(CURRENT, self.mode)?;
        // The umask may have taken from a mode that is wanted as it is.
        file::set_open_mode(&current, self.mode)?;
        self.hand_over(&current);
        Ok(current)
    }

    /// Rotates, if there is anything in `current`.
    pub(crate) fn rotate_now(&mut self) {
        if self.rotation.is_none() && self.written > 0 {
            self.rotation = Rotation::Begun;
            self.flush();
        }
    }

    /// The time of `current` may be up.
    pub(crate) fn tick(&mut self) {
        let now = clock::monotonic();
        if self.rotate_at.is_some_and(|at| at <= now) {
            self.rotate_at = self.settings.period.map(|period| now.saturating_add(period));
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
        self.trim()
    }

    /// Removes what is too many or too much.
    pub(crate) fn trim(&self) -> io::Result<()> {
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

/// Locks a log directory; `WouldBlock`: another logger writes there.
fn lock(path: &Path, settings: &Settings) -> io::Result<Lock> {
    let lock = sys::lock::try_lock(&path.join(LOCK), settings.modes.lock)?;
    lock.ok_or_else(|| io::ErrorKind::WouldBlock.into())
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
    if settings.making == Making::InPlace {
        let found: Vec<Archive> = names(dir)?;
        for superfluous in logdir::superfluous(&found) {
            dir.discard(&superfluous.name())?;
        }
    }
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
    // What is made in place leaves its state as it was.
    if plan.drop_state && settings.making == Making::Aside {
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

/// Makes an archive of a file, younger than all that are there, whatever the clock says; `None`: the file was empty.
pub(crate) fn archive(dir: &Dir, name: &str, ending: Ending) -> io::Result<Option<Stamp>> {
    if dir.look(name)?.is_none_or(|info| info.size == 0) {
        dir.discard(name)?;
        return Ok(None);
    }
    let youngest = names(dir)?.into_iter().map(|archive| archive.stamp).max();
    let now = clock::now().wall;
    let mut stamp = youngest.map_or(now, |youngest| now.max(youngest.plus(Duration::from_nanos(1))));
    while !dir.rename_new(name, &Archive { stamp, ending }.name())? {
        stamp = stamp.plus(Duration::from_nanos(1));
    }
    Ok(Some(stamp))
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

/// The archives with their sizes, without those that a processor is making.
fn archives(dir: &Dir) -> io::Result<Vec<(Archive, u64)>> {
    let sized = |archive: Archive| {
        let info = dir.look(&archive.name()).transpose()?;
        Some(info.map(|info| (archive, info.size)))
    };
    let made = names(dir)?.into_iter().filter(|archive| archive.ending != Ending::Temporary);
    made.filter_map(sized).collect()
}

/// The archives, in no order.
fn names(dir: &Dir) -> io::Result<Vec<Archive>> {
    let mut found = Vec::new();
    dir.reopen()?.each(|name| found.extend(Archive::parse(name.to_bytes())))?;
    Ok(found)
}
