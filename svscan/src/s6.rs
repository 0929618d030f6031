//! The names of s6 for the scanner: `s6-svscan`, and `s6-svscanboot`, which gives it a logger for everything.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cli::getopt::Grammar;
use cli::options::{Name, Word};
use cli::{Failure, Main, Unable};
use sys::dir::{self, Dir};
use sys::guard::Held;
use sys::{exec, fifo, process, tree, users};

/// Every name with its program, in an executable that is all programs in one.
pub const NAMES: &[(&str, Main)] = &[("s6-svscan", main), ("s6-svscanboot", boot)];

const SVSCAN: Grammar = Grammar {
    name: "s6-svscan",
    usage: "[ -C services_max ] [ -L name_max ] [ -t timeout ] [ -d notif ] [ -X consoleholder ] scandir",
    // -c, -s and -S are of versions before 2.12.
    letters: "C:L:t:d:X:c:sS",
    long: &[
        ("services-max", 'C'),
        ("name-max", 'L'),
        ("timeout", 't'),
        ("notification-fd", 'd'),
        ("console-holder", 'X'),
    ],
};

const BOOT: Grammar = Grammar {
    name: "s6-svscanboot",
    usage: "[ -c devconsole ] [ -D catchalldir ] [ -m catchallmode ] [ -l catchalluser ] [ -o catchalloptions ] \
            [ -d notif ] [ -C services_max ] [ -L name_max ] [ -t rescan ] scandir",
    letters: "uc:D:m:l:o:d:C:L:t:",
    long: &[
        ("user", 'u'),
        ("console", 'c'),
        ("catchall-directory", 'D'),
        ("catchall-mode", 'm'),
        ("catchall-user", 'l'),
        ("catchall-options", 'o'),
        ("notification-fd", 'd'),
        ("services-max", 'C'),
        ("name-max", 'L'),
        ("timeout", 't'),
    ],
};

/// The service that logs everything.
const LOGGER: &str = "s6-svscan-log";

fn main(args: Vec<OsString>) -> ExitCode {
    crate::main_with(args, true)
}

/// The words of a command line of `s6-svscan`, as our own grammar gives them.
pub(crate) fn words(args: Vec<OsString>) -> Result<Vec<Word>, Failure> {
    let line = SVSCAN.parse(args)?;
    let options = line.options.into_iter().map(|(letter, value)| Word::Option(Name::Letter(letter), value));
    // What follows the scan directory is nobody's.
    Ok(options.chain(line.operands.into_iter().take(1).map(Word::Operand)).collect())
}

/// The failure of a call that is wrong.
pub(crate) fn misuse() -> Failure {
    SVSCAN.misuse()
}

fn boot(args: Vec<OsString>) -> ExitCode {
    cli::end(Boot::read(args).and_then(|boot| boot.run()))
}

/// What the options of `s6-svscanboot` say.
struct Boot {
    console: Option<PathBuf>,
    log: PathBuf,
    mode: u32,
    user: Option<String>,
    directives: String,
    notify: Option<RawFd>,
    /// For the scanner, as they stand.
    handed_on: Vec<OsString>,
    scan: PathBuf,
}

impl Boot {
    fn read(args: Vec<OsString>) -> Result<Boot, Failure> {
        let line = BOOT.parse(args)?;
        let Some(scan) = line.operands.first() else { return Err(BOOT.misuse()) };
        let mut boot = Boot {
            console: None,
            log: PathBuf::new(),
            mode: 0o2750,
            user: None,
            directives: "t".into(),
            notify: None,
            handed_on: Vec::new(),
            scan: scan.into(),
        };
        let mut own = false;
        for (letter, value) in line.options {
            match letter {
                'u' => own = true,
                'c' => boot.console = Some(value.into()),
                'D' => boot.log = value.into(),
                'm' => boot.mode = octal(&value)?,
                'l' if !users::is_root() => cli::warn("only root can give the logger another user"),
                'l' => boot.user = Some(value.to_string_lossy().into_owned()),
                'o' => boot.directives = value.to_string_lossy().into_owned(),
                letter => {
                    if letter == 'd' {
                        boot.notify = Some(BOOT.number(&value)?);
                    }
                    boot.handed_on.extend([format!("-{letter}").into(), value]);
                }
            }
        }
        boot.log = log_directory(std::mem::take(&mut boot.log), own)?;
        Ok(boot)
    }

