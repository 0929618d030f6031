//! `svctl logs`: what the loggers of services have written, and what they write.

mod files;
mod follow;
mod gunzip;
mod line;
pub(crate) mod place;
mod show;
mod source;
pub(crate) mod tail;

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal};

use cli::options::{self, Name, Opt, Program, Word};
use cli::{Failure, Unable};
use servicedir::names;
use sys::watch::{Change, Watch, Watched};
use sys::{clock, poll, process};
use unix::Stamp;

use crate::moment;
use crate::named::{self, Place};
use follow::Log;
use show::{Lines, Style};

/// Lines that are shown first of a log that is followed.
const FIRST: usize = 10;
/// Files that are open at once.
const MOST_FILES: u64 = 65_536;

/// The verb as its users see it.
pub(crate) const PROGRAM: Program = Program {
    name: "svctl logs",
    about: "shows the logs of services, and follows them",
    usage: &["[ -C dir ] [ -f ] [ -n lines ] [ --since time ] name..."],
    options: &[
        Opt::flag('f', "go on with what is written from now on").or("follow"),
        Opt::value('n', "lines", "only the last lines of each").or("lines"),
        Opt::long("since", Some("time"), "only from then on: 10m, 2h, 2026-11-20, '2026-11-20 20:00:00'"),
        named::SCAN,
    ],
};

struct Request {
    follow: bool,
    lines: Option<usize>,
    since: Option<Stamp>,
    scan: Option<OsString>,
    services: Vec<OsString>,
}

/// Shows them.
pub(crate) fn run(args: Vec<OsString>) -> Result<(), Failure> {
    let Some(request) = parse(args)? else { return Ok(()) };
    let services = with_logs(named::services(request.scan, request.services)?);
    if services.is_empty() {
        return Err(Failure::Silent(1));
    }
    let width = match services.as_slice() {
        [_] => 0,
        several => several.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0),
    };
    let style = Style { is_terminal: io::stdout().is_terminal(), width, since: request.since };
    let mut logs = Vec::new();
    for (name, dir) in services {
        let lines = Lines::new(&name, logs.len(), &style);
        logs.push(Log::new(dir, lines));
    }
    // Every file of a log is open at once, so that none is renamed or removed before it is read.
    process::raise_own_descriptor_limit(MOST_FILES);
    // Watched before it is read, so that nothing falls in between.
    let watch = if request.follow { Some(watch(&logs)?) } else { None };
    let count = request.lines.or((request.follow && request.since.is_none()).then_some(FIRST));
    shown(show(&mut logs, count, &style, watch))
}

fn parse(args: Vec<OsString>) -> Result<Option<Request>, Failure> {
    let Some(words) = PROGRAM.parse(args)? else { return Ok(None) };
    let mut request = Request { follow: false, lines: None, since: None, scan: None, services: Vec::new() };
    for word in words {
        match word {
            Word::Operand(name) => request.services.push(name),
            Word::Option(Name::Letter('f'), _) => request.follow = true,
            Word::Option(Name::Letter('C'), value) => request.scan = Some(value),
            Word::Option(Name::Letter(_), value) => {
                request.lines = Some(options::number(&value, "the number of lines")?);
            }
            Word::Option(Name::Long(_), value) => request.since = Some(since(&value)?),
        }
    }
    if request.services.is_empty() {
        return Err(PROGRAM.usage());
    }
    Ok(Some(request))
}

fn since(value: &OsStr) -> Result<Stamp, Failure> {
    let found = value.to_str().and_then(|word| moment::parse(word, clock::now().wall));
    found.ok_or_else(|| PROGRAM.misuse(&format!("no such time: {}", value.display())))
}

/// The services that have a log, with its directory. Of a service and its logger, which is the same log, one.
fn with_logs(services: Vec<Place>) -> Vec<(String, std::path::PathBuf)> {
    let mut found: Vec<(String, std::path::PathBuf)> = Vec::new();
    for service in services {
        let name = service.name.to_string_lossy().replace(char::is_control, "?");
        match place::of(&service.dir) {
            Some(dir) if found.iter().all(|(_, other)| *other != dir) => found.push((name, dir)),
            Some(_) => {}
            None => cli::say(format_args!("{name}: {}", why_none(&service))),
        }
    }
    found
}

fn why_none(service: &Place) -> String {
    let log = service.dir.join(names::LOG);
    if let Some(why) = place::refused(&log) {
        return why;
    }
    if sys::file::look(&log).is_ok_and(|found| found.is_some()) {
        format!("no log directory with a file current can be found in {0}, nor in {0}/run", log.display())
    } else if let Some(name) = place::catch_all(&service.dir) {
        format!("it has no logger of its own: its output is in the log of the catch-all (svctl logs {name})")
    } else {
        "it has no logger of its own: its output goes where the scanner's goes".into()
    }
}

fn watch(logs: &[Log]) -> Result<(Watch, Vec<Watched>), Failure> {
    let watch = Watch::new().unable(|| "watch logs")?;
    let mut watched = Vec::new();
    for log in logs {
        watched.push(watch.add_growing(log.dir()).unable(|| ("watch", log.dir()))?);
    }
    Ok((watch, watched))
}

fn show(
    logs: &mut [Log],
    count: Option<usize>,
    style: &Style,
    watch: Option<(Watch, Vec<Watched>)>,
) -> io::Result<()> {
    for log in logs.iter_mut() {
        log.show(count, style).map_err(|cause| place::explained(log.dir(), cause))?;
    }
    let Some((mut watch, watched)) = watch else {
        return logs.iter_mut().try_for_each(|log| log.finish(style));
    };
    loop {
        poll::wait_many(&[&watch], None)?;
        let mut changed = vec![false; logs.len()];
        watch.changes(|change| match change {
            Change::Entry(place, ..) | Change::Itself(place) => {
                watched.iter().zip(&mut changed).for_each(|(other, flag)| *flag |= place == *other);
            }
            Change::Overflow => changed.fill(true),
        })?;
        for (log, _) in logs.iter_mut().zip(changed).filter(|(_, changed)| *changed) {
            log.catch_up(style)?;
        }
    }
}

/// A line with the moment that it begins with in local time.
pub(crate) fn in_local_time(line: &str) -> String {
    let line::Line { stamp, text } = line::read(line.as_bytes());
    let text = String::from_utf8_lossy(&text);
    stamp.map_or_else(String::new, moment::shown) + &text
}

/// Who reads no more, as head(1), has seen enough.
fn shown(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.unable(|| "show the logs"),
    }
}
