//! `logutil-service` and `logutil-newfifo`: a logger of a service.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

use cli::getopt::Grammar;
use cli::{Failure, Unable};
use sys::file::Kind;
use sys::guard::Held;
use sys::{fifo, process, users};

use super::{environment_dir, execute};

const SERVICE: Grammar =
    Grammar { name: "logutil-service", usage: "[ -f fifo ] logdir", letters: "f:", long: &[] };
const NEWFIFO: Grammar =
    Grammar { name: "logutil-newfifo", usage: "[ -m mode ] [ -o owner ] fifo", letters: "m:o:", long: &[] };

/// What a logger does with lines if nobody says otherwise.
const SCRIPT: &[u8] = b"n20 s1000000 T";
/// Who it is, and the numbers if there is no such user.
const NOBODY: (&str, &str) = ("nobody", "65534:65534");

/// Executes a logger with `LOGGING_SCRIPT` and this directory, as nobody, in an empty environment.
pub(super) fn service(args: Vec<OsString>) -> ExitCode {
    log(args).report()
}

fn log(args: Vec<OsString>) -> Failure {
    let line = match SERVICE.parse(args) {
        Ok(line) => line,
        Err(failure) => return failure,
    };
    // As the interpreter of a script it gets the script's name and arguments behind its own.
    let Some(dir) = line.operands.first() else { return SERVICE.misuse() };
    if let Some((_, fifo)) = line.options.first()
        && let Err(failure) = read_from(Path::new(fifo))
    {
        return failure;
    }
    let script = ["SV_LOGGING_SCRIPT", "S6_LOGGING_SCRIPT"]
        .into_iter()
        .find_map(|name| std::fs::read(environment_dir().join(name)).ok());
    let script = script.unwrap_or_else(|| SCRIPT.to_vec());
    let directives = script.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let mut words: Vec<OsString> = Vec::new();
    if users::is_root() {
        let known = users::user_numbers(NOBODY.0).ok().flatten();
        let user = if known.is_some() { NOBODY.0 } else { NOBODY.1 };
        words.extend(["s6-setuidgid".into(), user.into()]);
    }
    words.extend(["svlog".into(), "-b".into(), "--".into()]);
    words.extend(directives.map(|word| OsStr::from_bytes(word).to_owned()));
    words.push(dir.clone());
    execute(&words)
}

fn read_from(path: &Path) -> Result<(), Failure> {
    let fifo = fifo::open(path).unable(|| format!("open {}", path.display()))?;
    process::make_blocking(&fifo).unable(|| format!("read {}", path.display()))?;
    process::place(fifo.into(), 0).unable(|| "replace standard input")
}

/// Makes a FIFO in place of whatever has its name.
pub(super) fn newfifo(args: Vec<OsString>) -> ExitCode {
    match make(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn make(args: Vec<OsString>) -> Result<(), Failure> {
    let line = NEWFIFO.parse(args)?;
    let [path] = &line.operands[..] else { return Err(NEWFIFO.misuse()) };
    let path = Path::new(path);
    let (mut mode, mut owner) = (0o600, None);
    for (letter, value) in &line.options {
        let text = value.to_str().unwrap_or_default();
        match letter {
            'm' => mode = u32::from_str_radix(text, 8).map_err(|_| NEWFIFO.misuse())?,
            _ => {
                let found = users::user_numbers(text).unable(|| "read the list of users")?;
                owner = Some(found.ok_or_else(|| Failure::Refused(format!("no such user: {text}").into()))?);
            }
        }
    }
    let shown = || format!("make {}", path.display());
    sys::tree::remove(path).unable(shown)?;
    let umask = process::set_umask(0);
    let made = fifo::create(path, mode);
    process::set_umask(umask);
    made.unable(shown)?;
    owner.map_or(Ok(()), |owner| give(path, owner)).unable(shown)
}

fn give(path: &Path, owner: (u32, u32)) -> io::Result<()> {
    let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().and_then(OsStr::to_str).ok_or(io::ErrorKind::InvalidFilename)?;
    Held::directory(above)?.entry(name, Kind::Fifo)?.give_to_user(owner)
}
