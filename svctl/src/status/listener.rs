//! A service that is watched: what was seen of it last, and what tells of a change.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use fifodir::Subscription;
use servicedir::{control, names};

use super::view::View;
use crate::find::Place;

/// What woke us; the greatest of several counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum News {
    /// Only the time.
    Nothing,
    /// A service, or the size of the terminal.
    Changed,
    /// Services may have come or gone.
    Listed,
    /// The terminal's user wants us to stop for a while (`^Z`).
    Stopped,
    /// A signal says that it is enough.
    Ended,
}

/// A service that is listened to.
#[derive(Debug)]
pub(super) struct Listener {
    /// Where it is.
    pub(super) place: Place,
    /// What was seen of it last.
    pub(super) view: View,
    notices: Option<Subscription>,
    /// Tells of a supervisor that ends without a notice.
    supervisor: Option<OwnedFd>,
}

impl Listener {
    /// Listens to a service, then looks at it.
    pub(super) fn new(place: Place) -> Listener {
        let view = View::look(place.clone());
        let mut listener = Listener { place, view, notices: None, supervisor: None };
        listener.look_again();
        listener
    }

    /// What is to be waited for.
    pub(super) fn sources(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let notices = self.notices.as_ref().map(AsFd::as_fd);
        notices.into_iter().chain(self.supervisor.as_ref().map(AsFd::as_fd))
    }

    /// One of its sources has something to say.
    pub(super) fn hear(&mut self) -> News {
        let mut letters = [0; 256];
        let mut heard = 0;
        while let Some(notices) = &self.notices {
            match notices.read(&mut letters) {
                Ok(0) => break,
                Ok(count) => heard += count,
                Err(_) => self.notices = None,
            }
        }
        if heard == 0 {
            // Then it was the other source: that supervisor is gone.
            self.supervisor = None;
        }
        self.look_again();
        News::Changed
    }

    /// Listens, if it does not yet, then looks: what happens after the look is heard.
    pub(super) fn look_again(&mut self) {
        let dir = &self.place.dir;
        if self.notices.is_none() {
            self.notices = Subscription::new(&dir.join(names::EVENT)).ok();
        }
        if self.supervisor.is_none() {
            self.supervisor = control::watch(dir).ok().flatten();
        }
        self.view = View::look(self.place.clone());
    }
}
