//! The scripts that the image brings.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use sys::dir;
use sys::file::{self, Kind};

use super::layout::Layout;

/// Init scripts and finish scripts, in the order in which they run.
#[derive(Debug, Default)]
pub(crate) struct Scripts {
    pub(crate) inits: Vec<PathBuf>,
    pub(crate) finishes: Vec<PathBuf>,
}

impl Scripts {
    pub(crate) fn find(layout: &Layout) -> Scripts {
        Scripts { inits: files_in(&layout.inits()), finishes: files_in(&layout.finishes()) }
    }
}

/// The files of a directory in byte order, those without a leading dot. A directory that is not there has none.
pub(crate) fn files_in(dir: &Path) -> Vec<PathBuf> {
    let names = dir::list(dir).unwrap_or_default().into_iter();
    let shown = names.filter(|name| !is_hidden(name)).map(|name| dir.join(name));
    shown.filter(|path| matches!(file::look(path), Ok(Some(info)) if info.kind == Kind::File)).collect()
}

pub(crate) fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}
