//! `chpst`: everything at once, in the words of runit.
//!
//! Source of the options, their order and the exit codes: the manual page of runit 2.1.2, and what the program does.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use cli::getopt::Grammar;
use cli::{Failure, Main};
use sys::limits::Resource;
use sys::lock::Patience;

use crate::account::Who;
use crate::apply;
use crate::change::{Change, Groups, Insist, Missing, Plan, Search};
use crate::daemontools::{CODES, count, lock, lowered};
use crate::folder::{Folder, Odd};
use crate::limit::Value;
use crate::numbers::signed;
use crate::s6::resources;

/// Its name, with its program.
pub(crate) const NAMES: &[(&str, Main)] = &[("chpst", main)];

const GRAMMAR: Grammar = Grammar {
    name: "chpst",
    usage: "[-vVP012] [-u user[:group]] [-U user[:group]] [-b argv0] [-e dir] [-/ root] [-C pwd] [-n nice] \
            [-l|-L lock] [-m n] [-d n] [-o n] [-p n] [-f n] [-c n] [-r n] [-t n] prog",
    letters: "u:U:b:e:m:d:o:p:f:c:r:t:/:C:n:l:L:vP012V",
    long: &[],
};

/// In which order the limits are set.
const LIMITS: [Resource; 10] = [
    Resource::DATA,
    Resource::STACK,
    Resource::MEMLOCK,
    Resource::AS,
    Resource::NOFILE,
    Resource::NPROC,
    Resource::FSIZE,
    Resource::CORE,
    Resource::RSS,
    Resource::CPU,
];

fn main(args: Vec<OsString>) -> ExitCode {
    match read(args) {
        Ok(plan) => apply::run(plan, &CODES),
        Err(failure) => failure.report(),
    }
}

/// What the options say; of an option that is given twice, the last one counts.
#[derive(Default)]
struct Draft {
    session: bool,
    verbose: bool,
    folder: Option<OsString>,
    root: Option<OsString>,
    directory: Option<OsString>,
    nice: i32,
    export: Option<String>,
    user: Option<String>,
    lock: Option<(OsString, bool)>,
    close: [bool; 3],
    limits: Vec<(Resource, u64)>,
    argv0: Option<OsString>,
}

pub(crate) fn read(args: Vec<OsString>) -> Result<Plan, Failure> {
    let line = GRAMMAR.parse(args)?;
    let mut draft = Draft::default();
    for (letter, value) in line.options {
        draft.take(letter, value)?;
    }
    if line.operands.is_empty() {
        return Err(GRAMMAR.misuse());
    }
    let argv0 = draft.argv0.take();
    Ok(Plan { changes: draft.changes(), words: line.operands, argv0, search: Search::Old })
}

impl Draft {
    fn take(&mut self, letter: char, value: OsString) -> Result<(), Failure> {
        match letter {
            'P' => self.session = true,
            'v' => self.verbose = true,
            'V' => {
                cli::say(env!("CARGO_PKG_VERSION"));
                return Err(GRAMMAR.misuse());
            }
            'e' => self.folder = Some(value),
            '/' => self.root = Some(value),
            'C' => self.directory = Some(value),
            'n' => self.nice = increment(&value)?,
            'U' => self.export = Some(value.display().to_string()),
            'u' => self.user = Some(value.display().to_string()),
            'l' | 'L' if self.lock.is_some() => return Err(GRAMMAR.misuse()),
            'l' | 'L' => self.lock = Some((value, letter == 'l')),
            'b' => self.argv0 = Some(value),
            '0' | '1' | '2' => self.close[usize::from(letter as u8 - b'0')] = true,
            letter => {
                let number = count(&value).ok_or_else(|| GRAMMAR.misuse())?;
                self.limits.extend(resources(letter).iter().map(|&resource| (resource, number)));
            }
        }
        Ok(())
    }

    /// In the order of the original: what is locked is what the new user sees below the new root.
    fn changes(self) -> Vec<Change> {
        let mut changes = Vec::new();
        changes.extend(self.session.then_some(Change::Session(Insist::No)));
        let odd = if self.verbose { Odd::Named } else { Odd::Skipped };
        changes.extend(self.folder.map(|path| Change::Folder(Folder { odd, ..Folder::new(path) })));
        changes.extend(self.root.map(|path| Change::Root(path.into())));
        changes.extend(self.directory.map(|path| Change::Directory(path.into())));
        changes.extend((self.nice != 0).then_some(Change::Nice(self.nice)));
        changes.extend(self.export.map(|text| Change::Export(Who::Listed(text), Groups::Leave)));
        if let Some(text) = self.user {
            changes.extend([Change::LookUp(Who::Listed(text)), Change::Become]);
        }
        changes.extend(
            self.lock
                .map(|(path, waits)| lock(&path, if waits { Patience::Endless } else { Patience::None })),
        );
        let closed = (0..).zip(self.close).filter(|(_, is_closed)| *is_closed);
        changes.extend(closed.map(|(number, _)| Change::Close(number, number, Missing::Refused)));
        for resource in LIMITS {
            let last = self.limits.iter().rfind(|(limited, _)| *limited == resource);
            changes.extend(last.map(|&(resource, number)| lowered(resource, Value::Number(number))));
        }
        changes
    }
}

/// A number with or without a sign; nothing is 0.
fn increment(value: &OsStr) -> Result<i32, Failure> {
    match value.to_str() {
        Some("" | "+" | "-") => Ok(0),
        text => text.and_then(signed).ok_or_else(|| GRAMMAR.misuse()),
    }
}
