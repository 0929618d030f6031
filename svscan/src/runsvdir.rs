//! `runsvdir [-P] DIR [LOG]`: the scanner with runit's command line and signals.
//!
//! Source: the manual page of runit 2.1.2, and what its program says.

use std::ffi::OsString;
use std::io::Write;

use cli::Failure;
use sys::child::Company;

use crate::options::{Meaning, Options};

/// The name that chooses this grammar.
pub(crate) const NAME: &str = "runsvdir";

/// The shortest text that can hold a log.
const SHORTEST_LOG: usize = 7;

/// Reads a command line.
pub(crate) fn parse(args: Vec<OsString>) -> Result<Options, Failure> {
    cli::name_program(NAME);
    let mut operands = args.into_iter().skip(1).peekable();
    let company = match operands.next_if(|word| word == "-P") {
        Some(_) => Company::OwnSession,
        None => Company::OwnGroup,
    };
    let Some(directory) = operands.next().filter(|word| !word.is_empty()) else {
        let _ = std::io::stderr().write_all(b"usage: runsvdir [-P] dir\n\n");
        return Err(Failure::Silent(1));
    };
    cli::name_program(format!("{NAME} {}", directory.display()));
    // A longer one is taken and not used: messages stay on standard error.
    if operands.next().is_some_and(|log| log.len() < SHORTEST_LOG) {
        cli::warn("log must have at least seven characters.");
        cli::warn("log service disabled.");
    }
    Ok(Options { signals: Meaning::Runit, company, ..Options::new(directory.into()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn options(line: &[&str]) -> Result<Options, Failure> {
        parse(std::iter::once(NAME).chain(line.iter().copied()).map(OsString::from).collect())
    }

    #[test]
    fn directory_and_a_place_for_a_log_are_taken() {
        let options = options(&["-P", "/service", "log: ............"]).unwrap();
        assert_eq!(options.directory, Path::new("/service"));
        assert!(options.company == Company::OwnSession && options.signals == Meaning::Runit);
    }

    #[test]
    fn directory_must_be_named() {
        for line in [&[][..], &["-P"], &[""]] {
            assert_eq!(options(line).unwrap_err().code(), 1, "{line:?}");
        }
    }
}
