//! The way out: the record, the detail, the death tally, the notices.

use std::io;
use std::path::Path;

use status::{DEATH_SIZE, Death, Detail, Notice, Record};
use sys::file;

use crate::names;

/// Deaths that a tally can hold, whatever `max-death-tally` says.
pub const MOST_DEATHS: usize = 4096;

/// Reads the record of the service directory `dir`; `None` where there is none yet.
///
/// # Errors
/// What open(2) and read(2) say; `InvalidData`: what is there is no record.
pub fn read(dir: &Path) -> io::Result<Option<Record>> {
    let mut buffer = [0; 64];
    match file::read_own_into(&dir.join(names::STATUS), &mut buffer)? {
        None => Ok(None),
        Some(bytes) => match Record::decode(bytes) {
            Some(record) => Ok(Some(record)),
            None => Err(io::Error::new(io::ErrorKind::InvalidData, "not a status record")),
        },
    }
}

/// Reads the detail of the service directory `dir`; nothing special where there is none.
///
/// # Errors
/// What open(2) and read(2) say.
pub fn read_detail(dir: &Path) -> io::Result<Detail> {
    let mut buffer = [0; 512];
    let text = file::read_own_into(&dir.join(names::DETAIL), &mut buffer)?.unwrap_or_default();
    Ok(std::str::from_utf8(text).map_or_else(|_| Detail::default(), Detail::decode))
}

/// Replaces the record in the current directory. Where there is no room for a new one, the old one is
/// written over: it has the same size, and one write of so few bytes is not seen half done.
///
/// # Errors
/// As `sys::file::replace`.
pub fn write(record: &Record) -> io::Result<()> {
    let (path, bytes) = (Path::new(names::STATUS), record.encode());
    file::replace(path, Path::new(names::STATUS_NEW), &bytes, 0o644)
        .or_else(|error| file::overwrite(path, &bytes).map_err(|_| error))
}

/// Replaces the detail in the current directory, or removes it when it says nothing.
///
/// # Errors
/// As `sys::file::replace`, or what unlink(2) says.
pub fn write_detail(detail: &Detail) -> io::Result<()> {
    let path = Path::new(names::DETAIL);
    if *detail == Detail::default() {
        return file::remove(path).map(drop);
    }
    file::replace(path, Path::new(names::DETAIL_NEW), detail.encode().as_bytes(), 0o644)
}

/// Notices that can be sent at once.
pub const MOST_NOTICES: usize = 16;

/// Sends notices, `MOST_NOTICES` of them, through `event/` in the current directory, in one write to each listener.
///
/// # Errors
/// As `fifodir::publish`.
pub fn notify(notices: &[Notice]) -> io::Result<()> {
    let mut letters = [0; MOST_NOTICES];
    for (letter, notice) in letters.iter_mut().zip(notices) {
        *letter = notice.letter();
    }
    fifodir::publish(Path::new(names::EVENT), &letters[..notices.len().min(MOST_NOTICES)])
}

/// The deaths in the tally of `dir`, oldest first. A torn one at the end counts as none.
///
/// # Errors
/// What open(2) and read(2) say.
pub fn read_deaths(dir: &Path) -> io::Result<Vec<Death>> {
    let path = dir.join(names::DEATH_TALLY);
    let size = file::look_no_follow(&path)?.map_or(0, |info| info.size as usize);
    let mut buffer = vec![0; size.min(MOST_DEATHS * DEATH_SIZE)];
    let bytes = file::read_own_into(&path, &mut buffer)?.unwrap_or_default();
    let (deaths, _) = bytes.as_chunks::<DEATH_SIZE>();
    Ok(deaths.iter().map(Death::decode).collect())
}

/// Adds a death to the tally in the current directory and keeps the youngest `most` of them.
///
/// # Errors
/// As `sys::file::append` and `sys::file::replace`.
pub fn add_death(death: Death, most: usize) -> io::Result<()> {
    let path = Path::new(names::DEATH_TALLY);
    let most = most.min(MOST_DEATHS);
    let whole = file::look_no_follow(path)?.map_or(0, |info| info.size as usize);
    if most > 0 && whole % DEATH_SIZE == 0 && whole / DEATH_SIZE < most {
        match file::append(path, &death.encode(), 0o644) {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {}
            appended => return appended,
        }
    }
    // What is not ours alone, or no file at all, is replaced; what it holds may be for nobody's eyes.
    let there = whole / DEATH_SIZE;
    let left_out = (there + 1).saturating_sub(most).min(there);
    let part = (left_out * DEATH_SIZE) as u64..(there * DEATH_SIZE) as u64;
    let death = death.encode();
    let more = if most > 0 { &death[..] } else { &[] };
    file::replace_by_part(path, Path::new(names::DEATH_TALLY_NEW), part, more, 0o644)
}

/// Empties the death tally of `dir`: in place, so that it stays its owner's and needs no room; what is not a file of
/// ours alone is replaced.
///
/// # Errors
/// As `sys::file::make_empty` and `sys::file::replace`.
pub fn clear_deaths(dir: &Path) -> io::Result<()> {
    let path = dir.join(names::DEATH_TALLY);
    match file::make_empty(&path, 0o644) {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            file::replace(&path, &dir.join(names::DEATH_TALLY_NEW), b"", 0o644)
        }
        emptied => emptied,
    }
}