    fn run(self) -> Result<(), Failure> {
        self.make_log()?;
        let service = self.scan.join(LOGGER);
        self.write_service(&service).unable(|| format!("write {}", service.display()))?;
        // The scanner takes the other end of this away, and gives it to the logger.
        let console = if self.notify == Some(3) { 4 } else { 3 };
        self.redirect(&service.join("fifo"), console)?;
        let mut words: Vec<OsString> = vec!["s6-svscan".into(), "-X".into(), console.to_string().into()];
        words.extend(self.handed_on);
        words.extend(["--".into(), self.scan.into()]);
        let cause = match process::executable().and_then(process::c_string) {
            Some(own) => exec::execute_as(&own, &words),
            None => exec::execute(&words),
        };
        Err(Failure::system("execute s6-svscan", cause))
    }

    fn make_log(&self) -> Result<(), Failure> {
        let what = || format!("make {}", self.log.display());
        dir::make_with_parents(&self.log, 0o777).unable(what)?;
        let log = Held::directory(&self.log).unable(what)?;
        if let Some(name) = &self.user {
            let numbers = users::user_numbers(name).unable(|| format!("look for the user {name}"))?;
            let Some(numbers) = numbers else {
                return Err(Failure::Refused(format!("no such user: {name}").into()));
            };
            log.give_to_user(numbers).unable(what)?;
        }
        log.set_mode(self.mode).unable(what)
    }

    fn write_service(&self, service: &Path) -> std::io::Result<()> {
        dir::make_with_parents(&self.scan, 0o777)?;
        tree::remove(service)?;
        let log = self.log.canonicalize()?;
        let user =
            self.user.as_ref().map(|user| format!("s6-setuidgid {} ", quoted(user))).unwrap_or_default();
        let log = quoted(&log.to_string_lossy());
        // Opened without waiting: the scanner, who writes, is there already.
        let script =
            format!("#!/bin/sh\nexec 1>&2 <fifo\nexec {user}s6-log -bpd3 -- {} {log}\n", self.directives);
        let service = Dir::open(&self.scan)?.make_new(OsStr::new(LOGGER), 0o755)?;
        service.write_new("notification-fd", b"3\n", 0o644)?;
        service.write_new("run", script.as_bytes(), 0o755)?;
        service.make_fifo(c"fifo", 0o600)
    }

    /// Standard input from nowhere, output into the logger's FIFO, the console at a number of its own.
    fn redirect(&self, path: &Path, console: RawFd) -> Result<(), Failure> {
        process::open_standard_descriptors().unable(|| "open /dev/null")?;
        let device = match &self.console {
            Some(path) => std::fs::OpenOptions::new().write(true).open(path).map(OwnedFd::from),
            None => std::io::stderr().as_fd().try_clone_to_owned(),
        };
        device.and_then(|device| process::place(device, console)).unable(|| "open the console")?;
        process::open_null().and_then(|null| process::place(null, 0)).unable(|| "close standard input")?;
        let what = || format!("open {}", path.display());
        let _reader = fifo::open_to_read(path).unable(what)?;
        let writer = fifo::open_to_write(path).unable(what)?;
        process::make_blocking(&writer).unable(what)?;
        process::redirect_output(writer.as_fd()).unable(what)
    }
}

fn octal(value: &OsStr) -> Result<u32, Failure> {
    let number = value.to_str().and_then(|text| u32::from_str_radix(text, 8).ok());
    number.filter(|mode| *mode <= 0o7777).ok_or_else(|| Failure::Refused("the mode is not octal".into()))
}

/// Where the log is: with `-u` below the user's own run directory.
fn log_directory(given: PathBuf, own: bool) -> Result<PathBuf, Failure> {
    if !own || given.is_absolute() {
        return Ok(if given.as_os_str().is_empty() { "/run/uncaught-logs".into() } else { given });
    }
    let Some(base) = std::env::var_os("XDG_RUNTIME_DIR") else {
        return Err(Failure::Refused("XDG_RUNTIME_DIR is not set".into()));
    };
    let name = if given.as_os_str().is_empty() { Path::new("uncaught-logs") } else { &given };
    Ok(Path::new(&base).join(name))
}

/// A word of the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
