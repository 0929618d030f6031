//! What a scanner hands over to the program that is executed in its place: rows of numbers and a name, in a file in
//! memory. A row that a program does not know is passed over; a number more than it knows, too.
//!
//! | bytes | content (numbers big-endian, 8 bytes each)                    |
//! |-------|---------------------------------------------------------------|
//! | 8     | `svscan 2`                                                    |
//! | 24    | of each row: what it is, how many numbers, how long its name  |
//! | ...   | its numbers, its name                                         |

use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use roster::{Row, Settings};
use sys::child::Company;

use crate::options::{Meaning, Options};
use crate::scanner::Scanner;

/// How it begins; a program that changes what a row means changes this.
const FIRST: &[u8] = b"svscan 2";

// What a row is.
/// The last one: all is there.
const LAST: u64 = 0;
const GIVEN: u64 = 1;
const PATH: u64 = 2;
const OWN: u64 = 3;
const PLACE: u64 = 4;
const CONSOLE: u64 = 5;
const CATCH_ALL: u64 = 6;
const PIPE: u64 = 7;
const SERVICE: u64 = 8;

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
    /// The state, with every descriptor in it handed to `each`.
    pub(crate) fn state<'a>(&'a self, each: &mut dyn FnMut(BorrowedFd<'a>)) -> Vec<u8> {
        let mut bytes = FIRST.to_vec();
        let mut row = |kind, numbers: &[u64], name: &[u8]| add(&mut bytes, kind, numbers, name);
        row(GIVEN, &[], self.ground.given().as_os_str().as_bytes());
        row(PATH, &[], self.ground.path().as_os_str().as_bytes());
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
        row(OWN, &own, b"");
        let mut number = |fd: BorrowedFd<'a>| {
            each(fd);
            fd.as_raw_fd() as u64
        };
        row(PLACE, &self.ground.place.descriptors().map(&mut number), b"");
        if let Some(console) = self.catch_all.console() {
            row(CONSOLE, &[number(console)], b"");
        }
        if let (Some(read), Some(write)) = (self.catch_all.reader(), self.catch_all.writer()) {
            row(CATCH_ALL, &[number(read), number(write)], b"");
        }
        for (slot, (read, write)) in self.pipes.all() {
            row(PIPE, &[slot as u64, number(read.as_fd()), number(write.as_fd())], b"");
        }
        for service in self.roster.rows() {
            let mut numbers = [service.slot.into(); 10];
            numbers[1..].copy_from_slice(&service.numbers);
            row(SERVICE, &numbers, &service.name);
        }
        row(LAST, &[], b"");
        bytes
    }
}

fn add(bytes: &mut Vec<u8>, kind: u64, numbers: &[u64], name: &[u8]) {
    for number in [kind, numbers.len() as u64, name.len() as u64].iter().chain(numbers) {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    bytes.extend_from_slice(name);
}

fn milliseconds(time: Option<Duration>) -> u64 {
    time.map_or(0, |time| time.as_secs() * 1000 + u64::from(time.subsec_millis()))
}

/// What is left to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn bytes(&mut self, count: u64) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(count).ok()?)?;
        self.0 = rest;
        Some(bytes)
    }

    fn number(&mut self) -> Option<u64> {
        Some(self.bytes(8)?.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }
}

