//! A container with stages: the machine of `stages` between its sources and its shell.

pub(crate) mod attributes;
pub(crate) mod environment;
pub(crate) mod ground;
mod layout;
pub(crate) mod my_init;
mod options;
mod output;
mod programs;
mod say;
mod scanner;
mod scripts;
mod services;
mod shell;
mod waiting;

use std::ffi::OsString;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

use cli::{Failure, Unable};
use stages::{Container, Event, Logging, Plan, Settings};
use sys::fifo::{self, Fifo};
use sys::signals::{self, Signals};
use sys::{child, clock, poll, process};
use unix::Signal;

pub use options::STAGES;
pub(crate) use options::{are_asked_for, main};

use environment::Variables;
use layout::{Layout, Style};
use shell::Shell;

/// The FIFO in the state directory that stops the container when somebody writes a `t` into it.
pub(crate) const CONTROL: &str = "s6/control";

/// What a container is asked for, besides what its environment says.
#[derive(Debug)]
pub(crate) struct Request {
    /// The command, which may be empty.
    pub(crate) command: Vec<OsString>,
    /// This executable is the scanner, too.
    pub(crate) multi_call: bool,
    /// The way in which its image is laid out.
    pub(crate) style: Style,
    /// Each step is told.
    pub(crate) tells: bool,
    /// No init script is run.
    pub(crate) skips_inits: bool,
    /// No service is started.
    pub(crate) skips_services: bool,
    /// Changes the settings that the environment makes.
    pub(crate) adjust: fn(&mut Settings),
    /// What is left at the end is left alone.
    pub(crate) leaves_strays: bool,
}

impl Request {
    /// A container of s6-overlay's kind with this command.
    pub(crate) fn overlay(command: Vec<OsString>, multi_call: bool) -> Request {
        Request {
            command,
            multi_call,
            style: Style::Overlay,
            tells: false,
            skips_inits: false,
            skips_services: false,
            adjust: |_| {},
            leaves_strays: false,
        }
    }
}

/// Runs a container.
pub(crate) fn run(request: Request) -> ExitCode {
    match Stages::prepare(request).and_then(|stages| stages.map_or(Ok(0), Stages::run)) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.report(),
    }
}

fn read_settings(request: &Request, variables: &Variables) -> Settings {
    let bytes = variables.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let (mut settings, complaints) = Settings::read(bytes);
    (request.adjust)(&mut settings);
    settings.leaves_strays = request.leaves_strays;
    let told = settings.verbosity.max(if request.tells { 2 } else { 0 });
    say::set_verbosity(told);
    complaints.iter().for_each(say::complaint);
    settings
}

/// The container manager is ready when it closes its end of this descriptor. `false`: the end comes first.
fn wait_for_manager(settings: &Settings, signals: &Signals) -> Result<bool, Failure> {
    let Some(number) = settings.start_when_closed else { return Ok(true) };
    let what = || format!("read descriptor {number} (WAIT_FOR_CLOSING_FD)");
    let fd = process::inherit(i32::try_from(number).unwrap_or(-1)).unable(what)?;
    let mut buffer = [0; 64];
    loop {
        let [ready, signalled] = poll::wait([Some(fd.as_fd()), Some(signals.as_fd())], None).unable(what)?;
        if ready && process::read(&fd, &mut buffer).unable(what)? == Some(0) {
            return Ok(true);
        }
        while signalled && let Some(signal) = signals.next().unable(|| "read signals")? {
            if [Signal::TERM, Signal::INT, Signal::QUIT].contains(&signal) {
                return Ok(false);
            }
        }
    }
}

/// The command with the words that go before it.
fn prefixed(settings: &Settings, command: Vec<OsString>) -> Vec<OsString> {
    if command.is_empty() {
        return command;
    }
    let words = settings.command_prefix.iter().map(|word| std::ffi::OsStr::from_bytes(word).to_owned());
    words.chain(command).collect()
}

/// The machine between its sources and its shell.
struct Stages {
    signals: Signals,
    control: Fifo,
    container: Container,
    shell: Shell,
}

impl Stages {
    /// Everything before the first script. `None`: it was told to end meanwhile.
    fn prepare(mut request: Request) -> Result<Option<Stages>, Failure> {
        process::open_standard_descriptors().unable(|| "open /dev/null")?;
        process::keep_descriptors_from_children();
        let all: Vec<Signal> = (1..=Signal::MAX).filter_map(Signal::new).collect();
        let signals = signals::take(&all).unable(|| "take signals")?;
        // Orphans are adopted and waited for, also where this is not process 1.
        process::become_subreaper().unable(|| "become the parent of orphans")?;

        let mut variables: Variables = std::env::vars_os().collect();
        let settings = read_settings(&request, &variables);
        if !wait_for_manager(&settings, &signals)? {
            return Ok(None);
        }
        let state = ground::find_state(&settings)?;
        if settings.state_dir.is_none() && state != Path::new(ground::STATE) {
            variables.push(("SV_STATE_DIR".into(), state.clone().into()));
        }
        let layout = Layout::new(request.style, &settings, state);
        let environment = ground::prepare(&layout, variables)?;
        let control =
            fifo::open(&layout.control()).unable(|| format!("make {}", layout.control().display()))?;
        request.command = prefixed(&settings, request.command);
        let plan = Plan {
            logs: settings.logging != Logging::Output,
            has_hook: settings.hook.is_some(),
            has_command: !request.command.is_empty(),
        };
        let container = Container::new(plan, settings.clone());
        let shell = Shell::new(request, layout, settings, environment);
        Ok(Some(Stages { signals, control, container, shell }))
    }

    fn run(mut self) -> Result<u8, Failure> {
        self.feed(Event::Begun);
        loop {
            if let Some(code) = self.shell.exit_code() {
                return Ok(code);
            }
            self.wait()?;
        }
    }

    fn wait(&mut self) -> Result<(), Failure> {
        let deadline = self.container.deadline();
        let notices = self.shell.notices();
        let sources: Vec<_> =
            [self.signals.as_fd(), self.control.as_fd()].into_iter().chain(notices).collect();
        let ready = poll::wait_many(&sources, deadline).unable(|| "wait for events")?;
        let told = ready.iter().any(|&index| index > 1);
        if ready.contains(&1) {
            self.read_control()?;
        }
        if told && let Some(is_ready) = self.shell.read_notices() {
            self.feed(Event::Ready(is_ready));
            self.shell.forget_services();
        }
        while let Some(signal) = self.signals.next().unable(|| "read signals")? {
            match signal {
                Signal::CHLD => self.reap()?,
                signal => self.feed(Event::Signal(signal)),
            }
        }
        if deadline.is_some_and(|at| at <= clock::monotonic()) {
            self.feed(Event::Timeout);
        }
        Ok(())
    }

    fn read_control(&mut self) -> Result<(), Failure> {
        let mut buffer = [0; 64];
        let count = self.control.read(&mut buffer).unable(|| "read commands")?;
        if buffer[..count].contains(&b't') {
            self.feed(Event::Stop);
        }
        Ok(())
    }

    fn reap(&mut self) -> Result<(), Failure> {
        while let Some((pid, exit)) = child::reap().unable(|| "wait for a child")? {
            self.feed(Event::Exited(pid, exit));
        }
        Ok(())
    }

    /// One step of the machine, and those that answer what it wants done.
    fn feed(&mut self, event: Event) {
        let mut pending = vec![event];
        while let Some(event) = pending.pop() {
            for action in self.container.step(event, clock::monotonic()) {
                pending.extend(self.shell.perform(action));
            }
        }
    }
}
