//! The scan directory as a place: which directory it is, and what this scanner holds in it.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cli::{Failure, Unable};
use roster::Identity;
use scandir::{Names, OURS, Place, S6, TakeError};
use sys::dir::Dir;
use sys::file::{self, Kind};
use sys::guard::Held;
use sys::{heap, process, users};

/// The scan directory, which is the current directory.
#[derive(Debug)]
pub(crate) struct Ground {
    /// Its path as it was given, and absolute: another directory may come to stand there.
    given: PathBuf,
    path: PathBuf,
    identity: Identity,
    /// The user whose it was when we came.
    owner: u32,
    pub(crate) names: Names,
    pub(crate) place: Place,
}

/// A directory that was found, as offsets into `Entries::names`.
#[derive(Debug)]
struct Entry {
    start: usize,
    end: usize,
    service: Identity,
    log: Option<Identity>,
}

/// What a scan has found.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    names: Vec<u8>,
    entries: Vec<Entry>,
    /// Some could not be looked at: what is not here may be there.
    pub(crate) doubtful: Vec<(Vec<u8>, io::Error)>,
    /// Names that are longer than they may be.
    pub(crate) too_long: usize,
    /// Why this is not all: no memory.
    failed: Option<io::Error>,
}

impl Entries {
    /// As the roster takes them.
    ///
    /// # Errors
    /// `OutOfMemory`.
    pub(crate) fn found(&self) -> io::Result<Vec<roster::Found<'_>>> {
        let mut all = Vec::new();
        for entry in &self.entries {
            let name = &self.names[entry.start..entry.end];
            heap::push(&mut all, roster::Found { name, service: entry.service, log: entry.log })?;
        }
        Ok(all)
    }
}

impl Ground {
    /// Makes `given` the current directory and takes it.
    pub(crate) fn take(given: &Path, s6_names: bool) -> Result<Ground, Failure> {
        let shown = given.display().to_string();
        let path = std::path::absolute(given).unable(|| format!("find {shown}"))?;
        process::enter(&path).unable(|| format!("enter {shown}"))?;
        let found = scandir::names_in(Path::new(".")).unable(|| format!("look into {shown}"))?;
        let names = if s6_names { S6 } else { found };
        let (identity, owner) = look_at(Path::new(".")).unable(|| format!("look at {shown}"))?;
        let place = Place::take(&names).map_err(|error| match error {
            TakeError::Taken => {
                Failure::Refused(format!("another svscan is already running on {shown}").into())
            }
            TakeError::System(what, cause) => Failure::system(format!("{what} in {shown}"), cause),
        })?;
        Ok(Ground { given: given.to_path_buf(), path, identity, owner, names, place })
    }

    /// The ground of the program that was here before.
    pub(crate) fn inherited(
        given: &Path,
        path: PathBuf,
        s6_names: bool,
        place: Place,
    ) -> Result<Ground, Failure> {
        let names = if s6_names { S6 } else { OURS };
        let (identity, owner) = look_at(Path::new(".")).unable(|| format!("look at {}", given.display()))?;
        Ok(Ground { given: given.to_path_buf(), path, identity, owner, names, place })
    }

    /// Its path as it was given.
    pub(crate) fn given(&self) -> &Path {
        &self.given
    }

    /// Its path, absolute.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// As the user knows it.
    pub(crate) fn shown(&self) -> std::path::Display<'_> {
        self.given.display()
    }

    /// Moves to the directory that stands at the path now; `true` if that is another one than before.
    pub(crate) fn follow(&mut self) -> io::Result<bool> {
        if look_at(&self.path)?.0 == self.identity {
            return Ok(false);
        }
        let there = Held::directory(&self.path)?;
        let owner = there.info.owner.0;
        // Who may write above us may put there what he likes: he is not obeyed instead.
        if owner != self.owner && !users::is_trusted(owner) {
            let text = format!("it belongs to {} now", users::described(owner));
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
        }
        let identity = there.info.identity;
        let before = process::current_directory()?;
        there.enter()?;
        match Place::take(&self.names) {
            Ok(place) => (self.place, self.identity) = (place, identity),
            Err(error) => {
                // Our services are where they were.
                process::enter_open(before.as_fd())?;
                return Err(match error {
                    TakeError::Taken => io::Error::other("another svscan is already running there"),
                    TakeError::System(_, cause) => cause,
                });
            }
        }
        Ok(true)
    }

    /// Sees to it that commands can come in; `true` if they could not.
    ///
    /// # Errors
    /// As `Place::mend`.
    pub(crate) fn mend(&mut self) -> io::Result<bool> {
        self.place.mend(&self.names)
    }

    /// The control directory has been removed, perhaps as the first part of all: nothing tells of the
    /// removal of a directory that somebody is in.
    pub(crate) fn is_going(&self) -> bool {
        matches!(file::look(Path::new(self.names.directory)), Ok(None))
    }

    /// Every directory in it that may be a service.
    pub(crate) fn list(&self, longest_name: usize) -> io::Result<Entries> {
        let mut all = Entries::default();
        Dir::open(Path::new("."))?.each(|name| {
            let name = name.to_bytes();
            if !scandir::is_service_name(name) || all.failed.is_some() {
            } else if name.len() > longest_name {
                all.too_long += 1;
            } else if let Err(error) = all.look_at(name) {
                all.failed = Some(error);
            }
        })?;
        all.failed.take().map_or(Ok(all), Err)
    }
}

impl Entries {
    fn look_at(&mut self, name: &[u8]) -> io::Result<()> {
        let path = Path::new(std::ffi::OsStr::from_bytes(name));
        let service = match file::look(path) {
            Ok(Some(info)) if info.kind == Kind::Directory => info.identity,
            Ok(_) => return Ok(()),
            Err(error) => return self.doubt(name, path, error),
        };
        let log = match file::look(&path.join("log")) {
            Ok(info) => info.filter(|info| info.kind == Kind::Directory).map(|info| info.identity),
            Err(error) => return self.doubt(name, path, error),
        };
        let start = self.names.len();
        heap::append(&mut self.names, name)?;
        heap::push(&mut self.entries, Entry { start, end: self.names.len(), service, log })
    }

    /// A link that leads nowhere (in a circle, say) is no service. Of anything else that cannot be looked
    /// at nobody knows.
    fn doubt(&mut self, name: &[u8], path: &Path, error: io::Error) -> io::Result<()> {
        let link = file::look_no_follow(path).is_ok_and(|info| info.is_some_and(|i| i.kind == Kind::Link));
        if link {
            return Ok(());
        }
        let mut own = Vec::new();
        heap::append(&mut own, name)?;
        heap::push(&mut self.doubtful, (own, error))
    }
}

/// Which directory it is, and whose.
fn look_at(path: &Path) -> io::Result<(Identity, u32)> {
    match file::look(path)? {
        Some(info) if info.kind == Kind::Directory => Ok((info.identity, info.owner.0)),
        Some(_) => Err(io::Error::new(io::ErrorKind::NotADirectory, "it is not a directory")),
        None => Err(io::Error::new(io::ErrorKind::NotFound, "it does not exist")),
    }
}
