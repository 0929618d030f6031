//! What scripts in a container call: each under the name that s6-overlay has for it.

mod attributes;
mod contenv;
mod logutil;
mod retries;
mod stop;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cli::{Failure, Main};
use sys::exec;

use crate::container::ground;

/// The names with their programs.
pub(crate) const NAMES: &[(&str, Main)] = &[
    ("with-contenv", contenv::with_contenv),
    ("printcontenv", contenv::printcontenv),
    ("with-retries", retries::main),
    ("logutil-service", logutil::service),
    ("logutil-newfifo", logutil::newfifo),
    ("fix-attrs", attributes::main),
];

/// Names that mean something else on a host: they are for the inside of a container only.
pub(crate) const STOPPERS: &[(&str, Main)] =
    &[("halt", stop::main), ("poweroff", stop::main), ("reboot", stop::main)];

/// The state directory of the container that this process is in.
fn state_dir() -> PathBuf {
    let named = ["SV_STATE_DIR", "S6_STATE_DIR"].into_iter().find_map(env::var_os);
    if let Some(dir) = named.filter(|dir| !dir.is_empty()) {
        return dir.into();
    }
    // A container that may not write there has its state where any user may.
    let has_state = |dir: &PathBuf| dir.join("s6").is_dir();
    let usual = PathBuf::from(ground::STATE);
    let is_spare = |dir: &PathBuf| ground::is_ours(dir, false) && has_state(dir);
    let spare = if has_state(&usual) { None } else { ground::spare_states().find(is_spare) };
    spare.unwrap_or(usual)
}

/// Where it keeps the environment, a file a variable.
fn environment_dir() -> PathBuf {
    state_dir().join("s6/container_environment")
}

/// Executes a command line in place of this program; returns only if that fails.
fn execute(words: &[OsString]) -> Failure {
    let error = exec::execute(words);
    let program = words.first().map(OsString::as_os_str).unwrap_or_default();
    let path = exec::find(program).unwrap_or_else(|| Path::new(program).to_owned());
    let problem = sys::problem::diagnose(&path, &error);
    let missing = problem.is_missing();
    Failure::exec(format!("{}: {problem}", program.display()), missing)
}

/// A helper's end: it has failed, or executed something else.
fn end(failure: Failure) -> ExitCode {
    failure.report()
}
