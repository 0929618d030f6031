//! What the program is asked for: its options and its script.

use std::ffi::{OsStr, OsString};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use cli::Failure;
use cli::getopt::Grammar;
use cli::options::{self, Name, Opt, Program, Word};
use logscript::s6::{self, Parsed};
use logscript::{BadScript, Long, Script};

use crate::surroundings;
use crate::syncing::Sync;

/// The program as its users see it.
pub const PROGRAM: Program = Program {
    name: "svlog",
    about: "logs the lines that it reads",
    usage: &["[ -bpqv ] [ -d fd ] [ -l bytes ] [ -t ms ] [ --long how ] [ --sync when ] [ -- ] directive..."],
    options: &[
        Opt::flag('b', "read nothing while anything is not yet written"),
        Opt::flag('p', "TERM does not end it"),
        Opt::flag('q', "say less"),
        Opt::flag('v', "say more"),
        Opt::value('d', "fd", "write a newline there when it listens"),
        Opt::value('l', "bytes", "the longest line, 0: any (8192)"),
        Opt::value('t', "ms", "wait so long for the end of a last line, 0: for ever (2000)"),
        Opt::long("long", Some("how"), "a longer line: split, mark (the cuts), whole"),
        Opt::long(
            "sync",
            Some("when"),
            "to disk: never, rotate (rotated files, the default), always, or after so many ms",
        ),
    ],
};

/// The same in s6's words.
const S6: Grammar = Grammar {
    name: "s6-log",
    usage: "[ -d notif ] [ -q | -v ] [ -b ] [ -p ] [ -l linelimit ] [ -t lastlinetimeout ] [ -- ] logging_script",
    letters: "qvbpl:d:t:",
    long: &[],
};

/// A line is never split into less, in bytes.
const LEAST_LIMIT: usize = 48;

/// What is wanted.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) script: Script,
    /// Nothing is read while anything is pending.
    pub(crate) blocks: bool,
    /// TERM does not end it.
    pub(crate) is_protected: bool,
    /// 0: failures; 1: warnings too; 2: what it does.
    pub(crate) verbosity: u32,
    /// Who waits for it.
    pub(crate) notify: Option<RawFd>,
    /// The most bytes of a line; `None`: any number.
    pub(crate) limit: Option<usize>,
    pub(crate) long: Long,
    /// How long it waits for the end of a last line; `None`: for ever.
    pub(crate) patience: Option<Duration>,
    pub(crate) sync: Sync,
}

impl Default for Request {
    fn default() -> Request {
        Request {
            script: Script::default(),
            blocks: false,
            is_protected: false,
            verbosity: 1,
            notify: None,
            limit: Some(8192),
            long: Long::Split,
            patience: Some(Duration::from_secs(2)),
            sync: Sync::default(),
        }
    }
}

impl Request {
    fn letter(&mut self, letter: char, value: &OsStr) -> Result<(), Failure> {
        match letter {
            'b' => self.blocks = true,
            'p' => self.is_protected = true,
            'q' => self.verbosity = self.verbosity.saturating_sub(1),
            'v' => self.verbosity += 1,
            'd' => self.notify = Some(descriptor(value)?),
            'l' => self.limit = limit(options::number::<u32>(value, "the longest line")?),
            't' => {
                let ms = options::number::<u32>(value, "the time for a last line")?;
                self.patience = Some(Duration::from_millis(ms.into())).filter(|time| !time.is_zero());
            }
            _ => {}
        }
        Ok(())
    }

    fn script(&mut self, parsed: Result<Parsed, BadScript>) -> Result<(), Failure> {
        let parsed = parsed.map_err(bad_script)?;
        if self.verbosity == 0 {
            cli::drop_warnings();
        }
        if parsed.has_idle_end {
            cli::warn("the directives after the last action are for nothing");
        }
        self.script = parsed.script;
        Ok(())
    }
}

