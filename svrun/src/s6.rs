//! The names of s6: each is a grammar that writes a plan.
//!
//! Source of the options and the exit codes: the pages of s6 2.15.1.0.

mod envdir;
mod envuidgid;
mod fghack;
mod ids;
mod setlock;
mod setsid;
mod softlimit;

use std::ffi::OsString;
use std::process::ExitCode;

use cli::Main;
use cli::getopt::Grammar;

use crate::apply::{self, Codes, Refusal};
use crate::change::{Change, Plan, Search};

pub(crate) use softlimit::resources;

/// Every name with its program.
pub(crate) const NAMES: &[(&str, Main)] = &[
    ("s6-setuidgid", ids::setuidgid),
    ("s6-envuidgid", envuidgid::main),
    ("s6-applyuidgid", ids::applyuidgid),
    ("s6-envdir", envdir::main),
    ("s6-softlimit", softlimit::main),
    ("s6-setlock", setlock::main),
    ("s6-setsid", setsid::main),
    ("s6-fghack", fghack::main),
];

const CODES: Codes = Codes { unknown: 1, held: 1, late: 1, execute: None };

/// Carries out what a command line means.
fn run(plan: Result<Plan, Refusal>) -> ExitCode {
    match plan {
        Ok(plan) => apply::run(plan, &CODES),
        Err(refusal) => CODES.report(&refusal),
    }
}

/// A plan; without a command, this was called wrongly.
fn plan(grammar: &Grammar, changes: Vec<Change>, words: Vec<OsString>) -> Result<Plan, Refusal> {
    if words.is_empty() {
        return Err(grammar.misuse().into());
    }
    Ok(Plan { changes, words, argv0: None, search: Search::Old })
}

/// The first operand, which is no part of the command.
fn first(grammar: &Grammar, operands: &mut Vec<OsString>) -> Result<OsString, Refusal> {
    if operands.len() < 2 {
        return Err(grammar.misuse().into());
    }
    Ok(operands.remove(0))
}
