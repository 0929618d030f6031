//! `--watch`: the status again whenever something changes.
//!
//! What changes is told, by the notices of every service, by the end of a supervisor, by a watch on the
//! scan directory and on what is in it: a directory becomes a service when its `run` comes, and can be
//! listened to when its `event` comes. Between two tellings nothing is looked at; the clock only makes the
//! ages in the table go on.

use std::ffi::{CStr, OsStr};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use cli::{Failure, Unable};
use servicedir::names;
use sys::dir::Dir;
use sys::signals::{self, Signals};
use sys::watch::{Change, Watch};
use sys::{clock, poll, terminal};
use unix::Signal;

use super::listener::{Listener, News};
use super::options::{Form, Request};
use super::{Finder, First, places, screen, show, terminal::size};

/// The ages in a table go on so often.
const TICK: Duration = Duration::from_secs(1);

/// Those that end it, stop it and let it go on, and the one that tells of another size.
const SIGNALS: [Signal; 8] = [
    Signal::INT,
    Signal::TERM,
    Signal::HUP,
    Signal::QUIT,
    Signal::PIPE,
    Signal::TSTP,
    Signal::CONT,
    Signal::WINCH,
];

/// Clears nothing that stood there before: another screen, without a cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
/// Back.
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

/// What makes a directory a service, and lets it be listened to. Others in it are its own affair.
const TELLING: [&str; 5] = [names::RUN, names::LOG, names::SUPERVISE, names::EVENT, names::DOWN];

struct Watched<'a> {
    request: &'a Request,
    finder: &'a Finder,
    changes: Watch,
    /// The scan directory, if all that is in it is shown.
    scan: Option<sys::watch::Watched>,
    services: Vec<Listener>,
    /// What was shown last, where each time stays: it is not shown twice.
    shown: String,
}

/// Shows it until a signal ends it.
pub(super) fn run(request: &Request, finder: &Finder) -> Result<(), Failure> {
    let signals = signals::take(&SIGNALS).unable(|| "take signals")?;
    let changes = Watch::new().unable(|| "watch directories")?;
    let scan = match request.names.is_empty() {
        true => Some(watch_directory(&changes, finder.scan()?)?),
        false => None,
    };
    let mut watched = Watched { request, finder, changes, scan, services: Vec::new(), shown: String::new() };
    watched.list()?;
    let on_terminal = terminal::is_output();
    if on_terminal {
        write(ENTER)?;
    }
    let ended = watched.run(&signals, on_terminal);
    if on_terminal {
        write(LEAVE)?;
    }
    ended
}

fn watch_directory(changes: &Watch, dir: &Path) -> Result<sys::watch::Watched, Failure> {
    changes.add(dir).unable(|| ("watch", dir))
}

fn write(text: &str) -> Result<(), Failure> {
    cli::answer(text.as_bytes()).unable(|| "write to standard output")
}

