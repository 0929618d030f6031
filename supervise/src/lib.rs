//! `supervise DIR`: starts, watches and restarts the service of one directory.
//!
//! One loop: sources (signals, commands, the service's notification, a change of `run`) give events, the
//! machine of `lifecycle` turns them into actions, the shell performs those. Before the loop every failure
//! is fatal; inside it every failure is a warning and a later retry.

#![forbid(unsafe_code)]

mod adopted;
mod handover;
mod home;
mod rest;
mod runsv;
mod settings;
mod shell;
mod sources;
mod spawn;
mod takeover;
mod upgrade;

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cli::getopt::Grammar;
use cli::options::{Name, Opt, Program, Word};
use cli::{Failure, Unable};
use control::Command;
use lifecycle::{Event, Service};
use servicedir::names;
use sys::successor::Successor;
use sys::{child, clock, file, heap, poll, process};

use unix::Now;

use home::Home;
use shell::Shell;
use sources::{Ready, Sources, Told};
use upgrade::Open;

pub use runsv::runsv;

/// `supervise`, as its users see it.
pub const PROGRAM: Program = Program {
    name: "supervise",
    about: "starts, watches and restarts the service of one directory",
    usage: &["[ --deaths fd ] [ --check-state fd ] [ --take-state fds ] servicedir"],
    options: OPTIONS,
};

const OPTIONS: &[Opt] = &[
    Opt::long("deaths", Some("fd"), "read there how those have ended that the scanner has waited for"),
    Opt::long("check-state", Some("fd"), "for an upgrade: say there that the state is understood"),
    Opt::long("take-state", Some("fds"), "for an upgrade: go on with what is open there"),
];

/// The name that s6 has for it, with the program.
pub const NAMES: &[(&str, cli::Main)] = &[("s6-supervise", main_s6)];

const S6: Grammar = Grammar { name: "s6-supervise", usage: "dir", letters: "", long: &[] };

/// Its one argument is a directory, whatever it looks like.
fn main_s6(args: Vec<OsString>) -> ExitCode {
    cli::name_program(S6.name);
    match args.get(1).filter(|dir| !dir.is_empty()) {
        Some(dir) => run(Request { dir: dir.into(), ..Request::default() }, S6.name)
            .map_or_else(|failure| failure.report(), ExitCode::from),
        None => S6.misuse().report(),
    }
}

/// Runs the program; `args[0]` is the name it was called by.
pub fn main(args: Vec<OsString>) -> ExitCode {
    match parse(args) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(request)) => {
            run(request, PROGRAM.name).map_or_else(|failure| failure.report(), ExitCode::from)
        }
        Err(failure) => failure.report(),
    }
}

/// What the command line says.
#[derive(Default)]
struct Request {
    dir: PathBuf,
    /// Where the scanner tells how those have ended that it has waited for.
    deaths: Option<OwnedFd>,
    /// What the program has left open in whose place this one is.
    open: Option<Open>,
    /// Only to say whether what stands there is understood.
    check: Option<OwnedFd>,
}

fn parse(mut args: Vec<OsString>) -> Result<Option<Request>, Failure> {
    // A scanner gives any name that a directory can have, `-d` too.
    if let [_, name] = &args[..]
        && !["--help", "--version"].iter().any(|asked| name == asked)
    {
        args.insert(1, "--".into());
    }
    let Some(words) = PROGRAM.parse(args)? else { return Ok(None) };
    let mut request = Request::default();
    for word in words {
        match word {
            Word::Operand(dir) if request.dir.as_os_str().is_empty() => request.dir = PathBuf::from(dir),
            Word::Operand(_) => return Err(PROGRAM.usage()),
            Word::Option(Name::Long("take-state"), numbers) => {
                request.open = Some(numbers.to_str().and_then(Open::parse).ok_or_else(|| PROGRAM.usage())?);
            }
            Word::Option(name, number) => {
                let number = number.to_str().and_then(|number| number.parse().ok());
                let number = number.filter(|&number| number > 2).ok_or_else(|| PROGRAM.usage())?;
                let fd = process::inherit(number).unable(|| format!("use descriptor {number}"))?;
                match name {
                    Name::Long("check-state") => request.check = Some(fd),
                    _ => request.deaths = Some(fd),
                }
            }
        }
    }
    match request.dir.as_os_str().is_empty() && request.check.is_none() {
        true => Err(PROGRAM.usage()),
        false => Ok(Some(request)),
    }
}

/// Supervises a directory, with messages that begin with `name`. Gives the exit code.
fn run(request: Request, name: &str) -> Result<u8, Failure> {
    if let Some(fd) = request.check {
        return upgrade::check(fd).map(|()| 0);
    }
    prepare(request, name)?.supervise()
}

#[inline(never)] // What is needed once would stand below the loop's frame, and its page stays.
fn prepare(request: Request, name: &str) -> Result<Supervisor, Failure> {
    process::open_standard_descriptors().unable(|| "open /dev/null")?;
    heap::wait_when_exhausted(|| cli::warn("no memory is left; waiting for some"));
    // First of all: a signal that comes while we prepare is read afterwards.
    let signals = sources::take_signals()?;
    cli::write_lines_with(file::write_error_line);
    // "web/", as a shell completes it, is called web.
    let dir: PathBuf = request.dir.components().collect();
    if request.open.is_none() {
        process::enter(&dir).unable(|| format!("enter {}", dir.display()))?;
    }
    cli::name_program(format!("{name} {}", dir.display()));
    process::keep_descriptors_from_children();
    let (home, deaths, notification) = match request.open {
        None => (home::move_in()?, request.deaths, None),
        Some(open) => (Home::inherited(open.lock, open.control)?, open.deaths, open.notification),
    };
    let is_logger = is_logger(&dir);
    let left = home.left.and_then(|left| Some((Service::restore(&left.life, is_logger)?, left)));
    let shell = Shell::new(dir, home.keeper);
    let sources = Sources::new(signals, home.control);
    let supervisor =
        |service| Supervisor { sources, shell, service, successor: Successor::default(), must_go_on: false };
    match left {
        Some((service, left)) => supervisor(service).take_over(&left, deaths, notification),
        None => {
            let wanted_up = !file::exists(Path::new(names::DOWN)).unable(|| "look for the file down")?;
            let mut supervisor = supervisor(Service::new(clock::now(), wanted_up, is_logger));
            supervisor.shell.begin(&supervisor.service)?;
            Ok(supervisor)
        }
    }
}

