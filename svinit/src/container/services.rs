//! The services of the image, laid out for the scanner, and what is heard of them.
//!
//! A service directory of the image may be read-only, and the state directory may forbid to execute what is in it: so
//! the scanner gets directories of ours, in which everything is a link to the image's.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use fifodir::Subscription;
use servicedir::names::{DOWN, EVENT, LOG, NOTIFICATION_FD, RUN, SUPERVISE};
use status::Notice;
use sys::dir::{self, Links};
use sys::file::{self, Kind};
use sys::process;

use super::layout::{Layout, Style};
use super::scripts::is_hidden;

/// For all to enter, for us to write.
const MODE: u32 = 0o755;
/// The group may make FIFOs in it, and remove its own.
const EVENT_MODE: u32 = 0o3730;

/// There is at least one, or there will be: `my_init` scans whatever there is.
pub(crate) fn are_there(layout: &Layout) -> bool {
    layout.style() == Style::Baseimage
        || dirs(&layout.services()).next().is_some()
        // A script may have put it there itself.
        || dirs(&layout.own_scan()).next().is_some()
}

fn dirs(services: &Path) -> impl Iterator<Item = PathBuf> {
    let names = dir::list(services).unwrap_or_default().into_iter();
    let is_dir = |path: &PathBuf| matches!(file::look(path), Ok(Some(info)) if info.kind == Kind::Directory);
    let services = services.to_owned();
    names.filter(|name| !is_hidden(name)).map(move |name| services.join(name)).filter(is_dir)
}

/// How far a service must be before the command starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// It has a supervisor, so that tools find it.
    Supervised,
    /// It is up, or ready if it can say so.
    Up,
}

/// Lays out every service. Gives what can be heard of each, from its start on.
///
/// # Errors
/// A directory or a link cannot be made.
pub(crate) fn lay_out(layout: &Layout, awaited: Awaited) -> io::Result<Vec<Heard>> {
    let mut heard = Vec::new();
    if !layout.scans_in_place() {
        for service in dirs(&layout.services()) {
            let Some(name) = service.file_name() else { continue };
            link_all(&service, &layout.own_scan().join(name))?;
        }
    }
    for to in dirs(&layout.scan()) {
        match awaited {
            // One that cannot be heard is not waited for.
            Awaited::Supervised => heard.extend(Heard::new(&to, Notice::Started).ok()),
            Awaited::Up if file::exists(&to.join(DOWN))? => {}
            Awaited::Up => heard.push(Heard::new(&to, sign_of_life(&to)?)?),
        }
    }
    Ok(heard)
}

/// Makes `to` a directory of links to everything in `from` but what a supervisor keeps.
fn link_all(from: &Path, to: &Path) -> io::Result<()> {
    dir::make(to, MODE, Links::Trusted)?;
    for name in dir::list(from)? {
        let path = from.join(&name);
        if name == LOG && file::exists(&path.join(RUN))? {
            link_all(&path, &to.join(&name))?;
        } else if name != SUPERVISE && name != EVENT {
            symlink(&path, to.join(&name))?;
        }
    }
    Ok(())
}

/// What is heard of a service.
#[derive(Debug)]
pub(crate) struct Heard {
    name: String,
    letters: Subscription,
    /// What it must say to be as it is waited for.
    awaited: Notice,
    state: Option<bool>,
}

/// What a service says when it is up, or ready if it can say so.
fn sign_of_life(dir: &Path) -> io::Result<Notice> {
    let can_say = file::exists(&dir.join(NOTIFICATION_FD))?;
    Ok(if can_say { Notice::Ready } else { Notice::Up })
}

impl Heard {
    fn new(dir: &Path, awaited: Notice) -> io::Result<Heard> {
        let event = dir.join(EVENT);
        let umask = process::set_umask(0);
        let made = dir::make(&event, EVENT_MODE, Links::Trusted);
        process::set_umask(umask);
        made?;
        let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Heard { name, letters: Subscription::new(&event)?, awaited, state: None })
    }

    /// The name of a service that is not as it is waited for.
    pub(crate) fn missing(&self) -> Option<String> {
        (self.state != Some(true)).then(|| self.name.clone())
    }

    /// Reads what has come. `Some(true)`: it is as it is waited for; `Some(false)`: it never will be.
    pub(crate) fn read(&mut self) -> Option<bool> {
        let mut buffer = [0; 64];
        while let Ok(count) = self.letters.read(&mut buffer)
            && count > 0
        {
            for notice in buffer[..count].iter().filter_map(|&letter| Notice::from_letter(letter)) {
                match notice {
                    notice if notice == self.awaited => self.state = Some(true),
                    Notice::Failed => self.state = Some(false),
                    _ => {}
                }
            }
        }
        self.state
    }
}

/// Reads what all have said: `Some` when the waiting is over, with `true` if all are as they are waited for.
pub(crate) fn hear(heard: &mut [Heard]) -> Option<bool> {
    let states: Vec<_> = heard.iter_mut().map(Heard::read).collect();
    if states.contains(&Some(false)) {
        return Some(false);
    }
    states.iter().all(Option::is_some).then_some(true)
}

impl AsFd for Heard {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.letters.as_fd()
    }
}
