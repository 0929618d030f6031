//! Programs by name: found on PATH, executed in place of this one or beside it, with any arguments.

use std::ffi::{CStr, CString, OsStr, OsString, c_char};
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;

use rustix::io::Errno;
use unix::Pid;

use crate::child::{self, Company, More, Spawn, SpawnError};
use crate::file::{self, Kind};
use crate::{process, signals};

/// Where programs are when PATH does not say.
pub const DEFAULT_PATH: &str = "/usr/bin:/bin";

/// The program that a word means, looked for on PATH as `search` does.
pub fn find(word: &OsStr) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into());
    search(word, &path)
}

/// The program that a word means, with this list of folders in place of PATH: a path, the first executable file of
/// that name, or else the first file, which will say why it cannot be executed.
pub fn search(word: &OsStr, folders: &OsStr) -> Option<PathBuf> {
    if word.as_bytes().contains(&b'/') {
        return Some(word.into());
    }
    let there = |path: &PathBuf| matches!(file::look(path), Ok(Some(info)) if info.kind == Kind::File);
    let candidates = || candidates(word, folders).filter(there);
    candidates().find(|path| file::is_executable(path)).or_else(|| candidates().next())
}

/// Where a program of this name may be.
fn candidates(word: &OsStr, folders: &OsStr) -> impl Iterator<Item = PathBuf> {
    // An empty name would be the folder itself.
    let folders = std::env::split_paths(folders).filter(|_| !word.is_empty());
    folders.map(move |folder| match folder.as_os_str().is_empty() {
        true => Path::new(".").join(word),
        false => folder.join(word),
    })
}

/// Executes a program in place of this one, with exactly this environment, which is `NAME=VALUE` each. Signals that
/// are blocked or ignored stay so, but for SIGPIPE, which every program of ours ignores.
///
/// Returns only if that fails: why.
pub fn replace(program: &Path, words: &[OsString], environment: &[OsString]) -> io::Error {
    let texts =
        |texts: &[OsString]| -> Option<Vec<CString>> { texts.iter().map(process::c_string).collect() };
    let (Some(program), Some(words), Some(environment)) =
        (process::c_string(program), texts(words), texts(environment))
    else {
        return Errno::INVAL.into();
    };
    let (argv, envp) = (pointers(&words), pointers(&environment));
    signals::reset_pipe();
    // SAFETY: `program` and what `argv` and `envp` point to end with a zero byte and outlive the call, and both
    // end with a null pointer.
    unsafe { libc::execve(program.as_ptr(), argv.as_ptr(), envp.as_ptr()) };
    io::Error::last_os_error()
}

/// Executes a program in place of this one that goes on where this one is: with its environment, and with the signals
/// that are blocked and that wait.
///
/// Returns only if that fails: why.
pub(crate) fn go_on_as(program: &Path, words: &[OsString]) -> io::Error {
    process::give_back_descriptor_limit();
    match Words::of(process::c_string(program), words) {
        Ok(words) => words.go_on(),
        Err(error) => error,
    }
}

fn pointers(texts: &[CString]) -> Vec<*const c_char> {
    texts.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect()
}

/// A command line as execve(2) takes it.
struct Words {
    program: CString,
    words: Vec<CString>,
}

impl Words {
    /// `words[0]` is looked for on PATH.
    fn new(words: &[OsString]) -> io::Result<Words> {
        let first = words.first().filter(|word| !word.is_empty()).ok_or(Errno::NOENT)?;
        Words::of(process::c_string(find(first).ok_or(Errno::NOENT)?), words)
    }

    /// `None`, or a word with a zero byte, cannot be executed.
    fn of(program: Option<CString>, words: &[OsString]) -> io::Result<Words> {
        match (program, words.iter().map(process::c_string).collect()) {
            (Some(program), Some(words)) => Ok(Words { program, words }),
            _ => Err(Errno::INVAL.into()),
        }
    }

    fn execute(&self) -> io::Error {
        let _ = signals::unblock_all();
        self.go_on()
    }

    /// With the signals that are blocked.
    fn go_on(&self) -> io::Error {
        let argv = pointers(&self.words);
        signals::reset_pipe();
        // SAFETY: `program` and what `argv` points to end with a zero byte and outlive the call, and `argv`
        // ends with a null pointer.
        unsafe { libc::execv(self.program.as_ptr(), argv.as_ptr()) };
        io::Error::last_os_error()
    }
}

