//! `s6-svdt`, `s6-svdt-clear`: the last deaths.

use std::ffi::OsString;
use std::fmt::Write;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use cli::getopt::Grammar;
use cli::{Failure, Unable, answer};
use servicedir::{names, record};
use svwait::refused;
use sys::file;
use unix::Exit;

use super::svstat;

const GRAMMAR: Grammar = Grammar {
    name: "s6-svdt",
    usage: "[ -S | -s ] [ -n maxentries ] servicedir",
    letters: "Ssn:",
    long: &[],
};

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    cli::end(run(args))
}

fn run(args: Vec<OsString>) -> Result<(), Failure> {
    let line = GRAMMAR.parse(args)?;
    let (mut numbers, mut most) = (false, record::MOST_DEATHS);
    for (letter, value) in &line.options {
        match letter {
            'n' => most = GRAMMAR.number::<u32>(value)? as usize,
            letter => numbers = *letter == 's',
        }
    }
    let Some(dir) = line.operands.first() else { return Err(GRAMMAR.misuse()) };
    if most == 0 {
        return Ok(());
    }
    let dir = Path::new(dir);
    let what = || format!("read the deaths of {}", dir.display());
    let paths: &[&Path] = &[&dir.join(names::DEATH_TALLY), &dir.join(names::SUPERVISE), dir];
    let text = lines(dir, numbers, most).map_err(|cause| refused(what(), cause, paths))?;
    answer(text.as_bytes()).unable(|| "write to standard output")
}

/// A line for each death, oldest first.
fn lines(dir: &Path, numbers: bool, most: usize) -> io::Result<String> {
    if file::look(&dir.join(names::SUPERVISE))?.is_none() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let deaths = record::read_deaths(dir)?;
    let mut text = String::new();
    for death in &deaths[deaths.len().saturating_sub(most)..] {
        // Writing to a String cannot fail.
        let _ = match death.exit {
            Exit::Code(code) => writeln!(text, "@{} exitcode {code}", death.at),
            Exit::Killed { signal, .. } if numbers => {
                writeln!(text, "@{} signal {}", death.at, signal.number())
            }
            Exit::Killed { signal, .. } => writeln!(text, "@{} signal {}", death.at, svstat::name(signal)),
        };
    }
    Ok(text)
}

pub(super) fn main_clear(args: Vec<OsString>) -> ExitCode {
    cli::name_program("s6-svdt-clear");
    cli::end(match args.get(1) {
        None => Err(Failure::Usage("usage: s6-svdt-clear servicedir".into())),
        Some(dir) => clear(Path::new(dir)),
    })
}

fn clear(dir: &Path) -> Result<(), Failure> {
    let tally = dir.join(names::DEATH_TALLY);
    let paths: &[&Path] = &[&tally, &dir.join(names::SUPERVISE)];
    record::clear_deaths(dir).map_err(|cause| refused(format!("empty {}", tally.display()), cause, paths))
}
