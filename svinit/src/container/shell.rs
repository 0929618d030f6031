//! The shell of the machine: it does what the machine wants done.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use stages::{Action, Codes, Event, Failing, Script, Settings, Waited};
use sys::child::{self, Company};
use sys::{clock, exec, family, file, problem, terminal};
use unix::{Pid, Signal};

use super::environment::Environment;
use super::layout::Layout;
use super::output::Output;
use super::scripts::Scripts;
use super::services::{self, Awaited, Heard};
use super::{Request, attributes, programs, say, scanner, waiting};

/// What does things.
#[derive(Debug)]
pub(crate) struct Shell {
    request: Request,
    layout: Layout,
    settings: Settings,
    environment: Environment,
    scripts: Scripts,
    /// What is waited for of the services.
    heard: Vec<Heard>,
    output: Option<Output>,
    /// When the step began that goes on, and what it is.
    step: Option<(Duration, String)>,
    /// How many attributes could not be put in order.
    unfixed: usize,
    code: Option<u8>,
}

impl Shell {
    pub(crate) fn new(
        request: Request,
        layout: Layout,
        settings: Settings,
        environment: Environment,
    ) -> Shell {
        Shell {
            request,
            layout,
            settings,
            environment,
            scripts: Scripts::default(),
            heard: Vec::new(),
            output: None,
            step: None,
            unfixed: 0,
            code: None,
        }
    }