impl State {
    /// From its bytes; `None`: it is not understood.
    pub(crate) fn parse(bytes: &[u8]) -> Option<State> {
        let mut rest = Rest(bytes.strip_prefix(FIRST)?);
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
            let (kind, count, length) = (rest.number()?, rest.number()?, rest.number()?);
            let numbers: Vec<u64> = (0..count).map(|_| rest.number()).collect::<Option<_>>()?;
            let name = rest.bytes(length)?;
            if kind == LAST {
                let is_whole = state.control > 2 && state.lock > 2 && state.path.is_absolute();
                return is_whole.then_some(state);
            }
            state.take(kind, &numbers, name)?;
        }
    }

    fn take(&mut self, kind: u64, numbers: &[u64], name: &[u8]) -> Option<()> {
        let path = || Path::new(OsStr::from_bytes(name)).to_path_buf();
        match (kind, numbers) {
            (GIVEN, _) => self.options.directory = path(),
            (PATH, _) => self.path = path(),
            (OWN, &[most, rescan, stop_timeout, longest, watch, s6_names, runit, own_session, ..]) => {
                let time = |ms: u64| (ms > 0).then(|| Duration::from_millis(ms));
                let options = &mut self.options;
                options.settings = Settings {
                    most: most as usize,
                    rescan: time(rescan),
                    stop_timeout: time(stop_timeout),
                    ..options.settings
                };
                options.longest_name = longest as usize;
                options.watch = watch != 0;
                options.s6_names = s6_names != 0;
                options.signals = if runit != 0 { Meaning::Runit } else { Meaning::Ours };
                options.company = if own_session != 0 { Company::OwnSession } else { Company::OwnGroup };
            }
            (PLACE, &[control, lock, ..]) => (self.control, self.lock) = (control as RawFd, lock as RawFd),
            (CONSOLE, &[console, ..]) => self.console = Some(console as RawFd),
            (CATCH_ALL, &[read, write, ..]) => self.catch_all = Some((read as RawFd, write as RawFd)),
            (PIPE, &[slot, read, write, ..]) => {
                self.pipes.push((slot as usize, read as RawFd, write as RawFd));
            }
            (SERVICE, &[slot, ref numbers @ ..]) => {
                let slot = u32::try_from(slot).ok()?;
                self.rows.push(Row { slot, name: name.to_vec(), numbers: *numbers.first_chunk()? });
            }
            // With too few numbers.
            (..=SERVICE, _) => return None,
            _ => {}
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEWS: u64 = 99;

    fn sample() -> Vec<u8> {
        let mut bytes = FIRST.to_vec();
        let rows: [(u64, &[u64], &[u8]); 8] = [
            (GIVEN, &[], b"."),
            (PATH, &[], b"/s"),
            (NEWS, &[1, 2, 3], b"new"),
            (OWN, &[100, 0, 5000, 255, 1, 0, 0, 0, 77], b""),
            (PLACE, &[5, 6], b""),
            (PIPE, &[3, 7, 8], b""),
            (SERVICE, &[3, 1, 2, 1, 0, 99, 0, 1, 4, 5, 88], b"web"),
            (LAST, &[], b""),
        ];
        rows.into_iter().for_each(|(kind, numbers, name)| add(&mut bytes, kind, numbers, name));
        bytes
    }

    #[test]
    fn rows_and_numbers_that_are_not_known_are_passed_over() {
        let state = State::parse(&sample()).unwrap();
        assert_eq!((state.control, state.lock, &state.pipes[..]), (5, 6, &[(3, 7, 8)][..]));
        assert_eq!(state.options.settings.stop_timeout, Some(Duration::from_secs(5)));
        let row = Row { slot: 3, name: b"web".to_vec(), numbers: [1, 2, 1, 0, 99, 0, 1, 4, 5] };
        assert_eq!((state.rows, state.path), (vec![row], PathBuf::from("/s")));
    }

    #[test]
    fn what_is_torn_or_of_another_version_is_not_understood() {
        let bytes = sample();
        for end in 0..bytes.len() {
            assert!(State::parse(&bytes[..end]).is_none(), "{end}");
        }
        let mut other = bytes;
        other[7] = b'3';
        assert!(State::parse(&other).is_none());
    }

    #[test]
    fn row_with_too_few_numbers_is_not_understood() {
        for (kind, numbers) in [(OWN, 7), (PLACE, 1), (CONSOLE, 0), (CATCH_ALL, 1), (PIPE, 2), (SERVICE, 9)] {
            let mut bytes = sample();
            bytes.truncate(bytes.len() - 24);
            add(&mut bytes, kind, &vec![9; numbers], b"");
            add(&mut bytes, LAST, &[], b"");
            assert!(State::parse(&bytes).is_none(), "{kind}");
        }
    }
}
