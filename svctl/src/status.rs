//! `svctl status`: what services say of themselves, for people or for programs.

mod find;
mod json;
mod text;
mod view;

use std::ffi::OsString;

use cli::{Failure, Unable, answer};
use sys::clock;

use crate::request::Form;
use view::View;
pub(crate) use view::seconds;

/// Shows the services of `dirs`, or all that can be found. Exit 1: one is not supervised.
pub(crate) fn run(form: Form, dirs: Vec<OsString>) -> Result<(), Failure> {
    let found = find::services(dirs)?;
    let views: Vec<View> = found.services.into_iter().map(View::look).collect();
    let now = clock::now().wall;
    let shown = match form {
        Form::Text => text::lines(&views, now),
        Form::Json => json::document(&views, now),
    };
    answer(shown.as_bytes()).unable(|| "write to standard output")?;
    if let Some(code) = found.failed {
        return Err(Failure::Silent(code));
    }
    if views.iter().any(|view| view.problem.is_some()) {
        return Err(Failure::Silent(111));
    }
    if views.iter().any(|view| view.is_supervised == Some(false)) {
        return Err(Failure::Silent(1));
    }
    Ok(())
}