    /// The exit code, once there is one.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        self.code
    }

    /// Where services are heard.
    pub(crate) fn notices(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.heard.iter().map(AsFd::as_fd)
    }

    /// Reads what is heard. `Some`: the waiting is over.
    pub(crate) fn read_notices(&mut self) -> Option<bool> {
        services::hear(&mut self.heard)
    }

    /// Services are not waited for any more.
    pub(crate) fn forget_services(&mut self) {
        self.heard.clear();
    }

    /// Does something; gives the answer, if there is one.
    pub(crate) fn perform(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::Log => return Some(Event::Logs(self.log())),
            Action::FixAttributes => {
                self.begin("fix-attrs.d");
                self.unfixed = attributes::fix(&self.layout, self.settings.fixes_hidden);
                return Some(Event::Fixed(self.unfixed));
            }
            Action::Run(script) => return Some(self.run(script)),
            Action::Scan => return Some(self.scan()),
            Action::AwaitServices => return (self.heard.is_empty()).then_some(Event::Ready(true)),
            Action::Command => return Some(Event::Started(self.start_command())),
            // Who is gone already needs none.
            Action::Kill(pid, signal) => drop(child::kill(pid, signal)),
            Action::KillAll(signal, spare) => kill_all(signal, spare),
            Action::EndLog => self.output.take().into_iter().for_each(Output::restore),
            Action::LookAround => return (!child::any_left()).then_some(Event::Nobody),
            Action::Warn(what, code) => self.warn(what, code),
            Action::Tell(what) => {
                let names = waiting::names(what, &self.layout, &self.heard);
                cli::say(format_args!("still waiting for {}{names}", say::name(what, &self.scripts)));
            }
            Action::Sync => file::sync_all(),
            Action::Leave(codes) => self.leave(codes),
        }
        None
    }

    /// A step begins, and with that the one before has ended.
    fn begin(&mut self, what: &str) {
        if !say::tells_steps() {
            return;
        }
        let now = clock::monotonic();
        if let Some((since, step)) = self.step.take() {
            cli::say(format_args!("{step}: {} ms", (now - since).as_millis() as u64));
        }
        self.step = Some((now, what.to_owned()));
    }

    fn warn(&self, what: Waited, code: u8) {
        let next = match self.settings.failing {
            Failing::Stops => "the container stops",
            Failing::GoesOn | Failing::Warns => "the container goes on",
        };
        match what {
            Waited::Attributes => {
                say::warn(format_args!("fix-attrs.d: {} lines or files have failed; {next}", self.unfixed));
            }
            Waited::Services => {
                let names = waiting::names(what, &self.layout, &self.heard);
                say::warn(format_args!("not all services are up, or ready{names}; {next}"));
            }
            what => {
                let name = say::name(what, &self.scripts);
                say::warn(format_args!("{name} has failed with exit code {code}; {next}"));
            }
        }
    }

    fn log(&mut self) -> Option<Pid> {
        let started = match &self.output {
            Some(output) => output.start(&self.settings, self.request.multi_call),
            None => Output::divert(&self.layout, &self.settings).and_then(|output| {
                let started = output.start(&self.settings, self.request.multi_call);
                match &started {
                    Ok(_) => self.output = Some(output),
                    Err(_) => output.restore(),
                }
                started
            }),
        };
        started
            .inspect_err(|error| {
                let reason = cli::reason(error);
                cli::say(format_args!("unable to start the logger svlog: {reason}; nothing is logged"));
            })
            .ok()
    }

    fn run(&mut self, script: Script) -> Event {
        let words = match script {
            Script::Hook => hook(self.settings.hook.as_deref().unwrap_or_default()),
            Script::Init(_) if self.request.skips_inits => return Event::Nothing,
            Script::Init(_) | Script::Finish(_) => match self.scripts.find(script, &self.layout) {
                Some(path) => vec![path.into_os_string()],
                None => return Event::Nothing,
            },
        };
        if matches!(script, Script::Finish(_)) {
            // The command, which had the terminal, is gone.
            terminal::come_to_front();
        }
        self.begin(&say::name(Waited::Script(script), &self.scripts));
        Event::Started(self.start(&words, Company::Parents))
    }

    fn start_command(&mut self) -> Result<Pid, u8> {
        self.begin("command");
        self.forget_services();
        self.adopt();
        let give = self.output.as_ref().map(|output| output.of_command(&self.settings)).unwrap_or_default();
        let words = &self.request.command;
        exec::spawn_with(None, words, Company::Foreground, &give).map_err(|error| explain(words, &error))
    }

    /// Starts a program in the environment that there is now.
    fn start(&self, words: &[OsString], company: Company) -> Result<Pid, u8> {
        self.adopt();
        exec::spawn_in(words, company).map_err(|error| explain(words, &error))
    }

    fn adopt(&self) {
        if let Err(error) = self.environment.adopt() {
            let dir = self.environment.dir().display();
            say::warn(format_args!("unable to read {dir}: {}", cli::reason(&error)));
        }
    }

    fn scan(&mut self) -> Event {
        if self.request.skips_services || !services::are_there(&self.layout) {
            return Event::Nothing;
        }
        self.begin("services");
        let awaited = if self.settings.waits_for_services { Awaited::Up } else { Awaited::Supervised };
        let started = services::lay_out(&self.layout, awaited).and_then(|heard| {
            self.heard = heard;
            self.adopt();
            scanner::start(&self.layout, self.settings.services_grace, self.request.multi_call)
        });
        Event::Started(started.map_err(|error| {
            cli::say(format_args!("unable to start the services: {}", cli::reason(&error)));
            111
        }))
    }

    fn leave(&mut self, codes: Codes) {
        let file = std::fs::read_to_string(self.layout.exit_code()).ok();
        let wanted = file.as_ref().and_then(|text| text.trim().parse().ok());
        if let (Some(text), None) = (&file, wanted) {
            let path = self.layout.exit_code();
            say::warn(format_args!("{}: no exit code: {}", path.display(), text.trim()));
        }
        self.begin("end");
        self.code = Some(codes.decide(wanted));
    }
}

/// Says why something cannot be executed, and gives the exit code that a shell has for that.
fn explain(words: &[OsString], error: &io::Error) -> u8 {
    let program = words.first().map(OsString::as_os_str).unwrap_or_default();
    let path = exec::find(program).unwrap_or_else(|| Path::new(program).to_owned());
    let problem = problem::diagnose(&path, error);
    cli::say(format_args!("unable to execute {}: {problem}{}", program.display(), say::cure(&problem)));
    if problem.is_missing() { 127 } else { 126 }
}

/// The hook is a shell's; an image without a shell can name a program.
fn hook(text: &[u8]) -> Vec<OsString> {
    const SHELL: &str = "/bin/sh";
    if file::is_executable(Path::new(SHELL)) {
        return vec![SHELL.into(), "-c".into(), OsStr::from_bytes(text).to_owned()];
    }
    programs::words(text)
}

/// Signals every descendant but one, and nobody else.
fn kill_all(signal: Signal, spare: Option<Pid>) {
    let _ = family::each(|descendant| {
        if Some(descendant.pid) != spare {
            let _ = family::kill(descendant, signal);
        }
    });
}
