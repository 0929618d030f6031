//! One log, read on and on: also when the file it was in is rotated away.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::place::{self, CURRENT};
use super::show::{Lines, Style};
use super::tail;

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
            let mut file = File::open(&part.file)?;
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
        self.read_on(style)?;
        let known = self.file.as_ref().and_then(identity);
        let files = place::files(&self.dir);
        // What a logger was writing keeps its identity when it is renamed; what has no place any more was removed.
        let next = match files.iter().position(|path| known.is_some() && known == identity_at(path)) {
            Some(index) => index + 1,
            None => files.len().saturating_sub(1),
        };
        for path in &files[next..] {
            match File::open(path) {
                Ok(file) => {
                    // It may have got its last bytes between the two looks.
                    self.read_on(style)?;
                    self.lines.end(style)?;
                    self.file = Some(file);
                    self.read_on(style)?;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
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

fn identity_at(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|info| (info.dev(), info.ino()))
}
