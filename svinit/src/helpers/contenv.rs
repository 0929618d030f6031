//! `with-contenv` and `printcontenv`: the environment of the container.

use std::env;
use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use cli::Failure;

use super::{end, environment_dir, execute};
use crate::container::environment;

/// `with-contenv PROG…`: executes a program with the environment of the container.
pub(super) fn with_contenv(args: Vec<OsString>) -> ExitCode {
    cli::name_program("with-contenv");
    let command = &args[1..];
    if command.is_empty() {
        return end(Failure::Usage("usage: with-contenv prog...".into()));
    }
    if keeps_environment() {
        return end(execute(command));
    }
    let dir = environment_dir();
    match environment::adopt(&dir) {
        Ok(()) => end(execute(command)),
        Err(cause) => end(Failure::system(format!("read {}", dir.display()), cause)),
    }
}

/// `printcontenv NAME`: the value of a variable, and a newline; exit 1: there is none.
pub(super) fn printcontenv(args: Vec<OsString>) -> ExitCode {
    cli::name_program("printcontenv");
    let [_, name] = &args[..] else {
        return end(Failure::Usage("usage: printcontenv variable".into()));
    };
    let Some(value) = value(name) else { return ExitCode::from(1) };
    match cli::answer(&[&value, &b"\n"[..]].concat()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(111),
    }
}

fn value(name: &OsStr) -> Option<Vec<u8>> {
    if keeps_environment() {
        return Some(env::var_os(name)?.into_encoded_bytes());
    }
    // A variable, and no path to somewhere else.
    let is_name = !name.is_empty() && !name.as_encoded_bytes().contains(&b'/');
    is_name.then(|| std::fs::read(environment_dir().join(name)).ok())?
}

/// `KEEP_ENV`: whoever is started has the environment already.
fn keeps_environment() -> bool {
    let is_on = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    is_on("SV_KEEP_ENV") || is_on("S6_KEEP_ENV")
}
