//! `s6-envdir`: variables from the files of a directory.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

use cli::getopt::Grammar;

use super::{first, plan, run};
use crate::apply::Refusal;
use crate::change::{Change, Plan};
use crate::folder::{Extent, Folder};

const GRAMMAR: Grammar = Grammar {
    name: "s6-envdir",
    usage: "[ -I | -i ] [ -n ] [ -f ] [ -L ] [ -c nullchar ] dir prog...",
    letters: "IinfLc:",
    long: &[],
};

/// How much of a file counts without `-L`: 4096 bytes by the page, of which the program keeps one for itself.
const CLAMP: u64 = 4095;

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    run(read(args))
}

fn read(args: Vec<OsString>) -> Result<Plan, Refusal> {
    let mut line = GRAMMAR.parse(args)?;
    let mut folder = Folder { at_most: CLAMP, ..Folder::new("") };
    for (letter, value) in &line.options {
        match letter {
            'I' => folder.may_be_missing = true,
            'i' => folder.may_be_missing = false,
            'n' => folder.chomps = false,
            'f' => folder.extent = Extent::Whole,
            'L' => folder.at_most = u64::MAX,
            _ => folder.zero = *value.as_bytes().first().ok_or_else(|| GRAMMAR.misuse())?,
        }
    }
    folder.path = first(&GRAMMAR, &mut line.operands)?.into();
    plan(&GRAMMAR, vec![Change::Folder(folder)], line.operands)
}
