//! The command line.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cli::options::{Name, Opt, Program, Word, number};
use cli::{Failure, Unable};
use roster::Settings;
use sys::child::Company;
use sys::process;

use crate::runsvdir;
use crate::s6;

/// `svscan`, as its users see it.
pub const PROGRAM: Program = Program {
    name: "svscan",
    about: "keeps a supervisor for every service directory of a scan directory",
    usage: &[
        "[ -t ms ] [ -d fd ] [ -X fd ] [ -C n ] [ -L n ] [ --no-watch ] [ --stop-timeout ms ] [ scandir ]",
    ],
    options: &[
        Opt::value('t', "ms", "look for new services every so often (0: never)").or("timeout"),
        Opt::value('d', "fd", "write a newline there when commands are listened to").or("notification-fd"),
        Opt::value('X', "fd", "the console: where svscan-log, and what loggers print, goes")
            .or("console-holder"),
        Opt::value('C', "n", "the most services, loggers included (default 16384)").or("services-max"),
        Opt::value('L', "n", "the longest name of a service (default 255)").or("name-max"),
        Opt::value('c', "n", "the same as -C"),
        Opt::flag('s', "ignored: what it asked for is always so"),
        Opt::flag('S', "ignored"),
        Opt::long("no-watch", None, "start and stop services by command only"),
        Opt::long("check-state", Some("fd"), "for an upgrade: say there that its state is understood"),
        Opt::long("take-state", Some("fd"), "for an upgrade: go on from the state there"),
        Opt::long("stop-timeout", Some("ms"), "kill what is left so long after the order to stop (0: never)"),
    ],
};

/// As s6 has them: so that its special logger and a name of 4 bytes always fit.
const LEAST_SERVICES: usize = 4;
const MOST_SERVICES: usize = 160_000;
const DEFAULT_SERVICES: usize = 16_384;
const SHORTEST_LIMIT: usize = 11;
const DEFAULT_LONGEST: usize = 255;

/// The service that logs what nobody else does. s6's name is for one whose FIFO whoever calls us has put at our
/// standard output; this one gets a pipe from us.
pub(crate) const CATCH_ALL: &[u8] = b"svscan-log";

/// What the signals of a scanner mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// What svscan(8) says.
    Ours,
    /// As runsvdir has it: TERM leaves at once, HUP stops everything and gives 111.
    Runit,
}

/// What a command line asks for.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) directory: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) longest_name: usize,
    pub(crate) watch: bool,
    /// Where to say that commands are listened to.
    pub(crate) ready: Option<OwnedFd>,
    pub(crate) console: Option<OwnedFd>,
    /// Called by the name of s6's program.
    pub(crate) s6_names: bool,
    /// What its signals mean.
    pub(crate) signals: Meaning,
    /// Session and process group of a supervisor.
    pub(crate) company: Company,
    /// The descriptor of a state that is to be gone on from, or only to be understood.
    pub(crate) take: Option<RawFd>,
    pub(crate) check: Option<RawFd>,
}

/// Reads a command line; `None` if it was answered.
pub(crate) fn parse(args: Vec<OsString>) -> Result<Option<Options>, Failure> {
    let name = args.first().map(Path::new).and_then(Path::file_name).unwrap_or_default();
    if name == runsvdir::NAME {
        return runsvdir::parse(args).map(Some);
    }
    let s6_names = name == "s6-svscan";
    let words = if s6_names { Some(s6::words(args)?) } else { PROGRAM.parse(args)? };
    let Some(words) = words else { return Ok(None) };
    let mut options = Options { s6_names, ..Options::new(PathBuf::new()) };
    let mut directories = Vec::new();
    for word in words {
        match word {
            Word::Operand(directory) => directories.push(directory),
            Word::Option(name, value) => options.set(name, &value)?,
        }
    }
    match <[OsString; 1]>::try_from(directories) {
        Ok([directory]) if !directory.is_empty() => options.directory = directory.into(),
        _ if s6_names => return Err(s6::misuse()),
        // As daemontools has it.
        Err(directories) if directories.is_empty() => options.directory = ".".into(),
        _ => return Err(PROGRAM.usage()),
    }
    Ok(Some(options))
}

