//! A log directory put in order: what another logger left becomes archives, and archives that are too many go.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;

use logdir::{Archive, CURRENT, Ending, FINISHED, Found, NEWSTATE, PREVIOUS, PROCESSED, STATE};
use logscript::{Dir as Settings, Making};
use sys::clock;
use sys::dir::Dir;
use sys::file::{self, Info, Kind};
use unix::Stamp;

use crate::shared;
use crate::syncing::Sync;

/// Puts in order what another logger left. `mode` is that of a file that is being written to.
///
/// # Errors
/// The system refuses; `InvalidInput`: something that is no file has the name of one.
pub(crate) fn recover(dir: &Dir, mode: u32, settings: &Settings, sync: Sync) -> io::Result<()> {
    if settings.making == Making::InPlace {
        for superfluous in logdir::superfluous(&names(dir)?) {
            dir.discard(&superfluous.name())?;
        }
    }
    let is_finished = |info: &Info| info.mode & FINISHED != 0;
    let current = look(dir, CURRENT)?;
    let found = Found {
        // Nothing is written to a file with another name, which is somebody's, nor into the middle of a line.
        current: current.map(|info| is_finished(&info) && info.links == 1 && !is_in_line(dir, info.size)),
        previous: look(dir, PREVIOUS)?.is_some(),
        processed: look(dir, PROCESSED)?.map(|info| is_finished(&info)),
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
        dir.make_anew(STATE, mode)?;
    }
    if plan.keep_processed {
        archive(dir, PROCESSED, Ending::Safe)?;
    }
    if plan.keep_previous {
        archive(dir, PREVIOUS, Ending::Unprocessed)?;
    }
    if plan.keep_current {
        if let Some(info) = current.filter(|info| info.links == 1) {
            end_line(dir, info.size, mode, sync);
        }
        archive(dir, CURRENT, Ending::Unprocessed)?;
    }
    trim(dir, settings)
}

/// What has this name; nothing else may have it than a file.
fn look(dir: &Dir, name: &str) -> io::Result<Option<Info>> {
    let info = dir.look(name)?;
    if info.is_some_and(|info| info.kind != Kind::File) {
        return Err(io::Error::new(ErrorKind::InvalidInput, format!("{name} is no regular file")));
    }
    Ok(info)
}

/// The last line of `current`, of so many bytes, is not whole.
fn is_in_line(dir: &Dir, size: u64) -> bool {
    let mut last = [b'\n'];
    let Some(at) = size.checked_sub(1) else { return false };
    let read = dir.open_to_read(CURRENT).map(File::from).and_then(|file| file.read_exact_at(&mut last, at));
    read.is_ok() && last != [b'\n']
}

/// Gives `current` the mode of a file that is not finished, and ends the line in which its logger was interrupted, so
/// that the next archive does not go on with it, on disk neither. Where this cannot be done, the line is the last of its archive all the
/// same.
fn end_line(dir: &Dir, size: u64, mode: u32, sync: Sync) {
    let Ok(mut file) = dir.open_to_append(CURRENT, mode).map(File::from) else { return };
    let _ = file::set_open_mode(&file, mode);
    if is_in_line(dir, size) {
        let _ = file.write_all(b"\n");
    }
    let _ = sync.file(&file);
}

/// Makes an archive of a file, younger than all that are there, whatever the clock says; `None`: there is no file, or it
/// was empty and is gone.
///
/// # Errors
/// The system refuses; it can be tried again.
pub(crate) fn archive(dir: &Dir, name: &str, ending: Ending) -> io::Result<Option<Stamp>> {
    match look(dir, name)? {
        None => return Ok(None),
        Some(info) if info.size == 0 => return dir.discard(name).map(|_| None),
        Some(_) => {}
    }
    let mut archive = Archive::after(names(dir)?, clock::now().wall, ending);
    while !dir.rename_new(name, &archive.name())? {
        archive = Archive::after([archive], archive.stamp, ending);
    }
    Ok(Some(archive.stamp))
}

/// Removes the archives that are too many or too much.
///
/// # Errors
/// The system refuses; it can be tried again.
pub(crate) fn trim(dir: &Dir, settings: &Settings) -> io::Result<()> {
    for archive in logdir::surplus(archives(dir)?, settings.budget) {
        dir.discard(&archive.name())?;
    }
    Ok(())
}

/// Removes the oldest archive, if there are more than must stay where the disk is full; gives its name.
///
/// # Errors
/// The system refuses.
pub(crate) fn make_space(dir: &Dir, least: usize) -> io::Result<Option<String>> {
    let found = archives(dir)?;
    let oldest = found.iter().map(|(archive, _)| *archive).min().filter(|_| found.len() > least);
    let Some(name) = oldest.map(|oldest| oldest.name()) else { return Ok(None) };
    Ok(dir.discard(&name)?.then_some(name))
}

/// Removes the archives that are too much together with those of others. What cannot be removed now goes when the next
/// archive is made.
pub(crate) fn keep_shared(settings: &Settings) {
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
