//! The scripts that the image brings.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use stages::Script;
use sys::dir;
use sys::file::{self, Kind};

use super::layout::{Layout, Style};
use super::say;

/// Init scripts and finish scripts, in the order in which they run. They are looked for when the first of them is due:
/// those before may have written them.
#[derive(Debug, Default)]
pub(crate) struct Scripts {
    inits: Vec<PathBuf>,
    finishes: Vec<PathBuf>,
}

impl Scripts {
    /// The path of a script; `None`: there is none.
    pub(crate) fn find(&mut self, script: Script, layout: &Layout) -> Option<PathBuf> {
        match script {
            Script::Init(0) => {
                self.inits = files_in(&layout.inits());
                self.inits.extend(layout.last_init().filter(|path| is_file(path)));
                keep_runnable(&mut self.inits, layout);
            }
            Script::Finish(0) => {
                self.finishes = files_in(&layout.finishes());
                keep_runnable(&mut self.finishes, layout);
            }
            _ => {}
        }
        self.path(script).map(Path::to_owned)
    }

    /// A script's path, if it was found before.
    pub(crate) fn path(&self, script: Script) -> Option<&Path> {
        let found = match script {
            Script::Hook => None,
            Script::Init(at) => self.inits.get(at),
            Script::Finish(at) => self.finishes.get(at),
        };
        found.map(PathBuf::as_path)
    }
}

/// `my_init` passes over what is not executable.
fn keep_runnable(scripts: &mut Vec<PathBuf>, layout: &Layout) {
    if layout.style() == Style::Baseimage {
        scripts.retain(|path| {
            let is_executable = file::is_executable(path);
            if !is_executable {
                say::warn(format_args!("{} is not executable and is left out; chmod +x it", path.display()));
            }
            is_executable
        });
    }
}

/// The files of a directory in byte order, those without a leading dot. A directory that is not there has none.
pub(crate) fn files_in(dir: &Path) -> Vec<PathBuf> {
    let names = dir::list(dir).unwrap_or_default().into_iter();
    let shown = names.filter(|name| !is_hidden(name)).map(|name| dir.join(name));
    shown.filter(|path| is_script(path)).collect()
}

/// A file, or a link: one that leads nowhere is worth a complaint.
fn is_script(path: &Path) -> bool {
    match file::look(path) {
        Ok(Some(info)) => info.kind == Kind::File,
        _ => true,
    }
}

fn is_file(path: &Path) -> bool {
    matches!(file::look(path), Ok(Some(info)) if info.kind == Kind::File)
}

pub(crate) fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}
