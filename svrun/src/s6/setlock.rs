//! `s6-setlock`: a lock that the program holds.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use cli::getopt::Grammar;
use sys::lock::{Kind, Patience, Share};

use super::{first, plan, run};
use crate::apply::Refusal;
use crate::change::{Change, LockFile, Plan};

const GRAMMAR: Grammar = Grammar {
    name: "s6-setlock",
    usage: "[ -r | -w ] [ -n | -N ] [ -t timeout ] [ -d fd ] lockfile prog...",
    letters: "nNrwt:d:",
    long: &[],
};

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    run(read(args))
}

fn read(args: Vec<OsString>) -> Result<Plan, Refusal> {
    let mut line = GRAMMAR.parse(args)?;
    let (mut waits, mut limit, mut share, mut number) = (true, 0, Share::Alone, None);
    for (letter, value) in &line.options {
        match letter {
            'n' => waits = false,
            'N' => waits = true,
            'r' => share = Share::Others,
            'w' => share = Share::Alone,
            't' => limit = GRAMMAR.number::<u32>(value)?,
            _ => number = Some(i32::from(GRAMMAR.number::<u16>(value)?)),
        }
    }
    let patience = match (waits, limit) {
        (false, _) => Patience::None,
        (true, 0) => Patience::Endless,
        (true, limit) => Patience::Limit(Duration::from_millis(limit.into())),
    };
    let path = first(&GRAMMAR, &mut line.operands)?.into();
    let lock = LockFile { path, kind: Kind::Record, share, patience, mode: 0o666, number };
    plan(&GRAMMAR, vec![Change::Lock(lock)], line.operands)
}
