//! Another program in the place of this one: first it is asked, as a child, whether it understands what is left to it;
//! then it is executed in this process, so that every child stays one, and every lock and pipe is kept.

use std::ffi::{CString, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

use unix::{Exit, Pid, Signal};

use crate::child::{self, Company, Spawn, SpawnError};
use crate::{clock, exec, file, problem, process};

/// So long the new program has to say that it understands.
const PATIENCE: Duration = Duration::from_secs(5);
/// What it adds to what it was shown.
const UNDERSTOOD: &[u8] = b"understood\n";

/// The program that is being asked, if one is.
#[derive(Debug, Default)]
pub struct Successor(Option<Asked>);

#[derive(Debug)]
struct Asked {
    pid: Pid,
    shown: OwnedFd,
    until: Duration,
}

/// Our own executable's path; another file may stand there by now.
fn program() -> Result<PathBuf, String> {
    let path = process::executable().ok_or("it is not known what this program is")?;
    Ok(process::without_deleted(path))
}

impl Successor {
    /// One is being asked.
    pub fn is_asked(&self) -> bool {
        self.0.is_some()
    }

    /// Asks the program that stands at the path of our own, as `name --check-state 3`, what it makes of this state.
    ///
    /// # Errors
    /// Why that cannot be done, for people.
    pub fn ask(&mut self, name: &str, state: &[u8]) -> Result<(), String> {
        let path = program()?;
        let shown = file::in_memory(state).map_err(|error| problem::plain(&error))?;
        let program = process::c_string(&path).ok_or("a path with a zero byte")?;
        let args: Vec<CString> =
            [name, "--check-state", "3"].into_iter().filter_map(process::c_string).collect();
        let spawn = Spawn {
            program: &program,
            args: &args,
            company: Company::Parents,
            holds_signals: false,
            new_pid_namespace: false,
            give: &[(shown.as_fd(), 3)],
            lock: None,
        };
        match child::spawn(&spawn) {
            Ok(pid) => self.0 = Some(Asked { pid, shown, until: clock::monotonic() + PATIENCE }),
            Err(SpawnError::Exec(error)) => {
                return Err(format!("{}: {}", path.display(), problem::diagnose(&path, &error)));
            }
            Err(SpawnError::Fork(error)) => return Err(problem::plain(&error)),
            Err(SpawnError::Locked) => return Err("locked".into()),
        }
        Ok(())
    }

    /// When the one that is asked has had its time.
    pub fn deadline(&self) -> Option<Duration> {
        self.0.as_ref().map(|asked| asked.until)
    }

    /// Kills one that has had its time; why it is none, for people.
    pub fn is_late(&mut self) -> Option<&'static str> {
        let asked = self.0.take_if(|asked| asked.until <= clock::monotonic())?;
        let _ = child::kill(asked.pid, Signal::KILL);
        Some("the new program does not say within 5 s that it understands the state")
    }

    /// A child has died. If it is the one that was asked: whether it can go on, or why not, for people.
    pub fn answer(&mut self, pid: Pid, exit: Exit) -> Option<Result<(), String>> {
        let asked = self.0.take_if(|asked| asked.pid == pid)?;
        Some(if !exit.is_success() {
            Err(format!("the new program does not start ({exit})"))
        } else if !read(asked.shown.as_fd()).is_ok_and(|said| said.ends_with(UNDERSTOOD)) {
            Err("the new program does not say that it understands the state".into())
        } else {
            Ok(())
        })
    }
}

/// All that is shown there.
///
/// # Errors
/// What fstat(2) and pread(2) say.
pub fn read(shown: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; file::size_of(shown)?];
    let count = file::read_start(shown, &mut bytes)?;
    bytes.truncate(count);
    Ok(bytes)
}

/// Says to whoever asks that what is shown there is understood.
///
/// # Errors
/// What write(2) says.
pub fn understand(shown: BorrowedFd<'_>) -> io::Result<()> {
    file::write_all(shown, UNDERSTOOD)
}

/// Executes the program that stands at the path of our own, with the signals that are blocked and that wait, and with
/// those descriptors that are to be kept.
///
/// Returns only if that fails: why, for people. No descriptor is for children then.
pub fn go_on(words: &[OsString]) -> String {
    let path = match program() {
        Ok(path) => path,
        Err(why) => return why,
    };
    let error = exec::go_on_as(&path, words);
    process::keep_descriptors_from_children();
    format!("{}: {}", path.display(), problem::plain(&error))
}

#[cfg(test)]
mod tests {
    #[test]
    fn program_has_a_path() {
        assert!(super::program().is_ok_and(|path| path.is_absolute()));
    }
}
