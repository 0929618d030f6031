//! `fix-attrs FILE…`: files of lines as `fix-attrs.d` has them.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use cli::Failure;

use super::end;
use crate::container::attributes;

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    cli::name_program("fix-attrs");
    if args.len() < 2 {
        return end(Failure::Usage("usage: fix-attrs file...".into()));
    }
    let with_hidden = std::env::var_os("S6_FIX_ATTRS_HIDDEN").is_some_and(|value| value == "1");
    let failed: usize = args[1..].iter().map(|file| attributes::fix_file(Path::new(file), with_hidden)).sum();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
