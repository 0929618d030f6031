//! Grammars without deeds, for those who try what nobody meant to write.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use cli::Failure;

use crate::environment::Environment;
use crate::folder::{Extent, Folder};
use crate::{chpst, daemontools, options};

/// Reads a command line of `svrun`, or of `chpst` or `softlimit` if it begins with that name. Nothing is changed.
///
/// # Errors
/// It is none.
pub fn understand(args: Vec<OsString>) -> Result<(), Failure> {
    match args.first().and_then(|name| name.to_str()) {
        Some("chpst") => chpst::read(args).map(drop),
        Some("softlimit") => daemontools::limits(args).map(drop),
        _ => options::parse(args).map(drop),
    }
}

/// The environment that the lines of a file and then the files of a directory make: of each its first line, or all.
///
/// # Errors
/// Either cannot be read, or a line of the file is not `NAME=VALUE`.
pub fn variables(file: &Path, dir: &Path, whole: bool) -> Result<Vec<(OsString, OsString)>, Failure> {
    let mut environment = Environment::own();
    environment.clear(&[]);
    environment.read_file(file)?;
    let extent = if whole { Extent::Whole } else { Extent::Line };
    crate::folder::read(&Folder { extent, ..Folder::new(dir) }, &mut environment)?;
    let own = |(name, value): (&OsStr, &OsStr)| (name.to_owned(), value.to_owned());
    Ok(environment.variables().map(own).collect())
}
