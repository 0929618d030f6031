//! `s6-svscanctl`.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use cli::Failure;
use cli::getopt::Grammar;
use control::ScanCommand;

const GRAMMAR: Grammar =
    Grammar { name: "s6-svscanctl", usage: "[ -zabhitqnN ] svscandir", letters: "zabhitqnN", long: &[] };

/// More letters are refused.
const MOST_LETTERS: usize = 64;

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    cli::end(run(args))
}

fn run(args: Vec<OsString>) -> Result<(), Failure> {
    let line = GRAMMAR.parse(args)?;
    let Some(dir) = line.operands.first() else { return Err(GRAMMAR.misuse()) };
    if line.options.len() > MOST_LETTERS {
        return Err(Failure::Refused("too many commands".into()));
    }
    let letters = line.options.iter().map(|&(letter, _)| letter as u8);
    let commands: Vec<_> = letters.filter_map(ScanCommand::from_byte).collect();
    match scandir::send(Path::new(dir), &commands) {
        Ok(scandir::Sent::Yes) => Ok(()),
        // 100 and not 102, as in s6.
        Ok(scandir::Sent::NoScanner) => {
            Err(Failure::Refused(format!("{}: no scanner is running", dir.display()).into()))
        }
        Err(cause) => Err(crate::act::scanner_refused(Path::new(dir), cause)),
    }
}