impl Options {
    /// A scanner of `directory` that nothing else is said of.
    pub(crate) fn new(directory: PathBuf) -> Options {
        Options {
            directory,
            settings: Settings {
                most: DEFAULT_SERVICES,
                rescan: None,
                stop_timeout: None,
                special: [CATCH_ALL, b"s6-svscan-log"],
            },
            longest_name: DEFAULT_LONGEST,
            watch: true,
            ready: None,
            console: None,
            s6_names: false,
            signals: Meaning::Ours,
            company: Company::OwnGroup,
            take: None,
            check: None,
        }
    }

    fn set(&mut self, name: Name, value: &OsStr) -> Result<(), Failure> {
        match name {
            Name::Letter('t') => self.settings.rescan = milliseconds(value, "-t")?,
            Name::Letter('d') => self.ready = Some(descriptor(value, "-d")?),
            Name::Letter('X') if self.s6_names => self.console = Some(descriptor(value, "-X")?),
            Name::Letter('X') => self.console = Some(console(value)?),
            Name::Letter('C' | 'c') => {
                self.settings.most = limit(value, "-C")?.clamp(LEAST_SERVICES, MOST_SERVICES);
            }
            Name::Letter('L') => self.longest_name = limit(value, "-L")?.max(SHORTEST_LIMIT),
            Name::Letter(_) => {}
            Name::Long("no-watch") => self.watch = false,
            Name::Long("check-state") => self.check = Some(number(value, "--check-state")?),
            Name::Long("take-state") => self.take = Some(number(value, "--take-state")?),
            Name::Long(_) => self.settings.stop_timeout = milliseconds(value, "--stop-timeout")?,
        }
        Ok(())
    }
}

fn limit(value: &OsStr, option: &str) -> Result<usize, Failure> {
    number(value, &format!("the value of {option}"))
}

fn milliseconds(value: &OsStr, option: &str) -> Result<Option<Duration>, Failure> {
    let count: u32 = number(value, &format!("the value of {option}"))?;
    Ok((count > 0).then_some(Duration::from_millis(count.into())))
}

/// The console: our own standard output or error is one too, where nobody has made another descriptor.
fn console(value: &OsStr) -> Result<OwnedFd, Failure> {
    let copy = match value.as_bytes() {
        b"1" => std::io::stdout().as_fd().try_clone_to_owned(),
        b"2" => std::io::stderr().as_fd().try_clone_to_owned(),
        _ => return descriptor(value, "-X"),
    };
    copy.unable(|| "copy the descriptor of -X")
}

fn descriptor(value: &OsStr, option: &str) -> Result<OwnedFd, Failure> {
    let refused = |why: &str| {
        let value = String::from_utf8_lossy(value.as_bytes());
        Failure::Refused(format!("unable to use descriptor {value} of {option}: {why}").into())
    };
    let fd: RawFd = number(value, &format!("the value of {option}"))?;
    if fd < 3 {
        return Err(refused("it must be 3 or more"));
    }
    process::inherit(fd).map_err(|_| refused("it is not open"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(line: &[&str]) -> Result<Options, Failure> {
        let args = std::iter::once("svscan").chain(line.iter().copied()).map(OsString::from).collect();
        parse(args).map(|options| options.expect("no help was asked for"))
    }

    #[test]
    fn limits_are_kept_within_what_is_sensible() {
        let options = options(&["-C1", "-L", "3", "-t", "0", "--stop-timeout=5000", "/service"]).unwrap();
        assert_eq!(options.settings.most, LEAST_SERVICES);
        assert_eq!(options.longest_name, SHORTEST_LIMIT);
        assert_eq!(options.settings.rescan, None);
        assert_eq!(options.settings.stop_timeout, Some(Duration::from_secs(5)));
        assert!(options.watch);
    }

    #[test]
    fn current_directory_is_scanned_where_none_is_named() {
        assert_eq!(options(&[]).unwrap().directory, Path::new("."));
    }

    #[test]
    fn wrong_calls_are_refused() {
        let lines: [&[&str]; 7] = [
            &[""],
            &["a", "b"],
            &["-t", "x", "a"],
            &["-t", "-1", "a"],
            &["-d", "1", "a"],
            &["-d", "999999", "a"],
            &["-z", "a"],
        ];
        for line in lines {
            assert_eq!(options(line).unwrap_err().code(), 100, "{line:?}");
        }
    }
}
