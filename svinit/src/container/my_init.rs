//! `my_init`, the init of baseimage-docker: its command line, and what it does differently.
//!
//! Source: baseimage-docker's `my_init` and README.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use cli::Failure;
use cli::getopt::Grammar;
use stages::{Failing, Settings};

use super::Request;
use super::layout::Style;

const GRAMMAR: Grammar = Grammar {
    name: "my_init",
    usage: "[ --quiet ] [ --skip-startup-files ] [ --skip-runit ] [ --no-kill-all-on-exit ] [ -- command... ]",
    letters: "hqfrki",
    long: &[
        ("help", 'h'),
        ("quiet", 'q'),
        ("skip-startup-files", 'f'),
        ("skip-runit", 'r'),
        ("no-kill-all-on-exit", 'k'),
        ("enable-insecure-key", 'i'),
    ],
};

/// How long services, and then what is left, may take to end.
const GRACE: Duration = Duration::from_secs(30);

/// Runs a container of its kind.
pub(crate) fn main(args: Vec<OsString>) -> ExitCode {
    match parse(args) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(request)) => super::run(request),
        Err(failure) => failure.report(),
    }
}

fn parse(args: Vec<OsString>) -> Result<Option<Request>, Failure> {
    let line = GRAMMAR.parse(args)?;
    let has = |wanted: char| line.options.iter().any(|(letter, _)| *letter == wanted);
    if has('h') {
        let text = format!("usage: {} {}\n", GRAMMAR.name, GRAMMAR.usage);
        let _ = cli::answer(text.as_bytes());
        return Ok(None);
    }
    if has('i') {
        return Err(Failure::Refused("--enable-insecure-key: there is no such key here".into()));
    }
    let (tells, skips_inits, skips_services) = (!has('q'), has('f'), has('r'));
    let leaves_strays = has('k');
    if skips_services && line.operands.is_empty() {
        return Err(Failure::Usage("--skip-runit needs a command".into()));
    }
    Ok(Some(Request {
        style: Style::Baseimage,
        tells,
        skips_inits,
        skips_services,
        leaves_strays,
        adjust,
        ..Request::overlay(line.operands, true)
    }))
}

/// A script that fails ends everything, and there is more time for the end, which two variables of its own set, in
/// seconds.
fn adjust(settings: &mut Settings) {
    settings.failing = Failing::Stops;
    settings.services_grace = seconds("KILL_PROCESS_TIMEOUT");
    settings.kill_grace = seconds("KILL_ALL_PROCESSES_TIMEOUT");
}

fn seconds(variable: &str) -> Duration {
    let value = std::env::var(variable).ok();
    value.and_then(|text| text.trim().parse().ok()).map_or(GRACE, Duration::from_secs)
}
