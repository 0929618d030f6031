//! One log, read on and on: also when the file it was in is rotated away.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sys::guard;

use super::place::{self, CURRENT};
use super::show::{Lines, Style};
use super::tail;

/// How often a change of files is looked at again while a logger makes the next one.
const ATTEMPTS: usize = 20;

/// A log that is read.
#[derive(Debug)]
pub(crate) struct Log {
    dir: PathBuf,
    /// The file that was current when it was opened, read up to now; `None`: there was none.
    file: Option<File>,
    lines: Lines,
}

impl Log {
    /// The log in `dir`; nothing of it was read yet.
    pub(crate) fn new(dir: PathBuf, lines: Lines) -> Log {
        Log { dir, file: None, lines }
    }

    /// Where it is.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Shows what is there: the last `count` lines, or all.
    pub(crate) fn show(&mut self, count: Option<usize>, style: &Style) -> io::Result<()> {
        for part in tail::parts(&self.dir, count)? {
            let mut file = guard::open_to_read(&part.file)?;
            file.seek(SeekFrom::Start(part.from))?;
            self.file = Some(file);
            self.read_on(style)?;
            if part.file.file_name().is_none_or(|name| name != CURRENT) {
                self.lines.end(style)?;
            }
        }
        Ok(())
    }

    /// Everything was shown that there will be.
    pub(crate) fn finish(&mut self, style: &Style) -> io::Result<()> {
        self.lines.end(style)
    }

    /// Shows what has come since. The old file is read to its end before the next one is begun.
    pub(crate) fn catch_up(&mut self, style: &Style) -> io::Result<()> {
        while let Some(next) = self.next()? {
            // It may have got its last bytes since it was read.
            self.read_on(style)?;
            self.lines.end(style)?;
            self.file = Some(next);
        }
        self.read_on(style)
    }

    /// The file that follows the one that is read; `None`: that is the current one. Loggers rename and make
    /// files while this looks: what it finds counts only if it still is so afterwards.
    fn next(&self) -> io::Result<Option<File>> {
        let known = self.file.as_ref().and_then(identity);
        for _ in 0..ATTEMPTS {
            let files = place::files(&self.dir);
            let Some(index) = index_of(&files, known) else { continue };
            let Some(path) = files.get(index + 1) else { return Ok(None) };
            let Some(file) = open(path)? else { continue };
            let files = place::files(&self.dir);
            let follows = |index: usize| index_of(&files, identity(&file)) == Some(index + 1);
            if index_of(&files, known).is_some_and(follows) {
                return Ok(Some(file));
            }
        }
        // The file that was read was removed, or there was none.
        let file = open(&self.dir.join(CURRENT))?;
        Ok(file.filter(|file| identity(file) != known))
    }

    fn read_on(&mut self, style: &Style) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        // Emptied in place: begin again.
        if file.metadata()?.len() < file.stream_position()? {
            file.rewind()?;
        }
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => self.lines.take(&buffer[..count], style)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn identity(file: &File) -> Option<(u64, u64)> {
    file.metadata().ok().map(|info| (info.dev(), info.ino()))
}

/// Which of `files` this is. What a logger was writing keeps its identity when it is renamed.
fn index_of(files: &[PathBuf], known: Option<(u64, u64)>) -> Option<usize> {
    files.iter().position(|path| known.is_some() && known == identity_at(path))
}

fn open(path: &Path) -> io::Result<Option<File>> {
    match guard::open_to_read(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn identity_at(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|info| (info.dev(), info.ino()))
}
