//! A plan in the making: what each option adds to it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use cli::Failure;
use cli::options::number;
use sys::lock::Patience;
use sys::priority::{IoClass, PROCESSORS};

use super::PROGRAM;
use crate::account::Who;
use crate::change::{Change, Groups, Insist, LockFile, Missing, Plan, Search};
use crate::folder::Folder;
use crate::landlock::Fence;
use crate::numbers::{plain, ranges, signed, text, wrong};
use crate::{capability, landlock, limit, redirect};

/// What several options together say.
#[derive(Default)]
pub(super) struct Draft {
    changes: Vec<Change>,
    user: Option<String>,
    groups: Option<Vec<String>>,
    keep: Option<Vec<OsString>>,
    lock: Option<LockFile>,
    lock_limit: Option<Duration>,
    argv0: Option<OsString>,
    fence: Fence,
}

impl Draft {
    /// Takes an option of one letter.
    pub(super) fn letter(&mut self, letter: char, value: OsString) -> Result<(), Failure> {
        let path = || PathBuf::from(&value);
        let change = match letter {
            'u' => return keep(&mut self.user, user(&value)?),
            'U' => Change::Export(Who::Ours(user(&value)?, None), Groups::Export),
            'i' => {
                self.keep.get_or_insert_default();
                return Ok(());
            }
            'k' => return keep(&mut self.keep, names(&value, "a list of names")?.map(Into::into).collect()),
            'e' => Change::Folder(Folder::new(path())),
            'E' => Change::File(path()),
            's' => assignment(&value)?,
            'x' => Change::Unset(variable(&value)?),
            'm' => Change::Umask(octal(&value)?),
            'R' => Change::Root(path()),
            'C' => Change::Directory(path()),
            'l' => Change::Limit(parsed(&value, "a limit, as in nofile=1024:4096", limit::parse)?),
            'n' => Change::Nice(parsed(&value, "a number to add", signed)?),
            'S' => Change::Session(Insist::Yes),
            'P' => Change::Group(Insist::Yes),
            'L' => return keep(&mut self.lock, LockFile::new(path(), Patience::Endless)),
            'a' => return keep(&mut self.argv0, value),
            'r' => {
                let redirect = redirect::parse(&value);
                Change::Redirect(redirect.ok_or_else(|| wrong(&value, "a redirection, as in 2>&1"))?)
            }
            _ => {
                let all = parsed(&value, "a list of descriptors", |text| ranges(text, i32::MAX as u32))?;
                let close = |(first, last)| Change::Close(first, last, Missing::Fine);
                self.changes.extend(all.into_iter().map(close));
                return Ok(());
            }
        };
        self.changes.push(change);
        Ok(())
    }

    /// Takes an option without a letter.
    pub(super) fn long(&mut self, name: &str, value: &OsStr) -> Result<(), Failure> {
        let caps = || parsed(value, "a list of capabilities", capability::parse);
        let ports = || parsed(value, "a list of ports", landlock::ports);
        let change = match name {
            "groups" => return keep(&mut self.groups, names(value, "a list of groups")?.collect()),
            "secrets" => Change::Secrets(names(value, "a list of names")?.collect()),
            "io-priority" => {
                let (class, level) = parsed(value, "idle, best-effort or realtime", io_priority)?;
                Change::Io(class, level)
            }
            "oom-score" => {
                let score = |text: &str| signed(text).filter(|score| (-1000..=1000).contains(score));
                Change::OomScore(parsed(value, "a number from -1000 to 1000", score)?)
            }
            "cpus" => Change::Processors(processors(value)?),
            "try-lock" => return keep(&mut self.lock, LockFile::new(value.into(), Patience::None)),
            "lock-timeout" => {
                let limit = Duration::from_millis(number::<u32>(value, "the time limit")?.into());
                return keep(&mut self.lock_limit, limit);
            }
            "no-new-privs" => Change::NoNewPrivileges,
            "bounding" => Change::Bounding(caps()?),
            "ambient" => {
                self.changes.push(Change::KeepCapabilities);
                Change::Ambient(caps()?)
            }
            "allow-bind" => return more(&mut self.fence.bind, ports()?),
            "allow-connect" => return more(&mut self.fence.connect, ports()?),
            "allow-read" => return push(&mut self.fence.read, value),
            "allow-write" => return push(&mut self.fence.write, value),
            _ => {
                self.fence.as_far_as_possible = true;
                return Ok(());
            }
        };
        self.changes.push(change);
        Ok(())
    }

