//! `svctl new`: writes a service directory.
//!
//! It is made under a hidden name and renamed, so that a scanner sees it whole or not at all.

mod script;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use cli::options::{self, Name, Opt, Program, Word};
use cli::{Failure, Unable, answer};
use servicedir::names;
use sys::dir::Dir;
use sys::{file, guard, problem, tree, users};

/// The verb as its users see it.
pub(crate) const PROGRAM: Program = Program {
    name: "svctl new",
    about: "writes a service directory",
    usage: &["[ --log ] [ --user user ] [ --ready fd ] dir -- command..."],
    options: &[
        Opt::long("log", None, "with a logger, svlog, which writes log/main/current"),
        Opt::long("user", Some("user"), "run the command, and the logger, as this user"),
        Opt::long("ready", Some("fd"), "the command writes a newline to this descriptor when it is ready"),
    ],
};

/// Standard input, output and error are not for readiness.
const FIRST_FREE: u32 = 3;
/// Of directories and of what is executed.
const MODE: u32 = 0o755;
/// Mode of the directory that the logger writes to: its own user's, for nobody else to read.
const LOG_MODE: u32 = 0o700;

struct Request {
    dir: PathBuf,
    log: bool,
    user: Option<String>,
    ready: Option<u32>,
    command: Vec<OsString>,
}

/// Writes it.
pub(crate) fn run(args: Vec<OsString>) -> Result<(), Failure> {
    let Some(request) = parse(args)? else { return Ok(()) };
    warn(&request);
    let hidden = hidden(&request.dir)?;
    if file::look_no_follow(&request.dir).unable(|| look(&request.dir))?.is_some() {
        return Err(exists(&request.dir));
    }
    if let Err(cause) = make(&request, &hidden) {
        return match cause.kind() {
            io::ErrorKind::AlreadyExists => Err(exists(&request.dir)),
            _ => Err(Failure::system(("make", &request.dir), cause)),
        };
    }
    let dir = request.dir.display();
    let text =
        format!("{dir}: made; svctl check {dir} looks at it, a scan directory that holds it starts it\n");
    answer(text.as_bytes()).unable(|| "write to standard output")
}

fn parse(args: Vec<OsString>) -> Result<Option<Request>, Failure> {
    let Some(words) = PROGRAM.parse(args)? else { return Ok(None) };
    let mut request =
        Request { dir: PathBuf::new(), log: false, user: None, ready: None, command: Vec::new() };
    for word in words {
        match word {
            Word::Operand(dir) if request.dir.as_os_str().is_empty() => request.dir = dir.into(),
            Word::Operand(argument) => request.command.push(argument),
            Word::Option(Name::Long("log"), _) => request.log = true,
            Word::Option(Name::Long("user"), value) => request.user = Some(user(&value)?),
            Word::Option(_, value) => request.ready = Some(descriptor(&value)?),
        }
    }
    if request.command.is_empty() {
        return Err(PROGRAM.usage());
    }
    Ok(Some(request))
}

/// A user's name or number that needs no quotes.
fn user(value: &OsStr) -> Result<String, Failure> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    match value.to_str() {
        Some(name) if !name.is_empty() && !name.starts_with('-') && name.bytes().all(plain) => {
            Ok(name.into())
        }
        _ => Err(PROGRAM.misuse(&format!("no name of a user: {}", value.display()))),
    }
}

fn descriptor(value: &OsStr) -> Result<u32, Failure> {
    let number: u32 = options::number(value, "the descriptor")?;
    match number {
        FIRST_FREE.. => Ok(number),
        _ => {
            Err(PROGRAM.misuse(&format!("descriptor {number} is a standard one; take {FIRST_FREE} or more")))
        }
    }
}

/// Says what will not work here, or may not.
fn warn(request: &Request) {
    let program = Path::new(&request.command[0]);
    if program.is_absolute()
        && let Some(problem) = problem::foresee(program)
    {
        cli::warn(format_args!("{} cannot be executed here: {problem}", program.display()));
    }
}

/// The name under which it is made: no scanner looks at it.
fn hidden(dir: &Path) -> Result<OsString, Failure> {
    let Some(name) = dir.file_name() else {
        return Err(PROGRAM.misuse(&format!("no name of a new directory: {}", dir.display())));
    };
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".new-{}", std::process::id()));
    Ok(hidden)
}

/// Makes the directory under its hidden name and then gives it its own; what was made is removed if that fails.
fn make(request: &Request, hidden: &OsStr) -> io::Result<()> {
    let (name, above) = (request.dir.file_name().unwrap_or_default(), above(&request.dir));
    let above = Dir::open(above)?;
    // Whatever has this name already is not ours, to write to or to remove.
    let dir = above.make_new(hidden, MODE)?;
    // An empty directory that somebody has made meanwhile would be replaced; anything else is an error.
    fill(&dir, request).and_then(|()| above.rename(hidden, name)).inspect_err(|_| {
        let _ = tree::remove(&request.dir.with_file_name(hidden));
    })
}

fn fill(dir: &Dir, request: &Request) -> io::Result<()> {
    let run = script::run(&request.command, request.user.as_deref(), request.log);
    dir.write_new(names::RUN, &run, MODE)?;
    if let Some(fd) = request.ready {
        dir.write_new(names::NOTIFICATION_FD, format!("{fd}\n").as_bytes(), 0o644)?;
    }
    if request.log {
        let log = dir.make_new(names::LOG.as_ref(), MODE)?;
        let user = request.user.as_deref();
        log.write_new(names::RUN, &script::log_run(user), MODE)?;
        if let Some(user) = user {
            // The directory of the logger is not his, so that he could make one in it.
            let logs = log.make_new(script::LOG_DIR.as_ref(), LOG_MODE)?;
            hand_over(&logs, user);
        }
    }
    Ok(())
}

/// Gives the logs to the user who writes them.
fn hand_over(logs: &Dir, user: &str) {
    let numbers = user.parse().map(|number| (number, number)).ok();
    let found = users::user_numbers(user).ok().flatten().or(numbers);
    let given = found
        .ok_or_else(|| io::Error::other("there is no such user here"))
        .and_then(|(user, group)| guard::give_open(logs, Some(user), Some(group)));
    if let Err(error) = given {
        let (log, main, reason) = (names::LOG, script::LOG_DIR, cli::reason(&error));
        cli::warn(format_args!("unable to give {log}/{main} to {user}: {reason}; the logger needs that"));
    }
}

fn above(dir: &Path) -> &Path {
    dir.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn look(dir: &Path) -> String {
    format!("look at {}", dir.display())
}

fn exists(dir: &Path) -> Failure {
    Failure::Refused(format!("{} exists; nothing was written", dir.display()).into())
}
