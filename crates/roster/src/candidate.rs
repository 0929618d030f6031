//! Directories that have appeared and cannot be started yet: they are waited for without a word.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::time::Duration;

use crate::roster::Roster;
use crate::scan::{Admitted, text};
use crate::service::Told;
use crate::{Action, Actions, Arrival, Candidate, Found, Look, PATIENCE, QUIET, Remark, SCAN_AGAIN};

/// A candidate.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) name: Vec<u8>,
    /// It came by rename, and nothing in it has changed since.
    whole: bool,
    changed_at: Duration,
    look_at: Option<Duration>,
    /// What it lacks was said.
    said: bool,
    /// It was started; until then its `log` may still come.
    started: Option<Duration>,
}

impl Roster {
    pub(crate) fn appeared(&mut self, name: &[u8], arrival: Arrival, now: Duration, actions: &mut Actions) {
        if self.stop.is_some() {
            return;
        }
        let Some(place) = self.place_of_candidate(name).or_else(|| self.add_candidate(name, actions)) else {
            return self.scan_again(now);
        };
        if let Some(waiting) = self.waiting(place) {
            waiting.whole = arrival == Arrival::Whole;
            waiting.changed_at = now;
            waiting.look_at = None;
            waiting.started = None;
            actions.push_back(Action::Look(Candidate(place)));
        }
    }

    /// A scan has found a directory that is no service.
    pub(crate) fn await_completion(&mut self, name: &[u8], now: Duration, actions: &mut Actions) {
        match self.place_of_candidate(name) {
            Some(place) => self.look_by(place, now),
            None => self.appeared(name, Arrival::Made, now, actions),
        }
    }

    /// The mode of a directory has changed: that may be what it lacked.
    pub(crate) fn altered(&mut self, name: &[u8], now: Duration) {
        if let Some(place) = self.place_of_candidate(name) {
            self.grown(Candidate(place), now);
        }
    }

    pub(crate) fn grown(&mut self, candidate: Candidate, now: Duration) {
        if let Some(waiting) = self.waiting(candidate.0) {
            waiting.whole = false;
            waiting.changed_at = now;
            // A service may write into its own directory for ever.
            let at = waiting.started.map_or(now + QUIET, |until| until.min(now + QUIET));
            self.look_by(candidate.0, at);
        }
    }

    pub(crate) fn vanished(&mut self, name: &[u8], now: Duration, actions: &mut Actions) {
        if self.stop.is_some() {
            return;
        }
        self.drop_candidate(name, actions);
        if self.place_of_name(name).is_some() {
            self.scan_after_replacement(now);
        }
    }

    pub(crate) fn looked(&mut self, candidate: Candidate, look: Look, now: Duration, actions: &mut Actions) {
        if self.stop.is_some() {
            return;
        }
        match look {
            Look::Nothing => self.remove_candidate(candidate.0, actions),
            Look::Incomplete { watched } => self.incomplete(candidate, watched, now, actions),
            Look::Complete { service, log, link } => {
                let Some(waiting) = self.waiting(candidate.0) else { return };
                let quiet_at = waiting.changed_at + QUIET;
                let is_late = waiting.started.is_some_and(|until| until <= now);
                if waiting.whole || link || quiet_at <= now || is_late {
                    let in_place = !waiting.whole && !link && log.is_none();
                    self.complete(candidate, (service, log), in_place, now, actions);
                    self.start_those_due(now, actions);
                } else {
                    self.look_by(candidate.0, quiet_at);
                }
            }
        }
    }

    fn incomplete(&mut self, candidate: Candidate, watched: bool, now: Duration, actions: &mut Actions) {
        let Some(waiting) = self.waiting(candidate.0) else { return };
        let patient_until = waiting.started.unwrap_or(waiting.changed_at + PATIENCE);
        if patient_until > now {
            self.look_by(candidate.0, patient_until);
        } else if waiting.started.is_some() {
            return self.remove_candidate(candidate.0, actions);
        } else if !core::mem::replace(&mut waiting.said, true) {
            actions.push_back(Action::Say(Remark::NotStarted(candidate)));
        }
        if !watched {
            self.look_by(
                candidate.0,
                if patient_until > now { patient_until.min(now + SCAN_AGAIN) } else { now + SCAN_AGAIN },
            );
        }
    }

