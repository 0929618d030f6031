//! The shell of the machine: it does what the machine wants done.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use stages::{Action, Codes, Event, Script, Settings, Waited};
use sys::child::{self, Company};
use sys::{clock, exec, family, file, problem, process};
use unix::{Pid, Signal};

use super::layout::Layout;
use super::scripts::Scripts;
use super::services::{self, Heard};
use super::{attributes, environment, say};

/// From this verbosity on, each step is told.
const TELLS_STEPS: u32 = 2;

/// What does things.
#[derive(Debug)]
pub(crate) struct Shell {
    layout: Layout,
    settings: Settings,
    scripts: Scripts,
    command: Vec<OsString>,
    /// This executable is the scanner, too.
    multi_call: bool,
    /// What is waited for of the services.
    heard: Vec<Heard>,
    /// When the step began that goes on, and what it is.
    step: Option<(Duration, String)>,
    code: Option<u8>,
}

impl Shell {
    pub(crate) fn new(
        layout: Layout,
        settings: Settings,
        scripts: Scripts,
        command: Vec<OsString>,
        multi_call: bool,
    ) -> Shell {
        Shell { layout, settings, scripts, command, multi_call, heard: Vec::new(), step: None, code: None }
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
        let states: Vec<_> = self.heard.iter_mut().map(Heard::read).collect();
        let over = if states.contains(&Some(false)) {
            Some(false)
        } else {
            states.iter().all(Option::is_some).then_some(true)
        };
        if over.is_some() {
            self.heard.clear();
        }
        over
    }

    /// Does something; gives the answer, if there is one.
    pub(crate) fn perform(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::FixAttributes => {
                self.begin("fix-attrs.d");
                Some(Event::Fixed(attributes::fix(&self.layout, self.settings.fixes_hidden)))
            }
            Action::Run(script) => Some(Event::Started(self.run(script))),
            Action::Scan => Some(Event::Started(self.scan())),
            Action::AwaitServices => (self.heard.is_empty()).then_some(Event::Ready(true)),
            Action::Command => Some(Event::Started(self.start_command())),
            Action::Kill(pid, signal) => {
                // Who is gone already needs none.
                let _ = child::kill(pid, signal);
                None
            }
            Action::KillAll(signal) => {
                kill_all(signal);
                None
            }
            Action::LookAround => (!child::any_left()).then_some(Event::Nobody),
            Action::Warn(what) => {
                cli::warn(format_args!("{} has failed", say::name(what, &self.scripts)));
                None
            }
            Action::Tell(what) => {
                self.tell_waiting(what);
                None
            }
            Action::Sync => {
                file::sync_all();
                None
            }
            Action::Leave(codes) => {
                self.leave(codes);
                None
            }
        }
    }

    /// A step begins, and with that the one before has ended.
    fn begin(&mut self, what: &str) {
        let now = clock::monotonic();
        if self.settings.verbosity < TELLS_STEPS {
            return;
        }
        if let Some((since, step)) = self.step.take() {
            cli::say(format_args!("{step}: {} ms", (now - since).as_millis()));
        }
        self.step = Some((now, what.to_owned()));
    }

    fn run(&mut self, script: Script) -> Result<Pid, u8> {
        let name = say::path(script, &self.scripts).to_owned();
        self.begin(&name.display().to_string());
        let words = match script {
            Script::Hook => hook(self.settings.hook.as_deref().unwrap_or_default()),
            Script::Init(_) | Script::Finish(_) => vec![name.into_os_string()],
        };
        self.start(&words, Company::Parents)
    }

    fn start_command(&mut self) -> Result<Pid, u8> {
        self.begin("command");
        let command = self.command.clone();
        self.start(&command, Company::Foreground)
    }

    /// Starts a program in the environment that there is now.
    fn start(&self, words: &[OsString], company: Company) -> Result<Pid, u8> {
        if let Err(error) = environment::adopt(&self.layout.environment()) {
            let dir = self.layout.environment();
            cli::warn(format_args!("unable to read {}: {}", dir.display(), cli::reason(&error)));
        }
        exec::spawn_in(words, company).map_err(|error| explain(words, &error))
    }

    fn scan(&mut self) -> Result<Pid, u8> {
        self.begin("services");
        let listens = self.settings.waits_for_services;
        let laid_out = services::lay_out(&self.layout, listens).and_then(|heard| {
            self.heard = heard;
            self.scanner().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
        });
        match laid_out {
            Ok((program, name)) => {
                let grace = self.settings.services_grace.as_millis().to_string();
                let mut words: Vec<OsString> = vec![program.into()];
                words.extend(name);
                words.extend(["--stop-timeout".into(), grace.into(), self.layout.scan().into()]);
                self.start(&words, Company::OwnGroup)
            }
            Err(error) => {
                cli::say(format_args!("unable to start the services: {}", cli::reason(&error)));
                Err(111)
            }
        }
    }

    /// The scanner: a program beside this one, or this one with a word before its arguments.
    fn scanner(&self) -> Option<(PathBuf, Option<OsString>)> {
        let own = process::executable()?;
        let beside = own.with_file_name("svscan");
        if file::is_executable(&beside) {
            return Some((beside, None));
        }
        self.multi_call
            .then(|| (own, Some("svscan".into())))
            .or_else(|| Some((exec::find(OsStr::new("svscan"))?, None)))
    }

    fn tell_waiting(&self, what: Waited) {
        cli::say(format_args!("still waiting for {}", say::name(what, &self.scripts)));
    }

    fn leave(&mut self, codes: Codes) {
        let file = std::fs::read_to_string(self.layout.exit_code()).ok();
        let wanted = file.and_then(|text| text.trim().parse().ok());
        self.begin("end");
        self.code = Some(codes.decide(wanted));
    }
}

/// Says why something cannot be executed, and gives the exit code that a shell has for that.
fn explain(words: &[OsString], error: &io::Error) -> u8 {
    let program = words.first().map(OsString::as_os_str).unwrap_or_default();
    let path = exec::find(program).unwrap_or_else(|| Path::new(program).to_owned());
    let problem = problem::diagnose(&path, error);
    cli::say(format_args!("unable to execute {}: {problem}", program.display()));
    if problem.is_missing() { 127 } else { 126 }
}

/// The hook is a shell's; an image without a shell can name a program.
fn hook(text: &[u8]) -> Vec<OsString> {
    const SHELL: &str = "/bin/sh";
    if file::is_executable(Path::new(SHELL)) {
        return vec![SHELL.into(), "-c".into(), OsStr::from_bytes(text).to_owned()];
    }
    words(text)
}

fn words(line: &[u8]) -> Vec<OsString> {
    let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.map(|word| OsStr::from_bytes(word).to_owned()).collect()
}

/// Signals every descendant, and nobody else.
fn kill_all(signal: Signal) {
    let _ = family::each(|descendant| {
        let _ = family::kill(descendant, signal);
    });
}
