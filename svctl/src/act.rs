//! The verbs that tell supervisors something: `up`, `down`, `restart` and the like.
//!
//! As with letters, each step is done for every service before the next: look all up, listen to all, tell
//! all, wait for all. One that fails is reported and left out of the steps that follow.

mod grammar;
mod say;
mod signal;

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use cli::{Failure, Unable};
use servicedir::control::{self, Sent};
use servicedir::record;
use status::Record;
use svwait::{Quantity, Wait, denied};
use sys::{clock, poll};

use crate::command::{First, attainable, is_too_many, unsent};
use crate::display::shown;
use crate::find::{Finder, Place, Scans, is_scanned, not_scanned};
use crate::target::{Role, Target};
pub(crate) use grammar::ACTS;
use grammar::{Act, Awaited, Does, Request};
pub(crate) use say::{line, seconds};

/// A service that is told something.
struct Told {
    place: Place,
    /// What messages call it.
    name: String,
    /// What it was before.
    before: Option<Record>,
    /// Its supervisor, until that is gone.
    supervisor: Option<OwnedFd>,
}

/// Does it; `args[0]` is the verb.
pub(crate) fn run(args: Vec<OsString>) -> Result<(), Failure> {
    let act = ACTS.iter().find(|act| args.first().is_some_and(|word| word == act.name()));
    let Some(act) = act else { return Err(crate::PROGRAM.usage()) };
    let Some(request) = grammar::parse(act, args)? else { return Ok(()) };
    let finder = Finder::new(request.scan.clone());
    let mut first = First::default();
    let found = find(&request, &finder, &mut first);
    nobody_at_all(&found, &finder)?;

    let mut services = Vec::new();
    for place in found {
        services.extend(first.keep(supervised(place)));
    }
    let (mut services, wait) = subscribe(services, &request, &mut first)?;
    let start = clock::monotonic();
    let mut sent = Vec::with_capacity(services.len());
    for service in &services {
        let told = first.keep(tell(service, &request)).is_some();
        sent.push(told);
        if told && wait.is_none() {
            first.keep(say::told(act, &request, &service.name, service.before.as_ref()));
        }
    }
    if let Some(mut wait) = wait {
        if request.letters.iter().any(|letter| b"dD".contains(letter)) {
            first.keep(wait.look_again());
        }
        let result = follow(act, wait, &services, &sent, &request, start);
        let has_come = result.is_ok();
        first.keep(result);
        if act.awaited == Awaited::Gone && has_come {
            first.keep(wait_gone(&mut services, request.timeout, start));
        }
    }
    first.0.map_or(Ok(()), |code| Err(Failure::Silent(code.into())))
}

/// Every service that is named, once.
fn find(request: &Request, finder: &Finder, first: &mut First) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for name in &request.names {
        for place in first.keep(finder.named(name.clone(), Scans::Refused)).unwrap_or_default() {
            if request.names.len() == 1 || !places.iter().any(|known| known.dir == place.dir) {
                places.push(place);
            }
        }
    }
    places
}

/// One message for a tree that does not run, not one for each of its services.
fn nobody_at_all(places: &[Place], finder: &Finder) -> Result<(), Failure> {
    let Ok(scan) = finder.scan() else { return Ok(()) };
    let is_dead = |place: &Place| {
        place.dir.starts_with(scan) && control::is_supervised(&place.dir).is_ok_and(|yes| !yes)
    };
    if places.is_empty() || is_scanned(scan) || !places.iter().all(is_dead) {
        return Ok(());
    }
    Err(Failure::NoSupervisor(not_scanned(scan).into()))
}

fn supervised(place: Place) -> Result<Told, Failure> {
    let name = shown(&place.name);
    match control::watch(&place.dir) {
        Ok(Some(supervisor)) => {
            let before = record::read(&place.dir).ok().flatten();
            Ok(Told { name, before, supervisor: Some(supervisor), place })
        }
        Ok(None) => {
            Err(Failure::NoSupervisor(format!("{name}: nobody supervises it; {}", remedy(&place)).into()))
        }
        Err(cause) => Err(refused(place, cause)),
    }
}

