//! The supervisor's place in the service directory: `supervise/` and `event/`, made and locked.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use cli::{Failure, Unable};
use servicedir::{names, record};
use status::Handover;
use sys::dir::{self, Links};
use sys::fifo::{self, Fifo};
use sys::lock::{self, Lock};
use sys::{file, process, users};

use crate::handover::Keeper;

/// The mode with which `event` is made: the final one but for the set-group-id bit, which mkdir(2) does not
/// take; who is killed before he sets it leaves a directory in which everybody can listen who should.
const EVENT_MODE: u32 = fifodir::MODE & 0o1777;

/// What a supervisor holds as long as it lives.
pub(crate) struct Home {
    /// Where commands come in.
    pub(crate) control: Fifo,
    /// What makes it ours, and what is in it for a successor.
    pub(crate) keeper: Keeper,
    /// What the supervisor before has left.
    pub(crate) left: Option<Handover>,
}

impl Home {
    /// What the program before this one has had, in the same process.
    pub(crate) fn inherited(lock: OwnedFd, control: OwnedFd) -> Result<Home, Failure> {
        let control = Fifo::inherited(control).unable(|| "take over the control FIFO")?;
        let (keeper, left) = Keeper::begin(Lock::inherited(lock));
        Ok(Home { control, keeper, left })
    }
}

/// Makes what somebody has removed from `supervise/`, or has replaced there, again; `true` if that had to be done.
///
/// # Errors
/// What the system says; another supervisor has the lock that stands there now.
pub(crate) fn mend(fifo: &mut Fifo, keeper: &mut Keeper) -> io::Result<bool> {
    let control = Path::new(names::CONTROL);
    if fifo.is_at(control) {
        return Ok(false);
    }
    dir::make(Path::new(names::SUPERVISE), 0o700, Links::All)?;
    keeper.follow()?;
    fifo.replace(control, Path::new(names::CONTROL_NEW))?;
    Ok(true)
}

/// Makes what is missing in the current directory, and takes the lock.
pub(crate) fn move_in() -> Result<Home, Failure> {
    // Modes are exact, whatever the umask, which is the service's.
    let umask = process::set_umask(0);
    let home = make_home();
    process::set_umask(umask);
    home
}

fn make_home() -> Result<Home, Failure> {
    let event = Path::new(names::EVENT);
    let modes = (EVENT_MODE, fifodir::MODE);
    let new = made(names::EVENT, dir::make_for_group(event, modes, users::own_group(), Links::All))?;
    made(names::SUPERVISE, dir::make(Path::new(names::SUPERVISE), 0o700, Links::All))?;
    let lock = lock::try_lock(Path::new(names::LOCK), 0o644).unable(|| format!("lock {}", names::LOCK))?;
    let Some(lock) = lock else {
        return Err(Failure::Refused("another supervisor is already running".into()));
    };
    let control = match fifo::open(Path::new(names::CONTROL)) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Failure::Refused(format!("{} exists and is not a FIFO", names::CONTROL).into()));
        }
        opened => opened.unable(|| format!("open {}", names::CONTROL))?,
    };
    if !new && let Err(error) = fifodir::sweep(event) {
        cli::warn(format_args!("unable to clean up event: {}", cli::reason(&error)));
    }
    let (keeper, left) = Keeper::begin(lock);
    if left.is_none() {
        record::clear_deaths(Path::new(".")).unable(|| format!("empty {}", names::DEATH_TALLY))?;
        file::remove(Path::new(names::DETAIL)).unable(|| format!("remove {}", names::DETAIL))?;
    }
    Ok(Home { control, keeper, left })
}

/// What became of a directory for ourselves; true if it is new.
fn made(name: &'static str, result: io::Result<bool>) -> Result<bool, Failure> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Failure::Refused(format!("{name} exists and is not a directory").into()))
        }
        made => made.unable(|| format!("make the directory {name}")),
    }
}
