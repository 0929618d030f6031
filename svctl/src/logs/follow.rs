//! One log, read on and on: also when the file it was in is rotated away.

use std::io;
use std::path::{Path, PathBuf};

use super::files::{self, Mark, Opened};
use super::show::{Lines, Style};
use super::source::Source;
use super::tail;

/// A log that is read.
#[derive(Debug)]
pub(crate) struct Log {
    dir: PathBuf,
    /// The file that was the last when it was opened, read up to now; `None`: there was none.
    file: Option<Source>,
    /// Where that is in the log.
    mark: Option<Mark>,
    lines: Lines,
}

impl Log {
    /// The log in `dir`; nothing of it was read yet.
    pub(crate) fn new(dir: PathBuf, lines: Lines) -> Log {
        Log { dir, file: None, mark: None, lines }
    }

    /// Where it is.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Shows what is there: the last `count` lines, or all.
    pub(crate) fn show(&mut self, count: Option<usize>, style: &Style) -> io::Result<()> {
        let opened = tail::open(&self.dir, count)?;
        self.take(opened, style)
    }

    /// Everything was shown that there will be.
    pub(crate) fn finish(&mut self, style: &Style) -> io::Result<()> {
        self.lines.end(style)
    }

    /// Shows what has come since. The old file is read to its end before the next one is begun.
    pub(crate) fn catch_up(&mut self, style: &Style) -> io::Result<()> {
        loop {
            // Known by its length, should it have become another one.
            self.read_on(style)?;
            let opened = files::open_after(&self.dir, self.mark)?;
            if opened.files.is_empty() {
                return self.read_on(style);
            }
            self.take(opened, style)?;
        }
    }

    fn take(&mut self, opened: Opened, style: &Style) -> io::Result<()> {
        for file in opened.files {
            // It may have got its last bytes since it was read.
            self.read_on(style)?;
            if self.file.is_some() {
                self.lines.end(style)?;
            }
            self.file = Some(file);
        }
        self.mark = opened.mark;
        self.read_on(style)
    }

    fn read_on(&mut self, style: &Style) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.rewind_if_emptied()?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => self.lines.take(&buffer[..count], style)?,
                Err(error) if matches!(file, Source::Packed(_)) => {
                    let (dir, reason) = (self.dir.display(), cli::reason(&error));
                    cli::warn(format_args!(
                        "an archive in {dir} is damaged: {reason}; going on with the next"
                    ));
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        let length = file.length();
        if let Some(mark) = &mut self.mark {
            mark.read_to(length);
        }
        Ok(())
    }
}
