//! `svctl events`: what has happened to services, and what happens.
//!
//! Notices are kept nowhere: of the past there is what the records and the death tallies have.

mod event;
mod live;
mod past;

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cli::options::{Name, Opt, Program, Word};
use cli::{Failure, Unable, answer};
use servicedir::names;
use sys::file::{self, Kind};

use crate::named::{self, Place};
use event::Event;

/// The verb as its users see it.
pub(crate) const PROGRAM: Program = Program {
    name: "svctl events",
    about: "shows what is remembered of the past of services, or with -f every notice as it happens",
    usage: &["[ -C dir ] [ -f ] [ --json ] [ name... ]"],
    options: &[
        Opt::flag('f', "every notice from now on, until it is interrupted").or("follow"),
        Opt::long("json", None, "an object a line"),
        named::SCAN,
    ],
};

/// How an event is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    Json,
}

/// Which services are meant.
enum Which {
    /// All of a scan directory, also those that come later.
    All(PathBuf),
    Named(Vec<Place>),
}

/// Shows them.
pub(crate) fn run(args: Vec<OsString>) -> Result<(), Failure> {
    let Some(words) = PROGRAM.parse(args)? else { return Ok(()) };
    let (mut follow, mut form, mut scan, mut operands) = (false, Form::Text, None, Vec::new());
    for word in words {
        match word {
            Word::Operand(name) => operands.push(name),
            Word::Option(Name::Letter('C'), value) => scan = Some(value),
            Word::Option(Name::Letter(_), _) => follow = true,
            Word::Option(Name::Long(_), _) => form = Form::Json,
        }
    }
    let which = if operands.is_empty() {
        Which::All(named::scan_directory(scan)?)
    } else {
        Which::Named(named::services(scan, operands)?)
    };
    let show = |event: &Event| answer(event.line(form).as_bytes());
    let shown = if follow { live::follow(&which, show) } else { past::show(&which, show) };
    match shown {
        // Who reads no more, as head(1), has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        shown => shown.unable(|| "show events"),
    }
}

impl Which {
    /// Those that are there now.
    fn places(&self) -> io::Result<Vec<Place>> {
        match self {
            Which::All(scan) => named::all(scan),
            Which::Named(places) => Ok(places.clone()),
        }
    }

    /// The same, and every directory that may yet become one.
    fn candidates(&self) -> io::Result<Vec<Place>> {
        let Which::All(scan) = self else { return self.places() };
        let mut places = Vec::new();
        for name in sys::dir::list(scan)? {
            let dir = scan.join(&name);
            if !scandir::is_service_name(name.as_bytes()) || !is_directory(&dir) {
                continue;
            }
            let log = dir.join(names::LOG);
            if is_directory(&log) {
                places.push(Place { name: Path::new(&name).join(names::LOG).into(), dir: log });
            }
            places.push(Place { name, dir });
        }
        Ok(places)
    }
}

fn is_directory(path: &Path) -> bool {
    file::look(path).is_ok_and(|info| info.is_some_and(|info| info.kind == Kind::Directory))
}
