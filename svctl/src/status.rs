//! `svctl status`: what services say of themselves, for people, for scripts or for programs.

mod fields;
mod json;
mod listener;
mod options;
mod rows;
mod table;
pub(crate) mod view;
mod watch;

use std::ffi::OsString;

use cli::{Failure, Unable, answer, say};
use sys::{clock, terminal};
use unix::Stamp;

use crate::command::First;
use crate::find::{Finder, Place, Scans, is_scanned, not_scanned};
pub(crate) use options::PROGRAM;
use options::{Form, Request};
use table::Screen;
pub(crate) use view::{View, seconds, unreadable};

/// The exit code that says that a service is not as it is wanted (LSB: it does not run).
const NOT_AS_WANTED: usize = 3;

/// Does it; `args[0]` is the verb.
pub(crate) fn run(args: Vec<OsString>) -> Result<(), Failure> {
    let Some(request) = options::parse(args)? else { return Ok(()) };
    let finder = Finder::new(request.scan.clone());
    if request.is_watched {
        return watch::run(&request, &finder);
    }
    let mut first = First::default();
    let places = places(&request, &finder, &mut first)?;
    let views: Vec<View> = places.into_iter().map(View::look).collect();
    let shown = show(&views, &request.form, clock::now().wall, screen());
    answer(shown.as_bytes()).unable(|| "write to standard output")?;
    verdict(&views, first)
}

/// The services that are asked for. One that cannot be found is reported.
fn places(request: &Request, finder: &Finder, first: &mut First) -> Result<Vec<Place>, Failure> {
    if request.names.is_empty() {
        let places = finder.all()?;
        let scan = finder.scan()?;
        if !is_scanned(scan) {
            say(not_scanned(scan));
            if places.is_empty() {
                return Err(Failure::Silent(102));
            }
        } else if places.is_empty() {
            say(format_args!("no service in {}", scan.display()));
        }
        return Ok(places);
    }
    let mut places = Vec::new();
    for name in &request.names {
        places.append(&mut first.keep(finder.named(name.clone(), Scans::Listed)).unwrap_or_default());
    }
    Ok(places)
}

fn show(views: &[View], form: &Form, now: Stamp, screen: Screen) -> String {
    match form {
        Form::Table => table::draw(&rows::rows(views, now), screen),
        Form::Json => json::document(views, now),
        Form::Fields(fields) => fields::lines(views, fields, now),
    }
}

/// What standard output is.
fn screen() -> Screen {
    let has_colour = || {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb")
    };
    match terminal::is_output() {
        true => Screen { width: terminal::size().map(|(columns, _)| columns), colour: has_colour() },
        false => Screen { width: None, colour: false },
    }
}

fn verdict(views: &[View], first: First) -> Result<(), Failure> {
    if let Some(code) = first.0 {
        return Err(Failure::Silent(code.into()));
    }
    if views.iter().any(|view| view.problem.is_some()) {
        return Err(Failure::Silent(111));
    }
    if views.iter().all(View::is_as_wanted) { Ok(()) } else { Err(Failure::Silent(NOT_AS_WANTED)) }
}