/// A logger is the `log` of another service.
fn is_logger(dir: &Path) -> bool {
    dir.ends_with(names::LOG) && dir.parent().is_some_and(|parent| !parent.as_os_str().is_empty())
}

/// The machine between its sources and its shell.
struct Supervisor {
    sources: Sources,
    shell: Shell,
    service: Service,
    /// A new program that is being asked whether it can go on.
    successor: Successor,
    /// It can.
    must_go_on: bool,
}

impl Supervisor {
    /// The event loop. Only what no supervisor can do without (poll, its signals, its children, its
    /// control FIFO) makes it an error.
    fn supervise(&mut self) -> Result<u8, Failure> {
        loop {
            let deadlines = [self.service.deadline(), self.shell.deadline(), self.successor.deadline()];
            let deadline = deadlines.into_iter().flatten().min();
            let ready =
                poll::wait(self.sources.descriptors(&self.shell), deadline).unable(|| "wait for events")?;
            let is_late = !ready.contains(&true);
            self.read(ready.into())?;
            // Not only when nothing else came: commands may come without end.
            if deadline.is_some_and(|at| is_late || at <= clock::monotonic()) {
                self.shell.retry(&self.service);
                self.feed(Event::Timeout);
                self.read_adopted();
                self.end_check();
            }

            if let Some(code) = self.shell.exit_code() {
                self.shell.end(&self.service);
                return Ok(code);
            }
            if self.must_go_on {
                self.go_on_as_the_new_one();
            }
        }
    }

    /// Reads the sources that are ready: first readiness, then deaths, then commands.
    fn read(&mut self, ready: Ready) -> Result<(), Failure> {
        let told = if ready.signalled { self.sources.read_signals()? } else { Told::default() };
        if ready.notified && self.shell.read_notification() {
            self.feed(Event::Ready);
        }
        let is_told_of_nobody = told.child_has_died && !self.reap()?;
        if ready.orphaned {
            self.read_adopted();
        }
        // Whoever finds nobody at the FIFO of a supervisor that lives sends it a SIGCHLD.
        if is_told_of_nobody && self.sources.mend(&mut self.shell) {
            self.shell.write_anew(&self.service);
        }
        for event in told.events.into_iter().flatten() {
            self.feed(event);
        }
        if ready.controlled {
            for command in self.sources.read_commands()?.into_iter().flatten() {
                match command {
                    Command::Upgrade => self.upgrade(),
                    command => self.feed(Event::Command(command)),
                }
            }
        }
        if ready.changed && self.shell.read_watch() {
            self.feed(Event::RunChanged);
        }
        Ok(())
    }

    /// Waits for the children that have died; `false`: there were none.
    fn reap(&mut self) -> Result<bool, Failure> {
        // One at a time, and each keeps its pid until what follows from its death is written down: whoever comes after
        // us would not be told of it again.
        let mut has_reaped = false;
        while let Some((pid, exit)) = child::find_dead().unable(|| "wait for a child")? {
            // What a service wrote before it died can be read by now.
            if self.shell.read_notification() {
                self.feed(Event::Ready);
            }
            self.shell.bury(pid);
            self.feed(Event::Exited(pid, exit));
            self.has_been_checked(pid, exit);
            child::wait_for(pid).unable(|| "wait for a child")?;
            has_reaped = true;
        }
        Ok(has_reaped)
    }

    fn read_adopted(&mut self) {
        if self.shell.read_notification() {
            self.feed(Event::Ready);
        }
        if let Some(event) = self.shell.read_adopted() {
            self.feed(event);
        }
    }

    fn feed(&mut self, event: Event) {
        self.feed_at(event, None);
    }

    /// One step of the machine, `at` this time or now, and those that answer what it wants done.
    #[inline(never)] // One frame for every event, or the stack takes a page more.
    fn feed_at(&mut self, event: Event, at: Option<Now>) {
        let mut pending = vec![event];
        let mut now = at.unwrap_or_else(clock::now);
        while self.shell.exit_code().is_none()
            && let Some(event) = pending.pop()
        {
            // To execute a program takes its time; to find that there is none does not.
            if at.is_none() && is_start(&event) {
                now = clock::now();
            }
            let settings = settings::read_for(&event, &self.service);
            let (next, actions) = self.service.clone().step(event, now, &settings);
            self.service = next;
            self.shell.explain(&event, &self.service);
            pending.extend(self.shell.perform(actions, &self.service).into_iter().rev());
        }
        self.shell.keep(&self.service);
    }
}

/// The answer to a start: a process was started, or was meant to be.
fn is_start(event: &Event) -> bool {
    matches!(event, Event::RunSpawned(_) | Event::ScriptSpawned(Some(_)) | Event::CheckSpawned(Some(_)))
}