/// Reads the command line of `svlog`; `None`: help was asked for. The first word that is no option begins the script: a
/// deselecting directive looks like an option.
pub(crate) fn parse(args: Vec<OsString>) -> Result<Option<Request>, Failure> {
    let script = script_of(&args);
    let (options, words) = args.split_at(script);
    let Some(parsed) = PROGRAM.parse(options.to_vec())? else { return Ok(None) };
    let mut request = Request::default();
    for word in parsed {
        match word {
            Word::Option(Name::Letter(letter), value) => request.letter(letter, &value)?,
            Word::Option(Name::Long("sync"), value) => request.sync = sync(&value)?,
            Word::Option(Name::Long(_), value) => request.long = how(&value)?,
            Word::Operand(_) => return Err(PROGRAM.usage()),
        }
    }
    if words.is_empty() {
        return Err(PROGRAM.usage());
    }
    if request.limit.is_none() {
        request.long = Long::Whole;
    }
    let service = surroundings::service();
    let colours = surroundings::colours();
    let around = s6::Surroundings { service: &service, colours };
    request.script(s6::parse_ours(&bytes(words), &around))?;
    Ok(Some(request))
}

/// Where the script begins in a command line: after `--`, or at the first word that is neither an option nor the value
/// of one.
fn script_of(args: &[OsString]) -> usize {
    let mut at = 1;
    while let Some(word) = args.get(at) {
        at += match word.as_bytes() {
            b"--" => return at + 1,
            [b'-', b'-', long @ ..] => {
                let takes_value = PROGRAM
                    .options
                    .iter()
                    .any(|o| o.value.is_some() && o.long.is_some_and(|name| name.as_bytes() == long));
                1 + usize::from(takes_value)
            }
            [b'-', letters @ ..] if !letters.is_empty() => {
                let wants = |letter: &u8| {
                    PROGRAM.options.iter().any(|o| o.value.is_some() && o.letter == Some(char::from(*letter)))
                };
                // A letter that wants a value and is the last of its word takes the next word.
                1 + usize::from(
                    letters.iter().position(wants).is_some_and(|first| first + 1 == letters.len()),
                )
            }
            _ => return at,
        };
    }
    args.len()
}

/// Reads the command line of `s6-log`.
pub(crate) fn parse_s6(args: Vec<OsString>) -> Result<Request, Failure> {
    let line = S6.parse(args)?;
    let mut request = Request::default();
    for (letter, value) in line.options {
        request.letter(letter, &value).map_err(|_| S6.misuse())?;
    }
    if line.operands.is_empty() {
        return Err(S6.misuse());
    }
    if request.limit.is_none() {
        request.long = Long::Whole;
    }
    request.script(s6::parse(&bytes(&line.operands)))?;
    Ok(request)
}

fn bytes(words: &[OsString]) -> Vec<&[u8]> {
    words.iter().map(|word| word.as_bytes()).collect()
}

fn descriptor(value: &OsStr) -> Result<RawFd, Failure> {
    match options::number(value, "the descriptor of -d")? {
        fd @ 3.. => Ok(fd),
        _ => Err(PROGRAM.misuse("the descriptor of -d must be 3 or more")),
    }
}

fn limit(bytes: u32) -> Option<usize> {
    (bytes > 0).then(|| LEAST_LIMIT.max(bytes as usize))
}

fn how(value: &OsStr) -> Result<Long, Failure> {
    match value.as_bytes() {
        b"split" => Ok(Long::Split),
        b"mark" => Ok(Long::Mark),
        b"whole" => Ok(Long::Whole),
        _ => Err(PROGRAM.misuse(&format!("--long is split, mark or whole, not {}", value.display()))),
    }
}

fn sync(when: &OsStr) -> Result<Sync, Failure> {
    match when.as_bytes() {
        b"never" => Ok(Sync::Never),
        b"rotate" => Ok(Sync::Rotation),
        b"always" => Ok(Sync::After(Duration::ZERO)),
        _ => Ok(Sync::After(Duration::from_millis(options::number(when, "the time of --sync")?))),
    }
}

fn bad_script(bad: BadScript) -> Failure {
    let word = String::from_utf8_lossy(&bad.word);
    Failure::Refused(if word.is_empty() {
        format!("no script: {}", bad.why).into()
    } else {
        format!("bad directive {word}: {}", bad.why).into()
    })
}