impl Watched<'_> {
    fn run(&mut self, signals: &Signals, on_terminal: bool) -> Result<(), Failure> {
        loop {
            self.draw(on_terminal)?;
            // A change of the terminal's size, and the time, draw again what is known.
            loop {
                let news = self.wait(signals, on_terminal)?;
                match news {
                    News::Ended => return Ok(()),
                    News::Stopped => {
                        suspend(on_terminal)?;
                        self.list()?;
                    }
                    News::Listed => self.list()?,
                    News::Changed => {}
                    News::Nothing if on_terminal => {}
                    News::Nothing => continue,
                }
                break;
            }
        }
    }

    /// Looks which services there are; listens to those that are new.
    fn list(&mut self) -> Result<(), Failure> {
        // First the watch: what comes after the look is told.
        if self.scan.is_some() {
            self.watch_all(self.finder.scan()?)?;
        }
        let places = places(self.request, self.finder, &mut First::default())?;
        let mut known = std::mem::take(&mut self.services);
        for place in places {
            match known.iter().position(|service| service.place == place) {
                Some(i) => self.services.push(known.swap_remove(i)),
                None => {
                    let _ = self.changes.add(&place.dir);
                    self.services.push(Listener::new(place));
                }
            }
        }
        Ok(())
    }

    /// Watches whatever is in the scan directory, and what may be its logger. Of what is no directory, or
    /// gone by now, nothing is to be told.
    fn watch_all(&self, scan: &Path) -> Result<(), Failure> {
        let watch = |name: &CStr| {
            let dir = scan.join(OsStr::from_bytes(name.to_bytes()));
            if self.changes.add(&dir).is_ok() {
                let _ = self.changes.add(&dir.join(names::LOG));
            }
        };
        Dir::open(scan).and_then(|dir| dir.each(watch)).unable(|| ("list", scan))
    }

    fn wait(&mut self, signals: &Signals, on_terminal: bool) -> Result<News, Failure> {
        let ticks = on_terminal && matches!(self.request.form, Form::Table);
        let deadline = ticks.then(|| clock::monotonic() + TICK);
        let mut owners = vec![None, None];
        let mut sources: Vec<BorrowedFd<'_>> = vec![signals.as_fd(), self.changes.as_fd()];
        for (i, service) in self.services.iter().enumerate() {
            for source in service.sources() {
                owners.push(Some(i));
                sources.push(source);
            }
        }
        let ready = poll::wait_many(&sources, deadline).unable(|| "wait for notices")?;
        let mut news = News::Nothing;
        for i in ready {
            news = news.max(match (i, owners[i]) {
                (0, _) => heard(signals)?,
                (_, Some(service)) => self.services[service].hear(),
                (_, None) => self.changed()?,
            });
        }
        Ok(news)
    }

    /// Something in one of the directories that are watched.
    fn changed(&mut self) -> Result<News, Failure> {
        let mut matters = false;
        let scan = self.scan.clone();
        let visit = |change: Change<'_>| {
            matters |= match change {
                Change::Entry(dir, name, _) => {
                    Some(dir) == scan || TELLING.iter().any(|&telling| name == telling)
                }
                Change::Itself(_) | Change::Overflow => true,
            };
        };
        self.changes.changes(visit).unable(|| "watch directories")?;
        if !matters {
            return Ok(News::Nothing);
        }
        self.services.iter_mut().for_each(Listener::look_again);
        Ok(if self.scan.is_some() { News::Listed } else { News::Changed })
    }

    fn draw(&mut self, on_terminal: bool) -> Result<(), Failure> {
        let views: Vec<_> = self.services.iter().map(|service| service.view.clone()).collect();
        let shown = show(&views, &self.request.form, clock::now().wall, screen());
        if !on_terminal {
            if shown == self.shown {
                return Ok(());
            }
            self.shown.clone_from(&shown);
            let end = if matches!(self.request.form, Form::Json) { "" } else { "\n" };
            return write(&format!("{shown}{end}"));
        }
        let rows = size().map_or(usize::MAX, |(_, rows)| rows);
        write(&page(&shown, rows))
    }
}

/// Stops until the shell lets it go on. Meanwhile the terminal is as it was before.
fn suspend(on_terminal: bool) -> Result<(), Failure> {
    if on_terminal {
        write(LEAVE)?;
    }
    signals::suspend().unable(|| "stop")?;
    if on_terminal { write(ENTER) } else { Ok(()) }
}

/// The lines that fit on a screen, over what stood there before.
fn page(shown: &str, rows: usize) -> String {
    let lines: Vec<&str> = shown.lines().collect();
    let fitting = if lines.len() <= rows { lines.len() } else { rows.saturating_sub(1) };
    let mut text = String::from("\x1b[H");
    for (i, line) in lines[..fitting].iter().enumerate() {
        text.extend([if i > 0 { "\r\n" } else { "" }, line, "\x1b[K"]);
    }
    if fitting < lines.len() {
        text.push_str(&format!("\r\n({} more)\x1b[K", lines.len() - fitting));
    }
    text.push_str("\x1b[J");
    text
}

fn heard(signals: &Signals) -> Result<News, Failure> {
    let mut news = News::Nothing;
    while let Some(signal) = signals.next().unable(|| "read signals")? {
        news = news.max(match signal {
            // Whoever had the terminal while we were stopped has written on it.
            Signal::WINCH | Signal::CONT => News::Changed,
            Signal::TSTP => News::Stopped,
            _ => News::Ended,
        });
    }
    Ok(news)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_holds_no_more_than_the_screen() {
        assert_eq!(page("a\nb\n", 2), "\x1b[Ha\x1b[K\r\nb\x1b[K\x1b[J");
        assert_eq!(page("a\nb\nc\n", 2), "\x1b[Ha\x1b[K\r\n(2 more)\x1b[K\x1b[J");
    }
}