/// What to do about a service without a supervisor.
fn remedy(place: &Place) -> String {
    match crate::target::role(&place.dir) {
        Ok(Role::Service) => match place.dir.parent().filter(|scan| is_scanned(scan)) {
            Some(scan) => format!("see what the scanner of {} says of it", shown(scan)),
            None => format!("start that with: supervise {}", shown(&place.dir)),
        },
        _ => "it has no run".into(),
    }
}

fn refused(place: Place, cause: io::Error) -> Failure {
    unsent(&Target { dir: place.dir, role: Role::Service }, cause)
}

fn subscribe(
    services: Vec<Told>,
    request: &Request,
    first: &mut First,
) -> Result<(Vec<Told>, Option<Wait>), Failure> {
    let Some(goal) = request.goal else { return Ok((services, None)) };
    let mut wait = Wait::new();
    let mut left = Vec::with_capacity(services.len());
    for service in services {
        let dir = &service.place.dir;
        match wait.add_as(dir, service.name.clone(), attainable(dir, goal)) {
            Err(failure) if is_too_many(&failure) => return Err(failure),
            result => left.extend(first.keep(result).map(|()| service)),
        }
    }
    Ok((left, Some(wait)))
}

fn tell(service: &Told, request: &Request) -> Result<(), Failure> {
    let dir = &service.place.dir;
    match control::send(dir, &letters(service, request)) {
        Ok(Sent::Yes) => Ok(()),
        Ok(Sent::NoSupervisor) => {
            Err(Failure::NoSupervisor(format!("{}: its supervisor has exited", service.name).into()))
        }
        Err(cause) => Err(refused(service.place.clone(), cause)),
    }
}

/// The letters of the verb. A service that is stopped by a signal could not be restarted.
fn letters(service: &Told, request: &Request) -> Vec<u8> {
    let is_paused = service.before.is_some_and(|record| record.is_up() && record.paused);
    let mut letters = request.letters.clone();
    if letters.contains(&b'r') && is_paused {
        letters.push(b'c');
    }
    letters
}

fn follow(
    act: &Act,
    wait: Wait,
    services: &[Told],
    sent: &[bool],
    request: &Request,
    start: Duration,
) -> Result<(), Failure> {
    let held: Vec<bool> = (0..services.len()).map(|i| wait.is_reached(i)).collect();
    let mut unsaid = None;
    let mut answer = |i: usize| {
        let service: &Told = &services[i];
        // Of one that was told nothing, that was said.
        if !sent[i] || act.awaited == Awaited::Gone {
            return;
        }
        let after = clock::monotonic() - start;
        let said = match held[i] && act.does != Does::Restart {
            true => say::held(&service.name, service.before.as_ref()),
            false => say::reached(act, &service.name, &service.place.dir, after),
        };
        unsaid = said.err().or(unsaid.take());
    };
    let result = wait.finish_telling(Quantity::All, request.timeout, &mut answer);
    unsaid.map_or(result, Err)
}

/// Waits until the supervisors are gone.
fn wait_gone(services: &mut Vec<Told>, timeout: Option<Duration>, start: Duration) -> Result<(), Failure> {
    let deadline = timeout.map(|timeout| start + timeout);
    while !services.is_empty() {
        let supervisors: Vec<&OwnedFd> =
            services.iter().filter_map(|service| service.supervisor.as_ref()).collect();
        let gone = poll::wait_many(&supervisors, deadline).unable(|| "wait for supervisors")?;
        if gone.is_empty() {
            return Err(Failure::TimedOut);
        }
        for i in gone.into_iter().rev() {
            let service = services.remove(i);
            say::gone(&service.name, clock::monotonic() - start)?;
        }
    }
    Ok(())
}

/// Why a scanner cannot be reached.
pub(crate) fn scanner_refused(scan: &std::path::Path, cause: io::Error) -> Failure {
    let names = scandir::names_in(scan).unwrap_or(scandir::OURS);
    let why = denied(&cause, &[&scan.join(names.control), &scan.join(names.directory), scan]);
    Failure::system(format!("control {}{why}", shown(scan)), cause)
}