    /// Puts the changes in their order.
    pub(super) fn finish(self, words: Vec<OsString>) -> Result<Plan, Failure> {
        let mut changes = self.changes;
        if let Some(user) = self.user {
            changes.extend([Change::LookUp(Who::Ours(user, self.groups)), Change::Home, Change::Become]);
        } else if self.groups.is_some() {
            return Err(PROGRAM.misuse("--groups without --user"));
        }
        changes.extend(self.keep.map(Change::ClearEnvironment));
        match (self.lock, self.lock_limit) {
            (None, None) => {}
            (None, Some(_)) => return Err(PROGRAM.misuse("--lock-timeout without --lock")),
            (Some(lock), None) => changes.push(Change::Lock(lock)),
            (Some(lock), Some(limit)) => changes.push(Change::Lock(lock.within(limit))),
        }
        if !self.fence.is_none() {
            changes.extend([Change::NoNewPrivileges, Change::Landlock(self.fence)]);
        }
        Ok(Plan { changes: in_order(changes), words, argv0: self.argv0, search: Search::New })
    }
}

/// Sorted by rank, and otherwise as they were. There are few of them.
fn in_order(changes: Vec<Change>) -> Vec<Change> {
    let mut sorted: Vec<Change> = Vec::with_capacity(changes.len());
    for change in changes {
        let after = sorted.iter().rposition(|other| other.rank() <= change.rank());
        sorted.insert(after.map_or(0, |at| at + 1), change);
    }
    sorted
}

fn keep<T>(place: &mut Option<T>, value: T) -> Result<(), Failure> {
    *place = Some(value);
    Ok(())
}

fn push(paths: &mut Vec<PathBuf>, value: &OsStr) -> Result<(), Failure> {
    paths.push(value.into());
    Ok(())
}

fn more(place: &mut Option<Vec<u16>>, ports: Vec<u16>) -> Result<(), Failure> {
    place.get_or_insert_default().extend(ports);
    Ok(())
}

fn parsed<T>(value: &OsStr, what: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Failure> {
    parse(text(value, what)?).ok_or_else(|| wrong(value, what))
}

fn user(value: &OsStr) -> Result<String, Failure> {
    let is_whole = |text: &str| !text.split(':').take(2).any(str::is_empty);
    parsed(value, "a user", |text| is_whole(text).then(|| text.to_owned()))
}

/// Words with commas between them; none of nothing.
fn names(value: &OsStr, what: &str) -> Result<impl Iterator<Item = String> + use<>, Failure> {
    let words = text(value, what)?.split(',').filter(|word| !word.is_empty()).map(str::to_owned);
    Ok(words.collect::<Vec<_>>().into_iter())
}

fn variable(value: &OsStr) -> Result<OsString, Failure> {
    match value.is_empty() || value.as_bytes().contains(&b'=') {
        true => Err(wrong(value, "the name of a variable")),
        false => Ok(value.to_owned()),
    }
}

fn assignment(value: &OsStr) -> Result<Change, Failure> {
    let bytes = value.as_bytes();
    let end = bytes.iter().position(|&byte| byte == b'=').filter(|&end| end > 0);
    let end = end.ok_or_else(|| wrong(value, "NAME=VALUE"))?;
    let [name, value] = [&bytes[..end], &bytes[end + 1..]].map(|part| OsStr::from_bytes(part).to_owned());
    Ok(Change::Set(name, value))
}

fn octal(value: &OsStr) -> Result<u32, Failure> {
    let is_octal = |text: &str| text.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
    let parse =
        |text: &str| u32::from_str_radix(text, 8).ok().filter(|&mask| is_octal(text) && mask <= 0o777);
    parsed(value, "an octal number up to 777", parse)
}

fn io_priority(text: &str) -> Option<(IoClass, u8)> {
    const USUAL: u8 = 4;
    let (class, level) = text.split_once(':').map_or((text, None), |(class, level)| (class, Some(level)));
    let level = level.map_or(Some(USUAL), plain).filter(|&level| level < 8)?;
    match class {
        "idle" => Some((IoClass::Idle, 0)),
        "best-effort" => Some((IoClass::BestEffort, level)),
        "realtime" => Some((IoClass::Realtime, level)),
        _ => None,
    }
}

fn processors(value: &OsStr) -> Result<Vec<usize>, Failure> {
    let last = PROCESSORS as u32 - 1;
    let ranges = parsed(value, "a list of processors", |text| ranges(text, last))?;
    Ok(ranges.into_iter().flat_map(|(first, last)| first as usize..=last as usize).collect())
}
