//! What a scanner hands over to the program that is executed in its place: lines of a word and numbers, in a file in
//! memory. A line that a program does not know is passed over; a number more than it knows, too.

use std::ffi::OsStr;
use std::fmt::Write;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use roster::{Row, Settings};
use sys::child::Company;
use sys::file;

use crate::options::{Meaning, Options};
use crate::scanner::Scanner;

/// The first line; a program that changes what a line means changes this.
const FIRST: &str = "svscan 1";
/// The last one: all is there.
const LAST: &str = "end";
/// What a program adds that has understood it.
pub(crate) const UNDERSTOOD: &[u8] = b"understood\n";

/// The state, as it was read.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) options: Options,
    pub(crate) path: PathBuf,
    pub(crate) control: RawFd,
    pub(crate) lock: RawFd,
    pub(crate) console: Option<RawFd>,
    pub(crate) catch_all: Option<(RawFd, RawFd)>,
    pub(crate) pipes: Vec<(usize, RawFd, RawFd)>,
    pub(crate) rows: Vec<Row>,
}

impl Scanner {
    /// The state as text, with every descriptor in it handed to `each`.
    pub(crate) fn state<'a>(&'a self, mut each: impl FnMut(BorrowedFd<'a>)) -> String {
        let mut text = String::new();
        let mut line = |word: &str, numbers: &[u64], name: &[u8]| {
            text.push_str(word);
            for number in numbers {
                let _ = write!(text, " {number}");
            }
            if !name.is_empty() {
                text.push(' ');
            }
            for byte in name {
                let _ = write!(text, "{byte:02x}");
            }
            text.push('\n');
        };
        line(FIRST, &[], b"");
        line("given", &[], self.ground.given().as_os_str().as_bytes());
        line("path", &[], self.ground.path().as_os_str().as_bytes());
        let own = [
            self.roster.settings().most as u64,
            milliseconds(self.roster.settings().rescan),
            milliseconds(self.roster.settings().stop_timeout),
            self.longest_name as u64,
            self.watches.are_wanted().into(),
            (self.ground.names == scandir::S6).into(),
            (self.meaning == Meaning::Runit).into(),
            (self.company == Company::OwnSession).into(),
        ];
        line("own", &own, b"");
        let mut number = |fd: BorrowedFd<'a>| {
            each(fd);
            fd.as_raw_fd() as u64
        };
        line("place", &self.ground.place.descriptors().map(&mut number), b"");
        if let Some(console) = self.catch_all.console() {
            line("console", &[number(console)], b"");
        }
        if let (Some(read), Some(write)) = (self.catch_all.reader(), self.catch_all.writer()) {
            line("catch-all", &[number(read), number(write)], b"");
        }
        for (slot, (read, write)) in self.pipes.all() {
            line("pipe", &[slot as u64, number(read.as_fd()), number(write.as_fd())], b"");
        }
        for row in self.roster.rows() {
            let mut numbers = [row.slot.into(); 10];
            numbers[1..].copy_from_slice(&row.numbers);
            line("service", &numbers, &row.name);
        }
        line(LAST, &[], b"");
        text
    }
}

fn milliseconds(time: Option<Duration>) -> u64 {
    time.map_or(0, |time| time.as_secs() * 1000 + u64::from(time.subsec_millis()))
}

/// Reads all of the file.
pub(crate) fn read(fd: BorrowedFd<'_>) -> std::io::Result<Vec<u8>> {
    let size = file::size_of(fd)?;
    let mut bytes = vec![0; size];
    let count = file::read_start(fd, &mut bytes)?;
    bytes.truncate(count);
    Ok(bytes)
}

impl State {
    /// From its text; `None`: it is not understood.
    pub(crate) fn parse(text: &[u8]) -> Option<State> {
        let mut lines = std::str::from_utf8(text).ok()?.lines();
        lines.next().filter(|first| *first == FIRST)?;
        let mut state = State {
            options: Options::new(PathBuf::new()),
            path: PathBuf::new(),
            control: -1,
            lock: -1,
            console: None,
            catch_all: None,
            pipes: Vec::new(),
            rows: Vec::new(),
        };
        loop {
            let line = lines.next()?;
            if line == LAST {
                let is_whole = state.control > 2 && state.lock > 2 && state.path.is_absolute();
                return is_whole.then_some(state);
            }
            state.take(line)?;
        }
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let mut words = line.split(' ');
        let word = words.next()?;
        let last = words.clone().next_back().unwrap_or_default();
        let path = || bytes(last).map(|bytes| PathBuf::from(OsStr::from_bytes(&bytes)));
        let mut number = || words.next()?.parse::<u64>().ok();
        match word {
            "given" => self.options.directory = path()?,
            "path" => self.path = path()?,
            "own" => {
                let time = |ms: u64| (ms > 0).then(|| Duration::from_millis(ms));
                let Settings { most, rescan, stop_timeout, .. } = &mut self.options.settings;
                *most = number()? as usize;
                *rescan = time(number()?);
                *stop_timeout = time(number()?);
                self.options.longest_name = number()? as usize;
                self.options.watch = number()? != 0;
                self.options.s6_names = number()? != 0;
                self.options.signals = if number()? != 0 { Meaning::Runit } else { Meaning::Ours };
                self.options.company = if number()? != 0 { Company::OwnSession } else { Company::OwnGroup };
            }
            "place" => (self.control, self.lock) = (number()? as RawFd, number()? as RawFd),
            "console" => self.console = Some(number()? as RawFd),
            "catch-all" => self.catch_all = Some((number()? as RawFd, number()? as RawFd)),
            "pipe" => self.pipes.push((number()? as usize, number()? as RawFd, number()? as RawFd)),
            "service" => {
                let slot = u32::try_from(number()?).ok()?;
                let mut numbers = [0; 9];
                for place in &mut numbers {
                    *place = number()?;
                }
                self.rows.push(Row { slot, name: bytes(last)?, numbers });
            }
            _ => {}
        }
        Some(())
    }
}

/// Bytes that were written as two digits each.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "svscan 1\ngiven 2e\npath 2f73\nnews 1 2 3\nown 100 0 5000 255 1 0 0 0 77\nplace 5 6\n\
        pipe 3 7 8\nservice 3 1 2 1 0 99 0 1 4 5 88 776562\nend\n";

    #[test]
    fn lines_and_numbers_that_are_not_known_are_passed_over() {
        let state = State::parse(TEXT.as_bytes()).unwrap();
        assert_eq!((state.control, state.lock, &state.pipes[..]), (5, 6, &[(3, 7, 8)][..]));
        assert_eq!(state.options.settings.stop_timeout, Some(Duration::from_secs(5)));
        let row = Row { slot: 3, name: b"web".to_vec(), numbers: [1, 2, 1, 0, 99, 0, 1, 4, 5] };
        assert_eq!((state.rows, state.path), (vec![row], PathBuf::from("/s")));
    }

    #[test]
    fn what_is_torn_or_of_another_version_is_not_understood() {
        for end in 0..TEXT.len() - 1 {
            assert!(State::parse(&TEXT.as_bytes()[..end]).is_none(), "{end}");
        }
        assert!(State::parse(TEXT.replace("svscan 1", "svscan 2").as_bytes()).is_none());
    }
}