/// Executes the command `words` in place of this program, with no signal blocked.
///
/// Returns only if that fails: why. `NotFound`: there is no such program.
pub fn execute(words: &[OsString]) -> io::Error {
    let words = match Words::new(words) {
        Ok(words) => words,
        Err(error) => return error,
    };
    words.execute()
}

/// Executes `program` under the name `words[0]`, with the other words as its arguments.
///
/// Returns only if that fails: why.
pub fn execute_as(program: &CStr, words: &[OsString]) -> io::Error {
    match Words::of(Some(program.to_owned()), words) {
        Ok(words) => words.execute(),
        Err(error) => error,
    }
}

/// Starts the command `words` as a child in the same session, with no signal blocked.
///
/// # Errors
/// As `execute`, and what fork(2) says. No child is left behind.
pub fn spawn(words: &[OsString]) -> io::Result<Pid> {
    spawn_in(words, Company::Parents)
}

/// The same in such a company.
///
/// # Errors
/// As `spawn`.
pub fn spawn_in(words: &[OsString], company: Company) -> io::Result<Pid> {
    spawn_with(None, words, company, &[])
}

/// The same, with descriptors that it gets, each as (ours, its number), 8 at most. With a `program` that one is executed,
/// and `words[0]` is only what it is called.
///
/// # Errors
/// As `spawn`.
pub fn spawn_with(
    program: Option<&Path>,
    words: &[OsString],
    company: Company,
    give: &[(BorrowedFd<'_>, RawFd)],
) -> io::Result<Pid> {
    let words = match program {
        None => Words::new(words)?,
        Some(program) => Words::of(process::c_string(program), words)?,
    };
    signals::reset_pipe();
    let plan = Spawn {
        program: &words.program,
        args: &[],
        company,
        new_pid_namespace: false,
        give,
        lock: None,
        holds_signals: false,
    };
    child::start(&plan, &pointers(&words.words), More::default()).map(|started| started.pid).map_err(
        |error| match error {
            SpawnError::Fork(error) | SpawnError::Exec(error) => error,
            SpawnError::Locked => Errno::AGAIN.into(),
        },
    )
}

/// Makes a copy of this process: `None` in the copy, its pid in the original. For programs of one thread.
///
/// # Errors
/// What fork(2) says.
pub fn fork() -> io::Result<Option<Pid>> {
    // SAFETY: no program of ours has a second thread, so the copy finds every lock free and every invariant
    // whole. Both go on with descriptors of their own.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        number => Ok(Pid::new(number.into())),
    }
}

/// As `fork`; the copy is in a process group of its own, no signal is blocked in it, and its standard input and output
/// are these. A copy for which that cannot be done exits 111.
///
/// # Errors
/// What fork(2) says.
pub fn fork_apart(input: OwnedFd, output: OwnedFd) -> io::Result<Option<Pid>> {
    let forked = fork()?;
    if forked.is_none() && become_apart(input, output).is_err() {
        std::process::exit(111);
    }
    Ok(forked)
}

fn become_apart(input: OwnedFd, output: OwnedFd) -> io::Result<()> {
    rustix::process::setpgid(None, None)?;
    rustix::stdio::dup2_stdin(input)?;
    rustix::stdio::dup2_stdout(output)?;
    signals::unblock_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_is_found_on_path_and_gets_all_its_arguments() {
        let words: Vec<OsString> =
            ["sh", "-c", "exit $#", "sh", "1", "2", "3", "4", "5", "6", "7", "8", "9"].map(Into::into).into();
        let exit = child::wait_for(spawn(&words).unwrap()).unwrap();
        assert_eq!(exit, unix::Exit::Code(9));
    }

    #[test]
    fn search_prefers_what_can_be_executed() {
        let dir = std::env::temp_dir().join(format!("sys-search-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("sh"), "").unwrap();
        std::fs::write(dir.join("text"), "").unwrap();
        let folders = format!("{}:/bin", dir.display());
        assert_eq!(search(OsStr::new("sh"), OsStr::new(&folders)), Some("/bin/sh".into()));
        assert_eq!(search(OsStr::new("text"), OsStr::new(&folders)), Some(dir.join("text")));
        assert_eq!(search(OsStr::new("no-such-program"), OsStr::new(&folders)), None);
        assert_eq!(search(OsStr::new("./x"), OsStr::new(&folders)), Some("./x".into()));
        assert_eq!(search(OsStr::new(""), OsStr::new(&folders)), None);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for word in ["no-such-program", "/no/such/program", ""] {
            assert_eq!(spawn(&[word.into()]).unwrap_err().kind(), io::ErrorKind::NotFound, "{word}");
        }
    }
}
