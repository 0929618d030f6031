//! Notices as they come, also from services that come later.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use fifodir::Subscription;
use servicedir::{names, record};
use status::{Notice, Record};
use sys::watch::{Watch, Watched};
use sys::{clock, file, poll};
use unix::Stamp;

use super::Which;
use super::event::Event;
use crate::named::Place;

/// A service that is listened to.
struct Listened {
    place: Place,
    /// What tells its fifodir from one that replaces it.
    identity: (u64, u64),
    notices: Subscription,
    /// A start that was seen in the record when it was joined: the notice may still come.
    joined_up: Option<Stamp>,
}

/// Everything that is listened to, and everything that is watched for more.
struct Audience<F> {
    services: Vec<Listened>,
    watch: Watch,
    /// Directories in which a fifodir may appear.
    waiting: Vec<(PathBuf, Watched)>,
    show: F,
}

/// Shows every notice, until nobody wants to see more.
pub(crate) fn follow(which: &Which, show: impl Fn(&Event) -> io::Result<()>) -> io::Result<()> {
    let watch = Watch::new()?;
    if let Which::All(scan) = which {
        watch.add(scan)?;
    }
    let mut audience = Audience { services: Vec::new(), watch, waiting: Vec::new(), show };
    audience.join(which, false)?;
    loop {
        let mut sources: Vec<BorrowedFd<'_>> = vec![audience.watch.as_fd()];
        sources.extend(audience.services.iter().map(|service| service.notices.as_fd()));
        let ready = poll::wait_many(&sources, None)?;
        for i in ready.iter().filter(|i| **i > 0) {
            audience.listen(i - 1)?;
        }
        if ready.first() == Some(&0) {
            audience.watch.changes(|_| {})?;
            audience.join(which, true)?;
        }
    }
}

impl<F: Fn(&Event) -> io::Result<()>> Audience<F> {
    /// Shows what a service has sent.
    fn listen(&mut self, index: usize) -> io::Result<()> {
        let mut letters = [0; 256];
        let service = &mut self.services[index];
        let count = service.notices.read(&mut letters)?;
        for notice in letters[..count].iter().copied().filter_map(Notice::from_letter) {
            let event =
                Event::heard(notice, clock::now().wall, service.place.name.clone(), &service.place.dir);
            // The start with which it was joined was shown then.
            let joined = if notice == Notice::Up { service.joined_up.take() } else { None };
            if joined.is_none() || joined != since(&service.place.dir) {
                (self.show)(&event)?;
            }
        }
        Ok(())
    }

    /// Listens to services that are new, and no more to those that have gone. `late`: what a new one has done
    /// already is shown.
    fn join(&mut self, which: &Which, late: bool) -> io::Result<()> {
        let places = which.candidates()?;
        self.services.retain(|service| {
            let event = service.place.dir.join(names::EVENT);
            places.iter().any(|place| place.dir == service.place.dir)
                && identity(&event) == Some(service.identity)
        });
        self.waiting.retain(|(dir, _)| places.iter().any(|place| place.dir == *dir));
        for place in places {
            if self.services.iter().all(|service| service.place.dir != place.dir) {
                self.add(place, late)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, place: Place, late: bool) -> io::Result<()> {
        if !self.waiting.iter().any(|(dir, _)| *dir == place.dir)
            && let Ok(watched) = self.watch.add(&place.dir)
        {
            self.waiting.push((place.dir.clone(), watched));
        }
        let event = place.dir.join(names::EVENT);
        // Watched before this look, so that a fifodir that comes now is not missed.
        let Some(identity) = identity(&event) else { return Ok(()) };
        let notices = match Subscription::new(&event) {
            Ok(notices) => notices,
            Err(error) => {
                cli::warn(format_args!(
                    "unable to listen to {}: {}",
                    place.dir.display(),
                    cli::reason(&error)
                ));
                return Ok(());
            }
        };
        if let Some(index) = self.waiting.iter().position(|(dir, _)| *dir == place.dir) {
            self.watch.remove(self.waiting.swap_remove(index).1);
        }
        let joined_up = if late { self.catch_up(&place)? } else { None };
        self.services.push(Listened { place, identity, notices, joined_up });
        Ok(())
    }

    /// Shows the start of a service that came up before it could be listened to.
    fn catch_up(&self, place: &Place) -> io::Result<Option<Stamp>> {
        let Some(record) = record::read(&place.dir).ok().flatten().filter(Record::is_up) else {
            return Ok(None);
        };
        let up = Event::heard(Notice::Up, record.since, place.name.clone(), &place.dir);
        (self.show)(&up)?;
        if record.ready {
            let ready = Event::heard(Notice::Ready, record.ready_since, place.name.clone(), &place.dir);
            (self.show)(&ready)?;
        }
        Ok(Some(record.since))
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    file::look(path).ok().flatten().map(|info| info.identity)
}

/// Since when it is up.
fn since(dir: &Path) -> Option<Stamp> {
    record::read(dir).ok().flatten().filter(Record::is_up).map(|record| record.since)
}
