//! `s6-softlimit`: resource limits.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use cli::getopt::Grammar;
use sys::limits::Resource;

use super::{plan, run};
use crate::apply::Refusal;
use crate::change::{Change, Plan};
use crate::limit::{Above, LimitChange, Value};

const GRAMMAR: Grammar = Grammar {
    name: "s6-softlimit",
    usage: "[ -H | -h ] [ -a allbytes ] [ -c corebytes ] [ -d databytes ] [ -f filebytes ] [ -l lockbytes ] \
            [ -m membytes ] [ -o openfiles ] [ -P prio ] [ -p processes ] [ -r residentbytes ] [ -s stackbytes ] \
            [ -t cpusecs ] prog...",
    letters: "hHa:c:d:f:l:m:o:P:p:r:s:t:",
    long: &[],
};

/// Which of the two limits the options that follow are about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Soft,
    Hard,
    Both,
}

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    run(read(args))
}

fn read(args: Vec<OsString>) -> Result<Plan, Refusal> {
    let line = GRAMMAR.parse(args)?;
    let (mut which, mut changes) = (Which::Soft, Vec::new());
    for (letter, value) in &line.options {
        match letter {
            'h' => which = Which::Hard,
            'H' => which = Which::Both,
            letter => changes.extend(limits(*letter, value, which)?),
        }
    }
    plan(&GRAMMAR, changes, line.operands)
}

fn limits(letter: char, value: &OsStr, which: Which) -> Result<Vec<Change>, Refusal> {
    // `=`: as high as it goes.
    let (soft, hard) = match value == "=" {
        true => (Value::Hard, Value::Unlimited),
        false if value.is_empty() => return Err(GRAMMAR.misuse().into()),
        false => [Value::Number(GRAMMAR.number(value)?); 2].into(),
    };
    let change = |&resource: &Resource| {
        Change::Limit(LimitChange {
            resource,
            soft: Some(soft).filter(|_| which != Which::Hard),
            hard: Some(hard).filter(|_| which != Which::Soft),
            above: Above::Lowered,
        })
    };
    Ok(resources(letter).iter().map(change).collect())
}

/// What a letter limits, here and in daemontools.
pub(crate) fn resources(letter: char) -> &'static [Resource] {
    match letter {
        'a' => &[Resource::AS],
        'c' => &[Resource::CORE],
        'd' => &[Resource::DATA],
        'f' => &[Resource::FSIZE],
        'l' => &[Resource::MEMLOCK],
        'm' => &[Resource::DATA, Resource::STACK, Resource::MEMLOCK, Resource::AS],
        'o' => &[Resource::NOFILE],
        'P' => &[Resource::RTPRIO],
        'p' => &[Resource::NPROC],
        'r' => &[Resource::RSS],
        's' => &[Resource::STACK],
        _ => &[Resource::CPU],
    }
}