    fn complete(
        &mut self,
        candidate: Candidate,
        (service, log): (crate::Identity, Option<crate::Identity>),
        in_place: bool,
        now: Duration,
        actions: &mut Actions,
    ) {
        let Some(waiting) = self.waiting(candidate.0) else { return };
        let Some(name) = text(&[&waiting.name]) else { return self.look_by(candidate.0, now + SCAN_AGAIN) };
        let patient_until = waiting.started.unwrap_or(now + PATIENCE);
        match self.admit(&Found { name: &name, service, log }, actions) {
            // A log may follow its service; after a while nobody waits for it any longer.
            Admitted::Yes if in_place && patient_until > now => {
                if let Some(waiting) = self.waiting(candidate.0) {
                    waiting.started = Some(patient_until);
                }
                self.look_by(candidate.0, patient_until);
            }
            Admitted::Yes => self.remove_candidate(candidate.0, actions),
            // The directory that had this name has gone unnoticed: renamed over.
            Admitted::Replaces => self.scan_after_replacement(now),
            Admitted::Blocked => {
                let holder = self.place_of_name(&name).and_then(|place| self.get(place));
                if holder.is_some_and(|service| service.told == Told::Nothing) {
                    self.scan_after_replacement(now);
                }
            }
            Admitted::NoRoom => self.look_by(candidate.0, now + SCAN_AGAIN),
        }
    }

    pub(crate) fn look_at_those_due(&mut self, now: Duration, actions: &mut Actions) {
        if self.look_at.is_none_or(|at| at > now) {
            return;
        }
        self.look_at = None;
        for place in 0..self.candidates.len() as u32 {
            let Some(waiting) = self.waiting(place) else { continue };
            match waiting.look_at {
                Some(at) if at <= now => {
                    waiting.look_at = None;
                    actions.push_back(Action::Look(Candidate(place)));
                }
                Some(at) => self.look_by(place, at),
                None => {}
            }
        }
    }

    pub(crate) fn look_at_all(&mut self, now: Duration) {
        for place in 0..self.candidates.len() as u32 {
            if self.waiting(place).is_some() {
                self.look_by(place, now);
            }
        }
    }

    /// A name is free again.
    pub(crate) fn look_again_at(&mut self, name: &[u8], now: Duration) {
        if let Some(place) = self.place_of_candidate(name) {
            self.look_by(place, now);
        }
    }

    fn look_by(&mut self, place: u32, at: Duration) {
        if let Some(waiting) = self.waiting(place) {
            waiting.look_at = Some(at);
            self.look_at = Some(self.look_at.map_or(at, |other| other.min(at)));
        }
    }

    pub(crate) fn drop_candidate(&mut self, name: &[u8], actions: &mut Actions) {
        if let Some(place) = self.place_of_candidate(name) {
            self.remove_candidate(place, actions);
        }
    }

    fn remove_candidate(&mut self, place: u32, actions: &mut Actions) {
        let candidates = &self.candidates;
        let Some(Some(waiting)) = candidates.get(place as usize) else { return };
        self.candidate_names.remove(place, |other| compare(candidates, other, &waiting.name));
        self.candidates[place as usize] = None;
        actions.push_back(Action::Unwatch(Candidate(place)));
    }

    fn add_candidate(&mut self, name: &[u8], actions: &mut Actions) -> Option<u32> {
        let own = text(&[name])?;
        actions.try_reserve(self.candidates.len() + 16).ok()?;
        self.candidate_names.try_reserve(1).ok()?;
        let free = self.candidates.iter().position(Option::is_none);
        let place = match free {
            Some(place) => place,
            None => {
                self.candidates.try_reserve(1).ok()?;
                self.candidates.push(None);
                self.candidates.len() - 1
            }
        };
        self.candidates[place] = Some(Waiting {
            name: own,
            whole: false,
            changed_at: Duration::ZERO,
            look_at: None,
            said: false,
            started: None,
        });
        let candidates = &self.candidates;
        self.candidate_names.insert(place as u32, |other| compare(candidates, other, name));
        Some(place as u32)
    }

    pub(crate) fn place_of_candidate(&self, name: &[u8]) -> Option<u32> {
        self.candidate_names.find(|place| compare(&self.candidates, place, name))
    }

    fn waiting(&mut self, place: u32) -> Option<&mut Waiting> {
        self.candidates.get_mut(place as usize)?.as_mut()
    }
}

fn compare(candidates: &[Option<Waiting>], place: u32, name: &[u8]) -> Ordering {
    candidates.get(place as usize).and_then(Option::as_ref).map(|waiting| &*waiting.name).cmp(&Some(name))
}
